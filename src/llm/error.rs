//! Why a call failed, in words for a person and in a form for a program.

use super::{
    EXTRACTIVE, Finish, Request, TokenUsage,
    error_words::{is_busy, is_loading},
};
use crate::failure::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a call failed. `model` is the model's name; `detail` is what the other side said: one line, shortened, and
/// without the key, should the other side have repeated it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    #[error("{model} needs an API key, and {variable} is not set")]
    MissingKey { model: String, variable: String },
    /// `variable` is where the key came from; there was none if it is absent.
    #[error("{model} refused the API key: {detail}")]
    Unauthorized { model: String, variable: Option<String>, detail: String },
    #[error("the account for {model} has no credit left: {detail}")]
    NoCredit { model: String, detail: String },
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
    /// The tokens were spent all the same. There may be reasoning that the provider shows apart.
    #[error("{model} gave an empty reply: {finish}")]
    EmptyReply { model: String, finish: Finish, usage: TokenUsage, reasoning: String },
    #[error("the prompt does not fit the window of {model}: {detail}")]
    PromptTooLong { model: String, detail: String },
    #[error("{model} did not accept the request: {detail}")]
    Rejected { model: String, detail: String },
    #[error("{model} was silent for {} seconds", .after.as_secs_f32())]
    TimedOut { model: String, after: Duration },
    #[error("{model} failed: {detail}")]
    Program { model: String, detail: String },
    #[error("{0}")]
    Configuration(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { kind: error.kind(), hint: error.hint(), message: error.to_string() }
    }
}

impl Error {
    /// A stable name of the kind, for programs.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::MissingKey { .. } => FailureKind::MissingKey,
            Self::Unauthorized { .. } => FailureKind::Unauthorized,
            Self::NoCredit { .. } => FailureKind::NoCredit,
            Self::UnknownModel { .. } => FailureKind::UnknownModel,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Server { .. } => FailureKind::Server,
            Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::BrokenReply { .. } => FailureKind::BrokenReply,
            Self::EmptyReply { .. } => FailureKind::EmptyReply,
            Self::PromptTooLong { .. } => FailureKind::PromptTooLong,
            Self::Rejected { .. } => FailureKind::Rejected,
            Self::TimedOut { .. } => FailureKind::TimedOut,
            Self::Program { .. } => FailureKind::Program,
            Self::Configuration(_) => FailureKind::Configuration,
        }
    }

    /// Whether the same call may well succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::Unreachable { .. }
            | Self::BrokenReply { .. }
            | Self::TimedOut { .. } => true,
            // Cut off, filtered, or nothing but reasoning, it would be so again.
            Self::EmptyReply { finish, reasoning, .. } => *finish == Finish::Complete && reasoning.is_empty(),
            _ => false,
        }
    }

    /// Whether the server has enough to do, or is not ready: nobody has tried to answer.
    pub fn is_turned_away(&self) -> bool {
        match self {
            Self::RateLimited { .. } => true,
            Self::Server { detail, retry_after, .. } => retry_after.is_some() || is_busy(detail),
            _ => false,
        }
    }

    /// Whether there is an end to be expected: of a limit on the rate, of a wait that was asked for, of loading a model.
    pub(super) fn is_worth_waiting_for(&self) -> bool {
        match self {
            Self::RateLimited { .. } => true,
            Self::Server { detail, retry_after, .. } => retry_after.is_some() || is_loading(detail),
            _ => false,
        }
    }

    /// What the other side said.
    pub(super) fn detail(&self) -> &str {
        match self {
            Self::Unauthorized { detail, .. }
            | Self::NoCredit { detail, .. }
            | Self::UnknownModel { detail, .. }
            | Self::RateLimited { detail, .. }
            | Self::Server { detail, .. }
            | Self::Unreachable { detail, .. }
            | Self::BrokenReply { detail, .. }
            | Self::PromptTooLong { detail, .. }
            | Self::Rejected { detail, .. }
            | Self::Program { detail, .. } => detail,
            Self::Configuration(message) => message,
            Self::MissingKey { .. } | Self::EmptyReply { .. } | Self::TimedOut { .. } => "",
        }
    }

    /// Whether a refusal may say how the request should be.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::PromptTooLong { .. } | Self::Rejected { .. } | Self::NoCredit { .. } => true,
            Self::Server { status, .. } => *status <= 501,
            _ => false,
        }
    }

    /// The same where nobody is to be waited for.
    pub fn without_wait(mut self) -> Self {
        if let Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } = &mut self {
            *retry_after = retry_after.map(|_| Duration::ZERO);
        }
        self
    }

    /// How long the other side asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The tokens that were spent on `request` although the call failed; `written` is how many bytes of a reply had
    /// come. A server that took the call and then broke off, or fell silent, has read the prompt.
    pub fn spent(&self, request: &Request, written: usize) -> TokenUsage {
        match self {
            Self::EmptyReply { usage, .. } => *usage,
            Self::BrokenReply { .. } | Self::TimedOut { .. } => TokenUsage::estimated(request, written),
            _ => TokenUsage::default(),
        }
    }

    /// What the person can do about it, as a sentence in the imperative; nothing where waiting is all there is.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::MissingKey { variable, .. } => format!("set {variable}, or choose another model with --model"),
            Self::Unauthorized { variable: Some(variable), .. } => format!("check the key in {variable}"),
            Self::Unauthorized { variable: None, .. } => "the server wants a key: set RLM_API_KEY".to_owned(),
            Self::NoCredit { .. } => "add credit to the account, or choose another model with --model".to_owned(),
            Self::UnknownModel { .. } => "check the model's name; `rlm models` shows what there is".to_owned(),
            Self::RateLimited { .. } => "lower --concurrency, or try again later".to_owned(),
            Self::Unreachable { endpoint, .. } => format!("is the server at {endpoint} running? `rlm doctor` checks"),
            Self::EmptyReply { finish: Finish::Length, .. } => {
                "the model may have spent its output tokens on reasoning; ask for less at once".to_owned()
            }
            Self::PromptTooLong { .. } => "use smaller pieces, or a model with a larger window".to_owned(),
            Self::Rejected { .. } => "check the model's name and the endpoint's base URL with `rlm doctor`".to_owned(),
            Self::TimedOut { .. } => "the server took the call and stayed silent; `rlm doctor` checks it".to_owned(),
            Self::Program { model, .. } if model == EXTRACTIVE => {
                "ask in other words, or configure another model: `rlm models` shows how".to_owned()
            }
            Self::Program { .. } => {
                "try the command by hand: it reads the prompt on its standard input; it gets no API \
                                      keys but those in the variables that RLM_CLI_ENV names"
                    .to_owned()
            }
            Self::Configuration(_) => "`rlm models` shows what there is, `rlm doctor` checks it".to_owned(),
            Self::Server { .. } | Self::BrokenReply { .. } | Self::EmptyReply { .. } => return None,
        };
        Some(hint)
    }
}
