//! An Ollama on this machine, or where its own variables say.

use crate::config::{Endpoint, Environment};
use crate::llm::{
    Error,
    http::{Body, Connections},
    json::{self, Field},
    server::Known,
};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use std::time::Duration;

/// How long it may take to answer before it counts as absent. It is on this machine as a rule, and a person waits.
pub(super) const TIMEOUT: Duration = Duration::from_millis(300);

/// The most bytes of an answer that are read.
const MOST_BYTES: usize = 4 << 20;

/// The most models that are taken from a list.
const MOST_MODELS: usize = 10_000;

/// An Ollama that answers.
#[derive(Debug)]
pub(super) struct Ollama {
    pub(super) base: Endpoint,
    /// What is installed, in its own order.
    pub(super) models: Vec<String>,
}

impl Ollama {
    /// Where it is by `OLLAMA_HOST` and `OLLAMA_PORT`, read as Ollama itself reads them.
    ///
    /// # Errors
    /// They do not make a URL.
    pub(super) fn base(environment: &Environment) -> Result<Endpoint, Error> {
        let host = environment.get("OLLAMA_HOST").unwrap_or_default();
        let port = environment.get("OLLAMA_PORT").unwrap_or_else(|| "11434".to_owned());
        let url = url(host.trim(), port.trim());
        Endpoint::parse(&url)
            .map(|endpoint| endpoint.at_root())
            .map_err(|problem| Error::Configuration(format!("OLLAMA_HOST or OLLAMA_PORT: {problem}")))
    }

    /// Asks whether one is there, for at most this long. Its absence is not a failure.
    pub(super) async fn probe(environment: &Environment, connections: &Connections, timeout: Duration) -> Option<Self> {
        let base = Self::base(environment).ok()?;
        let client = connections.for_endpoint(&base).ok()?;
        let body = ask(client.get(base.join("api/tags")), timeout).await?;
        let list = serde_json::from_str::<List<'_>>(&body).ok()?.models?;
        let name = |model| {
            json::text(json::object::<Listed<'_>>(Some(model))?.name).filter(|it| !it.contains(char::is_control))
        };
        let models = json::items(Some(list), MOST_MODELS).into_iter().filter_map(name).collect();
        Some(Self { base, models })
    }

    /// The model to take: `OLLAMA_MODEL`, else the first that is installed.
    pub(super) fn model(&self, environment: &Environment) -> Option<String> {
        environment.get("OLLAMA_MODEL").or_else(|| self.models.first().cloned())
    }
}

/// The window that Ollama gives a model which says nothing else, in tokens. What does not fit it is cut off in silence.
const DEFAULT_WINDOW: usize = 4096;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    models: Field<'a>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    context_length: Field<'a>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    parameters: Field<'a>,
    capabilities: Field<'a>,
}

/// Asks for what is known of a model. Its window is how many tokens it was loaded with, else what it is made for, else
/// what `OLLAMA_CONTEXT_LENGTH` says, else Ollama's own default; whether it can call tools is not known if Ollama is
/// silent or old.
pub(super) async fn facts(client: &Client, base: &Endpoint, environment: &Environment, model: &str) -> Known {
    // Names are shown with a tag and may be given without one.
    let is_it = |name: &str| name == model || name.strip_suffix(":latest") == Some(model);
    let (running, shown) = tokio::join!(
        ask(client.get(base.join("api/ps")), TIMEOUT),
        ask(client.post(base.join("api/show")).json(&serde_json::json!({ "model": model })), TIMEOUT),
    );
    let loaded = || {
        let list = serde_json::from_str::<List<'_>>(running.as_deref()?).ok()?.models;
        let models = json::items(list, MOST_MODELS).into_iter().filter_map(|it| json::object::<Listed<'_>>(Some(it)));
        let mut it = models.filter(|listed| json::text(listed.name).is_some_and(|name| is_it(&name)));
        json::count(it.next()?.context_length)
    };
    let shown: Option<Shown<'_>> = shown.as_deref().and_then(|body| serde_json::from_str(body).ok());
    let made_for = || {
        let parameters = json::text(shown.as_ref()?.parameters)?;
        parameters.lines().find_map(|line| line.trim().strip_prefix("num_ctx"))?.trim().parse().ok()
    };
    let configured = || environment.get("OLLAMA_CONTEXT_LENGTH")?.trim().parse().ok();
    let window = loaded().or_else(made_for).or_else(configured).and_then(|window| usize::try_from(window).ok());
    let abilities = shown.as_ref().and_then(|it| it.capabilities);
    let calls_tools = |list| json::items(Some(list), MOST_MODELS).iter().any(|it| it.get() == "\"tools\"");
    Known {
        window: Some(window.filter(|&window| window > 0).unwrap_or(DEFAULT_WINDOW)),
        calls_tools: abilities.filter(|list| list.get().starts_with('[')).map(calls_tools),
    }
}

/// What a question to Ollama brings; nothing if it does not answer soon.
async fn ask(request: RequestBuilder, timeout: Duration) -> Option<String> {
    let response = request.timeout(timeout).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    Body::of(response).read(&mut body, MOST_BYTES).await.ok()?;
    Some(String::from_utf8_lossy(&body).into_owned())
}

/// `OLLAMA_HOST` may lack a scheme, a port or a host, and may be the address that the server listens on.
fn url(host: &str, port: &str) -> String {
    let (scheme, rest) = host.split_once("://").unwrap_or(("", host));
    let rest = rest.trim_end_matches('/');
    let (name, own_port) = match rest.rsplit_once(':') {
        // The last colon of a bare IPv6 address divides no port.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (rest, None),
    };
    let name = match name {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" | "[::]" => "[::1]".to_owned(),
        name if name.contains(':') && !name.starts_with('[') => format!("[{name}]"),
        name => name.to_owned(),
    };
    let port = match (own_port, scheme) {
        (Some(port), _) => port,
        (None, "http") => "80",
        (None, "https") => "443",
        (None, _) => port,
    };
    format!("{}://{name}:{port}", if scheme.is_empty() { "http" } else { scheme })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_variables_are_read_as_it_reads_them_itself() {
        let cases = [
            ("", "11434", "http://127.0.0.1:11434"),
            ("0.0.0.0", "11434", "http://127.0.0.1:11434"),
            ("0.0.0.0:8080", "11434", "http://127.0.0.1:8080"),
            (":9", "11434", "http://127.0.0.1:9"),
            ("box", "7", "http://box:7"),
            ("http://box", "11434", "http://box:80"),
            ("https://box/", "11434", "https://box:443"),
            ("https://box:1/", "11434", "https://box:1"),
            ("::1", "11434", "http://[::1]:11434"),
            ("[::]:5", "11434", "http://[::1]:5"),
        ];
        for (host, port, expected) in cases {
            assert_eq!(url(host, port), expected, "{host:?} {port:?}");
        }
    }

    #[test]
    fn its_own_interface_lies_at_the_root() {
        let environment = Environment::of([("OLLAMA_HOST", "box"), ("OLLAMA_PORT", "7")]);
        assert_eq!(Ollama::base(&environment).unwrap().join("api/chat").as_str(), "http://box:7/api/chat");
        assert!(Ollama::base(&Environment::of([("OLLAMA_PORT", "no")])).is_err());
    }
}
