//! Every call of every run goes through here.
//!
//! A call takes three places before it goes out, always in this order: one of its run's (the [`RunPermits`]), one of
//! its model's (a limiter), one of the machine's. Whoever waits for a later place holds only earlier ones, and nobody
//! who holds all three waits for another call, so nothing can lock up; and a call that sleeps before its next attempt
//! holds none. Queues are first come, first served. A run can fill the queue of its own permits alone, so runs share
//! the machine's places evenly, however many calls each has in store.
//!
//! What failed in passing is tried again, after a pause that grows and is spread by chance: chance drawn from the
//! number of the call and of the attempt, so that a run can be replayed. A server that turns calls away gets fewer of
//! them at once (`limiter`), and later (`throttle`): such a call waits in line, and the others behind it, for as long as there
//! is time.
//!
//! Cancelling drops the open calls, which closes their connections, and starts nothing more.

mod limiter;
mod retry;
mod throttle;

use super::{Error, Model, Piece, PieceSink, Reply, Request, TokenUsage};
use futures::future::BoxFuture;
use limiter::{ConcurrencyLimiter, ConcurrencyLimiters};
use std::{borrow::Cow, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use retry::Attempts;
pub use retry::RetryPolicy;

/// How many calls of one run may be open at once.
#[derive(Debug)]
pub struct RunPermits(Semaphore);

impl RunPermits {
    pub fn new(calls: usize) -> Self {
        Self(Semaphore::new(calls.max(1)))
    }
}

/// One call to make.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub model: &'a dyn Model,
    pub request: &'a Request,
    /// The call's number in its run. Pauses between attempts are derived from it, so that a replay pauses alike.
    pub number: u64,
    /// The permits of the run, shared by all its calls.
    pub permits: &'a RunPermits,
    /// When the run's time is up.
    pub deadline: Option<Instant>,
    /// The token of the run.
    pub token: &'a CancellationToken,
    /// Whoever pays for it.
    pub billing: &'a dyn Billing,
}

/// Whoever pays for a call: is told of every attempt, and asked before another one follows.
pub trait Billing: Send + Sync {
    /// An attempt goes out now.
    fn begin(&self);

    /// An attempt has failed after it spent this.
    fn failed<'a>(&'a self, spent: TokenUsage, why: &Error) -> BoxFuture<'a, RetryDecision>;
}

/// What a [`Billing`] says to another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// It must not be made.
    Stop,
    /// It may be made, with a reply of at most this many tokens.
    Again { longest_reply: Option<u32> },
}

/// Why a call has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Model(#[from] Error),
    #[error("cancelled")]
    Cancelled,
    #[error("out of time")]
    OutOfTime,
}

/// Bounds, repeats and meters the calls of all runs.
#[derive(Debug)]
pub struct Scheduler {
    places: Semaphore,
    limiters: ConcurrencyLimiters,
    policy: RetryPolicy,
}

impl Scheduler {
    /// A scheduler that has at most `concurrency` calls open, of all runs together.
    pub fn new(concurrency: usize, policy: RetryPolicy) -> Self {
        let concurrency = concurrency.max(1);
        Self { places: Semaphore::new(concurrency), limiters: ConcurrencyLimiters::new(concurrency, policy), policy }
    }

    /// Makes the call. The text goes to `pieces` as it arrives; a [`Piece::Restart`] comes between two attempts if the
    /// first had begun to write.
    pub async fn call(&self, call: Call<'_>, pieces: PieceSink<'_>) -> Result<Reply, CallError> {
        tokio::select! {
            biased;
            () = call.token.cancelled() => Err(CallError::Cancelled),
            () = until(call.deadline) => Err(CallError::OutOfTime),
            result = self.attempts(call, pieces) => result.map_err(CallError::from),
        }
    }

    /// Whether one more call of a model would go out at once, and keeps nobody waiting.
    pub fn has_room(&self, model: &dyn Model, permits: &RunPermits) -> bool {
        let is_free = |places: &Semaphore| places.available_permits() > 0;
        let limiter = self.limiters.of(model.name(), model.slots());
        is_free(&permits.0) && is_free(&self.places) && limiter.has_room()
    }

    async fn attempts(&self, call: Call<'_>, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let limiter = self.limiters.of(call.model.name(), call.model.slots());
        let mut request = Cow::Borrowed(call.request);
        let mut attempts = Attempts::default();
        loop {
            let mut written = 0;
            let mut sink = |piece: Piece<'_>| {
                match piece {
                    Piece::Text(text) => written += text.len(),
                    Piece::Unseen(bytes) => written += bytes,
                    Piece::Restart | Piece::WasReasoning | Piece::Waits { .. } => {}
                }
                pieces(piece);
            };
            let (error, waits_in_line) = match self.attempt(call, &request, &limiter, &mut sink).await {
                Attempt::Answered(reply) => return Ok(reply),
                Attempt::NotMade(error) => return Err(error),
                Attempt::Failed { error, waits_in_line } => (error, waits_in_line),
            };
            let spent = error.spent(&request, written);
            let decision = call.billing.failed(spent, &error).await;
            attempts.count(&error, written);
            let (RetryDecision::Again { longest_reply }, Some(pause)) =
                (decision, self.policy.pause(call.number, attempts, &error))
            else {
                return Err(error);
            };
            // The throttle knows how long the line waits.
            let pause = if waits_in_line { Duration::ZERO } else { pause };
            if call.deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                return Err(error);
            }
            if longest_reply != request.max_output_tokens {
                request.to_mut().max_output_tokens = longest_reply;
            }
            tracing::debug!(model = call.model.name(), attempt = attempts.total(), ?pause, %error, "trying again");
            if written > 0 {
                pieces(Piece::Restart);
            }
            sleep(pause).await;
        }
    }

    async fn attempt(
        &self,
        call: Call<'_>,
        request: &Request,
        limiter: &Arc<ConcurrencyLimiter>,
        pieces: PieceSink<'_>,
    ) -> Attempt {
        const OPEN: &str = "no semaphore of a scheduler is ever closed";
        let waits = limiter.wait();
        let _of_the_run = call.permits.0.acquire().await.expect(OPEN);
        let mut tells = |time: Duration, why: &Error| pieces(Piece::Waits { time, why });
        let of_the_model = match limiter.place(call.deadline, &mut tells).await {
            Ok(place) => place,
            Err(error) => return Attempt::NotMade(error),
        };
        let _of_the_machine = self.places.acquire().await.expect(OPEN);
        let open = of_the_model.open();
        drop(waits);
        call.billing.begin();
        match call.model.call_before(limiter.waiting(), request, pieces).await {
            Ok(reply) => {
                open.admitted();
                Attempt::Answered(reply)
            }
            Err(error) if error.is_turned_away() => {
                let waits_in_line = open.rejected(&error);
                Attempt::Failed { error, waits_in_line }
            }
            Err(error) => Attempt::Failed { error, waits_in_line: false },
        }
    }
}

/// What came of an attempt.
enum Attempt {
    Answered(Reply),
    /// The server wants to be left alone for longer than there is time.
    NotMade(Error),
    Failed {
        error: Error,
        /// Whether the next attempt waits before the model's throttle, and needs no pause of its own.
        waits_in_line: bool,
    },
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => drop(timeout_at(deadline, std::future::pending::<()>()).await),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
