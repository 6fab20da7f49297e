//! `rlm/dogfood`, and the command that shows its report as a document.

use super::{
    Handlers,
    commands::{read, show_document, write_document},
    error,
};
use crate::{
    config::in_editor,
    lsp::{
        ext::{DogfoodParams, DogfoodResult},
        message_order::Call,
        uri,
    },
};
use lsp_types::MessageType;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;

pub async fn answer(handlers: &Handlers, params: DogfoodParams, call: Call) -> Result<DogfoodResult> {
    tokio::select! {
        biased;
        () = call.cancel.cancelled() => Err(error::cancelled(None)),
        done = handlers.runs.dogfood(params, call.client_state.clone()) => done.map_err(|it| error::failed(&it, None)),
    }
}

/// Starts it; the report comes as a document that the client is asked to show.
pub fn start(handlers: &Handlers, argument: Option<Value>, call: Call) -> Result<Value> {
    let params: DogfoodParams = argument.map(read).transpose()?.unwrap_or_default();
    let (client, runs) = (handlers.client.clone(), handlers.runs.clone());
    handlers.runs.deliver(async move {
        let shows = call.client_state.client.show_document;
        let done = runs.dogfood(params, call.client_state).await;
        let (kind, message) = match done {
            Ok(DogfoodResult { markdown, .. }) => {
                let path = if shows { write_document("rlm-dogfood-", ".md", markdown.clone()).await } else { None };
                let shown = match path.and_then(|path| uri::of_path(&path)) {
                    Some(uri) => show_document(&client, uri).await,
                    None => false,
                };
                if shown {
                    return;
                }
                (MessageType::INFO, markdown)
            }
            Err(failure) => {
                let hint = failure.hint.as_ref().map(|hint| format!(" ({})", in_editor(hint))).unwrap_or_default();
                (MessageType::ERROR, format!("{}{hint}", failure.message))
            }
        };
        client.show_message(kind, format!("RLM: {message}")).await;
    });
    Ok(json!({"status": "started"}))
}
