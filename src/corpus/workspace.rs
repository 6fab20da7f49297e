//! What is kept from one snapshot to the next, so that a second question reads only what has changed since the first.
//!
//! Walks are kept, which ask the file system for what is new, and the last texts, from which files that have not
//! changed are taken. Nothing is believed without a look at the disk, and nothing is lost if something is not kept: the
//! next snapshot is the same, only later.

use super::{
    collect::{self, Freshness, SourceList},
    context::ContextText,
    error::Error,
    globs::Globs,
    selection::Selection,
    shards::{DEFAULT_CACHE, NamedStore, ShardStore},
    snapshot::{QUICK_BYTES, Snapshot},
    source::{Source, Sources},
    stop::StopFlag,
    walk::{Tree, WalkResult},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The most walks that are kept, each for a directory and its globs.
const WALKS: usize = 8;

/// The most bytes of texts that are kept; one longer text is kept as well.
const TEXTS: usize = 1 << 30;

/// Takes snapshots, and keeps what the next ones can use.
#[derive(Debug, Default)]
pub struct Workspace {
    walks: Arc<Walks>,
    texts: Arc<Texts>,
}

impl Workspace {
    /// Looks at the roots. This blocks. The flag stops it, and later the reading of the text.
    ///
    /// Of directories that were walked before and hold more than takes no time to read, the snapshot begins with what
    /// the last walk found, and looks at them when its text is read ([`Snapshot::settle`]).
    ///
    /// A root that may be a shard store and is one stands for the text in it.
    pub fn snapshot(&self, selection: &Selection, stop: &StopFlag) -> Result<Arc<Snapshot>, Error> {
        if let Some(store) = named_store(selection)? {
            let is_alone = selection.roots.len() == 1 && selection.include.is_empty() && selection.exclude.is_empty();
            if !is_alone {
                return Err(Error::StoreNotAlone { location: store.shown().to_owned() });
            }
            return Ok(Snapshot::of_store(ShardStore::open_named(store, DEFAULT_CACHE, stop)?));
        }
        let gather = |look| collect::gather(selection, &self.walks, look, stop);
        if self.walks.remember_any(selection) {
            let remembered = gather(Freshness::Cached)?;
            if remembered.bytes() > QUICK_BYTES {
                let look = PendingRescan { selection: selection.clone(), walks: self.walks.clone() };
                return Ok(Snapshot::predicted(remembered, look, self.texts.clone(), stop.clone()));
            }
        }
        let gathered = gather(Freshness::Rescan)?;
        if gathered.sources.is_empty() {
            return Err(Error::empty(&gathered.left_out, &selection.include));
        }
        Ok(Snapshot::settled(gathered, self.texts.clone(), stop.clone()))
    }
}

/// The first store that a person has named.
fn named_store(selection: &Selection) -> Result<Option<NamedStore>, Error> {
    let mut locations = selection.roots.iter().filter(|root| root.may_be_store).filter_map(|root| root.path.to_str());
    let store = locations.find_map(|location| NamedStore::at(location).transpose());
    Ok(store.transpose()?)
}

/// A look at the roots that is still to be taken.
#[derive(Debug)]
pub(super) struct PendingRescan {
    selection: Selection,
    walks: Arc<Walks>,
}

impl PendingRescan {
    pub fn gather(&self, stop: &StopFlag) -> Result<SourceList, Error> {
        collect::gather(&self.selection, &self.walks, Freshness::Rescan, stop)
    }

    /// Why there is nothing to read.
    pub fn nothing(&self, gathered: &SourceList) -> Error {
        Error::empty(&gathered.left_out, &self.selection.include)
    }
}

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
            kept.sources = Arc::new(collect::of_walk(label, globs, &walked, base, &kept.sources));
            kept.walked = walked;
        }
        Ok((kept.walked.clone(), kept.sources.clone()))
    }

    /// Whether a directory of the selection was walked before.
    fn remember_any(&self, selection: &Selection) -> bool {
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

/// Texts that were read.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<Vec<Arc<ContextText>>>);

impl Texts {
    /// The text that has most of these sources.
    pub fn nearest(&self, sources: &[Arc<Source>]) -> Option<Arc<ContextText>> {
        let texts = lock(&self.0).clone();
        let nearest = texts.into_iter().map(|text| (text.kept(sources).iter().flatten().count(), text));
        nearest.filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map(|(_, text)| text)
    }

    /// Keeps a text, instead of the one that it was made from.
    pub fn keep(&self, text: &Arc<ContextText>, earlier: Option<&Arc<ContextText>>) {
        let mut texts = lock(&self.0);
        texts.retain(|known| !Arc::ptr_eq(known, text) && !earlier.is_some_and(|earlier| Arc::ptr_eq(known, earlier)));
        texts.push(text.clone());
        let mut bytes: usize = texts.iter().map(|text| text.stored_bytes()).sum();
        while bytes > TEXTS && texts.len() > 1 {
            bytes -= texts.remove(0).stored_bytes();
        }
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
