//! What cells print: the beginning is shown, what is beyond that can be looked at by later cells.

use super::vm::{OutputSink, Stream};
use crate::text::cut_head;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Bytes that are kept of what one cell prints. The rest is only counted.
const KEPT_BYTES: usize = 4 << 20;

/// The most cells whose outputs are kept.
const KEPT_CELLS: usize = 8;

/// Collects what cells print on both streams, in the order in which it comes.
#[derive(Debug, Default)]
pub struct Output(Mutex<Printed>);

#[derive(Debug, Default)]
struct Printed {
    current: OneCell,
    /// The latest first.
    earlier: VecDeque<OneCell>,
}

#[derive(Debug, Default)]
struct OneCell {
    kept: String,
    characters: usize,
    is_full: bool,
}

impl Output {
    /// Begins a cell.
    pub fn reset(&self) {
        self.lock().current = OneCell::default();
    }

    /// The first `limit` characters of what the cell has printed, and how many are left out. Later cells can look at
    /// the rest.
    pub fn take(&self, limit: usize) -> (String, usize) {
        let mut printed = self.lock();
        let cell = std::mem::take(&mut printed.current);
        let shown = cut_head(&cell.kept, limit).shown.to_owned();
        let omitted = cell.characters - shown.chars().count();
        printed.earlier.push_front(cell);
        printed.earlier.truncate(KEPT_CELLS);
        (shown, omitted)
    }

    /// What an earlier cell has printed, as far as it was kept, and all characters of it; 1 is the last one.
    pub fn earlier(&self, back: usize) -> Option<(String, usize)> {
        let printed = self.lock();
        let cell = printed.earlier.get(back.checked_sub(1)?)?;
        Some((cell.kept.clone(), cell.characters))
    }

    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputSink for Output {
    fn write(&self, _stream: Stream, text: &str) {
        let cell = &mut self.lock().current;
        cell.characters += text.chars().count();
        if !cell.is_full {
            let room = KEPT_BYTES - cell.kept.len();
            cell.is_full = text.len() > room;
            cell.kept.push_str(&text[..text.floor_char_boundary(room)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_shown_and_the_rest_can_be_had_later() {
        let output = Output::default();
        output.reset();
        for text in ["aé", "漢😀", "xyz", "!"] {
            output.write(Stream::Stdout, text);
        }
        assert_eq!(output.take(5), ("aé漢😀x".to_owned(), 3));
        output.reset();
        output.write(Stream::Stderr, "a");
        assert_eq!(output.take(1), ("a".to_owned(), 0));
        assert_eq!(output.earlier(1), Some(("a".to_owned(), 1)));
        assert_eq!(output.earlier(2), Some(("aé漢😀xyz!".to_owned(), 8)));
        assert_eq!((output.earlier(0), output.earlier(3)), (None, None));
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let output = Output::default();
        output.reset();
        for _ in 0..3 {
            output.write(Stream::Stdout, &"é".repeat(KEPT_BYTES / 3));
        }
        let (shown, omitted) = output.take(2);
        assert_eq!((shown.as_str(), omitted), ("éé", KEPT_BYTES / 3 * 3 - 2));
        assert!(output.earlier(1).unwrap().0.len() <= KEPT_BYTES);
    }
}
