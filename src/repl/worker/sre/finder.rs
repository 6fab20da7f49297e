//! Finds where a pattern may match, with the engines of the crate `regex-automata`.
//!
//! The engine of `re` follows code step by step and goes back where it has guessed wrong. Here automata read each byte
//! about once and vector instructions look for literals, ten to a hundred times faster. If the automaton cannot say
//! exactly what the pattern matches, or where its groups lie, the engine of `re` has the last word at every place that
//! is found.

use super::{
    interrupt::Pulse,
    translate::{Alphabet, Translation, bounded_head, is_bounded, is_nullable, never_inside, translate},
    tree::Node,
};
use regex_automata::{
    Input, MatchKind,
    meta::{Config, Regex},
    nfa::thompson::WhichCaptures,
};
use regex_syntax::hir::Hir;
use rustpython_vm::PyResult;
use std::ops::Range;

/// Bytes that are searched between two looks for signals.
const STRETCH: usize = 4 << 20;

/// The longest match of an expression whose matches may lie anywhere. The end of a stretch is searched twice.
const LONGEST: usize = 64 << 10;

/// The largest automaton before it is run, and the room for the states that it gets while it runs.
const SIZE_LIMIT: usize = 8 << 20;
const CACHE_LIMIT: usize = 4 << 20;

/// An automaton for subjects of one alphabet.
///
/// It is boxed because its vectors may be aligned to 32 bytes: the interpreter finds the weak references of an object
/// at a fixed distance before it, which fails for payloads that are aligned above 8.
#[derive(Debug)]
pub struct Finder {
    regex: Box<Regex>,
    is_exact: bool,
    cuts: Cuts,
}

/// Where a search may stop without missing a match that reaches further.
#[derive(Debug)]
enum Cuts {
    /// Before the ASCII characters that occur in no match.
    Before(Box<[bool; 128]>),
    /// As many bytes behind the last start as the longest match has.
    Longest(usize),
}

impl Cuts {
    fn of(expression: &Hir) -> Option<Self> {
        if is_bounded(expression, LONGEST) {
            return Some(Self::Longest(expression.properties().maximum_len().unwrap_or(0)));
        }
        let never = never_inside(expression);
        never.contains(&true).then(|| Self::Before(Box::new(never)))
    }
}

impl Finder {
    /// Nothing if an automaton would be no help, or would be too large.
    pub fn new(root: &Node, alphabet: Alphabet) -> Option<Self> {
        let Translation { mut expression, mut is_exact } = translate(root, alphabet);
        let cuts = match Cuts::of(&expression) {
            Some(cuts) => cuts,
            None => {
                is_exact = false;
                expression = bounded_head(&expression, LONGEST);
                Cuts::of(&expression)?
            }
        };
        if !is_exact && is_nullable(&expression) {
            return None;
        }
        let config = Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .utf8_empty(alphabet == Alphabet::Unicode)
            .which_captures(WhichCaptures::Implicit)
            .nfa_size_limit(Some(SIZE_LIMIT))
            .hybrid_cache_capacity(CACHE_LIMIT);
        let regex = Regex::builder().configure(config).build_from_hir(&expression).ok()?;
        Some(Self { regex: Box::new(regex), is_exact, cuts })
    }

    /// Whether what is found is what the pattern matches; else it is a place where the pattern may match.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The first match that starts at `start` or behind.
    ///
    /// # Errors
    /// The search was interrupted between two stretches.
    pub fn find(&self, haystack: &[u8], mut start: usize, pulse: &mut Pulse<'_>) -> PyResult<Option<Range<usize>>> {
        loop {
            let (last_start, end) = self.stretch(haystack, start);
            let found = self.regex.search(&Input::new(haystack).span(start..end));
            match found {
                // Behind, a longer match may start that does not end here.
                Some(found) if found.start() <= last_start => return Ok(Some(found.range())),
                _ if end == haystack.len() => return Ok(found.map(|found| found.range())),
                _ => {}
            }
            pulse.check()?;
            start = last_start;
        }
    }

    /// Up to where matches may start if a stretch is searched from `start` on, and its end.
    fn stretch(&self, haystack: &[u8], start: usize) -> (usize, usize) {
        let len = haystack.len();
        let Some(behind) = haystack.get(start + STRETCH..) else {
            return (len, len);
        };
        match &self.cuts {
            Cuts::Before(never) => {
                let is_cut = |&byte: &u8| never.get(usize::from(byte)).is_some_and(|&never| never);
                let end = behind.iter().position(is_cut).map_or(len, |distance| start + STRETCH + distance);
                (end, end)
            }
            Cuts::Longest(longest) => {
                let continues = |&byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
                let last_start = start + STRETCH + behind.iter().take(3).take_while(|byte| continues(byte)).count();
                (last_start, (last_start + longest).min(len))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repl::worker::sre::{char_set::CharSet, tree::Repeat};

    fn class(first: char, last: char) -> Node {
        Node::Class(CharSet::new(vec![(first.into(), last.into())]))
    }

    fn repeated(body: Node, kind: Repeat) -> Node {
        Node::Repeat { body: Box::new(body), min: 0, max: u32::MAX, kind }
    }

    fn starts(finder: &Finder, haystack: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut pulse = Pulse::new(&|| Ok(()));
        let mut next = |start| finder.find(haystack, start, &mut pulse).expect("nothing interrupts");
        while let Some(next) = next(found.last().map_or(0, |last| last.end)) {
            found.push(next);
        }
        found
    }

    #[test]
    fn matches_across_the_ends_of_stretches_are_whole() {
        let letters = Node::Sequence(vec![class('a', 'a'), repeated(class('b', 'b'), Repeat::Greedy)]);
        let pair = Node::Sequence(vec![class('a', 'a'), class('b', 'b')]);
        for (root, length) in [(letters, 9), (pair, 2)] {
            let finder = Finder::new(&root, Alphabet::Ascii).unwrap();
            assert!(finder.is_exact());
            for offset in (STRETCH - 12)..(STRETCH + 3) {
                let mut haystack = vec![b'-'; STRETCH + 64];
                haystack[offset..offset + 9].copy_from_slice(b"abbbbbbbb");
                haystack[STRETCH + 40] = b'a';
                haystack[STRETCH + 41] = b'b';
                let expected = [offset..offset + length, STRETCH + 40..STRETCH + 42];
                assert_eq!(starts(&finder, &haystack), expected, "{offset}");
            }
        }
    }

    #[test]
    fn what_may_reach_anywhere_is_found_by_its_beginning() {
        let everything = Node::Class(CharSet::all());
        let tail = repeated(everything, Repeat::Lazy);
        let finder =
            Finder::new(&Node::Sequence(vec![class('<', '<'), tail.clone(), class('>', '>')]), Alphabet::Unicode);
        let finder = finder.unwrap();
        assert!(!finder.is_exact());
        assert_eq!(starts(&finder, "é<a<b>".as_bytes()), [2..3, 4..5]);
        assert!(Finder::new(&tail, Alphabet::Unicode).is_none());
    }
}
