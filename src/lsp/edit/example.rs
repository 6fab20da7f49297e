//! The change that is to be made at other places as well: that of a proposal, or what a person has changed in the selected lines.

use super::EditRun;
use crate::{
    corpus::Snapshot,
    edit::{self, Example},
    engine::{context_failure, internal_failure},
    failure::{Failure, FailureKind},
    lsp::{ext::edits::ApplyEditParams, proposals::Proposals, uri::file_path},
    review::{folder_of, git::Repository},
};
use std::{fs, ops::Range, path::Path, sync::Arc};

impl EditRun {
    /// The change as examples. `path` is the document as the snapshot names it, and `lines` those that are selected, from 0.
    pub(super) async fn examples(
        &self,
        proposals: &Proposals,
        snapshot: &Arc<Snapshot>,
        path: &str,
        lines: Option<Range<usize>>,
    ) -> Result<Vec<Example>, Failure> {
        let examples = match &self.params.like {
            Some(like) => of_proposal(proposals, like)?,
            None => {
                let lines = lines.unwrap_or(0..usize::MAX);
                let now = text(snapshot.clone(), path.to_owned()).await?;
                let file = self.place().ok().and_then(|it| file_path(&it.uri));
                let mut examples = Vec::new();
                if let Some(file) = file {
                    if let Some(saved) = saved(file.clone()).await? {
                        examples = edit::examples(path, &saved, &now, &lines);
                    }
                    if examples.is_empty()
                        && let Some(committed) = committed(&file).await
                    {
                        examples = edit::examples(path, &committed, &now, &lines);
                    }
                }
                examples
            }
        };
        match examples.is_empty() {
            false => Ok(examples),
            true => Err(Failure {
                kind: FailureKind::Empty,
                message: "there is no change to make elsewhere: these lines are as they were saved and committed, or \
                          nothing was taken out of them that could be found again"
                    .to_owned(),
                hint: Some("change one place, select it, and ask again".to_owned()),
            }),
        }
    }
}

/// The chosen hunks of a proposal.
fn of_proposal(proposals: &Proposals, like: &ApplyEditParams) -> Result<Vec<Example>, Failure> {
    let kept = proposals.get(&like.query_id).ok_or_else(|| Failure {
        kind: FailureKind::NoSuchPath,
        message: format!("there is no proposal {:?} any more", like.query_id),
        hint: Some("select the lines that were changed, and ask again".to_owned()),
    })?;
    let is_chosen = |number: &usize| like.hunks.as_ref().is_none_or(|hunks| hunks.contains(number));
    let of_file = |file: &crate::lsp::proposals::KeptFile| {
        let chosen = file.numbers.clone().zip(&file.file.hunks).filter(|(number, _)| is_chosen(number));
        let hunks: Vec<_> = chosen.map(|(_, hunk)| hunk.clone()).collect();
        let old = file.file.old.as_deref().unwrap_or_default();
        edit::examples(&file.file.path, old, &edit::apply(old, &hunks), &(0..usize::MAX))
    };
    Ok(kept.files.iter().flat_map(of_file).collect())
}

/// The text that is asked about.
async fn text(snapshot: Arc<Snapshot>, path: String) -> Result<String, Failure> {
    let read = move || {
        let context = snapshot.context().map_err(|error| context_failure(&error))?;
        let segment = context.segment_of_path(&path).map_err(|error| internal_failure(&error))?;
        context.read(segment.text.clone()).map(|it| it.into_owned()).map_err(|error| context_failure(&error))
    };
    tokio::task::spawn_blocking(read).await.map_err(|error| internal_failure(&error))?
}

/// The text as the disk has it, if it is one.
async fn saved(file: std::path::PathBuf) -> Result<Option<String>, Failure> {
    let read = tokio::task::spawn_blocking(move || fs::read_to_string(file).ok());
    read.await.map_err(|error| internal_failure(&error))
}

/// The text as the commit that is checked out has it.
async fn committed(file: &Path) -> Option<String> {
    let repository = Repository::around(&folder_of(file)).await?;
    let tree = repository.tree(&repository.head().await.ok()?).await.ok()?;
    let file = file.canonicalize().ok()?;
    let path = file.strip_prefix(&repository.top).ok()?.to_str()?.to_owned();
    repository.texts(&tree, std::slice::from_ref(&path)).await.ok()?.remove(&path)
}
