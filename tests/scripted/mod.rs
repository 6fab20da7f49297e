//! An OpenAI-compatible server that says what a test tells it to, and remembers what it was asked.
//!
//! The script is a function from what was [`Asked`] to an [`Action`]: a reply, streamed or whole, or one of the ways in
//! which servers fail. The [`Log`] holds every call with its times, so that a test can assert how many were open at
//! once, and that a call that was cancelled was closed. `examples/scripted-server.rs` is the same as a program.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test program has its own copy of this module and uses a part of it"
)]

mod action;
mod log;
mod rules;
mod serve;

pub use action::{Action, Asked};
pub use log::{Log, Record};
pub use rules::Rules;

use serve::Shared;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::AbortHandle};

/// How a server is set up.
pub struct Setup {
    port: u16,
    latency: Duration,
    models: Vec<String>,
    window: Option<usize>,
    llama_cpp: Option<(u64, usize)>,
    key: Option<String>,
}

impl Setup {
    /// On any free port, without delay, with one model named `scripted`, open to everyone.
    pub fn new() -> Self {
        let models = vec!["scripted".to_owned()];
        Self { port: 0, latency: Duration::ZERO, models, window: None, llama_cpp: None, key: None }
    }

    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// How long every call takes, on top of what its action says.
    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// What `/v1/models` lists.
    pub fn models(self, models: &[&str]) -> Self {
        Self { models: models.iter().map(|it| (*it).to_owned()).collect(), ..self }
    }

    /// The window that the list tells for each model, in tokens.
    pub fn window(self, tokens: usize) -> Self {
        Self { window: Some(tokens), ..self }
    }

    /// It tells what llama.cpp's server tells: how many parameters its models have, and on how many calls it works at once.
    pub fn llama_cpp(self, parameters: u64, slots: usize) -> Self {
        Self { llama_cpp: Some((parameters, slots)), ..self }
    }

    /// The key that callers must have. One that is refused is repeated in the error, as some servers do.
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// Starts on the loopback interface.
    pub async fn start(self, script: impl Fn(&Asked) -> Action + Send + Sync + 'static) -> ScriptedServer {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::new(Box::new(script), self));
        let task = tokio::spawn(serve::serve(listener, shared.clone())).abort_handle();
        ScriptedServer { address, shared, task }
    }
}

/// A server that is running; it stops when this is dropped.
pub struct ScriptedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl ScriptedServer {
    /// A server with the usual set-up.
    pub async fn start(script: impl Fn(&Asked) -> Action + Send + Sync + 'static) -> Self {
        Setup::new().start(script).await
    }

    /// The base URL, as one would give it to `--endpoint`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What has happened so far.
    pub fn log(&self) -> Log {
        self.shared.log.borrow().clone()
    }

    /// Every call so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Record> {
        self.log().calls
    }

    /// Waits until the log says so; fails the test when it does not within ten seconds.
    pub async fn until(&self, what: &str, condition: impl FnMut(&Log) -> bool) {
        let mut log = self.shared.log.subscribe();
        let reached = tokio::time::timeout(Duration::from_secs(10), log.wait_for(condition)).await;
        assert!(reached.is_ok(), "waited in vain for {what}: {:?}", self.log());
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A base URL at which nothing listens.
pub async fn dead_url() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    format!("http://{}/v1", listener.local_addr().expect("a bound socket has an address"))
}
