//! What the runs of a question have used and lost, and the numbers of their runs and calls.

use crate::config::Limits;
use crate::engine::{
    answer::Lost,
    budget::{Budget, clock::Clock, usage::UsageMeter},
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Sub-calls that are described when they are lost; the others are only counted.
const LOST_DESCRIBED: usize = 1000;

/// The sub-calls that failed for good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostCalls {
    /// The first of them.
    pub first: Vec<Lost>,
    pub count: usize,
}

/// The books of one question.
pub struct Ledger {
    pub budget: Budget,
    pub meter: UsageMeter,
    runs: AtomicU64,
    calls: AtomicU64,
    sub_calls: AtomicU64,
    lost: Mutex<LostCalls>,
}

impl Ledger {
    pub fn new(limits: Limits, clock: Arc<Clock>) -> Self {
        Self {
            budget: Budget::new(limits, clock),
            meter: UsageMeter::default(),
            runs: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            sub_calls: AtomicU64::new(0),
            lost: Mutex::default(),
        }
    }

    /// The number of a run that begins; the root has 0.
    pub fn number_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }

    pub fn number_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    pub fn number_sub_call(&self) -> u64 {
        self.sub_calls.fetch_add(1, Ordering::Relaxed)
    }

    pub fn note_lost(&self, lost: Lost) {
        let mut calls = lock(&self.lost);
        calls.count += 1;
        if calls.first.len() < LOST_DESCRIBED {
            calls.first.push(lost);
        }
    }

    pub fn lost(&self) -> LostCalls {
        lock(&self.lost).clone()
    }
}

/// No code panics while it holds the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
