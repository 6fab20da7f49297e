//! Searching by pattern, on the engine of `ripgrep`, line by line.
//!
//! The text is searched in parts of many files at once, in parallel, since most parts of a text have no match; only
//! where a line matches it is looked up which file it is in. Header lines are not in any file and never match.

use super::{
    assemble::Segment,
    context::ContextText,
    lookup::{LookupError, PathError, PathFilter},
};
use crate::text::cut_head;
use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use std::{
    io,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// About how many bytes one thread searches at a time.
const PART: usize = 4 << 20;

/// The most characters of a line that are shown.
const SHOWN_LINE: usize = 300;

/// What to search, and how.
#[derive(Debug, Clone)]
pub struct GrepOptions<'a> {
    /// A file, a directory or a glob; everything if absent.
    pub path: Option<&'a str>,
    pub ignore_case: bool,
    /// The most rows to return.
    pub max_results: usize,
}

impl Default for GrepOptions<'_> {
    fn default() -> Self {
        Self { path: None, ignore_case: false, max_results: 50 }
    }
}

/// A line that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrepRow {
    /// Nothing in a text that is no file.
    pub path: Option<String>,
    /// Counted from 1.
    pub line: usize,
    /// The line without its end; of a very long one the part around the match.
    pub text: String,
}

/// The first matching lines, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrepResult {
    pub rows: Vec<GrepRow>,
    /// Whether further lines match.
    pub more: bool,
}

/// Why there was no search.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrepError {
    #[error("bad pattern `{pattern}`: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error(transparent)]
    Path(PathError),
    #[error(transparent)]
    Glob(super::Error),
}

/// Finds the lines that match the regular expression `pattern`, in the syntax of the crate `regex`.
pub fn grep(context: &ContextText, pattern: &str, options: &GrepOptions<'_>) -> Result<GrepResult, GrepError> {
    let matcher = matcher(pattern, options.ignore_case)?;
    let filter = match options.path {
        None => None,
        Some(path) => {
            let filter = PathFilter::new(context.segments(), path).map_err(|error| match error {
                LookupError::Path(error) => GrepError::Path(error),
                LookupError::Glob(error) => GrepError::Glob(error),
            })?;
            Some(filter)
        }
    };
    let wanted = |segment: &Segment| filter.as_ref().is_none_or(|filter| filter.accepts(segment));
    let parts = parts(context, wanted);
    let search = Search {
        context,
        matcher: &matcher,
        parts: &parts,
        // One more than wanted tells whether there are more.
        limit: options.max_results.saturating_add(1),
        next: AtomicUsize::new(0),
        found: Mutex::new(vec![None; parts.len()]),
        last_needed: AtomicUsize::new(usize::MAX),
    };
    let mut rows = search.run();
    let more = rows.len() > options.max_results;
    rows.truncate(options.max_results);
    Ok(GrepResult { rows, more })
}

pub(super) fn matcher(pattern: &str, ignore_case: bool) -> Result<RegexMatcher, GrepError> {
    let mut builder = RegexMatcherBuilder::new();
    // `$` stands before the line end of either kind.
    builder.case_insensitive(ignore_case).multi_line(true).crlf(true).line_terminator(Some(b'\n'));
    builder.build(pattern).map_err(|error| {
        let reason = match error.kind() {
            grep_regex::ErrorKind::NotAllowed(_) => {
                "lines are searched one by one, so it cannot contain a line feed".into()
            }
            _ => error.to_string(),
        };
        GrepError::Pattern { pattern: pattern.to_owned(), reason }
    })
}

/// Searches texts that are in memory.
pub(super) fn searcher() -> Searcher {
    SearcherBuilder::new().line_number(false).binary_detection(BinaryDetection::none()).bom_sniffing(false).build()
}

/// Parts of the text that together hold the wanted segments, each of whole lines.
fn parts(context: &ContextText, wanted: impl Fn(&Segment) -> bool) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for segment in context.segments().iter().filter(|segment| wanted(segment)) {
        let range = segment.text.clone();
        match parts.last_mut() {
            // Only a header, and perhaps a line feed, lies between neighbours.
            Some(part) if segment.header.start <= part.end + 1 && range.end - part.start <= PART => {
                part.end = range.end;
            }
            _ => split_lines(context.as_bytes(), range, &mut parts),
        }
    }
    parts
}

