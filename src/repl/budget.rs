//! The memory that all interpreters of a server may have together.
//!
//! Each interpreter has a reservation, which begins small and grows when its process asks ([`memory`](super::memory)).
//! The kernel keeps the process within its own reservation, and the sum of all is kept here. A checkpoint counts as
//! much as the process that it is a copy of, because it holds that much once the process has changed everything.
//!
//! Where there is no room, interpreters that wait for a further question are ended, those first that have waited the
//! longest. If none is left, what asks for more is refused, and what wants to begin waits a while for others to end.

use super::{
    Error,
    memory::{FIRST_BYTES, Wish},
};
use futures::future::BoxFuture;
use std::{
    fs,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

const MEBIBYTE: u64 = 1 << 20;

/// What each interpreter counts from the beginning: the bytes that it may take without asking, and what it and its
/// first checkpoint write to of the memory that they were born with.
const BASE: u64 = FIRST_BYTES + 8 * MEBIBYTE;

/// The most by default, and the least that makes sense.
const MOST: u64 = 2048 * MEBIBYTE;
const LEAST: u64 = 128 * MEBIBYTE;

/// How much more a process is given than it needs: a quarter of what it has, within these bounds, so that it seldom
/// asks.
const LEAST_STEP: u64 = 8 * MEBIBYTE;
const MOST_STEP: u64 = 64 * MEBIBYTE;

/// How long an interpreter waits for room before it is refused. Those that have room may wait for it in turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The budget of one server.
#[derive(Debug)]
pub struct Budget {
    /// Of the machine unless it is set: read when the first interpreter begins, and not when a server starts.
    most: OnceLock<u64>,
    state: Mutex<State>,
    /// Tells those who wait that something was given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    taken: u64,
    /// Interpreters that wait for a further question, those that have waited the longest first.
    resting: Vec<Weak<dyn Rests>>,
}

/// An interpreter that may be ended if its memory is needed.
pub trait Rests: Send + Sync {
    /// Ends it, and waits until it is gone; nothing if it is needed, or gone already.
    fn end(&self) -> Option<BoxFuture<'static, ()>>;

    /// The bytes that it has.
    fn bytes(&self) -> u64;
}

impl Budget {
    /// A budget of this many bytes.
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Self::with_most(most.max(LEAST).into()))
    }

    fn with_most(most: OnceLock<u64>) -> Self {
        Self { most, state: Mutex::default(), freed: Notify::new() }
    }

    /// Half of the memory that the machine has to spare, and not more than 2 GiB.
    pub fn of_machine() -> Arc<Self> {
        Arc::new(Self::with_most(OnceLock::new()))
    }

    pub fn most(&self) -> u64 {
        *self.most.get_or_init(|| available().map_or(MOST, |bytes| MOST.min(bytes / 2)).max(LEAST))
    }

    /// Room for another interpreter, which may have `most` bytes for itself.
    ///
    /// # Errors
    /// There is none, and none becomes free in time.
    pub async fn reserve(self: &Arc<Self>, most: u64) -> Result<Reservation, Error> {
        timeout(PATIENCE, self.take_waiting(BASE)).await.map_err(|_| Error::NoMemory { most: self.most() >> 20 })?;
        Ok(Reservation { budget: self.clone(), most, held: Mutex::default() })
    }

    async fn take_waiting(&self, bytes: u64) {
        loop {
            let freed = self.freed.notified();
            if self.take(bytes, self.most()) {
                return;
            }
            match self.end_of_oldest() {
                Some(end) => end.await,
                None => freed.await,
            }
        }
    }

    /// Takes bytes if no more than `most` are taken then.
    fn take(&self, bytes: u64, most: u64) -> bool {
        let mut state = self.lock();
        let fits = state.taken.checked_add(bytes).is_some_and(|taken| taken <= most);
        if fits {
            state.taken += bytes;
        }
        fits
    }

    fn give_back(&self, bytes: u64) {
        self.lock().taken -= bytes;
        self.freed.notify_waiters();
    }

    /// What of the budget may be grown into: a part is left for interpreters that are yet to begin.
    fn for_growth(&self) -> u64 {
        self.most() - self.most() / 8
    }

    /// Notes an interpreter that waits for a further question.
    pub fn note_resting(&self, resting: Weak<dyn Rests>) {
        let mut state = self.lock();
        state.resting.retain(|it| it.strong_count() > 0);
        state.resting.push(resting);
    }

    /// Has interpreters that wait for a further question take at most half of the budget.
    pub async fn keep_rest_small(&self) {
        loop {
            let resting: Vec<_> = self.lock().resting.iter().filter_map(Weak::upgrade).collect();
            if resting.iter().map(|it| it.bytes()).sum::<u64>() <= self.most() / 2 {
                return;
            }
            drop(resting);
            match self.end_of_oldest() {
                Some(end) => end.await,
                None => return,
            }
        }
    }

    fn end_of_oldest(&self) -> Option<BoxFuture<'static, ()>> {
        loop {
            let oldest = {
                let resting = &mut self.lock().resting;
                if resting.is_empty() {
                    return None;
                }
                resting.remove(0)
            };
            if let Some(end) = oldest.upgrade().and_then(|oldest| oldest.end()) {
                return Some(end);
            }
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one interpreter has of a budget. Dropping it gives all back.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    /// The most that its process may have for itself.
    most: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Bytes beyond the base: of the process, and of its checkpoint.
    given: u64,
    checkpoint: u64,
    is_resting: bool,
    /// The process has ended, and everything was given back.
    is_released: bool,
}

