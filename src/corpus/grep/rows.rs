//! Searching the parts of a text, and making rows of what matches.

use super::{GrepRow, Pattern, Scope};
use crate::{
    corpus::{assemble::Segment, context::ContextText, error::Error},
    text::{Bytes, cut_head},
};
use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use std::{
    io,
    num::NonZeroUsize,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The most characters of a line that are shown.
pub(super) const SHOWN_LINE: usize = 300;

/// One search through a text.
pub(super) struct Search<'a> {
    context: &'a ContextText,
    pattern: &'a Pattern,
    parts: Vec<Vec<Range<usize>>>,
    limit: usize,
    next: AtomicUsize,
    found: Mutex<Found>,
    /// No part after this one can have rows that are wanted.
    last_needed: AtomicUsize,
}

/// What was found so far.
struct Found {
    /// The rows of each part that was searched.
    rows: Vec<Option<Vec<GrepRow>>>,
    /// Why a part could not be read.
    failure: Option<Error>,
    /// How many of the first parts were searched without a gap, and how many rows they have.
    complete: usize,
    rows_of_complete: usize,
}

impl<'a> Search<'a> {
    pub fn new(context: &'a ContextText, pattern: &'a Pattern, parts: Vec<Vec<Range<usize>>>, limit: usize) -> Self {
        let found = Found { rows: vec![None; parts.len()], failure: None, complete: 0, rows_of_complete: 0 };
        let (next, last_needed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Self { context, pattern, parts, limit, next, found: Mutex::new(found), last_needed }
    }

    /// The first rows, up to the limit, in the order of the text.
    pub fn run(self) -> Result<Vec<GrepRow>, Error> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(self.parts.len());
        thread::scope(|scope| {
            // A system that gives no thread leaves more for this one.
            let spawn = |_| thread::Builder::new().spawn_scoped(scope, || self.work()).is_ok();
            let _ = (1..threads).take_while(|number| spawn(*number)).count();
            self.work();
        });
        let found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        match found.failure {
            Some(failure) => Err(failure),
            None => Ok(found.rows.into_iter().flatten().flatten().take(self.limit).collect()),
        }
    }

    fn work(&self) {
        let mut searcher = searcher();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.parts.len() || number > self.last_needed.load(Ordering::Relaxed) {
                return;
            }
            let mut rows = Rows { search: self, place: None, start: 0, rows: Vec::new(), failure: None };
            let searched =
                self.parts[number].iter().try_for_each(|piece| rows.search_piece(&mut searcher, piece.clone()));
            if let Err(error) = searched {
                self.next.store(self.parts.len(), Ordering::Relaxed);
                self.found.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert(error);
                return;
            }
            self.note(number, rows.rows);
        }
    }

    fn note(&self, number: usize, rows: Vec<GrepRow>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let Found { rows: all, complete, rows_of_complete, .. } = &mut *found;
        all[number] = Some(rows);
        // As soon as the first parts without a gap have enough, no later part is needed.
        while let Some(Some(rows)) = all.get(*complete) {
            *rows_of_complete += rows.len();
            if *rows_of_complete >= self.limit {
                self.last_needed.fetch_min(*complete, Ordering::Relaxed);
            }
            *complete += 1;
        }
    }
}

/// Searches texts that are in memory.
pub(in crate::corpus) fn searcher() -> Searcher {
    SearcherBuilder::new().line_number(false).binary_detection(BinaryDetection::none()).bom_sniffing(false).build()
}

/// A line that matches as it is shown: of a very long one the part around the match.
pub(in crate::corpus) fn shown_line(matcher: &RegexMatcher, line: &[u8]) -> String {
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

/// Collects the rows of one part, in the order of the text.
struct Rows<'a> {
    search: &'a Search<'a>,
    /// Where the last row was.
    place: Option<Place<'a>>,
    /// Where the piece that is searched begins.
    start: usize,
    rows: Vec<GrepRow>,
    /// Why a row has no place.
    failure: Option<Error>,
}

/// A line of a file.
#[derive(Clone, Copy)]
struct Place<'a> {
    segment: &'a Segment,
    offset: usize,
    /// Counted from 1.
    line: usize,
}

impl<'a> Rows<'a> {
    fn search_piece(&mut self, searcher: &mut Searcher, piece: Range<usize>) -> Result<(), Error> {
        if self.is_full() {
            return Ok(());
        }
        self.start = piece.start;
        let bytes = self.search.context.bytes(piece)?;
        match self.search.pattern.scope {
            Scope::Lines => {
                let searched = searcher.search_slice(&self.search.pattern.matcher, &bytes, &mut *self);
                debug_assert!(searched.is_ok(), "searching a slice does no input or output");
            }
            Scope::Files => self.search_across_lines(&bytes),
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// One row for each line that a match begins on.
    fn search_across_lines(&mut self, bytes: &[u8]) {
        let mut last_line = None;
        let searched = self.search.pattern.matcher.find_iter(bytes, |found| {
            // There is no line after the last line feed.
            if found.start() == bytes.len() && (bytes.is_empty() || bytes.ends_with(b"\n")) {
                return false;
            }
            let begin = memchr::memrchr(b'\n', &bytes[..found.start()]).map_or(0, |line_feed| line_feed + 1);
            if last_line.replace(begin) != Some(begin) {
                let end = memchr::memchr(b'\n', &bytes[found.start()..]).map_or(bytes.len(), |at| found.start() + at);
                self.add(self.start + begin, &bytes[begin..end]);
            }
            !self.is_full()
        });
        debug_assert!(searched.is_ok(), "this matcher knows no errors");
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.search.limit
    }

    /// Adds the line that begins at byte `offset`, unless it is a header line.
    fn add(&mut self, offset: usize, line: &[u8]) {
        let place = match self.place_of(offset) {
            Ok(Some(place)) => place,
            Ok(None) => return,
            Err(failure) => {
                self.failure.get_or_insert(failure);
                return;
            }
        };
        self.place = Some(place);
        let (path, text) = (place.segment.path.clone(), shown_line(&self.search.pattern.matcher, line));
        self.rows.push(GrepRow { path, line: place.line, text });
    }

    fn place_of(&self, offset: usize) -> Result<Option<Place<'a>>, Error> {
        let context = self.search.context;
        let Some(segment) = context.segment_at(offset).filter(|segment| segment.text.contains(&offset)) else {
            return Ok(None);
        };
        // Rows come in order, so that of a text in memory only what lies between two rows is counted.
        let counted = context.in_memory().and_then(|text| {
            let lines_from = |start: usize| memchr::memchr_iter(b'\n', &text.as_bytes()[start..offset]).count();
            match self.place.filter(|last| last.segment.text == segment.text) {
                Some(last) => Some(last.line + lines_from(last.offset)),
                None if segment.text.start >= self.start => Some(lines_from(segment.text.start) + 1),
                // The beginning of a large file may be far away.
                None => None,
            }
        });
        let line = match counted {
            Some(line) => line,
            None => context.position(offset)?.map_or(1, |position| position.line),
        };
        Ok(Some(Place { segment, offset, line }))
    }
}

impl Sink for &mut Rows<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        self.add(self.start + found.absolute_byte_offset() as usize, found.bytes());
        Ok(!self.is_full())
    }
}
