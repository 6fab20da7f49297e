//! The answer while it is being written: what there is of it, and how much of that is shown.
//!
//! Whoever watches sees the text grow, and what was shown should stay, above all on a terminal, where nothing can be
//! taken back. But an answer that cites what is not there goes back to the model once, and what follows is another
//! text. So the text is shown up to a citation, which waits for the rest of its paragraph, and for the quotation behind
//! it, if there is one ([`mod@unit`]). If it holds, the text goes on; if it does not, nothing more is shown before the
//! answer is settled.

mod unit;

use crate::{
    corpus::ContextText,
    engine::{
        cite::{self, Files},
        event::Delta,
    },
};
use regex::Regex;
use std::{cell::LazyCell, sync::LazyLock};

/// The largest text whose citations are looked up while an answer is being written, in files and in bytes. Of a larger
/// one the answer is shown up to its first citation.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: usize = 64 << 20;

/// Bytes before a place in which its path is looked for.
const NEAR: usize = 1024;

/// Bytes that are read again with each piece that comes.
const SHORT: usize = 16 << 10;

/// Where a citation names its first line.
static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?::|#L)\d").expect("the pattern is right"));

/// What there is of the answer.
#[derive(Debug, Default)]
pub struct AnswerStream {
    /// What the model has written of it.
    written: String,
    /// Bytes of that which may be shown.
    cleared: usize,
    /// Up to here, no citation was found that waits.
    looked: usize,
    /// Where what is under way begins: up to here all citations hold.
    start: usize,
    /// How much was written when that was read last.
    parsed: usize,
    /// Whether nothing more is shown before the answer is settled.
    is_blocked: bool,
    /// What whoever watches has seen.
    shown: String,
    mode: Mode,
}

/// How an answer comes about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Open,
    /// It is shown when it is whole: before, nobody knows whether it satisfies its schema, nor how that writes it.
    Whole,
    /// There is an answer, and the model may give a better one. What it writes meanwhile is neither shown nor kept.
    Settled,
}

impl AnswerStream {
    /// Of an answer that is shown when it is whole.
    pub fn whole() -> Self {
        Self { mode: Mode::Whole, ..Self::default() }
    }

    /// Takes what was written of an answer about `context`; gives what changes for whoever watches.
    pub fn write(&mut self, delta: &Delta, context: Option<&ContextText>) -> Option<Delta> {
        if self.mode == Mode::Settled {
            return None;
        }
        match delta {
            Delta::Append(piece) => self.written.push_str(piece),
            Delta::Reset(text) => self.restart(text),
        }
        if self.mode == Mode::Whole {
            return None;
        }
        self.clear(context);
        let showable = &self.written[..self.cleared];
        match showable.strip_prefix(self.shown.as_str()) {
            Some("") => None,
            Some(rest) => {
                let rest = rest.to_owned();
                self.shown.push_str(&rest);
                Some(Delta::Append(rest))
            }
            None => {
                showable.clone_into(&mut self.shown);
                Some(Delta::Reset(self.shown.clone()))
            }
        }
    }

    /// What was written is no answer; gives what changes for whoever watches.
    pub fn withdraw(&mut self) -> Option<Delta> {
        if self.mode == Mode::Settled {
            return None;
        }
        self.restart("");
        let was_shown = !std::mem::take(&mut self.shown).is_empty();
        was_shown.then(|| Delta::Reset(String::new()))
    }

    /// There is an answer, whatever the model writes from now on.
    pub fn settle(&mut self) {
        self.restart("");
        self.mode = Mode::Settled;
    }

    /// What there is of an answer that is not settled.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether something was shown that was not withdrawn.
    pub fn has_shown(&self) -> bool {
        !self.shown.is_empty()
    }

    fn restart(&mut self, text: &str) {
        text.clone_into(&mut self.written);
        (self.cleared, self.looked, self.start, self.parsed, self.is_blocked) = (0, 0, 0, 0, false);
    }

    /// Finds out how much may be shown.
    fn clear(&mut self, context: Option<&ContextText>) {
        let Some(context) = context else {
            self.cleared = self.written.len();
            return;
        };
        let files = LazyCell::new(|| Files::of(context));
        while !self.is_blocked {
            let Some(place) = PLACE.find_at(&self.written, self.looked) else {
                self.clear_all();
                return;
            };
            if !can_check(context) {
                self.cleared = self.cleared.max(place.start());
                return;
            }
            let before = self.written.ceil_char_boundary(place.end().saturating_sub(NEAR));
            if files.places(&self.written, before..place.end()).all(|it| it.range.end < place.end()) {
                self.looked = place.end();
                continue;
            }
            if self.must_wait() {
                self.cleared = self.cleared.max(place.start());
                return;
            }
            self.parsed = self.written.len();
            let under_way = &self.written[self.start..];
            let first = cite::places(under_way, &files).into_iter().find(|it| self.start + it.end > self.looked);
            let Some(first) = first.map(|it| self.start + it.start) else {
                // What is named there is named by what is quoted.
                self.clear_all();
                return;
            };
            self.cleared = self.cleared.max(first);
            let line = self.written[..first].rfind('\n').map_or(0, |end| end + 1);
            let Some(length) = unit::length(&self.written[line..]) else { return };
            let end = line + length;
            match cite::holds(&self.written[self.start..end], context) {
                true => (self.cleared, self.looked, self.start, self.parsed) = (end, end, end, end),
                false => self.is_blocked = true,
            }
        }
    }

