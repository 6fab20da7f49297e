//! The answer inside of a reply, while it is being written.
//!
//! An answer is most often a text in a call: `FINAL("""…""")` in a program or as the last line, or what is assigned to
//! `answer["content"]`. Its text can be shown as it grows, long before the program that holds it can run. What is shown
//! is a preview: when the run has its answer, that takes its place. To keep the two the same, either prose is shown or
//! the text of one call, and no prose behind a program: the program may be part of the answer, or make it none.

use super::reply::Inside;

/// What answers begin with, at the start of a line.
const BEGINNINGS: [&str; 3] = ["FINAL(", "answer[\"content\"] = ", "answer['content'] = "];

/// The longest line whose beginning is looked at.
const LONGEST_START: usize = 64;

/// Finds the answer in a reply that grows.
#[derive(Default)]
pub struct AnswerPreview {
    /// The line under way, as far as it has come and was not shown.
    line: String,
    state: State,
    /// Whether prose is the answer: a second reply without a program is taken as one, and so is a message without calls.
    prose: bool,
    /// Whether prose was shown that says something.
    has_shown_prose: bool,
    /// Whether a program has begun, behind which no prose is shown.
    is_past_prose: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// At the beginning of a line, which is not long enough to tell.
    #[default]
    Start,
    /// The line is no answer.
    Other,
    /// The line is prose that is the answer.
    Prose,
    /// In a text of Python that ends with so many of these quotes.
    Text(char, usize),
    /// In `FINAL(` without quotes, in prose.
    Plain,
    /// The answer has ended.
    Ended,
}

impl AnswerPreview {
    /// For a reply whose prose is the answer, or not.
    pub fn new(prose: bool) -> Self {
        Self { prose, ..Self::default() }
    }

    /// One for the same reply from its beginning.
    pub fn anew(&self) -> Self {
        Self::new(self.prose)
    }

    /// Takes a part of a line that began `inside` of something, or of nothing; adds what can be shown to `shown`.
    pub fn write(&mut self, part: &str, inside: Option<Inside>, shown: &mut String) {
        self.line.push_str(part);
        if self.state == State::Start {
            self.begin(part.ends_with('\n'), inside);
        }
        match self.state {
            State::Prose => {
                self.has_shown_prose |= !self.line.trim().is_empty();
                shown.push_str(&std::mem::take(&mut self.line));
            }
            State::Text(quote, count) => self.text(shown, quote, count),
            State::Plain => {
                // What ends with a parenthesis may be the end.
                let kept = self.line.trim_end_matches([')', '\n']).len();
                shown.push_str(&self.line[..kept]);
                self.line.drain(..kept);
            }
            State::Start | State::Other | State::Ended => {}
        }
    }

    /// The line is whole; `before` and `after` are what it began and ended in.
    pub fn end_line(&mut self, before: Option<Inside>, after: Option<Inside>, shown: &mut String) {
        if matches!(self.state, State::Text(..) | State::Plain) {
            return;
        }
        let is_of_program = [before, after].contains(&Some(Inside::Program));
        self.is_past_prose |= is_of_program;
        // The fence of a block that is no program is part of the prose.
        if self.shows_prose() && self.state == State::Other && self.line.starts_with("```") && !is_of_program {
            shown.push_str(&self.line);
        }
        self.line.clear();
        if matches!(self.state, State::Other | State::Prose) {
            self.state = State::Start;
        }
    }

    fn shows_prose(&self) -> bool {
        self.prose && !self.is_past_prose
    }

    /// Tells what a line is from its beginning.
    fn begin(&mut self, is_whole: bool, inside: Option<Inside>) {
        if inside == Some(Inside::OtherBlock) {
            let is_fence = self.line.starts_with('`') || self.line.is_empty();
            self.state = if self.shows_prose() && !is_fence { State::Prose } else { State::Other };
            return;
        }
        for beginning in BEGINNINGS {
            let Some(rest) = self.line.strip_prefix(beginning) else { continue };
            let quote = rest.chars().next().filter(|it| "\"'".contains(*it));
            let Some(quote) = quote else {
                let is_plain = inside.is_none() && beginning == BEGINNINGS[0] && !rest.is_empty();
                let waits = rest.is_empty() && !is_whole;
                if is_plain && self.has_shown_prose {
                    self.state = State::Ended;
                } else if is_plain {
                    self.line.drain(..beginning.len());
                    self.state = State::Plain;
                } else if !waits {
                    self.state = State::Other;
                }
                return;
            };
            let count = rest.chars().take_while(|it| *it == quote).count();
            if rest.len() == count && count < 3 && !is_whole {
                return;
            }
            if self.has_shown_prose {
                self.state = State::Ended;
                return;
            }
            let count = if count >= 3 { 3 } else { 1 };
            self.line.drain(..beginning.len() + count);
            self.state = State::Text(quote, count);
            return;
        }
        let may_be = BEGINNINGS.iter().any(|beginning| beginning.starts_with(self.line.as_str()));
        let may_be_fence = self.line.starts_with('`') || "```".starts_with(self.line.trim_end());
        if !is_whole && self.line.len() < LONGEST_START && (may_be || may_be_fence) {
            return;
        }
        self.state = match inside {
            None if self.shows_prose() && !self.line.starts_with("```") => State::Prose,
            _ => State::Other,
        };
    }

