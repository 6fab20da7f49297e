//! Models, and how to call many of them.
//!
//! A [`Model`] turns one [`Request`] into one [`Reply`]; where the reply comes from (a provider's API, a server of
//! one's own, a command line program, or the built-in [`extractive`] one) is its own affair. [`Models`] finds the ones
//! that the settings name. The [`Scheduler`] stands between the engine and the models: it bounds how many calls are
//! open, repeats what failed in passing, and meters. A model never retries by itself ([`adjustments`] aside,
//! where nobody has tried yet), so that every attempt is counted
//! in one place.
//!
//! Keys live in a type of their own and leave it in one place, the header of a request. Whatever the other side says is
//! searched for them before it becomes part of an [`Error`].

mod adjustments;
mod catalog;
mod command;
mod error;
mod error_mapping;
mod error_words;
pub mod extractive;
mod http;
mod json;
mod literal;
mod models;
mod pool;
mod price;
mod provider;
mod redact;
mod repetition;
mod replies;
mod schedule;
mod secret;
mod server;
mod shape;
mod size;
mod stream_reader;
mod task;
mod thinking;
mod tool;

pub use error::Error;
pub use http::{Recipient, Refusal, Timeouts};
pub use literal::{value_at_start, whole_value};
pub use models::{Answer, Check, Choice, DetectedModels, KeyFound, Models, OllamaFound};
pub use price::price;
pub use replies::{Given, KnownReply, Made, Replies, ReplyUse, asked};
pub use schedule::{Billing, Call, CallError, RetryDecision, RetryPolicy, RunPermits, Scheduler};
pub use shape::Shape;
pub use size::is_too_small_for_programs;
pub use task::{Place, Task};
pub use thinking::{Split, Thinking};
pub use tool::{Assembling, CallPiece, Tool, ToolCall, with_own_ids};

use crate::store::Key;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, fmt::Debug, ops::Range, sync::Arc, time::Duration};

/// The name by which the built-in model is chosen.
pub const EXTRACTIVE: &str = "extractive";

/// How long a connection to a server may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Role {
    System,
    User,
    Assistant,
    /// Gives the result of a call of the assistant.
    Tool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub content: String,
    /// What an assistant has called.
    pub calls: Vec<ToolCall>,
    /// The id and the name of the call whose result this is.
    pub result_of: Option<(String, String)>,
    /// Bytes of the content that only say how much is left of a budget: two messages that differ in nothing else mean the
    /// same.
    pub varying: Range<usize>,
}

impl Message {
    fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), calls: Vec::new(), result_of: None, varying: 0..0 }
    }

    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content)
    }

    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// An assistant that calls tools, and may say something beside.
    pub fn calling(content: impl Into<String>, calls: Vec<ToolCall>) -> Self {
        Self { calls, ..Self::new(Role::Assistant, content) }
    }

    /// The result of a call.
    pub fn result(call: &ToolCall, content: impl Into<String>) -> Self {
        Self { result_of: Some((call.id.clone(), call.name.clone())), ..Self::new(Role::Tool, content) }
    }

    /// The same with a last part that only says how much is left of a budget.
    pub fn with_left(mut self, left: &str) -> Self {
        let end = self.content.len();
        self.content.push_str(left);
        self.varying = end..self.content.len();
        self
    }

    /// The content without what varies from run to run and means nothing.
    pub fn meaning(&self) -> Cow<'_, str> {
        match self.varying.is_empty() {
            true => Cow::Borrowed(&self.content),
            false => Cow::Owned([&self.content[..self.varying.start], &self.content[self.varying.end..]].concat()),
        }
    }

    /// Puts another content in the place of this one.
    pub fn replace(&mut self, content: impl Into<String>) {
        (self.content, self.varying) = (content.into(), 0..0);
    }

    /// What is said beside calls: a text of white space says nothing.
    fn said(&self) -> &str {
        match self.calls.is_empty() || !self.content.trim().is_empty() {
            true => &self.content,
            false => "",
        }
    }

    /// Bytes that it adds to a prompt, about.
    pub fn bytes(&self) -> usize {
        self.content.len() + self.calls.iter().map(ToolCall::bytes).sum::<usize>()
    }
}

/// What a model is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    pub messages: Vec<Message>,
    /// The most tokens the reply may have; the provider's own default if absent.
    pub max_output_tokens: Option<u32>,
    /// What the model may call; only models get any that can ([`Model::calls_tools`]).
    pub tools: Arc<[Tool]>,
    /// The shape of the reply's text, for servers that can hold a model to one.
    pub shape: Option<Shape>,
    /// What it is for. Only the built-in model reads this.
    pub task: Option<Task>,
}

impl Request {
    /// Bytes of all messages together.
    pub fn bytes(&self) -> usize {
        let tools: usize = self.tools.iter().map(Tool::bytes).sum();
        self.messages.iter().map(Message::bytes).sum::<usize>() + tools
    }

    /// An estimate of the tokens of a prompt of this many bytes.
    pub fn tokens_of(bytes: usize) -> u64 {
        bytes.div_ceil(BYTES_PER_TOKEN) as u64
    }
}

/// Tokens of one call, or the sum over several. Where a provider does not say, they are estimated at four bytes each,
/// so that a limit on tokens holds for every model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
    /// The part of `input` that the provider served from its prompt cache.
    pub cached_input: u64,
}

/// Bytes of text to a token, where nobody says.
const BYTES_PER_TOKEN: usize = 4;

