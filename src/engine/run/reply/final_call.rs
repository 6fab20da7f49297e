//! `FINAL(…)` and `FINAL_VAR(…)` in the prose of a reply, as models write them: on lines of their own, in bold, between
//! backticks, with a full stop behind.
//!
//! What stands between the parentheses is Python, or the answer itself. Blocks of code in it belong to it.

use super::{fence::Fence, python_text::PythonText};
use std::ops::Range;

const CALLS: [&str; 2] = ["FINAL(", "FINAL_VAR("];

/// What may stand around a call, to be seen by a reader.
const MARKUP: [char; 5] = ['*', '_', '`', '#', ' '];

/// What may stand behind it.
const BEHIND: [char; 9] = ['*', '_', '`', '.', '!', ';', '。', ' ', '\r'];

/// The words with which instructions stand for an answer. A model that writes nothing else has repeated them.
const PLACEHOLDERS: [&str; 14] = [
    "answer", "final", "goes", "here", "insert", "response", "result", "text", "the", "value", "write", "your", "...",
    "…",
];

/// A call that is being read line by line.
#[derive(Debug, Clone)]
pub struct FinalCall {
    /// The text of Python in it, if it begins with a string.
    python: Option<PythonText>,
    /// Parentheses that are open, and may be too few where the answer has some of its own.
    depth: isize,
}

/// What a line does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The call goes on.
    Open,
    /// It ends here, before this byte of the line.
    Ends(usize),
    /// It is part of a sentence.
    Sentence,
}

impl FinalCall {
    /// The call that a line begins with, where in the line it begins, and how the line ends.
    pub fn begin(line: &str) -> Option<(Self, usize, Line)> {
        let start = line.len() - line.trim_start_matches(MARKUP).len();
        let call = &line[start..];
        let name = CALLS.iter().find(|name| call.starts_with(**name))?.len() - 1;
        let argument = call[name + 1..].trim_start_matches(['r', 'R', 'f', 'F', 'b', 'u']);
        let mut python = argument.starts_with(['"', '\'']).then(PythonText::default);
        if let Some(read) = &mut python {
            if let Some(end) = read.read_to_end_of_brackets(&call[name..]) {
                let is_alone = call[name + end..].trim_matches(BEHIND).trim().is_empty();
                let ends = if is_alone { Line::Ends(start + name + end) } else { Line::Sentence };
                return Some((Self { python, depth: 0 }, start, ends));
            }
            if !read.is_broken() {
                return Some((Self { python, depth: 1 }, start, Line::Open));
            }
        }
        let mut this = Self { python: None, depth: 0 };
        let (line_end, first_end) = this.count(&call[name..]);
        let ends = match (this.depth, line_end) {
            (1.., _) => Line::Open,
            // It ended before, and the line has gone on with a pair of its own.
            (0, Some(end)) if first_end < end => Line::Sentence,
            (_, Some(end)) => Line::Ends(start + name + end),
            (_, None) => Line::Sentence,
        };
        Some((this, start, ends))
    }

    /// Takes the next line.
    pub fn line(&mut self, line: &str) -> Line {
        if let Some(read) = &mut self.python {
            if let Some(end) = read.read_to_end_of_brackets(line) {
                let is_alone = line[end..].trim_matches(BEHIND).trim().is_empty();
                return if is_alone { Line::Ends(end) } else { Line::Sentence };
            }
            if !read.is_broken() {
                return Line::Open;
            }
            self.depth = isize::try_from(read.open_brackets()).unwrap_or(1);
            self.python = None;
            return Line::Open;
        }
        match self.count(line) {
            (Some(end), _) if self.depth <= 0 => Line::Ends(end),
            _ => Line::Open,
        }
    }

