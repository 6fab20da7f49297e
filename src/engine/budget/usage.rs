//! Counts what a run uses, over its whole tree.

use crate::llm::TokenUsage;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What a run and all its children have used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Model calls that were made: `root_calls` and `sub_calls` together.
    pub calls: u64,
    /// Turns of the root and of child runs.
    pub root_calls: u64,
    /// Plain calls that programs made.
    pub sub_calls: u64,
    /// Calls that were not made, since their replies were known: from the store, or from the same call of somebody else.
    pub cached_calls: u64,
    /// Tokens that these took when they were made.
    pub saved_tokens: TokenUsage,
    /// US dollars that they would have cost; `None` if the price of one of their models is not known.
    pub saved_cost: Option<f64>,
    /// Attempts beyond the first.
    pub retries: u64,
    pub tokens: TokenUsage,
    /// US dollars; `None` if the price of a model that was called is not known.
    pub cost: Option<f64>,
    /// Turns, of the root and of children.
    pub iterations: u64,
    /// The depth of the deepest run; 0 if there was only the root.
    pub max_depth: usize,
    pub wall_time: Duration,
    /// The time of all model calls added up; more than `wall_time` when they ran in parallel.
    pub model_time: Duration,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.root_calls += other.root_calls;
        self.sub_calls += other.sub_calls;
        self.cached_calls += other.cached_calls;
        self.saved_tokens += other.saved_tokens;
        self.saved_cost = self.saved_cost.zip(other.saved_cost).map(|(sum, cost)| sum + cost);
        self.retries += other.retries;
        self.tokens += other.tokens;
        self.cost = self.cost.zip(other.cost).map(|(sum, cost)| sum + cost);
        self.iterations += other.iterations;
        self.max_depth = self.max_depth.max(other.max_depth);
        self.wall_time += other.wall_time;
        self.model_time += other.model_time;
    }
}

/// One call, for the books.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallRecord {
    pub is_turn: bool,
    pub attempts: u32,
    pub tokens: TokenUsage,
    pub cost: Option<f64>,
    pub time: Duration,
}

/// The books of one tree of runs.
#[derive(Debug)]
pub struct UsageMeter(Mutex<Usage>);

impl Usage {
    /// Nothing yet.
    pub fn none() -> Self {
        Self { cost: Some(0.0), saved_cost: Some(0.0), ..Self::default() }
    }
}

impl Default for UsageMeter {
    fn default() -> Self {
        Self(Mutex::new(Usage::none()))
    }
}

impl UsageMeter {
    pub fn count_call(&self, call: CallRecord) {
        self.update(|usage| {
            usage.calls += 1;
            usage.root_calls += u64::from(call.is_turn);
            usage.sub_calls += u64::from(!call.is_turn);
            usage.retries += u64::from(call.attempts.saturating_sub(1));
            usage.tokens += call.tokens;
            usage.cost = usage.cost.zip(call.cost).map(|(sum, cost)| sum + cost);
            usage.model_time += call.time;
        });
    }

    /// Counts a call that was not made, with what it took when it was.
    pub fn count_served(&self, tokens: TokenUsage, cost: Option<f64>) {
        self.update(|usage| {
            usage.cached_calls += 1;
            usage.saved_tokens += tokens;
            usage.saved_cost = usage.saved_cost.zip(cost).map(|(sum, cost)| sum + cost);
        });
    }

    pub fn count_iteration(&self, depth: usize) {
        self.update(|usage| {
            usage.iterations += 1;
            usage.max_depth = usage.max_depth.max(depth);
        });
    }

    /// The books as they stand; the caller fills in the wall time.
    pub fn usage(&self) -> Usage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut Usage)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
