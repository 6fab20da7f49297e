//! What the methods do, one file a method.

pub mod cancel;
pub mod code_action;
mod commands;
pub mod content;
pub mod dogfood;
pub mod edit;
pub mod error;
pub mod execute_command;
pub mod findings;
pub mod query;
pub mod review;
pub mod transcript;

use super::query_registry::QueryRegistry;
use std::sync::Arc;
use tower_lsp::Client;

/// The handlers of one client.
pub struct Handlers {
    pub client: Client,
    pub runs: Arc<QueryRegistry>,
}
