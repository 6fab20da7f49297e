//! The messages of a run, kept inside the model's window.
//!
//! When a conversation has filled three quarters of the window, its model sums up what it has found, and goes on from
//! that: instructions, question, summary, and the latest exchange stay ([`Transcript::compact`]). Where that cannot be
//! done, old observations are taken out; what a program printed is still in its variables.

use crate::{
    engine::{host::tool_call, prompt},
    llm::{Message, Role, ToolCall},
    text::cut_middle,
};

/// Tokens of a conversation when the model's window is not known.
const DEFAULT_WINDOW: usize = 128_000;

/// The part of the window, in percent, above which a conversation is summed up.
const CROWDED_PERCENT: usize = 75;

/// The part of the window, in percent, that a conversation may fill at most. The rest is for the reply.
const FULL_PERCENT: usize = 90;

/// Bytes that stay of an observation at least when the conversation did not fit.
const SHORTENED_BYTES: usize = 600;

const BYTES_PER_TOKEN: usize = 4;

/// What has been said.
#[derive(Debug, Clone)]
pub struct Transcript {
    messages: Vec<Message>,
    /// The first message of the user, without a summary.
    opening: String,
    /// Tokens of the window.
    window: usize,
}

impl Transcript {
    /// Begins with instructions and a question, for a model with a window of this many tokens.
    pub fn new(instructions: &str, opening: String, window: Option<usize>) -> Self {
        let messages = vec![Message::system(instructions), Message::user(opening.clone())];
        Self { messages, opening, window: window.unwrap_or(DEFAULT_WINDOW) }
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds what the model wrote and what it is told about that.
    pub fn add(&mut self, reply: String, observation: String) {
        self.messages.push(Message::assistant(reply));
        self.messages.push(Message::user(observation));
    }

    /// Adds what the model called and the results, each in the place of its call.
    pub fn add_calls(&mut self, said: String, calls: Vec<ToolCall>, results: Vec<String>) {
        let results: Vec<Message> = calls.iter().zip(results).map(|(call, text)| Message::result(call, text)).collect();
        self.messages.push(Message::calling(said, calls));
        self.messages.extend(results);
    }

    /// Adds to what the model was told last how much is left of a budget.
    pub fn tell_left(&mut self, left: &str) {
        if let Some(last) = self.messages.pop() {
            self.messages.push(last.with_left(left));
        }
    }

    /// Adds to what the model was told last.
    pub fn remark(&mut self, text: &str) {
        if let Some(last) = self.messages.last_mut() {
            last.content = format!("{}\n\n{text}", last.content);
        }
    }

    fn bytes(&self) -> usize {
        self.messages.iter().map(Message::bytes).sum()
    }

    fn room(&self, percent: usize) -> usize {
        self.window * percent / 100 * BYTES_PER_TOKEN
    }

    /// Whether it is time to sum up, and there is something to sum up.
    pub fn is_crowded(&self) -> bool {
        self.bytes() > self.room(CROWDED_PERCENT) && self.latest() > 2
    }

    /// Where the latest exchange begins.
    fn latest(&self) -> usize {
        self.messages.iter().rposition(|message| message.role == Role::Assistant).unwrap_or(self.messages.len())
    }

    /// The messages with a demand at their end. It is part of what the model was told last: not every provider takes a
    /// message of the user behind the results of calls, and not every template takes two of them in a row.
    pub fn asking(&self, demand: &str) -> Vec<Message> {
        let mut asking = self.clone();
        match self.messages.last() {
            Some(last) if last.role == Role::Assistant => asking.messages.push(Message::user(demand)),
            _ => asking.remark(demand),
        }
        asking.messages
    }

    /// Puts a summary in the place of all but the latest exchange. It holds what an earlier summary said as well, since
    /// its writer has read that.
    pub fn compact(&mut self, summary: &str) {
        let latest = self.latest();
        self.messages.drain(2..latest);
        self.messages[1].replace(prompt::with_summary(&self.opening, summary));
    }

    /// Takes out old observations, the oldest first, while there is too much.
    pub fn make_room(&mut self) {
        self.take_out(self.room(FULL_PERCENT));
    }

    fn take_out(&mut self, room: usize) {
        let (mut size, latest) = (self.bytes(), self.latest());
        for message in self.messages.iter_mut().take(latest).skip(2) {
            if size <= room {
                return;
            }
            if message.role != Role::Assistant && message.content.len() > prompt::ELIDED.len() {
                size -= message.content.len() - prompt::ELIDED.len();
                message.replace(prompt::ELIDED);
            }
        }
    }

    /// Makes the conversation shorter after it did not fit; `window` is what is known of the window by now. Returns whether
    /// there was anything to take out: old observations first, then what the latest exchange says beyond its beginning and
    /// its end.
    pub fn shorten(&mut self, window: Option<usize>) -> bool {
        let size = self.bytes();
        self.window = window.unwrap_or(self.window).min(self.window);
        // What a server counts may be more than it seems: each time it is a good deal less.
        let room = self.room(FULL_PERCENT).min(size * 2 / 3);
        self.take_out(room);
        let rest = self.bytes();
        if rest > room && self.messages.len() > 2 {
            for message in &mut self.messages[2..] {
                let most = SHORTENED_BYTES.max(message.content.len() / 3);
                if message.role != Role::Assistant && message.content.len() > most {
                    message.replace(cut_middle(&message.meaning(), most));
                }
            }
        }
        self.bytes() < size
    }

    /// Goes on in programs: what was called and what came of it becomes text.
    pub fn into_programs(self, instructions: &str) -> Self {
        let mut messages = vec![Message::system(instructions)];
        for message in self.messages.into_iter().skip(1) {
            let is_result = message.role == Role::Tool;
            let text = match (&message.result_of, message.calls.is_empty()) {
                (Some((_, name)), _) => format!("Result of {name}:\n{}", message.content),
                (None, true) => message.content,
                (None, false) => {
                    let calls = message.calls.iter().map(|call| format!("[called] {}", tool_call::shown(call)));
                    std::iter::once(message.content)
                        .filter(|it| !it.is_empty())
                        .chain(calls)
                        .collect::<Vec<_>>()
                        .join("\n")
                }
            };
            let role = if is_result { Role::User } else { message.role };
            match messages.last_mut() {
                Some(last) if last.role == role => last.content = format!("{}\n\n{text}", last.content),
                _ if role == Role::Assistant => messages.push(Message::assistant(text)),
                _ => messages.push(Message::user(text)),
            }
        }
        Self { messages, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn contents(transcript: &Transcript) -> Vec<&str> {
        transcript.messages().iter().map(|message| message.content.as_str()).collect()
    }

    fn call(id: &str) -> ToolCall {
        let arguments = json!({"pattern": "x"});
        ToolCall { id: id.into(), name: "grep".into(), arguments, signatures: None }
    }

    #[test]
    fn old_observations_make_room_and_the_latest_stays() {
        let mut transcript = Transcript::new("instructions", "question".to_owned(), Some(1000));
        for turn in 0..6 {
            transcript.add(format!("reply {turn}"), format!("{turn}").repeat(1000));
            transcript.make_room();
        }
        let contents = contents(&transcript);
        assert_eq!(contents[..3], ["instructions", "question", "reply 0"]);
        assert_eq!([contents[3], contents[5], contents[7]], [prompt::ELIDED; 3]);
        assert_eq!((contents[9].len(), contents[11].len()), (1000, 1000), "3600 bytes have room for three");
    }

    #[test]
    fn a_summary_stands_for_all_but_the_latest_exchange() {
        let mut transcript = Transcript::new("instructions", "question".to_owned(), Some(1000));
        transcript.add("reply 0".to_owned(), "0".repeat(2000));
        assert!(!transcript.is_crowded());
        transcript.add_calls("look".to_owned(), vec![call("a"), call("b")], vec!["1".repeat(1500), "2".to_owned()]);
        assert!(transcript.is_crowded());
        transcript.compact("found x");
        let with_summary = prompt::with_summary("question", "found x");
        let expected = ["instructions", &with_summary, "look", &"1".repeat(1500), "2"];
        assert_eq!(contents(&transcript), expected);
        transcript.compact("found x and y");
        assert_eq!(contents(&transcript)[1], prompt::with_summary("question", "found x and y"));
    }

    #[test]
    fn the_first_exchange_is_never_summed_up() {
        let mut transcript = Transcript::new("instructions", "question".to_owned(), Some(100));
        transcript.add("reply".to_owned(), "long ".repeat(1000));
        transcript.make_room();
        assert!(!transcript.is_crowded());
        assert_eq!(contents(&transcript)[3].len(), 5000);
    }

    #[test]
    fn calls_become_text_when_programs_go_on() {
        let mut transcript = Transcript::new("instructions", "question".to_owned(), None);
        transcript.add_calls(String::new(), vec![call("a"), call("b")], vec!["one".to_owned(), "two".to_owned()]);
        let transcript = transcript.into_programs("write programs");
        let roles: Vec<Role> = transcript.messages().iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
        assert_eq!(
            contents(&transcript)[2..],
            [
                "[called] grep(pattern=\"x\")\n[called] grep(pattern=\"x\")",
                "Result of grep:\none\n\nResult of grep:\ntwo"
            ]
        );
    }
}
