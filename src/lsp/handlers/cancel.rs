//! `rlm/cancel`.

use super::Handlers;
use crate::lsp::ext::{CancelParams, Cancelled};

pub fn cancel(handlers: &Handlers, params: &CancelParams) -> Cancelled<bool> {
    Cancelled { cancelled: handlers.runs.cancel(&params.query_id) }
}
