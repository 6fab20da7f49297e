//! The states that a pattern may be in, all at once, while a text goes by (Pike's virtual machine).
//!
//! The slowest way to search, and the surest: it needs no memory beyond a few words for each state, takes at most one
//! visit of each state for each byte, and can be stopped anywhere.

use super::window::{Haystack, Window};
use crate::corpus::{error::Error, stop::StopFlag};
use regex_automata::{
    nfa::thompson::{NFA, State},
    util::primitives::StateID,
};
use std::ops::Range;

/// Visits of states between two looks at the flag: some milliseconds.
const VISITS: usize = 500_000;

/// The states at one place, those first whose matches are preferred.
#[derive(Default)]
struct Threads {
    /// A state, and where the match began that leads through it.
    listed: Vec<(StateID, usize)>,
    /// For each state its place in the list, if it is there.
    places: Vec<u32>,
}

impl Threads {
    fn new(states: usize) -> Self {
        Self { listed: Vec::new(), places: vec![0; states] }
    }

    /// Whether it was not there.
    fn insert(&mut self, state: StateID, start: usize) -> bool {
        let place = self.places[state.as_usize()] as usize;
        if self.listed.get(place).is_some_and(|&(listed, _)| listed == state) {
            return false;
        }
        self.places[state.as_usize()] = self.listed.len() as u32;
        self.listed.push((state, start));
        true
    }
}

/// A search with room that is used again.
pub(super) struct Simulation<'p> {
    nfa: &'p NFA,
    now: Threads,
    next: Threads,
    stack: Vec<StateID>,
    visits: usize,
}

impl<'p> Simulation<'p> {
    pub fn new(nfa: &'p NFA) -> Self {
        let states = nfa.states().len();
        Self { nfa, now: Threads::new(states), next: Threads::new(states), stack: Vec::new(), visits: 0 }
    }

    /// The leftmost match within `span`, the preferred one of those that begin there; if it shall be the `first` that is
    /// found, the one that ends first.
    pub fn find(
        &mut self,
        haystack: &Haystack<'_, '_>,
        span: Range<usize>,
        first: bool,
        stop: &StopFlag,
    ) -> Result<Option<Range<usize>>, Error> {
        let mut window = haystack.window(span.start)?;
        let (mut found, mut at) = (None, span.start);
        self.now.listed.clear();
        loop {
            if !window.shows(at + 1) {
                window = haystack.window(at)?;
            }
            if self.visits > VISITS {
                stop.check()?;
                self.visits = 0;
            }
            if found.is_none() {
                self.stack.push(self.nfa.start_anchored());
                self.visits += follow(self.nfa, &mut self.stack, &mut self.now, at, &window, at);
            }
            let byte = (at < span.end).then(|| window.byte(at));
            self.next.listed.clear();
            for &(state, start) in &self.now.listed {
                let target = match self.nfa.state(state) {
                    State::Match { .. } => {
                        found = Some(start..at);
                        // Those behind it are not preferred.
                        break;
                    }
                    State::ByteRange { trans } => byte.filter(|&byte| trans.matches_byte(byte)).map(|_| trans.next),
                    State::Sparse(transitions) => byte.and_then(|byte| transitions.matches_byte(byte)),
                    State::Dense(transitions) => byte.and_then(|byte| transitions.matches_byte(byte)),
                    _ => None,
                };
                if let Some(target) = target {
                    self.stack.push(target);
                    self.visits += follow(self.nfa, &mut self.stack, &mut self.next, start, &window, at + 1);
                }
            }
            self.visits += self.now.listed.len();
            let is_over = found.is_some() && (first || self.next.listed.is_empty());
            if is_over || byte.is_none() {
                return Ok(found);
            }
            std::mem::swap(&mut self.now, &mut self.next);
            at += 1;
        }
    }
}

/// Adds the states that can be reached at `place` from those on the stack without a further byte. Returns how many were
/// looked at.
fn follow(
    nfa: &NFA,
    stack: &mut Vec<StateID>,
    threads: &mut Threads,
    start: usize,
    window: &Window<'_>,
    place: usize,
) -> usize {
    let mut visits = 0;
    while let Some(state) = stack.pop() {
        visits += 1;
        if !threads.insert(state, start) {
            continue;
        }
        match nfa.state(state) {
            State::Look { look, next } if nfa.look_matcher().matches(*look, &window.bytes, place - window.start) => {
                stack.push(*next);
            }
            State::Union { alternates } => stack.extend(alternates.iter().rev()),
            State::BinaryUnion { alt1, alt2 } => stack.extend([alt2, alt1]),
            State::Capture { next, .. } => stack.push(*next),
            _ => {}
        }
    }
    visits
}
