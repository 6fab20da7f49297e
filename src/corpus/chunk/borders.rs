//! Where a text can be cut, and how strong each of these borders is.

use crate::corpus::{
    outline::{by_lines, symbols},
    segment::Segment,
    stop::StopFlag,
    structure::{Lines, lead_in},
    symbol::Symbol,
};
use rustc_hash::FxHasher;
use std::{hash::Hasher, ops::Range};

/// Files that are larger are cut without a look at their definitions.
const LARGEST_STRUCTURED: usize = 16 << 20;

/// In larger parts only some of the borders are looked at, which bounds what has to be kept.
const LARGEST_DENSE: usize = 8 << 20;

/// About how many borders are selected for each chunk where not all are looked at, and how many at most.
const SELECTED: usize = 16;
const MOST_SELECTED: usize = 64;

/// The most borders that are looked at together, however many there are.
const MOST_BORDERS: usize = 1 << 20;

/// Strengths of borders before definitions grow from this one, at this depth, outwards.
const DEEPEST: usize = 15;

/// How many bytes on each side of a border are hashed at most.
const BESIDE: usize = 128;

/// A place where the text can be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Border {
    /// The byte before which it stands; among pieces, after how many of them.
    pub at: usize,
    /// Weaker ones have less. Only borders of one level are compared.
    pub strength: u32,
    /// Tells equally strong ones apart by the text beside them.
    pub hash: u64,
}

/// Borders below those before definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    kind: Kind,
    /// Whether all of them are looked at, or only some that the text itself selects.
    dense: bool,
}

/// Kinds of borders, from the strongest to the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Before a line that follows an empty one.
    Paragraph,
    Line,
    /// After white space and what separates parts of expressions.
    Word,
    Character,
}

impl Border {
    /// The border between two files, which is stronger the fewer folders they share.
    pub fn between_files(before: &Segment, after: &Segment, at: usize) -> Self {
        let folders = |segment: &Segment| -> Vec<String> {
            let mut parts: Vec<String> =
                segment.path.as_deref().unwrap_or_default().split('/').map(str::to_owned).collect();
            parts.pop();
            parts
        };
        let shared = folders(before).iter().zip(&folders(after)).take_while(|(before, after)| before == after).count();
        let hash = hash(&[after.path.as_deref().unwrap_or_default().as_bytes()]);
        Self { at, strength: u32::MAX - u32::try_from(shared).unwrap_or(u32::MAX), hash }
    }
}

/// The borders before the definitions of a file, and after those that lie in no other.
pub(super) fn before_definitions(text: &str, segment: &Segment, may_parse: bool, stop: &StopFlag) -> Vec<Border> {
    if text.len() > LARGEST_STRUCTURED {
        return Vec::new();
    }
    let symbols = if may_parse { symbols(text, segment.language, stop) } else { by_lines(text, segment.language) };
    let lines = Lines::new(text);
    let mut borders: Vec<Border> = Vec::with_capacity(symbols.len());
    let mut add = |line: usize, depth: usize| {
        let at = segment.text.start + lines.bytes(&(line..line)).start;
        let strength = (DEEPEST - depth) as u32;
        match borders.last_mut() {
            Some(last) if last.at == at => last.strength = last.strength.max(strength),
            Some(last) if last.at > at => {}
            _ => borders.push(Border { at, strength, hash: hash_lines(&lines, line) }),
        }
    };
    let mut before: Option<&Symbol> = None;
    // The end of the definition that was the last one to lie in no other.
    let mut closed = 0;
    for symbol in symbols.iter().filter(|symbol| symbol.depth <= DEEPEST) {
        let least = before.map_or(0, |before| before.first_line);
        let first = segment
            .language
            .map_or(symbol.first_line - 1, |language| lead_in(&lines, language, symbol.first_line - 1, least));
        if symbol.depth == 0 {
            let rest = (closed..first).find(|&line| !lines.line(line).trim_ascii().is_empty());
            if let Some(line) = rest.filter(|&line| closed > 0 && line < first) {
                add(line, 0);
            }
            closed = symbol.last_line;
        }
        add(first, symbol.depth);
        before = Some(symbol);
    }
    borders
}

impl Level {
    /// The one below definitions.
    pub const FIRST: Self = Self { kind: Kind::Paragraph, dense: false };

    /// The next weaker one, if there is one.
    pub fn next(self) -> Option<Self> {
        let kind = match self.kind {
            kind if !self.dense => return Some(Self { kind, dense: true }),
            Kind::Paragraph => Kind::Line,
            Kind::Line => Kind::Word,
            Kind::Word => Kind::Character,
            Kind::Character => return None,
        };
        Some(Self { kind, dense: false })
    }

