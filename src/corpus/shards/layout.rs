//! What lies in a store, and under which names: the same in every kind of place.
//!
//! There is `manifest.json`, and the shards are in `shards/GENERATION/`.

use super::manifest;
use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const SHARDS: &str = "shards";

/// A manifest as it lies in the store.
#[derive(Debug)]
pub(super) struct StoredManifest {
    pub json: Vec<u8>,
    pub version: Version,
}

/// What tells one state of an object from another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub e_tag: Option<String>,
    pub version: Option<String>,
}

/// What was there when an ingest began: nothing but a store, or what there is of one.
#[derive(Debug)]
pub(super) struct Inventory {
    /// Keeps other ingests away from a folder for as long as it lives. Object stores have no locks, nor has every file system.
    pub lock: Option<File>,
    /// The names of the shards that were there, of all generations, with their sizes.
    pub shards: HashMap<String, usize>,
    /// The generations of which there was a folder.
    pub generations: BTreeSet<u64>,
}

impl Inventory {
    /// The latest generation of which there are shards.
    pub fn latest_generation(&self) -> Option<u64> {
        self.shards.keys().filter_map(|name| Some(manifest::generation_and_file(name)?.0)).max()
    }
}
