//! Looking at the text of a search: at places without characters, and at many characters in a row. In CPython these are
//! `SRE(at)` and `SRE(count)`.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::{
    super::{
        case::Case,
        char_set::WORD,
        haystack::Haystack,
        interrupt::Pulse,
        tree::{Anchor, Letters},
    },
    program::Test,
    run::Request,
    set::Set,
};
use memchr::{memchr, memrchr};
use rustpython_vm::PyResult;
use std::{ops::Range, sync::LazyLock};

/// Characters between two calls of the pulse.
const STRETCH: usize = 1 << 12;

/// How many bytes are looked at for a line feed, or another byte, in the time of one step.
const FAST: usize = 16;

static WORD_SET: LazyLock<Set> = LazyLock::new(|| Set::new(&WORD));

impl<H: Haystack> Request<'_, H> {
    /// The place behind the character at a place, if there is one and it passes.
    #[inline]
    pub(super) fn one(&self, test: Test, at: usize) -> Option<usize> {
        if at >= self.end {
            return None;
        }
        let (char, behind) = self.haystack.next(at);
        self.program.passes(test, char).then_some(behind)
    }

    /// The place behind `count` characters that pass, if there are as many.
    pub(super) fn exactly(&self, test: Test, at: usize, count: u32, pulse: &mut Pulse<'_>) -> PyResult<Option<usize>> {
        let count = count as usize;
        let (behind, taken) = self.take(test, at, count, pulse)?;
        Ok((taken == count).then_some(behind))
    }

    /// The place behind all characters that pass, or behind the first `max` of them.
    pub(super) fn up_to(&self, test: Test, at: usize, max: Option<u32>, pulse: &mut Pulse<'_>) -> PyResult<usize> {
        match (test, max) {
            (Test::Anything, None) => Ok(self.end),
            (Test::NoLineFeed, None) => {
                let rest = &self.haystack.bytes()[at..self.end];
                let distance = memchr(b'\n', rest).unwrap_or(rest.len());
                pulse.step(distance / FAST)?;
                Ok(at + distance)
            }
            _ => Ok(self.take(test, at, max.map_or(usize::MAX, |max| max as usize), pulse)?.0),
        }
    }

    /// The first place from `at` on whose character passes.
    pub(super) fn find(&self, test: Test, at: usize, pulse: &mut Pulse<'_>) -> PyResult<Option<usize>> {
        if let Some(byte) = ascii(test) {
            let rest = &self.haystack.bytes()[at..self.end];
            let distance = memchr(byte, rest);
            pulse.step(distance.unwrap_or(rest.len()) / FAST)?;
            return Ok(distance.map(|distance| at + distance));
        }
        let (place, _) = self.take_while(at, usize::MAX, pulse, |char| !self.program.passes(test, char))?;
        Ok((place < self.end).then_some(place))
    }

    /// The last place from `at` back to `floor` whose character passes.
    pub(super) fn find_back(
        &self,
        test: Test,
        floor: usize,
        mut at: usize,
        pulse: &mut Pulse<'_>,
    ) -> PyResult<Option<usize>> {
        if let Some(byte) = ascii(test) {
            let searched = &self.haystack.bytes()[floor..self.end.min(at + 1)];
            let distance = memrchr(byte, searched);
            pulse.step((searched.len() - distance.unwrap_or(0)) / FAST)?;
            return Ok(distance.map(|distance| floor + distance));
        }
        while self.one(test, at).is_none() {
            if at == floor {
                return Ok(None);
            }
            at = self.haystack.before(at).1;
            pulse.step(1)?;
        }
        Ok(Some(at))
    }

    /// The place behind the characters that pass, `max` at most, and how many they are.
    fn take(&self, test: Test, at: usize, max: usize, pulse: &mut Pulse<'_>) -> PyResult<(usize, usize)> {
        match test {
            Test::Anything => self.take_while(at, max, pulse, |_| true),
            Test::NoLineFeed => self.take_while(at, max, pulse, |char| char != u32::from('\n')),
            Test::Literal(literal) => self.take_while(at, max, pulse, |char| char == literal),
            Test::Set(number) => {
                let set = &self.program.sets[number as usize];
                self.take_while(at, max, pulse, |char| set.contains(char))
            }
        }
    }

    fn take_while(
        &self,
        mut at: usize,
        max: usize,
        pulse: &mut Pulse<'_>,
        passes: impl Fn(u32) -> bool,
    ) -> PyResult<(usize, usize)> {
        let mut taken = 0;
        loop {
            let stretch = (max - taken).min(STRETCH);
            let mut count = 0;
            while count < stretch && at < self.end {
                let (char, behind) = self.haystack.next(at);
                if !passes(char) {
                    break;
                }
                at = behind;
                count += 1;
            }
            taken += count;
            pulse.step(count)?;
            if count < STRETCH {
                return Ok((at, taken));
            }
        }
    }

    /// The place `count` characters before another, if there are as many.
    pub(super) fn back(&self, mut at: usize, count: u32) -> Option<usize> {
        for _ in 0..count {
            if at == 0 {
                return None;
            }
            at = self.haystack.before(at).1;
        }
        Some(at)
    }

    /// The place behind what is the same as the characters of a range.
    pub(super) fn again(&self, mut range: Range<usize>, case: Case, mut at: usize) -> Option<usize> {
        if case == Case::Exact {
            let (bytes, end) = (self.haystack.bytes(), at + range.len());
            return (end <= self.end && bytes[range] == bytes[at..end]).then_some(end);
        }
        while !range.is_empty() {
            if at >= self.end {
                return None;
            }
            let ((ours, behind), (theirs, next)) = (self.haystack.next(at), self.haystack.next(range.start));
            if case.fold(ours) != case.fold(theirs) {
                return None;
            }
            (at, range.start) = (behind, next);
        }
        Some(at)
    }

    pub(super) fn is_at(&self, anchor: Anchor, at: usize) -> bool {
        let line_feed = |at: usize| self.haystack.bytes()[at] == b'\n';
        match anchor {
            Anchor::Start => at == 0,
            Anchor::StartOfLine => at == 0 || line_feed(at - 1),
            Anchor::EndOfLastLine => at == self.end || at + 1 == self.end && line_feed(at),
            Anchor::EndOfLine => at == self.end || line_feed(at),
            Anchor::End => at == self.end,
            // An empty text has no places of either kind.
            Anchor::Boundary { .. } if self.end == 0 => false,
            Anchor::Boundary { letters, negated } => {
                let before = at > 0 && is_letter(letters, self.haystack.before(at).0);
                let behind = at < self.end && is_letter(letters, self.haystack.next(at).0);
                (before != behind) != negated
            }
        }
    }
}

/// The byte that a test asks for, if the characters of all haystacks can be told by it.
fn ascii(test: Test) -> Option<u8> {
    match test {
        Test::Literal(char) => u8::try_from(char).ok().filter(u8::is_ascii),
        _ => None,
    }
}

/// Whether borders of words lie around a character.
fn is_letter(letters: Letters, char: u32) -> bool {
    match u8::try_from(char).ok().filter(u8::is_ascii) {
        Some(byte) => byte.is_ascii_alphanumeric() || byte == b'_',
        None => letters == Letters::Unicode && WORD_SET.contains(char),
    }
}