    /// All that was written may be shown.
    fn clear_all(&mut self) {
        self.cleared = self.written.len();
        // A place may come in two pieces.
        self.looked = self.written.floor_char_boundary(self.written.len().saturating_sub(2)).max(self.looked);
    }

    /// Whether too little has come since what is under way was read last: all of it is read each time.
    fn must_wait(&self) -> bool {
        let under_way = self.written.len() - self.start;
        under_way > SHORT && self.written.len() - self.parsed.max(self.start) < under_way / 8
    }
}

/// Whether citations can be looked up at once.
fn can_check(context: &ContextText) -> bool {
    let is_small = context.byte_len() <= MOST_BYTES && context.segments().len() <= MOST_FILES;
    is_small && !context.is_in_parts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use std::sync::Arc;

    fn context() -> Arc<ContextText> {
        Snapshot::of_text(Some("a.rs"), "one\ntwo\nthree\n".to_owned()).context().expect("a text can be stored")
    }

    fn append(text: &str) -> Delta {
        Delta::Append(text.to_owned())
    }

    /// What is shown of a text, however it is cut into pieces.
    fn shown(text: &str) -> String {
        let context = context();
        let mut results: Vec<String> = Vec::new();
        for size in [1, 2, 3, 7, text.len().max(1)] {
            let mut stream = AnswerStream::default();
            let characters: Vec<char> = text.chars().collect();
            for piece in characters.chunks(size) {
                let change = stream.write(&append(&piece.iter().collect::<String>()), Some(&context));
                assert!(!matches!(change, Some(Delta::Reset(_))), "nothing is taken back");
            }
            assert_eq!(stream.written(), text);
            results.push(stream.shown);
        }
        assert!(
            results
                .iter()
                .all(|it| it.trim_end_matches([':', '#', 'L']) == results[0].trim_end_matches([':', '#', 'L']))
        );
        results.pop().expect("there are results")
    }

    #[test]
    fn text_without_citations_is_shown_as_it_comes() {
        for text in ["", "It is so", "at 12:30 and 3:1:\n- x:5\n", "http://localhost:8000/ is it", "é😀:9 \u{2028}"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_citation_waits_for_its_paragraph_and_for_what_is_quoted_from_it() {
        for (text, expected) in [
            ("See a.rs:2 for it", "See a.rs"),
            ("See a.rs:2 for it\n", "See a.rs"),
            ("See a.rs:2 for it\nand", "See a.rs"),
            ("See a.rs:2 for it\n\nand", "See a.rs:2 for it\n\nand"),
            ("- See a.rs:2 for it\n- x\n", "- See a.rs:2 for it\n- x\n"),
            ("See a.rs:2 for it\n\n\nand", "See a.rs:2 for it\n\n\nand"),
            ("a.rs:1 and\n\na.rs:2 so", "a.rs:1 and\n\na.rs"),
            ("a.rs:1 and\n\nb:\n```\na.rs:99\n", "a.rs:1 and\n\nb:\n```\na.rs:99\n"),
            ("a.rs:2 says\n`two`\n\nIt", "a.rs:2 says\n`two`\n\nIt"),
            ("a.rs:2:\n\nNote:\n\n~~~\ntwo\n~~~\n\nIt", "a.rs:2:\n\nNote:\n\n~~~\ntwo\n~~~\n\nIt"),
            ("a.rs:2\n```\ntwo\n", "a.rs"),
            ("a.rs:2\n```\ntwo\n```\n\nIt", "a.rs:2\n```\ntwo\n```\n\nIt"),
            ("a.rs:2\n\n> two\n\nIt", "a.rs:2\n\n> two\n\nIt"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn behind_a_citation_that_does_not_hold_nothing_is_shown() {
        for (text, expected) in [
            ("It is one (a.rs:1).\n\nSee a.rs:9 for it.\nThe end.\n", "It is one (a.rs:1).\n\nSee a.rs"),
            ("See gone.rs:1.\n\nThe end.\n", "See gone.rs"),
            ("a.rs:2\n```\nnine;\n```\nThe end.\n", "a.rs"),
            ("a.rs:2:\n`nine;`\n\nThe end.\n", "a.rs"),
            ("a.rs:2:\n\nNote:\n\n~~~\nnine\n~~~\n\nThe end.\n", "a.rs"),
            ("a.rs#L7 it is.\n\nThe end.\n", "a.rs"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_begins_anew_or_is_withdrawn_is_taken_back() {
        let mut stream = AnswerStream::default();
        assert_eq!(stream.write(&append("half"), None), Some(append("half")));
        assert_eq!(stream.write(&Delta::Reset("an".to_owned()), None), Some(Delta::Reset("an".to_owned())));
        assert_eq!(stream.write(&append("swer"), None), Some(append("swer")));
        assert_eq!(stream.withdraw(), Some(Delta::Reset(String::new())));
        assert_eq!((stream.withdraw(), stream.written()), (None, ""));
    }

    #[test]
    fn a_settled_answer_and_one_with_a_schema_are_shown_at_the_end() {
        let mut stream = AnswerStream::whole();
        assert_eq!(stream.write(&append("{\"n\":"), None), None);
        assert_eq!((stream.written(), stream.has_shown()), ("{\"n\":", false));
        let mut stream = AnswerStream::default();
        stream.write(&append("an answer"), None);
        stream.settle();
        assert_eq!(stream.write(&append("another"), None), None);
        assert_eq!((stream.withdraw(), stream.written(), stream.has_shown()), (None, "", true));
    }
}
