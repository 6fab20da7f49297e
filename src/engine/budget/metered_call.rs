//! One call of a model, from its reservation to the books.
//!
//! Every attempt that costs something is reserved before it is made. What a call used is booked when it is over,
//! however it ends: with a reply, with an error, or because the run was stopped while it was open.

use crate::{
    config::Price,
    engine::{
        budget::{
            Exceeded, Reservation, SHORTEST_REPLY_TOKENS, reserved_tokens, stopwatch::Stopwatch, usage::CallRecord,
        },
        detail::{CallEnded, Caller, Detail, Replied},
        error::CallError,
        query_context::QueryContext,
    },
    llm::{self, Billing, Model, Request, RetryDecision, TokenUsage},
};
use futures::{FutureExt, future::BoxFuture};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What is told of a call that nobody waits for any more.
const CUT_OFF: &str = "cut off before its end";

/// What the books have to know of a call beside its size.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    pub caller: Caller,
    /// Whether it can be done without: it is made only if there is plenty of all that it uses.
    pub is_spare: bool,
    /// Told when an attempt goes out.
    pub stopwatch: Option<Arc<Stopwatch>>,
}

/// A call that has its reservation.
pub struct MeteredCall<'t> {
    tree: &'t QueryContext,
    /// Which one it is of the tree.
    pub number: u64,
    /// Bytes of the prompt.
    prompt: usize,
    /// Tokens that the window leaves for the reply.
    room: u64,
    price: Option<Price>,
    terms: Terms,
    state: Mutex<State<'t>>,
}

#[derive(Default)]
struct State<'t> {
    reservation: Option<Reservation<'t>>,
    attempts: u32,
    spent: TokenUsage,
    /// Since when the attempt under way has been open.
    open_since: Option<Instant>,
    /// Bytes that it has written, and the text, if a trace wants it.
    written: usize,
    text: String,
    time: Duration,
    /// What is told of its end: why there is no reply, or not the whole of one, and the reply.
    error: Option<String>,
    reply: Option<Replied>,
}

impl State<'_> {
    /// The attempt under way, if there is one, is over.
    fn end_attempt(&mut self, spent: TokenUsage) {
        self.time += self.open_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.spent += spent;
    }
}

impl<'t> MeteredCall<'t> {
    /// Reserves a call with a prompt of this many bytes; waits for room if other calls may still give some back, unless it can
    /// be done without.
    pub async fn reserve(
        tree: &'t QueryContext,
        model: &dyn Model,
        prompt: usize,
        terms: Terms,
    ) -> Result<Self, CallError> {
        let price = tree.price_of(model)?;
        let room = room(model, prompt, tree.limits.reply_tokens)?;
        let budget = &tree.ledger.budget;
        let reservation = match terms.is_spare {
            true => budget.reserve_spare(prompt, room, price).ok_or(Exceeded::Calls)?,
            false => budget.reserve(prompt, room, price).await?,
        };
        let state = State { reservation: Some(reservation), error: Some(CUT_OFF.to_owned()), ..State::default() };
        Ok(Self { tree, number: tree.ledger.number_call(), prompt, room, price, terms, state: Mutex::new(state) })
    }

    fn tell_stopwatch(&self, is_open: bool) {
        if let Some(stopwatch) = &self.terms.stopwatch {
            stopwatch.set(is_open);
        }
    }

    /// The longest reply that the call may have, in tokens.
    pub fn longest_reply(&self) -> Option<u32> {
        self.lock().reservation.as_ref().map(Reservation::reply_tokens)
    }

    /// Counts bytes of the reply as they arrive.
    pub fn note_written(&self, bytes: usize) {
        self.lock().written += bytes;
    }

    /// Keeps a piece of the reply's text for a trace.
    pub fn note_text(&self, text: &str) {
        if self.tree.takes_details() {
            self.lock().text.push_str(text);
        }
    }

    /// What is told of its end: why it has no reply or only a part of one, and the reply.
    pub fn note_end(&self, error: Option<String>, reply: Option<Replied>) {
        let mut state = self.lock();
        (state.error, state.reply) = (error, reply);
    }

