//! An answer on a terminal, where nothing can be taken back: each text is printed once, although answers begin anew.
//!
//! An answer is streamed while it is written. Then it may turn out to be none, its call may be made again, and the
//! final text may differ from the streamed one by blank space at its ends. So what was printed is compared with what
//! the answer is now: what is the same is not printed again, and only another text begins anew below. A rendered answer is
//! printed by lines that nothing can change any more, so that of a text which is withdrawn at once nothing is printed.

use super::{
    render::{Look, Stream},
    terminal::showable,
};
use crate::engine::Delta;

/// What stands on the terminal.
#[derive(Debug, Default)]
pub struct Screen {
    /// The answer as far as it is known.
    answer: String,
    /// What was printed of it, without blank space at its beginning.
    printed: String,
    /// Whether something else was shown behind what was printed, on a line of its own.
    is_interrupted: bool,
    /// How the answer is rendered, if it is.
    rendering: Option<Rendering>,
}

/// A rendered answer appears line by line, each when it is sure.
#[derive(Debug)]
struct Rendering {
    look: Look,
    /// Of what is printed.
    stream: Stream,
    /// Of another text, of which nothing is printed yet.
    other: Stream,
}

impl Screen {
    /// A screen on which Markdown is rendered.
    pub fn rendered(look: Look) -> Self {
        let rendering = Rendering { look, stream: Stream::default(), other: Stream::default() };
        Self { rendering: Some(rendering), ..Self::default() }
    }

    /// Takes what changes; gives what is to be printed.
    pub fn take(&mut self, delta: &Delta) -> String {
        match delta {
            Delta::Append(text) => self.answer.push_str(text),
            Delta::Reset(text) => {
                text.clone_into(&mut self.answer);
                if let Some(rendering) = &mut self.rendering {
                    rendering.other = Stream::default();
                }
            }
        }
        // A carriage return at the end may be one half of the end of a line.
        let text = showable(self.answer.trim_start());
        if self.printed.starts_with(text) {
            // It was withdrawn, or is written once more.
            return String::new();
        }
        if let Some(rendering) = &mut self.rendering {
            return rendering.print(&mut self.printed, text, Stream::take);
        }
        let rest = match text.strip_prefix(self.printed.as_str()) {
            Some(rest) => rest.to_owned(),
            None => self.separated(text),
        };
        text.clone_into(&mut self.printed);
        self.is_interrupted = false;
        rest
    }

    /// The answer was withdrawn although some of it was printed: the work goes on. Gives what is to be printed before
    /// something else is shown; a rendered answer ends with a line anyway.
    pub fn interrupt(&mut self) -> Option<&'static str> {
        if !self.answer.is_empty() || self.printed.is_empty() || self.is_interrupted || self.rendering.is_some() {
            return None;
        }
        self.is_interrupted = true;
        Some(if self.printed.ends_with('\n') { "" } else { "\n" })
    }

    /// The answer is `text`; gives what is still to be printed, to the end of the last line.
    pub fn finish(&mut self, text: &str) -> String {
        if let Some(rendering) = &mut self.rendering {
            let is_printed = text.trim() == self.printed.trim_end() || text.is_empty();
            let text = if is_printed { self.printed.clone() } else { text.trim_start().to_owned() };
            return rendering.print(&mut self.printed, &text, Stream::finish);
        }
        let ends_line = |rest: &str| format!("{rest}{}", if rest.is_empty() { "" } else { "\n" });
        if self.printed.is_empty() {
            return ends_line(text);
        }
        let is_printed = text.trim() == self.printed.trim_end() || text.is_empty();
        match text.trim_start().strip_prefix(self.printed.as_str()) {
            _ if is_printed && (self.printed.ends_with('\n') || self.is_interrupted) => String::new(),
            _ if is_printed => "\n".to_owned(),
            Some(rest) => ends_line(rest),
            None => ends_line(&self.separated(text.trim_start())),
        }
    }

    /// A text that is another one than what was printed.
    fn separated(&self, text: &str) -> String {
        let is_at_start = self.printed.ends_with('\n') || self.is_interrupted;
        format!("{}{text}", if is_at_start { "\n" } else { "\n\n" })
    }
}

