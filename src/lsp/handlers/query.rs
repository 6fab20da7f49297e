//! `rlm/query`: the answer is the reply; and `rlm/preview`, which calls no model.

use super::{Handlers, error};
use crate::{
    engine::Termination,
    failure::{Failure, FailureKind},
    lsp::{
        ext::{QueryParams, QueryResult},
        message_order::Call,
        query::Outcome,
        query_registry::Invocation,
    },
    report::types::Preview,
};
use tower_lsp::jsonrpc::Result;

pub async fn answer(handlers: &Handlers, params: QueryParams, call: Call) -> Result<QueryResult> {
    // When the connection goes away this future is dropped, and the run with it.
    let _ends_with_this = call.cancel.clone().drop_guard();
    let params = handlers.runs.meant(params, &call.client_state).await.map_err(|it| error::not_started(&it))?;
    let started = handlers.runs.start(params, Invocation::Request, call.client_state, call.cancel);
    let (_, outcome) = started.map_err(|it| error::not_started(&it))?;
    let Outcome { answer, result } = outcome.await.map_err(|_| error::broken())?;
    match (answer.termination, &answer.failure) {
        (Termination::Cancelled, _) => Err(error::cancelled(Some(result))),
        (_, Some(failure)) => Err(error::failed(failure, Some(result))),
        _ => Ok(result),
    }
}

pub async fn preview(handlers: &Handlers, params: QueryParams, call: Call) -> Result<Preview> {
    let preview = handlers.runs.preview(params, call.client_state, call.cancel).await;
    preview.map_err(|it| error::not_started(&it))?.map_err(|answer| match (answer.termination, answer.failure) {
        (_, Some(failure)) => error::failed(&failure, None),
        (Termination::Cancelled, None) => error::cancelled(None),
        (ended, None) => {
            let message = ended.explanation().unwrap_or("ended without a preview").to_owned();
            error::failed(&Failure { kind: FailureKind::Limit, message, hint: None }, None)
        }
    })
}
