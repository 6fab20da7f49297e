//! The table of what the server answers; each method's work is in [`handlers`].

use super::{
    capabilities,
    ext::{self, CancelParams, QueryParams},
    front::{Call, Front, FrontState},
    handlers,
    runs::Runs,
};
use crate::setup;
use lsp_types::{
    CodeActionParams, CodeActionResponse, ConfigurationItem, DidChangeConfigurationParams, ExecuteCommandParams,
    InitializeParams, InitializeResult, InitializedParams, ServerInfo, WorkDoneProgressCancelParams,
    notification::{Notification, WorkDoneProgressCancel},
};
use serde_json::Value;
use std::sync::Arc;
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService, jsonrpc::Result};

/// The handlers of one client.
pub struct Handlers {
    pub client: Client,
    pub runs: Arc<Runs>,
    front: Arc<FrontState>,
}

/// Puts a server together: its front, the socket to its client, and its runs.
pub fn build() -> (Front<LspService<Handlers>>, ClientSocket, Arc<Runs>) {
    let front = Arc::new(FrontState::default());
    let state = front.clone();
    let (service, socket) = LspService::build(move |client: Client| Handlers {
        runs: Arc::new(Runs::new(client.clone(), setup::environment())),
        client,
        front,
    })
    .custom_method(ext::QUERY, Handlers::query)
    .custom_method(ext::CANCEL, Handlers::cancel)
    .custom_method(ext::STATUS, Handlers::status)
    .custom_method(WorkDoneProgressCancel::METHOD, Handlers::cancel_progress)
    .finish();
    let runs = service.inner().runs.clone();
    (Front::new(service, state), socket, runs)
}

impl Handlers {
    async fn query(&self, params: QueryParams) -> Result<Value> {
        handlers::query::answer(self, params, Call::current()).await
    }

    async fn cancel(&self, params: CancelParams) -> Result<Value> {
        Ok(handlers::cancel::cancel(self, &params))
    }

    async fn status(&self) -> Result<Value> {
        Ok(self.runs.status(&Call::current().view).await)
    }

    async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        self.runs.cancel_by_token(&params.token);
    }

    /// Asks the client for its settings and applies them.
    async fn pull_configuration(&self) {
        if !self.front.view().client.configuration {
            return;
        }
        let item = ConfigurationItem { scope_uri: None, section: Some("rlm".to_owned()) };
        match self.client.configuration(vec![item]).await {
            Ok(sections) => {
                for section in sections {
                    self.front.update(|view| view.configure(&section));
                }
            }
            Err(error) => tracing::warn!(%error, "the client did not tell its settings"),
        }
    }
}

impl LanguageServer for Handlers {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult {
            capabilities: capabilities::offered(Call::current().view.client.encoding),
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.pull_configuration().await;
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        // Settings that came along were applied by the front.
        if params.settings.is_null() {
            self.pull_configuration().await;
        }
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        Ok(handlers::code_action::offer(&params, &Call::current().view))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        handlers::execute_command::execute(self, params, Call::current()).await.map(Some)
    }

    async fn shutdown(&self) -> Result<()> {
        self.runs.end_all().await;
        Ok(())
    }
}
