//! The index of some neighbouring files, built by one thread. Terms and passages have numbers of their own.

use super::{
    index::{Entry, Posting},
    passages::{Piece, pieces},
    query::identifier,
    role::Role,
    stem::stem,
    terms::{Word, words},
};
use crate::corpus::{
    assemble::Segment,
    context::ContextText,
    language::Language,
    structure::{Definition, Lines, definitions},
};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// How many occurrences in a passage's code one occurrence counts for.
mod weight {
    pub const CODE: f32 = 1.0;
    pub const COMMENT: f32 = 1.2;
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

/// How many lines of a comment on a type are looked at.
const OUTER_COMMENT_LINES: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Part {
    pub terms: FxHashMap<Box<str>, u32>,
    pub postings: Vec<Vec<Posting>>,
    pub in_paths: Vec<Vec<u32>>,
    pub entries: Vec<Entry>,
    /// The term of every word that was met, so that a word is stemmed only once.
    known: FxHashMap<Box<str>, u32>,
    /// How often each term occurs in the passage at hand, weighted, and which terms do.
    frequencies: Vec<f32>,
    met: Vec<u32>,
}

/// A file that is being added.
struct File<'a> {
    number: u32,
    lines: Lines<'a>,
    definitions: Vec<Definition<'a>>,
    comments: &'static [&'static str],
    role: Role,
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
        let lines = Lines::new(text);
        let file = File {
            number,
            definitions: definitions(&lines, segment.language),
            comments: segment.language.map_or(&[], |language: &Language| language.comments),
            role,
            lines,
        };
        for piece in pieces(&file.lines, &file.definitions) {
            self.add_piece(&file, &piece);
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
        for line in piece.lines.clone() {
            let line = file.lines.line(line);
            if is_import(line.trim_ascii_start()) {
                continue;
            }
            let is_comment = file.is_comment(line);
            has_code |= !is_comment && line.contains(char::is_alphanumeric);
            words += self.count_words(line, if is_comment { weight::COMMENT } else { weight::CODE });
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

impl<'a> File<'a> {
    /// The definitions that a piece lies in, outermost first.
    fn around(&self, piece: &Piece) -> Vec<&Definition<'a>> {
        let Some(owner) = piece.owner else { return Vec::new() };
        let mut inner = &self.definitions[owner];
        let mut around = vec![inner];
        for definition in self.definitions[..owner].iter().rev() {
            if definition.depth < inner.depth && definition.lines.contains(&inner.line) {
                around.push(definition);
                inner = definition;
            }
        }
        around.reverse();
        around
    }

    fn is_comment(&self, line: &str) -> bool {
        let text = line.trim_ascii_start();
        self.comments.iter().any(|mark| text.starts_with(mark)) && !text.starts_with("#[")
    }

    /// The first paragraph of a range of lines that comment on something.
    fn first_paragraph(&self, lines: Range<usize>) -> Range<usize> {
        let speaks = |&line: &usize| {
            let text = self.lines.line(line).trim_ascii().trim_start_matches(['/', '!', '*', '#', '"', ' ']);
            text.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '`' | '[' | '('))
                && !text.starts_with("[derive")
        };
        let start = lines.clone().find(speaks).unwrap_or(lines.end);
        let end = (start..lines.end).find(|line| !speaks(line)).unwrap_or(lines.end);
        start..end
    }

    /// The first paragraph about the owner of a piece, as far as the piece does not have it.
    fn cut_off_summary(&self, piece: &Piece) -> Range<usize> {
        match piece.owner {
            Some(owner) if piece.begins_owner => {
                let definition = &self.definitions[owner];
                let summary = self.first_paragraph(definition.lines.start..definition.line);
                summary.start..summary.end.min(piece.lines.start).max(summary.start)
            }
            _ => 0..0,
        }
    }

    /// The first paragraph of the comment on the type that `definition` defines, or whose methods it holds.
    fn comment_on_type(&self, definition: &Definition<'_>) -> Range<usize> {
        let name = definition.name.rsplit(" for ").next().unwrap_or_default();
        let name = name.split(['<', ' ']).next().unwrap_or_default();
        let defines = |it: &&Definition<'_>| it.name == name && !matches!(it.kind, "impl" | "function" | "method");
        let Some(it) = self.definitions.iter().find(defines) else { return 0..0 };
        // Where comments stand inside of what they are about, as in Python, they come first there.
        let before = it.lines.start..it.line;
        let inside = it.line + 1..(it.line + 1 + OUTER_COMMENT_LINES).min(it.lines.end);
        let comment = if before.is_empty() { inside } else { before };
        self.first_paragraph(comment.start..comment.end.min(comment.start + OUTER_COMMENT_LINES))
    }
}

fn is_test(definition: &Definition<'_>, lines: &Lines<'_>) -> bool {
    let name = definition.name;
    matches!(name, "tests" | "test")
        || name.starts_with("test_")
        || name.strip_prefix("Test").is_some_and(|rest| rest.starts_with(char::is_uppercase))
        || (definition.lines.start..definition.line).any(|line| {
            let line = lines.line(line).trim_ascii_start();
            ["#[test]", "#[cfg(test)]", "#[tokio::test"].iter().any(|attribute| line.starts_with(attribute))
        })
}

/// Whether a line only names what is defined elsewhere.
fn is_import(line: &str) -> bool {
    const WORDS: [&str; 7] = ["use ", "pub use ", "import ", "from ", "#include", "package ", "using "];
    WORDS.iter().any(|word| line.starts_with(word))
}
