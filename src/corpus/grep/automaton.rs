//! Searching what is too long for one search of a matcher that cannot be interrupted: very long lines, and large files
//! by patterns of several lines.
//!
//! A deterministic automaton, made of the pattern's states while it runs, takes a few instructions for each byte. Of some
//! patterns it would have too many states; then, or where it cannot tell the ends of words, all states of the pattern are
//! followed at once ([`threads`](super::threads)). Both need bounded memory and look at the flag all the time.

use super::{threads::Simulation, window::Haystack};
use crate::corpus::{error::Error, stop::StopFlag};
use regex_automata::{
    Input,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson::NFA,
};
use std::{ops::Range, sync::OnceLock};

/// Bytes between two looks at the flag.
const LOOK: usize = 64 << 10;

/// How often the automaton's memory may be full before it has to be worth it, and what it is worth then: bytes that it
/// went through for each state that was made.
const FULL: usize = 3;
const BYTES_PER_STATE: usize = 10;

/// How far before the end of a match it is looked for its beginning.
const BACK: usize = 4 << 10;

/// A pattern that can be walked with.
pub(super) struct Automaton {
    nfa: NFA,
    /// Made when it is first needed; nothing if it cannot be made.
    dfa: OnceLock<Option<DFA>>,
    /// Bytes of states that are kept.
    cached: usize,
    /// Whether the line feed of a line is seen behind it.
    pub sees_line_feed: bool,
}

/// What a deterministic automaton says.
enum Told {
    /// The end of the match that ends first, if there is a match.
    End(Option<usize>),
    /// It cannot tell, or has too many states.
    Nothing,
}

impl Automaton {
    pub fn new(nfa: NFA, sees_line_feed: bool, cached: usize) -> Self {
        Self { nfa, dfa: OnceLock::new(), cached, sees_line_feed }
    }

    fn dfa(&self) -> Option<&DFA> {
        let make = || {
            let config = DFA::config()
                .cache_capacity(self.cached)
                .skip_cache_capacity_check(true)
                .minimum_cache_clear_count(Some(FULL))
                .minimum_bytes_per_state(Some(BYTES_PER_STATE))
                .unicode_word_boundary(true);
            DFA::builder().configure(config).build_from_nfa(self.nfa.clone()).ok()
        };
        self.dfa.get_or_init(make).as_ref()
    }
}

/// One thread's walks.
pub(super) struct Walker<'p> {
    automaton: &'p Automaton,
    cache: Option<Cache>,
    simulation: Option<Simulation<'p>>,
}

impl<'p> Walker<'p> {
    pub fn new(automaton: &'p Automaton) -> Self {
        Self { automaton, cache: None, simulation: None }
    }

    /// Where the match begins that ends first, or some place in it if that is far; nothing if there is no match.
    pub fn find_any(
        &mut self,
        haystack: &Haystack<'_, '_>,
        span: Range<usize>,
        stop: &StopFlag,
    ) -> Result<Option<usize>, Error> {
        let near = match self.first_end(haystack, span.clone(), stop)? {
            Told::End(None) => return Ok(None),
            Told::End(Some(end)) => end.saturating_sub(BACK).max(span.start)..end,
            Told::Nothing => {
                let found = self.simulation().find(haystack, span, true, stop)?;
                return Ok(found.map(|found| found.start.max(found.end.saturating_sub(BACK))));
            }
        };
        let start = self.simulation().find(haystack, near.clone(), true, stop)?.map(|found| found.start);
        Ok(Some(start.unwrap_or(near.end)))
    }

    /// The leftmost match, as [`grep_matcher::Matcher::find_at`] has it.
    pub fn find(
        &mut self,
        haystack: &Haystack<'_, '_>,
        span: Range<usize>,
        stop: &StopFlag,
    ) -> Result<Option<Range<usize>>, Error> {
        match self.first_end(haystack, span.clone(), stop)? {
            Told::End(None) => Ok(None),
            Told::End(Some(_)) | Told::Nothing => self.simulation().find(haystack, span, false, stop),
        }
    }

    fn simulation(&mut self) -> &mut Simulation<'p> {
        self.simulation.get_or_insert_with(|| Simulation::new(&self.automaton.nfa))
    }

    fn first_end(&mut self, haystack: &Haystack<'_, '_>, span: Range<usize>, stop: &StopFlag) -> Result<Told, Error> {
        let Some(dfa) = self.automaton.dfa() else { return Ok(Told::Nothing) };
        let cache = self.cache.get_or_insert_with(|| dfa.create_cache());
        cache.search_start(span.start);
        let mut window = haystack.window(span.start)?;
        let from = Input::new(&*window.bytes).span(span.start - window.start..window.bytes.len());
        let Ok(mut state) = dfa.start_state_forward(cache, &from) else { return Ok(Told::Nothing) };
        if state.is_tagged() {
            // No match can begin here, or anything may.
            return Ok(if state.is_dead() { Told::End(None) } else { Told::Nothing });
        }
        let mut at = span.start;
        while at < haystack.range.end && at <= span.end {
            stop.check()?;
            if !window.shows(at + 1) {
                window = haystack.window(at)?;
            }
            // A match shows one byte behind its end.
            let until = window.until().min(at + LOOK).min(span.end + 1);
            while at < until {
                let byte = window.byte(at);
                let mut next = dfa.next_state_untagged(cache, state, byte);
                if next.is_tagged() {
                    if next.is_unknown() {
                        // Making a state of a large pattern takes a while.
                        stop.check()?;
                        cache.search_update(at);
                        match dfa.next_state(cache, state, byte) {
                            Ok(made) => next = made,
                            Err(_) => return Ok(Told::Nothing),
                        }
                    }
                    if next.is_match() {
                        return Ok(Told::End(Some(at)));
                    }
                    if next.is_dead() {
                        return Ok(Told::End(None));
                    }
                    if next.is_quit() {
                        return Ok(Told::Nothing);
                    }
                }
                state = next;
                at += 1;
            }
        }
        if at > span.end {
            return Ok(Told::End(None));
        }
        match dfa.next_eoi_state(cache, state) {
            Ok(last) if last.is_match() => Ok(Told::End(Some(at))),
            Ok(_) => Ok(Told::End(None)),
            Err(_) => Ok(Told::Nothing),
        }
    }
}
