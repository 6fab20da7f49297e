//! The text that programs see as `context`, with its files, characters and lines.

mod build;
mod parts;

use super::{
    assemble::Outcome,
    error::{Error, LookupError, PathError},
    exclusion::{Exclusion, Incomplete},
    in_place::InPlace,
    path_lookup,
    search::{Index, SharedIndex},
    segment::{Changed, Segment},
    shards::ShardText,
    source::Source,
    stop::StopFlag,
    storage::{self, StoredText},
    value::Shape,
};
use crate::text::{Bytes, CharIndex, LineIndex};
use std::{
    borrow::Cow,
    fs::File,
    io,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Counting this many bytes takes some milliseconds.
const LONG_TO_COUNT: usize = 64 << 20;

/// Up to this many bytes are indexed before anybody asks.
const SOON_INDEXED: usize = 256 << 20;

/// One text of one or several files. It never changes. Offsets are bytes unless a name says otherwise.
#[derive(Debug)]
pub struct ContextText {
    body: Body,
    sources: Vec<Arc<Source>>,
    /// Of each source.
    outcomes: Vec<Outcome>,
    /// In the order of the text, which is the order of their paths.
    segments: Vec<Segment>,
    changed: Vec<Changed>,
    exclusions: Vec<Exclusion>,
    incomplete: Vec<Incomplete>,
    chars: OnceLock<CharIndex>,
    lines: OnceLock<LineIndex>,
    parts: OnceLock<Result<Vec<Segment>, Error>>,
    /// Of a value whose entries are the files.
    shape: Option<Shape>,
    index: SharedIndex,
    /// Of the text that this one was made from, until there is an own one.
    earlier_index: Option<Arc<Index>>,
}

/// Where the text lies.
#[derive(Debug)]
enum Body {
    Stored(StoredText),
    InPlace(InPlace),
    Shards(Box<ShardText>),
}

/// How another process comes to the text.
#[derive(Debug)]
pub enum Access<'a> {
    /// All of it lies in a file that can be mapped, and begins at this byte. Only a huge file that is read in place can
    /// change, see [`ContextText::check`].
    File(&'a File, u64),
    /// It is fetched when it is asked for. These are the bytes and characters of one part after the other.
    Parts(Vec<(usize, usize)>),
}

/// A place as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'a> {
    /// Nothing in a text that is no file.
    pub path: Option<&'a str>,
    /// Counted from 1, within the file.
    pub line: usize,
}

