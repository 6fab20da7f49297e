//! Which server a call goes to.

use super::{
    endpoint_load::Load,
    pace::{Pace, Work},
};
use std::time::Duration;
use tokio::time::Instant;

/// Servers whose replies are due within this factor are as good as each other.
const AS_GOOD: f64 = 1.1;

/// The shortest time after which the choice is made anew.
const SHORTEST: Duration = Duration::from_millis(5);

/// A server, as it stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub number: usize,
    pub rests_until: Option<Instant>,
    pub load: Load,
    pub pace: Pace,
    /// Of those that are as good the one with most is taken.
    pub favour: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Choice {
    Go(usize),
    /// A better server will be free; at the latest after this time the choice is made anew.
    Wait(Duration),
}

/// A server and its pace, or what is taken for it.
struct Rated<'a> {
    standing: &'a Standing,
    sure_width: usize,
    width: usize,
    per_token: f64,
}

impl Rated<'_> {
    fn is_free(&self) -> bool {
        self.standing.load.calls < self.width
    }

    fn is_surely_free(&self) -> bool {
        self.standing.load.calls < self.sure_width
    }

    /// Seconds for a call that is worked on at once.
    fn alone(&self, work: Work) -> f64 {
        self.per_token * work.0
    }

    /// Seconds until a call is answered that goes there now.
    fn due(&self, work: Work) -> f64 {
        let all = (self.standing.load.work.0 + work.0) / self.width.max(1) as f64;
        if self.is_free() { self.alone(work) } else { self.per_token * all.max(work.0) }
    }
}

/// Where a call of so much work goes, of servers that it was not sent to yet, with `remaining` calls to be made, this one
/// included; nothing if there are no servers.
pub(super) fn choose(standings: &[Standing], work: Work, remaining: usize) -> Option<Choice> {
    let awake: Vec<&Standing> = standings.iter().filter(|it| it.rests_until.is_none()).collect();
    if awake.is_empty() {
        return standings.iter().min_by_key(|it| (it.rests_until, it.load.calls)).map(|it| Choice::Go(it.number));
    }
    let known = || awake.iter().filter(|it| it.pace.is_known());
    let Some(fastest) = known().filter_map(|it| it.pace.per_token()).reduce(f64::min) else {
        // Nobody has answered yet, so all are alike.
        let least = awake.iter().map(|it| it.load.work.0).reduce(f64::min)?;
        let first = awake.iter().filter(|it| it.load.work.0 <= least).max_by_key(|it| it.favour)?;
        return Some(Choice::Go(first.number));
    };
    // Of what has never answered the best is hoped for, so that it is tried.
    let widest = known().max_by_key(|it| it.pace.width())?;
    let rated: Vec<Rated<'_>> = awake
        .iter()
        .map(|standing| {
            let Standing { pace, .. } = if standing.pace.has_width() { standing } else { widest };
            let (sure_width, width) = (pace.sure_width(), pace.width());
            Rated { standing, sure_width, width, per_token: standing.pace.per_token().unwrap_or(fastest) }
        })
        .collect();
    let best = best(rated.iter().filter(|it| it.is_surely_free()), work)
        .or_else(|| best(rated.iter().filter(|it| it.is_free()), work))
        .or_else(|| best(rated.iter(), work))?;
    let alone = best.alone(work);
    let faster: Vec<&Rated<'_>> = rated.iter().filter(|it| it.alone(work) * AS_GOOD < alone).collect();
    if let Some(first) = faster.iter().map(|it| it.alone(work)).reduce(f64::min) {
        // All faster ones are busy. A slow one helps only if it has answered before they would be done.
        let calls_a_second: f64 = faster.iter().map(|it| it.width as f64 / it.alone(work)).sum();
        let done_without = remaining as f64 / calls_a_second + first;
        if done_without < alone {
            return Some(Choice::Wait(Duration::from_secs_f64((alone - first).clamp(0.0, 60.0)).max(SHORTEST)));
        }
    }
    Some(Choice::Go(best.standing.number))
}

/// The server where a call is answered first; of those that are about as good the favoured one.
fn best<'a, 'b>(among: impl Iterator<Item = &'a Rated<'b>> + Clone, work: Work) -> Option<&'a Rated<'b>>
where
    'b: 'a,
{
    let soonest = among.clone().map(|it| it.due(work)).reduce(f64::min)?;
    among.filter(|it| it.due(work) <= AS_GOOD * soonest).max_by_key(|it| it.standing.favour)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work(100.0);

    /// A server with so many slots and open calls, which takes so many seconds for a call.
    fn server(number: usize, slots: usize, open: usize, seconds: f64) -> Standing {
        let mut pace = Pace::new(Some(slots));
        if seconds > 0.0 {
            pace.note(WORK, Duration::from_secs_f64(seconds), 1.0);
        }
        let load = Load { calls: open, work: Work(100.0 * open as f64) };
        Standing { number, rests_until: None, load, pace, favour: number as u64 }
    }

    #[test]
    fn a_call_goes_where_it_is_answered_first() {
        let go = |servers: &[Standing], remaining| choose(servers, WORK, remaining);
        // Free places first, the fastest of them first.
        assert_eq!(go(&[server(0, 2, 2, 1.0), server(1, 2, 1, 2.0), server(2, 2, 1, 4.0)], 100), Some(Choice::Go(1)));
        // Of those that are as good the favoured one.
        assert_eq!(go(&[server(0, 2, 1, 1.0), server(1, 2, 0, 1.05)], 100), Some(Choice::Go(1)));
        // Where no place is free, by what waits there.
        assert_eq!(go(&[server(0, 2, 9, 1.0), server(1, 2, 3, 2.0)], 100), Some(Choice::Go(1)));
        assert_eq!(go(&[server(0, 2, 4, 1.0), server(1, 2, 3, 2.0)], 100), Some(Choice::Go(0)));
        // What has never answered is tried.
        assert_eq!(go(&[server(0, 2, 1, 1.0), server(1, 2, 0, 0.0)], 100), Some(Choice::Go(1)));
        assert_eq!(go(&[server(0, 2, 1, 0.0), server(1, 2, 0, 0.0)], 100), Some(Choice::Go(1)));
        assert_eq!(go(&[], 1), None);
    }

    #[test]
    fn the_last_calls_wait_for_a_fast_server() {
        let servers = [server(0, 2, 2, 1.0), server(1, 2, 0, 4.0)];
        // Two a second: seven more are done in four and a half seconds without the slow one, and four in three.
        assert_eq!(choose(&servers, WORK, 7), Some(Choice::Go(1)));
        assert!(matches!(choose(&servers, WORK, 4), Some(Choice::Wait(_))));
    }

    #[test]
    fn who_rests_is_asked_last() {
        let rests = |server: Standing, seconds| Standing {
            rests_until: Some(Instant::now() + Duration::from_secs(seconds)),
            ..server
        };
        let (first, second) = (rests(server(0, 2, 0, 1.0), 9), rests(server(1, 2, 5, 4.0), 3));
        assert_eq!(choose(&[first.clone(), server(2, 2, 9, 8.0)], WORK, 1), Some(Choice::Go(2)));
        assert_eq!(choose(&[first, second], WORK, 1), Some(Choice::Go(1)));
    }
}
