//! The text that programs see as `context`, with its files, characters and lines.

use super::{
    assemble::{self, Assembled, Changed, Earlier, Outcome, Segment},
    decode::Changes,
    error::Error,
    exclusion::Exclusion,
    in_place::{self, InPlace, Scanned},
    lookup::{self, LookupError, PathError},
    search::{Index, SharedIndex},
    source::Source,
    stop::StopFlag,
    storage::{self, StoredText},
};
use crate::text::{Bytes, CharIndex, LineIndex};
use std::{
    borrow::Cow,
    fs::File,
    io,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Counting so many bytes takes some milliseconds.
const LONG_TO_COUNT: usize = 64 << 20;

/// A lone text of up to so many bytes is ranked as one file; a longer one in parts; and what is longer still takes more
/// memory and time to index than a question is worth.
const RANKED_WHOLE: usize = 16 << 20;
const RANKED_MOST: usize = 2 << 30;

/// About how many bytes of a long text are looked at as one.
const PART: usize = 4 << 20;

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
    chars: OnceLock<CharIndex>,
    lines: OnceLock<LineIndex>,
    parts: OnceLock<Result<Vec<Segment>, Error>>,
    index: SharedIndex,
    /// Of the text that this one was made from, until there is an own one.
    earlier_index: Option<Arc<Index>>,
}

/// Where the text lies.
#[derive(Debug)]
enum Body {
    Stored(StoredText),
    InPlace(InPlace),
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
    /// Reads all sources, unless it is stopped. What has not changed since is taken from an earlier text, and if nothing has,
    /// that is the text.
    pub(super) fn build(
        sources: &[Arc<Source>],
        earlier: Option<&Arc<Self>>,
        stop: &StopFlag,
    ) -> Result<Arc<Self>, Error> {
        let kept = earlier.map(|earlier| earlier.kept(sources));
        if let (Some(earlier), Some(kept)) = (earlier, &kept)
            && kept.len() == earlier.sources.len()
            && kept.iter().all(Option::is_some)
            && earlier.check().is_ok()
        {
            return Ok(earlier.clone());
        }
        if let [source] = sources
            && let Some(path) = source.huge_file()
        {
            match in_place::scan(source, path.to_owned(), stop) {
                Ok(Some(scanned)) => return Ok(Arc::new(Self::in_place(source, scanned))),
                Ok(None) => {}
                Err(reason) => {
                    let exclusion = Exclusion { path: source.path.clone().unwrap_or_default(), reason };
                    return Err(Error::empty(&[exclusion]));
                }
            }
        }
        let earlier_index = earlier.and_then(|it| it.index.get().or(it.earlier_index.as_ref())).cloned();
        let earlier = earlier.zip(kept.as_deref()).and_then(|(earlier, kept)| match &earlier.body {
            Body::Stored(text) => {
                let (segments, outcomes) = (&earlier.segments, &earlier.outcomes);
                Some(Earlier { text: text.as_str(), segments, outcomes, kept })
            }
            Body::InPlace(_) => None,
        });
        let Assembled { text, segments, outcomes } = assemble::assemble(sources, earlier, stop)?;
        let new = Self::new(Body::Stored(text), sources.to_vec(), segments, outcomes);
        Ok(Arc::new(Self { earlier_index, ..new }))
    }

    fn new(body: Body, sources: Vec<Arc<Source>>, segments: Vec<Segment>, outcomes: Vec<Outcome>) -> Self {
        Self {
            body,
            changed: assemble::changed(&sources, &outcomes),
            exclusions: assemble::exclusions(&sources, &outcomes),
            sources,
            outcomes,
            segments,
            chars: OnceLock::new(),
            lines: OnceLock::new(),
            parts: OnceLock::new(),
            index: SharedIndex::default(),
            earlier_index: None,
        }
    }

    fn in_place(source: &Arc<Source>, scanned: Scanned) -> Self {
        let Scanned { text, chars, lines, had_mark } = scanned;
        let segment =
            Segment { path: source.path.clone(), header: 0..0, text: 0..text.len(), language: source.language };
        let changes = Changes { had_mark, ..Changes::default() };
        let outcome = Outcome { reading: text.reading(), segment: Ok(0), changes, cut: None };
        Self {
            chars: OnceLock::from(chars),
            lines: OnceLock::from(lines),
            ..Self::new(Body::InPlace(text), vec![source.clone()], vec![segment], vec![outcome])
        }
    }

