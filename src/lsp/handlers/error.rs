//! Errors of the engine as errors of the protocol, mapped in one place.

use crate::{failure::Failure, lsp::query_registry::StartError};
use serde_json::{Map, Value, json};
use tower_lsp::jsonrpc::{Error, ErrorCode};

/// `RequestCancelled` of the LSP.
const REQUEST_CANCELLED: i64 = -32800;

/// `RequestFailed` of the LSP: everything was right, but it did not work out.
const REQUEST_FAILED: i64 = -32803;

pub fn cancelled(result: Map<String, Value>) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_CANCELLED),
        message: "the query was cancelled".into(),
        data: Some(json!({"queryId": result.get("queryId"), "partial": result})),
    }
}

pub fn failed(failure: &Failure, result: Map<String, Value>) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: failure.message.clone().into(),
        data: Some(json!({
            "kind": failure.kind, "hint": failure.hint, "queryId": result.get("queryId"), "partial": result,
        })),
    }
}

pub fn not_started(error: &StartError) -> Error {
    Error::invalid_params(error.to_string())
}

/// The run's task has panicked.
pub fn broken() -> Error {
    Error { code: ErrorCode::InternalError, message: "the query ended unexpectedly".into(), data: None }
}
