//! When calls may go out to a server that has turned one away.
//!
//! The throttle closes when a call is turned away: for as long as the server has asked for, else for a pause that grows
//! threefold each time. Then one call goes out alone. If the server takes it, others follow, twice as many with each that is taken, until
//! nothing holds them back any more. A server that turns that one away as well, although it has taken others before,
//! limits the *rate*: from then on the throttle lets out as many calls as were taken before, and no more until the time is over
//! that this took. So a batch that meets a limit which no header tells costs a handful of calls that are turned away, and
//! not one for each prompt.
//!
//! A call that is turned away while others are open closes nothing, since the server may only take fewer at once, which the
//! limiter learns: those that follow go out one by one, until it is known that they are taken. So it is if the server has said
//! for how long that call is to wait. If the one that follows is told the same, all wait for so long.
//!
//! Where a crowd waits, a server of which nothing is known yet, or nothing for a while, gets at most twice as many calls as it is known
//! to have taken, for the second in which it has not been heard whether it turns others of them away. Quick replies would otherwise
//! send further calls after those that are being turned away, and on a busy machine, where word of that comes late, very many of them.
//! A few calls, such as those of a few children, wait for nothing.
//!
//! There is no clock in here, and nobody waits: whoever asks says what time it is.

use crate::llm::Error;
use std::time::Duration;
use tokio::time::Instant;

/// So many bursts without a call that was turned away are followed by one that is larger, and sooner.
const GROWS_AFTER: u32 = 4;

/// A call that was not turned away within this time was taken: the reply itself may take minutes. Where calls were turned
/// away sooner, it is some times what that took.
const TAKEN_AFTER: Duration = Duration::from_secs(1);
const SHORTEST_TAKEN_AFTER: Duration = Duration::from_millis(50);

/// For each call that was taken, so many may be out or taken at first.
const MOST_UNHEARD: u32 = 2;

/// So many calls in a row that were told to wait mean all of them.
const FEW_TOLD: u32 = 2;

/// Nobody asks more often than this, whatever the pauses are.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

/// While nothing holds calls back, they are counted for this long.
const COUNTED: Duration = Duration::from_secs(60);

/// What a call that wants to go out has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    /// Nothing before that, unless a call shows earlier that the server takes others.
    Until(Instant),
}

/// As many calls as a server takes in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    burst: u32,
    period: Duration,
}

/// Calls that went out before it was heard of all others whether they were taken.
#[derive(Debug, Default)]
struct Burst {
    began: Option<Instant>,
    sent: u32,
    unheard: u32,
    taken: u32,
    /// Whether calls were waiting for a place when it was heard of one.
    has_crowd: bool,
}

impl Burst {
    /// Until when another call has to wait for what is heard of these.
    fn holds_until(&self, now: Instant) -> Option<Instant> {
        let until = self.began? + TAKEN_AFTER;
        (self.has_crowd && self.taken > 0 && self.sent >= MOST_UNHEARD * self.taken && now < until).then_some(until)
    }
}

#[derive(Debug)]
pub(super) struct Throttle {
    first_pause: Duration,
    longest_pause: Duration,
    /// When the throttle closed last: what went out before says nothing about what came after.
    closed_at: Option<Instant>,
    closed_until: Option<Instant>,
    /// Calls that were turned away since one was taken.
    refused: u32,
    /// How many more may go out; any number if this is absent.
    credit: Option<u32>,
    /// When the last call went out.
    last: Option<Instant>,
    burst: Burst,
    /// Nothing before the first call was turned away.
    taken_after: Option<Duration>,
    /// Calls of the burst that were taken, and when the first of them went out.
    taken: u32,
    since: Option<Instant>,
    rate: Option<Rate>,
    /// Whether the limit is known to be one on the rate, whose time is to be found out.
    is_measuring: bool,
    /// Calls that were told to wait while others were open, since one was taken.
    told_to_wait: u32,
    /// Bursts without a call that was turned away.
    whole_bursts: u32,
    why: Option<Error>,
}