    /// For each of these sources the number of its outcome in this text, if it has not changed since.
    pub(super) fn kept(&self, sources: &[Arc<Source>]) -> Vec<Option<usize>> {
        let mut own = self.sources.iter().zip(&self.outcomes).enumerate().peekable();
        // Both are in the order of the paths.
        let number = |source: &Arc<Source>| {
            while own.next_if(|(_, (known, _))| known.path < source.path).is_some() {}
            let (number, (_, outcome)) = own.next_if(|(_, (known, _))| known.path == source.path)?;
            source.is_as(&outcome.reading).then_some(number)
        };
        sources.iter().map(number).collect()
    }

    /// How much room it takes that nobody else needs.
    pub(super) fn stored_bytes(&self) -> usize {
        match &self.body {
            Body::Stored(text) => text.as_str().len(),
            Body::InPlace(_) => 0,
        }
    }

    /// The part of the text that `range` is, which must begin and end with characters.
    pub fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        match &self.body {
            Body::Stored(text) => Ok(Cow::Borrowed(&text.as_str()[range])),
            Body::InPlace(text) => text.read(range).map(Cow::Owned),
        }
    }

    /// Makes sure that all that was read of the text up to now is one text. What lies in a file of its own stays what it
    /// is; a huge file that is read where it lies may have been written to.
    pub fn check(&self) -> Result<(), Error> {
        match &self.body {
            Body::Stored(_) => Ok(()),
            Body::InPlace(text) => text.check(),
        }
    }

    /// All of the text, unless it is read where it lies.
    pub(super) fn in_memory(&self) -> Option<&str> {
        match &self.body {
            Body::Stored(text) => Some(text.as_str()),
            Body::InPlace(_) => None,
        }
    }

    /// The text of one file, without its header; nothing of a huge one that is read where it lies.
    pub(super) fn text_in_memory(&self, segment: &Segment) -> &str {
        self.in_memory().map(|text| &text[segment.text.clone()]).unwrap_or_default()
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

    /// Converts between bytes and characters; counted once, when it is first asked for.
    pub fn chars(&self) -> &CharIndex {
        self.chars.get_or_init(|| CharIndex::new(self.in_memory().unwrap_or_default().as_bytes()))
    }

    /// Converts between bytes and lines of the whole text, header lines included; counted once.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.in_memory().unwrap_or_default().as_bytes()))
    }

    /// The file that the text lies in, for another process to map, and the byte of it where the text begins. An empty text
    /// cannot be mapped. Only a huge file that is read in place can change, see [`Self::check`].
    pub fn file(&self) -> (&File, u64) {
        match &self.body {
            Body::Stored(text) => (text.file(), 0),
            Body::InPlace(text) => text.file(),
        }
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

    /// The file of this path: exactly, with a leading `./`, or by the last components of its path if only one file ends
    /// with them.
    pub fn segment_of_path(&self, path: &str) -> Result<&Segment, PathError> {
        lookup::segment_of_path(&self.segments, path)
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

    /// What is ranked as if it were a file: the files, or the parts of a lone text that is long.
    pub(super) fn ranked(&self) -> Result<&[Segment], Error> {
        match self.segments.as_slice() {
            [lone] if lone.text.len() > RANKED_MOST => Err(Error::TooLongToRank { bytes: lone.text.len() }),
            [lone] if lone.text.len() > RANKED_WHOLE => self.parts(),
            segments => Ok(segments),
        }
    }

    /// The text in parts of some megabytes that end with lines, if that is possible.
    pub(super) fn parts(&self) -> Result<&[Segment], Error> {
        let parts = self.parts.get_or_init(|| -> Result<Vec<Segment>, Error> {
            let mut parts = Vec::new();
            for segment in &self.segments {
                let Range { mut start, end: last } = segment.text;
                while start < last {
                    let end = if last - start > PART { self.part_end(start + PART)?.min(last) } else { last };
                    parts.push(Segment { header: start..start, text: start..end, ..segment.clone() });
                    start = end;
                }
            }
            Ok(parts)
        });
        parts.as_deref().map_err(Clone::clone)
    }

    /// Where a part may end that goes on beyond `byte`: after the line, unless that is very long.
    fn part_end(&self, byte: usize) -> Result<usize, Error> {
        let end = self.next_line(byte)?;
        if end - byte <= PART { Ok(end) } else { self.floor_char(byte) }
    }

    /// Where the character begins that `byte` lies in; the text's end behind it.
    pub(super) fn floor_char(&self, byte: usize) -> Result<usize, Error> {
        if byte >= self.byte_len() {
            return Ok(self.byte_len());
        }
        // A character has at most four bytes.
        let start = byte.saturating_sub(3);
        let bytes = self.bytes(start..byte + 1)?;
        let rest = bytes.iter().rev().take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count();
        Ok(byte - rest.min(byte - start))
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag};
    use proptest::prelude::*;
    use std::sync::Arc;

    /// A text of several files that exist in an editor only.
    fn context(files: &[(&str, &str)]) -> Arc<ContextText> {
        let directory = tempfile::tempdir().unwrap();
        let buffer = |&(path, text): &(&str, &str)| OpenBuffer {
            path: directory.path().join(path),
            text: text.into(),
            version: 0,
        };
        let selection = Selection {
            roots: vec![Root::new(directory.path())],
            open: files.iter().map(buffer).collect(),
            ..Selection::default()
        };
        Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
    }

    #[test]
    fn files_are_found_by_exact_and_partial_paths() {
        let context = context(&[("a/lib.rs", ""), ("b/lib.rs", ""), ("b/main.rs", "")]);
        let found = |path: &str| match context.segment_of_path(path) {
            Ok(segment) => segment.path.clone().unwrap(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found("b/lib.rs"), "b/lib.rs");
        assert_eq!(found("./b/lib.rs"), "b/lib.rs");
        assert_eq!(found("main.rs"), "b/main.rs");
        assert_eq!(found("lib.rs"), "`lib.rs` names more than one file: a/lib.rs, b/lib.rs");
        assert_eq!(found("ain.rs"), "no file `ain.rs` in the context; did you mean b/main.rs");
        assert_eq!(found("x/main.rs"), "no file `x/main.rs` in the context; did you mean b/main.rs");
        assert_eq!(found("zzz"), "no file `zzz` in the context");
        assert_eq!(found(""), "no file `` in the context");
    }

    #[test]
    fn line_ranges_are_cut_to_what_there_is() {
        let context = context(&[("a", "1\n2\n3"), ("b", "x\n")]);
        let lines = |path, first, last| &context.in_memory().unwrap()[context.line_range(path, first, last).unwrap()];
        for (first, last, expected) in [
            (1, None, "1\n2\n3"),
            (2, Some(2), "2\n"),
            (2, Some(99), "2\n3"),
            (3, None, "3"),
            (4, None, ""),
            (0, Some(1), "1\n"),
            (-5, Some(-1), ""),
            (3, Some(1), ""),
            (i64::MAX, Some(i64::MAX), ""),
            (i64::MIN, Some(i64::MAX), "1\n2\n3"),
        ] {
            assert_eq!(lines(Some("a"), first, last), expected, "{first} {last:?}");
        }
        assert_eq!(lines(Some("b"), 1, Some(1)), "x\n");
        assert_eq!(lines(None, 1, Some(2)), "==> a <==\n1\n");
        assert!(context.line_range(Some("c"), 1, None).is_err());
    }

    #[test]
    fn a_header_belongs_to_the_first_line_of_its_file() {
        let context = context(&[("a", "1\n2"), ("b", "")]);
        let at = |needle: &str| {
            let position = context.position(context.in_memory().unwrap().find(needle).unwrap()).unwrap().unwrap();
            (position.path.unwrap().to_owned(), position.line)
        };
        assert_eq!(at("==> a"), ("a".into(), 1));
        assert_eq!(at("2"), ("a".into(), 2));
        assert_eq!(at("==> b"), ("b".into(), 1));
        let end = context.byte_len();
        assert_eq!(context.position(end).unwrap(), Some(Position { path: Some("b"), line: 1 }));
        assert_eq!(context.position(end + 1).unwrap(), None);
    }

    proptest! {
        #[test]
        fn every_line_has_its_position(files in prop::collection::vec("([a-cé\r]|\n|😀){0,30}", 2..5)) {
            let named: Vec<(String, &str)> =
                files.iter().enumerate().map(|(at, text)| (format!("f{at}"), text.as_str())).collect();
            let named: Vec<(&str, &str)> = named.iter().map(|(path, text)| (path.as_str(), *text)).collect();
            let context = context(&named);
            for (segment, (path, text)) in context.segments().iter().zip(&named) {
                prop_assert_eq!(context.text_in_memory(segment), *text);
                let mut at = segment.text.start;
                for (number, line) in text.split_inclusive('\n').enumerate() {
                    let position = context.position(at).unwrap().unwrap();
                    prop_assert_eq!(position, Position { path: Some(path), line: number + 1 });
                    let number = number as i64 + 1;
                    prop_assert_eq!(context.line_range(Some(path), number, Some(number)).unwrap(), at..at + line.len());
                    at += line.len();
                }
            }
        }
    }
}
