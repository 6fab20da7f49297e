//! The commands about findings: reviewing, showing one, dismissing one, and clearing all.

use super::{
    Handlers,
    commands::{read, show_document},
    error,
};
use crate::{
    config::in_editor,
    failure::Failure,
    lsp::{
        contents::Content,
        ext::{DismissParams, FindingParams, QueryStarted, QueryStatus, ReviewParams},
        message_order::Call,
        query_registry::Invocation,
        review::ReviewOutcome,
        uri,
    },
    report::finding_page,
    review,
};
use lsp_types::MessageType;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};

/// Starts a review; its findings become diagnostics.
pub fn review(handlers: &Handlers, argument: Option<Value>, call: Call) -> Result<Value> {
    let params: ReviewParams = argument.map(read).transpose()?.unwrap_or_default();
    let started = handlers.runs.start_review(params, Invocation::Command, call.client_state, call.cancel);
    let (query_id, outcome) = started.map_err(|it| error::not_started(&it))?;
    let client = handlers.client.clone();
    handlers.runs.deliver(async move {
        let (kind, message) = match outcome.await {
            Ok(ReviewOutcome::Reviewed(result)) => {
                let not_checked = result.review.not_checked.iter().map(|it| format!("Not looked at: {it}."));
                let told: Vec<String> = std::iter::once(result.summary.clone()).chain(not_checked).collect();
                // Some editors show one line, without a space between two.
                (MessageType::INFO, told.join(" ").replace('\n', " "))
            }
            Ok(ReviewOutcome::Failed(failure)) => {
                let hint = failure.hint.as_ref().map(|hint| format!(" ({})", in_editor(hint))).unwrap_or_default();
                (MessageType::ERROR, format!("{}{hint}", failure.message))
            }
            Ok(ReviewOutcome::Cancelled) | Err(_) => return,
        };
        client.show_message(kind, format!("RLM: {message}")).await;
    });
    Ok(json!(QueryStarted { query_id, status: QueryStatus::Started }))
}

/// Shows the page of a finding.
pub async fn show(handlers: &Handlers, argument: Option<Value>, call: &Call) -> Result<Value> {
    let FindingParams { id } = read(argument.unwrap_or_default())?;
    let (finding, ..) = handlers.runs.diagnostics.board.find(&id).ok_or_else(|| none_such(&id))?;
    let page = finding_page(&finding);
    let abilities = call.client_state.client;
    let uri = match abilities.reads_contents {
        true => Content::Finding(id).uri(),
        false => {
            let (path, page) = (handlers.runs.diagnostics.page(&id), page.clone());
            let write = move || path.filter(|path| std::fs::write(path, page).is_ok());
            tokio::task::spawn_blocking(write).await.ok().flatten().and_then(|path| uri::of_path(&path))
        }
    };
    let (client, shows) = (handlers.client.clone(), abilities.show_document);
    // The client shows it when it has heard that the command is done; some wait for that.
    handlers.runs.deliver(async move {
        let shown = match uri {
            Some(uri) if shows => show_document(&client, uri).await,
            _ => false,
        };
        if !shown {
            client.show_message(MessageType::INFO, page).await;
        }
    });
    Ok(json!({"shown": true}))
}

/// Dismisses a finding for good, in the repository's file of dismissals.
pub async fn dismiss(handlers: &Handlers, argument: Option<Value>) -> Result<Value> {
    let DismissParams { id, reason } = read(argument.unwrap_or_default())?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::invalid_params("a dismissal needs a reason"));
    }
    let board = &handlers.runs.diagnostics.board;
    let (finding, _, home) = board.find(&id).ok_or_else(|| none_such(&id))?;
    let failed = |failure: &Failure| error::failed(failure, None);
    let home = home.ok_or_else(|| {
        Error::invalid_params("this text lies in no folder, so that there is no place for a dismissal")
    })?;
    review::note_dismissal(home, finding, reason).await.map_err(|it| failed(&it))?;
    board.remove(&id);
    Ok(json!({"dismissed": true}))
}

/// Takes all findings away, until the next review.
pub fn clear(handlers: &Handlers) -> Value {
    json!({"cleared": handlers.runs.diagnostics.board.clear()})
}

fn none_such(id: &str) -> Error {
    Error::invalid_params(format!("there is no finding {id:?} any more: review again"))
}
