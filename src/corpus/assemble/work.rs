//! The threads that read, and the order in which they write.

use super::{
    Assembled, Earlier, Outcome, Segment,
    batch::{Batch, batches},
    sink::{Sink, Streamed},
};
use crate::corpus::{
    error::Error,
    source::{Begun, Source, Whole, roots_of},
    stop::StopFlag,
    storage::Draft,
    threads::on_threads,
};
use std::{
    io,
    ops::Range,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

pub(super) fn read_all(
    sources: &[Arc<Source>],
    headers: bool,
    earlier: Option<Earlier<'_>>,
    stop: &StopFlag,
) -> Result<Assembled, Error> {
    // Sizes are what the file system says, which may be anything for a sparse file.
    let expected = sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes));
    let work = Work {
        sources,
        batches: batches(sources),
        headers,
        earlier,
        stop,
        draft: Draft::new(expected).map_err(Error::storage)?,
        next: AtomicUsize::new(0),
        turn: Mutex::new(Turn::default()),
        turned: Condvar::new(),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(work.batches.len());
    let _roots = roots_of(sources.iter().map(|source| &**source));
    let mut done: Vec<(usize, Batch)> = on_threads(threads, || work.run()).into_iter().flatten().collect();
    stop.check()?;
    done.sort_unstable_by_key(|&(number, _)| number);

    let turn = work.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = turn.failure {
        return Err(Error::storage(error));
    }
    let text = work.draft.seal(turn.offset).map_err(Error::storage)?;
    let mut all = Batch::default();
    done.into_iter().for_each(|(_, batch)| all.append(batch));
    Ok(Assembled { text, segments: all.segments, outcomes: all.outcomes })
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
    sources: &'a [Arc<Source>],
    batches: Vec<Range<usize>>,
    headers: bool,
    earlier: Option<Earlier<'a>>,
    stop: &'a StopFlag,
    draft: Draft,
    next: AtomicUsize,
    turn: Mutex<Turn>,
    turned: Condvar,
}

/// How a large source gets into the text.
enum CopyOrRead<'a> {
    Copy(&'a Outcome, &'a str),
    Read(Begun),
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
            let batch = match self.sources[range.clone()].as_ref() {
                [source] if source.flows() => self.stream(number, range.start, source),
                _ => self.read_small(number, range.clone()),
            };
            done.push((number, batch));
        }
    }

    fn read_small(&self, number: usize, range: Range<usize>) -> Batch {
        let mut batch = Batch::default();
        let mut text = String::new();
        let mut bytes = Vec::new();
        for at in range {
            if self.stop.is_raised() {
                break;
            }
            let source = &self.sources[at];
            match self.earlier.and_then(|earlier| earlier.of(at)) {
                Some((outcome, Some(content))) => {
                    let Outcome { reading, changes, flaw, .. } = outcome.clone();
                    batch.include(self.append(&mut text, source, content), reading, changes, flaw);
                }
                Some((outcome, None)) => batch.outcomes.push(outcome.clone()),
                None => match source.read(&mut bytes) {
                    Ok(Whole { text: content, changes, flaw, reading }) => {
                        batch.include(self.append(&mut text, source, &content), reading, changes, flaw);
                    }
                    Err((reason, reading)) => batch.outcomes.push(Outcome::left_out(reason, reading)),
                },
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
        if self.headers { source.header() } else { String::new() }
    }

    /// Writes a large source when its turn has come, piece by piece.
    fn stream(&self, number: usize, at: usize, source: &Source) -> Batch {
        let mut batch = Batch::default();
        let way = match self.earlier.and_then(|earlier| earlier.of(at)) {
            Some((outcome, Some(content))) => Ok(CopyOrRead::Copy(outcome, content)),
            Some((outcome, None)) => Err(outcome.clone()),
            None => {
                source.begin().map(CopyOrRead::Read).map_err(|(reason, reading)| Outcome::left_out(reason, reading))
            }
        };
        let offset = self.wait_for_turn(number);
        let way = match way {
            Ok(way) => way,
            Err(outcome) => {
                batch.outcomes.push(outcome);
                self.pass_turn(offset, Ok(()));
                return batch;
            }
        };
        let mut sink = Sink::new(&self.draft, self.stop, offset);
        sink.write(&self.header(source));
        let begin = sink.offset;
        let Streamed { reading, changes, flaw } = match way {
            CopyOrRead::Copy(outcome, content) => {
                sink.write(content);
                let Outcome { reading, changes, flaw, .. } = outcome.clone();
                Streamed { reading, changes, flaw }
            }
            CopyOrRead::Read(begun) => sink.stream(begun),
        };
        let text = begin as usize..sink.offset as usize;
        if self.headers && !sink.ends_line {
            sink.write("\n");
        }
        let header = offset as usize..text.start;
        let segment = Segment { path: source.path.clone(), header, text, language: source.language };
        batch.include(segment, reading, changes, flaw);
        let (end, written) = sink.finish();
        self.pass_turn(end, written);
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
