//! How long the program itself has run.

use super::{pages, process};
use std::time::{Duration, Instant};

/// Counts the time of a cell. While a thread waits for an answer of the server, that is the processor time which other
/// threads take, or the time that passes if that is less; otherwise it is the time that passes, without the waits for
/// parts of the text.
#[derive(Default)]
pub struct Clock {
    /// Of the stretches that are over.
    spent: Duration,
    /// The present one, once a cell has begun.
    stretch: Option<Stretch>,
}

/// A stretch of time in which the program either runs or waits for the server.
struct Stretch {
    waits: bool,
    since: Instant,
    /// Processor time of the process, and what was waited for parts of the text, when it began.
    processor: Duration,
    text: u64,
}

impl Stretch {
    fn begin(waits: bool) -> Self {
        Self { waits, since: Instant::now(), processor: process::processor_time(), text: pages::waited() }
    }

    fn spent(&self) -> Duration {
        let passed = self.since.elapsed();
        match self.waits {
            true => passed.min(process::processor_time().saturating_sub(self.processor)),
            false => passed.saturating_sub(Duration::from_nanos(pages::waited().saturating_sub(self.text))),
        }
    }
}

impl Clock {
    /// One that runs from now on.
    pub fn start() -> Self {
        Self { spent: Duration::ZERO, stretch: Some(Stretch::begin(false)) }
    }

    /// From now on a thread waits for the server.
    pub fn wait(&mut self) {
        self.turn(true);
    }

    /// From now on none does.
    pub fn run(&mut self) {
        self.turn(false);
    }

    fn turn(&mut self, waits: bool) {
        if self.stretch.as_ref().is_none_or(|stretch| stretch.waits != waits) {
            self.spent = self.spent();
            self.stretch = Some(Stretch::begin(waits));
        }
    }

    /// Whether a thread waits for the server, so that less time may count than passes.
    pub fn waits(&self) -> bool {
        self.stretch.as_ref().is_none_or(|stretch| stretch.waits)
    }

    pub fn spent(&self) -> Duration {
        self.spent + self.stretch.as_ref().map_or(Duration::ZERO, Stretch::spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::time::{ClockId, clock_gettime};

    fn processor_time_of_thread() -> Duration {
        clock_gettime(ClockId::ThreadCPUTime).try_into().expect("time is not negative")
    }

    #[test]
    fn a_wait_counts_as_far_as_the_processor_is_busy() {
        let mut clock = Clock::start();
        clock.wait();
        let (waited, before) = (clock.spent(), processor_time_of_thread());
        while processor_time_of_thread() < before + Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        let spent = clock.spent() - waited;
        assert!(clock.waits() && spent >= Duration::from_millis(20), "{spent:?}");
        clock.run();
        let (ran, since) = (clock.spent(), Instant::now());
        std::thread::yield_now();
        let least = since.elapsed();
        assert!(!clock.waits() && clock.spent() - ran >= least);
    }
}
