//! Parsing within bounds.

use std::ops::ControlFlow;
use tree_sitter::{Language, ParseOptions, ParseState, Parser, Tree};

/// Larger files are not parsed.
pub(super) const LARGEST: usize = 4 << 20;

/// The tree of a text; nothing if the text is too large or takes too much work.
pub(super) fn parse(text: &str, language: &Language) -> Option<Tree> {
    if text.len() > LARGEST {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let mut reports_left = most_reports(text.len());
    let mut progress = |_: &ParseState| {
        reports_left = reports_left.saturating_sub(1);
        if reports_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
}

/// How often the work on a text of so many bytes may report before it is given up.
///
/// Work is reported every hundred steps. Sane texts need less than a step for each byte, and hostile ones get two; a limit on steps, unlike one on
/// time, gives the same result on every machine.
pub(super) fn most_reports(bytes: usize) -> usize {
    2_000 + bytes / 50
}
