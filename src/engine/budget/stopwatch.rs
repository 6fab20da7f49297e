//! Since when the attempt of a call that is under way has been open: what it waits for before does not count.

use std::sync::{Mutex, PoisonError};
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

/// Started with each attempt of a call.
#[derive(Debug, Default)]
pub struct Stopwatch {
    since: Mutex<Option<Instant>>,
    restarted: Notify,
}

impl Stopwatch {
    pub fn since(&self) -> Option<Instant> {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an attempt goes out, or one has failed and the next waits.
    pub(super) fn set(&self, is_open: bool) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = is_open.then(Instant::now);
        self.restarted.notify_waiters();
    }

    /// Resolves when that happens next.
    pub fn restarted(&self) -> Notified<'_> {
        self.restarted.notified()
    }
}
