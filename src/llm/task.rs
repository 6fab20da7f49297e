//! What a request is for, in so many fields.
//!
//! A model that reads learns this from the messages. The built-in one understands no sentences, and is told.

use serde::Serialize;

/// What a request is for. A request without a task is a prompt that a program wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Task {
    /// A turn of a run that answers a question about its text.
    Answer { question: String, selection: Option<Place> },
    /// A turn of a run whose text is a prompt, which says itself what to do.
    FollowPrompt,
    /// One reply to a question, from the first `text` bytes of the last message.
    Read { question: String, text: usize },
}

/// Lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub path: String,
    /// Counted from 1.
    pub first_line: usize,
    /// Included.
    pub last_line: usize,
}