impl ContextText {
    /// The part of the text that `range` is, which must begin and end with characters.
    pub fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        match &self.body {
            Body::Stored(text) => Ok(Cow::Borrowed(&text.as_str()[range])),
            Body::InPlace(text) => text.read(range).map(Cow::Owned),
            Body::Shards(text) => text.read(range).map(Cow::Owned),
        }
    }

    /// Makes sure that all that was read of the text up to now is one text. What lies in a file of its own stays what
    /// it is; a huge file that is read where it lies may have been written to, and of shards a part could not be had.
    pub fn check(&self) -> Result<(), Error> {
        match &self.body {
            Body::Stored(_) => Ok(()),
            Body::InPlace(text) => text.check(),
            Body::Shards(text) => text.check(),
        }
    }

    /// All of the text, unless it is read where it lies.
    pub(super) fn in_memory(&self) -> Option<&str> {
        match &self.body {
            Body::Stored(text) => Some(text.as_str()),
            Body::InPlace(_) | Body::Shards(_) => None,
        }
    }

    /// The text of one file, without its header, of a text in memory.
    #[cfg(test)]
    pub(super) fn text_in_memory(&self, segment: &Segment) -> &str {
        &self.in_memory().expect("the text is in memory")[segment.text.clone()]
    }

    /// Where the line after that of `byte` begins, or the end of the text.
    pub(super) fn next_line(&self, byte: usize) -> Result<usize, Error> {
        match self.in_memory() {
            Some(text) => {
                let line_end = memchr::memchr(b'\n', &text.as_bytes()[byte..]);
                Ok(line_end.map_or(text.len(), |line_end| byte + line_end + 1))
            }
            None => self.lines().byte_of_line(self, self.lines().line_of_byte(self, byte)? + 1),
        }
    }

    pub fn byte_len(&self) -> usize {
        match &self.body {
            Body::Stored(text) => text.as_str().len(),
            Body::InPlace(text) => text.len(),
            Body::Shards(text) => text.len(),
        }
    }

    pub fn char_len(&self) -> usize {
        self.chars().char_len()
    }

    pub fn is_ascii(&self) -> bool {
        self.chars().is_ascii()
    }

    /// A file with the counted characters of each stride of a text that takes long to count.
    pub fn char_counts(&self) -> io::Result<Option<File>> {
        if self.is_ascii() || self.byte_len() < LONG_TO_COUNT {
            return Ok(None);
        }
        let counts: Vec<u8> = self.chars().counts().flat_map(u16::to_ne_bytes).collect();
        storage::file_of(&counts).map(Some)
    }

    /// The number of the character that begins at `byte`.
    pub fn char_of_byte(&self, byte: usize) -> Result<usize, Error> {
        self.chars().find_char(self, byte)
    }

    /// Where the character of this number begins; the end of the text if there are fewer.
    pub fn byte_of_char(&self, char: usize) -> Result<usize, Error> {
        self.chars().find_byte(self, char)
    }

    /// Converts between bytes and characters; counted once, when it is first asked for.
    pub fn chars(&self) -> &CharIndex {
        self.chars.get_or_init(|| CharIndex::new(self.in_memory().unwrap_or_default().as_bytes()))
    }

    /// Converts between bytes and lines of the whole text, header lines included; counted once.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.in_memory().unwrap_or_default().as_bytes()))
    }

    /// How the interpreter's process comes to the text. An empty text cannot be mapped.
    pub fn access(&self) -> Access<'_> {
        match &self.body {
            Body::Stored(text) => Access::File(text.file(), 0),
            Body::InPlace(text) => {
                let (file, start) = text.file();
                Access::File(file, start)
            }
            Body::Shards(text) => Access::Parts(text.parts()),
        }
    }

    /// An empty file of this length that nobody else has, for what is fetched of a text.
    pub fn scratch(bytes: u64) -> io::Result<File> {
        storage::scratch(bytes)
    }

    /// Where the text of file number `number` lies, in characters of the whole text.
    pub fn file_characters(&self, number: usize) -> Result<Range<usize>, Error> {
        if let Body::Shards(text) = &self.body {
            return Ok(text.file_characters(number));
        }
        let Range { start, end } = self.segments[number].text.clone();
        Ok(self.char_of_byte(start)?..self.char_of_byte(end)?)
    }

    /// What programs see of it, if that is not the text.
    pub fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Files whose text is not exactly their bytes: converted, or with invalid bytes replaced.
    pub fn changed(&self) -> &[Changed] {
        &self.changed
    }

    /// What turned out to be binary or unreadable.
    pub fn exclusions(&self) -> &[Exclusion] {
        &self.exclusions
    }

    /// What was read only in part, or while it changed.
    pub fn incomplete(&self) -> &[Incomplete] {
        &self.incomplete
    }

    /// The file of this path: exactly, with a leading `./`, or by the last components of its path if only one file ends
    /// with them.
    pub fn segment_of_path(&self, path: &str) -> Result<&Segment, PathError> {
        path_lookup::segment_of_path(&self.segments, path)
    }

    /// The file and line that `byte` lies in; of a header line, the first line of its file.
    pub fn position(&self, byte: usize) -> Result<Option<Position<'_>>, Error> {
        let Some(segment) = self.segment_at(byte) else { return Ok(None) };
        // The line feed that ends a file's last line is not part of the file, but still that line.
        let inside = byte.clamp(segment.text.start, segment.text.end);
        let line_of = |byte| self.lines().line_of_byte(self, byte);
        let line = line_of(inside)? - line_of(segment.text.start)? + 1;
        Ok(Some(Position { path: segment.path.as_deref(), line }))
    }

    /// The bytes of the lines `first` to `last`, both included and counted from 1: of one file, or of the whole text.
    /// The end of the file is the default for `last`. What lies outside is cut off, so the range may be empty.
    pub fn line_range(&self, path: Option<&str>, first: i64, last: Option<i64>) -> Result<Range<usize>, LookupError> {
        let within = match path {
            Some(path) => self.segment_of_path(path)?.text.clone(),
            None => 0..self.byte_len(),
        };
        let before = |line: i64| usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let start = self.byte_of_line(&within, before(first))?;
        let end = match last {
            None => within.end,
            Some(last) => self.byte_of_line(&within, usize::try_from(last).unwrap_or(0))?,
        };
        Ok(start..end.max(start))
    }

    /// Where line `line`, counted from 0, of a part of the text begins; the part's end if it has fewer lines.
    fn byte_of_line(&self, within: &Range<usize>, line: usize) -> Result<usize, Error> {
        if line == 0 {
            return Ok(within.start);
        }
        let first = self.lines().line_of_byte(self, within.start)?;
        Ok(self.lines().byte_of_line(self, first.saturating_add(line))?.min(within.end))
    }

    /// The segment that `byte` lies in; at the very end of the text, the last one.
    pub(super) fn segment_at(&self, byte: usize) -> Option<&Segment> {
        if byte > self.byte_len() {
            return None;
        }
        let following = self.segments.partition_point(|segment| segment.header.start <= byte);
        self.segments[..following].last()
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

    /// Builds the index of the ranked search before it is asked for, if that takes a few seconds at most and nothing
    /// has to be fetched.
    pub fn prepare_search(&self, stop: &StopFlag) {
        if self.in_memory().is_some() && self.byte_len() <= SOON_INDEXED {
            // Whoever searches learns what has failed.
            let _ = self.index(stop);
        }
    }

    /// The index of the ranked search, built when it is first asked for, unless that is stopped.
    pub(super) fn index(&self, stop: &StopFlag) -> Result<&Arc<Index>, Error> {
        self.index.get_or_build(self, self.earlier_index.as_deref(), stop)
    }
}

impl Bytes for ContextText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.byte_len()
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        match &self.body {
            Body::Stored(text) => Ok(Cow::Borrowed(&text.as_str().as_bytes()[range])),
            Body::InPlace(text) => text.bytes(range).map(Cow::Owned),
            Body::Shards(text) => text.bytes(range).map(Cow::Owned),
        }
    }
}

#[cfg(test)]
mod tests;
