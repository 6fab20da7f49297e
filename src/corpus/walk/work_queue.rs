//! Threads that share a pile of work, to which the work itself adds.

use crate::corpus::threads::on_threads;
use std::{
    num::NonZeroUsize,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// More threads only wait for each other and for the disk.
const MOST_THREADS: usize = 12;

/// The work that nobody has taken yet.
struct Pile<J> {
    jobs: Vec<J>,
    /// How many threads are at work, and so may add to the pile.
    working: usize,
}

struct WorkQueue<J> {
    pile: Mutex<Pile<J>>,
    added: Condvar,
}

/// Does all jobs and those that they add, on all cores. Each thread has a state of its own, made by `begin`; the states
/// come back when everything is done. `work` adds further jobs to the list it is given.
pub(super) fn work_off<J: Send, S: Send>(
    jobs: Vec<J>,
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, J, &mut Vec<J>) + Sync,
) -> Vec<S> {
    let queue = WorkQueue { pile: Mutex::new(Pile { jobs, working: 0 }), added: Condvar::new() };
    let run = || {
        let _end = EndOnPanic(&queue);
        let mut state = begin();
        let mut further = Vec::new();
        let mut next = queue.take();
        while let Some(job) = next {
            work(&mut state, job, &mut further);
            next = queue.exchange(&mut further);
        }
        state
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS);
    on_threads(threads, run)
}

/// Lets the other threads end when one panics, instead of waiting for what it will never add.
struct EndOnPanic<'a, J>(&'a WorkQueue<J>);

impl<J> Drop for EndOnPanic<'_, J> {
    fn drop(&mut self) {
        if thread::panicking() {
            *self.0.lock() = Pile { jobs: Vec::new(), working: 0 };
            self.0.added.notify_all();
        }
    }
}

impl<J> WorkQueue<J> {
    fn lock(&self) -> MutexGuard<'_, Pile<J>> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job, as soon as there is one; nothing if there will be none any more.
    fn take(&self) -> Option<J> {
        let idle = |pile: &mut Pile<J>| pile.jobs.is_empty() && pile.working > 0;
        let mut pile = self.added.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let job = pile.jobs.pop()?;
        pile.working += 1;
        Some(job)
    }

    /// Ends a job that led to `further` ones, and takes another.
    fn exchange(&self, further: &mut Vec<J>) -> Option<J> {
        let mut pile = self.lock();
        pile.working = pile.working.saturating_sub(1);
        pile.jobs.append(further);
        // Whoever waits has something to do, or has to learn that nothing will come.
        match pile.jobs.len() {
            0 if pile.working > 0 => {}
            1 => {}
            _ => self.added.notify_all(),
        }
        if let Some(job) = pile.jobs.pop() {
            pile.working += 1;
            return Some(job);
        }
        drop(pile);
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_jobs_are_done_and_those_that_they_lead_to() {
        let count = |sum: &mut usize, depth: usize, further: &mut Vec<usize>| {
            *sum += 1;
            if depth > 0 {
                further.extend([depth - 1; 3]);
            }
        };
        let sums = work_off(vec![6, 0, 3], || 0, count);
        let tree = |depth: u32| (3_usize.pow(depth + 1) - 1) / 2;
        assert_eq!(sums.into_iter().sum::<usize>(), tree(6) + tree(0) + tree(3));
        assert_eq!(work_off(Vec::new(), || 0, count).into_iter().sum::<usize>(), 0);
    }
}
