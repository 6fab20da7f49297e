//! Reads the files of a snapshot and writes them one after the other into one text.
//!
//! Threads take batches of neighbouring files in path order, read and decode them, and learn where their batch begins
//! as soon as all batches before it have been read; so they write in parallel, and no more than a batch for each thread
//! is in memory. A large file is a batch of its own and flows through in pieces.

use super::{
    decode::Changes,
    error::Error,
    exclusion::{Exclusion, Reason},
    language::Language,
    source::{Begun, Source, Whole},
    stop::StopFlag,
    storage::{Draft, StoredText},
};
use std::{
    io,
    ops::Range,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// How many bytes of a large file are read at once.
const PIECE: usize = 4 << 20;

/// How many bytes of small files make a batch.
const BATCH: u64 = 1 << 20;

/// So many bytes a file of a batch counts for at least: there may be more of it than it says.
const LEAST: u64 = 4 << 10;

/// One file in the text. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// As it is shown; nothing if the text is no file.
    pub path: Option<String>,
    /// The line that names the file, with its line feed; empty in a text of one file.
    pub header: Range<usize>,
    /// What is in the file. A line feed that follows to end its last line is not part of it.
    pub text: Range<usize>,
    pub language: Option<&'static Language>,
}

/// A file whose text is not exactly its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub path: Option<String>,
    pub changes: Changes,
}

/// The text of several sources.
#[derive(Debug)]
pub(super) struct Assembled {
    pub text: StoredText,
    pub segments: Vec<Segment>,
    pub changed: Vec<Changed>,
    pub exclusions: Vec<Exclusion>,
}

/// Reads all sources. Each has a header line if there are several that can be read.
pub(super) fn assemble(sources: &[Source], stop: &StopFlag) -> Result<Assembled, Error> {
    let headers = sources.len() > 1;
    let first = read_all(sources, headers, stop)?;
    let ([only], true) = (first.segments.as_slice(), headers) else { return Ok(first) };
    // All others turned out to be binary or unreadable, and a lone file has no header.
    let (segment, text) = alone(only, &first.text).map_err(Error::storage)?;
    Ok(Assembled { text, segments: vec![segment], ..first })
}

/// The text of one file without its header and without the line feed that was added.
fn alone(segment: &Segment, text: &StoredText) -> io::Result<(Segment, StoredText)> {
    let content = &text.as_str()[segment.text.clone()];
    let draft = Draft::new(content.len() as u64)?;
    draft.write(0, content)?;
    let segment = Segment { header: 0..0, text: 0..content.len(), ..segment.clone() };
    Ok((segment, draft.seal(content.len() as u64)?))
}

fn read_all(sources: &[Source], headers: bool, stop: &StopFlag) -> Result<Assembled, Error> {
    // Sizes are what the file system says, which may be anything for a sparse file.
    let expected = sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes));
    let work = Work {
        sources,
        batches: batches(sources),
        headers,
        stop,
        draft: Draft::new(expected).map_err(Error::storage)?,
        next: AtomicUsize::new(0),
        turn: Mutex::new(Turn::default()),
        turned: Condvar::new(),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(work.batches.len());
    let mut done: Vec<(usize, Batch)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work.run())).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("reading does not panic")).collect()
    });
    stop.check()?;
    done.sort_unstable_by_key(|&(number, _)| number);

    let turn = work.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = turn.failure {
        return Err(Error::storage(error));
    }
    let text = work.draft.seal(turn.offset).map_err(Error::storage)?;
    let mut assembled = Assembled { text, segments: Vec::new(), changed: Vec::new(), exclusions: Vec::new() };
    for (_, batch) in done {
        assembled.segments.extend(batch.segments);
        assembled.changed.extend(batch.changed);
        assembled.exclusions.extend(batch.exclusions);
    }
    Ok(assembled)
}

/// Neighbouring sources that are read together.
fn batches(sources: &[Source]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0_u64);
    for (at, source) in sources.iter().enumerate() {
        // What comes in pieces is alone.
        let own = if source.flows() { u64::MAX } else { source.bytes.max(LEAST) };
        bytes = bytes.saturating_add(own);
        if bytes > BATCH {
            batches.push(start..at);
            (start, bytes) = (at, own);
        }
    }
    batches.push(start..sources.len());
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// Where the batch whose turn it is begins.
#[derive(Debug, Default)]
struct Turn {
    batch: usize,
    offset: u64,
    /// The first failure to write; after it nothing more is written.
    failure: Option<io::Error>,
}

struct Work<'a> {
    sources: &'a [Source],
    batches: Vec<Range<usize>>,
    headers: bool,
    stop: &'a StopFlag,
    draft: Draft,
    next: AtomicUsize,
    turn: Mutex<Turn>,
    turned: Condvar,
}

/// What became of a batch.
#[derive(Debug, Default)]
struct Batch {
    segments: Vec<Segment>,
    changed: Vec<Changed>,
    exclusions: Vec<Exclusion>,
}