impl Rendering {
    /// Renders what is new of a text, and what stands on the terminal becomes `printed`. Another text than what was
    /// printed begins anew below it.
    fn print(&mut self, printed: &mut String, text: &str, render: fn(&mut Stream, &Look, &str) -> String) -> String {
        let goes_on = text.starts_with(printed.as_str());
        let stream = if goes_on { &mut self.stream } else { &mut self.other };
        let lines = render(stream, &self.look, text);
        if lines.is_empty() {
            return lines;
        }
        text[..stream.cut()].clone_into(printed);
        if goes_on {
            return lines;
        }
        self.stream = std::mem::take(&mut self.other);
        format!("\n{lines}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that is printed of an answer: what was added, or set in place of what there was (`=`), and the end.
    fn check(deltas: &[&str], end: &str, expected: &str) {
        let mut screen = Screen::default();
        let mut printed = String::new();
        for delta in deltas {
            let delta = match delta.strip_prefix('=') {
                Some(text) => Delta::Reset(text.to_owned()),
                None => Delta::Append((*delta).to_owned()),
            };
            printed += &screen.take(&delta);
            printed += screen.interrupt().unwrap_or_default();
        }
        printed += &screen.finish(end);
        assert_eq!(printed, expected, "{deltas:?} {end:?}");
    }

    #[test]
    fn an_answer_is_printed_once() {
        check(&[], "It is so", "It is so\n");
        check(&["It is", " so"], "It is so", "It is so\n");
        check(&["It is so\n"], "It is so", "It is so\n");
        check(&["It is so\n", "=It is so"], "It is so", "It is so\n");
        check(&["\n\nIt is", " so\n\n"], "It is so", "It is so\n\n");
        check(&["It is", "=It is so, I say"], "It is so, I say", "It is so, I say\n");
        check(&[], "", "");
    }

    #[test]
    fn what_is_written_once_more_is_printed_once() {
        check(&["It is", "=", "It", " is so"], "It is so", "It is\n so\n");
        check(&["It is so\n", "=", "It is so\n", "=It is so"], "It is so", "It is so\n");
        check(&["It is so", "=", "=It is so"], "It is so", "It is so\n");
    }

    #[test]
    fn another_text_begins_anew() {
        check(&["It is", "=", "No, it"], "No, it is not", "It is\n\nNo, it is not\n");
        check(&["It is\n", "=No"], "No", "It is\n\nNo\n");
        check(&["It is so"], "It", "It is so\n\nIt\n");
    }

    #[test]
    fn what_there_was_stays_when_nothing_else_comes() {
        check(&["It is"], "It is", "It is\n");
        check(&["It is", "="], "", "It is\n");
        check(&["It"], "It is wr", "It is wr\n");
    }

    /// The same of a rendered answer.
    fn check_rendered(deltas: &[&str], end: &str, expected: &str) {
        let mut screen = Screen::rendered(Look::default());
        let mut printed = String::new();
        for delta in deltas {
            let delta = match delta.strip_prefix('=') {
                Some(text) => Delta::Reset(text.to_owned()),
                None => Delta::Append((*delta).to_owned()),
            };
            printed += &screen.take(&delta);
            assert_eq!(screen.interrupt(), None);
        }
        printed += &screen.finish(end);
        assert_eq!(printed, expected, "{deltas:?} {end:?}");
    }

    #[test]
    fn a_rendered_answer_is_printed_once() {
        check_rendered(&[], "It is so", "It is so\n");
        check_rendered(&["It is", " so\n"], "It is so", "It is so\n");
        check_rendered(&["It is\n\nso"], "It is\n\nso", "It is\n\nso\n");
        check_rendered(&["\n\nIt is\n\n", "=", "It is\n\nso", "=It is\n\nso"], "It is\n\nso", "It is\n\nso\n");
        check_rendered(&["- a\n- b\n- c\n"], "- a\n- b\n- c", "• a\n• b\n• c\n");
        // What is withdrawn before it was sure does not appear.
        check_rendered(&["It is", "=", "No, it"], "No, it is not", "No, it is not\n");
        // What appeared stays, and the other text stands below it.
        check_rendered(&["It is\n\nso", "=", "No\n\nno"], "No\n\nno", "It is\n\nNo\n\nno\n");
        check_rendered(&["It is\n\n", "="], "", "It is\n");
    }
}
