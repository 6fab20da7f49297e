//! A program of a turn, and what it came to.

use crate::{repl::Ended, text::cut_head};

/// A program that has run, as the model, the events and the run itself see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Which program of its turn it is, from 1.
    pub number: u64,
    pub code: String,
    pub output: String,
    pub output_omitted: usize,
    pub error: Option<String>,
    pub variables: Vec<(String, String)>,
    pub ended: Ended,
    pub seconds: f64,
    /// The answer, if it gave one.
    pub answer: Option<String>,
}

impl Cell {
    /// Keeps the first `room` characters of the output; returns how many it has.
    pub fn keep_output(&mut self, room: usize) -> usize {
        let cut = cut_head(&self.output, room);
        let (kept, omitted) = (cut.shown.len(), cut.omitted);
        self.output.truncate(kept);
        self.output_omitted += omitted;
        self.output.chars().count()
    }
}
