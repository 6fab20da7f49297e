//! Walks that are kept from one snapshot to the next, each with a source for every file that it found.

use super::{
    error::Error,
    globs::Globs,
    selection::Selection,
    source::{Content, Source, Sources},
    stop::StopFlag,
    walk::{Base, FileEntry, Tree, WalkResult},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most walks that are kept, each for a directory and its globs.
const WALKS: usize = 8;

/// Walks that can be gone again.
#[derive(Debug, Default)]
pub(super) struct Walks(Mutex<Vec<(WalkKey, Arc<Mutex<CacheEntry>>)>>);

/// What a walk depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WalkKey {
    root: PathBuf,
    label: String,
    include: Vec<String>,
    exclude: Vec<String>,
    /// What the globs mean, which depends on what there is.
    meant: Vec<String>,
    no_ignore: bool,
}

impl WalkKey {
    fn of(globs: &Globs, label: &str, selection: &Selection) -> Self {
        let (include, exclude) = (selection.include.clone(), selection.exclude.clone());
        let meant = globs.meant().to_vec();
        let (root, label, no_ignore) = (globs.root().to_owned(), label.to_owned(), selection.no_ignore);
        Self { root, label, include, exclude, meant, no_ignore }
    }
}

#[derive(Debug)]
struct CacheEntry {
    tree: Tree,
    walked: Arc<WalkResult>,
    sources: Sources,
}

impl Walks {
    /// Walks a directory, and makes a source of each file.
    pub fn walk(
        &self,
        globs: &Globs,
        label: &str,
        selection: &Selection,
        stop: &StopFlag,
    ) -> Result<(Arc<WalkResult>, Sources), Error> {
        let kept = self.kept(globs, label, selection);
        // Who comes while another walks the same way waits, and then has little to do.
        let mut kept = lock(&kept);
        let walked = kept.tree.refresh(stop)?;
        if !Arc::ptr_eq(&walked, &kept.walked) {
            let base = kept.tree.base().expect("a walk has a root");
            kept.sources = Arc::new(sources_of(label, globs, &walked, base, &kept.sources));
            kept.walked = walked;
        }
        Ok((kept.walked.clone(), kept.sources.clone()))
    }

    /// Whether a directory of the selection was walked before.
    pub fn remember_any(&self, selection: &Selection) -> bool {
        lock(&self.0).iter().any(|(way, _)| {
            let same_globs = way.include == selection.include && way.exclude == selection.exclude;
            same_globs
                && way.no_ignore == selection.no_ignore
                && selection.roots.iter().any(|root| root.path == way.root)
        })
    }

    /// What the last walk of a directory found. Nothing if there was none, or if there is one at this moment, which is
    /// soon over.
    pub fn last(&self, globs: &Globs, label: &str, selection: &Selection) -> Option<(Arc<WalkResult>, Sources)> {
        let way = WalkKey::of(globs, label, selection);
        let kept = lock(&self.0).iter().find(|(known, _)| *known == way).map(|(_, kept)| kept.clone())?;
        let kept = kept.try_lock().ok()?;
        (!kept.sources.is_empty()).then(|| (kept.walked.clone(), kept.sources.clone()))
    }

    fn kept(&self, globs: &Globs, label: &str, selection: &Selection) -> Arc<Mutex<CacheEntry>> {
        let way = WalkKey::of(globs, label, selection);
        let mut walks = lock(&self.0);
        let known = walks.iter().position(|(known, _)| *known == way);
        let known = known.map(|at| walks.remove(at));
        let last = known.unwrap_or_else(|| {
            let kept = CacheEntry { tree: Tree::new(globs.clone()), walked: Arc::default(), sources: Arc::default() };
            (way, Arc::new(Mutex::new(kept)))
        });
        let kept = last.1.clone();
        // The longest unused is the first to go.
        if walks.len() >= WALKS {
            walks.remove(0);
        }
        walks.push(last);
        kept
    }
}

/// A source for each file of a walk. Those of an earlier walk of the same directory are taken over.
fn sources_of(
    label: &str,
    globs: &Globs,
    walked: &WalkResult,
    base: &Arc<Base>,
    earlier: &[Arc<Source>],
) -> Vec<Arc<Source>> {
    let mut earlier = earlier.iter().peekable();
    let mut source = |found: &Arc<FileEntry>| {
        // Both are in the order of the paths.
        while let Some(source) = earlier.peek()
            && let Content::WalkResult { found: known, base: known_base, .. } = &source.content
        {
            if known.relative >= found.relative {
                if Arc::ptr_eq(known, found) && Arc::ptr_eq(known_base, base) {
                    return earlier.next().cloned();
                }
                break;
            }
            earlier.next();
        }
        let name = below(label, &found.relative);
        let is_named = globs.lets_in_secret(base.relative(found));
        let content = Content::WalkResult { found: found.clone(), base: base.clone(), is_named };
        Some(Arc::new(Source::new(name, found.fingerprint.bytes, content)))
    };
    walked.files.iter().filter_map(&mut source).collect()
}

pub(super) fn below(label: &str, relative: &str) -> String {
    // What lies above the root has a whole path.
    if label.is_empty() || relative.starts_with('/') { relative.to_owned() } else { format!("{label}/{relative}") }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
