//! Searching the parts of a text, and making rows of what matches.

use super::{
    GrepRow,
    automaton::Walker,
    lines::{LineSearch, Shown, shown},
    pattern::{Pattern, Scope},
    shown::whole_line,
    window::Haystack,
};
use crate::{
    corpus::{
        context::ContextText,
        error::{Error, GrepError},
        segment::Segment,
        stop::StopFlag,
        threads::on_threads,
    },
    text::Bytes,
};
use grep_matcher::Matcher;
use std::{
    num::NonZeroUsize,
    ops::{ControlFlow, Range},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The most bytes of the rows of one search.
const MOST_SHOWN: usize = 16 << 20;

/// The most threads of one search. Each has memory of its own for what it knows of the pattern.
const MOST_THREADS: usize = 8;

/// One search through a text.
pub(super) struct Search<'a> {
    context: &'a ContextText,
    pattern: &'a Pattern,
    parts: Vec<Vec<Range<usize>>>,
    limit: usize,
    stop: &'a StopFlag,
    next: AtomicUsize,
    /// Bytes of the rows that were found.
    shown: AtomicUsize,
    found: Mutex<Found>,
    /// No part after this one can have rows that are wanted.
    last_needed: AtomicUsize,
}

/// What was found so far.
struct Found {
    /// The rows of each part that was searched.
    rows: Vec<Option<Vec<GrepRow>>>,
    /// Why a part was not searched to its end.
    failure: Option<GrepError>,
    /// How many of the first parts were searched without a gap, and how many rows they have.
    complete: usize,
    rows_of_complete: usize,
}

