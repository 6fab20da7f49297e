//! What a call asks, and what the server does about it.

use serde_json::Value;
use std::time::Duration;

/// One call, as the script sees it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which call this is, from 1, in the order of arrival.
    pub number: usize,
    /// How often the same conversation has been sent by now, from 1: retries count up.
    pub nth: usize,
    /// How many calls are open, this one included.
    pub open: usize,
    pub model: String,
    /// Role and text of each message.
    pub messages: Vec<(String, String)>,
    /// The body as it came.
    pub body: Value,
}

impl Asked {
    /// The last message of the user; empty if there is none.
    pub fn last(&self) -> &str {
        self.messages.iter().rfind(|(role, _)| role == "user").map_or("", |(_, text)| text)
    }

    /// The whole conversation, each message headed by its role in brackets.
    pub fn conversation(&self) -> String {
        self.messages.iter().map(|(role, text)| format!("[{role}]\n{text}\n")).collect()
    }
}

/// What the server does.
#[derive(Debug, Clone)]
pub struct Action {
    pub(super) deed: Deed,
    /// Before the first byte.
    pub(super) after: Duration,
    /// Between two parts.
    pub(super) between: Duration,
    /// Characters in one part; the whole text if absent.
    pub(super) part: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Deed {
    Reply(Reply),
    Status { status: u16, headers: Vec<(String, String)>, body: String },
    Garbage(String),
    Hang,
    Disconnect,
}

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) reasoning: String,
    /// Calls of tools: id, name, arguments as they are written.
    pub(super) calls: Vec<(String, String, String)>,
    pub(super) finish: String,
    /// Tokens in and out; counted at four characters each if absent.
    pub(super) usage: Option<(u64, u64)>,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With all that belongs there.
    Proper,
    /// As above, but no word about tokens.
    WithoutUsage,
    /// The text, and then the body ends.
    Unmarked,
    /// The text, and then the connection breaks.
    Cut,
    /// The text, and then nothing more, with the connection open.
    Stall,
    /// The text, and then an error as an event of the stream.
    Error,
}

impl Action {
    fn new(deed: Deed) -> Self {
        Self { deed, after: Duration::ZERO, between: Duration::ZERO, part: None }
    }

    /// Answers with the text.
    pub fn reply(text: impl Into<String>) -> Self {
        let (text, reasoning, finish) = (text.into(), String::new(), "stop".to_owned());
        Self::new(Deed::Reply(Reply {
            text,
            reasoning,
            calls: Vec::new(),
            finish,
            usage: None,
            ending: Ending::Proper,
        }))
    }

    /// Fails with a status.
    pub fn status(status: u16) -> Self {
        Self::new(Deed::Status { status, headers: Vec::new(), body: String::new() })
    }

    /// Claims success with a body that is none.
    pub fn garbage(body: impl Into<String>) -> Self {
        Self::new(Deed::Garbage(body.into()))
    }

    /// Takes the call and never says a word.
    pub fn hang() -> Self {
        Self::new(Deed::Hang)
    }

    /// Closes the connection without an answer.
    pub fn disconnect() -> Self {
        Self::new(Deed::Disconnect)
    }

    /// Waits before the first byte.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// Sends the text in parts of so many characters, and waits between them.
    pub fn in_parts(self, part: usize, between: Duration) -> Self {
        Self { part: Some(part), between, ..self }
    }

    /// Adds a header to a status.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Deed::Status { headers, .. } = &mut self.deed {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Gives a status its body.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        if let Deed::Status { body, .. } = &mut self.deed {
            *body = text.into();
        }
        self
    }

    fn of_reply(mut self, change: impl FnOnce(&mut Reply)) -> Self {
        if let Deed::Reply(reply) = &mut self.deed {
            change(reply);
        }
        self
    }

    /// Sends this reasoning before the text.
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        self.of_reply(|reply| reply.reasoning = text.into())
    }

    /// Calls a tool beside the text.
    pub fn call(self, id: &str, name: &str, arguments: impl Into<String>) -> Self {
        self.of_reply(|reply| {
            reply.calls.push((id.to_owned(), name.to_owned(), arguments.into()));
            reply.finish = "tool_calls".to_owned();
        })
    }

    /// Ends for this reason instead of `stop`.
    pub fn finish(self, reason: &str) -> Self {
        self.of_reply(|reply| reply.finish = reason.to_owned())
    }

    /// Tells these tokens, in and out.
    pub fn usage(self, input: u64, output: u64) -> Self {
        self.of_reply(|reply| reply.usage = Some((input, output)))
    }

    /// Tells nothing about tokens.
    pub fn without_usage(self) -> Self {
        self.of_reply(|reply| reply.ending = Ending::WithoutUsage)
    }

    /// Ends the body after the text, without saying that this is the end.
    pub fn unmarked(self) -> Self {
        self.of_reply(|reply| reply.ending = Ending::Unmarked)
    }

    /// Breaks the connection after the text.
    pub fn cut(self) -> Self {
        self.of_reply(|reply| reply.ending = Ending::Cut)
    }

    /// Falls silent after the text.
    pub fn stall(self) -> Self {
        self.of_reply(|reply| reply.ending = Ending::Stall)
    }

    /// Reports an error after the text, inside the stream.
    pub fn then_error(self) -> Self {
        self.of_reply(|reply| reply.ending = Ending::Error)
    }
}
