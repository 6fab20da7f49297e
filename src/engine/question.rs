//! A question, as the terminal and the language server hand it to the engine.

pub mod config;
pub mod schema;
pub mod session;

use crate::{config::Limits, corpus::Snapshot};
use config::RunConfig;
use session::Session;
use std::sync::Arc;

/// What is asked.
#[derive(Clone)]
pub struct Question {
    pub text: String,
    pub snapshot: Arc<Snapshot>,
    pub focus: Option<Focus>,
    pub config: Arc<RunConfig>,
    pub limits: Limits,
    /// What earlier questions of the same session have left.
    pub session: Option<Arc<Session>>,
}

/// What a question is about in particular: a selection in an editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    pub path: String,
    /// 1-based.
    pub first_line: usize,
    /// Inclusive.
    pub last_line: usize,
    pub text: String,
}