    /// Counts the parentheses of a text. Gives where the line ends if that is a parenthesis, and where all were closed first.
    fn count(&mut self, text: &str) -> (Option<usize>, usize) {
        let mut first_end = usize::MAX;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'(' => self.depth += 1,
                b')' => self.depth -= 1,
                _ => continue,
            }
            if self.depth == 0 {
                first_end = first_end.min(at + 1);
            }
        }
        let said = text.trim_end().trim_end_matches(BEHIND);
        (said.ends_with(')').then_some(said.len()), first_end)
    }
}

/// The last call in a prose that stands by itself; an answer may quote another.
pub fn find(prose: &str) -> Option<&str> {
    let found = calls(prose, false).or_else(|| calls(prose, true))?;
    Some(prose[found].trim())
}

/// The same, in no block or in one without a tag.
fn calls(prose: &str, in_block: bool) -> Option<Range<usize>> {
    let mut open: Option<(FinalCall, usize)> = None;
    let mut fence: Option<Fence> = None;
    let mut last: Option<(Range<usize>, bool)> = None;
    let mut at = 0;
    for line in prose.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        if let Some((call, start)) = &mut open {
            match call.line(line) {
                Line::Open => {}
                Line::Ends(end) => {
                    last = Some((*start..begin + end, call.python.is_none()));
                    open = None;
                }
                Line::Sentence => open = None,
            }
            continue;
        }
        match &fence {
            Some(it) if it.is_closed_by(line) => {
                fence = None;
                continue;
            }
            Some(it) if !in_block || !it.is_untagged => continue,
            None if in_block => {
                fence = Fence::opening(line);
                continue;
            }
            Some(_) => {}
            None => {
                if let Some(opened) = Fence::opening(line) {
                    fence = Some(opened);
                    continue;
                }
            }
        }
        if let Some((call, start, ends)) = FinalCall::begin(line) {
            match ends {
                Line::Open => open = Some((call, begin + start)),
                Line::Ends(end) => last = Some((begin + start..begin + end, call.python.is_none())),
                Line::Sentence => {}
            }
        }
    }
    let end = prose.trim_end().trim_end_matches(BEHIND).len();
    if let Some((_, start)) = open
        && prose[..end].ends_with(')')
    {
        return Some(start..end);
    }
    let (call, is_plain) = last?;
    // The answer had more closing parentheses than opening ones, as in a list: `1) …`.
    let rest = prose.get(call.end..end).unwrap_or_default();
    let closed = rest.matches(')').count().saturating_sub(rest.matches('(').count());
    let goes_on = is_plain && rest.ends_with(')') && closed > 0;
    Some(if goes_on { call.start..end } else { call })
}

/// Whether a prose has a call that is part of a sentence.
pub fn is_named(prose: &str) -> bool {
    CALLS.iter().any(|name| prose.contains(name))
}

/// The variable that a call names without quotes: `FINAL_VAR(answer)`.
pub fn variable(call: &str) -> Option<&str> {
    let name = call.strip_prefix("FINAL_VAR(")?.strip_suffix(')')?.trim();
    let starts = name.starts_with(|it: char| it.is_alphabetic() || it == '_');
    (starts && name.chars().all(|it| it.is_alphanumeric() || it == '_')).then_some(name)
}

/// The text between the parentheses of a call that is no valid program, e.g. `FINAL(the answer is 42)`. A string that
/// lacks escapes is what stands between its quotes.
pub fn text(call: &str) -> Option<&str> {
    let text = call.strip_prefix("FINAL(")?.strip_suffix(')').map(str::trim)?;
    let quoted = ["\"\"\"", "'''", "\"", "'"].iter().find_map(|quotes| {
        let inside = text.strip_prefix(quotes)?.strip_suffix(quotes)?;
        (!inside.contains(quotes)).then_some(inside)
    });
    Some(quoted.unwrap_or(text))
}

/// Whether a text that Python takes for an expression of names is a sentence: `It is 42`.
pub fn is_sentence(text: &str) -> bool {
    let is_word = |word: &str| word.chars().all(|it| it.is_alphanumeric() || "-'.,".contains(it));
    let is_choice = text.contains(" if ") && text.contains(" else ");
    !is_choice && text.contains(' ') && text.split_whitespace().all(is_word)
}

