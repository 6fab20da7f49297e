//! How long a part of the text is: in characters or in tokens.

use crate::{
    corpus::{error::Error, stop::StopFlag},
    text::{CharIndex, estimated_tokens},
};
use std::ops::Range;

/// What sizes of chunks are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Characters,
    /// As [`estimated_tokens`] estimates them.
    Tokens,
}

impl Unit {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Tokens => "tokens",
        }
    }

    /// More characters than one of them mostly has.
    pub(super) fn most_characters(self) -> usize {
        match self {
            Self::Characters => 1,
            Self::Tokens => 16,
        }
    }
}

/// The measure of one text.
pub(super) struct Measure<'a> {
    text: &'a str,
    chars: &'a CharIndex,
    unit: Unit,
}

impl<'a> Measure<'a> {
    pub fn new(text: &'a str, chars: &'a CharIndex, unit: Unit) -> Self {
        Self { text, chars, unit }
    }

    /// The length of some bytes. That of several parts together is at most the sum of theirs.
    pub fn length(&self, range: Range<usize>) -> usize {
        match self.unit {
            Unit::Characters => self.char_of(range.end) - self.char_of(range.start),
            Unit::Tokens => estimated_tokens(&self.text[range]),
        }
    }

    /// The length of the whole text, or a little more.
    pub fn length_of_all(&self, stop: &StopFlag) -> Result<usize, Error> {
        const PART: usize = 4 << 20;
        let (mut length, mut start) = (0, 0);
        while start < self.text.len() {
            stop.check()?;
            let end = self.text.ceil_char_boundary(start.saturating_add(PART).min(self.text.len()));
            length += self.length(start..end);
            start = end;
        }
        Ok(length)
    }

    /// About how many bytes have this length.
    pub fn bytes(&self, length: usize) -> usize {
        const BYTES_PER_TOKEN: usize = 4;
        match self.unit {
            Unit::Characters => length,
            Unit::Tokens => length.saturating_mul(BYTES_PER_TOKEN),
        }
    }

    /// Where an end of a range begins that has at most this length, and is not all of it if it is `partly`.
    pub fn back(&self, range: Range<usize>, partly: bool, length: usize) -> usize {
        let (first, end) = (self.char_of(range.start) + usize::from(partly), self.char_of(range.end));
        let mut count = length.min(end.saturating_sub(first));
        loop {
            let start = self.byte_of(end - count);
            if count == 0 || self.length(start..range.end) <= length {
                return start;
            }
            count /= 2;
        }
    }

    fn char_of(&self, byte: usize) -> usize {
        self.chars.char_of_byte(self.text.as_bytes(), byte)
    }

    fn byte_of(&self, char: usize) -> usize {
        self.chars.byte_of_char(self.text.as_bytes(), char)
    }
}
