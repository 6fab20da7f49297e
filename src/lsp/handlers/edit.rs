//! `rlm/edit`, and the commands that have a change proposed and applied.

use super::{
    Handlers,
    commands::{present, read},
    error,
};
use crate::{
    config::in_editor,
    failure::Failure,
    lsp::{
        capabilities::ClientAbilities,
        client_state::ClientState,
        edit::EditOutcome,
        ext::{
            QueryStarted, QueryStatus,
            edits::{ApplyEditParams, CheckState, EditApplied, EditParams, EditPlace, EditResult},
        },
        message_order::Call,
        proposals::{Kept, Wanted},
        query_registry::{Invocation, QueryRegistry},
    },
};
use lsp_types::{ApplyWorkspaceEditResponse, MessageType, WorkspaceEdit, request::Request};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_lsp::{
    Client,
    jsonrpc::{Error, Result},
};

/// Places that a message shows.
const MOST_PLACES: usize = 10;

pub async fn answer(handlers: &Handlers, params: EditParams, call: Call) -> Result<EditResult> {
    // When the connection goes away this future is dropped, and the run with it.
    let _ends_with_this = call.cancel.clone().drop_guard();
    let started = handlers.runs.start_edit(params, Invocation::Request, call.client_state, call.cancel);
    let (_, outcome) = started.map_err(|it| error::not_started(&it))?;
    match outcome.await.map_err(|_| error::broken())? {
        EditOutcome::Proposed(result) => Ok(*result),
        EditOutcome::Failed(failure) => Err(error::failed(&failure, None)),
        EditOutcome::Cancelled => Err(error::cancelled(None)),
    }
}

/// Has a change proposed, and brings it to the client: as an edit that it shows before it makes it, if it can, else as
/// a diff that waits for `rlm.applyEdit`.
pub fn start(handlers: &Handlers, argument: Option<Value>, call: Call) -> Result<Value> {
    let params: EditParams = read(argument.unwrap_or_default())?;
    let started = handlers.runs.start_edit(params, Invocation::Command, call.client_state, call.cancel);
    let (query_id, outcome) = started.map_err(|it| error::not_started(&it))?;
    let (client, runs) = (handlers.client.clone(), handlers.runs.clone());
    handlers.runs.deliver(async move {
        match outcome.await {
            Ok(EditOutcome::Proposed(result)) => {
                let kept = runs.proposals.get(&result.query_id);
                if let Some(kept) = kept {
                    deliver(&client, &runs, &result, kept, runs.latest.get()).await;
                }
            }
            Ok(EditOutcome::Failed(failure)) => say(&client, MessageType::ERROR, &told(&failure)).await,
            Ok(EditOutcome::Cancelled) | Err(_) => {}
        }
    });
    Ok(json!(QueryStarted { query_id, status: QueryStatus::Started }))
}

/// Applies a proposal that the person has seen, or some hunks of it.
pub async fn apply(handlers: &Handlers, argument: Option<Value>, call: &Call) -> Result<Value> {
    let ApplyEditParams { query_id, hunks } = read(argument.unwrap_or_default())?;
    let none = || Error::invalid_params(format!("there is no proposal {query_id:?} any more"));
    let kept = handlers.runs.proposals.get(&query_id).ok_or_else(none)?;
    if !call.client_state.client.applies_edits {
        return Err(Error::invalid_params("the client takes no edits"));
    }
    let applied = applied(&handlers.client, kept, hunks, false, call.client_state.clone()).await;
    match applied {
        Ok(applied) => Ok(json!(applied)),
        Err(failure) => Err(error::failed(&failure, None)),
    }
}