impl<'a> Search<'a> {
    pub fn new(
        context: &'a ContextText,
        pattern: &'a Pattern,
        parts: Vec<Vec<Range<usize>>>,
        limit: usize,
        stop: &'a StopFlag,
    ) -> Self {
        let found = Found { rows: vec![None; parts.len()], failure: None, complete: 0, rows_of_complete: 0 };
        let (next, last_needed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let (shown, found) = (AtomicUsize::new(0), Mutex::new(found));
        Self { context, pattern, parts, limit, stop, next, shown, found, last_needed }
    }

    /// The first rows, up to the limit, in the order of the text.
    pub fn run(self) -> Result<Vec<GrepRow>, GrepError> {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = cores.min(MOST_THREADS).min(self.parts.len());
        on_threads(threads, || self.work());
        let found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        match found.failure {
            Some(failure) => Err(failure),
            None => Ok(found.rows.into_iter().flatten().flatten().take(self.limit).collect()),
        }
    }

    fn work(&self) {
        let mut lines = LineSearch::new(self.pattern);
        let mut walker = Walker::new(&self.pattern.automaton);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.parts.len() || number > self.last_needed.load(Ordering::Relaxed) {
                return;
            }
            let mut rows = Rows { search: self, place: None, start: 0, rows: Vec::new(), failure: None };
            let searched = self.parts[number].iter().try_for_each(|piece| match self.pattern.scope {
                Scope::Lines => rows.search_lines(&mut lines, piece.clone()),
                Scope::Files => rows.search_file(&mut walker, piece.clone()),
            });
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

/// Collects the rows of one part, in the order of the text.
struct Rows<'a> {
    search: &'a Search<'a>,
    /// Where the last row was.
    place: Option<Place<'a>>,
    /// Where the piece that is searched begins.
    start: usize,
    rows: Vec<GrepRow>,
    /// Why there are not all rows.
    failure: Option<GrepError>,
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
    /// One row for each line that matches.
    fn search_lines(&mut self, lines: &mut LineSearch<'_>, piece: Range<usize>) -> Result<(), GrepError> {
        self.start = piece.start;
        let (context, stop) = (self.search.context, self.search.stop);
        let tell = &mut |line, shown: &Shown<'_>| self.add(line, || Ok(shown.text()));
        let searched = lines.search(&|range| context.bytes(range), piece, stop, tell);
        searched.map(drop).map_err(GrepError::Text)?;
        self.failure.take().map_or(Ok(()), Err)
    }

    /// One row for each line of a file that a match begins on.
    fn search_file(&mut self, walker: &mut Walker<'_>, file: Range<usize>) -> Result<(), GrepError> {
        self.start = file.start;
        self.search.stop.check().map_err(GrepError::Text)?;
        match file.len() <= self.search.pattern.most_at_once {
            true => self.search_short_file(file).map_err(GrepError::Text)?,
            false => self.search_long_file(walker, file).map_err(GrepError::Text)?,
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    fn search_short_file(&mut self, file: Range<usize>) -> Result<(), Error> {
        let Search { context, stop, pattern, .. } = *self.search;
        let bytes = context.bytes(file)?;
        let mut last_line = None;
        let searched = pattern.matcher.find_iter(&bytes, |found| {
            // Each match may have taken a look at the whole file.
            if stop.is_raised() {
                return false;
            }
            // There is no line after the last line feed.
            if found.start() == bytes.len() && (bytes.is_empty() || bytes.ends_with(b"\n")) {
                return false;
            }
            let begin = memchr::memrchr(b'\n', &bytes[..found.start()]).map_or(0, |line_feed| line_feed + 1);
            if last_line.replace(begin) == Some(begin) {
                return true;
            }
            let end = memchr::memchr(b'\n', &bytes[found.start()..]).map_or(bytes.len(), |at| found.start() + at);
            let line = &bytes[begin..end];
            self.add(self.start + begin, || Ok(whole_line(line, |line| pattern.find(line)))).is_continue()
        });
        debug_assert!(searched.is_ok(), "this matcher knows no errors");
        stop.check()
    }

    /// The same for a file that takes too long to be searched at once, or does not lie in memory.
    fn search_long_file(&mut self, walker: &mut Walker<'_>, file: Range<usize>) -> Result<(), Error> {
        let Search { context, stop, pattern, .. } = *self.search;
        let read = |range| context.bytes(range);
        let haystack = Haystack { read: &read, range: file.clone() };
        let ends_with_line = *read(file.end - 1..file.end)? == *b"\n";
        let (mut from, mut last_end, mut last_line) = (file.start, None, None);
        while from <= file.end
            && let Some(found) = walker.find(&haystack, from..file.end, stop)?
        {
            stop.check()?;
            from = found.end;
            if found.is_empty() {
                from = found.end + 1;
                if last_end == Some(found.end) {
                    continue;
                }
            }
            last_end = Some(found.end);
            if found.start == file.end && ends_with_line {
                break;
            }
            let line = self.line_around(found.start)?;
            let line = line.start.max(file.start)..line.end.min(file.end);
            if last_line.replace(line.start) == Some(line.start) {
                continue;
            }
            let text = || match line.len() <= pattern.most_at_once {
                true => Ok(whole_line(&read(line.clone())?, |line| pattern.find(line))),
                false => shown(&read, line.clone(), found.start),
            };
            if self.add(line.start, text).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The line that a byte lies in, with its line feed.
    fn line_around(&self, byte: usize) -> Result<Range<usize>, Error> {
        let context = self.search.context;
        Ok(context.line_start(byte)?..context.next_line(byte)?)
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.search.limit
    }

    /// Adds the line that begins at byte `offset`, unless it is a header line. Says whether more are wanted.
    fn add(&mut self, offset: usize, text: impl FnOnce() -> Result<String, Error>) -> ControlFlow<()> {
        let row = self.search.stop.check().and_then(|()| self.place_of(offset)).and_then(|place| {
            let Some(place) = place else { return Ok(None) };
            let row = GrepRow { path: place.segment.path.clone(), line: place.line, text: text()? };
            Ok(Some((place, row)))
        });
        let (place, row) = match row {
            Ok(Some(found)) => found,
            Ok(None) => return ControlFlow::Continue(()),
            Err(failure) => return self.fail(GrepError::Text(failure)),
        };
        self.place = Some(place);
        let bytes = row.text.len() + row.path.as_ref().map_or(0, String::len);
        if self.search.shown.fetch_add(bytes, Ordering::Relaxed) + bytes > MOST_SHOWN {
            return self.fail(GrepError::TooMuch { most: MOST_SHOWN });
        }
        self.rows.push(row);
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn fail(&mut self, failure: GrepError) -> ControlFlow<()> {
        self.failure.get_or_insert(failure);
        ControlFlow::Break(())
    }

    fn place_of(&self, offset: usize) -> Result<Option<Place<'a>>, Error> {
        let context = self.search.context;
        let Some(segment) = context.segment_at(offset).filter(|segment| segment.text.contains(&offset)) else {
            return Ok(None);
        };
        // Rows come in order, so that only what lies between two rows has to be counted.
        let line = match self.place.filter(|last| last.segment.text == segment.text) {
            Some(last) => last.line + context.line_feeds(last.offset..offset)?,
            None if segment.text.start >= self.start => context.line_feeds(segment.text.start..offset)? + 1,
            // The beginning of a large file may be far away.
            None => context.position(offset)?.map_or(1, |position| position.line),
        };
        Ok(Some(Place { segment, offset, line }))
    }
}
