//! How many calls a model's server takes at once, learnt from the calls that it turns away.
//!
//! A 429 reduces the limit to the number of calls that were let in. But never to fewer than the server has lately shown
//! to take, so that a server that turns calls away at random, or for their rate, is not mistaken for one that takes few
//! at once. When calls have gone well for a while, one place comes back, to see whether the server takes more by now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many limiters may lie idle before they are cleared away.
const MOST_IDLE: usize = 64;

/// The limiters of all models, by name.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiters {
    width: usize,
    limiters: Mutex<HashMap<String, Arc<ConcurrencyLimiter>>>,
}

impl ConcurrencyLimiters {
    pub(super) fn new(width: usize) -> Self {
        Self { width, limiters: Mutex::default() }
    }

    pub(super) fn of(&self, model: &str) -> Arc<ConcurrencyLimiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        if limiters.len() > MOST_IDLE && !limiters.contains_key(model) {
            limiters.retain(|_, limiter| Arc::strong_count(limiter) > 1);
        }
        limiters.entry(model.to_owned()).or_insert_with(|| Arc::new(ConcurrencyLimiter::new(self.width))).clone()
    }
}

/// The places of one model.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    places: Semaphore,
    widest: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Places in all, taken or free.
    width: usize,
    open: usize,
    /// The most calls that were let in at once: in this period, and in the one before.
    shown: [usize; 2],
    /// Calls that ended in this period.
    ended: usize,
    /// Calls let in since the width changed.
    let_in: usize,
}

impl State {
    /// Counts a call; `shown` is how many at once it proves to be taken. What was shown two periods ago is forgotten.
    fn count(&mut self, shown: usize, period: usize) {
        self.shown[0] = self.shown[0].max(shown);
        self.ended += 1;
        if self.ended >= period {
            self.shown = [0, self.shown[0]];
            self.ended = 0;
        }
    }
}

impl ConcurrencyLimiter {
    fn new(width: usize) -> Self {
        let state = State { width, open: 0, shown: [0; 2], ended: 0, let_in: 0 };
        Self { places: Semaphore::new(width), widest: width, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Place<'_> {
        let permit = self.places.acquire().await.expect("no limiter is ever closed");
        Place { limiter: self, permit }
    }
}

/// A place in a limiter, held until the call is open.
pub(super) struct Place<'a> {
    limiter: &'a ConcurrencyLimiter,
    permit: SemaphorePermit<'a>,
}

impl<'a> Place<'a> {
    /// The call goes out.
    pub(super) fn open(self) -> Open<'a> {
        let mut state = self.limiter.state();
        state.open += 1;
        Open { limiter: self.limiter, permit: Some(self.permit), rank: state.open }
    }
}

/// A place in a limiter, held while a call is open.
pub(super) struct Open<'a> {
    limiter: &'a ConcurrencyLimiter,
    permit: Option<SemaphorePermit<'a>>,
    /// How many calls were open when this one went out, itself included.
    rank: usize,
}

impl Open<'_> {
    /// The server took the call.
    pub(super) fn admitted(self) {
        let mut state = self.limiter.state();
        state.count(self.rank, 2 * self.limiter.widest);
        state.let_in += 1;
        if state.width < self.limiter.widest && state.let_in >= 2 * state.width {
            (state.width, state.let_in) = (state.width + 1, 0);
            self.limiter.places.add_permits(1);
        }
    }

    /// The server turned the call away. One place always remains.
    pub(super) fn rejected(mut self) {
        let mut state = self.limiter.state();
        state.count(0, 2 * self.limiter.widest);
        state.let_in = 0;
        let [now, before] = state.shown;
        if state.width > now.max(before).max(1) {
            state.width -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.limiter.state().open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn free(limiter: &ConcurrencyLimiter) -> usize {
        limiter.places.available_permits()
    }

    #[tokio::test]
    async fn a_lane_narrows_to_what_is_let_in_and_widens_when_it_goes_well() {
        let limiter = ConcurrencyLimiter::new(4);
        let mut calls = Vec::new();
        for _ in 0..4 {
            calls.push(limiter.place().await.open());
        }
        calls.pop().unwrap().rejected();
        calls.pop().unwrap().rejected();
        calls.into_iter().for_each(Open::admitted);
        assert_eq!(free(&limiter), 2);
        for _ in 0..2 {
            limiter.place().await.open().admitted();
        }
        assert_eq!(free(&limiter), 3);
        for _ in 0..100 {
            limiter.place().await.open().admitted();
        }
        assert_eq!(free(&limiter), 4);
    }

    #[tokio::test]
    async fn a_lane_stays_as_wide_as_the_server_has_shown_to_take() {
        let limiter = ConcurrencyLimiter::new(4);
        for _ in 0..20 {
            let mut calls = Vec::new();
            for _ in 0..free(&limiter) {
                calls.push(limiter.place().await.open());
            }
            calls.remove(0).rejected();
            calls.into_iter().for_each(Open::admitted);
        }
        assert!(free(&limiter) >= 3, "{limiter:?}");
    }

    #[tokio::test]
    async fn a_server_that_takes_fewer_than_before_is_learnt_anew() {
        let limiter = ConcurrencyLimiter::new(8);
        for takes in [8, 2] {
            for _ in 0..20 {
                let mut calls = Vec::new();
                for _ in 0..free(&limiter) {
                    calls.push(limiter.place().await.open());
                }
                for (at, call) in calls.into_iter().enumerate().rev() {
                    if at < takes { call.admitted() } else { call.rejected() }
                }
            }
            assert!(free(&limiter) <= takes + 1, "{takes}: {limiter:?}");
        }
    }

    #[tokio::test]
    async fn the_last_place_stays() {
        let limiter = ConcurrencyLimiter::new(2);
        for _ in 0..5 {
            limiter.place().await.open().rejected();
        }
        assert_eq!(free(&limiter), 1);
        let call = limiter.place().await.open();
        assert!(limiter.place().now_or_never().is_none());
        drop(call);
        assert_eq!(free(&limiter), 1);
    }

    #[test]
    fn lanes_are_shared_by_name_and_idle_ones_are_cleared_away() {
        let limiters = ConcurrencyLimiters::new(3);
        let held = limiters.of("held");
        assert!(Arc::ptr_eq(&held, &limiters.of("held")));
        for number in 0..1000 {
            limiters.of(&number.to_string());
        }
        assert!(limiters.limiters.lock().unwrap().len() <= MOST_IDLE + 2);
        assert!(Arc::ptr_eq(&held, &limiters.of("held")));
    }
}
