//! Several servers of the same model, used as one.
//!
//! A call goes where it is done soonest, by how many tokens wait at each server and how fast each has shown to be; while
//! other calls wait behind it, to any server with a free place, so that all of them have work. Near the end of a batch it
//! rather waits for a fast server than for a slow one's reply (earliest completion time, as Ibarra and Kim have it:
//! *Heuristic Algorithms for Scheduling Independent Tasks on Nonidentical Processors*, 1977). Where that leaves a choice, a
//! conversation stays at its server, which still knows the beginning of its prompt.
//!
//! A server that cannot be reached or turns a call away is left alone for a while, and the call moves on: nothing was
//! made there, so this is no second attempt. After any other failure in passing the attempt that follows goes elsewhere.

mod choice;
mod endpoint_load;
mod pace;

use super::{Error, Model, PieceSink, Reply, Request, Role};
use crate::store::Key;
use choice::{Choice, Standing, choose};
pub(super) use endpoint_load::EndpointLoad;
use futures::future::BoxFuture;
use pace::{Pace, Work, averaged};
use std::{
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How long a server that cannot be reached is left alone.
const REST: Duration = Duration::from_secs(10);

/// How long one is that has failed otherwise, unless it says so.
const SHORT_REST: Duration = Duration::from_secs(1);

/// One model on several servers.
#[derive(Debug)]
pub(super) struct Pool {
    name: String,
    members: Vec<Member>,
    /// Calls that wait for a better server than those that are free.
    undecided: AtomicUsize,
    /// That a call has ended.
    freed: Notify,
    /// Tokens of replies so far, on average.
    usual_reply: Mutex<Option<f64>>,
}

#[derive(Debug)]
struct Member {
    load: Arc<EndpointLoad>,
    model: Arc<dyn Model>,
    pace: Mutex<Pace>,
}

impl Member {
    /// It is held for a moment only.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub(super) fn new(name: String, members: Vec<(Arc<EndpointLoad>, Arc<dyn Model>)>) -> Self {
        let member = |(load, model): (_, Arc<dyn Model>)| {
            let pace = Mutex::new(Pace::new(model.slots()));
            Member { load, model, pace }
        };
        let members = members.into_iter().map(member).collect();
        Self { name, members, undecided: AtomicUsize::new(0), freed: Notify::new(), usual_reply: Mutex::default() }
    }

    /// What a call is expected to take.
    fn expected(&self, request: &Request) -> Work {
        let usual = *self.usual_reply.lock().unwrap_or_else(PoisonError::into_inner);
        Work::expected(request, usual)
    }

    /// Waits for the member that the call should go to, of those that were not `tried`.
    async fn member(&self, beginning: u64, work: Work, waiting: usize, tried: &[usize]) -> Option<usize> {
        let _counted = Counted::new(&self.undecided);
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            let now = Instant::now();
            let standing = |number: usize, member: &Member| Standing {
                number,
                rests_until: member.load.rests_until(now),
                load: member.load.now(),
                pace: member.pace().clone(),
                favour: favour(beginning, number),
            };
            let untried = self.members.iter().enumerate().filter(|(number, _)| !tried.contains(number));
            let standings: Vec<Standing> = untried.map(|(number, member)| standing(number, member)).collect();
            match choose(&standings, work, waiting + self.undecided.load(Ordering::Relaxed))? {
                Choice::Go(number) => return Some(number),
                Choice::Wait(time) => drop(timeout(time, freed).await),
            }
        }
    }

    async fn answer(&self, waiting: usize, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let (work, beginning) = (self.expected(request), beginning(request));
        let mut tried = Vec::new();
        let mut last = Error::Configuration(format!("no endpoint is configured for {}", self.name));
        while let Some(number) = self.member(beginning, work, waiting, &tried).await {
            tried.push(number);
            let member = &self.members[number];
            let Member { load, model, .. } = member;
            let (open, began) = (load.open(work), Instant::now());
            let result = model.call(request, &mut *pieces).await;
            let beside = open.end();
            self.freed.notify_waiters();
            match result {
                Ok(reply) => {
                    load.answered();
                    member.pace().note(Work::done(&reply.usage), began.elapsed(), beside);
                    let usual = &mut *self.usual_reply.lock().unwrap_or_else(PoisonError::into_inner);
                    *usual = Some(averaged(*usual, reply.usage.output as f64));
                    return Ok(reply);
                }
                Err(error @ Error::Unreachable { .. }) => {
                    load.rest(REST);
                    last = error;
                }
                Err(error) if error.is_turned_away() => {
                    load.rest(error.retry_after().unwrap_or(SHORT_REST));
                    last = error;
                }
                Err(error) => {
                    if error.is_transient() {
                        load.rest(SHORT_REST);
                    }
                    return Err(error);
                }
            }
        }
        Err(last)
    }
}

/// By what a conversation is told from others: its messages up to the first of the person.
fn beginning(request: &Request) -> u64 {
    let first = request.messages.iter().position(|message| message.role == Role::User).map_or(0, |first| first + 1);
    request.messages[..first].iter().fold(0, |seed, message| xxh3_64_with_seed(message.content.as_bytes(), seed))
}

/// Of several servers that are as good the one where this is largest is taken: the same one for the same conversation
/// (Thaler and Ravishankar, *Using Name-Based Mappings to Increase Hit Rates*, 1998).
fn favour(beginning: u64, number: usize) -> u64 {
    xxh3_64_with_seed(&beginning.to_le_bytes(), number as u64)
}

/// Counts something for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Model for Pool {
    fn name(&self) -> &str {
        &self.name
    }

    /// The smallest window of all, since a call may go to any.
    fn window(&self) -> Option<usize> {
        self.members.iter().filter_map(|member| member.model.window()).min()
    }

    fn parameters(&self) -> Option<u64> {
        self.members.iter().find_map(|member| member.model.parameters())
    }

    /// Those of all servers, if each of them says how many it has.
    fn slots(&self) -> Option<usize> {
        self.members.iter().map(|member| member.model.slots()).sum()
    }

    fn takes_shapes(&self) -> bool {
        self.members.iter().any(|member| member.model.takes_shapes())
    }

    /// What the first says: they serve the same model.
    fn calls_tools(&self) -> Option<bool> {
        self.members.first().map_or(Some(false), |member| member.model.calls_tools())
    }

    /// That of all members, in whatever order they are named.
    fn reply_source(&self) -> Option<Key> {
        let mut sources = self.members.iter().map(|it| it.model.reply_source()).collect::<Option<Vec<_>>>()?;
        sources.sort_unstable();
        Some(Key::of(&sources))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        self.call_before(0, request, pieces)
    }

    fn call_before<'a>(
        &'a self,
        waiting: usize,
        request: &'a Request,
        pieces: PieceSink<'a>,
    ) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.answer(waiting, request, pieces))
    }
}

#[cfg(test)]
mod tests;
