//! What a cell prints: the beginning is kept, the rest is only counted.

use super::vm::{OutputSink, Stream};
use crate::text::cut_head;
use std::sync::{Mutex, PoisonError};

/// Collects what one cell prints on both streams, in the order in which it comes.
#[derive(Debug, Default)]
pub struct Output(Mutex<Printed>);

#[derive(Debug, Default)]
struct Printed {
    kept: String,
    /// Characters that still fit.
    room: usize,
    omitted: usize,
}

impl Output {
    /// Begins a cell, which may print `limit` characters.
    pub fn reset(&self, limit: usize) {
        *self.lock() = Printed { room: limit, ..Printed::default() };
    }

    /// What was kept, and how many characters were left out.
    pub fn take(&self) -> (String, usize) {
        let mut printed = self.lock();
        (std::mem::take(&mut printed.kept), std::mem::take(&mut printed.omitted))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Printed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputSink for Output {
    fn write(&self, _stream: Stream, text: &str) {
        let mut printed = self.lock();
        let cut = cut_head(text, printed.room);
        printed.kept.push_str(cut.shown);
        printed.omitted += cut.omitted;
        printed.room -= if cut.omitted > 0 { printed.room } else { cut.shown.chars().count() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_kept_and_the_rest_counted() {
        let output = Output::default();
        output.reset(5);
        for text in ["aé", "漢😀", "xyz", "!"] {
            output.write(Stream::Stdout, text);
        }
        assert_eq!(output.take(), ("aé漢😀x".to_owned(), 3));
        output.reset(1);
        output.write(Stream::Stderr, "a");
        assert_eq!(output.take(), ("a".to_owned(), 0));
    }
}
