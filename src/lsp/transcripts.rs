//! `rlm/transcript`: what a run did, from its trace, while it goes on and afterwards.

use crate::{
    failure::{Failure, FailureKind},
    lsp::ext::{Transcript, TranscriptParams},
    store::Folder,
    trace::{self, TraceFolder},
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The most queries of which it is known which run they were.
const MOST: usize = 1000;

/// Bytes of lines that one reply has at most.
const PART: usize = 4 << 20;

/// Which run each query was, the latest last.
#[derive(Default)]
pub struct Transcripts {
    runs: Mutex<VecDeque<(String, i64)>>,
}

impl Transcripts {
    pub fn note(&self, query_id: &str, run: i64) {
        let mut runs = self.lock();
        if runs.len() == MOST {
            runs.pop_front();
        }
        runs.push_back((query_id.to_owned(), run));
    }

    /// The run that is meant.
    ///
    /// # Errors
    /// There was no such query, or it has left no trace.
    pub fn run(&self, params: &TranscriptParams) -> Result<i64, Failure> {
        let known = |id: &String| self.lock().iter().rev().find(|(known, _)| known == id).map(|&(_, run)| run);
        params.run.or_else(|| params.query_id.as_ref().and_then(known)).ok_or_else(|| {
            missing(match &params.query_id {
                Some(id) => format!("the query {id:?} has left no trace"),
                None => "a transcript needs `queryId` or `run`".to_owned(),
            })
        })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, i64)>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the trace of a run says. Blocks.
///
/// # Errors
/// There is no such trace, or it cannot be read.
pub fn read(folder: &Folder, run: i64, params: &TranscriptParams) -> Result<Transcript, Failure> {
    let path = TraceFolder::of(folder).path_of(run);
    if path.symlink_metadata().is_err() {
        return Err(missing(format!("run {run} has no trace, or none that is still kept")));
    }
    let shown = trace::read(&path).map_err(unreadable)?;
    let (lines, next) = lines(&path, params.from.unwrap_or_default()).map_err(|error| unreadable(error.to_string()))?;
    let text = trace::head(&shown).into_iter().chain(trace::notes(&shown)).chain(trace::tree(&shown, false));
    Ok(Transcript {
        run,
        query_id: params.query_id.clone(),
        text: text.collect::<Vec<_>>().join("\n"),
        is_whole: shown.is_whole(),
        lines,
        next,
    })
}

/// The lines of a trace from one on, as far as they fit into a reply, and which comes next. One that is being written is left
/// to the next reply.
fn lines(path: &Path, from: u64) -> std::io::Result<(Vec<Value>, u64)> {
    let mut reader = BufReader::new(std::fs::File::open(path)?);
    let (mut lines, mut number, mut taken) = (Vec::new(), 0, 0);
    let mut line = Vec::new();
    while taken < PART {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            break;
        }
        if number >= from {
            taken += line.len();
            // A line that is none was damaged; the numbers of the others stay.
            lines.extend(serde_json::from_slice::<Value>(&line).ok());
        }
        number += 1;
    }
    Ok((lines, number.max(from)))
}

/// There is nothing that outlives a run.
pub fn no_store() -> Failure {
    missing("there is no store, and so no trace".to_owned())
}

fn missing(message: String) -> Failure {
    let hint = Some("what is asked with `noCache`, or without a store, leaves none".to_owned());
    Failure { kind: FailureKind::NoTrace, message, hint }
}

fn unreadable(error: String) -> Failure {
    Failure { kind: FailureKind::NoTrace, message: format!("the trace cannot be read: {error}"), hint: None }
}
