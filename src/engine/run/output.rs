//! How runs end.

use crate::{
    engine::{
        answer::{Failure, Termination},
        budget::Exceeded,
        query_context::CallError,
    },
    repl,
};

/// The end of a run that has an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutput {
    pub text: String,
    pub termination: Termination,
}

/// The end of a run without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    Limit(Termination),
    Failed(Failure),
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
        Self::Failed(Failure { kind: "interpreter", message: error.to_string(), hint })
    }
}
