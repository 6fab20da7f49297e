//! What a tree of runs may use, reserved before it is spent.
//!
//! A call reserves itself, the tokens of its prompt (estimated) and of the longest reply that it may have, and what
//! those cost. When the reply is there the reservation becomes what was really used. A reservation that does not fit
//! while others are open waits for them, since they mostly give something back; one that does not fit when nothing is
//! open meets the limit. So no limit is exceeded, however many calls run at once.

pub mod clock;
pub mod metered_call;
pub mod model_call;
pub mod stopwatch;
pub mod usage;

use crate::{
    config::{Limits, Price},
    llm::TokenUsage,
};
use clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

/// The shortest reply for which a call is still worth making.
pub const SHORTEST_REPLY_TOKENS: u64 = 256;

/// Bytes of text for which one token is reserved. Most text has about four bytes to a token.
const BYTES_PER_TOKEN: u64 = 3;

/// A call that can be done without leaves so many calls to others.
const CALLS_LEFT: u64 = 5;

/// A call that can be done without takes at most this part of the tokens and the money that are left.
const SPARE_PART: u64 = 10;

/// Prices are for a million tokens.
const MILLION: f64 = 1e6;

/// Tokens reserved for the frame that a provider puts around a prompt.
const FRAME_TOKENS: u64 = 16;

/// The tokens that are reserved for a prompt of this many bytes.
pub fn reserved_tokens(prompt_bytes: u64) -> u64 {
    prompt_bytes / BYTES_PER_TOKEN + FRAME_TOKENS
}

/// A limit that has been met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    #[error("the limit on iterations is used up")]
    Iterations,
    #[error("the limit on calls is used up")]
    Calls,
    #[error("the limit on tokens is used up")]
    Tokens,
    #[error("the limit on cost is used up")]
    Cost,
    #[error("the time is up")]
    Timeout,
}

/// The limits of one tree of runs, and what is used of them.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    clock: Arc<Clock>,
    deadline: Instant,
    state: Mutex<State>,
    /// Told whenever a reservation ends.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    iterations: u64,
    calls: u64,
    used: Amount,
    reserved: Amount,
    open: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Amount {
    tokens: u64,
    cost: f64,
}

/// What is left of each limit; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    pub iterations: u64,
    pub calls: u64,
    pub tokens: Option<u64>,
    pub cost: Option<f64>,
    pub time: Duration,
}

impl Budget {
    pub fn new(limits: Limits, clock: Arc<Clock>) -> Self {
        let deadline = clock.now() + limits.timeout;
        Self { limits, clock, deadline, state: Mutex::default(), freed: Notify::new() }
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns when the time is up.
    pub async fn out_of_time(&self) {
        self.clock.sleep_until(self.deadline).await;
    }

    /// Iterations that were taken.
    pub fn iterations(&self) -> u64 {
        self.lock().iterations
    }

    /// Takes one iteration.
    pub fn begin_iteration(&self) -> Result<(), Exceeded> {
        self.check_time()?;
        let mut state = self.lock();
        if state.iterations >= self.limits.max_iterations {
            return Err(Exceeded::Iterations);
        }
        state.iterations += 1;
        Ok(())
    }

    /// Reserves a call whose prompt has `prompt_bytes` and whose reply may have `longest_reply` tokens, or fewer where
    /// a limit leaves room for fewer.
    pub async fn reserve(
        &self,
        prompt_bytes: usize,
        longest_reply: u64,
        price: Option<Price>,
    ) -> Result<Reservation<'_>, Exceeded> {
        loop {
            // Registered before the state is read, so that no word is missed in between.
            let freed = self.freed.notified();
            self.check_time()?;
            match self.try_reserve(prompt_bytes as u64, longest_reply, price) {
                Ok(reservation) => return Ok(reservation),
                Err((exceeded, 0)) => return Err(exceeded),
                Err(_) => tokio::select! {
                    () = freed => {}
                    () = self.out_of_time() => return Err(Exceeded::Timeout),
                },
            }
        }
    }