async fn deliver(client: &Client, runs: &QueryRegistry, result: &EditResult, kept: Arc<Kept>, state: ClientState) {
    for warning in &result.warnings {
        say(client, MessageType::WARNING, warning).await;
    }
    for check in &result.checks {
        let kind = match check.state {
            CheckState::Passed => MessageType::INFO,
            CheckState::Failed | CheckState::FailedBefore | CheckState::NotRun => MessageType::WARNING,
        };
        say(client, kind, &check.sentence).await;
    }
    let shows = state.client;
    if !result.places.is_empty() || result.files.is_empty() {
        tell_places(client, runs, result, shows).await;
    }
    if result.files.is_empty() {
        return;
    }
    if shows.applies_edits && shows.annotates_edits && shows.document_changes {
        match applied(client, kept, None, true, state).await {
            Ok(EditApplied { applied: true, .. }) => {}
            Ok(EditApplied { reason, .. }) => {
                let reason = reason.map(|it| format!(": {it}")).unwrap_or_default();
                say(client, MessageType::INFO, &format!("the change was not made{reason}")).await;
            }
            Err(failure) => say(client, MessageType::ERROR, &told(&failure)).await,
        }
        return;
    }
    let diff: String = result.files.iter().map(|it| it.diff.as_str()).collect();
    let document = format!("{}{diff}", result.summary.lines().map(|line| format!("# {line}\n")).collect::<String>());
    let shown = present(client, runs, shows, ("rlm-change-", ".diff"), document).await;
    let how = format!(
        "Nothing is changed yet: code actions at its lines make each change, or all; so does the command rlm.applyEdit \
         with {{\"queryId\": \"{}\"}}.",
        result.query_id
    );
    let message = match shown {
        true => how,
        false => format!("{}\n\n{diff}\n{how}", result.summary),
    };
    say(client, MessageType::INFO, &message).await;
}

/// Tells of places that look alike and are not changed.
async fn tell_places(client: &Client, runs: &QueryRegistry, result: &EditResult, abilities: ClientAbilities) {
    let place = |it: &EditPlace| format!("- `{}:{}` `{}` ({})", it.path, it.start_line, it.text.trim(), it.why);
    let places: Vec<String> = result.places.iter().map(place).collect();
    if !places.is_empty() {
        let document = format!("# Places that look alike\n\n{}\n\n{}\n", result.summary, places.join("\n"));
        if present(client, runs, abilities, ("rlm-places-", ".md"), document).await {
            return;
        }
    }
    let shown: Vec<String> = places.iter().take(MOST_PLACES).cloned().collect();
    let more = places.len().saturating_sub(shown.len());
    let rest = if more > 0 { format!("\n- and {more} more") } else { String::new() };
    say(client, MessageType::INFO, format!("{}\n{}{rest}", result.summary, shown.join("\n")).trim()).await;
}

/// Has the client make an edit of the texts as they are in `state`.
async fn applied(
    client: &Client,
    kept: Arc<Kept>,
    numbers: Option<Vec<usize>>,
    asks: bool,
    state: ClientState,
) -> std::result::Result<EditApplied, Failure> {
    let made =
        tokio::task::spawn_blocking(move || kept.workspace_edit(Wanted { numbers: numbers.as_deref(), asks }, &state));
    let edit = made.await.map_err(|error| crate::engine::internal_failure(&error))??;
    Ok(match client.send_request::<ApplyEdit>(params(&edit)).await {
        Ok(response) => EditApplied { applied: response.applied, reason: response.failure_reason },
        Err(error) => EditApplied { applied: false, reason: Some(error.message.into_owned()) },
    })
}

/// `workspace/applyEdit` as the protocol has it.
enum ApplyEdit {}

impl Request for ApplyEdit {
    type Params = Value;
    type Result = ApplyWorkspaceEditResponse;
    const METHOD: &'static str = "workspace/applyEdit";
}

/// The types have the annotation of a file's removal in another place than the protocol, and no client would ask
/// about it.
fn params(edit: &WorkspaceEdit) -> Value {
    let mut params = json!({"label": "RLM", "edit": edit});
    for change in params["edit"]["documentChanges"].as_array_mut().into_iter().flatten() {
        if change["kind"] == "delete" {
            let options = change.as_object_mut().and_then(|change| change.remove("options"));
            if let Some(id) = options.and_then(|options| options.get("annotationId").cloned()) {
                change["annotationId"] = id;
            }
        }
    }
    params
}

fn told(failure: &Failure) -> String {
    let hint = failure.hint.as_ref().map(|hint| format!(" ({})", in_editor(hint))).unwrap_or_default();
    format!("{}{hint}", failure.message)
}

async fn say(client: &Client, kind: MessageType, message: &str) {
    client.show_message(kind, format!("RLM: {message}")).await;
}
