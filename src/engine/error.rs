//! Why a call of a model, or a run, has no result.
//!
//! `llm::Error` becomes a [`CallError`], which a program is told in the place of its answer, or which ends the run as a
//! [`RunError`]; of that the door shows the [`Termination`], or the [`Failure`].

use crate::{
    corpus,
    engine::{answer::Termination, budget::Exceeded},
    failure::{Failure, FailureKind},
    llm, repl,
};

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error(transparent)]
    Model(#[from] llm::Error),
    #[error("cancelled")]
    Cancelled,
}

impl From<llm::CallError> for CallError {
    fn from(error: llm::CallError) -> Self {
        match error {
            llm::CallError::Model(error) => Self::Model(error),
            llm::CallError::Cancelled => Self::Cancelled,
            llm::CallError::OutOfTime => Self::Exceeded(Exceeded::Timeout),
        }
    }
}

/// The end of a run without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    Limit(Termination),
    Failed(Failure),
}

impl RunError {
    /// Whether it is the model that has failed, so that the same replies would lead to the same again.
    pub fn is_of_model(&self) -> bool {
        use FailureKind::{EmptyReply, NoAnswer, ReplyCut};
        match self {
            Self::Failed(failure) => matches!(failure.kind, NoAnswer | ReplyCut | EmptyReply),
            Self::Limit(limit) => *limit == Termination::Errors,
        }
    }

    /// In words.
    pub fn sentence(&self) -> String {
        match self {
            Self::Failed(failure) => failure.message.clone(),
            Self::Limit(limit) => limit.explanation().unwrap_or_default().to_owned(),
        }
    }

    /// A model gave no answer that can be used.
    pub fn no_answer(message: String) -> Self {
        let hint = Some("another model may do better: --model".to_owned());
        Self::Failed(Failure { kind: FailureKind::NoAnswer, message, hint })
    }
}

impl From<Exceeded> for RunError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Limit(match exceeded {
            Exceeded::Iterations => Termination::Iterations,
            Exceeded::Calls => Termination::Calls,
            Exceeded::Tokens => Termination::Tokens,
            Exceeded::Cost => Termination::Cost,
            Exceeded::Timeout => Termination::Timeout,
        })
    }
}

impl From<CallError> for RunError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Exceeded(exceeded) => exceeded.into(),
            CallError::Model(error) => Self::Failed(error.into()),
            CallError::Cancelled => Self::Limit(Termination::Cancelled),
        }
    }
}

impl From<repl::Error> for RunError {
    fn from(error: repl::Error) -> Self {
        let is_busy = matches!(error, repl::Error::NoMemory { .. });
        let hint = (!is_busy).then(|| "`rlm doctor` checks the sandbox".to_owned());
        Self::Failed(Failure { kind: FailureKind::Interpreter, message: error.to_string(), hint })
    }
}

/// A failure that only a fault of the program can cause.
pub fn internal_failure(error: &dyn std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Internal, message: error.to_string(), hint: None }
}

/// What a failure to read the context means to a person.
pub fn context_failure(error: &corpus::Error) -> Failure {
    Failure { kind: error.kind(), message: error.to_string(), hint: error.hint() }
}
