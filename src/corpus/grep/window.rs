//! A text that is walked through byte by byte, and need not lie in memory.

use crate::corpus::error::Error;
use std::{borrow::Cow, ops::Range};

/// Bytes that are looked at before others are fetched. Tests go through many windows.
const WINDOW: usize = if cfg!(test) { 16 } else { 1 << 20 };

/// What is looked at beside a place tells whether a word or a line ends there: one character on each side.
const BESIDE: usize = 4;

/// Gives the bytes of a range.
pub(super) type Read<'r, 't> = dyn Fn(Range<usize>) -> Result<Cow<'t, [u8]>, Error> + 'r;

/// What is searched as if there were nothing before or behind it.
pub(super) struct Haystack<'r, 't> {
    pub read: &'r Read<'r, 't>,
    pub range: Range<usize>,
}

/// A part of it, with what is beside.
pub(super) struct Window<'t> {
    pub bytes: Cow<'t, [u8]>,
    /// The place of the first byte.
    pub start: usize,
    /// Places behind this one are seen from the next window.
    until: usize,
}

impl<'t> Haystack<'_, 't> {
    /// Where `place` and some that follow are seen from.
    pub fn window(&self, place: usize) -> Result<Window<'t>, Error> {
        let start = place.saturating_sub(BESIDE).max(self.range.start);
        let end = place.saturating_add(WINDOW + 2 * BESIDE).min(self.range.end);
        let until = if end == self.range.end { end } else { end - BESIDE };
        Ok(Window { bytes: (self.read)(start..end)?, start, until })
    }
}

impl Window<'_> {
    pub fn shows(&self, place: usize) -> bool {
        place <= self.until
    }

    /// The place of its last byte that has enough beside it, and one more.
    pub fn until(&self) -> usize {
        self.until
    }

    pub fn byte(&self, place: usize) -> u8 {
        self.bytes[place - self.start]
    }
}
