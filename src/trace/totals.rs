//! What a part of a run took.

use crate::text::{counted, grouped};
use std::ops::Add;

/// Calls, tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    pub calls: u64,
    /// Calls that were not made, since their replies were known.
    pub served: u64,
    pub retries: u64,
    pub failed: u64,
    pub input: u64,
    pub output: u64,
    /// Of the input, what the provider had in its cache.
    pub cached_input: u64,
    /// US dollars, of the calls whose price is known.
    pub cost: f64,
    pub unpriced: u64,
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            served: self.served.saturating_add(other.served),
            retries: self.retries.saturating_add(other.retries),
            failed: self.failed.saturating_add(other.failed),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cached_input: self.cached_input.saturating_add(other.cached_input),
            cost: self.cost + other.cost,
            unpriced: self.unpriced.saturating_add(other.unpriced),
        }
    }
}

impl Spent {
    /// In words, without what there is none of.
    pub fn told(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.calls > 0 {
            words.push(counted(self.calls, "call"));
        }
        for (count, word) in [(self.served, "known"), (self.failed, "failed")] {
            if count > 0 {
                words.push(format!("{} {word}", grouped(count)));
            }
        }
        if self.retries > 0 {
            words.push(match self.retries {
                1 => "1 retry".to_owned(),
                count => format!("{} retries", grouped(count)),
            });
        }
        if self.input > 0 || self.output > 0 {
            words.push(format!("{} + {} tokens", grouped(self.input), grouped(self.output)));
        }
        if self.cached_input > 0 {
            words.push(format!("{} of them from the provider's cache", grouped(self.cached_input)));
        }
        if self.cost > 0.0 {
            words.push(format!("${:.4}", self.cost));
        }
        words
    }
}