impl TokenUsage {
    /// An estimate of the tokens of a request and a reply of this many bytes, where the server does not say.
    pub fn estimated(request: &Request, reply_bytes: usize) -> Self {
        let tokens = Request::tokens_of;
        Self { input: tokens(request.bytes()), output: tokens(reply_bytes), cached_input: 0 }
    }
}

impl std::ops::AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cached_input = self.cached_input.saturating_add(other.cached_input);
    }
}

/// Why a model stopped writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// It had said everything.
    Complete,
    /// The limit on output tokens cut it off.
    Length,
    /// It said the same over and over, and was stopped.
    Looping,
    /// Something else, in the provider's words.
    Other(String),
}

impl Finish {
    /// The reasons are told apart by words that all providers together have made up. A word that nobody knows is the end
    /// of a reply like any other: what was written is there.
    fn of(reason: &str) -> Self {
        const CUT: [&str; 7] = [
            "length",
            "max_tokens",
            "max_length",
            "max_output_tokens",
            "incomplete",
            "model_length",
            "model_context_window_exceeded",
        ];
        const STOPPED: [&str; 17] = [
            "filter",
            "safety",
            "recitation",
            "error",
            "refus",
            "block",
            "prohibit",
            "spii",
            "sensitive",
            "malformed",
            "abort",
            "cancel",
            "resource",
            "language",
            "timeout",
            "fail",
            "guardrail",
        ];
        let lower = reason.to_lowercase();
        if CUT.contains(&lower.as_str()) {
            Self::Length
        } else if Self::is_tool_use(&lower) || STOPPED.iter().any(|word| lower.contains(word)) {
            Self::Other(reason.to_owned())
        } else {
            Self::Complete
        }
    }

    /// Whether a provider's word for the end means that what makes the reply has failed: there would have been more of it.
    fn is_failure(reason: &str) -> bool {
        let reason = reason.to_lowercase();
        reason.starts_with("error")
            || reason.ends_with("error")
            || ["failed", "timeout", "insufficient_system_resource"].contains(&reason.as_str())
    }

    /// Whether a provider's word for the end means that tools are called.
    fn is_tool_use(reason: &str) -> bool {
        matches!(reason.to_lowercase().as_str(), "tool_calls" | "tool_use" | "tool_call" | "function_call")
    }
}

impl fmt::Display for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("it ended as if it were complete"),
            Self::Length => f.write_str("the limit on output tokens cut it off"),
            Self::Looping => f.write_str("it repeated itself, and was stopped"),
            Self::Other(reason) => write!(f, "it ended with `{reason}`"),
        }
    }
}

/// What a model answered: a text, or calls of tools, or both. Nothing at all is an [`Error::EmptyReply`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// The reasoning that the provider shows apart from the text; often empty.
    pub reasoning: String,
    pub finish: Finish,
    pub usage: TokenUsage,
}

/// A part of a reply, as it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// Bytes of what is not the text: reasoning, or a call of a tool.
    Unseen(usize),
    /// The call failed in mid-stream and is made again: what came so far does not count.
    Restart,
    /// All the text so far was reasoning, as its end has shown.
    WasReasoning,
    /// The call waits in line for this long, because the server has turned calls away.
    Waits {
        time: Duration,
        why: &'a Error,
    },
}

/// Takes the pieces of a reply while it streams.
pub type PieceSink<'a> = &'a mut (dyn FnMut(Piece<'_>) + Send);

/// Something that answers requests. Dropping the future of a call closes its connection.
pub trait Model: Send + Sync + Debug {
    /// The name that people know it by, e.g. `anthropic::claude-sonnet-4-5`.
    fn name(&self) -> &str;

    /// How many tokens a request and its reply may have together, if that is known.
    fn window(&self) -> Option<usize>;

    /// Whether it should be given programs to write even for a text that would fit its window.
    fn prefers_programs(&self) -> bool {
        false
    }

    /// How many parameters it has, if that is known.
    fn parameters(&self) -> Option<u64> {
        size::in_name(self.name())
    }

    /// How many calls its server works on at once, if it says so; what comes beyond that waits there for its turn.
    fn slots(&self) -> Option<usize> {
        None
    }

    /// Whether its server may hold it to a [`Shape`]. One that has refused it is not asked for it again.
    fn takes_shapes(&self) -> bool {
        false
    }

    /// Whether its programs search for the question as it stands.
    fn searches_question(&self) -> bool {
        false
    }

    /// Whether it can write JSON that satisfies a schema. Most can be asked to.
    fn satisfies_schemas(&self) -> bool {
        true
    }

    /// Whether its answer says that nothing was found. Of a model that words its answers itself nobody can know.
    fn found_nothing(&self, _answer: &str) -> bool {
        false
    }

    /// Whether it can call tools, if that is known. Most that only write text cannot.
    fn calls_tools(&self) -> Option<bool> {
        Some(false)
    }

    /// The hash of where its replies come from, and of what is asked of it there beside the request. `None` if its replies
    /// are not to be kept.
    fn reply_source(&self) -> Option<Key> {
        None
    }

    /// One call. The text goes to `pieces` as it arrives and stands whole in the reply.
    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>>;

    /// The same, with so many calls of the model that wait for their turn. Who chooses among servers wants to know.
    fn call_before<'a>(
        &'a self,
        _waiting: usize,
        request: &'a Request,
        pieces: PieceSink<'a>,
    ) -> BoxFuture<'a, Result<Reply, Error>> {
        self.call(request, pieces)
    }
}
