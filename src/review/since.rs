//! What of a text has changed since a commit, and how old a line is.

use super::{
    blocking,
    changes::changed_lines,
    finding::{Finding, Place},
    git::{Blame, Repository, Tree},
    scope::Scope,
};
use crate::{
    corpus::{self, Snapshot, StopFlag},
    engine::context_failure,
    failure::{Failure, FailureKind},
};
use rustc_hash::FxHashMap;
use std::{ops::Range, sync::Arc};

/// What has changed since a commit.
#[derive(Debug)]
pub struct Since {
    pub commit: String,
    tree: Tree,
    /// Of each shown path that has changed, which lines; of a new file all of them.
    changed: FxHashMap<String, Vec<Range<usize>>>,
}

impl Since {
    /// Compares the files of a snapshot with a commit.
    ///
    /// # Errors
    /// There is no repository or no such commit, or git failed.
    pub async fn of(
        snapshot: &Arc<Snapshot>,
        repository: Option<&Repository>,
        scope: &Scope,
        range: &str,
        stop: &StopFlag,
    ) -> Result<Self, Failure> {
        let Some(repository) = repository else {
            return Err(Failure {
                kind: FailureKind::Git,
                message: "nothing can be said about changes: this is no repository of git, or there is no git"
                    .to_owned(),
                hint: None,
            });
        };
        let commit = repository.base(range).await?;
        let tree = repository.tree(&commit).await?;
        let files: Vec<(String, String)> = snapshot
            .files()
            .iter()
            .filter_map(|source| source.path.clone())
            .filter_map(|shown| scope.path_from_base(&shown).map(|path| (shown, path)))
            .collect();
        let paths: Vec<String> = files.iter().map(|(_, path)| path.clone()).collect();
        let unchanged = repository.unchanged(&tree, &paths).await?;
        let touched: Vec<(String, String)> = files.into_iter().filter(|(_, path)| !unchanged.contains(path)).collect();
        let wanted: Vec<String> = touched.iter().map(|(_, path)| path.clone()).collect();
        let earlier = repository.texts(&tree, &wanted).await?;
        let (snapshot, stop) = (snapshot.clone(), stop.clone());
        let changed = blocking(move || {
            let context = snapshot.context()?;
            let mut changed = FxHashMap::default();
            for (shown, path) in touched {
                stop.check()?;
                let Ok(segment) = context.segment_of_path(&shown) else { continue };
                let lines = match earlier.get(&path) {
                    Some(earlier) => changed_lines(earlier, &context.read(segment.text.clone())?),
                    None => std::iter::once(1..usize::MAX).collect(),
                };
                changed.insert(shown, lines);
            }
            Ok::<_, corpus::Error>(changed)
        });
        let changed = changed.await?.map_err(|error| context_failure(&error))?;
        Ok(Self { commit, tree, changed })
    }

    /// Whether a finding is about what has changed: lines of it have, or what it misses was there.
    pub fn concerns(&self, finding: &Finding) -> bool {
        finding.missing.as_ref().is_some_and(|path| self.tree.has(path)) || self.touches(&finding.place)
    }

    /// Whether lines of a place have changed.
    pub fn touches(&self, Place { path, first_line, last_line }: &Place) -> bool {
        let touches = |range: &Range<usize>| range.start <= *last_line && *first_line < range.end;
        self.changed.get(path).is_some_and(|ranges| ranges.iter().any(touches))
    }
}

/// The texts of files as they were committed last; none if nothing was.
pub async fn committed(repository: &Repository, paths: impl Iterator<Item = &String>) -> FxHashMap<String, String> {
    let mut paths: Vec<String> = paths.cloned().collect();
    paths.dedup();
    match repository.tree("HEAD").await {
        Ok(tree) => repository.texts(&tree, &paths).await.unwrap_or_default(),
        Err(_) => FxHashMap::default(),
    }
}

/// Who wrote a line, and when, if it was committed. `path` is from the top of the repository on, and `committed` the text there.
pub async fn blame(
    snapshot: &Arc<Snapshot>,
    repository: &Repository,
    path: &str,
    committed: &str,
    place: &Place,
) -> Option<Blame> {
    let context = snapshot.context_if_built()?;
    let text = context.read(context.segment_of_path(&place.path).ok()?.text.clone()).ok()?;
    let wanted = text.lines().nth(place.first_line - 1)?.trim_end();
    let same = committed.lines().enumerate().filter(|(_, line)| line.trim_end() == wanted);
    let line = same.map(|(number, _)| number + 1).min_by_key(|number| number.abs_diff(place.first_line))?;
    repository.blame(path, line).await
}
