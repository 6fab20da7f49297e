//! Looks for quotations in lines of files: in pieces, up to a number of bytes for one answer, and until that is
//! stopped.

use crate::{
    corpus::{ContextText, Segment, StopFlag},
    engine::cite::quote::{Quote, Said},
};
use std::ops::Range;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Reads lines of one context.
pub struct Lines<'a> {
    context: &'a ContextText,
    stop: &'a StopFlag,
    /// Bytes that may still be read.
    left: usize,
}

impl<'a> Lines<'a> {
    /// A reader of at most `most` bytes, until `stop` is raised.
    pub fn of(context: &'a ContextText, stop: &'a StopFlag, most: usize) -> Self {
        Self { context, stop, left: most }
    }

    /// How many lines a file has; nothing if it cannot be read now.
    pub fn count(&self, segment: &Segment) -> Option<usize> {
        match segment.text.end.checked_sub(1) {
            Some(last) if !segment.text.is_empty() => Some(self.context.position(last).ok()??.line),
            _ => Some(0),
        }
    }

    /// The bytes of lines of a file, both counted from 1; nothing if it cannot be read now.
    pub fn range(&self, segment: &Segment, first: usize, last: usize) -> Option<Range<usize>> {
        let number = |line: usize| i64::try_from(line).unwrap_or(i64::MAX);
        self.context.line_range(segment.path.as_deref(), number(first), Some(number(last))).ok()
    }

    /// Whether a part of the text says what is quoted.
    pub fn say(&mut self, range: Range<usize>, quote: &Quote) -> Said {
        let mut search = quote.search();
        let mut at = range.start;
        while at < range.end {
            if self.stop.is_raised() || self.left == 0 {
                return Said::Unknown;
            }
            let Some(piece) = self.piece(at, range.end) else { return Said::Unknown };
            search.push(&piece);
            if search.is_found() {
                return Said::Yes;
            }
            at += piece.len();
            self.left = self.left.saturating_sub(piece.len());
        }
        search.end()
    }

    /// The beginning of a part of the text, of at most this many bytes.
    pub fn beginning(&self, range: &Range<usize>, bytes: usize) -> String {
        let end = self.context.floor_char(range.end.min(range.start.saturating_add(bytes)));
        end.and_then(|end| self.context.read(range.start..end)).map(|it| it.into_owned()).unwrap_or_default()
    }

    fn piece(&self, start: usize, end: usize) -> Option<std::borrow::Cow<'a, str>> {
        let end = if end - start > PIECE { self.context.floor_char(start + PIECE).ok()? } else { end };
        self.context.read(start..end).ok().filter(|piece| !piece.is_empty())
    }
}