impl Throttle {
    pub(super) fn new(first_pause: Duration, longest_pause: Duration) -> Self {
        Self {
            first_pause,
            longest_pause,
            closed_at: None,
            closed_until: None,
            refused: 0,
            credit: None,
            last: None,
            burst: Burst::default(),
            taken_after: None,
            taken: 0,
            since: None,
            rate: None,
            is_measuring: false,
            told_to_wait: 0,
            whole_bursts: 0,
            why: None,
        }
    }

    /// Why the throttle is closed.
    pub(super) fn why(&self) -> Option<&Error> {
        self.why.as_ref()
    }

    /// Whether nothing holds calls back.
    pub(super) fn is_open(&self) -> bool {
        self.closed_until.is_none() && self.credit.is_none()
    }

    /// Whether a call may go out now. One that may has gone.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        if let Some(until) = self.closed_until {
            if now < until {
                return Next::Until(until);
            }
            self.closed_until = None;
            // One call shows whether the server takes any again.
            self.credit = Some(1);
        }
        if let (Some(rate), Some(since), 0) = (self.rate, self.since, self.refused) {
            let until = since + rate.period;
            if now >= until {
                self.begin_burst(now);
            } else if self.credit == Some(0) {
                return Next::Until(until);
            }
        }
        if self.credit == Some(0) {
            // Of a call that is out nothing was heard yet.
            let until = self.last.map_or(now, |last| last + self.taken_after.unwrap_or(TAKEN_AFTER));
            if now < until {
                return Next::Until(until);
            }
            // The one that went out alone was not turned away.
            let was_alone = self.last > self.closed_at;
            self.told_to_wait = if was_alone { 0 } else { self.told_to_wait };
            self.credit = Some(1);
        }
        if self.burst.unheard == 0 {
            self.burst = Burst { began: Some(now), ..Burst::default() };
        }
        if let (None, Some(until)) = (self.credit, self.burst.holds_until(now)) {
            return Next::Until(until);
        }
        self.burst.sent += 1;
        self.burst.unheard += 1;
        if self.credit.is_none() && self.since.is_none_or(|since| now - since > COUNTED) {
            (self.taken, self.since) = (0, Some(now));
        }
        self.credit = self.credit.map(|credit| credit - 1);
        self.since.get_or_insert(now);
        self.last = Some(now);
        Next::Go
    }

    /// Of a call that had gone it is known whether the server took it, or that it never went out. `others_wait` says whether
    /// further calls wait for places.
    pub(super) fn heard(&mut self, was_taken: bool, others_wait: bool) {
        self.burst.unheard = self.burst.unheard.saturating_sub(1);
        self.burst.taken += u32::from(was_taken);
        self.burst.has_crowd |= others_wait;
    }

    fn begin_burst(&mut self, now: Instant) {
        if let Some(rate) = &mut self.rate {
            self.whole_bursts += u32::from(self.credit == Some(0));
            if self.whole_bursts >= GROWS_AFTER {
                self.whole_bursts = 0;
                (rate.burst, rate.period) = (rate.burst + rate.burst.div_ceil(4), rate.period * 4 / 5);
            }
            self.credit = Some(rate.burst);
        }
        (self.taken, self.since) = (0, Some(now));
    }

    /// The server took a call that went out at `sent`; `most` is how many calls are ever open at once.
    pub(super) fn taken(&mut self, sent: Instant, most: usize) {
        self.told_to_wait = if self.is_old(sent) { self.told_to_wait } else { 0 };
        if self.is_old(sent) {
            self.taken += 1;
        } else if self.refused > 0 {
            self.reopen(sent);
        } else {
            self.taken += 1;
            if self.rate.is_none() {
                self.credit = self.credit.map(|credit| credit + 2).filter(|credit| (*credit as usize) < most);
                self.why = self.why.take().filter(|_| self.credit.is_some());
            }
        }
    }

    /// The first call after a pause was taken.
    fn reopen(&mut self, sent: Instant) {
        if self.is_measuring {
            let period = self.since.map_or(Duration::ZERO, |since| sent.saturating_duration_since(since));
            self.rate = Some(Rate { burst: self.taken.max(1), period });
            self.is_measuring = false;
        }
        self.credit = Some(self.rate.map_or(2, |rate| rate.burst - 1));
        (self.taken, self.since, self.refused, self.why) = (1, Some(sent), 0, None);
    }

    /// The server turned a call away.
    pub(super) fn refused(&mut self, sent: Instant, now: Instant, error: &Error) {
        self.note_soon(sent, now);
        self.why = Some(error.clone());
        if self.is_old(sent) {
            return;
        }
        let within_rate = self.rate.zip(self.since).filter(|_| self.refused == 0);
        let pause = match (error.retry_after(), within_rate) {
            (Some(asked), _) => asked,
            // One call too many for the time.
            (None, Some((rate, since))) => (since + rate.period).saturating_duration_since(now),
            (None, None) => self.first_pause.saturating_mul(3_u32.saturating_pow(self.refused)).min(self.longest_pause),
        };
        match &mut self.rate {
            Some(rate) if self.refused == 0 => rate.burst = self.taken.max(rate.burst * 3 / 4).clamp(1, rate.burst),
            // Its time was too short, or it is not known yet.
            _ => self.is_measuring |= self.refused > 0 && self.taken > 0,
        }
        self.refused += 1;
        self.whole_bursts = 0;
        let until = now + pause.max(SHORTEST_PAUSE);
        (self.closed_at, self.closed_until, self.credit) = (Some(now), Some(until), Some(0));
    }

    /// The server turned a call away while others were open, and said for how long. It may mean that call alone: servers and
    /// gateways say so at random. Only if the next one that goes out is turned away as well have all of them been told.
    /// Returns whether the line waits.
    pub(super) fn told_to_wait(&mut self, sent: Instant, now: Instant, error: &Error) -> bool {
        // What went out with the others was told the same thing.
        if self.closed_at.is_none_or(|closed| sent > closed) {
            self.told_to_wait += 1;
            match self.told_to_wait {
                ..FEW_TOLD => self.crowded(sent, now, error),
                _ => self.refused(sent, now, error),
            }
        }
        self.closed_until.is_some()
    }

    /// The server turned a call away while others were open.
    pub(super) fn crowded(&mut self, sent: Instant, now: Instant, error: &Error) {
        self.note_soon(sent, now);
        if !self.is_old(sent) {
            self.why = Some(error.clone());
            (self.closed_at, self.last, self.credit) = (Some(now), Some(now), Some(0));
        }
    }

    /// A call was turned away within a time in which others will be. One that was turned away sooner than those before it says
    /// little of the next one.
    fn note_soon(&mut self, sent: Instant, now: Instant) {
        let after = (now.saturating_duration_since(sent) * 4).clamp(SHORTEST_TAKEN_AFTER, TAKEN_AFTER);
        self.taken_after = Some(self.taken_after.map_or(after, |before| after.max(before * 3 / 4)));
    }

    /// A call that may have gone out at `sent` came to nothing that says whether the server takes any.
    pub(super) fn untold(&mut self, sent: Instant) {
        if !self.is_old(sent) {
            self.credit = self.credit.map(|credit| credit + 1);
        }
    }

    fn is_old(&self, sent: Instant) -> bool {
        self.closed_at.is_some_and(|closed| sent < closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that takes so many calls within so many seconds, and calls that wait before it, one step after the
    /// other. Returns the seconds until the last was taken, and how many were turned away.
    fn play(calls: u32, most_open: usize, limit: u32, seconds: u64, asked: Option<u64>) -> (u64, u32) {
        let start = Instant::now();
        let mut throttle = Throttle::new(Duration::from_millis(250), Duration::from_secs(10));
        let (mut passed, mut refused, mut waiting, mut now): (Vec<Instant>, _, _, _) = (Vec::new(), 0, calls, start);
        while waiting > 0 {
            let mut out = Vec::new();
            let mut until = now + Duration::from_millis(10);
            while out.len() < most_open.min(waiting as usize) {
                match throttle.next(now) {
                    Next::Go => out.push(now),
                    Next::Until(at) => {
                        until = at;
                        break;
                    }
                }
            }
            // All of them are on their way before the first is answered.
            for sent in out {
                let fresh = passed.iter().filter(|it| now - **it < Duration::from_secs(seconds)).count();
                if (fresh as u32) < limit {
                    passed.push(now);
                    waiting -= 1;
                    throttle.taken(sent, most_open);
                } else {
                    refused += 1;
                    let error = Error::RateLimited {
                        model: "m".into(),
                        detail: "d".into(),
                        retry_after: asked.map(Duration::from_secs),
                    };
                    throttle.refused(sent, now, &error);
                }
            }
            now = until.max(now + Duration::from_millis(1));
            assert!(now - start < Duration::from_secs(3600), "{throttle:?}");
        }
        ((now - start).as_secs(), refused)
    }

    #[test]
    fn a_batch_that_meets_a_limit_on_the_rate_comes_through_with_few_calls_turned_away() {
        for (calls, limit, seconds, asked, longest, most) in [
            (40, 10, 10, None, 120, 15),
            (40, 10, 10, Some(10), 120, 15),
            (30, 3, 20, None, 900, 60),
            (100, 50, 60, None, 240, 20),
            (16, 16, 10, None, 1, 0),
        ] {
            let (took, refused) = play(calls, 16, limit, seconds, asked);
            assert!(took <= longest && refused <= most, "{calls} at {limit} in {seconds} s: {took} s, {refused}");
        }
    }

    #[test]
    fn a_call_that_is_told_to_wait_means_all_only_if_the_next_one_is_told_the_same() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let error = Error::RateLimited { model: "m".into(), detail: "d".into(), retry_after: Some(30 * second) };
        let mut throttle = Throttle::new(second, 10 * second);
        let sent = [start, start, start + 3 * second, start + 5 * second];
        // The first one, and another that went out with it, are told; the next one is taken, and the one behind it is told.
        assert_eq!(throttle.next(start), Next::Go);
        assert!(!throttle.told_to_wait(sent[0], start + second / 2, &error));
        assert!(!throttle.told_to_wait(sent[0], start + second / 2, &error));
        assert_eq!(throttle.next(sent[2]), Next::Go);
        throttle.taken(sent[2], 16);
        assert!(!throttle.told_to_wait(sent[2] + second, sent[3], &error));
        // That one goes out behind a call that was told, and is told the same.
        let next = sent[3] + 2 * second;
        assert_eq!(throttle.next(next), Next::Go);
        assert!(throttle.told_to_wait(next, next + second, &error));
        assert_eq!(throttle.next(next + second), Next::Until(next + 31 * second));
    }

    #[test]
    fn a_call_that_comes_to_nothing_lets_another_go() {
        let now = Instant::now();
        let mut throttle = Throttle::new(Duration::from_secs(1), Duration::from_secs(10));
        assert_eq!(throttle.next(now), Next::Go);
        let error = Error::RateLimited { model: "m".into(), detail: "d".into(), retry_after: None };
        throttle.refused(now, now, &error);
        let later = now + Duration::from_secs(1);
        assert_eq!(throttle.next(now), Next::Until(later));
        let wait = Next::Until(later + SHORTEST_TAKEN_AFTER);
        assert_eq!((throttle.next(later), throttle.next(later)), (Next::Go, wait));
        throttle.untold(later);
        assert_eq!((throttle.next(later), throttle.next(later)), (Next::Go, wait));
        throttle.taken(later, 16);
        assert_eq!((throttle.next(later), throttle.next(later), throttle.next(later)), (Next::Go, Next::Go, wait));
        assert_eq!(throttle.next(later + SHORTEST_TAKEN_AFTER), Next::Go);
    }
}
