//! The files of a text, and their lines.

use super::ContextText;
use crate::corpus::{
    error::{Error, LookupError, PathError},
    path_lookup,
    segment::Segment,
};
use std::ops::Range;

/// A place as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'a> {
    /// Nothing in a text that is no file.
    pub path: Option<&'a str>,
    /// Counted from 1, within the file.
    pub line: usize,
}

impl ContextText {
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The file of this path: exactly, with a leading `./`, or by the last components of its path if only one file ends
    /// with them.
    pub fn segment_of_path(&self, path: &str) -> Result<&Segment, PathError> {
        path_lookup::segment_of_path(&self.segments, path)
    }

    /// Where the text of file number `number` lies, in characters of the whole text.
    pub fn file_characters(&self, number: usize) -> Result<Range<usize>, Error> {
        if let Some(characters) = self.text.file_characters(number) {
            return Ok(characters);
        }
        let Range { start, end } = self.segments[number].text.clone();
        Ok(self.char_of_byte(start)?..self.char_of_byte(end)?)
    }

    /// The file and line that `byte` lies in; of a header line, the first line of its file.
    pub fn position(&self, byte: usize) -> Result<Option<Position<'_>>, Error> {
        let Some(segment) = self.segment_at(byte) else { return Ok(None) };
        // The line feed that ends a file's last line is not part of the file, but still that line.
        let inside = byte.clamp(segment.text.start, segment.text.end);
        let line_of = |byte| self.lines().line_of_byte(self, byte);
        // What begins a file need not be counted, which would read the file.
        let before = if inside == segment.text.start { 0 } else { line_of(inside)? - line_of(segment.text.start)? };
        let line = before + 1;
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

    /// The lines of each file that a part of the text lies in, counted from 1, of a text in memory.
    pub fn lines_of_files(&self, part: Range<usize>) -> impl Iterator<Item = (&str, Range<usize>)> {
        let first = self.segments.partition_point(|segment| segment.text.end <= part.start);
        let (from, to) = (part.start, part.end);
        let within = self.segments[first..].iter().take_while(move |segment| segment.text.start < to);
        within.filter(|_| self.in_memory().is_some()).filter_map(move |segment| {
            let (start, end) = (segment.text.start.max(from), segment.text.end.min(to));
            let line = |byte| self.lines().line_of_byte(self, byte).ok();
            let before = line(segment.text.start)?;
            let path = segment.path.as_deref().filter(|_| start < end)?;
            Some((path, line(start)? - before + 1..line(end - 1)? - before + 2))
        })
    }

    /// How many lines a file has, if the text is in memory.
    pub fn line_count_of(&self, segment: &Segment) -> Option<usize> {
        let Range { start, end } = segment.text;
        let line = |byte| self.lines().line_of_byte(self, byte).ok();
        let has_rest = end > start && self.in_memory()?.as_bytes()[end - 1] != b'\n';
        Some(line(end)? - line(start)? + usize::from(has_rest))
    }

    /// The segment that `byte` lies in; at the very end of the text, the last one.
    pub(in crate::corpus) fn segment_at(&self, byte: usize) -> Option<&Segment> {
        if byte > self.byte_len() {
            return None;
        }
        let following = self.segments.partition_point(|segment| segment.header.start <= byte);
        self.segments[..following].last()
    }
}
