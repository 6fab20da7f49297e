//! Parsing within bounds.
//!
//! A parser may take any time for a text that is not a program: it tries to recover from each error, at a cost that
//! grows with its depth. So texts with too many open brackets are not parsed at all. The work on others is bounded in
//! steps, which gives the same result on every machine, and also in time, since a step may be long; no program needs as
//! much. Callers look at a text that the parser gives up line by line.

use crate::corpus::stop::StopFlag;
use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};
use tree_sitter::{Language, ParseOptions, ParseState, Parser, Tree};

/// Larger files are not parsed.
pub(super) const LARGEST: usize = 2 << 20;

/// Of 54,000 files of Linux and of crates 20 have more than 50 brackets open at once, and the deepest has 305.
const DEEPEST: usize = 500;

/// The tree of a text; nothing if the text is too large or takes too much work, or if it is stopped.
pub(super) fn parse(text: &str, language: &Language, stop: &StopFlag) -> Option<Tree> {
    if text.len() > LARGEST || is_deep(text) {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let mut bound = Bound::new(text.len(), stop);
    let mut progress = |_: &ParseState| bound.step();
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
}

/// Whether more brackets are ever open than were closed again, by far. Those in strings and comments count as well.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// How much work a text may make before it is given up. It is reported every hundred steps.
pub(super) struct Bound<'a> {
    stop: &'a StopFlag,
    reports_left: usize,
    began: Instant,
    longest: Duration,
}

impl<'a> Bound<'a> {
    /// Sane texts need less than a step for each byte, and hostile ones get two. A core parses C at some six megabytes a
    /// second; here a text may be parsed at half a megabyte a second, and begins with two seconds more.
    pub fn new(bytes: usize, stop: &'a StopFlag) -> Self {
        let longest = Duration::from_secs(2) + Duration::from_micros(2 * bytes as u64);
        Self { stop, reports_left: 2_000 + bytes / 50, began: Instant::now(), longest }
    }

    pub fn step(&mut self) -> ControlFlow<()> {
        self.reports_left = self.reports_left.saturating_sub(1);
        match self.reports_left > 0 && !self.stop.is_raised() && self.began.elapsed() < self.longest {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }
}
