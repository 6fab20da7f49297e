//! `rlm/query`: the answer is the reply; and `rlm/preview`, which calls no model.

use super::{Handlers, error};
use crate::{
    engine::{Answer, Termination},
    lsp::{ext::QueryParams, message_order::Call, query::Outcome, query_registry::Invocation},
};
use serde_json::{Map, Value};
use tower_lsp::jsonrpc::Result;

pub async fn answer(handlers: &Handlers, params: QueryParams, call: Call) -> Result<Value> {
    // When the connection goes away this future is dropped, and the run with it.
    let _ends_with_this = call.cancel.clone().drop_guard();
    let started = handlers.runs.start(params, Invocation::Request, call.client_state, call.cancel);
    let (_, outcome) = started.map_err(|it| error::not_started(&it))?;
    let Outcome { answer, result, .. } = outcome.await.map_err(|_| error::broken())?;
    reply(&answer, result)
}

pub async fn preview(handlers: &Handlers, params: QueryParams, call: Call) -> Result<Value> {
    let preview = handlers.runs.preview(params, call.client_state, call.cancel).await;
    match preview.map_err(|it| error::not_started(&it))? {
        Ok(preview) => Ok(preview),
        Err(answer) => reply(&answer, Map::new()),
    }
}

fn reply(answer: &Answer, result: Map<String, Value>) -> Result<Value> {
    match (&answer.termination, &answer.failure) {
        (Termination::Cancelled, _) => Err(error::cancelled(result)),
        (_, Some(failure)) => Err(error::failed(failure, result)),
        _ => Ok(Value::Object(result)),
    }
}
