//! For clients without custom methods: commands that acknowledge at once, since such clients wait for the reply
//! and give up after some seconds. The answer comes as a Markdown file that the client is asked to show.

use super::{
    Handlers,
    commands::{present, read, show_document},
    dogfood, edit, error, findings,
};
use crate::{
    config::in_editor,
    engine::Termination,
    lsp::{
        capabilities::ClientAbilities,
        contents::Content,
        ext::{
            APPLY_EDIT_COMMAND, CANCEL_COMMAND, CLEAR_FINDINGS_COMMAND, CancelParams, Cancelled, DISMISS_COMMAND,
            DOGFOOD_COMMAND, EDIT_COMMAND, QUERY_COMMAND, QueryParams, QueryStarted, QueryStatus, REVIEW_COMMAND,
            SHOW_FINDING_COMMAND, STATUS_COMMAND,
        },
        message_order::Call,
        query::Outcome,
        query_registry::{Invocation, QueryRegistry},
    },
};
use lsp_types::{ExecuteCommandParams, MessageType};
use serde_json::{Value, json};
use std::{pin::pin, time::Duration};
use tokio::sync::oneshot;
use tower_lsp::{
    Client,
    jsonrpc::{Error, Result},
};

/// How often a client reads an answer again that is being written.
const GROWS: Duration = Duration::from_millis(500);

/// Characters of an answer that a message shows.
const MESSAGE_CHARS: usize = 500;

pub async fn execute(handlers: &Handlers, params: ExecuteCommandParams, call: Call) -> Result<Value> {
    let hides_errors = call.client_state.client.hides_errors;
    let done = reply(handlers, params, call).await;
    if let Err(error) = &done
        && hides_errors
    {
        handlers.client.show_message(MessageType::ERROR, format!("RLM: {}", error.message)).await;
    }
    done
}

async fn reply(handlers: &Handlers, params: ExecuteCommandParams, call: Call) -> Result<Value> {
    let argument = params.arguments.into_iter().next();
    match params.command.as_str() {
        QUERY_COMMAND => query(handlers, argument, call).await,
        CANCEL_COMMAND => cancel(handlers, argument),
        STATUS_COMMAND => Ok(json!(handlers.runs.status(&call.client_state).await)),
        REVIEW_COMMAND => findings::review(handlers, argument, call),
        SHOW_FINDING_COMMAND => findings::show(handlers, argument, &call).await,
        DISMISS_COMMAND => findings::dismiss(handlers, argument).await,
        CLEAR_FINDINGS_COMMAND => Ok(findings::clear(handlers)),
        DOGFOOD_COMMAND => dogfood::start(handlers, argument, call),
        EDIT_COMMAND => edit::start(handlers, argument, call),
        APPLY_EDIT_COMMAND => edit::apply(handlers, argument, &call).await,
        other => Err(Error::invalid_params(format!("there is no command {other}"))),
    }
}

async fn query(handlers: &Handlers, argument: Option<Value>, call: Call) -> Result<Value> {
    let params: QueryParams = match argument {
        Some(Value::String(query)) => QueryParams { query, ..QueryParams::default() },
        Some(argument) => read(argument)?,
        None => return Err(Error::invalid_params("rlm.query needs a question")),
    };
    let params = handlers.runs.meant(params, &call.client_state).await.map_err(|it| error::not_started(&it))?;
    let question = params.query.clone();
    let abilities = call.client_state.client;
    let started = handlers.runs.start(params, Invocation::Command, call.client_state, call.cancel);
    let (query_id, outcome) = started.map_err(|it| error::not_started(&it))?;
    let (client, runs, id) = (handlers.client.clone(), handlers.runs.clone(), query_id.clone());
    handlers.runs.deliver(async move {
        let shown = match abilities.reads_contents && abilities.show_document {
            true => grown(&client, &runs, &id, &question, outcome).await,
            false => outcome.await.ok().map(|outcome| (outcome, false)),
        };
        if let Some((outcome, is_shown)) = shown {
            show(&client, &runs, &question, &outcome, (abilities, is_shown)).await;
        }
    });
    Ok(json!(QueryStarted { query_id, status: QueryStatus::Started }))
}

