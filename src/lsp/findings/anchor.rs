//! Where a finding stands: its lines, which move with the edits of a document, and are compared with it after each.

use super::Edit;
use crate::lsp::position::PositionEncoding;
use lsp_types::{Position, Range};
use ropey::Rope;

/// How many edits that took lines out are remembered, to be undone.
const MOST_TAKEN: usize = 100;

/// Lines of a document, as the protocol counts them, and what they must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Without what ends them. There is one at least.
    lines: Vec<String>,
    /// The first of them, counted from 0.
    first: usize,
    /// Whether they are there.
    stands: bool,
    /// For each edit that took them out, how many lines before them it took as well: an undo puts all of these back.
    taken: Vec<usize>,
}

impl Anchor {
    /// The lines of a text from `first` to `last`, counted from 1 and by line feeds; nothing if it has no such lines.
    pub fn new(text: &Rope, first: usize, last: usize) -> Option<Self> {
        // For the protocol a lone carriage return ends a line as well.
        let begins = |number: usize| match number {
            0 => Some(0),
            _ => text.chars().enumerate().filter(|(_, it)| *it == '\n').nth(number - 1).map(|(at, _)| at + 1),
        };
        let start = begins(first.checked_sub(1)?)?;
        let end = begins(last).map_or(text.len_chars(), |end| end - 1);
        if end < start || start >= text.len_chars() {
            return None;
        }
        let lines: Vec<String> =
            (text.char_to_line(start)..=text.char_to_line(end)).filter_map(|it| line(text, it)).collect();
        (!lines.is_empty()).then_some(Self { lines, first: text.char_to_line(start), stands: true, taken: Vec::new() })
    }

    /// Where it is, if it is anywhere.
    pub fn place(&self) -> Option<usize> {
        self.stands.then_some(self.first)
    }

    /// Whether it has one of these lines.
    pub fn overlaps(&self, lines: &std::ops::Range<usize>) -> bool {
        lines.start < self.first + self.lines.len() && self.first < lines.end
    }

    /// From the first character that can be seen to the last.
    pub fn range(&self, encoding: PositionEncoding) -> Option<Range> {
        let (begin, end) = (self.lines.first()?, self.lines.last()?);
        let indentation = begin.len() - begin.trim_start().len();
        let indentation = if indentation == begin.len() { 0 } else { indentation };
        let position = |line: usize, text: &str| {
            Some(Position::new(u32::try_from(line).ok()?, u32::try_from(encoding.units(text)).ok()?))
        };
        let start = position(self.first, &begin[..indentation])?;
        let end = position(self.first + self.lines.len() - 1, end.trim_end())?;
        self.stands.then_some(Range::new(start, end))
    }

    /// Goes with an edit; whether the lines are still there is seen by [`Self::look_at`].
    pub fn follow(&mut self, edit: &Edit) {
        let Some(range) = edit.range else {
            self.find_in(&edit.text, 0);
            return;
        };
        let (start, end) = (range.start.line as usize, range.end.line as usize);
        let is_before = end < self.first || end == self.first && range.end.character == 0;
        let begins_here = start == self.first && range.start.character == 0;
        let undone = if begins_here { self.taken.pop() } else { None };
        if let Some(taken) = undone {
            self.first = start + taken;
        } else if is_before {
            self.first = (self.first + breaks(&edit.text)).saturating_sub(end.saturating_sub(start));
        } else if start < self.first || begins_here {
            // Some clients send the whole text for the change of a part. Elsewhere an equal line may be another one.
            let may_be_whole = start == 0 && range.start.character == 0;
            if !(may_be_whole && self.find_in(&edit.text, start)) {
                if self.taken.len() == MOST_TAKEN {
                    self.taken.remove(0);
                }
                self.taken.push(self.first - start);
                self.first = start;
            }
        }
    }

    /// Looks whether the lines are where they are thought to be.
    pub fn look_at(&mut self, text: &Rope) {
        self.stands = self.is_at(text, self.first);
    }

    /// Looks for the lines around where they were, in a text that has changed unseen.
    pub fn look_for(&mut self, text: &Rope) {
        let farthest = self.first.max(text.len_lines());
        let around = (0..=farthest).flat_map(|far| [self.first.checked_sub(far), Some(self.first + far)]);
        let found = around.flatten().find(|&first| self.is_at(text, first));
        self.stands = found.is_some();
        self.first = found.unwrap_or(self.first);
        self.taken.clear();
    }

    /// Looks for the lines in what was put in at `start`, nearest to where they were; says whether they are there.
    fn find_in(&mut self, put: &str, start: usize) -> bool {
        let rope = Rope::from_str(put);
        let expected = self.first.saturating_sub(start);
        let farthest = expected.max(rope.len_lines());
        let around = (0..=farthest).flat_map(|far| [expected.checked_sub(far), Some(expected + far)]);
        let found = around.flatten().find(|&first| self.is_at(&rope, first));
        if let Some(found) = found {
            self.first = start + found;
        }
        found.is_some()
    }

    fn is_at(&self, text: &Rope, first: usize) -> bool {
        first + self.lines.len() <= text.len_lines()
            && self.lines.iter().enumerate().all(|(number, own)| is_line(text, first + number, own))
    }
}

/// A line without what ends it.
fn line(text: &Rope, number: usize) -> Option<String> {
    let line = text.get_line(number)?;
    Some(line.to_string().trim_end_matches(['\r', '\n']).to_owned())
}

fn is_line(text: &Rope, number: usize, expected: &str) -> bool {
    let Some(line) = text.get_line(number) else { return false };
    let length = line.len_bytes();
    length >= expected.len() && length <= expected.len() + 2 && {
        let mut rest = expected.as_bytes();
        let mut chunks = line.chunks();
        chunks.all(|chunk| {
            let chunk = chunk.as_bytes();
            let common = rest.len().min(chunk.len());
            let is_equal = rest[..common] == chunk[..common];
            rest = &rest[common..];
            is_equal && chunk[common..].iter().all(|it| matches!(it, b'\r' | b'\n'))
        }) && rest.is_empty()
    }
}

/// How many lines a text ends.
fn breaks(text: &str) -> usize {
    Rope::from_str(text).len_lines() - 1
}
