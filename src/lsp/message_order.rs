//! The order of messages: applies what changes the client's state in the order of the wire, and gives each request the
//! state at its own place in that order.
//!
//! The framework calls a service in the order in which messages arrive, but runs the handlers whenever it likes. So
//! everything that must be in order happens here, synchronously, before a handler exists. Cancellation is handled here
//! as well: `$/cancelRequest` fires the token of a query, which then ends by itself and answers with what it has; the
//! framework would drop it.
//!
//! What a message makes the server do beside its handler, such as asking the client for its settings, is done by the
//! same future as the handler, before it.

use super::{
    client_requests::{ClientRequest, ClientRequests},
    client_state::ClientState,
    ext, uri, wire,
};
use lsp_types::notification::{
    DidChangeConfiguration, DidChangeTextDocument, DidChangeWorkspaceFolders, DidCloseTextDocument,
    DidOpenTextDocument, Initialized, Notification,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
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
    client_state: Mutex<ClientState>,
    queries: Mutex<HashMap<Id, CancellationToken>>,
    shut_down: AtomicBool,
    client_requests: Arc<ClientRequests>,
}

impl OrderedState {
    /// Changes the client state; later messages see the change.
    fn update<T>(&self, change: impl FnOnce(&mut ClientState) -> T) -> T {
        change(&mut lock(&self.client_state))
    }

    fn client_state(&self) -> ClientState {
        lock(&self.client_state).clone()
    }

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
    state: Arc<OrderedState>,
}

impl<S> MessageOrder<S> {
    pub fn new(handlers: S, client: Client) -> Self {
        Self { handlers, client, state: Arc::default() }
    }

    pub fn state(&self) -> Arc<OrderedState> {
        self.state.clone()
    }

    /// Applies a message that changes the client state.
    fn apply(&self, request: &Request) -> ClientRequest {
        match request.method() {
            "initialize" => {
                let unknown = self.update(request, ClientState::initialize).unwrap_or_default();
                return ClientRequest::WarnUnknownOptions(unknown);
            }
            Initialized::METHOD => return self.ask(),
            DidChangeConfiguration::METHOD => {
                let settings = request.params().and_then(|params| params.get("settings")).unwrap_or(&Value::Null);
                let unknown = self
                    .state
                    .update(|client_state| client_state.settings.tell(settings, client_state.client.configuration));
                return unknown.map_or_else(|| self.ask(), ClientRequest::WarnUnknownOptions);
            }
            DidOpenTextDocument::METHOD => self.update(request, ClientState::open),
            DidChangeTextDocument::METHOD => self.update(request, ClientState::change),
            DidCloseTextDocument::METHOD => self.update(request, |client_state, params| client_state.close(&params)),
            DidChangeWorkspaceFolders::METHOD => self.update(request, ClientState::change_folders),
            "shutdown" => {
                self.state.shut_down.store(true, Ordering::Relaxed);
                self.state.leave();
                None
            }
            "exit" => {
                self.state.leave();
                None
            }
            _ => None,
        };
        ClientRequest::Nothing
    }

    fn update<P: DeserializeOwned, T>(
        &self,
        request: &Request,
        change: impl FnOnce(&mut ClientState, P) -> T,
    ) -> Option<T> {
        match serde_json::from_value(request.params().cloned().unwrap_or_default()) {
            Ok(params) => Some(self.state.update(|client_state| change(client_state, params))),
            Err(error) => {
                tracing::warn!(method = request.method(), %error, "ignored malformed params");
                None
            }
        }
    }

    /// Asks a client that can be asked for its settings.
    fn ask(&self) -> ClientRequest {
        self.state.update(|client_state| match client_state.client.configuration {
            true => ClientRequest::AskSettings(client_state.settings.ask()),
            false => ClientRequest::Nothing,
        })
    }

    /// Fires the token of the query that a `$/cancelRequest` names; says whether there was one.
    fn cancel(&self, request: &Request) -> bool {
        if request.method() != "$/cancelRequest" {
            return false;
        }
        let id = request.params().and_then(|params| params.get("id")).cloned();
        let id: Option<Id> = id.and_then(|id: Value| serde_json::from_value(id).ok());
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
        if request.method() == wire::MALFORMED {
            return Box::pin(std::future::ready(Ok(Some(wire::malformed_response(&request)))));
        }
        let request = readable(request);
        let client_request = self.apply(&request);
        if self.cancel(&request) {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let cancel = CancellationToken::new();
        let registered = request.id().filter(|_| [ext::QUERY, ext::PREVIEW].contains(&request.method())).map(|id| {
            lock(&self.state.queries).insert(id.clone(), cancel.clone());
            Registered { id: id.clone(), state: self.state.clone() }
        });
        let call = Call { client_state: self.state.client_state(), cancel };
        let handled = CALL.scope(call, self.handlers.call(request));
        let (client, client_requests) = (self.client.clone(), self.state.client_requests.clone());
        Box::pin(async move {
            let _registered = registered;
            client_requests.react(client_request, &client).await;
            handled.await
        })
    }
}

/// The request without what clients do differently: some send an empty object where the protocol knows no params, and
/// some write URIs as they come.
fn readable(request: Request) -> Request {
    let (method, id, params) = request.into_parts();
    let params = params.filter(|_| !WITHOUT_PARAMS.contains(&&*method)).map(|mut params| {
        uri::escape_all(&mut params);
        params
    });
    let mut builder = Request::build(method);
    if let Some(id) = id {
        builder = builder.id(id);
    }
    if let Some(params) = params {
        builder = builder.params(params);
    }
    builder.finish()
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
