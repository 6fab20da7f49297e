//! What an answer quotes from a place that it cites, and whether it stands there.
//!
//! Taken for a quotation is only what plainly is one: inline code or a text in double quotes right behind a place and a
//! colon or dash (``src/a.rs:10: `let x = 1;` ``), and a block of code or a block quotation on the lines that follow a
//! line which ends with a place, or whose fence names one. A name in a sentence is none.

use crate::text::one_line;

/// The shortest inline quotation that is looked at, in characters that are no blanks.
const SHORTEST: usize = 4;

/// Lines that a block may have beyond those that are cited, since a place often is that of a first line only.
const SLACK: usize = 2;

/// A quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quote<'a> {
    Inline(&'a str),
    Block(Vec<&'a str>),
}

/// What is quoted behind the place that ends at `end`.
pub fn quote_behind(text: &str, end: usize) -> Option<Quote<'_>> {
    let line_start = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    if text[line_start..].starts_with("```") {
        return block(&text[line_end..], true);
    }
    let rest = text[end..line_end].trim_start_matches(['`', '*', ')', ']', '_']);
    let bare = rest.trim();
    if bare.is_empty() || bare == ":" {
        return block(&text[line_end..], false);
    }
    let rest = rest.trim_start();
    let said = [":", "—", "–", "-", "says", "reads"].iter().find_map(|mark| rest.strip_prefix(mark))?;
    inline(said.trim_start_matches([':', ' ']))
}

/// The inline code, or the text in double quotes, that a line begins with.
fn inline(rest: &str) -> Option<Quote<'_>> {
    let backticks = rest.len() - rest.trim_start_matches('`').len();
    let (open, close) = match rest.chars().next()? {
        '`' => (backticks, "`".repeat(backticks)),
        '"' => (1, "\"".to_owned()),
        '“' => ('“'.len_utf8(), "”".to_owned()),
        _ => return None,
    };
    let body = &rest[open..];
    let quoted = &body[..body.find(&close)?];
    let length = quoted.chars().filter(|it| !it.is_whitespace()).count();
    (length >= SHORTEST).then_some(Quote::Inline(quoted))
}

/// The block of code or the block quotation at the beginning of `rest`, which begins at the end of a line. With
/// `is_inside` its fence was open already.
fn block(rest: &str, is_inside: bool) -> Option<Quote<'_>> {
    let mut lines = rest.strip_prefix('\n')?.lines().skip_while(|line| !is_inside && line.trim().is_empty()).peekable();
    let first = lines.peek()?;
    let quoted: Vec<&str> = if is_inside || first.starts_with("```") {
        let fence = if is_inside { "```" } else { &first[..first.len() - first.trim_start_matches('`').len()] };
        let skip = usize::from(!is_inside);
        let body: Vec<&str> = lines.skip(skip).take_while(|line| !line.starts_with(fence)).collect();
        body
    } else {
        lines.map_while(|line| line.strip_prefix('>')).collect()
    };
    quoted.iter().any(|line| !line.trim().is_empty()).then_some(Quote::Block(quoted))
}

impl Quote<'_> {
    /// How many lines from the first that is cited on may hold it, if so many are cited.
    pub fn reach(&self, cited: usize) -> usize {
        match self {
            Self::Inline(_) => cited,
            Self::Block(lines) => cited.max(lines.len() + SLACK),
        }
    }

    /// Whether these lines say what is quoted. White space does not count, and what is left out with dots neither.
    pub fn stands_in(&self, lines: &str) -> bool {
        match self {
            Self::Inline(quoted) => holds_parts(&folded(lines), quoted),
            Self::Block(quoted) => {
                let lines: Vec<String> = lines.lines().map(folded).collect();
                quoted.iter().all(|quoted| {
                    let is_gap =
                        quoted.trim().trim_start_matches(['/', '#', '*', ' ']).trim_matches(['.', '…', ' ']).is_empty();
                    is_gap
                        || [*quoted, without_number(quoted)]
                            .iter()
                            .any(|it| lines.iter().any(|line| holds_parts(line, it)))
                })
            }
        }
    }

    /// The beginning of it, for people.
    pub fn shown(&self) -> String {
        match self {
            Self::Inline(quoted) => one_line(quoted, 80),
            Self::Block(lines) => one_line(lines.iter().find(|line| !line.trim().is_empty()).unwrap_or(&""), 80),
        }
    }
}

/// Whether the parts of a quotation between its dots stand in a line, one behind the other.
fn holds_parts(line: &str, quoted: &str) -> bool {
    let quoted = quoted.replace("...", "…");
    let mut rest = line;
    quoted.split('…').map(folded).filter(|part| !part.is_empty()).all(|part| match rest.find(&part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// A text in one line, white space folded.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line without the number that some put before it: `12: text`, `12 | text`, `12<tab>text`.
fn without_number(line: &str) -> &str {
    let rest = line.trim_start().trim_start_matches(|it: char| it.is_ascii_digit());
    if rest.len() == line.trim_start().len() { line } else { rest.trim_start().trim_start_matches([':', '|']) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(text: &str) -> Option<Quote<'_>> {
        quote_behind(text, text.find("a.rs:1").unwrap() + "a.rs:1".len())
    }

    #[test]
    fn quotations_are_told_from_names_in_sentences() {
        for (text, expected) in [
            ("a.rs:1: `let x = 1;`", Some(Quote::Inline("let x = 1;"))),
            ("`a.rs:1` — \"so it is\" and on", Some(Quote::Inline("so it is"))),
            ("**a.rs:1**: ``a ` b c``", Some(Quote::Inline("a ` b c"))),
            ("`Session::start` (a.rs:1) calls `run()`", None),
            ("a.rs:1: `x`", None),
            ("a.rs:1: it calls `something_else`", None),
            ("See a.rs:1:\n\n```rust\nfn a() {\n}\n```\nMore", Some(Quote::Block(vec!["fn a() {", "}"]))),
            ("a.rs:1\n> one\n> two\nthree", Some(Quote::Block(vec![" one", " two"]))),
            ("```rust a.rs:1\nfn a()\n```", Some(Quote::Block(vec!["fn a()"]))),
            ("a.rs:1\n- next `item here`", None),
            ("a.rs:1", None),
        ] {
            assert_eq!(behind(text), expected, "{text}");
        }
    }

    #[test]
    fn white_space_numbers_and_gaps_do_not_count() {
        let lines = "fn a(x: u8) {\n    let y =  x + 1;\n    go(y);\n}\n";
        for (quoted, expected) in [
            (Quote::Inline("let y = x + 1;"), true),
            (Quote::Inline("fn a(...) {"), true),
            (Quote::Inline("let y = x + 2;"), false),
            (Quote::Block(vec!["fn a(x: u8) {", "  // ...", "}"]), true),
            (Quote::Block(vec!["1: fn a(x: u8) {", "2 | let y = x + 1;"]), true),
            (Quote::Block(vec!["fn a(x: u8) {", "    stop(y);"]), false),
        ] {
            assert_eq!(quoted.stands_in(lines), expected, "{quoted:?}");
        }
    }
}
