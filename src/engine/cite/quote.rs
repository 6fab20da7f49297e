//! What an answer quotes, and whether lines of a file say it.
//!
//! The lines come in pieces and are read once, so the time is that of reading them, and little of them is kept. What a
//! quotation may change: white space, what it leaves out with dots, numbers before lines; and, if it is no code, marks of
//! Markdown and of comments. A line may be quoted in part, but no word of it, and no line may be missing unsaid.

mod flow;
mod rows;
mod whole;

use crate::text::one_line;
use flow::Flow;
use rows::Rows;

/// Lines that a block may have beyond those that are cited, since a place often is that of a first line only.
const SLACK: usize = 2;

/// The shortest quotation in a line that must stand where it is said to, in characters that are no blanks.
const SHORTEST: usize = 4;

/// A quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    text: String,
    is_block: bool,
    is_prose: bool,
}

/// Whether lines say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Yes,
    No,
    /// It was not looked at to the end.
    Unknown,
}

impl Quote {
    /// A quotation in a line, of code or of prose; nothing if it says nothing.
    pub fn inline(text: String, is_prose: bool) -> Option<Self> {
        let is_something = significant(&text).next().is_some();
        is_something.then_some(Self { text, is_block: false, is_prose })
    }

    /// Whether it is so short that it says little.
    pub fn is_short(&self) -> bool {
        !self.is_block && significant(&self.text).nth(SHORTEST - 1).is_none()
    }

    /// A block that is one; nothing if it has no text.
    pub fn block(text: String, is_prose: bool) -> Option<Self> {
        let has_text = text.lines().any(|line| !rows::is_empty(line));
        has_text.then_some(Self { text, is_block: true, is_prose })
    }

    /// How many lines from the first that is cited on may hold it, if so many are cited.
    pub fn reach(&self, cited: usize) -> usize {
        let lines = self.text.lines().count();
        cited.max(if self.is_block { lines + SLACK } else { lines })
    }

    /// What a file must hold at least that it could be from: of a single name its last part.
    pub fn core(&self) -> Self {
        let is_name = !self.is_block && !self.text.trim().contains(char::is_whitespace);
        let mut parts = self.text.trim().trim_end_matches("()").split([':', '.', '/', '&', '*', '<', '>', '#', '@']);
        let last = parts.rfind(|part| part.contains(char::is_alphanumeric));
        match last.filter(|_| is_name) {
            Some(last) => Self { text: last.to_owned(), ..self.clone() },
            None => self.clone(),
        }
    }

    /// The beginning of it, for people.
    pub fn shown(&self) -> String {
        one_line(self.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default(), 80)
    }

    /// Ready to be looked for.
    pub fn search(&self) -> Search {
        let mut flows = vec![Flow::new(&self.text, false)];
        if self.is_prose {
            flows.push(Flow::new(&self.text, true));
        }
        Search { flows, rows: if self.is_block { Rows::variants(&self.text) } else { Vec::new() } }
    }
}

/// The characters that say something: all but those that stand for what is left out.
fn significant(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|it| !it.is_whitespace() && !matches!(it, '.' | '…'))
}

/// A quotation that is being looked for.
pub struct Search {
    flows: Vec<Flow>,
    rows: Vec<Rows>,
}

impl Search {
    /// Takes the next piece of the lines.
    pub fn push(&mut self, piece: &str) {
        self.flows.iter_mut().for_each(|flow| flow.push(piece));
        self.rows.iter_mut().for_each(|rows| rows.push(piece));
    }

    /// Whether it was found.
    pub fn is_found(&self) -> bool {
        self.flows.iter().any(Flow::is_found) || self.rows.iter().any(Rows::is_found)
    }

    /// What is known at the end of the lines.
    pub fn end(mut self) -> Said {
        // The line feed tells that the last word is whole.
        self.push("\n");
        match () {
            () if self.is_found() => Said::Yes,
            () if self.flows.iter().any(Flow::gave_up) || self.rows.iter().any(Rows::gave_up) => Said::Unknown,
            () => Said::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(quote: &Quote, lines: &str) -> Said {
        let mut results = Vec::new();
        for size in [1, 3, 7, lines.len().max(1)] {
            let mut search = quote.search();
            let characters: Vec<char> = lines.chars().collect();
            characters.chunks(size).for_each(|piece| search.push(&piece.iter().collect::<String>()));
            results.push(search.end());
        }
        assert!(results.iter().all(|it| *it == results[0]), "{quote:?}: {results:?}");
        results[0]
    }

    #[test]
    fn white_space_numbers_and_gaps_do_not_count() {
        let lines = "fn a(x: u8) {\n    let y =  x + 1;\n\n    go(y);\n    stop();\n}\n";
        for (quoted, expected) in [
            ("let y = x + 1;", true),
            ("fn a(...) {", true),
            ("fn a(x: u8) { let y", true),
            ("et y = x + 1;", false),
            ("let y = x + 2;", false),
            ("go(y); ... fn a(", false),
        ] {
            let quote = Quote::inline(quoted.to_owned(), false).unwrap();
            assert_eq!(said(&quote, lines) == Said::Yes, expected, "{quoted}");
        }
        for (quoted, expected) in [
            ("fn a(x: u8) {\n  // ...\n}", true),
            ("1: fn a(x: u8) {\n2 | let y = x + 1;", true),
            (" 1  fn a(x: u8) {\n    …\n 4      go(y);\n", true),
            ("1: fn a(x: u8) {\n4: go(y);\n", true),
            ("let y = x + 1;\ngo(y);", true),
            ("let y = x +\ngo(", true),
            ("fn a(x: u8) {\n    halt(y);", false),
            ("fn a(x: u8) {\n    go(y);", false),
            ("go(y);\nlet y = x + 1;", false),
        ] {
            let quote = Quote::block(quoted.to_owned(), false).unwrap();
            assert_eq!(said(&quote, lines) == Said::Yes, expected, "{quoted}");
        }
    }

    #[test]
    fn prose_is_quoted_without_its_marks() {
        let lines = "/// The **boat** sinks\n/// at `noon`, it's said.\n";
        for (quoted, is_prose, expected) in [
            ("The boat sinks at noon, it’s said.", true, true),
            ("The boat sinks at noon", false, false),
            ("The boat sinks at night", true, false),
            ("The boat", false, false),
        ] {
            let quote = Quote::inline(quoted.to_owned(), is_prose).unwrap();
            assert_eq!(said(&quote, lines) == Said::Yes, expected, "{quoted}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_quotation() {
        assert_eq!(Quote::inline("... …".to_owned(), false), None);
        assert!(Quote::inline("x=1".to_owned(), false).unwrap().is_short());
        assert_eq!(Quote::block("\n  // ...\n…\n".to_owned(), false), None);
    }

    #[test]
    fn lines_that_nearly_hold_it_everywhere_are_given_up() {
        let lines = "ab ".repeat(100_000);
        let quote = Quote::inline(format!("b{} a", " ab".repeat(2000)), false).unwrap();
        let mut search = quote.search();
        search.push(&lines);
        assert_eq!(search.end(), Said::Unknown);
        let quote = Quote::block(format!("{}b\n", "a\n".repeat(2000)), false).unwrap();
        let mut search = quote.search();
        search.push(&"a\n".repeat(100_000));
        assert_eq!(search.end(), Said::Unknown);
    }
}
