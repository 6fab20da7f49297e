//! Reasoning that a local model writes into its text.
//!
//! Servers with a parser for the model at hand send it apart; those without send it as it was written, between
//! `<think>` and `</think>` at the start of the reply. It is not the answer, and a program in it is not meant to run.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Bytes of white space at the start behind which no reasoning is expected any more.
const MOST_SPACE: usize = 1000;

/// Splits a reply while it streams.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    place: Place,
    /// The end of what came, as long as it may be the start of a mark.
    held: String,
}

#[derive(Debug, Default, PartialEq)]
enum Place {
    #[default]
    Start,
    Inside,
    /// Behind the reasoning, before the first character of the text.
    Between,
    Text,
}

/// What a part of the reply adds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Split {
    pub(super) reasoning: String,
    pub(super) text: String,
}

impl Thinking {
    /// Takes the next part of the reply.
    pub(super) fn split(&mut self, part: &str) -> Split {
        let mut split = Split::default();
        let mut open = std::mem::take(&mut self.held) + part;
        if self.place == Place::Start {
            let begun = open.trim_start();
            if open.len() - begun.len() > MOST_SPACE {
                self.place = Place::Text;
            } else if let Some(inside) = begun.strip_prefix(OPEN) {
                self.place = Place::Inside;
                open = inside.to_owned();
            } else if OPEN.starts_with(begun) {
                self.held = open;
                return split;
            } else {
                self.place = Place::Text;
            }
        }
        if self.place == Place::Inside {
            match open.split_once(CLOSE) {
                Some((reasoning, after)) => {
                    split.reasoning.push_str(reasoning);
                    self.place = Place::Between;
                    open = after.to_owned();
                }
                None => {
                    let kept = (1..CLOSE.len()).rev().find(|&length| open.ends_with(&CLOSE[..length])).unwrap_or(0);
                    self.held = open.split_off(open.len() - kept);
                    split.reasoning = open;
                    return split;
                }
            }
        }
        if self.place == Place::Between {
            open = open.trim_start().to_owned();
            if !open.is_empty() {
                self.place = Place::Text;
            }
        }
        split.text = open;
        split
    }

    /// Bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// What was held back, when nothing more comes.
    pub(super) fn rest(&mut self) -> Split {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Inside => Split { reasoning: held, text: String::new() },
            _ => Split { reasoning: String::new(), text: held },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&str]) -> (String, String) {
        let mut thinking = Thinking::default();
        let mut splits: Vec<_> = parts.iter().map(|part| thinking.split(part)).collect();
        splits.push(thinking.rest());
        (splits.iter().map(|it| it.reasoning.as_str()).collect(), splits.iter().map(|it| it.text.as_str()).collect())
    }

    #[test]
    fn only_reasoning_at_the_start_is_taken_apart() {
        let cases = [
            ("plain", "", "plain"),
            ("", "", ""),
            ("  indented", "", "  indented"),
            ("<think>a < b</think>\n\nyes", "a < b", "yes"),
            ("\n<think>\n</think>yes", "\n", "yes"),
            ("<thi", "", "<thi"),
            ("<thinker>x", "", "<thinker>x"),
            ("yes <think>no</think>", "", "yes <think>no</think>"),
            ("<think>never closed </thi", "never closed </thi", ""),
            ("<think>漢</think>字", "漢", "字"),
        ];
        let space = " ".repeat(2 * MOST_SPACE);
        let far = format!("{space}<think>");
        for (reply, reasoning, text) in cases.into_iter().chain([(&*space, "", &*space), (&*far, "", &*far)]) {
            let expected = (reasoning.to_owned(), text.to_owned());
            assert_eq!(read(&[reply]), expected, "{reply:?} at once");
            let letters: Vec<String> = reply.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(read(&letters), expected, "{reply:?} letter by letter");
        }
    }
}
