//! The text of a large tree, put together where somebody looks.
//!
//! A copy of a large tree would take more time and memory than anything that is asked of it. So its files are read once,
//! one after the other, to learn which are text and how long, and read again where programs and searches look. Each is
//! known by its fingerprint and its hash: a log that has only grown is still the same text up to where it ended, and
//! anything else is an error, since what was read before and what is read now would be two texts.

use super::{
    decode::{Changes, decode},
    error::Error,
    fingerprint::Fingerprint,
    source::{Reading, Source, roots_of},
    text_source::{Access, TextSource},
};
use crate::text::{Bytes, CharIndex, LineIndex};
use std::{
    borrow::Cow,
    fs::File,
    io::Read,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The least that another process is told of as one part, in bytes, and the most such parts.
const LEAST_PART: usize = 1 << 20;
const MOST_PARTS: usize = 1 << 14;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// What was learned of the text of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    pub bytes: usize,
    chars: usize,
    line_feeds: usize,
    hash: u64,
    pub ends_line: bool,
}

/// Learns of a text that comes in pieces.
#[derive(Default)]
pub(super) struct Measuring {
    measured: Measured,
    hash: Xxh3,
}

/// A file in the text.
#[derive(Debug)]
pub(super) struct Piece {
    source: Arc<Source>,
    pub measured: Measured,
    reading: Reading,
    changes: Changes,
    pub has_header: bool,
    /// Where it begins: in bytes, in characters.
    start: (usize, usize),
}

#[derive(Debug)]
pub(super) struct OnDemandText {
    pieces: Vec<Piece>,
    len: usize,
    chars: CharIndex,
    lines: LineIndex,
    /// The last file that had to be converted: nobody knows where in it a part of its text lies.
    converted: Mutex<Option<(usize, Arc<str>)>>,
    /// The first failure. What was computed without what is missing is worth nothing.
    failure: OnceLock<Error>,
}

impl Measuring {
    pub fn add(&mut self, text: &str) {
        let Self { measured, hash } = self;
        hash.update(text.as_bytes());
        measured.bytes += text.len();
        measured.chars += text.chars().count();
        measured.line_feeds += memchr::memchr_iter(b'\n', text.as_bytes()).count();
        measured.ends_line = if text.is_empty() { measured.ends_line } else { text.ends_with('\n') };
    }

    pub fn finish(self) -> Measured {
        Measured { hash: self.hash.digest(), ..self.measured }
    }
}

impl Measured {
    pub fn of(text: &str) -> Self {
        Self {
            bytes: text.len(),
            chars: text.chars().count(),
            line_feeds: memchr::memchr_iter(b'\n', text.as_bytes()).count(),
            hash: xxh3_64(text.as_bytes()),
            ends_line: text.ends_with('\n'),
        }
    }
}

impl Piece {
    pub fn new(source: Arc<Source>, measured: Measured, reading: Reading, changes: Changes, has_header: bool) -> Self {
        Self { source, measured, reading, changes, has_header, start: (0, 0) }
    }

    fn header(&self) -> String {
        if self.has_header { self.source.header() } else { String::new() }
    }

    /// Whether a line feed was added that the file does not have.
    fn adds_line_feed(&self) -> bool {
        self.has_header && self.measured.bytes > 0 && !self.measured.ends_line
    }

    /// Bytes, characters and line feeds, with the header and the line feed that was added.
    fn extent(&self, header: &str) -> (usize, usize, usize) {
        let (header_lines, added) = (usize::from(!header.is_empty()), usize::from(self.adds_line_feed()));
        let Measured { bytes, chars, line_feeds, .. } = self.measured;
        (header.len() + bytes + added, header.chars().count() + chars + added, header_lines + line_feeds + added)
    }
}

/// Where the header of a piece lies, and its text.
pub type PlaceOfPiece = (Range<usize>, Range<usize>);

impl OnDemandText {
    /// Also says where the header and the text of each piece lie.
    pub fn new(mut pieces: Vec<Piece>) -> (Self, Vec<PlaceOfPiece>) {
        let (mut start, mut places) = ((0, 0), Vec::with_capacity(pieces.len()));
        let (mut chars, mut lines) = (Vec::with_capacity(pieces.len()), Vec::with_capacity(pieces.len()));
        let mut line_feeds = 0;
        for piece in &mut pieces {
            let header = piece.header();
            let (own_bytes, own_chars, own_lines) = piece.extent(&header);
            piece.start = start;
            let begin = start.0 + header.len();
            places.push((start.0..begin, begin..begin + piece.measured.bytes));
            chars.push((own_bytes, own_chars));
            lines.push((own_bytes, own_lines));
            start = (start.0 + own_bytes, start.1 + own_chars);
            line_feeds += own_lines;
        }
        let is_open =
            pieces.last().is_some_and(|last| !last.has_header && last.measured.bytes > 0 && !last.measured.ends_line);
        let text = Self {
            len: start.0,
            chars: CharIndex::of_parts(&chars),
            lines: LineIndex::of_parts(lines, line_feeds + usize::from(is_open)),
            pieces,
            converted: Mutex::default(),
            failure: OnceLock::new(),
        };
        (text, places)
    }