    /// Shows what there is of a text of Python, as far as its escapes are whole.
    fn text(&mut self, shown: &mut String, quote: char, count: usize) {
        let end = quote.to_string().repeat(count);
        let mut at = 0;
        while let Some(it) = self.line[at..].chars().next() {
            let rest = &self.line[at..];
            if rest.starts_with(&end) {
                self.state = State::Ended;
                self.line.clear();
                return;
            }
            if it == quote && end.starts_with(rest) {
                break;
            }
            if it != '\\' {
                shown.push(it);
                at += it.len_utf8();
                continue;
            }
            let Some(escaped) = rest[1..].chars().next() else { break };
            let digits = match escaped {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let code = &rest[1 + escaped.len_utf8()..];
            let code: String = code.chars().take(digits).take_while(char::is_ascii_hexdigit).collect();
            if code.len() < digits && rest.len() == 2 + code.len() {
                // The rest of the number is still to come.
                break;
            }
            let named = || char::from_u32(u32::from_str_radix(&code, 16).ok()?).filter(|_| code.len() == digits);
            at += 1 + escaped.len_utf8();
            match escaped {
                'n' => shown.push('\n'),
                't' => shown.push('\t'),
                '\n' => {}
                '\\' | '"' | '\'' => shown.push(escaped),
                _ => match named().filter(|_| digits > 0) {
                    Some(named) => {
                        shown.push(named);
                        at += digits;
                    }
                    None => shown.extend(['\\', escaped]),
                },
            }
        }
        self.line.drain(..at);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reply::Scanner, *};

    /// What is shown of a text, however it is cut into pieces.
    fn shown(text: &str, prose: bool) -> String {
        let mut results: Vec<String> = Vec::new();
        for size in [1, 2, 3, 7, text.len().max(1)] {
            let characters: Vec<char> = text.chars().collect();
            let (mut preview, mut scanner) = (AnswerPreview::new(prose), Scanner::default());
            let (mut line, mut shown) = (String::new(), String::new());
            for piece in characters.chunks(size).map(|piece| piece.iter().collect::<String>()) {
                for part in piece.split_inclusive('\n') {
                    let before = scanner.inside();
                    line.push_str(part);
                    preview.write(part, before, &mut shown);
                    if part.ends_with('\n') {
                        scanner.line(&std::mem::take(&mut line));
                        preview.end_line(before, scanner.inside(), &mut shown);
                    }
                }
            }
            results.push(shown);
        }
        assert!(results.iter().all(|it| *it == results[0]), "{results:?}");
        results.remove(0)
    }

    #[test]
    fn the_text_of_an_answer_is_found_in_programs_and_in_prose() {
        for (text, expected) in [
            (
                "I see.\n```repl\nx = 1\nFINAL(\"\"\"# Yes\n\nIt is \\\"so\\\".\n\"\"\")\n```\n",
                "# Yes\n\nIt is \"so\".\n",
            ),
            (
                "```py\nFINAL('a\\nb\\'s \\\\ \\x41\\xe9\\u20ac\\U0001f600 \\xg1 \\d')\nFINAL('no')\n```",
                "a\nb's \\ Aé€😀 \\xg1 \\d",
            ),
            ("```repl\nanswer[\"content\"] = 'draft'\n```", "draft"),
            ("Done.\nFINAL(The parser is (mostly) in a.rs:3)", "The parser is (mostly) in a.rs:3"),
            ("FINAL(\"quoted\")", "quoted"),
            ("```repl\nFINAL(str(x))\n```", ""),
            ("```repl\n    FINAL('inside of a block of Python')\n```", ""),
            ("```rust\nFINAL('x')\n```", ""),
            ("The word FINAL('x') in a line", ""),
        ] {
            assert_eq!(shown(text, false), expected, "{text}");
        }
    }

    #[test]
    fn prose_is_shown_where_it_is_the_answer_and_programs_are_not() {
        let text = "It is **so**:\n```rust\nfn a() {}\n```\nFINE\n```repl\nprint(1)\n```\nBehind\n";
        assert_eq!(shown(text, true), "It is **so**:\n```rust\nfn a() {}\n```\nFINE\n");
        assert_eq!(shown(text, false), "");
    }

    #[test]
    fn of_prose_and_the_text_of_a_call_one_is_shown() {
        for (text, expected) in [
            ("I am sure.\nFINAL(It is so)", "I am sure.\n"),
            ("I am sure.\n```repl\nFINAL('so')\n```\n", "I am sure.\n"),
            ("\n```repl\nFINAL('so')\n```\nBehind\n", "\nso"),
            ("FINAL(\"so\")\nBehind\n", "so"),
        ] {
            assert_eq!(shown(text, true), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_shown_the_same_however_it_is_cut(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "FINAL(", "answer[\"content\"] = ", "\"\"\"", "'''", "\"", "'", ")", "```repl\n", "```\n", "```", "\n",
                    "\\", "\\n", "\\x", "4", "\\u00", "é", "\\é", "x", " ", "`", "answer", "FIN",
                ]),
                0..30,
            ),
            prose: bool,
        ) {
            shown(&parts.concat(), prose);
        }
    }
}
