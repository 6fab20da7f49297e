//! The index of some neighbouring files, built by one thread. Terms and passages have numbers of their own.

use super::{
    anchors::{Anchors, CallScan, called},
    file::{File, is_fence, is_import, is_test},
    index::{Entry, Posting},
    passages::{Piece, pieces},
    query::identifier,
    role::Role,
    stem::stem,
    terms::{Word, words},
};
use crate::corpus::{assemble::Segment, context::ContextText, structure::Definition};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// How many occurrences in a passage's code one occurrence counts for.
mod weight {
    pub const CODE: f32 = 1.0;
    pub const COMMENT: f32 = 1.2;
    /// In an example inside of a comment, which is about everything at once.
    pub const EXAMPLE: f32 = 0.3;
    /// In the name of what the passage defines.
    pub const NAME: f32 = 2.0;
    /// In the name of what the passage continues or lies in.
    pub const OUTER_NAME: f32 = 1.0;
    /// In the comment on the type whose method the passage is.
    pub const OUTER_COMMENT: f32 = 0.2;
}

/// Larger files, and larger ones that nobody wrote by hand, are data; they are found by pattern, not by question.
const LARGEST: usize = 16 << 20;
const LARGEST_ASIDE: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Part {
    pub terms: FxHashMap<Box<str>, u32>,
    pub postings: Vec<Vec<Posting>>,
    pub in_paths: Vec<Vec<u32>>,
    pub entries: Vec<Entry>,
    pub anchors: Anchors,
    /// The term of every word that was met, so that a word is stemmed only once.
    known: FxHashMap<Box<str>, u32>,
    /// How often each term occurs in the passage at hand, weighted, and which terms do.
    frequencies: Vec<f32>,
    met: Vec<u32>,
}

impl Part {
    pub fn of(context: &ContextText, batch: Range<usize>) -> Self {
        let mut part = Self::default();
        for number in batch {
            let segment = &context.segments()[number];
            let text = context.text_of(segment);
            let role = Role::of_file(segment.path.as_deref().unwrap_or_default(), text);
            if text.len() <= if role == Role::Aside { LARGEST_ASIDE } else { LARGEST } {
                part.add_file(number as u32, segment, text, role);
            }
        }
        part
    }

    fn add_file(&mut self, number: u32, segment: &Segment, text: &str, role: Role) {
        let path = segment.path.as_deref().unwrap_or_default();
        for term in self.terms_of(path) {
            let files = &mut self.in_paths[term as usize];
            if files.last() != Some(&number) {
                files.push(number);
            }
        }
        let file = File::new(number, text, segment.language, role);
        for piece in pieces(&file.lines, &file.definitions) {
            self.add_piece(&file, &piece);
        }
        self.note_calls(&file);
    }

    /// Notes the calls that comments are about.
    fn note_calls(&mut self, file: &File<'_>) {
        let mut scan = CallScan::default();
        let mut definitions = file.definitions.iter().map(|it| it.line).peekable();
        for number in 0..file.lines.count() {
            let line = file.lines.line(number);
            let comment = scan.take(number, line, file.is_comment(line));
            // What stands above a definition is about that, and not about a call.
            let defines = definitions.next_if_eq(&number).is_some();
            let Some(comment) = comment.filter(|_| !defines && line.contains('(')) else { continue };
            let terms: Vec<u32> = comment.flat_map(|number| self.parts_of(file.lines.line(number))).collect();
            called(line).for_each(|name| self.anchors.call(name, &terms));
        }
    }

    fn add_piece(&mut self, file: &File<'_>, piece: &Piece) {
        let around = file.around(piece);
        let name = self.count_names(&around, piece.begins_owner);
        self.count_outer_comments(file, &around, piece.begins_owner);
        let (words, has_code) = self.count_lines(file, piece);
        let passage = self.entries.len() as u32;
        for term in self.met.drain(..) {
            let frequency = std::mem::take(&mut self.frequencies[term as usize]);
            self.postings[term as usize].push(Posting { passage, frequency });
        }
        if let Some(owner) = piece.owner.filter(|_| piece.begins_owner).map(|owner| &file.definitions[owner])
            && matches!(owner.kind, "function" | "method" | "macro")
        {
            self.anchors.define(owner.name, passage);
        }
        let is_test = around.iter().any(|definition| is_test(definition, &file.lines));
        self.entries.push(Entry {
            segment: file.number,
            first_line: piece.lines.start as u32,
            last_line: piece.lines.end as u32 - 1,
            words,
            role: if is_test { Role::Test } else { file.role },
            has_code: has_code || file.comments.is_empty(),
            kind: piece.owner.map(|owner| file.definitions[owner].kind),
            name,
        });
    }

