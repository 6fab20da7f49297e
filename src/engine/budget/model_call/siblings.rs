//! The calls of one batch. One that takes several times as long as the others is made a second time, and the first reply
//! that is complete counts.
//!
//! A server that has lost a call, or works on it beside too many others, would otherwise hold up the whole batch. The second
//! call costs what a call costs, so it is made once at most, only if the limits leave plenty, and only where nobody has to
//! wait for it.

use super::Turn;
use crate::{
    engine::{
        budget::{metered_call::Terms, stopwatch::Stopwatch},
        error::CallError,
        query_context::QueryContext,
    },
    llm::{Made, Model, Piece, Request},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    sync::Notify,
    time::{Duration, Instant, sleep_until},
};

/// A call that is open for so many times the median of those that have ended is late.
const TIMES_THE_MEDIAN: u32 = 4;

/// Nobody is late before this.
const SHORTEST: Duration = Duration::from_secs(5);

/// Bytes of the prompts of a batch that are kept for a second call.
const MOST_KEPT: usize = 64 << 20;

/// How often it is looked at anew whether a second call has room.
const PAUSE: Duration = Duration::from_secs(1);

/// The calls of one batch.
#[derive(Debug)]
pub struct Siblings {
    calls: usize,
    /// Whether one may be made twice: not in a batch of one, and not if its prompts take much memory.
    may_repeat: bool,
    /// How long those took that have their replies, shortest first.
    took: Mutex<Vec<Duration>>,
    /// Told whenever one has ended.
    ended: Notify,
}

impl Siblings {
    /// A batch of these prompts.
    pub fn new(prompts: &[String]) -> Self {
        let may_repeat = prompts.len() > 1 && prompts.iter().map(String::len).sum::<usize>() <= MOST_KEPT;
        Self { calls: prompts.len(), may_repeat, took: Mutex::default(), ended: Notify::new() }
    }

    /// Makes one of the calls. What it writes is not shown as it comes.
    pub(super) async fn call(
        &self,
        tree: &QueryContext,
        model: &Arc<dyn Model>,
        request: Request,
        reply_tokens: Option<u32>,
        own: Terms,
    ) -> Result<Made<Turn>, CallError> {
        let (mut ignored, mut ignored_too) = (|_: Piece<'_>| {}, |_: Piece<'_>| {});
        if !self.may_repeat {
            return tree.make_call(model, request, own, reply_tokens, &mut ignored).await;
        }
        let (stopwatch, caller) = (Arc::<Stopwatch>::default(), own.caller);
        let terms =
            |is_spare, stopwatch: &Arc<Stopwatch>| Terms { is_spare, stopwatch: Some(stopwatch.clone()), caller };
        let watched = terms(false, &stopwatch);
        // In boxes: each is large, and they lie within what every call of a run is.
        let mut first = Box::pin(tree.make_call(model, request.clone(), watched, reply_tokens, &mut ignored));
        tokio::select! {
            biased;
            turn = &mut first => return self.noted(turn, &stopwatch),
            () = self.until_late(tree, model.as_ref(), &stopwatch) => {}
        }
        let second_watch = Arc::<Stopwatch>::default();
        let spare = terms(true, &second_watch);
        let mut second = Box::pin(tree.make_call(model, request, spare, reply_tokens, &mut ignored_too));
        // Of two that fail the first one tells why; dropping a call closes it, and books what it has cost.
        tokio::select! {
            biased;
            turn = &mut first => match turn {
                Ok(turn) => self.noted(Ok(turn), &stopwatch),
                Err(error) => self.noted(second.await.map_err(|_| error), &second_watch),
            },
            turn = &mut second => match turn {
                Ok(turn) => self.noted(Ok(turn), &second_watch),
                Err(_) => self.noted(first.await, &stopwatch),
            },
        }
    }

    /// Waits until a call is late, and a second one keeps nobody waiting.
    async fn until_late(&self, tree: &QueryContext, model: &dyn Model, stopwatch: &Stopwatch) {
        loop {
            // Registered before the state is read, so that no word is missed in between.
            let (ended, restarted) = (self.ended.notified(), stopwatch.restarted());
            let due = stopwatch.since().zip(self.patience()).map(|(since, patience)| since + patience);
            let wakes = match due {
                Some(due) if due > Instant::now() => Some(due),
                Some(_) if tree.scheduler.has_room(model, &tree.permits) => return,
                Some(_) => Some(Instant::now() + PAUSE),
                None => None,
            };
            tokio::select! {
                () = ended => {}
                () = restarted => {}
                () = sleep_until(wakes.unwrap_or_else(Instant::now)), if wakes.is_some() => {}
            }
        }
    }

    /// How long a call may be open before it is late; nothing while fewer than half of all have their replies.
    fn patience(&self) -> Option<Duration> {
        let took = self.lock();
        let median = took.get(took.len() / 2).filter(|_| took.len() * 2 >= self.calls)?;
        Some(SHORTEST.max(*median * TIMES_THE_MEDIAN))
    }

    fn noted(&self, turn: Result<Made<Turn>, CallError>, stopwatch: &Stopwatch) -> Result<Made<Turn>, CallError> {
        if let (Ok(_), Some(since)) = (&turn, stopwatch.since()) {
            let (time, mut took) = (since.elapsed(), self.lock());
            let at = took.partition_point(|it| *it < time);
            took.insert(at, time);
        }
        self.ended.notify_waiters();
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Duration>> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
