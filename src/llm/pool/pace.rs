//! How fast a server answers, learnt from what it has answered.

use crate::llm::{Request, TokenUsage};
use std::{
    ops::{AddAssign, SubAssign},
    time::Duration,
};

/// Tokens that are read in the time of one that is written, about: a prompt is read in parallel.
const READ_AT_ONCE: f64 = 8.0;

/// Tokens of a reply before any is known.
const FIRST_REPLY: f64 = 200.0;

/// How much a new value counts in an average.
const NEW: f64 = 0.2;

/// The most calls at once whose pace is known apart.
const MOST: usize = 64;

/// How much longer calls may take beside others for these to be worked on at once.
const FLAT: f64 = 1.15;

/// What a call takes of a server, in tokens that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Work(pub f64);

impl Work {
    fn of(read: f64, written: f64) -> Self {
        Self((read / READ_AT_ONCE + written).max(1.0))
    }

    pub fn expected(request: &Request, usual_reply: Option<f64>) -> Self {
        let most = request.max_output_tokens.map_or(f64::INFINITY, f64::from);
        Self::of(Request::tokens_of(request.bytes()) as f64, usual_reply.unwrap_or(FIRST_REPLY).min(most))
    }

    pub fn done(usage: &TokenUsage) -> Self {
        Self::of(usage.input.saturating_sub(usage.cached_input) as f64, usage.output as f64)
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Work {
    fn sub_assign(&mut self, other: Self) {
        self.0 = (self.0 - other.0).max(0.0);
    }
}

/// The moving average of what was, if anything was, and a new value.
pub(super) fn averaged(known: Option<f64>, new: f64) -> f64 {
    known.map_or(new, |known| known + NEW * (new - known))
}

/// Seconds that a server takes for a token, by how many calls are open.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// How many calls it works on at once, if it says so.
    slots: Option<usize>,
    /// By the number of open calls, from 1.
    per_token: Vec<Option<f64>>,
}

impl Pace {
    pub fn new(slots: Option<usize>) -> Self {
        Self { slots, per_token: Vec::new() }
    }

    /// A call has taken so long, with so many open on average.
    pub fn note(&mut self, work: Work, time: Duration, open: f64) {
        let place = (open.round() as usize).clamp(1, MOST) - 1;
        if self.per_token.len() <= place {
            self.per_token.resize(place + 1, None);
        }
        let known = &mut self.per_token[place];
        *known = Some(averaged(*known, time.as_secs_f64() / work.0));
    }

    pub fn is_known(&self) -> bool {
        self.per_token.iter().any(Option::is_some)
    }

    /// Whether anything is known of how many calls it works on at once.
    pub fn has_width(&self) -> bool {
        self.slots.is_some() || self.is_known()
    }

    /// Seconds for a token while all calls are worked on at once; nothing if it has never answered.
    pub fn per_token(&self) -> Option<f64> {
        let within = self.sure_width();
        let at_once = self.per_token.iter().take(within).flatten().copied().reduce(f64::max);
        at_once.or_else(|| self.per_token.iter().flatten().copied().reduce(f64::min))
    }

    /// How many calls it works on at once for sure: as it says, else as many as did not hold each other up.
    pub fn sure_width(&self) -> usize {
        self.slots.unwrap_or_else(|| self.flat())
    }

    /// The same, and one more to learn from.
    pub fn width(&self) -> usize {
        self.slots.unwrap_or_else(|| self.flat() + 1)
    }

    /// The most calls at once that took no longer than few.
    fn flat(&self) -> usize {
        let Some(least) = self.per_token.iter().flatten().copied().reduce(f64::min) else { return 0 };
        let is_flat = |known: &Option<f64>| known.is_none_or(|it| it <= FLAT * least);
        let flat = self.per_token.iter().take_while(|known| is_flat(known)).count();
        // Of those that were never seen none is known to be flat.
        self.per_token[..flat].iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(slots: Option<usize>, seen: &[(f64, f64)]) -> Pace {
        let mut pace = Pace::new(slots);
        seen.iter().for_each(|(open, seconds)| pace.note(Work(100.0), Duration::from_secs_f64(*seconds), *open));
        pace
    }

    #[test]
    fn a_width_is_learnt_from_calls_that_hold_each_other_up() {
        let slots = pace(None, &[(1.0, 2.0), (3.0, 2.1), (4.0, 2.25), (5.0, 2.8), (8.0, 4.0)]);
        assert_eq!((slots.sure_width(), slots.width(), slots.per_token()), (4, 5, Some(0.0225)));
        let shared = pace(None, &[(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)]);
        assert_eq!((shared.width(), shared.per_token()), (2, Some(0.01)));
        let only_busy = pace(None, &[(6.0, 3.0)]);
        assert_eq!((only_busy.width(), only_busy.per_token()), (7, Some(0.03)));
        assert_eq!((pace(None, &[]).width(), pace(None, &[]).per_token()), (1, None));
    }

    #[test]
    fn a_server_that_says_its_slots_is_believed() {
        let told = pace(Some(2), &[(1.0, 1.0), (2.0, 1.5), (4.0, 3.0)]);
        assert_eq!((told.width(), told.per_token()), (2, Some(0.015)));
        assert_eq!(pace(Some(2), &[(4.0, 3.0)]).per_token(), Some(0.03));
    }

    #[test]
    fn work_is_what_is_read_and_written() {
        let usage = TokenUsage { input: 900, output: 10, cached_input: 100 };
        assert_eq!(Work::done(&usage), Work(110.0));
        let request = Request { max_output_tokens: Some(50), ..Request::default() };
        assert_eq!(Work::expected(&request, None), Work(50.0));
        assert_eq!(Work::expected(&request, Some(20.0)), Work(20.0));
    }
}
