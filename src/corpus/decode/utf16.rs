//! UTF-16 that comes in pieces.

use super::{Changes, REPLACEMENT};

/// Decodes UTF-16.
#[derive(Debug)]
pub(in crate::corpus) struct Utf16Decoder {
    unit: fn([u8; 2]) -> u16,
    /// Whether it begins with a byte order mark.
    has_mark: bool,
    begun: bool,
    /// The beginning of a character whose rest is in the next piece: up to three bytes.
    carry: Vec<u8>,
}

impl Utf16Decoder {
    /// Of what begins with a byte order mark. `unit` makes a code unit of its two bytes.
    pub fn new(unit: fn([u8; 2]) -> u16) -> Self {
        Self { unit, has_mark: true, begun: false, carry: Vec::new() }
    }

    /// Of what begins without one.
    pub fn unmarked(unit: fn([u8; 2]) -> u16) -> Self {
        Self { unit, has_mark: false, begun: true, carry: Vec::new() }
    }

    /// The text of the next piece.
    pub fn decode(&mut self, piece: &[u8]) -> (String, Changes) {
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.extend_from_slice(piece);
        let (pairs, _) = bytes.as_chunks::<2>();
        let unfinished = pairs.last().is_some_and(|&pair| matches!((self.unit)(pair), 0xd800..=0xdbff));
        let whole = pairs.len() - usize::from(unfinished);
        self.carry = bytes[whole * 2..].to_vec();

        let mark = usize::from(!self.begun && whole > 0);
        self.begun |= mark > 0;
        let mut changes = Changes { was_utf16: true, had_mark: self.has_mark, replaced: 0 };
        let mut text = String::with_capacity(whole);
        for decoded in char::decode_utf16(pairs[mark..whole].iter().map(|&pair| (self.unit)(pair))) {
            changes.replaced += usize::from(decoded.is_err());
            text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        (text, changes)
    }

    /// What is left at the end of the file: half a unit, half a pair of units, or both.
    pub fn finish(self) -> (&'static str, Changes) {
        const BOTH: &str = "\u{fffd}\u{fffd}";
        let replaced = self.carry.len().div_ceil(2);
        (&BOTH[..replaced * REPLACEMENT.len()], Changes { replaced, ..Changes::default() })
    }
}
