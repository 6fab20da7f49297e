//! The lines of a text that is to be edited, as they lie in it and as they are compared.

use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// The key of a line that a text does not have.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// A line: what it says, and how it ends (`\n`, `\r\n`, or nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'t> {
    pub content: &'t str,
    pub end: &'t str,
}

/// A text in lines. Lines that differ only in white space around them, or in how punctuation is drawn, have one key.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    /// Before the first line.
    pub mark: &'t str,
    pub lines: Vec<Line<'t>>,
    pub keys: Vec<u32>,
    /// The lines that are not blank.
    pub solid: Vec<usize>,
    ids: FxHashMap<Cow<'t, str>, u32>,
    /// By key.
    places: Vec<Vec<usize>>,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str) -> Self {
        let (mark, body) = match text.strip_prefix('\u{FEFF}') {
            Some(body) => (&text[..text.len() - body.len()], body),
            None => ("", text),
        };
        let lines: Vec<Line<'_>> = body.split_inclusive('\n').map(line).collect();
        let mut ids: FxHashMap<Cow<'_, str>, u32> = FxHashMap::default();
        let mut places: Vec<Vec<usize>> = Vec::new();
        let mut keys = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            let next = u32::try_from(ids.len()).unwrap_or(UNKNOWN);
            let id = *ids.entry(key(line.content)).or_insert(next);
            if id as usize == places.len() {
                places.push(Vec::new());
            }
            places[id as usize].push(at);
            keys.push(id);
        }
        let solid = (0..lines.len()).filter(|&at| !lines[at].content.trim().is_empty()).collect();
        Self { mark, lines, keys, solid, ids, places }
    }

    pub fn key_of(&self, line: &str) -> u32 {
        self.ids.get(&key(line)).copied().unwrap_or(UNKNOWN)
    }

    /// Where lines of this key are.
    pub fn places(&self, key: u32) -> &[usize] {
        self.places.get(key as usize).map_or(&[], Vec::as_slice)
    }

    /// How lines near this one end.
    pub fn end_near(&self, at: usize) -> &'t str {
        let around = [at, at.saturating_sub(1), at + 1].into_iter().chain(0..self.lines.len().min(100));
        around.filter_map(|at| self.lines.get(at)).map(|line| line.end).find(|end| !end.is_empty()).unwrap_or("\n")
    }
}

/// The white space that a line begins with.
pub(super) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn line(whole: &str) -> Line<'_> {
    let Some(content) = whole.strip_suffix('\n') else { return Line { content: whole, end: "" } };
    let content = content.strip_suffix('\r').unwrap_or(content);
    Line { content, end: &whole[content.len()..] }
}

/// A line without the white space around it, with plain punctuation and plain spaces.
fn key(line: &str) -> Cow<'_, str> {
    let trimmed = line.trim();
    match trimmed.is_ascii() || !trimmed.chars().any(|it| plain(it) != it) {
        true => Cow::Borrowed(trimmed),
        false => Cow::Owned(trimmed.chars().map(plain).collect()),
    }
}

fn plain(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201B}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        '\u{A0}' | '\u{2002}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends() {
        let lines = Lines::new("\u{FEFF}a\r\nb\n\n  a \u{201C}\nlast");
        let parts: Vec<(&str, &str)> = lines.lines.iter().map(|it| (it.content, it.end)).collect();
        assert_eq!(parts, [("a", "\r\n"), ("b", "\n"), ("", "\n"), ("  a \u{201C}", "\n"), ("last", "")]);
        assert_eq!(lines.mark, "\u{FEFF}");
        assert_eq!(lines.places(lines.key_of("\ta \"")), [3]);
        assert_eq!((lines.key_of("c"), lines.end_near(4)), (UNKNOWN, "\n"));
        assert!(Lines::new("").lines.is_empty());
    }
}
