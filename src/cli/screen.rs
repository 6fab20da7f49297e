//! An answer on a terminal, where nothing can be taken back: each text is printed once, although answers begin anew.
//!
//! An answer is streamed while it is written. Then it may turn out to be none, its call may be made again, and the
//! final text may differ from the streamed one by blank space at its ends. So what was printed is compared with what
//! the answer is now: what is the same is not printed again, and only another text begins anew below.

use super::terminal::showable;
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
}

impl Screen {
    /// Takes what changes; gives what is to be printed.
    pub fn take(&mut self, delta: &Delta) -> String {
        match delta {
            Delta::Append(text) => self.answer.push_str(text),
            Delta::Reset(text) => text.clone_into(&mut self.answer),
        }
        // A carriage return at the end may be one half of the end of a line.
        let text = showable(self.answer.trim_start());
        if self.printed.starts_with(text) {
            // It was withdrawn, or is written once more.
            return String::new();
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
    /// something else is shown.
    pub fn interrupt(&mut self) -> Option<&'static str> {
        if !self.answer.is_empty() || self.printed.is_empty() || self.is_interrupted {
            return None;
        }
        self.is_interrupted = true;
        Some(if self.printed.ends_with('\n') { "" } else { "\n" })
    }

    /// The answer is `text`; gives what is still to be printed, to the end of the last line.
    pub fn finish(&mut self, text: &str) -> String {
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
}
