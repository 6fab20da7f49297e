//! Whether to try again, and when.

use crate::llm::Error;
use std::time::Duration;

/// How often a server may say that it has enough to do, if it tells neither for how long nor that it will be ready.
const MOST_REJECTIONS: u32 = 8;

/// An attempt that came to nothing before the model had written a word costs little: so many of them count as one.
const FREE: u32 = 2;

/// How often a call is tried, and how long it waits in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all; 1 means that nothing is tried again. Of those to which a server has answered with an error, or
    /// not at all, there may be twice as many. A call that was turned away because the server has enough to do, or is not
    /// ready, was no attempt: nobody tried. It waits for as long as there is time.
    pub attempts: u32,
    /// The longest pause after the first failure; it doubles with every further one.
    pub first_pause: Duration,
    /// No pause grows beyond this.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(10) }
    }
}

/// What a call has been through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempts {
    failures: u32,
    /// Failures that cost little.
    free: u32,
    rejections: u32,
}

impl Attempts {
    /// How often the model was asked in vain.
    pub(super) fn total(self) -> u32 {
        self.failures + self.free + self.rejections
    }

    /// Counts an attempt that has failed after so many bytes of a reply.
    pub(super) fn count(&mut self, error: &Error, written: usize) {
        match error {
            error if error.is_turned_away() => self.rejections += 1,
            Error::Server { .. } | Error::BrokenReply { .. } if written == 0 => self.free += 1,
            _ => self.failures += 1,
        }
    }
}

impl RetryPolicy {
    /// The pause before the next attempt, or nothing if the failure, which is counted among the attempts, is final.
    ///
    /// The pause is anything up to the limit (full jitter), so that calls that failed together do not come back
    /// together. What the server asked for is added whole, never shortened.
    pub(super) fn pause(&self, call: u64, attempts: Attempts, error: &Error) -> Option<Duration> {
        let asked = error.retry_after().unwrap_or_default();
        let is_over = attempts.failures >= self.attempts
            || attempts.free >= if self.attempts > 1 { self.attempts * FREE } else { 1 }
            || (attempts.rejections >= MOST_REJECTIONS && error.is_turned_away() && !error.is_worth_waiting_for());
        if is_over || !error.is_transient() {
            return None;
        }
        let doubled = self.first_pause.saturating_mul(1 << attempts.total().saturating_sub(1).min(20));
        Some(asked + doubled.min(self.longest_pause).mul_f64(chance(call, attempts.total())))
    }
}

/// A number from 0 to 1 that looks like chance and is the same for the same call and attempt (splitmix64).
pub(super) fn chance(call: u64, attempt: u32) -> f64 {
    let mut bits = call.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(attempt) << 48);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(failures: u32) -> Attempts {
        Attempts { failures, ..Attempts::default() }
    }

    fn turned_away(rejections: u32) -> Attempts {
        Attempts { rejections, ..Attempts::default() }
    }

    fn broken() -> Error {
        Error::BrokenReply { model: "m".into(), detail: "d".into() }
    }

    fn limited(seconds: Option<u64>) -> Error {
        Error::RateLimited { model: "m".into(), detail: "d".into(), retry_after: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn pauses_grow_stay_below_their_limit_and_are_the_same_each_time() {
        let policy = RetryPolicy { attempts: 40, ..RetryPolicy::default() };
        let mut longest = [Duration::ZERO; 39];
        for call in 0..1000 {
            for attempt in 1..40 {
                let pause = policy.pause(call, failed(attempt), &broken()).unwrap();
                let limit = (policy.first_pause * 2_u32.pow((attempt - 1).min(20))).min(policy.longest_pause);
                assert!(pause <= limit, "{pause:?} after {attempt}");
                assert_eq!(policy.pause(call, failed(attempt), &broken()), Some(pause));
                let longest = &mut longest[attempt as usize - 1];
                *longest = pause.max(*longest);
            }
        }
        // Spread over the whole room, not huddled at its start.
        assert!(longest[0] > policy.first_pause.mul_f64(0.9));
        assert!(longest[38] > policy.longest_pause.mul_f64(0.9));
    }

    #[test]
    fn calls_that_fail_together_come_back_apart() {
        let policy = RetryPolicy::default();
        let mut pauses: Vec<_> = (0..100).map(|call| policy.pause(call, failed(1), &broken()).unwrap()).collect();
        pauses.sort();
        pauses.dedup();
        assert!(pauses.len() > 95);
    }

    #[test]
    fn what_the_server_asked_for_is_waited_for_in_full() {
        let policy = RetryPolicy::default();
        let pause = policy.pause(7, turned_away(1), &limited(Some(2))).unwrap();
        assert!(pause >= Duration::from_secs(2) && pause <= Duration::from_millis(2250), "{pause:?}");
        assert!(policy.pause(7, turned_away(1), &limited(None)).unwrap() <= policy.first_pause);
    }

    #[test]
    fn the_last_attempt_and_final_failures_end_it() {
        let policy = RetryPolicy::default();
        assert!(policy.pause(1, failed(3), &broken()).is_some());
        assert_eq!(policy.pause(1, failed(4), &broken()), None);
        assert_eq!(policy.pause(1, failed(1), &Error::Configuration("c".into())), None);
    }

    #[test]
    fn being_turned_away_is_no_attempt() {
        let policy = RetryPolicy::default();
        let mut attempts = Attempts::default();
        for _ in 0..100 {
            attempts.count(&limited(None), 0);
            assert!(policy.pause(1, attempts, &limited(None)).is_some(), "{attempts:?}");
        }
        attempts.count(&broken(), 1);
        assert!(policy.pause(1, attempts, &broken()).is_some());
    }

    #[test]
    fn what_has_cost_nothing_is_tried_more_often() {
        let policy = RetryPolicy::default();
        let tried = |error: &Error, written| {
            let mut attempts = Attempts::default();
            loop {
                attempts.count(error, written);
                if policy.pause(1, attempts, error).is_none() {
                    return attempts.total();
                }
            }
        };
        let unreachable = Error::Unreachable { model: "m".into(), endpoint: "e".into(), detail: "d".into() };
        assert_eq!((tried(&broken(), 0), tried(&broken(), 7), tried(&unreachable, 0)), (8, 4, 4));
        let once = RetryPolicy { attempts: 1, ..policy };
        let mut attempts = Attempts::default();
        attempts.count(&broken(), 0);
        assert_eq!(once.pause(1, attempts, &broken()), None);
    }
}
