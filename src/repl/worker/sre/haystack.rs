//! What the engine searches in: the characters of a string, or bytes.
//!
//! A place is the number of the byte that a character begins at.

use super::translate::Alphabet;
use std::ops::Range;

/// Characters one behind the other.
pub trait Haystack: Copy {
    fn bytes(&self) -> &[u8];
    /// Nothing for strings with lone surrogates, which automata cannot search.
    fn alphabet(&self) -> Option<Alphabet>;
    /// The character at a place, which must not be the end, and the place behind.
    fn next(&self, at: usize) -> (u32, usize);
    /// The character before a place, which must not be the beginning, and its place.
    fn before(&self, at: usize) -> (u32, usize);
}

/// Characters of one byte each: bytes, or a string of ASCII.
#[derive(Debug, Clone, Copy)]
pub struct Narrow<'a> {
    pub bytes: &'a [u8],
    pub alphabet: Alphabet,
}

impl Haystack for Narrow<'_> {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn alphabet(&self) -> Option<Alphabet> {
        Some(self.alphabet)
    }

    #[inline]
    fn next(&self, at: usize) -> (u32, usize) {
        (self.bytes[at].into(), at + 1)
    }

    #[inline]
    fn before(&self, at: usize) -> (u32, usize) {
        (self.bytes[at - 1].into(), at - 1)
    }
}

/// Characters in UTF-8, lone surrogates included.
#[derive(Debug, Clone, Copy)]
pub struct Wide<'a> {
    pub bytes: &'a [u8],
    pub has_surrogates: bool,
}

impl Haystack for Wide<'_> {
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn alphabet(&self) -> Option<Alphabet> {
        (!self.has_surrogates).then_some(Alphabet::Unicode)
    }

    #[inline]
    fn next(&self, at: usize) -> (u32, usize) {
        let first = self.bytes[at];
        let behind = at + 1;
        match first {
            ..0x80 => (first.into(), behind),
            0x80..0xe0 => (self.continued(first & 0x1f, behind..at + 2), at + 2),
            0xe0..0xf0 => (self.continued(first & 0x0f, behind..at + 3), at + 3),
            _ => (self.continued(first & 0x07, behind..at + 4), at + 4),
        }
    }

    #[inline]
    fn before(&self, at: usize) -> (u32, usize) {
        let last = self.bytes[at - 1];
        if last.is_ascii() {
            return (last.into(), at - 1);
        }
        let mut start = at - 2;
        while self.bytes[start] & 0b1100_0000 == 0b1000_0000 {
            start -= 1;
        }
        (self.next(start).0, start)
    }
}

impl Wide<'_> {
    /// The character whose first byte says `bits`, and whose other bytes lie in a range.
    fn continued(&self, bits: u8, others: Range<usize>) -> u32 {
        let others = &self.bytes[others];
        others.iter().fold(bits.into(), |bits: u32, byte| bits << 6 | u32::from(byte & 0b0011_1111))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_the_same_in_both_directions() {
        let text = "aé漢😀\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}";
        let haystack = Wide { bytes: text.as_bytes(), has_surrogates: false };
        for (at, char) in text.char_indices() {
            let behind = at + char.len_utf8();
            assert_eq!(haystack.next(at), (char.into(), behind));
            assert_eq!(haystack.before(behind), (char.into(), at));
        }
        let lone = Wide { bytes: b"a\xed\xa0\x80", has_surrogates: true };
        assert_eq!((lone.next(1), lone.before(4)), ((0xd800, 4), (0xd800, 1)));
    }
}
