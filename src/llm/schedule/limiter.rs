//! How many calls a model's server takes at once, learnt from the calls that it turns away.
//!
//! A 429 reduces the limit to the number of calls that were let in. But never to fewer than the server has lately shown
//! to take, so that a server that turns calls away at random, or for their rate, is not mistaken for one that takes few
//! at once. When calls have gone well for a while, one place comes back, to see whether the server takes more by now.
//! When a call may go out is said by a [`Throttle`]; calls wait before it in line.

use super::{
    retry::RetryPolicy,
    throttle::{Next, Throttle},
};
use crate::llm::Error;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// How many limiters may lie idle before they are cleared away.
const MOST_IDLE: usize = 64;

/// A shorter wait is not worth a word.
const TOLD_FROM: Duration = Duration::from_secs(1);

/// The limiters of all models, by name.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiters {
    width: usize,
    policy: RetryPolicy,
    limiters: Mutex<HashMap<String, Arc<ConcurrencyLimiter>>>,
}

impl ConcurrencyLimiters {
    pub(super) fn new(width: usize, policy: RetryPolicy) -> Self {
        Self { width, policy, limiters: Mutex::default() }
    }

    /// That of a model, whose server works on so many calls at once if it says so.
    pub(super) fn of(&self, model: &str, slots: Option<usize>) -> Arc<ConcurrencyLimiter> {
        let width = slots.map_or(self.width, |slots| slots.clamp(1, self.width));
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        if limiters.len() > MOST_IDLE && !limiters.contains_key(model) {
            limiters.retain(|_, limiter| Arc::strong_count(limiter) > 1);
        }
        limiters
            .entry(model.to_owned())
            .or_insert_with(|| Arc::new(ConcurrencyLimiter::new(width, &self.policy)))
            .clone()
    }
}

/// The places of one model.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    places: Semaphore,
    widest: usize,
    state: Mutex<State>,
    /// Calls of all runs that wait for what they need to go out.
    waiting: AtomicUsize,
    /// Held by the call that goes out next.
    line: tokio::sync::Mutex<()>,
    /// That a call has shown something which that one waits for.
    shown: Notify,
}

#[derive(Debug)]
struct State {
    throttle: Throttle,
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
    fn new(width: usize, policy: &RetryPolicy) -> Self {
        let throttle = Throttle::new(policy.first_pause, policy.longest_pause);
        let state = State { throttle, width, open: 0, shown: [0; 2], ended: 0, let_in: 0 };
        let (waiting, line, shown) = Default::default();
        Self { places: Semaphore::new(width), widest: width, state: Mutex::new(state), waiting, line, shown }
    }

    /// Counts a call that waits for what it needs to go out, as long as this is kept.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn has_waiting(&self) -> bool {
        self.waiting() > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, in line. `tells` hears of long waits.
    ///
    /// # Errors
    /// The server wants to be left alone beyond the deadline.
    pub(super) async fn place(
        &self,
        deadline: Option<Instant>,
        tells: &mut (dyn FnMut(Duration, &Error) + Send),
    ) -> Result<Place<'_>, Error> {
        let permit = self.places.acquire().await.expect("no limiter is ever closed");
        let _first_in_line = self.line.lock().await;
        loop {
            let now = Instant::now();
            let (next, why) = {
                let throttle = &mut self.state().throttle;
                (throttle.next(now), throttle.why().cloned())
            };
            match (next, why) {
                (Next::Go, _) => return Ok(Place { limiter: self, permit: Some(permit), since: now }),
                (Next::Until(until), Some(why)) if deadline.is_some_and(|deadline| until >= deadline) => {
                    return Err(why);
                }
                (Next::Until(until), why) => {
                    if let Some(why) = why.filter(|_| until - now >= TOLD_FROM) {
                        tells(until - now, &why);
                    }
                    // Whatever was shown meanwhile, the throttle is asked again.
                    let _ = timeout_at(until, self.shown.notified()).await;
                }
            }
        }
    }

    /// Whether a call would go out at once, with others behind it.
    pub(super) fn has_room(&self) -> bool {
        self.places.available_permits() > 0 && self.state().throttle.is_open()
    }

    fn tell_line(&self) {
        self.shown.notify_one();
    }
}

/// A call that waits for what it needs to go out.
pub(super) struct Waiting<'a>(&'a ConcurrencyLimiter);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place in a limiter, held until the call is open.
pub(super) struct Place<'a> {
    limiter: &'a ConcurrencyLimiter,
    permit: Option<SemaphorePermit<'a>>,
    since: Instant,
}

impl<'a> Place<'a> {
    /// The call goes out.
    pub(super) fn open(mut self) -> Open<'a> {
        let mut state = self.limiter.state();
        state.open += 1;
        Open { limiter: self.limiter, permit: self.permit.take(), rank: state.open, sent: Instant::now(), told: false }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let throttle = &mut self.limiter.state().throttle;
            throttle.heard(false, self.limiter.has_waiting());
            throttle.untold(self.since);
            self.limiter.tell_line();
        }
    }
}

/// A place in a limiter, held while a call is open.
pub(super) struct Open<'a> {
    limiter: &'a ConcurrencyLimiter,
    permit: Option<SemaphorePermit<'a>>,
    /// How many calls were open when this one went out, itself included.
    rank: usize,
    sent: Instant,
    /// Whether it is known if the server took the call.
    told: bool,
}

