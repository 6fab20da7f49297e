//! Words and marks of a text, and where others have the same.

use rustc_hash::FxHashMap;
use std::ops::Range;

/// Words that are of a language, and so no names. What is one in any of them is taken for one in all.
const KEYWORDS: [&str; 72] = [
    "and",
    "as",
    "assert",
    "async",
    "await",
    "bool",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "defer",
    "delete",
    "do",
    "elif",
    "else",
    "end",
    "enum",
    "except",
    "export",
    "extends",
    "false",
    "finally",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "go",
    "goto",
    "if",
    "impl",
    "import",
    "in",
    "int",
    "interface",
    "is",
    "lambda",
    "let",
    "loop",
    "match",
    "mod",
    "module",
    "mut",
    "new",
    "nil",
    "not",
    "null",
    "or",
    "package",
    "pass",
    "private",
    "pub",
    "public",
    "raise",
    "return",
    "static",
    "struct",
    "switch",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "use",
    "var",
    "where",
    "while",
    "yield",
];

/// Words and single marks, each with its line from 0.
pub struct Words<'t>(Vec<(&'t str, usize)>);

/// Lines that have the same words, whatever white space is between them, but for one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    pub lines: Range<usize>,
    /// The name, and what stands in its place.
    pub renamed: Option<(String, String)>,
}

impl<'t> Words<'t> {
    pub fn of(text: &'t str) -> Self {
        let mut words = Vec::new();
        for (number, line) in text.lines().enumerate() {
            words.extend(of_line(line).map(|word| (word, number)));
        }
        Self(words)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn all(&self) -> &[(&'t str, usize)] {
        &self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'t str, usize)> {
        self.0.iter().copied()
    }

    /// Where whole lines have the words of `pattern`.
    pub fn matches(&self, pattern: &Words<'_>) -> Vec<Matched> {
        let (Some(&first), count) = (pattern.0.first(), pattern.len()) else { return Vec::new() };
        let mut found: Vec<Matched> = Vec::new();
        for start in 0..(self.len() + 1).saturating_sub(count) {
            let begins = start == 0 || self.0[start - 1].1 != self.0[start].1;
            let ends = self.0.get(start + count).is_none_or(|next| next.1 != self.0[start + count - 1].1);
            let is_mark = !is_name(first.0) && first.0 != self.0[start].0;
            if !begins || !ends || is_mark {
                continue;
            }
            let lines = self.0[start].1..self.0[start + count - 1].1 + 1;
            if found.last().is_some_and(|it| lines.start < it.lines.end) {
                continue;
            }
            let there = self.0[start..start + count].iter().map(|it| it.0);
            if let Some(renamed) = same_but_one(pattern.0.iter().map(|it| it.0), there) {
                found.push(Matched { lines, renamed });
            }
        }
        found
    }
}

/// Whether words are the same but for one name, which another one takes the place of throughout: a new one.
#[expect(clippy::option_option, reason = "no match, and a match without another name")]
pub fn same_but_one<'w>(
    pattern: impl Iterator<Item = &'w str> + Clone,
    there: impl Iterator<Item = &'w str> + Clone,
) -> Option<Option<(String, String)>> {
    let mut renamed: Option<(&str, &str)> = None;
    // A name that has stood for itself is no other one.
    let is_new = |at: usize, old: &str, new: &str| {
        !pattern.clone().any(|it| it == new) && !pattern.clone().take(at).any(|it| it == old)
    };
    for (at, (old, new)) in pattern.clone().zip(there).enumerate() {
        match renamed {
            Some((from, to)) if old == from => {
                if new != to {
                    return None;
                }
            }
            _ if old == new => {}
            None if is_name(old) && is_name(new) && is_new(at, old, new) => renamed = Some((old, new)),
            _ => return None,
        }
    }
    Some(renamed.map(|(from, to)| (from.to_owned(), to.to_owned())))
}

/// A text with another name in the place of one.
pub fn renamed(text: &str, names: Option<&(String, String)>) -> String {
    let Some((from, to)) = names else { return text.to_owned() };
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(word) = rest.chars().next().map(|_| head(rest)) {
        result.push_str(if word == from { to } else { word });
        rest = &rest[word.len()..];
    }
    result
}

/// Whether a word can be a name.
pub fn is_name(word: &str) -> bool {
    word.starts_with(|it: char| it.is_alphabetic() || it == '_') && !KEYWORDS.contains(&word)
}

/// Adds how often a text has each of these words.
pub fn count<'w>(text: &str, wanted: &[&'w str], counts: &mut FxHashMap<&'w str, usize>) {
    for word in wanted {
        let found = memchr::memmem::find_iter(text.as_bytes(), word.as_bytes()).count();
        *counts.entry(word).or_default() += found;
    }
}

fn of_line(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim_start();
    std::iter::from_fn(move || {
        rest.chars().next()?;
        let word = head(rest);
        rest = rest[word.len()..].trim_start();
        Some(word)
    })
}

/// The word, the number or the mark that a text begins with.
fn head(text: &str) -> &str {
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let length = text.find(|it| !is_word(it)).unwrap_or(text.len());
    let mark = text.chars().next().map_or(0, char::len_utf8);
    &text[..length.max(mark)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_match_but_for_white_space_and_one_name() {
        for (pattern, text, expected) in [
            ("f(a, b)", "x\nf( a,b )\n", Some((1..2, None))),
            ("f(a, b)", "f(c, b)", Some((0..1, Some(("a", "c"))))),
            ("f(a, a)", "f(c, c)", Some((0..1, Some(("a", "c"))))),
            ("f(a, a)", "f(c, a)", None),
            ("f(a, a)", "f(a, c)", None),
            ("f(a, b)", "f(b, b)", None),
            ("f(a, b)", "f(c, d)", None),
            ("f(a, b)", "g(f(a, b))", None),
            ("if (a) b();", "while (a) b();", None),
            ("x = 1;", "x = 2;", None),
            ("a(\n  b)", "c\na(b\n)\nd", Some((1..3, None))),
            ("", "x", None),
        ] {
            let matches = Words::of(text).matches(&Words::of(pattern));
            let name = |it: &str| it.to_owned();
            let expected =
                expected.map(|(lines, names)| Matched { lines, renamed: names.map(|(a, b)| (name(a), name(b))) });
            assert_eq!(matches, Vec::from_iter(expected), "{pattern} in {text}");
        }
        assert_eq!(renamed("a.ab(a_b, a)\n", Some(&("a".to_owned(), "it".to_owned()))), "it.ab(a_b, it)\n");
    }
}
