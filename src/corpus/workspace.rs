//! What is kept from one snapshot to the next, so that a second question reads only what has changed since the first.
//!
//! Walks are kept, which ask the file system for what is new, and the last texts, from which files that have not
//! changed are taken. Nothing is believed without a look at the disk, and nothing is lost if something is not kept: the
//! next snapshot is the same, only later.

use super::{
    collect::{self, Freshness, PendingRescan},
    error::Error,
    selection::Selection,
    shards::{DEFAULT_CACHE, NamedStore, ShardStore},
    snapshot::{QUICK_BYTES, Snapshot},
    stop::StopFlag,
    text_cache::Texts,
    walk_cache::Walks,
};
use std::sync::Arc;

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

impl Snapshot {
    /// A snapshot of which nothing is kept for others. Blocks, as [`Workspace::snapshot`] does.
    pub fn take(selection: &Selection, stop: &StopFlag) -> Result<Arc<Self>, Error> {
        Workspace::default().snapshot(selection, stop)
    }
}

/// The first store that a person has named.
fn named_store(selection: &Selection) -> Result<Option<NamedStore>, Error> {
    let mut locations = selection.roots.iter().filter(|root| root.may_be_store).filter_map(|root| root.path.to_str());
    let store = locations.find_map(|location| NamedStore::at(location).transpose());
    Ok(store.transpose()?)
}
