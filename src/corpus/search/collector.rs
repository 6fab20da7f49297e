//! Builds parts of the index, one after the other, on one thread.

use super::{
    block_counts::BlockCounts,
    file::{File, is_fence, is_import, is_test},
    part::{Entry, Kind, Part, Shape},
    passages::{Piece, pieces},
    role::Role,
    table::Log,
    terms::tokens,
    vocabulary::Vocabulary,
    weight::{self, counted_in_name, weighed},
};
use crate::corpus::{segment::Segment, stop::StopFlag, structure::Definition};

/// What was found so far of the part at hand.
#[derive(Debug, Default)]
pub(super) struct Collector {
    vocabulary: Vocabulary,
    tally: Tally,
    blocks: BlockCounts,
    passages: Log,
    paths: Log,
    entries: Vec<Entry>,
    files: Vec<u32>,
}

/// How often each term occurs in the passage at hand.
#[derive(Debug, Default)]
struct Tally {
    counts: Vec<Count>,
    /// The terms that do occur.
    met: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    /// Weighted.
    tenths: u32,
    in_name: u32,
}

impl Collector {
    /// The part of some files with their texts; nothing if it is stopped.
    pub fn part<'a>(&mut self, files: impl Iterator<Item = (&'a Segment, &'a str)>, stop: &StopFlag) -> Option<Part> {
        for (segment, text) in files {
            self.files.push(self.entries.len() as u32);
            let role = Role::of_file(segment.path.as_deref().unwrap_or_default(), text);
            self.add_file(segment, text, role);
            if stop.is_raised() {
                return None;
            }
        }
        Some(self.finish())
    }

    fn finish(&mut self) -> Part {
        let keys = self.vocabulary.keys();
        let mut order: Vec<u32> = (0..keys.len() as u32).collect();
        order.sort_unstable_by_key(|&term| keys[term as usize]);
        let part = Part {
            passages: self.passages.take_table(keys, &order),
            paths: self.paths.take_table(keys, &order),
            all_blocks: self.blocks.all(),
            blocks: self.blocks.take_log().take_table(keys, &order),
            entries: self.entries.drain(..).collect(),
            files: self.files.drain(..).collect(),
        };
        self.vocabulary.clear();
        part
    }

    fn add_file(&mut self, segment: &Segment, text: &str, role: Role) {
        let number = self.files.len() as u32 - 1;
        let mut in_path = self.terms_of(segment.path.as_deref().unwrap_or_default());
        in_path.sort_unstable();
        in_path.dedup();
        in_path.into_iter().for_each(|term| self.paths.note(term, number, 0));
        let file = File::new(text, segment.language, role);
        for piece in pieces(&file.lines, &file.definitions) {
            self.add_piece(&file, &piece);
        }
        self.blocks.end_file(text.len());
    }

    fn add_piece(&mut self, file: &File<'_>, piece: &Piece) {
        let around = file.around(piece);
        let name = self.count_names(&around, piece.begins_owner);
        self.count_outer_comments(file, &around, piece.begins_owner);
        let (words, has_code) = self.count_lines(file, piece);
        let passage = self.entries.len() as u32;
        for term in self.tally.met.drain(..) {
            let count = std::mem::take(&mut self.tally.counts[term as usize]);
            self.passages.note(term, passage, weighed(count.tenths, count.in_name));
        }
        let owner = piece.owner.map(|owner| &file.definitions[owner]);
        let kind = match owner.map(|it| it.kind) {
            Some("function" | "method") if owner.is_some_and(|it| file.is_declared_only(it)) => Kind::Declaration,
            Some("function" | "method" | "macro" | "heading") => Kind::Function,
            Some("const" | "static" | "variable") => Kind::Value,
            Some(_) => Kind::Type,
            None => Kind::Nothing,
        };
        let is_test = around.iter().any(|definition| is_test(definition, &file.lines));
        self.entries.push(Entry {
            first_line: piece.lines.start as u32,
            words,
            lines: u8::try_from(piece.lines.len()).unwrap_or(u8::MAX),
            name: u8::try_from(name).unwrap_or(u8::MAX),
            role: if is_test { Role::Test } else { file.role },
            shape: Shape::new(kind, has_code || file.comments.is_empty(), piece.begins_owner),
        });
    }

    /// Counts the names that a piece has or lies in; returns how many terms are in its own.
    fn count_names(&mut self, around: &[&Definition<'_>], begins_owner: bool) -> u32 {
        let (outer, own) = match around {
            [outer @ .., own] if begins_owner => (outer, Some(own)),
            _ => (around, None),
        };
        for definition in outer {
            for term in self.terms_of(definition.name) {
                self.tally.add(term, weight::OUTER_NAME);
            }
        }
        let name = own.map(|own| self.terms_of(own.name)).unwrap_or_default();
        let mut counted = 0;
        for term in name {
            self.tally.add(term, weight::NAME);
            let times = &mut self.tally.counts[term as usize].in_name;
            counted += counted_in_name(*times + 1) - counted_in_name(*times);
            *times += 1;
        }
        counted
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
            let start = file.lines.bytes(&(line..line)).start;
            let line = file.lines.line(line);
            self.count_blocks(line, start);
            if is_import(line.trim_ascii_start()) {
                continue;
            }
            let is_comment = file.is_comment(line);
            in_example = is_comment && (in_example != is_fence(line));
            has_code = has_code || !is_comment && line.contains(char::is_alphanumeric);
            let weight = match (is_comment, in_example) {
                (false, _) => weight::CODE,
                (true, false) => weight::COMMENT,
                (true, true) => weight::EXAMPLE,
            };
            words += self.count_words(line, weight);
        }
        (words, has_code)
    }

    /// Counts the words of `text`; returns how many there are, identifiers as their parts.
    fn count_words(&mut self, text: &str, weight: u32) -> u32 {
        let Self { vocabulary, tally, .. } = self;
        let mut count = 0;
        tokens(text, |token| {
            for place in vocabulary.terms_of(token) {
                let term = vocabulary.term(place);
                count += u32::from(!term.is_whole);
                tally.add(term.number, weight);
            }
        });
        count
    }

    /// Counts the blocks that have the words of a line, which begins at byte `start` of its file.
    fn count_blocks(&mut self, line: &str, start: usize) {
        let Self { vocabulary, blocks, .. } = self;
        tokens(line, |token| {
            let at = start + (token.as_ptr() as usize - line.as_ptr() as usize);
            vocabulary.terms_of(token).for_each(|place| blocks.note(vocabulary.term(place).number, at));
        });
    }

    fn terms_of(&mut self, text: &str) -> Vec<u32> {
        let mut terms = Vec::new();
        tokens(text, |token| {
            let all = self.vocabulary.terms_of(token).map(|place| self.vocabulary.term(place).number);
            terms.extend(all);
        });
        terms
    }
}

impl Tally {
    fn add(&mut self, term: u32, weight: u32) {
        let term_index = term as usize;
        if term_index >= self.counts.len() {
            self.counts.resize((term_index + 1).next_power_of_two(), Count::default());
        }
        let count = &mut self.counts[term_index];
        if count.tenths == 0 {
            self.met.push(term);
        }
        count.tenths += weight;
    }
}
