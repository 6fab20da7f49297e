//! The text of a store as a context: fetched where it is looked into.

use super::{
    super::{
        error::Error,
        text_source::{Access, TextSource},
    },
    ShardError,
    manifest::Extent,
    store::ShardStore,
};
use crate::text::{Bytes, CharIndex, LineIndex};
use std::{borrow::Cow, ops::Range, sync::OnceLock};

/// The most parts that another process learns of. Where there are more shards, a part is several of them.
const MOST_PARTS: usize = 1 << 16;

/// A store, and what failed when it was read.
#[derive(Debug)]
pub(in crate::corpus) struct ShardText {
    store: ShardStore,
    /// These know what the manifest says, and fetch a shard for a place inside of it.
    chars: CharIndex,
    lines: LineIndex,
    /// Where files lie, in characters.
    files: Vec<Range<usize>>,
    /// The first failure. What was computed without the part that is missing is worth nothing.
    failure: OnceLock<Error>,
}

impl ShardText {
    pub fn new(store: ShardStore) -> Self {
        let files = store.manifest().file_characters().collect();
        let extents = extents(&store, 1);
        let lines = extents.iter().map(|extent| (extent.bytes, extent.line_feeds));
        let (chars, lines) =
            (CharIndex::of_parts(&characters(&extents)), LineIndex::of_parts(lines, store.line_count()));
        Self { store, chars, lines, files, failure: OnceLock::new() }
    }

    fn failed(&self, error: ShardError) -> Error {
        let error = Error::from(error);
        self.failure.get_or_init(|| error.clone());
        error
    }

    /// The bytes `range`, out of whole shards that are what the manifest says.
    fn fetched(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        self.store.checked_bytes(range).map_err(|error| self.failed(error))
    }
}

impl Bytes for ShardText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.store.byte_len()
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        self.fetched(range).map(Cow::Owned)
    }
}

impl TextSource for ShardText {
    fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        let Range { start, end } = range;
        let inside = |_| self.failed(ShardError::InsideCharacter { start, end });
        String::from_utf8(self.fetched(range)?).map(Cow::Owned).map_err(inside)
    }

    /// Whether all that was asked for could be had.
    fn check(&self) -> Result<(), Error> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn chars(&self) -> &CharIndex {
        &self.chars
    }

    fn lines(&self) -> &LineIndex {
        &self.lines
    }

    fn is_in_parts(&self) -> bool {
        true
    }

    fn access(&self) -> Access<'_> {
        Access::Parts(characters(&extents(&self.store, self.store.shards().div_ceil(MOST_PARTS).max(1))))
    }

    fn file_characters(&self, number: usize) -> Option<Range<usize>> {
        Some(self.files[number].clone())
    }
}

/// The lengths of the text in parts of this many shards.
fn extents(store: &ShardStore, shards: usize) -> Vec<Extent> {
    let manifest = store.manifest();
    let ends = (0..manifest.shards()).step_by(shards).chain([manifest.shards()]);
    let ends: Vec<Extent> = ends.map(|shard| manifest.before[shard]).collect();
    ends.windows(2).map(|pair| pair[1].since(pair[0])).collect()
}

fn characters(extents: &[Extent]) -> Vec<(usize, usize)> {
    extents.iter().map(|extent| (extent.bytes, extent.characters)).collect()
}
