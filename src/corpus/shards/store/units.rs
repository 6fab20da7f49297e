//! Converting between bytes, characters and lines of the text in a store.

use super::{super::ShardError, ShardStore};
use std::ops::Range;

impl ShardStore {
    /// A part of the text by characters. What lies outside of the text is cut off.
    pub fn slice(&self, chars: Range<usize>) -> Result<String, ShardError> {
        let bytes = self.bytes_of_chars(chars)?;
        self.text(bytes)
    }

    /// The bytes of a part that is given by characters. What lies outside of the text is cut off.
    pub fn bytes_of_chars(&self, chars: Range<usize>) -> Result<Range<usize>, ShardError> {
        let (start, end) = (chars.start.min(self.char_len()), chars.end.min(self.char_len()));
        if start >= end {
            return Ok(0..0);
        }
        let unit = |extent: &super::Extent| extent.characters;
        // Both ends are sent for at once, should they lie in shards that have to be fetched.
        self.fetch_whole(&[self.shard_if_mixed(start, unit), self.shard_if_mixed(end, unit)])?;
        Ok(self.byte_of_char(start)?..self.byte_of_char(end)?)
    }

    /// The bytes of the lines `lines`, counted from 0, of the whole text. What lies outside of it is cut off.
    pub fn bytes_of_lines(&self, lines: Range<usize>) -> Result<Range<usize>, ShardError> {
        if lines.start >= lines.end {
            return Ok(0..0);
        }
        let ends = [lines.start, lines.end].map(|line| {
            let line_feed = line.checked_sub(1).filter(|&line_feed| line_feed < self.extent().line_feeds)?;
            Some(self.manifest().shard_at(line_feed, |extent| extent.line_feeds))
        });
        self.fetch_whole(&ends)?;
        Ok(self.byte_of_line(lines.start)?..self.byte_of_line(lines.end)?)
    }

    /// Where character number `char` begins; the end of the text if it has fewer.
    pub fn byte_of_char(&self, char: usize) -> Result<usize, ShardError> {
        if char >= self.char_len() {
            return Ok(self.byte_len());
        }
        let shard = self.manifest().shard_at(char, |extent| extent.characters);
        let before = self.manifest().before[shard];
        let inside = char - before.characters;
        if self.is_ascii_shard(shard) || inside == 0 {
            return Ok(before.bytes + inside);
        }
        Ok(before.bytes + self.whole(shard)?.byte_of_char(inside))
    }

    /// The number of the character that begins at `byte`.
    pub fn char_of_byte(&self, byte: usize) -> Result<usize, ShardError> {
        if byte >= self.byte_len() {
            return Ok(self.char_len());
        }
        let shard = self.manifest().shard_at(byte, |extent| extent.bytes);
        let before = self.manifest().before[shard];
        let inside = byte - before.bytes;
        if self.is_ascii_shard(shard) || inside == 0 {
            return Ok(before.characters + inside);
        }
        Ok(before.characters + self.whole(shard)?.char_of_byte(inside))
    }

    /// Where line `line`, counted from 0, of the whole text begins; the end of the text if it has fewer.
    pub fn byte_of_line(&self, line: usize) -> Result<usize, ShardError> {
        let Some(line_feed) = line.checked_sub(1) else { return Ok(0) };
        if line_feed >= self.extent().line_feeds {
            return Ok(self.byte_len());
        }
        let shard = self.manifest().shard_at(line_feed, |extent| extent.line_feeds);
        let before = self.manifest().before[shard];
        Ok(before.bytes + self.whole(shard)?.behind_line_feed(line_feed - before.line_feeds))
    }

    /// The line of the whole text, counted from 0, that `byte` lies in.
    pub fn line_of_byte(&self, byte: usize) -> Result<usize, ShardError> {
        if byte >= self.byte_len() {
            return Ok(self.extent().line_feeds);
        }
        let shard = self.manifest().shard_at(byte, |extent| extent.bytes);
        let before = self.manifest().before[shard];
        if byte == before.bytes {
            return Ok(before.line_feeds);
        }
        Ok(before.line_feeds + self.whole(shard)?.line_feeds_before(byte - before.bytes))
    }

    /// The shard of a character, if it takes more than the manifest to find it there.
    fn shard_if_mixed(&self, char: usize, unit: fn(&super::Extent) -> usize) -> Option<usize> {
        if char >= self.char_len() {
            return None;
        }
        let shard = self.manifest().shard_at(char, unit);
        let begins_shard = self.manifest().before[shard].characters == char;
        (!self.is_ascii_shard(shard) && !begins_shard).then_some(shard)
    }

    pub(in super::super) fn is_ascii_shard(&self, shard: usize) -> bool {
        let extent = self.manifest().extent(shard);
        extent.bytes == extent.characters
    }
}