/// Whether a text stands for an answer in instructions.
pub fn is_placeholder(text: &str) -> bool {
    let mut words = text.split([' ', '<', '>', '[', ']', '_']).filter(|it| !it.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| PLACEHOLDERS.iter().any(|it| word.eq_ignore_ascii_case(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_where_they_stand_by_themselves() {
        for (prose, expected) in [
            ("FINAL(42)", Some("FINAL(42)")),
            ("I know.\nFINAL(\"a \\\"b\\\" (c) d\")\n", Some("FINAL(\"a \\\"b\\\" (c) d\")")),
            ("FINAL_VAR(result)", Some("FINAL_VAR(result)")),
            ("FINAL(\"\"\"two\nlines\"\"\")", Some("FINAL(\"\"\"two\nlines\"\"\")")),
            ("**FINAL(42)**", Some("FINAL(42)")),
            ("`FINAL(\"It is 4711, see a.txt:2\")`", Some("FINAL(\"It is 4711, see a.txt:2\")")),
            ("FINAL(42).", Some("FINAL(42)")),
            ("> FINAL(42)", None),
            ("## FINAL('x')!", Some("FINAL('x')")),
            ("```\nFINAL(42)\n```", Some("FINAL(42)")),
            ("FINAL(41)\n\nNo, wait.\n\nFINAL(42)", Some("FINAL(42)")),
            ("FINAL(\"42\")\n\nI hope this helps!", Some("FINAL(\"42\")")),
            ("FINAL(The parser (mostly) is in a.rs:3)", Some("FINAL(The parser (mostly) is in a.rs:3)")),
            ("FINAL(Steps:\n1) open (now)\n2) close)", Some("FINAL(Steps:\n1) open (now)\n2) close)")),
            ("FINAL(a) x, b) y)", Some("FINAL(a) x, b) y)")),
            ("FINAL(str(x) + \"b)\")", Some("FINAL(str(x) + \"b)\")")),
            ("FINAL(\"Use:\n```py\nf(1)\n```\ndone\")", Some("FINAL(\"Use:\n```py\nf(1)\n```\ndone\")")),
            ("FINAL(Use f( like\nthat)", Some("FINAL(Use f( like\nthat)")),
            ("The answer is FINAL(42).", None),
            ("FINAL(x) is what I will call once I know.\n\nFirst I think about it (briefly)", None),
            ("The docs say:\n\nFINAL(x) ends the run (see docs)", None),
            ("FINAL(\"x\") ends it", None),
            ("I will use FINAL(x) later.", None),
            ("Use FINAL(x)", None),
            ("```rust\nFINAL('x')\n```", None),
            ("FINAL(never closed", None),
            ("FINALE(x)", None),
            ("", None),
        ] {
            assert_eq!(find(prose), expected, "{prose}");
        }
    }

    #[test]
    fn a_sentence_is_told_from_an_expression() {
        for (text, expected) in
            [("It is 42", true), ("not found", true), ("a if b else c", false), ("a + b", false), ("x", false)]
        {
            assert_eq!(is_sentence(text), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_in_a_call_is_a_name_or_a_text() {
        assert_eq!(variable("FINAL_VAR(answer)"), Some("answer"));
        assert_eq!(variable("FINAL_VAR('answer')"), None);
        for (call, expected) in [
            ("FINAL(the answer is (about) 42)", "the answer is (about) 42"),
            ("FINAL(\"two\nlines\")", "two\nlines"),
            ("FINAL(\"a\" or \"b\")", "\"a\" or \"b\""),
            ("FINAL(\")", "\""),
        ] {
            assert_eq!(text(call), Some(expected), "{call}");
        }
        for (text, expected) in [
            ("Your final answer here", true),
            ("<answer>", true),
            ("...", true),
            ("42", false),
            ("the vault", false),
            ("", false),
        ] {
            assert_eq!(is_placeholder(text), expected, "{text}");
        }
    }
}