impl Reservation {
    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes()
    }

    /// Gives everything back, since the process has ended, whoever else still has a hand on this.
    pub fn release(&self) {
        let freed = {
            let mut held = self.lock();
            let freed = held.bytes();
            *held = Held { is_released: true, ..Held::default() };
            freed
        };
        self.budget.give_back(freed);
    }

    /// An interpreter that waits for a further question gets no more.
    pub fn set_resting(&self, is_resting: bool) {
        self.lock().is_resting = is_resting;
    }

    /// Answers the process. It asks for one thing at a time.
    pub async fn answer(&self, wish: Wish, bytes: u64) -> u64 {
        match wish {
            Wish::More => self.grow(bytes).await,
            Wish::Checkpoint => u64::from(self.settle(bytes, true)),
            Wish::Settle => {
                self.settle(bytes, false);
                let is_resting = self.lock().is_resting;
                if is_resting {
                    self.budget.keep_rest_small().await;
                }
                1
            }
            Wish::TakeOver => {
                let freed = {
                    let mut held = self.lock();
                    let freed = held.given;
                    (held.given, held.checkpoint) = (held.checkpoint, 0);
                    freed
                };
                self.budget.give_back(freed);
                1
            }
        }
    }

    /// Gives the process more, at least `bytes`; returns how much.
    async fn grow(&self, bytes: u64) -> u64 {
        loop {
            let (given, gets_more) = {
                let held = self.lock();
                (held.given, !held.is_resting && !held.is_released)
            };
            let room = self.most.saturating_sub(FIRST_BYTES + given);
            // The allocator needs some for its own purposes.
            let least = bytes.saturating_add(MEBIBYTE).min(room);
            let can_be = bytes <= room && room > 0 && self.bytes() + least <= self.budget.for_growth();
            if !can_be || !gets_more {
                return 0;
            }
            let most = least.max((given / 4).clamp(LEAST_STEP, MOST_STEP)).min(room);
            for wanted in [most, least] {
                if self.budget.take(wanted, self.budget.for_growth()) {
                    return if self.keep(wanted) { wanted } else { 0 };
                }
            }
            match self.budget.end_of_oldest() {
                Some(end) => end.await,
                None => return 0,
            }
        }
    }

    /// Counts bytes that were taken from the budget as this one's, unless it was released meanwhile.
    fn keep(&self, bytes: u64) -> bool {
        let keeps = {
            let mut held = self.lock();
            held.given += if held.is_released { 0 } else { bytes };
            !held.is_released
        };
        if !keeps {
            self.budget.give_back(bytes);
        }
        keeps
    }

    /// Takes back all but `kept` bytes; says whether there are as many again for a checkpoint, if one is wanted.
    fn settle(&self, kept: u64, wants_checkpoint: bool) -> bool {
        let freed = {
            let mut held = self.lock();
            let kept = kept.min(held.given);
            let freed = held.given - kept + held.checkpoint;
            (held.given, held.checkpoint) = (kept, 0);
            freed
        };
        self.budget.give_back(freed);
        let given = self.lock().given;
        let may = wants_checkpoint && self.budget.take(given, self.budget.for_growth());
        if !may {
            return false;
        }
        let is_released = {
            let mut held = self.lock();
            held.checkpoint = if held.is_released { 0 } else { given };
            held.is_released
        };
        if is_released {
            self.budget.give_back(given);
        }
        !is_released
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

impl Held {
    fn bytes(&self) -> u64 {
        if self.is_released { 0 } else { BASE + self.given + self.checkpoint }
    }
}

/// Bytes that programs can have on this machine: what the kernel can free, and what is left of the limits around this
/// process.
fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let kibibytes = text.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB"));
        kibibytes?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
    });
    // The control group of a container looks like the root of all. One without a limit says so in words, or by a huge
    // number.
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let groups = groups.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    groups.chain(machine).min()
}

#[cfg(test)]
mod tests;
