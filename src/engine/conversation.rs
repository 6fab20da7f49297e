//! The messages of a run, kept inside the model's window.
//!
//! What a program printed stays in its variables, so an old observation can leave the conversation without loss. The
//! instructions, the question and the latest observation stay.

use super::prompt;
use crate::llm::{Message, Role};

/// Tokens of a conversation when the model's window is not known.
const DEFAULT_WINDOW: usize = 128_000;

/// The part of the window, in percent, that a conversation may fill before old observations are taken out.
const WINDOW_PERCENT: usize = 75;

const BYTES_PER_TOKEN: usize = 4;

/// What has been said.
#[derive(Debug, Clone)]
pub struct Conversation {
    messages: Vec<Message>,
    /// Bytes that fit.
    room: usize,
}

impl Conversation {
    /// Begins with instructions and a question, for a model with a window of so many tokens.
    pub fn new(instructions: &str, question: String, window: Option<usize>) -> Self {
        let room = window.unwrap_or(DEFAULT_WINDOW) * WINDOW_PERCENT / 100 * BYTES_PER_TOKEN;
        Self { messages: vec![Message::system(instructions), Message::user(question)], room }
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds what the model wrote and what it is told about that.
    pub fn add(&mut self, reply: String, observation: String) {
        self.messages.push(Message::assistant(reply));
        self.messages.push(Message::user(observation));
        self.make_room();
    }

    /// Takes out old observations, the oldest first, while there is too much.
    fn make_room(&mut self) {
        let mut size: usize = self.messages.iter().map(|message| message.content.len()).sum();
        let old = self.messages.len().saturating_sub(3);
        for message in self.messages.iter_mut().skip(2).take(old) {
            if size <= self.room {
                return;
            }
            if message.role == Role::User && message.content.len() > prompt::ELIDED.len() {
                size -= message.content.len() - prompt::ELIDED.len();
                message.content = prompt::ELIDED.to_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_observations_make_room_and_the_latest_stays() {
        let mut conversation = Conversation::new("instructions", "question".to_owned(), Some(1000));
        for turn in 0..5 {
            conversation.add(format!("reply {turn}"), format!("{turn}").repeat(1000));
        }
        let contents: Vec<&str> = conversation.messages().iter().map(|message| message.content.as_str()).collect();
        assert_eq!(contents[..3], ["instructions", "question", "reply 0"]);
        assert_eq!([contents[3], contents[5], contents[7]], [prompt::ELIDED; 3]);
        assert_eq!((contents[9].len(), contents[11].len()), (1000, 1000), "3000 bytes have room for two");
    }

    #[test]
    fn what_has_room_stays_whole() {
        let mut conversation = Conversation::new("instructions", "question".to_owned(), None);
        conversation.add("reply".to_owned(), "long ".repeat(10_000));
        conversation.add("reply".to_owned(), "short".to_owned());
        assert_eq!(conversation.messages()[3].content.len(), 50_000);
    }
}
