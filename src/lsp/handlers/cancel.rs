//! `rlm/cancel`.

use crate::lsp::{
    ext::{CancelParams, Cancelled},
    server::Handlers,
};

pub fn cancel(handlers: &Handlers, params: &CancelParams) -> Cancelled<bool> {
    Cancelled { cancelled: handlers.runs.cancel(&params.query_id) }
}