fn cancel(handlers: &Handlers, argument: Option<Value>) -> Result<Value> {
    let cancelled = match argument {
        None | Some(Value::Null) => handlers.runs.cancel_all(),
        Some(argument) => {
            let CancelParams { query_id } = read(argument)?;
            usize::from(handlers.runs.cancel(&query_id))
        }
    };
    Ok(json!(Cancelled { cancelled }))
}

/// Shows the answer while it is written, as a document that the client reads from the server. Says whether it is shown.
async fn grown(
    client: &Client,
    runs: &QueryRegistry,
    query_id: &str,
    question: &str,
    outcome: oneshot::Receiver<Outcome>,
) -> Option<(Outcome, bool)> {
    let content = Content::Answer(query_id.to_owned());
    // A query may have ended before the client reads it.
    runs.contents.keep(content.clone(), format!("# {question}\n"));
    let is_shown = match content.uri() {
        Some(uri) => show_document(client, uri).await,
        None => false,
    };
    let (mut outcome, mut seen) = (pin!(outcome), None);
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut outcome => break outcome.ok()?,
            () = tokio::time::sleep(GROWS), if is_shown => {
                let now = runs.draft(query_id);
                if now.is_some() && now != seen {
                    runs.contents.refresh(client, query_id, false).await;
                    seen = now;
                }
            }
        }
    };
    let text = match &outcome.answer.failure {
        Some(failure) => format!("# {question}\n\n*{}*\n", failure.message),
        None => document(question, &outcome),
    };
    let transcript = Content::Transcript(query_id.to_owned()).uri();
    let link = transcript.map(|uri| format!("\n[What the run did]({})\n", uri.as_str())).unwrap_or_default();
    runs.contents.keep(content, format!("{text}{link}"));
    if is_shown {
        runs.contents.refresh(client, query_id, true).await;
    }
    Some((outcome, is_shown))
}

/// The answer and what there is to remark on it.
fn document(question: &str, outcome: &Outcome) -> String {
    let emphasised: String = remarks(outcome).iter().map(|it| format!("\n\n*{it}*")).collect();
    format!("# {question}\n\n{}{emphasised}\n", outcome.answer.text)
}

fn remarks(outcome: &Outcome) -> Vec<String> {
    let answer = &outcome.answer;
    let limit = answer.termination.limit().map(|it| format!(" ({it})")).unwrap_or_default();
    let ending = answer.termination.explanation().map(|it| format!("{it}{limit}"));
    let mut remarks = answer.warnings.clone();
    remarks.extend(answer.loss());
    remarks.extend(ending);
    remarks
}

/// Shows the answer: as a document if the client can, else as a message. Of a query that was cancelled before it had
/// said anything there is nothing to show.
async fn show(
    client: &Client,
    runs: &QueryRegistry,
    question: &str,
    outcome: &Outcome,
    (abilities, is_shown): (ClientAbilities, bool),
) {
    let answer = &outcome.answer;
    if let Some(failure) = &answer.failure {
        let hint = failure.hint.as_ref().map(|hint| format!(" ({})", in_editor(hint))).unwrap_or_default();
        client.show_message(MessageType::ERROR, format!("RLM: {}{hint}", failure.message)).await;
        return;
    }
    let has_text = !answer.text.trim().is_empty();
    if is_shown || answer.termination == Termination::Cancelled && !has_text {
        return;
    }
    if has_text && present(client, runs, abilities, ("rlm-answer-", ".md"), document(question, outcome)).await {
        return;
    }
    let remarks = remarks(outcome);
    let shown = crate::text::cut_head(&answer.text, MESSAGE_CHARS).shown;
    let remarks = remarks.iter().map(String::as_str);
    let said: Vec<&str> = std::iter::once(shown).chain(remarks).filter(|it| !it.is_empty()).collect();
    client.show_message(MessageType::INFO, format!("RLM: {}", said.join("\n\n"))).await;
}
