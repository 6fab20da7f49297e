//! The ordered front: applies what changes the server's view in the order of the wire, and gives each request the view
//! of its own place in that order.
//!
//! The framework calls a service in the order in which messages arrive, but runs the handlers whenever it likes. So
//! everything that must be in order happens here, synchronously, before a handler exists. Cancellation is handled here
//! as well: `$/cancelRequest` fires the token of a query, which then ends by itself and answers with what it has; the
//! framework would drop it.

use super::{ext, view::View, wire};
use lsp_types::notification::{
    DidChangeConfiguration, DidChangeTextDocument, DidChangeWorkspaceFolders, DidCloseTextDocument,
    DidOpenTextDocument, Notification,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::{Id, Request, Response};
use tower_service::Service;

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

/// What the front shares with handlers that learn something later.
#[derive(Debug, Default)]
pub struct FrontState {
    view: Mutex<View>,
    queries: Mutex<HashMap<Id, CancellationToken>>,
    shut_down: std::sync::atomic::AtomicBool,
}

impl FrontState {
    /// Changes the view; later messages see the change.
    pub fn update(&self, change: impl FnOnce(&mut View)) {
        change(&mut lock(&self.view));
    }

    pub fn view(&self) -> View {
        lock(&self.view).clone()
    }

    pub fn was_shut_down(&self) -> bool {
        self.shut_down.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stands between the transport and the handlers.
pub struct Front<S> {
    handlers: S,
    state: Arc<FrontState>,
}

impl<S> Front<S> {
    pub fn new(handlers: S, state: Arc<FrontState>) -> Self {
        Self { handlers, state }
    }

    pub fn state(&self) -> Arc<FrontState> {
        self.state.clone()
    }

    /// Applies a message that changes the view.
    fn apply(&self, request: &Request) {
        match request.method() {
            "initialize" => self.update(request, View::initialize),
            DidOpenTextDocument::METHOD => self.update(request, View::open),
            DidChangeTextDocument::METHOD => self.update(request, View::change),
            DidCloseTextDocument::METHOD => self.update(request, |view, params| view.close(&params)),
            DidChangeWorkspaceFolders::METHOD => self.update(request, View::change_folders),
            DidChangeConfiguration::METHOD => {
                let settings = request.params().and_then(|params| params.get("settings"));
                if let Some(settings) = settings {
                    self.state.update(|view| view.configure(settings));
                }
            }
            "shutdown" => self.state.shut_down.store(true, std::sync::atomic::Ordering::Relaxed),
            _ => {}
        }
    }

    fn update<P: DeserializeOwned>(&self, request: &Request, change: impl FnOnce(&mut View, P)) {
        match serde_json::from_value(request.params().cloned().unwrap_or_default()) {
            Ok(params) => self.state.update(|view| change(view, params)),
            Err(error) => tracing::warn!(method = request.method(), %error, "ignored malformed params"),
        }
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
        self.apply(&request);
        if self.cancel(&request) {
            return Box::pin(std::future::ready(Ok(None)));
        }
        let cancel = CancellationToken::new();
        let registered = request.id().filter(|_| request.method() == ext::QUERY).map(|id| {
            lock(&self.state.queries).insert(id.clone(), cancel.clone());
            Registered { id: id.clone(), state: self.state.clone() }
        });
        // Some clients send an empty object where the protocol knows no params.
        let request = if request.method() == "shutdown" { without_params(request) } else { request };
        let call = Call { view: self.state.view(), cancel };
        let handled = CALL.scope(call, self.handlers.call(request));
        Box::pin(async move {
            let _registered = registered;
            handled.await
        })
    }
}

fn without_params(request: Request) -> Request {
    let (method, id, _) = request.into_parts();
    let builder = Request::build(method);
    match id {
        Some(id) => builder.id(id).finish(),
        None => builder.finish(),
    }
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
