//! Where a store lies, whatever kind of place that is.
//!
//! The [`layout`](super::layout) is the same everywhere. A folder is written and read without `object_store`: a small part
//! of a file in the system's cache is there in two microseconds, less than it takes to hand the request to another thread.

use super::{
    ShardError, Trouble,
    folder::Folder,
    layout::{Inventory, MANIFEST, SHARDS, StoredManifest, Version},
    manifest::{self, LARGEST_MANIFEST, Manifest},
    objects::Objects,
};
use std::thread;

/// The most bytes of shards that an ingest has in memory at once, as far as two threads keep below it.
const IN_FLIGHT: usize = 128 << 20;

/// Writers to an object store wait for it most of the time.
const MOST_WRITERS: usize = 16;

#[derive(Debug)]
pub(super) enum Place {
    Folder(Folder),
    Objects(Objects),
}

impl Place {
    /// As people name it.
    pub fn shown(&self) -> &str {
        match self {
            Self::Folder(folder) => folder.shown(),
            Self::Objects(objects) => objects.shown(),
        }
    }

    /// The manifest, if there is one.
    pub fn stored_manifest(&self) -> Result<Option<StoredManifest>, ShardError> {
        match self {
            Self::Folder(folder) => folder.stored_manifest(),
            Self::Objects(objects) => objects.stored_manifest(),
        }
    }

    /// The manifest of a whole store. Whether shards without one are there is found out too.
    pub fn manifest(&self) -> Result<Manifest, ShardError> {
        // In a bucket only a writer looks at everything, since to list many objects takes long.
        if let Self::Folder(folder) = self {
            folder.check()?;
        }
        if let Some(stored) = self.stored_manifest()? {
            return self.parse(&stored);
        }
        let location = self.shown().to_owned();
        Err(if self.has_shards()? { ShardError::HalfWritten { location } } else { ShardError::NoStore { location } })
    }

    fn has_shards(&self) -> Result<bool, ShardError> {
        match self {
            Self::Folder(folder) => folder.check(),
            Self::Objects(objects) => objects.has_shards(),
        }
    }

    /// Reads a manifest. One that we did not write belongs to somebody else, unless it lies beside shards, damaged.
    pub fn parse(&self, stored: &StoredManifest) -> Result<Manifest, ShardError> {
        let location = || self.shown().to_owned();
        let is_damaged = || !manifest::is_json(&stored.json) && self.has_shards().unwrap_or(false);
        Manifest::parse(&stored.json).map_err(|reason| match manifest::is_of_a_store(&stored.json) || is_damaged() {
            true => ShardError::Manifest { location: location(), reason },
            false => ShardError::OtherFiles { location: location(), found: MANIFEST.to_owned() },
        })
    }

    /// Looks at what is there before an ingest writes, and keeps other ingests away. Fails if anything is there that does not
    /// belong to a store.
    pub fn begin(&self) -> Result<Inventory, ShardError> {
        match self {
            Self::Folder(folder) => folder.begin(),
            Self::Objects(objects) => objects.begin(),
        }
    }

    /// How many threads write at once.
    pub fn writers(&self, shard_size: usize) -> usize {
        match self {
            Self::Folder(_) => thread::available_parallelism().map_or(1, usize::from),
            Self::Objects(_) => (IN_FLIGHT / shard_size).clamp(2, MOST_WRITERS),
        }
    }

    /// Whether a shard that was listed with its right size has these bytes. In an object store it has: objects are written
    /// whole or not at all, and the name has the hash. A file may have lost its bytes with the machine's power.
    pub fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        match self {
            Self::Folder(folder) => folder.holds(name, bytes),
            Self::Objects(_) => true,
        }
    }

    pub fn write_shard(&self, name: &str, bytes: &[u8]) -> Result<(), ShardError> {
        match self {
            Self::Folder(folder) => folder.write_shard(name, bytes),
            Self::Objects(objects) => objects.write_shard(name, bytes),
        }
    }

    /// Puts the manifest in the place of the `previous` one, or where none was. Readers see the one or the other.
    pub fn write_manifest(&self, manifest: &Manifest, previous: Option<&Version>) -> Result<(), ShardError> {
        let json = manifest.to_json();
        if json.len() > LARGEST_MANIFEST {
            return Err(ShardError::LargeManifest { limit: LARGEST_MANIFEST });
        }
        match self {
            Self::Folder(folder) => folder.write_manifest(&json),
            Self::Objects(objects) => objects.write_manifest(json, previous),
        }
    }

    /// Removes what was there when the ingest began and the manifest has no use for. Where nobody knows whether another ingest
    /// is writing to this generation, that is only what belongs to former ones.
    pub fn tidy(&self, manifest: &Manifest, inventory: &Inventory) -> Result<(), ShardError> {
        match self {
            Self::Folder(folder) => folder.tidy(manifest, inventory),
            Self::Objects(objects) => objects.tidy(manifest, inventory),
        }
    }

    /// The error of a shard. One that is missing may belong to a text that is not there any more.
    pub fn trouble(&self, manifest: &Manifest, shard: usize, trouble: Trouble) -> ShardError {
        let location = self.shown().to_owned();
        let is_other =
            |stored: StoredManifest| self.parse(&stored).is_ok_and(|it| it.generation != manifest.generation);
        if trouble == Trouble::Missing && self.stored_manifest().ok().flatten().is_some_and(is_other) {
            return ShardError::Replaced { location };
        }
        ShardError::Shard { location, shard: format!("{SHARDS}/{}", manifest.name(shard)), trouble }
    }
}
