//! What the server remembers.

use serde_json::Value;
use std::{sync::Arc, time::Instant};
use tokio::sync::watch;

/// Everything that has happened.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The calls in the order of arrival.
    pub calls: Vec<Record>,
    /// Calls that are open.
    pub open: usize,
    /// The most that were open at once.
    pub most_open: usize,
    /// Connections that were made.
    pub connections: usize,
}

impl Log {
    /// Calls that the caller gave up.
    pub fn closed_early(&self) -> usize {
        self.calls.iter().filter(|it| it.closed_early).count()
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Record {
    pub body: Value,
    /// The value of the header `Authorization`.
    pub authorization: Option<String>,
    pub began: Instant,
    /// When the last byte was handed over, or the caller went away.
    pub ended: Option<Instant>,
    /// The caller closed the connection before the answer was whole.
    pub closed_early: bool,
}

/// One call while it is open. However it ends, the log hears of it.
pub(super) struct Visit {
    log: Arc<watch::Sender<Log>>,
    at: usize,
    done: bool,
}

impl Visit {
    /// Enters the call; gives it with how many are open now.
    pub(super) fn begin(log: &Arc<watch::Sender<Log>>, body: Value, authorization: Option<String>) -> (Self, usize) {
        let (mut at, mut open) = (0, 0);
        log.send_modify(|log| {
            at = log.calls.len();
            log.calls.push(Record { body, authorization, began: Instant::now(), ended: None, closed_early: false });
            log.open += 1;
            log.most_open = log.most_open.max(log.open);
            open = log.open;
        });
        (Self { log: log.clone(), at, done: false }, open)
    }

    /// The call's number, from 1.
    pub(super) fn number(&self) -> usize {
        self.at + 1
    }

    /// All that was to be sent has been handed over: the server is free for another call.
    pub(super) fn done(&mut self) {
        self.end(false);
    }

    fn end(&mut self, closed_early: bool) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let at = self.at;
        self.log.send_modify(|log| {
            log.open -= 1;
            log.calls[at].ended = Some(Instant::now());
            log.calls[at].closed_early = closed_early;
        });
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.end(true);
    }
}