    /// Reserves a call that can be done without: now, for a reply of any length, and out of plenty.
    pub fn reserve_spare(
        &self,
        prompt_bytes: usize,
        longest_reply: u64,
        price: Option<Price>,
    ) -> Option<Reservation<'_>> {
        let (left, tokens) = (self.left(), reserved_tokens(prompt_bytes as u64));
        let cost = price.map_or(0.0, |price| price.of(tokens, longest_reply));
        let is_little = left.calls > CALLS_LEFT
            && left.tokens.is_none_or(|left| (tokens + longest_reply).saturating_mul(SPARE_PART) <= left)
            && left.cost.is_none_or(|left| cost * SPARE_PART as f64 <= left);
        if !is_little || self.check_time().is_err() {
            return None;
        }
        self.try_reserve(prompt_bytes as u64, longest_reply, price).ok()
    }

    /// The reservation, or the limit that stands in its way and how many reservations are open.
    fn try_reserve(
        &self,
        prompt_bytes: u64,
        longest_reply: u64,
        price: Option<Price>,
    ) -> Result<Reservation<'_>, (Exceeded, usize)> {
        let mut state = self.lock();
        if state.calls >= self.limits.max_calls {
            // Calls are never given back.
            return Err((Exceeded::Calls, 0));
        }
        let input = reserved_tokens(prompt_bytes);
        // While others are open they may still give something back; only the last one makes do with what is left.
        let shortest = if state.open > 0 { longest_reply } else { longest_reply.min(SHORTEST_REPLY_TOKENS) };
        let mut output = longest_reply;
        let mut shortened_by = None;
        let mut shorten = |left: u64, limit: Exceeded| {
            if left < output {
                output = left;
                shortened_by = Some(limit);
            }
            output >= shortest
        };
        if let Some(limit) = self.limits.max_tokens {
            let left = limit.saturating_sub(state.used.tokens + state.reserved.tokens).saturating_sub(input);
            if !shorten(left, Exceeded::Tokens) {
                return Err((Exceeded::Tokens, state.open));
            }
        }
        let cost = |output: u64| price.map_or(0.0, |price| price.of(input, output));
        if let (Some(limit), Some(price)) = (self.limits.max_cost, price) {
            let left = limit - state.used.cost - state.reserved.cost - cost(0);
            // A price of nothing allows replies of any length; the conversion saturates.
            if !shorten((left * MILLION / price.output) as u64, Exceeded::Cost) {
                return Err((Exceeded::Cost, state.open));
            }
        }
        let amount = Amount { tokens: input + output, cost: cost(output) };
        state.calls += 1;
        state.open += 1;
        state.reserved.tokens += amount.tokens;
        state.reserved.cost += amount.cost;
        Ok(Reservation { budget: self, amount, reply_tokens: output, shortened_by, used: Amount::default() })
    }

    pub fn left(&self) -> Left {
        let state = self.lock();
        let Amount { tokens, cost } = state.used;
        Left {
            iterations: self.limits.max_iterations.saturating_sub(state.iterations),
            calls: self.limits.max_calls.saturating_sub(state.calls),
            tokens: self.limits.max_tokens.map(|limit| limit.saturating_sub(tokens + state.reserved.tokens)),
            cost: self.limits.max_cost.map(|limit| (limit - cost - state.reserved.cost).max(0.0)),
            time: self.deadline.saturating_duration_since(self.clock.now()),
        }
    }

    fn check_time(&self) -> Result<(), Exceeded> {
        if self.clock.now() < self.deadline { Ok(()) } else { Err(Exceeded::Timeout) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one call may use. When dropped, what was not used is given back.
#[derive(Debug)]
pub struct Reservation<'a> {
    budget: &'a Budget,
    amount: Amount,
    reply_tokens: u64,
    shortened_by: Option<Exceeded>,
    used: Amount,
}

impl Reservation<'_> {
    /// The longest reply that fits.
    pub fn reply_tokens(&self) -> u32 {
        u32::try_from(self.reply_tokens).unwrap_or(u32::MAX)
    }

    /// The limit that leaves room only for a shorter reply than was asked for.
    pub fn shortened_by(&self) -> Option<Exceeded> {
        self.shortened_by
    }

    /// Books what the call really used.
    pub fn settle(mut self, usage: TokenUsage, cost: Option<f64>) {
        self.used = Amount { tokens: usage.input + usage.output, cost: cost.unwrap_or(0.0) };
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        state.open -= 1;
        state.reserved.tokens -= self.amount.tokens;
        state.reserved.cost -= self.amount.cost;
        state.used.tokens += self.used.tokens;
        state.used.cost += self.used.cost;
        drop(state);
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
