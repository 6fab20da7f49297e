//! How long the program itself has run.

use super::pages;
use std::time::{Duration, Instant};

/// Counts the time during which no thread waits for the server, neither for an answer nor for a part of the text.
#[derive(Default)]
pub struct Clock {
    spent: Duration,
    running_since: Option<Instant>,
    /// What had been waited for parts of the text when the clock was started, in nanoseconds.
    waited_before: u64,
}

impl Clock {
    /// One that runs from now on.
    pub fn start() -> Self {
        Self { spent: Duration::ZERO, running_since: Some(Instant::now()), waited_before: pages::waited() }
    }

    pub fn stop(&mut self) {
        if let Some(since) = self.running_since.take() {
            self.spent += since.elapsed();
        }
    }

    pub fn run(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }

    pub fn stands_still(&self) -> bool {
        self.running_since.is_none()
    }

    pub fn spent(&self) -> Duration {
        let spent = self.spent + self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        spent.saturating_sub(Duration::from_nanos(pages::waited() - self.waited_before))
    }
}