    /// The borders of this level within some bytes, for chunks of about `size` bytes.
    pub fn borders(self, text: &[u8], within: &Range<usize>, size: usize) -> Vec<Border> {
        let is_large = within.len() > LARGEST_DENSE;
        // About this many bytes lie between two borders of the kind.
        let (spacing, is_many) = match self.kind {
            Kind::Paragraph => (256, is_large),
            Kind::Line => (32, is_large),
            Kind::Word => (8, true),
            Kind::Character => (1, true),
        };
        let mask = match (self.dense, is_many) {
            // There are few enough to look at all of them at once.
            (false, false) => return Vec::new(),
            (false, true) => (size / SELECTED / spacing + 1).next_power_of_two() as u64 - 1,
            (true, _) => 0,
        };
        let apart = if is_many { size / MOST_SELECTED } else { 0 };
        let apart = apart.max(within.len() / MOST_BORDERS);
        let mut found = Found { borders: Vec::new(), mask, apart };
        match self.kind {
            Kind::Paragraph | Kind::Line => self.between_lines(text, within, &mut found),
            Kind::Word => {
                for at in within.start + 1..within.end {
                    let separates = matches!(text[at - 1], b' ' | b'\t' | b',' | b';' | b'}' | b')' | b']' | b'>');
                    if separates && !text[at].is_ascii_whitespace() {
                        found.add(at, || (0, hash_around(text, within, at)));
                    }
                }
            }
            Kind::Character => {
                for at in within.start + 1..within.end {
                    let in_character = text[at] & 0xC0 == 0x80;
                    let in_line_end = !self.dense && (text[at - 1], text[at]) == (b'\r', b'\n');
                    if !in_character && !in_line_end {
                        found.add(at, || (0, hash_around(text, within, at)));
                    }
                }
            }
        }
        found.borders
    }

    fn between_lines(self, text: &[u8], within: &Range<usize>, found: &mut Found) {
        let mut start = within.start;
        let mut before: &[u8] = &[];
        for end in memchr::memchr_iter(b'\n', &text[within.clone()]).map(|at| within.start + at + 1).chain([within.end])
        {
            let line = &text[start..end];
            let shown = line.trim_ascii();
            let fits = self.kind == Kind::Line || before.trim_ascii().is_empty();
            if start > within.start && !shown.is_empty() && fits {
                found.add(start, || (strength_of_line(line, shown), hash(&[tail(before), head(line)])));
            }
            (before, start) = (line, end);
        }
    }
}

/// The less a line is indented the better it begins a chunk, unless it ends something.
fn strength_of_line(line: &[u8], shown: &[u8]) -> u32 {
    const MOST_INDENTED: usize = 64;
    let indent = (line.len() - line.trim_ascii_start().len()).min(MOST_INDENTED);
    let closes = matches!(shown[0], b'}' | b')' | b']') || shown.starts_with(b"end") || shown.starts_with(b"</");
    (MOST_INDENTED - indent + if closes { 0 } else { MOST_INDENTED + 1 }) as u32
}

/// Gathers borders, where there are too many only some of them: those whose hashes happen to end in zeros, as long as
/// they are not too close to each other. So the same ones are found after an edit elsewhere.
struct Found {
    borders: Vec<Border>,
    mask: u64,
    apart: usize,
}

impl Found {
    /// Adds a border with the strength and the hash that `looks` finds.
    fn add(&mut self, at: usize, looks: impl FnOnce() -> (u32, u64)) {
        if self.borders.last().is_none_or(|last| at - last.at >= self.apart) {
            let (strength, hash) = looks();
            if hash & self.mask == 0 {
                self.borders.push(Border { at, strength, hash });
            }
        }
    }
}

fn hash_lines(lines: &Lines<'_>, line: usize) -> u64 {
    let before = if line == 0 { "" } else { lines.line(line - 1) };
    hash(&[tail(before.as_bytes()), head(lines.line(line).as_bytes())])
}

fn hash_around(text: &[u8], within: &Range<usize>, at: usize) -> u64 {
    const AROUND: usize = 8;
    hash(&[&text[at.saturating_sub(AROUND).max(within.start)..(at + AROUND).min(within.end)]])
}

fn head(line: &[u8]) -> &[u8] {
    &line[..line.len().min(BESIDE)]
}

fn tail(line: &[u8]) -> &[u8] {
    &line[line.len().saturating_sub(BESIDE)..]
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = FxHasher::default();
    parts.iter().for_each(|part| hasher.write(part));
    // Low bits select borders and high ones order them, so both have to be mixed well.
    let mixed = hasher.finish().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}