    /// Counts the names that a piece has or lies in; returns the terms of its own.
    fn count_names(&mut self, around: &[&Definition<'_>], begins_owner: bool) -> Box<[u32]> {
        let (outer, own) = match around {
            [outer @ .., own] if begins_owner => (outer, Some(own)),
            _ => (around, None),
        };
        for definition in outer {
            for term in self.terms_of(definition.name) {
                self.count(term, weight::OUTER_NAME);
            }
        }
        let name = own.map(|own| self.terms_of(own.name)).unwrap_or_default();
        name.iter().for_each(|&term| self.count(term, weight::NAME));
        name.into()
    }

    /// A method says what it does, but what for is often said of its type alone.
    fn count_outer_comments(&mut self, file: &File<'_>, around: &[&Definition<'_>], begins_owner: bool) {
        let outer = if begins_owner { &around[..around.len() - 1] } else { around };
        for definition in outer {
            for line in file.comment_on_type(definition) {
                self.count_words(file.lines.line(line), weight::OUTER_COMMENT);
            }
        }
    }

    /// Counts the words of a piece; returns how many there are, and whether some are code.
    fn count_lines(&mut self, file: &File<'_>, piece: &Piece) -> (u32, bool) {
        let (mut words, mut has_code) = (0, false);
        // A comment that is too long for one piece with its function lends it the first paragraph.
        for line in file.cut_off_summary(piece) {
            words += self.count_words(file.lines.line(line), weight::COMMENT);
        }
        let mut in_example = file.is_in_example(piece.lines.start);
        for line in piece.lines.clone() {
            let line = file.lines.line(line);
            if is_import(line.trim_ascii_start()) {
                continue;
            }
            let is_comment = file.is_comment(line);
            in_example = is_comment && (in_example != is_fence(line));
            has_code |= !is_comment && line.contains(char::is_alphanumeric);
            let weight = match (is_comment, in_example) {
                (false, _) => weight::CODE,
                (true, false) => weight::COMMENT,
                (true, true) => weight::EXAMPLE,
            };
            words += self.count_words(line, weight);
        }
        (words, has_code)
    }

    fn count_words(&mut self, text: &str, weight: f32) -> u32 {
        let mut count = 0;
        words(text, |word| {
            count += u32::from(matches!(word, Word::Part(_)));
            let term = self.term(word);
            self.count(term, weight);
        });
        count
    }

    fn count(&mut self, term: u32, weight: f32) {
        let frequency = &mut self.frequencies[term as usize];
        if *frequency == 0.0 {
            self.met.push(term);
        }
        *frequency += weight;
    }

    /// The terms of the words of `text`, without those of whole identifiers.
    fn parts_of(&mut self, text: &str) -> Vec<u32> {
        let mut terms = Vec::new();
        words(text, |word| {
            if let Word::Part(_) = word {
                terms.push(self.term(word));
            }
        });
        terms
    }

    fn terms_of(&mut self, text: &str) -> Vec<u32> {
        let mut terms = Vec::new();
        words(text, |word| terms.push(self.term(word)));
        terms
    }

    fn term(&mut self, word: Word<'_>) -> u32 {
        let part = match word {
            Word::Part(part) => part,
            Word::Whole(whole) => return self.intern(&identifier(whole)),
        };
        if let Some(&term) = self.known.get(part) {
            return term;
        }
        let term = self.intern(&stem(part));
        self.known.insert(part.into(), term);
        term
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(&term) = self.terms.get(text) {
            return term;
        }
        let term = self.postings.len() as u32;
        self.terms.insert(text.into(), term);
        self.postings.push(Vec::new());
        self.in_paths.push(Vec::new());
        self.frequencies.push(0.0);
        term
    }
}
