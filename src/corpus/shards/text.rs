//! The text of a store as a context: fetched where it is looked into.

use super::{
    super::{
        error::Error,
        segment::{Changed, Segment},
    },
    ShardError,
    manifest::Extent,
    store::ShardStore,
};
use crate::text::{CharIndex, LineIndex};
use std::{ops::Range, sync::OnceLock};

/// The most parts that another process is told of. Where there are more shards, a part is several of them.
const MOST_PARTS: usize = 1 << 16;

/// A store, and what failed when it was read.
#[derive(Debug)]
pub(in crate::corpus) struct ShardText {
    store: ShardStore,
    files: Vec<Range<usize>>,
    /// The first failure. What was computed without the part that is missing is worth nothing.
    failure: OnceLock<Error>,
}

impl ShardText {
    pub fn new(store: ShardStore) -> Self {
        let files = store.manifest().file_characters().collect();
        Self { store, files, failure: OnceLock::new() }
    }

    pub fn len(&self) -> usize {
        self.store.byte_len()
    }

    pub fn segments(&self) -> &[Segment] {
        self.store.segments()
    }

    pub fn changed(&self) -> &[Changed] {
        self.store.changed()
    }

    /// Where the text of file number `number` lies, in characters.
    pub fn file_characters(&self, number: usize) -> Range<usize> {
        self.files[number].clone()
    }

    /// Indexes that know what the manifest says, and fetch a shard for a place inside of it.
    pub fn indexes(&self) -> (CharIndex, LineIndex) {
        let extents = self.extents(1);
        let lines = extents.iter().map(|extent| (extent.bytes, extent.line_feeds));
        (CharIndex::of_parts(&characters(&extents)), LineIndex::of_parts(lines, self.store.line_count()))
    }

    /// The bytes and characters of one part after the other.
    pub fn parts(&self) -> Vec<(usize, usize)> {
        characters(&self.extents(self.store.shards().div_ceil(MOST_PARTS).max(1)))
    }

    /// The lengths of the text in parts of this many shards.
    fn extents(&self, shards: usize) -> Vec<Extent> {
        let manifest = self.store.manifest();
        let ends = (0..manifest.shards()).step_by(shards).chain([manifest.shards()]);
        let ends: Vec<Extent> = ends.map(|shard| manifest.before[shard]).collect();
        ends.windows(2).map(|pair| pair[1].since(pair[0])).collect()
    }

    /// The bytes `range`, which need not begin or end with characters. They come out of whole shards that are what the
    /// manifest says.
    pub fn bytes(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        self.store.checked_bytes(range).map_err(|error| self.failed(error))
    }

    /// The text `range`, which must begin and end with characters.
    pub fn read(&self, range: Range<usize>) -> Result<String, Error> {
        let Range { start, end } = range;
        let inside = |_| self.failed(ShardError::InsideCharacter { start, end });
        String::from_utf8(self.bytes(range)?).map_err(inside)
    }

    /// Whether all that was asked for could be had.
    pub fn check(&self) -> Result<(), Error> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn failed(&self, error: ShardError) -> Error {
        let error = Error::from(error);
        self.failure.get_or_init(|| error.clone());
        error
    }
}

fn characters(extents: &[Extent]) -> Vec<(usize, usize)> {
    extents.iter().map(|extent| (extent.bytes, extent.characters)).collect()
}
