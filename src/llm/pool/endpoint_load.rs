//! What a server has to do at the moment, as all pools see it: whichever of its models is called.

use super::pace::Work;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A server's open calls, and whether it rests.
#[derive(Debug, Default)]
pub(in crate::llm) struct EndpointLoad {
    state: Mutex<State>,
}

/// What is open at a server.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Load {
    pub calls: usize,
    pub work: Work,
}

#[derive(Debug, Default)]
struct State {
    load: Load,
    /// The integral of the open calls over time until `since`, in call seconds.
    call_seconds: f64,
    since: Option<Instant>,
    rests_until: Option<Instant>,
}

impl State {
    fn count(&mut self, now: Instant) -> f64 {
        let passed = self.since.map_or(Duration::ZERO, |since| now - since);
        self.call_seconds += passed.as_secs_f64() * self.load.calls as f64;
        self.since = Some(now);
        self.call_seconds
    }
}

impl EndpointLoad {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Load {
        self.state().load
    }

    /// A call goes out.
    pub(super) fn open(&self, work: Work) -> Open<'_> {
        let began = Instant::now();
        let mut state = self.state();
        let call_seconds = state.count(began);
        state.load.calls += 1;
        state.load.work += work;
        Open { of: self, work, began, call_seconds }
    }

    /// Nobody should call it for a while.
    pub(super) fn rest(&self, time: Duration) {
        self.state().rests_until = Some(Instant::now() + time);
    }

    /// It has answered, so it need not rest.
    pub(super) fn answered(&self) {
        self.state().rests_until = None;
    }

    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.state().rests_until.filter(|until| *until > now)
    }
}

/// One open call, counted for as long as it lives.
pub(super) struct Open<'a> {
    of: &'a EndpointLoad,
    work: Work,
    began: Instant,
    call_seconds: f64,
}

impl Open<'_> {
    /// The call has ended. Returns how many were open while it was, itself included, on average.
    pub fn end(self) -> f64 {
        let now = Instant::now();
        let passed = (now - self.began).as_secs_f64();
        let call_seconds = self.of.state().count(now) - self.call_seconds;
        if passed > 0.0 { (call_seconds / passed).max(1.0) } else { 1.0 }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut state = self.of.state();
        state.count(Instant::now());
        state.load.calls -= 1;
        state.load.work -= self.work;
    }
}
