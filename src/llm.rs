//! Models, and how to call many of them.
//!
//! A [`Model`] turns one [`Request`] into one [`Reply`]; where the reply comes from (a provider's API, a server of
//! one's own, a command line program, or the built-in [`extractive`] one) is its own affair. The [`Scheduler`] stands
//! between the engine and the models: it bounds how many calls are open, repeats what failed in passing, and meters.
//! A model never retries by itself, so that every attempt is counted in one place.

use futures::future::BoxFuture;
use std::{fmt::Debug, time::Duration};

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

impl Message {
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub messages: Vec<Message>,
    /// The most tokens the reply may have; the provider's own default if absent.
    pub max_output_tokens: Option<u32>,
}

/// Tokens of one call, or the sum over several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
    /// The part of `input` that the provider served from its prompt cache.
    pub cached_input: u64,
}

/// Why a model stopped writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It had said everything.
    Complete,
    /// The limit on output tokens cut it off.
    Length,
    /// Something else, in the provider's words.
    Other(String),
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub text: String,
    /// The reasoning that the provider shows apart from the text; often empty.
    pub reasoning: String,
    pub finish: Finish,
    pub usage: TokenUsage,
}

/// A part of a reply, as it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The call failed in mid-stream and is made again: what came so far does not count.
    Restart,
}

/// Takes the pieces of a reply while it streams.
pub type PieceSink<'a> = &'a mut (dyn FnMut(Piece<'_>) + Send);

/// Something that answers requests. Dropping the future of a call closes its connection.
pub trait Model: Send + Sync + Debug {
    /// The name that people know it by, e.g. `anthropic::claude-sonnet-4-5`.
    fn name(&self) -> &str;

    /// How many tokens a request and its reply may have together, if that is known.
    fn window(&self) -> Option<usize>;

    /// One call. The text goes to `pieces` as it arrives and stands whole in the reply.
    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>>;
}

/// Why a call failed. `model` is the model's name; `detail` is what the other side said, shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{model} refused the API key: {detail}")]
    Unauthorized { model: String, detail: String },
    #[error("{model} is not known to its server: {detail}")]
    UnknownModel { model: String, detail: String },
    #[error("{model} limits the rate of calls: {detail}")]
    RateLimited { model: String, detail: String, retry_after: Option<Duration> },
    #[error("the server of {model} failed with status {status}: {detail}")]
    Server { model: String, status: u16, detail: String, retry_after: Option<Duration> },
    #[error("cannot reach {endpoint} for {model}: {detail}")]
    Unreachable { model: String, endpoint: String, detail: String },
    #[error("the reply of {model} broke off: {detail}")]
    BrokenReply { model: String, detail: String },
    #[error("{model} gave an empty reply")]
    EmptyReply { model: String },
    #[error("the prompt does not fit the window of {model}: {detail}")]
    PromptTooLong { model: String, detail: String },
    #[error("{model} did not accept the request: {detail}")]
    Rejected { model: String, detail: String },
    #[error("{model} gave no reply within {} seconds", .after.as_secs())]
    TimedOut { model: String, after: Duration },
    #[error("{0}")]
    Configuration(String),
}
