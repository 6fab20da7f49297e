//! Errors of the engine as errors of the protocol, mapped in one place.

use crate::{
    config::in_editor,
    failure::Failure,
    lsp::{
        ext::{CancelledData, FailureData, QueryResult},
        query_registry::StartError,
    },
};
use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};

/// `RequestCancelled` of the LSP.
const REQUEST_CANCELLED: i64 = -32800;

/// `RequestFailed` of the LSP: everything was right, but it did not work out.
const REQUEST_FAILED: i64 = -32803;

/// Of a query that was only previewed there is no result.
pub fn cancelled(result: Option<QueryResult>) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_CANCELLED),
        message: "the query was cancelled".into(),
        data: Some(json!(of_query(result))),
    }
}

/// Of a query that was only previewed there is no result.
pub fn failed(failure: &Failure, result: Option<QueryResult>) -> Error {
    let data =
        FailureData { kind: failure.kind, hint: failure.hint.as_deref().map(in_editor), query: of_query(result) };
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: failure.message.clone().into(),
        data: Some(json!(data)),
    }
}

fn of_query(result: Option<QueryResult>) -> CancelledData {
    CancelledData { query_id: result.as_ref().map(|it| it.query_id.clone()), partial: result }
}

pub fn not_started(error: &StartError) -> Error {
    Error::invalid_params(error.to_string())
}

/// The run's task has panicked.
pub fn broken() -> Error {
    Error { code: ErrorCode::InternalError, message: "the query ended unexpectedly".into(), data: None }
}
