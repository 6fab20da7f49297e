//! The text that programs see as `context`, with its files, characters and lines.

use super::{
    assemble::{Assembled, Changed, Segment},
    error::Error,
    exclusion::Exclusion,
    lookup::{self, PathError},
    search::{Index, SharedIndex},
    source::Source,
    stop::StopFlag,
    storage::StoredText,
};
use crate::text::{CharIndex, LineIndex};
use std::{fs::File, ops::Range, sync::OnceLock};

/// One text of one or several files. It never changes. Offsets are bytes unless a name says otherwise.
#[derive(Debug)]
pub struct ContextText {
    text: StoredText,
    /// In the order of the text, which is the order of their paths.
    segments: Vec<Segment>,
    changed: Vec<Changed>,
    exclusions: Vec<Exclusion>,
    chars: OnceLock<CharIndex>,
    lines: OnceLock<LineIndex>,
    index: SharedIndex,
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
    /// Reads and stores all sources, unless it is stopped.
    pub(super) fn build(sources: &[Source], stop: &StopFlag) -> Result<Self, Error> {
        let Assembled { text, segments, changed, exclusions } = super::assemble::assemble(sources, stop)?;
        Ok(Self {
            text,
            segments,
            changed,
            exclusions,
            chars: OnceLock::new(),
            lines: OnceLock::new(),
            index: SharedIndex::default(),
        })
    }

    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    pub fn byte_len(&self) -> usize {
        self.as_str().len()
    }

    pub fn char_len(&self) -> usize {
        self.chars().char_len()
    }

    pub fn is_ascii(&self) -> bool {
        self.chars().is_ascii()
    }

    /// Converts between bytes and characters; counted once, when it is first asked for.
    pub fn chars(&self) -> &CharIndex {
        self.chars.get_or_init(|| CharIndex::new(self.as_bytes()))
    }

    /// Converts between bytes and lines of the whole text, header lines included; counted once.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.as_bytes()))
    }

    /// The file that the text lies in, for another process to map. Nobody can change it, through this handle or any
    /// other. Its length is the text's, so an empty text cannot be mapped.
    pub fn file(&self) -> &File {
        self.text.file()
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

    /// The text of one file, without its header.
    pub fn text_of(&self, segment: &Segment) -> &str {
        &self.as_str()[segment.text.clone()]
    }

    /// The file of this path: exactly, with a leading `./`, or by the last components of its path if only one file ends
    /// with them.
    pub fn segment_of_path(&self, path: &str) -> Result<&Segment, PathError> {
        lookup::segment_of_path(&self.segments, path)
    }

    /// The file and line that `byte` lies in; of a header line, the first line of its file.
    pub fn position(&self, byte: usize) -> Option<Position<'_>> {
        let segment = self.segment_at(byte)?;
        let bytes = self.as_bytes();
        // The line feed that ends a file's last line is not part of the file, but still that line.
        let inside = byte.clamp(segment.text.start, segment.text.end);
        let line_of = |byte| self.lines().line_of_byte(bytes, byte);
        Some(Position { path: segment.path.as_deref(), line: line_of(inside) - line_of(segment.text.start) + 1 })
    }

    /// The bytes of the lines `first` to `last`, both included and counted from 1: of one file, or of the whole text.
    /// The end of the file is the default for `last`. What lies outside is cut off, so the range may be empty.
    pub fn line_range(&self, path: Option<&str>, first: i64, last: Option<i64>) -> Result<Range<usize>, PathError> {
        let within = match path {
            Some(path) => self.segment_of_path(path)?.text.clone(),
            None => 0..self.byte_len(),
        };
        let before = |line: i64| usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let start = self.byte_of_line(&within, before(first));
        let end = match last {
            None => within.end,
            Some(last) => self.byte_of_line(&within, usize::try_from(last).unwrap_or(0)),
        };
        Ok(start..end.max(start))
    }

    /// Where line `line`, counted from 0, of a part of the text begins; the part's end if it has fewer lines.
    fn byte_of_line(&self, within: &Range<usize>, line: usize) -> usize {
        if line == 0 {
            return within.start;
        }
        let bytes = self.as_bytes();
        let first = self.lines().line_of_byte(bytes, within.start);
        self.lines().byte_of_line(bytes, first.saturating_add(line)).min(within.end)
    }

    /// The segment that `byte` lies in; at the very end of the text, the last one.
    pub(super) fn segment_at(&self, byte: usize) -> Option<&Segment> {
        if byte > self.byte_len() {
            return None;
        }
        let following = self.segments.partition_point(|segment| segment.header.start <= byte);
        self.segments[..following].last()
    }

    /// The index of the ranked search, built when it is first asked for; nothing if that is stopped.
    pub(super) fn index(&self, stop: &StopFlag) -> Option<&Index> {
        self.index.get_or_build(self, None, stop)
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
        let lines = |path, first, last| &context.as_str()[context.line_range(path, first, last).unwrap()];
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
            let position = context.position(context.as_str().find(needle).unwrap()).unwrap();
            (position.path.unwrap().to_owned(), position.line)
        };
        assert_eq!(at("==> a"), ("a".into(), 1));
        assert_eq!(at("2"), ("a".into(), 2));
        assert_eq!(at("==> b"), ("b".into(), 1));
        let end = context.byte_len();
        assert_eq!(context.position(end), Some(Position { path: Some("b"), line: 1 }));
        assert_eq!(context.position(end + 1), None);
    }

    proptest! {
        #[test]
        fn every_line_has_its_position(files in prop::collection::vec("([a-cé\r]|\n|😀){0,30}", 2..5)) {
            let named: Vec<(String, &str)> =
                files.iter().enumerate().map(|(at, text)| (format!("f{at}"), text.as_str())).collect();
            let named: Vec<(&str, &str)> = named.iter().map(|(path, text)| (path.as_str(), *text)).collect();
            let context = context(&named);
            for (segment, (path, text)) in context.segments().iter().zip(&named) {
                prop_assert_eq!(context.text_of(segment), *text);
                let mut at = segment.text.start;
                for (number, line) in text.split_inclusive('\n').enumerate() {
                    let position = context.position(at).unwrap();
                    prop_assert_eq!(position, Position { path: Some(path), line: number + 1 });
                    let number = number as i64 + 1;
                    prop_assert_eq!(context.line_range(Some(path), number, Some(number)).unwrap(), at..at + line.len());
                    at += line.len();
                }
            }
        }
    }
}