impl Open<'_> {
    /// The server took the call.
    pub(super) fn admitted(mut self) {
        self.told = true;
        let mut state = self.limiter.state();
        state.throttle.heard(true, self.limiter.has_waiting());
        state.throttle.taken(self.sent, self.limiter.widest);
        state.count(self.rank, 2 * self.limiter.widest);
        state.let_in += 1;
        if state.width < self.limiter.widest && state.let_in >= 2 * state.width {
            (state.width, state.let_in) = (state.width + 1, 0);
            self.limiter.places.add_permits(1);
        }
    }

    /// The server turned the call away. One place always remains. Returns whether it waits in line, with the calls that
    /// follow: one that only tried whether there is another place, or was told to wait while others were let in, is alone
    /// in its misfortune.
    pub(super) fn rejected(mut self, error: &Error) -> bool {
        self.told = true;
        let mut state = self.limiter.state();
        state.throttle.heard(false, self.limiter.has_waiting());
        let shown = state.shown.into_iter().max().unwrap_or_default();
        let has_tried =
            state.width < self.limiter.widest && self.rank == state.width && (1..self.rank).contains(&shown);
        let now = Instant::now();
        let has_others = state.open > 1;
        let waits_in_line = match (has_tried, has_others, error.retry_after()) {
            (true, ..) => {
                state.throttle.untold(self.sent);
                false
            }
            (_, true, Some(_)) => state.throttle.told_to_wait(self.sent, now, error),
            (_, true, None) => {
                state.throttle.crowded(self.sent, now, error);
                true
            }
            _ => {
                state.throttle.refused(self.sent, now, error);
                true
            }
        };
        state.count(0, 2 * self.limiter.widest);
        state.let_in = 0;
        if state.width > shown.max(1) {
            state.width -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
        waits_in_line
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.open -= 1;
        // A server that falls silent, or fails, has taken the call for all that is known.
        if !self.told {
            state.throttle.heard(false, self.limiter.has_waiting());
            state.throttle.untold(self.sent);
        }
        drop(state);
        self.limiter.tell_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn limiter(width: usize) -> ConcurrencyLimiter {
        ConcurrencyLimiter::new(width, &RetryPolicy::default())
    }

    async fn open(limiter: &ConcurrencyLimiter) -> Open<'_> {
        limiter.place(None, &mut |_, _| {}).await.unwrap_or_else(|error| panic!("{error}")).open()
    }

    fn limited() -> Error {
        Error::RateLimited { model: "m".into(), detail: "d".into(), retry_after: None }
    }

    fn free(limiter: &ConcurrencyLimiter) -> usize {
        limiter.places.available_permits()
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_narrows_to_what_is_let_in_and_widens_when_it_goes_well() {
        let limiter = limiter(4);
        let mut calls = Vec::new();
        for _ in 0..4 {
            calls.push(open(&limiter).await);
        }
        calls.pop().unwrap().rejected(&limited());
        calls.pop().unwrap().rejected(&limited());
        calls.into_iter().for_each(Open::admitted);
        assert_eq!(free(&limiter), 2);
        for _ in 0..2 {
            open(&limiter).await.admitted();
        }
        assert_eq!(free(&limiter), 3);
        for _ in 0..100 {
            open(&limiter).await.admitted();
        }
        assert_eq!(free(&limiter), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_stays_as_wide_as_the_server_has_shown_to_take() {
        let limiter = limiter(4);
        for _ in 0..20 {
            let mut calls = Vec::new();
            for _ in 0..free(&limiter) {
                calls.push(open(&limiter).await);
            }
            calls.remove(0).rejected(&limited());
            calls.into_iter().for_each(Open::admitted);
        }
        assert!(free(&limiter) >= 3, "{limiter:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_takes_fewer_than_before_is_learnt_anew() {
        let limiter = limiter(8);
        for takes in [8, 2] {
            for _ in 0..20 {
                let mut calls = Vec::new();
                for _ in 0..free(&limiter) {
                    calls.push(open(&limiter).await);
                }
                for (at, call) in calls.into_iter().enumerate().rev() {
                    if at < takes {
                        call.admitted();
                    } else {
                        call.rejected(&limited());
                    }
                }
            }
            assert!(free(&limiter) <= takes + 1, "{takes}: {limiter:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_place_stays() {
        let limiter = limiter(2);
        for _ in 0..5 {
            open(&limiter).await.rejected(&limited());
        }
        assert_eq!(free(&limiter), 1);
        let call = open(&limiter).await;
        assert!(limiter.place(None, &mut |_, _| {}).now_or_never().is_none());
        drop(call);
        assert_eq!(free(&limiter), 1);
    }

    #[test]
    fn lanes_are_shared_by_name_and_idle_ones_are_cleared_away() {
        let limiters = ConcurrencyLimiters::new(3, RetryPolicy::default());
        let held = limiters.of("held", None);
        assert!(Arc::ptr_eq(&held, &limiters.of("held", None)));
        for number in 0..1000 {
            limiters.of(&number.to_string(), None);
        }
        assert!(limiters.limiters.lock().unwrap().len() <= MOST_IDLE + 2);
        assert!(Arc::ptr_eq(&held, &limiters.of("held", None)));
        let widths = [None, Some(1), Some(2), Some(9)].map(|slots| free(&limiters.of(&format!("{slots:?}"), slots)));
        assert_eq!(widths, [3, 1, 2, 3]);
    }
}
