//! `rlm/cancel`.

use super::Handlers;
use crate::lsp::ext::CancelParams;
use serde_json::{Value, json};

pub fn cancel(handlers: &Handlers, params: &CancelParams) -> Value {
    json!({"cancelled": handlers.runs.cancel(&params.query_id)})
}