    /// Books a call that has its reply. Returns the limit that allowed only a shorter one than usual.
    pub fn settle(self, usage: TokenUsage) -> Option<Exceeded> {
        let mut state = self.lock();
        state.end_attempt(usage);
        let reservation = state.reservation.take()?;
        let shortened_by = reservation.shortened_by();
        reservation.settle(usage, self.cost(usage));
        shortened_by
    }

    fn cost(&self, usage: TokenUsage) -> Option<f64> {
        self.price.map(|price| price.of(usage.input, usage.output))
    }

    fn lock(&self) -> MutexGuard<'_, State<'t>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Books the attempt that has failed, and reserves another one if it cost something.
    async fn reserve_again(&self, spent: TokenUsage) -> RetryDecision {
        let reservation = {
            let mut state = self.lock();
            state.end_attempt(spent);
            if spent == TokenUsage::default() { None } else { state.reservation.take() }
        };
        if let Some(reservation) = reservation {
            reservation.settle(spent, self.cost(spent));
            match self.tree.ledger.budget.reserve(self.prompt, self.room, self.price).await {
                Ok(reservation) => self.lock().reservation = Some(reservation),
                Err(_) => return RetryDecision::Stop,
            }
        }
        RetryDecision::Again { longest_reply: self.longest_reply() }
    }
}

/// How many tokens the window of `model` leaves for a reply; `most` are what a reply may have. A model that never stops
/// writing is stopped there.
fn room(model: &dyn Model, prompt: usize, most: u64) -> Result<u64, CallError> {
    let Some(window) = model.window() else { return Ok(most) };
    let window = window as u64;
    let prompt = Request::tokens_of(prompt);
    if prompt + SHORTEST_REPLY_TOKENS > window {
        let detail = format!("some {prompt} tokens leave no room for a reply in a window of {window}");
        return Err(llm::Error::PromptTooLong { model: model.name().to_owned(), detail }.into());
    }
    Ok(most.min(window.saturating_sub(reserved_tokens(prompt * 4)).max(SHORTEST_REPLY_TOKENS)))
}

impl Billing for MeteredCall<'_> {
    fn begin(&self) {
        let mut state = self.lock();
        state.attempts += 1;
        state.open_since = Some(Instant::now());
        state.written = 0;
        state.text.clear();
        drop(state);
        self.tell_stopwatch(true);
    }

    fn failed<'a>(&'a self, spent: TokenUsage, why: &llm::Error) -> BoxFuture<'a, RetryDecision> {
        self.tell_stopwatch(false);
        self.tree.note(|| {
            let written = std::mem::take(&mut self.lock().text);
            Detail::AttemptFailed { call: self.number, error: why.clone(), written }
        });
        self.reserve_again(spent).boxed()
    }
}

impl Drop for MeteredCall<'_> {
    fn drop(&mut self) {
        let (prompt, mut state) = (Request::tokens_of(self.prompt), std::mem::take(&mut *self.lock()));
        if state.open_since.is_some() {
            // Dropped in the middle: the provider still bills the prompt and the partial output.
            let output = Request::tokens_of(state.written);
            let spent = TokenUsage { input: prompt, output, ..TokenUsage::default() };
            state.end_attempt(spent);
            if let Some(reservation) = state.reservation.take() {
                reservation.settle(spent, self.cost(spent));
            }
        }
        let cost = self.cost(state.spent);
        self.tree.note(|| {
            Detail::CallEnded(CallEnded {
                call: self.number,
                attempts: state.attempts,
                tokens: state.spent,
                cost,
                seconds: state.time.as_secs_f64(),
                caller: self.terms.caller,
                reply: state.reply.take(),
                error: state.error.take(),
            })
        });
        if state.attempts == 0 {
            return;
        }
        self.tree.ledger.meter.count_call(CallRecord {
            is_turn: self.terms.caller.turn_of.is_some(),
            attempts: state.attempts,
            tokens: state.spent,
            cost,
            time: state.time,
        });
    }
}