/// Adds `range` to `parts` in pieces of about [`PART`] bytes that end with lines.
fn split_lines(bytes: &[u8], range: Range<usize>, parts: &mut Vec<Range<usize>>) {
    let mut start = range.start;
    while range.end - start > PART {
        let Some(line_end) = memchr::memchr(b'\n', &bytes[start + PART..range.end]) else { break };
        let end = start + PART + line_end + 1;
        parts.push(start..end);
        start = end;
    }
    parts.push(start..range.end);
}

struct Search<'a> {
    context: &'a ContextText,
    matcher: &'a RegexMatcher,
    parts: &'a [Range<usize>],
    limit: usize,
    next: AtomicUsize,
    /// The rows of each part that was searched.
    found: Mutex<Vec<Option<Vec<GrepRow>>>>,
    /// No part after this one can have rows that are wanted.
    last_needed: AtomicUsize,
}

impl Search<'_> {
    fn run(&self) -> Vec<GrepRow> {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(self.parts.len());
        if threads <= 1 {
            self.work();
        } else {
            thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| self.work()))));
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.drain(..).flatten().flatten().take(self.limit).collect()
    }

    fn work(&self) {
        let mut searcher = searcher();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.parts.len() || number > self.last_needed.load(Ordering::Relaxed) {
                return;
            }
            let part = self.parts[number].clone();
            let mut rows = Rows { search: self, start: part.start, rows: Vec::new() };
            let searched = searcher.search_slice(self.matcher, &self.context.as_bytes()[part], &mut rows);
            debug_assert!(searched.is_ok(), "searching a slice does no input or output");
            self.note(number, rows.rows);
        }
    }

    fn note(&self, number: usize, rows: Vec<GrepRow>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found[number] = Some(rows);
        // As soon as the first parts without a gap have enough, no later part is needed.
        let mut count = 0;
        for (number, rows) in found.iter().enumerate() {
            let Some(rows) = rows else { return };
            count += rows.len();
            if count >= self.limit {
                self.last_needed.fetch_min(number, Ordering::Relaxed);
                return;
            }
        }
    }

    /// The row of the line that begins at byte `offset`, unless it is a header line.
    fn row(&self, offset: usize, line: &[u8]) -> Option<GrepRow> {
        let segment = self.context.segment_at(offset)?;
        if !segment.text.contains(&offset) {
            return None;
        }
        let position = self.context.position(offset)?;
        Some(GrepRow { path: segment.path.clone(), line: position.line, text: shown_line(self.matcher, line) })
    }
}

/// A line that matches as it is shown: of a very long one the part around the match.
pub(super) fn shown_line(matcher: &RegexMatcher, line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = String::from_utf8_lossy(line);
    if text.len() <= SHOWN_LINE || text.chars().count() <= SHOWN_LINE {
        return text.into_owned();
    }
    let found = matcher.find(line).ok().flatten().map_or(0, |found| found.start());
    // A third of what is shown stands before the match.
    let before_match = &text[..text.floor_char_boundary(found)];
    let lead = before_match.char_indices().rev().nth(SHOWN_LINE / 3).map_or(0, |(at, _)| at);
    let shown = cut_head(&text[lead..], SHOWN_LINE);
    let (before, after) = (if lead > 0 { "…" } else { "" }, if shown.omitted > 0 { "…" } else { "" });
    format!("{before}{}{after}", shown.shown)
}

/// Collects the rows of one part.
struct Rows<'a> {
    search: &'a Search<'a>,
    /// Where the part begins.
    start: usize,
    rows: Vec<GrepRow>,
}

impl Sink for Rows<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let offset = self.start + found.absolute_byte_offset() as usize;
        self.rows.extend(self.search.row(offset, found.bytes()));
        Ok(self.rows.len() < self.search.limit)
    }
}

#[cfg(test)]
mod tests;
