//! Compiling a pattern within bounds.
//!
//! A pattern comes from a program that may be hostile, and its search cannot be interrupted. So what the engine of
//! `ripgrep` may use for it is bounded, groups capture nothing, since nobody asks what they matched and a table of what
//! each of thousands of groups matched takes gigabytes, and the number of states says how much of a text is searched at
//! once: the slowest of its engines visits each state for each byte.

use super::{PART, automaton::Automaton};
use crate::corpus::error::GrepError;
use crate::text::cut_head;
use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_syntax::{
    ParserBuilder,
    ast::{self, Ast, GroupKind, Visitor},
    hir::Hir,
};
use std::{convert::Infallible, ops::Range};

/// The longest pattern, in bytes. A longer literal does not fit into [`MOST_COMPILED`] either.
const LONGEST: usize = 256 << 10;

/// The most bytes of a compiled pattern.
const MOST_COMPILED: usize = 8 << 20;

/// Bytes of states that are kept of each automaton that is made while it runs. Each thread has up to four.
const MOST_CACHED: usize = 2 << 20;

/// Visits of states between two looks at a flag: half a second at most.
const VISITS: usize = 40_000_000;

/// Characters of a pattern that an error repeats.
const REPEATED: usize = 200;

/// A pattern, ready to be searched.
pub(in crate::corpus) struct Pattern {
    pub(super) matcher: RegexMatcher,
    pub(super) scope: Scope,
    /// The same for what would take the matcher too long at once.
    pub(super) automaton: Automaton,
    /// The most bytes that the matcher is given at once.
    pub(super) most_at_once: usize,
}

/// What is searched in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Any number of whole lines.
    Lines,
    /// One file after the other, since matches may reach over several lines.
    Files,
}

impl Pattern {
    pub(super) fn new(pattern: &str, ignore_case: bool) -> Result<Self, GrepError> {
        let bad = |reason: String| {
            let cut = cut_head(pattern, REPEATED);
            let pattern = format!("{}{}", cut.shown, if cut.omitted > 0 { "…" } else { "" });
            GrepError::Pattern { pattern, reason }
        };
        if pattern.len() > LONGEST {
            return Err(bad(format!("it has {} bytes, and the most is {LONGEST}", pattern.len())));
        }
        let parse = |pattern: &str| -> Result<Hir, String> {
            let mut builder = ParserBuilder::new();
            builder.utf8(false).case_insensitive(ignore_case).multi_line(true).crlf(true);
            builder.build().parse(pattern).map_err(|error| error.to_string())
        };
        parse(pattern).map_err(bad)?;
        let plain = without_captures(pattern).map_err(bad)?;
        let nfa = compile(&parse(&plain).map_err(bad)?).map_err(bad)?;
        let mut builder = RegexMatcherBuilder::new();
        builder.case_insensitive(ignore_case).multi_line(true).crlf(true);
        builder.size_limit(MOST_COMPILED).dfa_size_limit(MOST_CACHED);
        let built = match builder.line_terminator(Some(b'\n')).build(&plain) {
            Err(error) if matches!(error.kind(), grep_regex::ErrorKind::NotAllowed(_)) => {
                builder.line_terminator(None).build(&plain).map(|matcher| (matcher, Scope::Files))
            }
            built => built.map(|matcher| (matcher, Scope::Lines)),
        };
        let (matcher, scope) = built.map_err(|error| bad(error.to_string()))?;
        // A line is searched without its line feed where `\A` and `\z` stand for its ends.
        let sees_line_feed = scope == Scope::Files || matcher.line_terminator().is_some();
        let most_at_once = (VISITS / nfa.states().len()).min(PART);
        Ok(Self { matcher, scope, automaton: Automaton::new(nfa, sees_line_feed, MOST_CACHED), most_at_once })
    }

