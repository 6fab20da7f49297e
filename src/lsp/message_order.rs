//! The order of messages: applies what changes the client's state in the order of the wire, and gives each request the
//! state at its own place in that order.
//!
//! The transport calls a service in the order in which messages arrive, but runs the handlers at the same time. So
//! everything that must be in order happens here, synchronously, before a handler exists. Cancellation is handled here
//! as well: `$/cancelRequest` fires the token of a query, which then ends by itself and answers with what it has; the
//! framework would drop it.
//!
//! What a message makes the server do beside its handler, such as asking the client for its settings, is done by the
//! same future as the handler, before it.

use super::{
    capabilities::{self, ClientAbilities},
    client_requests::{ClientRequest, ClientRequests},
    client_state::{ClientState, LatestState},
    diagnostics::Diagnostics,
    ext,
    findings::Edit,
    uri::{self, DocumentKey},
    wire,
};
use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, InitializeParams,
    notification::{
        DidChangeConfiguration, DidChangeTextDocument, DidChangeWorkspaceFolders, DidCloseTextDocument,
        DidOpenTextDocument, Initialized, Notification,
    },
};
use serde::Deserialize;
use serde_json::{Value, from_value};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio_util::sync::CancellationToken;
use tower_lsp::{
    Client,
    jsonrpc::{Id, Request, Response},
};
use tower_service::Service;

/// Methods that have no params.
const WITHOUT_PARAMS: [&str; 2] = ["shutdown", ext::STATUS];

tokio::task_local! {
    static CALL: Call;
}

/// What a handler gets beside its params.
#[derive(Debug, Clone)]
pub struct Call {
    /// The client's state at the message's place in the order.
    pub client_state: ClientState,
    /// Fires when the client cancels the request.
    pub cancel: CancellationToken,
}

impl Call {
    /// The call that the running handler serves. To be read before anything is spawned.
    pub fn current() -> Self {
        CALL.with(Clone::clone)
    }
}

/// What is shared with whoever ends the server.
#[derive(Debug, Default)]
pub struct OrderedState {
    queries: Mutex<HashMap<Id, CancellationToken>>,
    shut_down: AtomicBool,
    client_requests: Arc<ClientRequests>,
}

