//! A shard in memory.

use super::{
    Trouble,
    count::count,
    manifest::{Extent, Hash},
};
use crate::text::{CharIndex, LineIndex};
use bytes::Bytes;
use std::sync::OnceLock;

/// The whole of a shard, compared with its hash. Offsets are within the shard.
#[derive(Debug)]
pub(super) struct Loaded {
    bytes: Bytes,
    extent: Extent,
    chars: OnceLock<CharIndex>,
    lines: OnceLock<LineIndex>,
}

impl Loaded {
    /// `extent` and `hash` are what the manifest says.
    pub fn new(bytes: Bytes, extent: Extent, hash: Hash) -> Result<Self, Trouble> {
        if bytes.len() != extent.bytes {
            return Err(Trouble::Size { found: bytes.len(), expected: extent.bytes });
        }
        let (counted, found) = count(&bytes);
        if found != hash {
            return Err(Trouble::Damaged);
        }
        // The hash fits, so the manifest itself is wrong.
        if counted != extent || std::str::from_utf8(&bytes).is_err() {
            return Err(Trouble::Miscounted);
        }
        Ok(Self { bytes, extent, chars: OnceLock::new(), lines: OnceLock::new() })
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn byte_of_char(&self, char: usize) -> usize {
        self.chars().byte_of_char(&self.bytes, char)
    }

    pub fn char_of_byte(&self, byte: usize) -> usize {
        self.chars().char_of_byte(&self.bytes, byte)
    }

    /// How many line feeds lie before `byte`.
    pub fn line_feeds_before(&self, byte: usize) -> usize {
        let Ok(line_feeds) = self.lines().line_of_byte(&*self.bytes, byte);
        line_feeds
    }

    /// Where the text behind line feed number `line_feed`, counted from 0, begins.
    pub fn behind_line_feed(&self, line_feed: usize) -> usize {
        if line_feed >= self.extent.line_feeds {
            return self.bytes.len();
        }
        let Ok(byte) = self.lines().byte_of_line(&*self.bytes, line_feed + 1);
        byte
    }

    fn chars(&self) -> &CharIndex {
        self.chars.get_or_init(|| CharIndex::new(&self.bytes))
    }

    fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.bytes))
    }
}