    /// The same for a text whose lines lie in many pieces.
    pub(in crate::corpus) fn of_lines(pattern: &str, ignore_case: bool) -> Result<Self, GrepError> {
        let compiled = Self::new(pattern, ignore_case)?;
        if compiled.scope == Scope::Files {
            let reason = "the lines of a store are searched one by one, so it cannot contain a line feed".to_owned();
            return Err(GrepError::Pattern { pattern: pattern.to_owned(), reason });
        }
        Ok(compiled)
    }
}

/// The states of a pattern.
fn compile(hir: &Hir) -> Result<thompson::NFA, String> {
    let config =
        thompson::Config::new().utf8(false).nfa_size_limit(Some(MOST_COMPILED)).which_captures(WhichCaptures::None);
    thompson::Compiler::new().configure(config).build_from_hir(hir).map_err(|error| match error.size_limit() {
        Some(_) => {
            let most = MOST_COMPILED >> 20;
            format!("compiled it takes more than {most} MiB, the most; repeat less in it, or look for a part of it")
        }
        None => error.to_string(),
    })
}

/// The pattern with groups that capture nothing. What it matches stays the same, since nothing can refer to a group.
fn without_captures(pattern: &str) -> Result<String, String> {
    let ast = ast::parse::Parser::new().parse(pattern).map_err(|error| error.to_string())?;
    let Ok(openings) = ast::visit(&ast, Openings(Vec::new()));
    let mut plain = String::with_capacity(pattern.len() + 2 * openings.len());
    let mut copied = 0;
    for opening in openings {
        plain.push_str(&pattern[copied..opening.start]);
        plain.push_str("(?:");
        copied = opening.end;
    }
    plain.push_str(&pattern[copied..]);
    Ok(plain)
}

/// Where groups begin that capture: the bytes up to what is in them, in their order.
struct Openings(Vec<Range<usize>>);

impl Visitor for Openings {
    type Output = Vec<Range<usize>>;
    type Err = Infallible;

    fn finish(self) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        if let Ast::Group(group) = ast {
            let start = group.span.start.offset;
            match &group.kind {
                GroupKind::CaptureIndex(_) => self.0.push(start..start + "(".len()),
                GroupKind::CaptureName { name, .. } => self.0.push(start..name.span.end.offset + ">".len()),
                GroupKind::NonCapturing(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_capture_nothing() {
        for (pattern, expected) in [
            ("a(b|(c))d", "a(?:b|(?:c))d"),
            (r"(?P<name>é)(?<other>x)\(", r"(?:é)(?:x)\("),
            ("(?i)(?:a)(?i:b)[(]", "(?i)(?:a)(?i:b)[(]"),
            ("(?x) ( a ) # (", "(?x) (?: a ) # ("),
            ("", ""),
        ] {
            assert_eq!(without_captures(pattern).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_takes_too_much_is_refused_in_plain_words() {
        let error = |pattern: &str| Pattern::new(pattern, false).err().map(|error| error.to_string());
        for pattern in [r"\w{5000}", r"(((a{100}){100}){100})", &r"\pL{40}|".repeat(1000)] {
            let error = error(pattern).unwrap_or_else(|| panic!("{}", &pattern[..7]));
            assert!(error.contains("more than 8 MiB") && error.len() < 1000, "{error}");
        }
        let error = error(&"x".repeat(1 << 20)).expect("it is refused");
        assert!(error.contains("1048576 bytes") && error.len() < 1000, "{error}");
        for pattern in
            [r"[ab]*a[ab]{300}c", r"\w{100}", &"x".repeat(50 << 10), &"(a)".repeat(20_000), &"abc|".repeat(20_000)]
        {
            assert!(Pattern::new(pattern, true).is_ok(), "{}", &pattern[..10]);
        }
    }

    #[test]
    fn the_more_states_the_less_is_searched_at_once() {
        let most = |pattern: &str| Pattern::new(pattern, false).map(|it| it.most_at_once).unwrap_or_default();
        assert_eq!(most("needle"), PART);
        assert!(most(r"fn \w+\(") > 20_000, "{}", most(r"fn \w+\("));
        assert!((1..2000).contains(&most("[ab]{100000}c")), "{}", most("[ab]{100000}c"));
    }
}