impl OrderedState {
    pub fn was_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    /// The client leaves: nothing waits for its replies any more.
    pub fn leave(&self) {
        self.client_requests.end();
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands between the transport and the handlers.
pub struct MessageOrder<S> {
    handlers: S,
    client: Client,
    client_state: ClientState,
    findings: Arc<Diagnostics>,
    latest: Arc<LatestState>,
    state: Arc<OrderedState>,
}

impl<S> MessageOrder<S> {
    pub fn new(handlers: S, client: Client, findings: Arc<Diagnostics>, latest: Arc<LatestState>) -> Self {
        Self { handlers, client, client_state: ClientState::default(), findings, latest, state: Arc::default() }
    }

    pub fn state(&self) -> Arc<OrderedState> {
        self.state.clone()
    }

    /// Applies a message that changes the client state; later messages see the change. Texts are moved out of the
    /// params, because they may be large; no handler reads them.
    fn apply(&mut self, method: &str, params: &mut Option<Value>) -> serde_json::Result<ClientRequest> {
        let seen = params.as_ref().unwrap_or(&Value::Null);
        match method {
            "initialize" => {
                let unknown = self.client_state.initialize(InitializeParams::deserialize(seen)?, &seen["capabilities"]);
                return Ok(ClientRequest::WarnUnknownOptions(unknown));
            }
            Initialized::METHOD => return Ok(self.ask()),
            DidChangeConfiguration::METHOD => {
                let ClientState { settings, client, .. } = &mut self.client_state;
                let unknown = settings.tell(seen.get("settings").unwrap_or(&Value::Null), client.configuration);
                return Ok(unknown.map_or_else(|| self.ask(), ClientRequest::WarnUnknownOptions));
            }
            DidOpenTextDocument::METHOD => self.open(from_value(params.take().unwrap_or_default())?),
            DidChangeTextDocument::METHOD => self.change(from_value(params.take().unwrap_or_default())?),
            // The handler looks for what the disk has of it.
            DidCloseTextDocument::METHOD => self.close(&DidCloseTextDocumentParams::deserialize(seen)?),
            DidChangeWorkspaceFolders::METHOD => {
                self.client_state.change_folders(from_value(params.take().unwrap_or_default())?);
            }
            "shutdown" => {
                self.state.shut_down.store(true, Ordering::Relaxed);
                self.state.leave();
            }
            "exit" => self.state.leave(),
            _ => {}
        }
        Ok(ClientRequest::Nothing)
    }

    fn open(&mut self, params: DidOpenTextDocumentParams) {
        let uri = params.text_document.uri.clone();
        self.client_state.open(params);
        if let Some(document) = self.client_state.documents.get(&DocumentKey::of(&uri)) {
            self.findings.board.open(&uri, document);
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.uri.clone();
        let edits: Vec<Edit> = match self.findings.board.concerns(&uri) {
            true => params.content_changes.iter().map(Edit::of).collect(),
            false => Vec::new(),
        };
        self.client_state.change(params);
        if let Some(document) = self.client_state.documents.get(&DocumentKey::of(&uri)) {
            self.findings.board.change(&uri, &edits, document);
        }
    }

    fn close(&mut self, params: &DidCloseTextDocumentParams) {
        self.client_state.close(params);
        self.findings.board.close(&params.text_document.uri);
    }

    /// Asks a client that can be asked for its settings.
    fn ask(&mut self) -> ClientRequest {
        match self.client_state.client.configuration {
            true => ClientRequest::AskSettings(self.client_state.settings.ask()),
            false => ClientRequest::Nothing,
        }
    }

    /// Fires the token of the query that a `$/cancelRequest` names; says whether there was one.
    fn cancel(&self, method: &str, params: Option<&Value>) -> bool {
        if method != "$/cancelRequest" {
            return false;
        }
        let id = params.and_then(|params| Id::deserialize(params.get("id")?).ok());
        let queries = lock(&self.state.queries);
        let token = id.and_then(|id| queries.get(&id));
        token.inspect(|token| token.cancel()).is_some()
    }
}

impl<S> Service<Request> for MessageOrder<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Option<Response>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.handlers.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (method, id, params) = request.into_parts();
        // Some clients send an empty object where the protocol knows no params, and some write URIs as they come.
        let mut params = params.filter(|_| !WITHOUT_PARAMS.contains(&&*method));
        if let Some(params) = &mut params {
            uri::escape_all(params);
        }
        let client_request = self.apply(&method, &mut params).unwrap_or_else(|error| {
            tracing::warn!(%method, %error, "ignored malformed params");
            ClientRequest::Nothing
        });
        if method.starts_with("textDocument/did") || method.starts_with("workspace/did") || method == "initialize" {
            self.latest.set(self.client_state.clone());
        }
        if self.cancel(&method, params.as_ref()) {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let cancel = CancellationToken::new();
        let registered = id
            .as_ref()
            .filter(|_| [ext::QUERY, ext::PREVIEW, ext::REVIEW, ext::EDIT, ext::DOGFOOD].contains(&&*method))
            .map(|id| {
                lock(&self.state.queries).insert(id.clone(), cancel.clone());
                Registered { id: id.clone(), state: self.state.clone() }
            });
        let call = Call { client_state: self.client_state.clone(), cancel };
        let completed = (method == "initialize").then_some(self.client_state.client);
        let request = wire::request(method, id, params);
        let handled = CALL.scope(call, self.handlers.call(request));
        let (client, client_requests) = (self.client.clone(), self.state.client_requests.clone());
        Box::pin(async move {
            let _registered = registered;
            client_requests.react(client_request, &client).await;
            let response = handled.await?;
            Ok(match completed {
                Some(abilities) => response.map(|response| complete(response, abilities)),
                None => response,
            })
        })
    }
}

/// The response to `initialize` with what the types do not know.
fn complete(response: Response, abilities: ClientAbilities) -> Response {
    let (id, body) = response.into_parts();
    let body = body.map(|mut result| {
        capabilities::complete(&mut result, abilities);
        result
    });
    Response::from_parts(id, body)
}

/// A query that can be cancelled by its request's number, as long as this lives.
struct Registered {
    id: Id,
    state: Arc<OrderedState>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.state.queries).remove(&self.id);
    }
}
