//! `rlm/dogfood`, and the command that shows its report as a document.

use super::{
    Handlers,
    commands::{present, read},
    error,
};
use crate::{
    config::in_editor,
    lsp::{
        ext::{DogfoodParams, DogfoodResult},
        message_order::Call,
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
        let abilities = call.client_state.client;
        let done = runs.dogfood(params, call.client_state).await;
        let (kind, message) = match done {
            Ok(DogfoodResult { markdown, .. }) => {
                if present(&client, &runs, abilities, ("rlm-dogfood-", ".md"), markdown.clone()).await {
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
