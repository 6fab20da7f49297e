//! The bytes, characters and lines of a text, and how another process comes to them.

use super::ContextText;
use crate::{
    corpus::{error::Error, storage, text_source::Access},
    text::{Bytes, CharIndex, LineIndex},
};
use std::{borrow::Cow, fs::File, io, ops::Range};

/// Counting this many bytes takes some milliseconds.
const LONG_TO_COUNT: usize = 64 << 20;

impl ContextText {
    /// The part of the text that `range` is, which must begin and end with characters.
    pub fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        self.text.read(range)
    }

    /// Makes sure that all that was read of the text up to now is one text. What lies in a file of its own stays what
    /// it is; a huge file that is read where it lies may have been written to, and of shards a part could not be had.
    pub fn check(&self) -> Result<(), Error> {
        self.text.check()
    }

    /// All of the text, if it lies in memory.
    pub(in crate::corpus) fn in_memory(&self) -> Option<&str> {
        self.text.in_memory()
    }

    /// What it is read from.
    #[cfg(test)]
    pub(in crate::corpus) fn source(&self) -> &dyn crate::corpus::text_source::TextSource {
        &*self.text
    }

    /// The text of one file, without its header, of a text in memory.
    #[cfg(test)]
    pub(in crate::corpus) fn text_in_memory(&self, segment: &crate::corpus::Segment) -> &str {
        &self.in_memory().expect("the text is in memory")[segment.text.clone()]
    }

    pub fn byte_len(&self) -> usize {
        self.text.byte_len()
    }

    pub fn char_len(&self) -> usize {
        self.chars().char_len()
    }

    pub fn is_ascii(&self) -> bool {
        self.chars().is_ascii()
    }

    /// The number of the character that begins at `byte`.
    pub fn char_of_byte(&self, byte: usize) -> Result<usize, Error> {
        self.chars().find_char(self, byte)
    }

    /// Where the character of this number begins; the end of the text if there are fewer.
    pub fn byte_of_char(&self, char: usize) -> Result<usize, Error> {
        self.chars().find_byte(self, char)
    }

    /// Converts between bytes and characters.
    pub fn chars(&self) -> &CharIndex {
        self.text.chars()
    }

    /// Converts between bytes and lines of the whole text, header lines included.
    pub fn lines(&self) -> &LineIndex {
        self.text.lines()
    }

    /// Where the character begins that `byte` lies in; the text's end behind it.
    pub fn floor_char(&self, byte: usize) -> Result<usize, Error> {
        if byte >= self.byte_len() {
            return Ok(self.byte_len());
        }
        // A character has at most four bytes.
        let start = byte.saturating_sub(3);
        let bytes = self.bytes(start..byte + 1)?;
        let rest = bytes.iter().rev().take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count();
        Ok(byte - rest.min(byte - start))
    }

    /// Where the line begins that `byte` lies in.
    pub(in crate::corpus) fn line_start(&self, byte: usize) -> Result<usize, Error> {
        self.text.line_start(byte)
    }

    /// Where the line after that of `byte` begins, or the end of the text.
    pub(in crate::corpus) fn next_line(&self, byte: usize) -> Result<usize, Error> {
        self.text.next_line(byte)
    }

    /// How many line feeds there are in a part of the text.
    pub(in crate::corpus) fn line_feeds(&self, range: Range<usize>) -> Result<usize, Error> {
        self.text.line_feeds(range)
    }

    /// Whether the interpreter's process fetches the text in parts.
    pub fn is_in_parts(&self) -> bool {
        self.text.is_in_parts()
    }

    /// How the interpreter's process comes to the text. An empty text cannot be mapped.
    pub fn access(&self) -> Access<'_> {
        self.text.access()
    }

    /// A file with the counted characters of each stride of a text that takes long to count.
    pub fn char_counts(&self) -> io::Result<Option<File>> {
        if self.is_ascii() || self.byte_len() < LONG_TO_COUNT {
            return Ok(None);
        }
        let counts: Vec<u8> = self.chars().counts().flat_map(u16::to_ne_bytes).collect();
        storage::file_of(&counts).map(Some)
    }

    /// An empty file of this length that nobody else has, for what is fetched of a text.
    pub fn scratch(bytes: u64) -> io::Result<File> {
        storage::scratch(bytes)
    }
}

impl Bytes for ContextText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.text.byte_len()
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        self.text.bytes(range)
    }
}
