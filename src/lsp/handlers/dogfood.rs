//! `rlm/dogfood`, and the command that shows its report as a document.

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
        client_requests,
        cycle::CycleOutcome,
        ext::{DogfoodAction, DogfoodParams, DogfoodResult},
        message_order::Call,
        query_registry::{Invocation, QueryRegistry},
    },
};
use lsp_types::MessageType;
use serde_json::{Value, json};
use tower_lsp::{Client, jsonrpc::Result};

/// By which answer the person takes a proposal.
const TAKE: &str = "Take";

pub async fn answer(handlers: &Handlers, params: DogfoodParams, call: Call) -> Result<DogfoodResult> {
    match params.action {
        DogfoodAction::Cycle => {
            // When the connection goes away this future is dropped, and the cycle with it.
            let _ends_with_this = call.cancel.clone().drop_guard();
            let started = handlers.runs.start_cycle(params, Invocation::Request, call.client_state, call.cancel);
            let (_, outcome) = started.map_err(|it| error::not_started(&it))?;
            match outcome.await.map_err(|_| error::broken())? {
                CycleOutcome::Judged(judged) => Ok(judged.result),
                CycleOutcome::Failed(failure) => Err(error::failed(&failure, None)),
                CycleOutcome::Cancelled => Err(error::cancelled(None)),
            }
        }
        DogfoodAction::Approve => {
            let approved = handlers.runs.approve_cycle(params, call.client_state, call.cancel).await;
            approved.map_err(|it| error::not_started(&it))?.map_err(|it| error::failed(&it, None))
        }
        _ => tokio::select! {
            biased;
            () = call.cancel.cancelled() => Err(error::cancelled(None)),
            done = handlers.runs.dogfood(params, call.client_state.clone()) => done.map_err(|it| error::failed(&it, None)),
        },
    }
}

/// Starts it; the report comes as a document that the client is asked to show. Of a cycle the person is then asked what to take.
pub fn start(handlers: &Handlers, argument: Option<Value>, call: Call) -> Result<Value> {
    let params: DogfoodParams = argument.map(read).transpose()?.unwrap_or_default();
    let (client, runs) = (handlers.client.clone(), handlers.runs.clone());
    let abilities = call.client_state.client;
    match params.action {
        DogfoodAction::Cycle => {
            let (state, cancel) = (call.client_state.clone(), call.cancel.clone());
            let approval = DogfoodParams { action: DogfoodAction::Approve, query_id: None, ..params.clone() };
            let started = runs.start_cycle(params, Invocation::Command, call.client_state, call.cancel);
            let (query_id, outcome) = started.map_err(|it| error::not_started(&it))?;
            handlers.runs.deliver(async move {
                match outcome.await {
                    Ok(CycleOutcome::Judged(judged)) => {
                        deliver(&client, &runs, Some(abilities), Ok(judged.result)).await;
                        let numbers = taken(&client, judged.offered).await;
                        if !numbers.is_empty() {
                            let params =
                                DogfoodParams { cycle: Some(judged.cycle), approve: Some(numbers), ..approval };
                            if let Ok(approved) = runs.approve_cycle(params, state, cancel).await {
                                deliver(&client, &runs, None, approved).await;
                            }
                        }
                    }
                    Ok(CycleOutcome::Failed(failure)) => deliver(&client, &runs, None, Err(failure)).await,
                    Ok(CycleOutcome::Cancelled) | Err(_) => {}
                }
            });
            Ok(json!({"status": "started", "queryId": query_id}))
        }
        DogfoodAction::Approve => {
            handlers.runs.deliver(async move {
                if let Ok(approved) = runs.approve_cycle(params, call.client_state, call.cancel).await {
                    deliver(&client, &runs, None, approved).await;
                }
            });
            Ok(json!({"status": "started"}))
        }
        _ => {
            handlers.runs.deliver(async move {
                let done = runs.dogfood(params, call.client_state).await;
                deliver(&client, &runs, Some(abilities), done).await;
            });
            Ok(json!({"status": "started"}))
        }
    }
}

/// What the person takes of what is offered, asked one by one. Nothing is the default.
async fn taken(client: &Client, offered: Vec<(i64, String)>) -> Vec<i64> {
    let mut taken = Vec::new();
    for (number, title) in offered {
        if client_requests::agrees(client, format!("RLM: take proposal {number}, {title}?"), TAKE).await {
            taken.push(number);
        }
    }
    taken
}

/// Shows a report, as a document if it is to be one and the client can, or says why there is none.
async fn deliver(
    client: &Client,
    runs: &QueryRegistry,
    abilities: Option<ClientAbilities>,
    done: std::result::Result<DogfoodResult, Failure>,
) {
    let (kind, message) = match done {
        Ok(DogfoodResult { markdown, .. }) => {
            let name = ("rlm-dogfood-", ".md");
            if let Some(abilities) = abilities
                && present(client, runs, abilities, name, markdown.clone()).await
            {
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
}
