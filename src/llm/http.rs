//! The connections: one client for all models, so that a call finds a connection that is open already.

use super::{Error, failure::Peer};
use crate::config::Endpoint;
use reqwest::{Client, ClientBuilder, redirect};
use std::{sync::OnceLock, time::Duration};

/// How long a connection may take.
pub(super) const CONNECTING: Duration = Duration::from_secs(10);

/// How long a server may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of a call to the first text of its reply. Any sign of life, such as a comment that keeps the
    /// connection open, or a model that reasons first, starts this time anew.
    pub first_text: Duration,
    /// Between two parts of the text.
    pub between: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { first_text: Duration::from_secs(120), between: Duration::from_secs(60) }
    }
}

/// The shared clients, made when first needed: reading the system's certificates takes a while.
#[derive(Debug, Default)]
pub(super) struct Connections {
    outward: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
}

impl Connections {
    /// The client for an endpoint. A server on this machine is never looked for behind a proxy.
    pub(super) fn for_endpoint(&self, endpoint: &Endpoint) -> Result<Client, Error> {
        match endpoint.is_loopback() {
            true => made(self.loopback.get_or_init(|| build(Client::builder().no_proxy()))),
            false => self.outward(),
        }
    }

    /// The client for the providers' own servers.
    pub(super) fn outward(&self) -> Result<Client, Error> {
        made(self.outward.get_or_init(|| build(Client::builder())))
    }
}

fn made(client: &Result<Client, String>) -> Result<Client, Error> {
    client.clone().map_err(|problem| Error::Configuration(format!("cannot set up HTTPS: {problem}")))
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    // A redirect would turn a POST into a GET, and carry the prompt to a place that nobody named.
    let builder = builder.connect_timeout(CONNECTING).redirect(redirect::Policy::none());
    builder.build().map_err(|error| error.to_string())
}

/// What a server says about one of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: String,
    /// Tokens that fit its window, where the server says so.
    pub(super) window: Option<usize>,
}

/// The models of an OpenAI-compatible server, in its own order.
///
/// # Errors
/// As for a call; also when the list takes longer than `patience`.
pub(super) async fn list_models(
    client: &Client,
    endpoint: &Endpoint,
    peer: &Peer,
    patience: Duration,
) -> Result<Vec<Listed>, Error> {
    let mut request = client.get(endpoint.join("models")).timeout(patience);
    if let Some(key) = &peer.key {
        request = request.bearer_auth(key.expose());
    }
    let response = request.send().await.map_err(|error| peer.of_transport(&error, patience))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = bounded_body(response).await.map_err(|error| peer.of_transport(&error, patience))?;
    if !status.is_success() {
        return Err(peer.of_status(status.as_u16(), Some(&headers), &body));
    }
    listed(&body).ok_or_else(|| Error::Rejected {
        model: peer.model.clone(),
        detail: format!("{} is no list of models", endpoint.join("models")),
    })
}

/// The body, or as much of it as any honest list of models needs.
pub(super) async fn bounded_body(mut response: reqwest::Response) -> reqwest::Result<String> {
    const MOST: usize = 4 << 20;
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        body.extend_from_slice(&part[..part.len().min(MOST - body.len())]);
        if body.len() == MOST {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn listed(body: &str) -> Option<Vec<Listed>> {
    let list: serde_json::Value = serde_json::from_str(body).ok()?;
    let one = |model: &serde_json::Value| {
        // vLLM, OpenRouter and llama.cpp each have a word for it.
        let windows = ["/max_model_len", "/context_length", "/meta/n_ctx"];
        let window = windows.iter().find_map(|at| model.pointer(at)?.as_u64());
        Some(Listed { name: model.get("id")?.as_str()?.to_owned(), window: window.map(|it| it as usize) })
    };
    Some(list.get("data")?.as_array()?.iter().filter_map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_models_is_read_with_the_windows_it_tells() {
        let body =
            r#"{"data": [{"id": "a", "max_model_len": 8192}, {"id": "b", "meta": {"n_ctx": 5}}, {}, {"id": 3}]}"#;
        let expected = [("a", Some(8192)), ("b", Some(5))].map(|(name, window)| Listed { name: name.into(), window });
        assert_eq!(listed(body).unwrap(), expected);
        for broken in ["", "[]", r#"{"data": 1}"#, "<html>"] {
            assert_eq!(listed(broken), None, "{broken}");
        }
    }
}
