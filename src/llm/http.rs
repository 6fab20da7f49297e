//! The connections: one client for all models, so that a call finds a connection that is open already.

mod body;
mod drained;
mod list;
mod recipient;

pub(super) use body::{Body, Held, ReplyMemory};
pub(super) use drained::Drained;
pub(super) use list::{Listed, list_models, slots};
pub use recipient::{Recipient, Refusal};

use super::{CONNECTING, Error};
use crate::config::Endpoint;
use reqwest::{
    Client, ClientBuilder,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that run the code of `genai`.
const PROVIDER_THREADS: usize = 2;

/// How long a server may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of a call to the first text of its reply.
    pub first_text: Duration,
    /// Between two parts of the text. Any sign of life, such as a comment that keeps the connection open, or a model that
    /// reasons first, starts either time anew.
    pub between: Duration,
}

/// The shared clients, made when first needed: reading the system's certificates takes a while.
#[derive(Debug, Default)]
pub(super) struct Connections {
    outward: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
    plain: OnceLock<Result<Client, String>>,
    providers: OnceLock<Result<Providers, String>>,
    memory: Arc<ReplyMemory>,
}

impl Connections {
    /// The client for an endpoint. A server on this machine is never looked for behind a proxy.
    pub(super) fn for_endpoint(&self, endpoint: &Endpoint) -> Result<Client, Error> {
        let of_this_machine = || Client::builder().no_proxy();
        match (endpoint.is_loopback(), endpoint.is_encrypted()) {
            // No connection of this client is encrypted: it goes without the hundreds of files of the system's certificates.
            (true, false) => made(self.plain.get_or_init(|| build(of_this_machine().tls_certs_only([])))),
            (true, true) => made(self.loopback.get_or_init(|| build(of_this_machine()))),
            (false, _) => made(self.outward.get_or_init(|| build(Client::builder()))),
        }
    }

    /// The client for the providers' own servers, and the runtime that their calls run on.
    pub(super) fn providers(&self) -> Result<&Providers, Error> {
        let make = || Providers::new(build(Client::builder())?);
        self.providers.get_or_init(make).as_ref().map_err(|problem| cannot_set_up(problem))
    }

    /// What all replies may hold together.
    pub(super) fn memory(&self) -> Arc<ReplyMemory> {
        self.memory.clone()
    }
}

fn made(client: &Result<Client, String>) -> Result<Client, Error> {
    client.clone().map_err(|problem| cannot_set_up(&problem))
}

fn cannot_set_up(problem: &str) -> Error {
    Error::Configuration(format!("cannot set up HTTPS: {problem}"))
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    // A redirect would turn a POST into a GET, and carry the prompt to a place that nobody named.
    let builder = builder.connect_timeout(CONNECTING).redirect(redirect::Policy::none());
    builder.build().map_err(|error| error.to_string())
}

/// What calls of the providers' servers need.
///
/// `genai` reads a stream in a way that never waits as long as there is something to read, and that takes the longer
/// the more of one event has come. A server that sends one event without end would take a thread of the runtime for
/// itself, and with it the clock of all deadlines. So these calls run on threads of their own: whoever waits for one of
/// them can stop waiting at any time.
#[derive(Debug)]
pub(super) struct Providers {
    pub(super) client: Client,
    /// Only absent while it is dropped.
    runtime: Option<Runtime>,
}

impl Providers {
    pub(super) fn new(client: Client) -> Result<Self, String> {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(PROVIDER_THREADS).thread_name("rlm-providers").enable_all();
        let runtime = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { client, runtime: Some(runtime) })
    }

    /// The client for a provider; one of its own if it is called elsewhere, or with headers.
    pub(super) fn client_for(&self, base: Option<&str>, headers: &[(String, String)]) -> Result<Client, Error> {
        if base.is_none() && headers.is_empty() {
            return Ok(self.client.clone());
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, mut value) = pair.ok_or_else(|| Error::Configuration(format!("`{name}` is no header")))?;
            value.set_sensitive(true);
            map.insert(name, value);
        }
        let is_loopback = match base {
            Some(base) => Endpoint::parse(base).map_err(Error::Configuration)?.is_loopback(),
            None => false,
        };
        let builder = Client::builder().default_headers(map);
        let builder = if is_loopback { builder.no_proxy() } else { builder };
        build(builder).map_err(|problem| cannot_set_up(&problem))
    }

    pub(super) fn handle(&self) -> Handle {
        self.runtime.as_ref().expect("it is only taken out when it is dropped").handle().clone()
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        // Waiting for a call that never waits would take for ever.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
