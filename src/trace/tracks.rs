//! Which of the calls and programs of a run went on at once: each gets the first track that is free when it begins.

use super::node::{Kind, Trace};
use std::{cmp::Reverse, collections::BinaryHeap};

/// The track of each node that has one, and how many there are.
pub fn tracks(trace: &Trace) -> (Vec<Option<usize>>, usize) {
    let is_shown = |kind| matches!(kind, Kind::Call | Kind::Program);
    let mut shown: Vec<usize> = (0..trace.nodes.len()).filter(|at| is_shown(trace.nodes[*at].kind)).collect();
    shown.sort_by_key(|at| trace.nodes[*at].start);
    let (mut tracks, mut count) = (vec![None; trace.nodes.len()], 0);
    let mut free = BinaryHeap::new();
    let mut taken = BinaryHeap::new();
    for at in shown {
        let node = &trace.nodes[at];
        while let Some(Reverse((end, track))) = taken.peek().copied().filter(|Reverse((end, _))| *end <= node.start) {
            let _: u64 = end;
            taken.pop();
            free.push(Reverse(track));
        }
        let track = free.pop().map_or_else(
            || {
                count += 1;
                count - 1
            },
            |Reverse(track)| track,
        );
        tracks[at] = Some(track);
        taken.push(Reverse((node.start + trace.milliseconds(node).max(1), track)));
    }
    (tracks, count)
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;

    #[test]
    fn calls_at_once_lie_beside_each_other_and_a_free_track_is_taken_again() {
        let mut reader = Reader::default();
        for (state, call, at) in [
            ("started", 1, 0),
            ("started", 2, 5),
            ("ended", 1, 10),
            ("started", 3, 10),
            ("ended", 2, 20),
            ("ended", 3, 30),
        ] {
            let line = format!("{{\"kind\":\"call\",\"state\":\"{state}\",\"call\":{call},\"ms\":{at}}}\n");
            reader.push(line.as_bytes());
        }
        assert_eq!(tracks(&reader.finish()), (vec![Some(0), Some(1), Some(0)], 2));
    }
}
