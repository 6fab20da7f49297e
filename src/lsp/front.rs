//! The ordered front: applies what changes the server's view in the order of the wire, and gives each request the view
//! of its own place in that order.
//!
//! The framework calls a service in the order in which messages arrive, but runs the handlers whenever it likes. So
//! everything that must be in order happens here, synchronously, before a handler exists. Cancellation is handled here
//! as well: `$/cancelRequest` fires the token of a query, which then ends by itself and answers with what it has; the
//! framework would drop it.
//!
//! What a message makes the server do beside its handler, such as asking the client for its settings, is done by the
//! same future as the handler, before it.

use super::{
    ext,
    reaction::{Reaction, Talk},
    uri,
    view::View,
    wire,
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
    /// The server's view at the message's place in the order.
    pub view: View,
    /// Fires when the client cancels the request.
    pub cancel: CancellationToken,
}

impl Call {
    /// The call that the running handler serves. To be read before anything is spawned.
    pub fn current() -> Self {
        CALL.with(Clone::clone)
    }
}

/// What the front knows, shared with whoever ends the server.
#[derive(Debug, Default)]
pub struct FrontState {
    view: Mutex<View>,
    queries: Mutex<HashMap<Id, CancellationToken>>,
    shut_down: AtomicBool,
    talk: Arc<Talk>,
}

impl FrontState {
    /// Changes the view; later messages see the change.
    fn update<T>(&self, change: impl FnOnce(&mut View) -> T) -> T {
        change(&mut lock(&self.view))
    }

    fn view(&self) -> View {
        lock(&self.view).clone()
    }

    pub fn was_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    /// The client leaves: nothing waits for its replies any more.
    pub fn leave(&self) {
        self.talk.end();
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands between the transport and the handlers.
pub struct Front<S> {
    handlers: S,
    client: Client,
    state: Arc<FrontState>,
}

impl<S> Front<S> {
    pub fn new(handlers: S, client: Client) -> Self {
        Self { handlers, client, state: Arc::default() }
    }

    pub fn state(&self) -> Arc<FrontState> {
        self.state.clone()
    }

    /// Applies a message that changes the view.
    fn apply(&self, request: &Request) -> Reaction {
        match request.method() {
            "initialize" => {
                let strangers = self.update(request, View::initialize).unwrap_or_default();
                return Reaction::Complain(strangers);
            }
            Initialized::METHOD => return self.ask(),
            DidChangeConfiguration::METHOD => {
                let settings = request.params().and_then(|params| params.get("settings")).unwrap_or(&Value::Null);
                let strangers = self.state.update(|view| view.settings.tell(settings, view.client.configuration));
                return strangers.map_or_else(|| self.ask(), Reaction::Complain);
            }
            DidOpenTextDocument::METHOD => self.update(request, View::open),
            DidChangeTextDocument::METHOD => self.update(request, View::change),
            DidCloseTextDocument::METHOD => self.update(request, |view, params| view.close(&params)),
            DidChangeWorkspaceFolders::METHOD => self.update(request, View::change_folders),
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
        Reaction::Nothing
    }

    fn update<P: DeserializeOwned, T>(&self, request: &Request, change: impl FnOnce(&mut View, P) -> T) -> Option<T> {
        match serde_json::from_value(request.params().cloned().unwrap_or_default()) {
            Ok(params) => Some(self.state.update(|view| change(view, params))),
            Err(error) => {
                tracing::warn!(method = request.method(), %error, "ignored malformed params");
                None
            }
        }
    }

    /// Asks a client that can be asked for its settings.
    fn ask(&self) -> Reaction {
        self.state.update(|view| match view.client.configuration {
            true => Reaction::Ask(view.settings.ask()),
            false => Reaction::Nothing,
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

impl<S> Service<Request> for Front<S>
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
        let reaction = self.apply(&request);
        if self.cancel(&request) {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let cancel = CancellationToken::new();
        let registered = request.id().filter(|_| [ext::QUERY, ext::PREVIEW].contains(&request.method())).map(|id| {
            lock(&self.state.queries).insert(id.clone(), cancel.clone());
            Registered { id: id.clone(), state: self.state.clone() }
        });
        let call = Call { view: self.state.view(), cancel };
        let handled = CALL.scope(call, self.handlers.call(request));
        let (client, talk) = (self.client.clone(), self.state.talk.clone());
        Box::pin(async move {
            let _registered = registered;
            talk.react(reaction, &client).await;
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
    state: Arc<FrontState>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.state.queries).remove(&self.id);
    }
}
