//! The table of what the server answers; each method's work is in [`handlers`].

use super::{
    capabilities,
    contents::{self, ContentParams, ContentResult},
    ext::{
        self, CancelParams, Cancelled, DogfoodParams, DogfoodResult, EndSessionParams, KeptRuns, KeptSessions,
        QueryParams, QueryResult, ReviewParams, ReviewResult, SessionEnded, Status, Transcript, TranscriptParams,
        edits::{EditParams, EditResult},
    },
    handlers::{self, Handlers},
    message_order::{Call, MessageOrder},
    query_registry::QueryRegistry,
};
use crate::{report::types::Preview, setup, trace::Exporter};
use lsp_types::{
    CodeAction, CodeActionParams, CodeActionResponse, DidChangeConfigurationParams, DidCloseTextDocumentParams,
    DidSaveTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult, ExecuteCommandParams,
    InitializeParams, InitializeResult, ServerInfo, WorkDoneProgressCancelParams, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReportResult,
    notification::{Notification, WorkDoneProgressCancel},
};
use serde_json::Value;
use std::sync::Arc;
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService, jsonrpc::Result};

/// Puts a server together: its message order, the socket to its client, and its runs.
pub fn build(
    exporter: Option<Arc<Exporter>>,
) -> (MessageOrder<LspService<Handlers>>, ClientSocket, Arc<QueryRegistry>) {
    let (service, socket) = LspService::build(|client: Client| Handlers {
        runs: Arc::new(QueryRegistry::new(client.clone(), setup::environment(), exporter)),
        client,
    })
    .custom_method(ext::QUERY, Handlers::query)
    .custom_method(ext::PREVIEW, Handlers::preview)
    .custom_method(ext::REVIEW, Handlers::review)
    .custom_method(ext::DOGFOOD, Handlers::dogfood)
    .custom_method(ext::EDIT, Handlers::edit)
    .custom_method(ext::CANCEL, Handlers::cancel)
    .custom_method(ext::TRANSCRIPT, Handlers::transcript)
    .custom_method(ext::STATUS, Handlers::status)
    .custom_method(ext::SESSIONS, Handlers::sessions)
    .custom_method(ext::END_SESSION, Handlers::end_session)
    .custom_method(ext::RUNS, Handlers::runs)
    .custom_method(contents::METHOD, Handlers::content)
    .custom_method(WorkDoneProgressCancel::METHOD, Handlers::cancel_progress)
    .finish();
    let Handlers { client, runs } = service.inner();
    let (client, runs) = (client.clone(), runs.clone());
    (MessageOrder::new(service, client, runs.diagnostics.clone(), runs.latest.clone()), socket, runs)
}

impl Handlers {
    async fn query(&self, params: QueryParams) -> Result<QueryResult> {
        handlers::query::answer(self, params, Call::current()).await
    }

    async fn preview(&self, params: QueryParams) -> Result<Preview> {
        handlers::query::preview(self, params, Call::current()).await
    }

    async fn review(&self, params: ReviewParams) -> Result<ReviewResult> {
        handlers::review::answer(self, params, Call::current()).await
    }

    async fn dogfood(&self, params: DogfoodParams) -> Result<DogfoodResult> {
        handlers::dogfood::answer(self, params, Call::current()).await
    }

    async fn edit(&self, params: EditParams) -> Result<EditResult> {
        handlers::edit::answer(self, params, Call::current()).await
    }

    async fn cancel(&self, params: CancelParams) -> Result<Cancelled<bool>> {
        Ok(handlers::cancel::cancel(self, &params))
    }

    async fn end_session(&self, params: EndSessionParams) -> Result<SessionEnded> {
        let EndSessionParams { session_id, keep } = params;
        let ended = self.runs.end_session(&session_id, keep, &Call::current().client_state).await;
        Ok(SessionEnded { ended })
    }

    async fn sessions(&self) -> Result<KeptSessions> {
        Ok(self.runs.kept_sessions(&Call::current().client_state).await)
    }

    async fn runs(&self) -> Result<KeptRuns> {
        Ok(self.runs.kept_runs(&Call::current().client_state).await)
    }

    async fn transcript(&self, params: TranscriptParams) -> Result<Transcript> {
        handlers::transcript::read(self, params).await
    }

    async fn content(&self, params: ContentParams) -> Result<ContentResult> {
        handlers::content::read(self, params).await
    }

    async fn status(&self) -> Result<Status> {
        Ok(self.runs.status(&Call::current().client_state).await)
    }

    async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.runs.cancel_by_token(&params.token);
    }
}

impl LanguageServer for Handlers {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult {
            capabilities: capabilities::offered(Call::current().client_state.client),
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn did_change_configuration(&self, _: DidChangeConfigurationParams) {
        // The message order has applied it.
        self.runs.reconsider(&Call::current().client_state).await;
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        handlers::review::on_save(self, params.text_document.uri, Call::current()).await;
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        handlers::review::reread(self, params.text_document.uri).await;
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        Ok(handlers::review::diagnostics(self, &params, &Call::current()))
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        Ok(handlers::review::all_diagnostics(self, &params, &Call::current()))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let (board, proposals) = (&self.runs.diagnostics.board, &self.runs.proposals);
        Ok(handlers::code_action::offer(&params, &Call::current().client_state, board, proposals))
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        Ok(handlers::code_action::resolve(action, &Call::current().client_state, &self.runs.diagnostics.board))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        handlers::execute_command::execute(self, params, Call::current()).await.map(Some)
    }

    async fn shutdown(&self) -> Result<()> {
        self.runs.end_all().await;
        Ok(())
    }
}
