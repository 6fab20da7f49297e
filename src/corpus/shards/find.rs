//! Finding a text in a store, also where it lies across the borders of shards.

use super::{ShardError, scan, store::ShardStore};
use memchr::memmem::Finder;
use std::ops::ControlFlow;

/// A place where the text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub byte: usize,
    pub character: usize,
    /// Nothing if the text is not a file.
    pub path: Option<String>,
    /// Counted from 1, within the file.
    pub line: usize,
}

/// The first places, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindResult {
    pub found: Vec<Found>,
    /// Whether there are further ones.
    pub more: bool,
}

impl ShardStore {
    /// Finds the first `max_results` places where `needle` occurs; they may overlap.
    pub fn find(&self, needle: &str, max_results: usize) -> Result<FindResult, ShardError> {
        // One more than wanted tells whether there are more.
        let mut bytes = self.find_bytes(needle, max_results.saturating_add(1))?;
        let more = bytes.len() > max_results;
        bytes.truncate(max_results);
        let places = bytes.into_iter().map(|byte| {
            let position = self.position(byte)?;
            let path = position.and_then(|position| position.path).map(str::to_owned);
            let line = position.map_or(1, |position| position.line);
            Ok(Found { byte, character: self.char_of_byte(byte)?, path, line })
        });
        Ok(FindResult { found: places.collect::<Result<_, ShardError>>()?, more })
    }

    /// The first places, in bytes.
    fn find_bytes(&self, needle: &str, limit: usize) -> Result<Vec<usize>, ShardError> {
        if needle.is_empty() {
            return Err(ShardError::EmptyNeedle);
        }
        let needle = needle.as_bytes();
        let finder = Finder::new(needle);
        let shards: Vec<usize> = (0..self.shards()).collect();
        let mut seam = Seam { finder: &finder, needle, before: Vec::new() };
        let mut found = Vec::new();
        let search = |shard: usize, room: &mut Vec<u8>| self.search_shard(shard, &finder, limit, room);
        scan::in_order(self, &shards, search, |shard, piece: Piece| {
            let start = self.manifest().bytes_of(shard).start;
            found.extend(seam.join(start, &piece));
            found.extend(piece.found.iter().map(|at| start + at));
            Ok(if found.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        found.truncate(limit);
        Ok(found)
    }

    fn search_shard(
        &self,
        shard: usize,
        finder: &Finder<'_>,
        limit: usize,
        room: &mut Vec<u8>,
    ) -> Result<Piece, ShardError> {
        let overlap = finder.needle().len() - 1;
        let mut piece = Piece::default();
        self.scan(shard, overlap, room, &mut |start, bytes| {
            if piece.found.len() < limit {
                let here = every(finder, bytes).map(|at| start + at);
                piece.found.extend(here.take(limit - piece.found.len()));
            }
            if start == 0 {
                piece.head = bytes[..overlap.min(bytes.len())].to_vec();
            }
            piece.len = start + bytes.len();
            piece.tail.clear();
            piece.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(overlap)..]);
        })?;
        Ok(piece)
    }
}

/// What was found in a shard, and its two ends, each one byte shorter than what is looked for.
#[derive(Default)]
struct Piece {
    /// Bytes from the beginning of the shard.
    found: Vec<usize>,
    head: Vec<u8>,
    tail: Vec<u8>,
    len: usize,
}

/// Finds what begins in one shard and ends in another, or in one after that.
struct Seam<'a> {
    finder: &'a Finder<'a>,
    needle: &'a [u8],
    /// The end of the text so far, one byte shorter than what is looked for.
    before: Vec<u8>,
}

impl Seam<'_> {
    /// Adds a shard that begins at byte `start`, and returns what lies across its beginning.
    fn join(&mut self, start: usize, piece: &Piece) -> Vec<usize> {
        let overlap = self.needle.len() - 1;
        let seam = self.before.len();
        self.before.extend_from_slice(&piece.head);
        // What is found here begins before the seam, since behind it there is too little; and ends behind it, since before
        // it there is too little as well.
        let found = every(self.finder, &self.before).map(|at| start - seam + at).collect();
        if piece.len >= overlap {
            self.before.clone_from(&piece.tail);
        } else {
            // The head is all of the shard.
            self.before.drain(..self.before.len().saturating_sub(overlap));
        }
        found
    }
}

/// Every place where it occurs, also where two overlap.
fn every<'a>(finder: &'a Finder<'_>, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + finder.find(bytes.get(from..)?)?;
        from = at + 1;
        Some(at)
    })
}
