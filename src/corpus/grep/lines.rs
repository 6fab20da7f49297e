//! Searching whole lines, in batches that take a fraction of a second whatever the pattern is.

use super::{
    automaton::Walker,
    pattern::Pattern,
    shown::{AROUND, part_of_line, whole_line, without_end},
    window::{Haystack, Read},
};
use crate::corpus::{error::Error, stop::StopFlag};
use grep_matcher::Matcher;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use std::{
    borrow::Cow,
    io,
    ops::{ControlFlow, Range},
};

/// Bytes that are fetched at once. Tests go through many blocks.
const BLOCK: usize = if cfg!(test) { 64 << 10 } else { 4 << 20 };

/// What is told of each line that matches: where it begins, and how to show it.
pub(in crate::corpus) type Tell<'a> = dyn FnMut(usize, &Shown<'_>) -> ControlFlow<()> + 'a;

/// A line that is shown if it is wanted.
pub(in crate::corpus) enum Shown<'a> {
    Whole(&'a Pattern, &'a [u8]),
    Part(String),
}

impl Shown<'_> {
    /// The line; of a very long one the part around the match.
    pub fn text(&self) -> String {
        match self {
            Self::Whole(pattern, line) => whole_line(line, |line| pattern.find(line)),
            Self::Part(part) => part.clone(),
        }
    }
}

impl Pattern {
    /// Where a line that is short enough for one search matches.
    pub(super) fn find(&self, line: &[u8]) -> usize {
        self.matcher.find(line).ok().flatten().map_or(0, |found| found.start())
    }
}

/// One thread's search for the lines that match a pattern.
pub(in crate::corpus) struct LineSearch<'p> {
    pattern: &'p Pattern,
    searcher: Searcher,
    walker: Walker<'p>,
}

impl<'p> LineSearch<'p> {
    pub fn new(pattern: &'p Pattern) -> Self {
        let mut builder = SearcherBuilder::new();
        builder.line_number(false).binary_detection(BinaryDetection::none()).bom_sniffing(false);
        Self { pattern, searcher: builder.build(), walker: Walker::new(&pattern.automaton) }
    }

    /// Tells of each line that matches in a range of a text, which begins with a line and ends with one.
    ///
    /// # Errors
    /// The text cannot be read, or the search is stopped.
    pub(super) fn search(
        &mut self,
        read: &Read<'_, '_>,
        range: Range<usize>,
        stop: &StopFlag,
        tell: &mut Tell<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut start = range.start;
        while start < range.end {
            let end = start.saturating_add(BLOCK).min(range.end);
            let block = read(start..end)?;
            let whole = match end == range.end {
                true => block.len(),
                false => memchr::memrchr(b'\n', &block).map_or(0, |line_end| line_end + 1),
            };
            let flow = match whole {
                0 => {
                    let line = start..line_end(read, end, range.end, stop)?;
                    start = line.end;
                    self.long_line(read, line, stop, tell)?
                }
                whole => {
                    let lines = start;
                    start += whole;
                    self.search_block(&block[..whole], lines, stop, tell)?
                }
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The same for bytes that are at hand, the first of which has the place `start`.
    pub fn search_block(
        &mut self,
        bytes: &[u8],
        start: usize,
        stop: &StopFlag,
        tell: &mut Tell<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let most = self.pattern.most_at_once;
        let mut at = 0;
        while at < bytes.len() {
            stop.check()?;
            let rest = &bytes[at..];
            let together = match rest.len() <= most {
                true => Some(rest.len()),
                false => memchr::memrchr(b'\n', &rest[..most]).map(|line_end| line_end + 1),
            };
            let flow = match together {
                Some(together) => {
                    let mut told =
                        Told { pattern: self.pattern, start: start + at, tell, flow: ControlFlow::Continue(()) };
                    let searched = self.searcher.search_slice(&self.pattern.matcher, &rest[..together], &mut told);
                    debug_assert!(searched.is_ok(), "searching a slice does no input or output");
                    at += together;
                    told.flow
                }
                None => {
                    let line = memchr::memchr(b'\n', &rest[most..]).map_or(rest.len(), |it| most + it + 1);
                    let read = |range: Range<usize>| Ok(Cow::Borrowed(&bytes[range.start - start..range.end - start]));
                    let range = start + at..start + at + line;
                    at += line;
                    self.long_line(&read, range, stop, tell)?
                }
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn long_line(
        &mut self,
        read: &Read<'_, '_>,
        line: Range<usize>,
        stop: &StopFlag,
        tell: &mut Tell<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let has_line_feed = *read(line.end - 1..line.end)? == *b"\n";
        let content = line.start..line.end - usize::from(has_line_feed);
        let seen = if self.pattern.automaton.sees_line_feed { line.clone() } else { content.clone() };
        let found = self.walker.find_any(&Haystack { read, range: seen }, content, stop)?;
        let Some(found) = found else { return Ok(ControlFlow::Continue(())) };
        Ok(tell(line.start, &Shown::Part(shown(read, line, found)?)))
    }
}

/// The part of a very long line, given with its end, around byte `found`.
pub(super) fn shown(read: &Read<'_, '_>, line: Range<usize>, found: usize) -> Result<String, Error> {
    let part = found.saturating_sub(AROUND).max(line.start)..found.saturating_add(AROUND).min(line.end);
    let bytes = read(part.clone())?;
    let goes_on = part.end < line.end;
    let bytes = if goes_on { &bytes } else { without_end(&bytes) };
    Ok(part_of_line(bytes, found - part.start, part.start > line.start, goes_on))
}

/// The end of the line that goes on at `place`, its line feed included.
fn line_end(read: &Read<'_, '_>, mut place: usize, end: usize, stop: &StopFlag) -> Result<usize, Error> {
    while place < end {
        stop.check()?;
        let block = place..place.saturating_add(BLOCK).min(end);
        if let Some(line_feed) = memchr::memchr(b'\n', &read(block.clone())?) {
            return Ok(place + line_feed + 1);
        }
        place = block.end;
    }
    Ok(end)
}

/// Passes on what the searcher finds.
struct Told<'a, 'b> {
    pattern: &'a Pattern,
    start: usize,
    tell: &'a mut Tell<'b>,
    flow: ControlFlow<()>,
}

impl Sink for &mut Told<'_, '_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let line = self.start + found.absolute_byte_offset() as usize;
        self.flow = (self.tell)(line, &Shown::Whole(self.pattern, found.bytes()));
        Ok(self.flow.is_continue())
    }
}
