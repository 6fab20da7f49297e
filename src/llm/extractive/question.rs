//! A question taken apart: what it names, which is looked up exactly, and what it asks.
//!
//! Nothing here knows the text that the question is about. Whether a plain word is a name, or a file is there, is for the
//! program to find out; this says what to try, and in what sense.

mod asks;
mod message;
mod named;
mod words;

pub use asks::Ask;
pub use named::Named;

use crate::text::cut_middle;
use serde::Serialize;
use serde_json::json;

/// The longest question that is taken apart, in bytes. A log that was pasted whole says at its ends what it is.
const LONGEST: usize = 64 << 10;

/// Characters of a question that its program holds. Of a longer one what it names is known all the same.
const LONGEST_TEXT: usize = 2000;

/// A question that was taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    pub text: String,
    #[serde(flatten)]
    pub ask: Ask,
    #[serde(flatten)]
    pub named: Named,
    /// Messages that somebody has pasted, the surest first.
    pub messages: Vec<String>,
    /// Whether the text is such a message, or a trace, and no question.
    pub is_message: bool,
    /// Places that a trace names: file and line.
    pub frames: Vec<(String, usize)>,
}

impl Question {
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let end = text.floor_char_boundary(LONGEST);
        let pasted = message::Pasted::new(&text[..end]);
        // What stands in a trace is told by its messages and places, and not one by one.
        let asked = if pasted.is_trace { pasted.question.as_str() } else { &text[..end] };
        let mut named = Named::new(asked);
        let ask = Ask::new(asked, &mut named);
        Self {
            text: cut_middle(text, LONGEST_TEXT),
            ask,
            named,
            messages: pasted.messages,
            is_message: pasted.is_message,
            frames: pasted.frames,
        }
    }
}

impl Question {
    /// As a Python string with JSON, of at most about `most` bytes: of a question that names very many things, the first ones.
    pub fn to_python(&self, most: usize) -> String {
        let mut shortened = self.clone();
        loop {
            // A JSON string is a Python string as well.
            let text = json!(json!(shortened).to_string()).to_string();
            let Named { names, words, files, places, literals } = &mut shortened.named;
            let lists = [names, words, files, literals, &mut shortened.messages];
            let longest =
                lists.iter().map(|list| list.len()).max().unwrap_or(0).max(places.len()).max(shortened.frames.len());
            if text.len() <= most || longest == 0 {
                return text;
            }
            let kept = longest / 2;
            lists.into_iter().for_each(|list| list.truncate(kept));
            places.truncate(kept);
            shortened.frames.truncate(kept);
        }
    }
}

#[cfg(test)]
mod tests;
