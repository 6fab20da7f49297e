//! `rlm/review`, and the findings of reviews as diagnostics that a client pulls.

use super::{Handlers, error};
use crate::lsp::{
    ext::{ReviewParams, ReviewResult, Scope},
    findings,
    message_order::Call,
    query_registry::Invocation,
    review::ReviewOutcome,
    uri::DocumentKey,
};
use lsp_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReportResult, Uri, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReport, WorkspaceDiagnosticReportResult,
};
use tower_lsp::jsonrpc::Result;

pub async fn answer(handlers: &Handlers, params: ReviewParams, call: Call) -> Result<ReviewResult> {
    // When the connection goes away this future is dropped, and the review with it.
    let _ends_with_this = call.cancel.clone().drop_guard();
    let started = handlers.runs.start_review(params, Invocation::Request, call.client_state, call.cancel);
    let (_, outcome) = started.map_err(|it| error::not_started(&it))?;
    match outcome.await.map_err(|_| error::broken())? {
        ReviewOutcome::Reviewed(result) => Ok(*result),
        ReviewOutcome::Failed(failure) => Err(error::failed(&failure, None)),
        ReviewOutcome::Cancelled => Err(error::cancelled(None)),
    }
}

/// Of a document that was closed the text on the disk counts again.
pub async fn reread(handlers: &Handlers, uri: Uri) {
    let diagnostics = handlers.runs.diagnostics.clone();
    if diagnostics.board.concerns(&uri) {
        let read = move || diagnostics.board.reread(&uri, findings::text_on_disk(&uri).as_ref());
        if let Err(error) = tokio::task::spawn_blocking(read).await {
            tracing::warn!(%error, "a closed document was not read");
        }
    }
}

/// Reviews a document that was saved, if the person wants that; its findings become diagnostics.
pub async fn on_save(handlers: &Handlers, uri: Uri, call: Call) {
    if !handlers.runs.reviews_on_save(&call.client_state).await {
        return;
    }
    let params = ReviewParams { scope: Scope::File { uri }, ..ReviewParams::default() };
    let started = handlers.runs.start_review(params, Invocation::Command, call.client_state, call.cancel);
    handlers.runs.deliver(async move {
        let Ok((_, outcome)) = started else { return };
        if let Ok(ReviewOutcome::Failed(failure)) = outcome.await {
            // Whoever saves has not asked for anything, and is not disturbed.
            tracing::warn!(problem = failure.message, "a saved document was not reviewed");
        }
    });
}

pub fn diagnostics(
    handlers: &Handlers,
    params: &DocumentDiagnosticParams,
    call: &Call,
) -> DocumentDiagnosticReportResult {
    let (uri, known) = (&params.text_document.uri, params.previous_result_id.as_deref());
    handlers.runs.diagnostics.report(uri, known, call.client_state.client).into()
}

pub fn all_diagnostics(
    handlers: &Handlers,
    params: &WorkspaceDiagnosticParams,
    call: &Call,
) -> WorkspaceDiagnosticReportResult {
    let known = |uri: &Uri| {
        let key = DocumentKey::of(uri);
        let known = params.previous_result_ids.iter().find(|it| DocumentKey::of(&it.uri) == key);
        known.map(|it| it.value.clone())
    };
    let items = handlers.runs.diagnostics.reports(known, call.client_state.client);
    WorkspaceDiagnosticReport { items }.into()
}