impl Work<'_> {
    fn run(&self) -> Vec<(usize, Batch)> {
        let mut done = Vec::new();
        loop {
            if self.stop.is_raised() {
                return done;
            }
            // Batches are taken in order, so the one whose turn it is always has a thread that works on it. A batch that
            // was taken passes its turn on even if it is stopped, since others may wait for that.
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(range) = self.batches.get(number) else { return done };
            let sources = &self.sources[range.clone()];
            let batch = match sources {
                [source] if source.flows() => self.stream(number, source),
                _ => self.read_small(number, sources),
            };
            done.push((number, batch));
        }
    }

    fn read_small(&self, number: usize, sources: &[Source]) -> Batch {
        let mut batch = Batch::default();
        let mut text = String::new();
        let mut bytes = Vec::new();
        for source in sources {
            if self.stop.is_raised() {
                break;
            }
            match source.read(&mut bytes) {
                Ok(Whole { text: content, changes, cut }) => {
                    batch.segments.push(self.append(&mut text, source, &content));
                    batch.note(source, changes, cut);
                }
                Err(reason) => batch.exclude(source, reason),
            }
        }
        let offset = self.wait_for_turn(number);
        self.pass_turn(offset + text.len() as u64, Ok(()));
        let written = self.draft.write(offset, &text);
        if let Err(error) = written {
            self.fail(error);
        }
        batch.shift(offset as usize);
        batch
    }

    /// Adds one source to `text`; the ranges of the segment are relative to its beginning.
    fn append(&self, text: &mut String, source: &Source, content: &str) -> Segment {
        let start = text.len();
        text.push_str(&self.header(source));
        let begin = text.len();
        text.push_str(content);
        let end = text.len();
        if self.headers && !content.is_empty() && !content.ends_with('\n') {
            text.push('\n');
        }
        Segment { path: source.path.clone(), header: start..begin, text: begin..end, language: source.language }
    }

    fn header(&self, source: &Source) -> String {
        match &source.path {
            Some(path) if self.headers => format!("==> {path} <==\n"),
            _ => String::new(),
        }
    }

    /// Reads a source piece by piece when its turn has come.
    fn stream(&self, number: usize, source: &Source) -> Batch {
        let mut batch = Batch::default();
        let begun = source.begin();
        let offset = self.wait_for_turn(number);
        let begun = match begun {
            Ok(begun) => begun,
            Err(reason) => {
                batch.exclude(source, reason);
                self.pass_turn(offset, Ok(()));
                return batch;
            }
        };
        let mut sink = Sink { draft: &self.draft, stop: self.stop, offset, failure: None };
        sink.write(&self.header(source));
        let header = offset as usize..sink.offset as usize;
        let Streamed { changes, ends_line, cut } = sink.stream(begun);
        let end = sink.offset as usize;
        if self.headers && !ends_line {
            sink.write("\n");
        }
        batch.note(source, changes, cut);
        let text = header.end..end;
        batch.segments.push(Segment { path: source.path.clone(), header, text, language: source.language });
        self.pass_turn(sink.offset, sink.failure.map_or(Ok(()), Err));
        batch
    }

    fn wait_for_turn(&self, number: usize) -> u64 {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = self.turned.wait_while(turn, |turn| turn.batch != number).unwrap_or_else(PoisonError::into_inner);
        turn.offset
    }

    fn pass_turn(&self, offset: u64, written: io::Result<()>) {
        if let Err(error) = written {
            self.fail(error);
        }
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        turn.offset = offset;
        turn.batch += 1;
        self.turned.notify_all();
    }

    fn fail(&self, error: io::Error) {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert(error);
    }
}

impl Batch {
    fn exclude(&mut self, source: &Source, reason: Reason) {
        self.exclusions.push(Exclusion { path: source.path.clone().unwrap_or_default(), reason });
    }

    /// Notes how what was read differs from what there is. What was read stays, even if there is more.
    fn note(&mut self, source: &Source, changes: Changes, cut: Option<Reason>) {
        if let Some(reason) = cut {
            self.exclude(source, reason);
        }
        if !changes.is_none() {
            self.changed.push(Changed { path: source.path.clone(), changes });
        }
    }

    fn shift(&mut self, offset: usize) {
        for segment in &mut self.segments {
            for range in [&mut segment.header, &mut segment.text] {
                *range = range.start + offset..range.end + offset;
            }
        }
    }
}

/// How a source came to its end.
struct Streamed {
    changes: Changes,
    /// Whether its text ends with a line feed.
    ends_line: bool,
    /// Why there is more of it than was read.
    cut: Option<Reason>,
}

/// Writes the pieces of one source.
struct Sink<'a> {
    draft: &'a Draft,
    stop: &'a StopFlag,
    offset: u64,
    failure: Option<io::Error>,
}

impl Sink<'_> {
    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.draft.write(self.offset, text).err();
        }
        self.offset += text.len() as u64;
    }

    fn stream(&mut self, begun: Begun) -> Streamed {
        let Begun { head: mut piece, mut rest, mut decoder } = begun;
        let mut streamed = Streamed { changes: Changes::default(), ends_line: true, cut: None };
        while !piece.is_empty() && !self.stop.is_raised() {
            let (text, more) = decoder.decode(&piece);
            streamed.changes += more;
            streamed.ends_line = if text.is_empty() { streamed.ends_line } else { text.ends_with('\n') };
            self.write(&text);
            drop(text);
            piece.clear();
            if let Err(error) = rest.read_piece(&mut piece, PIECE) {
                streamed.cut = Some(Reason::Unreadable { error: error.to_string() });
                break;
            }
        }
        streamed.cut = streamed.cut.or_else(|| rest.cut());
        let (tail, more) = decoder.finish();
        streamed.changes += more;
        streamed.ends_line &= tail.is_empty();
        self.write(tail);
        streamed
    }
}