    /// The bytes `range`, each file as it was.
    fn assembled(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(range.len());
        let first = self.pieces.partition_point(|piece| piece.start.0 <= range.start).saturating_sub(1);
        let last = self.pieces.partition_point(|piece| piece.start.0 < range.end);
        let wanted = &self.pieces[first.min(last)..last];
        let _roots = roots_of(wanted.iter().map(|piece| &*piece.source));
        for (number, piece) in (first..).zip(wanted) {
            let header = piece.header();
            let begin = piece.start.0 + header.len();
            let end = begin + piece.measured.bytes;
            // What of `range` lies between two places, counted from the first.
            let inside = |from: usize, to: usize| {
                let (start, end) = (range.start.clamp(from, to), range.end.clamp(from, to));
                start - from..end - from
            };
            bytes.extend_from_slice(&header.as_bytes()[inside(piece.start.0, begin)]);
            let text = inside(begin, end);
            if !text.is_empty() {
                self.add_text(number, text, &mut bytes)?;
            }
            if piece.adds_line_feed() && (range.start..range.end).contains(&end) {
                bytes.push(b'\n');
            }
        }
        Ok(bytes)
    }

    /// Adds a part of the text of one file.
    fn add_text(&self, number: usize, range: Range<usize>, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let piece = &self.pieces[number];
        let is_exact = Changes { had_mark: false, ..piece.changes }.is_none();
        if is_exact && self.read_unchanged(piece, range.clone(), bytes) {
            return Ok(());
        }
        if !is_exact {
            let converted = self.converted.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some((_, text)) = converted.filter(|(known, _)| *known == number) {
                bytes.extend_from_slice(&text.as_bytes()[range]);
                return Ok(());
            }
        }
        let text = self.whole(piece)?;
        bytes.extend_from_slice(&text.as_bytes()[range]);
        if !is_exact {
            *self.converted.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, text.into()));
        }
        Ok(())
    }

    /// Reads a part of a file whose text is its bytes, if it is sure to be what it was.
    fn read_unchanged(&self, piece: &Piece, range: Range<usize>, bytes: &mut Vec<u8>) -> bool {
        let Reading::File { fingerprint, is_settled: true, .. } = &piece.reading else { return false };
        let Ok((file, _)) = piece.source.open_file() else { return false };
        let mark = if piece.changes.had_mark { MARK.len() } else { 0 };
        let before = bytes.len();
        bytes.resize(before + range.len(), 0);
        let read = file.read_exact_at(&mut bytes[before..], (mark + range.start) as u64);
        let is_same = read.is_ok() && file.metadata().is_ok_and(|now| Fingerprint::from(&now) == *fingerprint);
        if !is_same {
            bytes.truncate(before);
        }
        is_same
    }

    /// The whole text of a file, if that is still what it was.
    fn whole(&self, piece: &Piece) -> Result<String, Error> {
        let changed = || {
            let error = Error::Changed { path: piece.source.absolute().map_or_else(PathBuf::new, Into::into) };
            self.failure.get_or_init(|| error.clone());
            error
        };
        let text = match &piece.reading {
            Reading::File { fingerprint, .. } => {
                let (file, _) = piece.source.open_file().map_err(|_| changed())?;
                decoded(&file, fingerprint.bytes, piece.source.is_named()).ok_or_else(changed)?
            }
            _ => {
                let mut room = Vec::new();
                let whole = piece.source.read(&mut room).map_err(|_| changed())?;
                whole.text.into_owned()
            }
        };
        if text.len() == piece.measured.bytes && xxh3_64(text.as_bytes()) == piece.measured.hash {
            return Ok(text);
        }
        Err(changed())
    }
}

/// The text of the first `length` bytes of a file.
fn decoded(file: &File, length: u64, is_named: bool) -> Option<String> {
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).ok()?;
    decode(&bytes, is_named).map(|(text, _)| text.into_owned())
}

impl Bytes for OnDemandText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.len
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        self.assembled(range).map(Cow::Owned)
    }
}

impl TextSource for OnDemandText {
    fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        let changed = |_| self.failure.get().cloned().unwrap_or(Error::Stopped);
        String::from_utf8(self.assembled(range)?).map(Cow::Owned).map_err(changed)
    }

    /// Whether all that was asked for was still there.
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
        let least = LEAST_PART.max(self.len / MOST_PARTS);
        let mut parts: Vec<(usize, usize)> = Vec::new();
        let ends = self.pieces.iter().skip(1).map(|piece| piece.start).chain([(self.len, self.chars.char_len())]);
        let mut before = (0, 0);
        for end in ends {
            if end.0 - before.0 >= least || end.0 == self.len {
                parts.push((end.0 - before.0, end.1 - before.1));
                before = end;
            }
        }
        Access::Parts(parts)
    }

    fn file_characters(&self, number: usize) -> Option<Range<usize>> {
        let piece = &self.pieces[number];
        let start = piece.start.1 + piece.header().chars().count();
        Some(start..start + piece.measured.chars)
    }
}

#[cfg(test)]
mod tests;
