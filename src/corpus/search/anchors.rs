//! What callers say of what they call.
//!
//! The comment above a call often tells in plain words what the called function is for, where the function itself has
//! none, as the text of a link tells what lies behind it (Brin and Page, *The Anatomy of a Large-Scale Hypertextual Web
//! Search Engine*, 1998, section 2.2).

use rustc_hash::FxHashMap;
use std::ops::Range;

/// Lines of a comment that are looked at, the nearest to the call.
const COMMENT_LINES: usize = 5;

/// Lines of a statement that are looked at after the comment.
const STATEMENT_LINES: usize = 4;

/// A name that more functions have says little about any of them.
const NAMESAKES: usize = 2;

/// Calls that are looked at; what is called more often is a tool, and each comment is about something else.
const CALLS: u32 = 30;

/// How many occurrences in code a word of a comment at a call counts for, and all of them together.
const WEIGHT: f32 = 0.6;
const MOST: f32 = 2.0;

/// The definitions and commented calls of some files. Terms and passages have the numbers of whoever collects them.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// The passages that define a function, by its name.
    defined: FxHashMap<Box<str>, Vec<u32>>,
    calls: Vec<Call>,
}

/// A call with a comment.
#[derive(Debug)]
struct Call {
    name: Box<str>,
    /// The terms of the comment.
    terms: Vec<u32>,
}

impl Anchors {
    pub fn define(&mut self, name: &str, passage: u32) {
        self.defined.entry(name.into()).or_default().push(passage);
    }

    pub fn call(&mut self, name: &str, terms: &[u32]) {
        self.calls.push(Call { name: name.into(), terms: terms.to_vec() });
    }

    /// Takes over what another has collected, whose numbers become ours by `term` and by adding `passages`.
    pub fn absorb(&mut self, other: Self, term: impl Fn(u32) -> u32, passages: u32) {
        for (name, defined) in other.defined {
            self.defined.entry(name).or_default().extend(defined.into_iter().map(|passage| passage + passages));
        }
        let calls = other.calls.into_iter();
        self.calls.extend(calls.map(|it| Call { terms: it.terms.into_iter().map(&term).collect(), ..it }));
    }

    /// How much more often each term counts in each passage, in the order of terms and passages.
    pub fn resolve(self) -> Vec<(u32, u32, f32)> {
        let mut calls = FxHashMap::<&str, u32>::default();
        let mut extra = FxHashMap::<(u32, u32), f32>::default();
        for call in &self.calls {
            let Some(passages) = self.defined.get(&call.name).filter(|it| it.len() <= NAMESAKES) else { continue };
            let count = calls.entry(&call.name).or_default();
            *count += 1;
            if *count > CALLS {
                continue;
            }
            for &passage in passages {
                for &term in &call.terms {
                    let frequency = extra.entry((term, passage)).or_default();
                    *frequency = (*frequency + WEIGHT).min(MOST);
                }
            }
        }
        let mut extra: Vec<(u32, u32, f32)> =
            extra.into_iter().map(|((term, passage), it)| (term, passage, it)).collect();
        extra.sort_unstable_by_key(|&(term, passage, _)| (term, passage));
        extra
    }
}

/// Finds the commented calls of a file, line by line.
#[derive(Debug, Default)]
pub(super) struct CallScan {
    comment: Range<usize>,
    /// Lines that the statement after the comment may still have; 0 if there is no comment.
    left: usize,
}

impl CallScan {
    /// Takes the next line. Returns the lines of the comment that is about it, if it is not a comment itself.
    pub fn take(&mut self, number: usize, line: &str, is_comment: bool) -> Option<Range<usize>> {
        if is_comment {
            let goes_on = self.left == STATEMENT_LINES && self.comment.end == number;
            let start = if goes_on { self.comment.start } else { number };
            self.comment = start.max((number + 1).saturating_sub(COMMENT_LINES))..number + 1;
            self.left = STATEMENT_LINES;
            return None;
        }
        let text = line.trim_ascii();
        let comment = (self.left > 0 && !text.is_empty()).then(|| self.comment.clone());
        let ends = text.is_empty() || text.ends_with([';', '{', '}']);
        self.left = if ends { 0 } else { self.left.saturating_sub(1) };
        comment
    }
}

/// The names before opening parentheses.
pub(super) fn called(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('(').filter_map(|(end, _)| {
        let before = &line[..end];
        let name = &before[before.trim_end_matches(|it: char| it.is_alphanumeric() || it == '_').len()..];
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_calls_are_found() {
        let names = |line| called(line).collect::<Vec<_>>();
        assert_eq!(names("if a && self.skip_large(b, max(c)) { (x) }"), ["skip_large", "max"]);
        assert!(names("no call").is_empty());
    }

    #[test]
    fn a_comment_is_about_the_statement_that_follows_it() {
        let mut scan = CallScan::default();
        let text = "// One\n// two.\nlet a =\n    f();\ng();\n// Three.\n\nh();";
        let comments: Vec<Option<Range<usize>>> =
            text.lines().enumerate().map(|(at, line)| scan.take(at, line, line.starts_with("//"))).collect();
        assert_eq!(comments, [None, None, Some(0..2), Some(0..2), None, None, None, None]);
    }

    #[test]
    fn words_of_calls_count_up_to_a_bound_and_only_for_rare_names() {
        let mut anchors = Anchors::default();
        anchors.define("skip", 7);
        (0..3).for_each(|passage| anchors.define("new", passage));
        (0..10).for_each(|_| anchors.call("skip", &[1]));
        anchors.call("skip", &[2]);
        anchors.call("new", &[3]);
        anchors.call("unknown", &[4]);
        assert_eq!(anchors.resolve(), [(1, 7, MOST), (2, 7, WEIGHT)]);
    }
}
