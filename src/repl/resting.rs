//! An interpreter between two questions. It is ended when its memory is needed for others.

use super::{budget::Rests, session::ReplSession};
use futures::{FutureExt, future::BoxFuture};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// An interpreter between two questions. Dropping it ends the interpreter.
pub struct Resting(Arc<Slot>);

struct Slot(Mutex<State>);

struct State {
    session: Option<ReplSession>,
    /// How many need it to stay.
    holders: usize,
}

impl ReplSession {
    /// Lays it to rest between two questions; nothing if there is nothing to rest.
    pub fn rest(mut self) -> Option<Resting> {
        let budget = self.budget().clone();
        if !self.begin_rest() {
            return None;
        }
        let slot = Arc::new(Slot(Mutex::new(State { session: Some(self), holders: 0 })));
        let resting: Weak<Slot> = Arc::downgrade(&slot);
        budget.note_resting(resting);
        Some(Resting(slot))
    }
}

impl Resting {
    /// Has it stay for as long as this is held; nothing if it is gone.
    pub fn hold(&self) -> Option<Hold> {
        let mut state = self.0.lock();
        state.session.is_some().then(|| {
            state.holders += 1;
            Hold(self.0.clone())
        })
    }

    /// Wakes it; nothing if it is gone.
    pub fn wake(self) -> Option<ReplSession> {
        let mut session = self.0.lock().session.take()?;
        session.end_rest();
        Some(session)
    }
}

/// Keeps an interpreter from being ended.
pub struct Hold(Arc<Slot>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.lock().holders -= 1;
    }
}

impl Slot {
    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rests for Slot {
    fn end(&self) -> Option<BoxFuture<'static, ()>> {
        let mut state = self.lock();
        let session = if state.holders == 0 { state.session.take() } else { None }?;
        Some(session.close().boxed())
    }

    fn bytes(&self) -> u64 {
        // What is gone has given back what it had.
        self.lock().session.as_ref().map_or(0, ReplSession::reserved)
    }
}
