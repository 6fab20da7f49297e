//! What a text is read from.
//!
//! Whatever looks into a text asks this, and works alike for a text in memory, a huge file that is read where it lies and
//! shards that are fetched when they are looked at.

use super::error::Error;
use crate::text::{Bytes, CharIndex, LineIndex};
use std::{borrow::Cow, fmt::Debug, fs::File, ops::Range};

/// The bytes of one valid UTF-8 text, with what is known of its characters and lines.
pub(super) trait TextSource: Bytes<Error = Error> + Debug + Send + Sync {
    /// The part of the text that `range` is, which must begin and end with characters.
    fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error>;

    /// Makes sure that all that was read of the text up to now is one text.
    fn check(&self) -> Result<(), Error>;

    /// Converts between bytes and characters.
    fn chars(&self) -> &CharIndex;

    /// Converts between bytes and lines.
    fn lines(&self) -> &LineIndex;

    /// How another process comes to the text.
    fn access(&self) -> Access<'_>;

    /// Whether that is in parts, of which no list is made for this: it may be asked for each of many files.
    fn is_in_parts(&self) -> bool {
        false
    }

    /// All of the text, if it lies in memory, where a look at it costs nothing and cannot fail.
    fn in_memory(&self) -> Option<&str> {
        None
    }

    /// Where the text of file number `number` lies, in characters, if that is known without a look at the text.
    fn file_characters(&self, _number: usize) -> Option<Range<usize>> {
        None
    }

    /// Where the line begins that `byte` lies in.
    fn line_start(&self, byte: usize) -> Result<usize, Error> {
        self.lines().byte_of_line(self, self.lines().line_of_byte(self, byte)?)
    }

    /// Where the line after that of `byte` begins, or the end of the text.
    fn next_line(&self, byte: usize) -> Result<usize, Error> {
        self.lines().byte_of_line(self, self.lines().line_of_byte(self, byte)? + 1)
    }

    /// How many line feeds there are in a part of the text.
    fn line_feeds(&self, range: Range<usize>) -> Result<usize, Error> {
        Ok(self.lines().line_of_byte(self, range.end)? - self.lines().line_of_byte(self, range.start)?)
    }
}

/// How another process comes to a text.
#[derive(Debug)]
pub enum Access<'a> {
    /// All of it lies in a file that can be mapped, and begins at this byte. Only a huge file that is read in place can
    /// change, see [`ContextText::check`](super::ContextText::check).
    File(&'a File, u64),
    /// It is fetched when it is asked for. These are the bytes and characters of one part after the other.
    Parts(Vec<(usize, usize)>),
}

#[cfg(test)]
mod tests;
