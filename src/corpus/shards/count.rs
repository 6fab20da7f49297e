//! What the manifest says of a shard: its length in three units, and its hash.
//!
//! The hash is XXH3 with 128 bits. It is there to find damage (a disk that lost a block, a transfer that broke off) and
//! change (an object that another program wrote over), and does so as surely as a cryptographic one. It is no seal
//! against someone who may write to the store, but nothing that lies in the store could be: the manifest lies beside
//! the shards. In exchange it keeps up with memory, so that every shard that is read whole can be checked, also by a
//! search.

use super::manifest::{Extent, Hash};
use xxhash_rust::xxh3::Xxh3;

/// Bytes that are hashed and counted at a time, to pass over it again while it is in the processor's cache.
const BLOCK: usize = 128 << 10;

/// Hashes a shard that comes in pieces.
#[derive(Default)]
pub(super) struct Hasher(Xxh3);

impl Hasher {
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(&self) -> Hash {
        Hash(self.0.digest128())
    }
}

/// The length and the hash of a shard, which is valid UTF-8.
pub(super) fn count(shard: &[u8]) -> (Extent, Hash) {
    let mut hasher = Hasher::default();
    let mut extent = Extent { bytes: shard.len(), ..Extent::default() };
    for block in shard.chunks(BLOCK) {
        hasher.add(block);
        extent.line_feeds += line_feeds(block);
        extent.characters += characters(block);
    }
    (extent, hasher.finish())
}

pub(super) fn line_feeds(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// How many characters begin in `bytes`.
fn characters(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    // The first byte of a character lies outside of 0x80 to 0xbf, which are continuation bytes. Counting a few at a
    // time in a byte lets the compiler use vector instructions.
    let count = |bytes: &[u8]| -> u8 { bytes.iter().map(|&byte| u8::from(!matches!(byte, 0x80..=0xbf))).sum() };
    let (chunks, rest) = bytes.as_chunks::<128>();
    chunks.iter().map(|chunk| usize::from(count(chunk))).sum::<usize>() + usize::from(count(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_the_standard_library(text in "([a-c\n\r]|é|漢|😀|e\u{301}){0,300}", times in 1_usize..4) {
            let text = text.repeat(times);
            let (extent, hash) = count(text.as_bytes());
            prop_assert_eq!(extent.bytes, text.len());
            prop_assert_eq!(extent.characters, text.chars().count());
            prop_assert_eq!(extent.line_feeds, text.matches('\n').count());
            let mut hasher = Hasher::default();
            text.as_bytes().chunks(7).for_each(|piece| hasher.add(piece));
            prop_assert_eq!(hasher.finish(), hash);
        }
    }
}
