//! What the words of a file are: code, comment, example, or the comment on something around them.

use super::{passages::Piece, role::Role};
use crate::corpus::{
    language::Language,
    structure::{Definition, Lines, definitions},
};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// How many lines of a comment on a type are looked at.
const OUTER_COMMENT_LINES: usize = 8;

/// The most lines of a function's name and parameters that are looked at.
const HEAD_LINES: usize = 8;

/// A file that is being indexed.
pub(super) struct File<'a> {
    pub lines: Lines<'a>,
    pub definitions: Vec<Definition<'a>>,
    /// The first definition of each name that is no function and holds no methods of something else.
    types: FxHashMap<&'a str, usize>,
    /// What a comment line begins with.
    pub comments: &'static [&'static str],
    pub role: Role,
}

impl<'a> File<'a> {
    pub fn new(text: &'a str, language: Option<&Language>, role: Role) -> Self {
        let lines = Lines::new(text);
        let definitions = definitions(&lines, language);
        let mut types = FxHashMap::default();
        for (number, definition) in definitions.iter().enumerate() {
            if !matches!(definition.kind, "impl" | "function" | "method") {
                types.entry(definition.name).or_insert(number);
            }
        }
        let comments = language.map_or(&[] as &[_], |language| language.comments);
        Self { lines, definitions, types, comments, role }
    }

    /// The definitions that a piece lies in, outermost first.
    pub fn around(&self, piece: &Piece) -> Vec<&Definition<'a>> {
        let owner = piece.owner.map(|owner| &self.definitions[owner]);
        let outwards = |inner: &&Definition<'a>| inner.parent.map(|parent| &self.definitions[parent]);
        let mut around: Vec<_> = std::iter::successors(owner, outwards).collect();
        around.reverse();
        around
    }

    pub fn is_comment(&self, line: &str) -> bool {
        let text = line.trim_ascii_start();
        self.comments.iter().any(|mark| begins(text, mark)) && !text.starts_with("#[")
    }

    /// Whether a line continues an example that a comment above it has begun.
    pub fn is_in_example(&self, line: usize) -> bool {
        let above = (0..line).rev().map(|line| self.lines.line(line)).take_while(|line| self.is_comment(line));
        above.filter(|line| is_fence(line)).count() % 2 == 1
    }

    /// Whether a function ends with its parameters: its body is somewhere else.
    pub fn is_declared_only(&self, function: &Definition<'_>) -> bool {
        let code =
            |line: &usize| Some(self.lines.line(*line).trim_ascii_end()).filter(|it| it.ends_with(['{', ':', ';']));
        let head = function.line..function.lines.end.min(function.line + HEAD_LINES);
        head.clone().find_map(|line| code(&line)).is_some_and(|line| line.ends_with(';') && !line.contains('{'))
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
    pub fn cut_off_summary(&self, piece: &Piece) -> Range<usize> {
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
    pub fn comment_on_type(&self, definition: &Definition<'_>) -> Range<usize> {
        let name = definition.name.rsplit(" for ").next().unwrap_or_default();
        let name = name.split(['<', ' ']).next().unwrap_or_default();
        let Some(it) = self.types.get(name).map(|&number| &self.definitions[number]) else { return 0..0 };
        // Where comments stand inside of what they are about, as in Python, they come first there.
        let before = it.lines.start..it.line;
        let inside = it.line + 1..(it.line + 1 + OUTER_COMMENT_LINES).min(it.lines.end);
        let comment = if before.is_empty() { inside } else { before };
        self.first_paragraph(comment.start..comment.end.min(comment.start + OUTER_COMMENT_LINES))
    }
}

pub(super) fn is_test(definition: &Definition<'_>, lines: &Lines<'_>) -> bool {
    let name = definition.name;
    matches!(name, "tests" | "test")
        || name.starts_with("test_")
        || name.strip_prefix("Test").is_some_and(|rest| rest.starts_with(char::is_uppercase))
        || (definition.lines.start..definition.line).any(|line| {
            let line = lines.line(line).trim_ascii_start();
            ["#[test]", "#[cfg(test)]", "#[tokio::test"].iter().any(|attribute| line.starts_with(attribute))
        })
}

/// Whether a line of a comment begins or ends an example.
pub(super) fn is_fence(line: &str) -> bool {
    line.trim_ascii_start().trim_start_matches(['/', '!', '*', '#', ' ']).starts_with("```")
}

/// Whether a line only names what is defined elsewhere.
pub(super) fn is_import(line: &str) -> bool {
    const WORDS: [&str; 7] = ["use ", "pub use ", "import ", "from ", "#include", "package ", "using "];
    WORDS.iter().any(|word| begins(line, word))
}

/// Whether `text` starts with `mark`. Nearly all texts are told by their first byte.
fn begins(text: &str, mark: &str) -> bool {
    text.as_bytes().first() == mark.as_bytes().first() && text.starts_with(mark)
}
