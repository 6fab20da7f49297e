//! An Ollama on this machine, or where its own variables say.

use crate::config::{Endpoint, Environment};
use crate::llm::{
    Error,
    http::{Body, Connections},
    json::{self, Field},
    server::Known,
    size,
};
use futures::future::join_all;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{cmp::Reverse, collections::HashMap, time::Duration};

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
    /// The one that is chosen where nobody names one.
    best: Option<String>,
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
        let installed: Vec<Installed> =
            json::items(Some(list), MOST_MODELS).into_iter().filter_map(Installed::of).collect();
        let mut likely: Vec<&Installed> = installed.iter().filter(|it| it.may_chat()).collect();
        // Of two that are alike its own order counts, in which the one that was changed last comes first.
        likely.sort_by_key(|it| Reverse(it.rank()));
        let abilities = likely.iter().take(MOST_ASKED).map(|it| abilities(&client, &base, &it.name, timeout));
        let abilities = join_all(abilities).await;
        // One that does not say what it can do may well chat.
        let chats = |can: &Option<Vec<String>>| can.as_ref().is_none_or(|can| can.iter().any(|it| it == "completion"));
        let able = likely.iter().zip(&abilities).find(|(_, can)| chats(can));
        let best = able.map(|(it, _)| it.name.clone());
        Some(Self { base, best, models: installed.into_iter().map(|it| it.name).collect() })
    }

    /// The model to take: `OLLAMA_MODEL`, else the largest that is installed, can chat, and runs on an ordinary machine.
    pub(super) fn model(&self, environment: &Environment) -> Option<String> {
        environment.get("OLLAMA_MODEL").or_else(|| self.best.clone())
    }
}

/// How many models are asked what they can do before one is chosen.
const MOST_ASKED: usize = 5;

/// Parameters above which a model does not run well on most machines that people have.
const HEAVY: u64 = 36_000_000_000;

/// Parts of the names, and families, of models that make vectors or rate passages, and cannot chat.
const EMBEDDERS: [&str; 10] =
    ["embed", "minilm", "bge-", "bert", "e5-", "gte-", "rerank", "paraphrase", "whisper", "granite-guardian"];

/// A model that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Installed {
    name: String,
    family: String,
    parameters: Option<u64>,
    /// Whether it runs on another machine, to which nobody has agreed to send text.
    is_remote: bool,
}

impl Installed {
    fn of(model: &RawValue) -> Option<Self> {
        let listed: Listed<'_> = json::object(Some(model))?;
        let name = json::text(listed.name).filter(|it| !it.contains(char::is_control))?;
        let details: Option<Details<'_>> = json::object(listed.details);
        let size = details.as_ref().and_then(|it| json::text(it.parameter_size));
        let is_remote = listed.remote_host.is_some() || name.ends_with(":cloud") || name.ends_with("-cloud");
        Some(Self {
            family: details.and_then(|it| json::text(it.family)).unwrap_or_default(),
            parameters: size.and_then(|it| size::count(&it)).or_else(|| size::in_name(&name)),
            is_remote,
            name,
        })
    }

    fn may_chat(&self) -> bool {
        let (name, family) = (self.name.to_lowercase(), self.family.to_lowercase());
        !self.is_remote && !EMBEDDERS.iter().any(|it| name.contains(it) || family.contains(it))
    }

    /// Those that can write programs come first, of these the larger; then those too heavy for most machines, the lightest
    /// first; then small ones. Where no size is told a model is taken for an ordinary one.
    fn rank(&self) -> (u8, u64) {
        match self.parameters {
            Some(count) if size::is_too_small_for_programs(Some(count)) => (0, count),
            Some(count) if count > HEAVY => (1, u64::MAX - count),
            Some(count) => (2, count),
            None => (2, 0),
        }
    }
}

/// What a model can do, if Ollama says.
async fn abilities(client: &Client, base: &Endpoint, name: &str, timeout: Duration) -> Option<Vec<String>> {
    let asked = client.post(base.join("api/show")).json(&serde_json::json!({ "model": name }));
    let shown = ask(asked, timeout).await?;
    let list = serde_json::from_str::<Shown<'_>>(&shown).ok()?.capabilities?;
    list.get()
        .starts_with('[')
        .then(|| json::items(Some(list), MOST_MODELS).into_iter().filter_map(|it| json::text(Some(it))).collect())
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
    details: Field<'a>,
    remote_host: Field<'a>,
}

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    family: Field<'a>,
    parameter_size: Field<'a>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    parameters: Field<'a>,
    capabilities: Field<'a>,
    details: Field<'a>,
    model_info: Field<'a>,
}

/// The window that a run needs, in tokens: for programs and what they print, and for passages that are read.
const WINDOW: usize = 16_384;
const SMALL_WINDOW: usize = 8192;

/// Asks for what is known of a model. Where the person has set no window (by `num_ctx` in its file, or by
/// `OLLAMA_CONTEXT_LENGTH`), Ollama is asked for what a run needs, as far as the model goes; else it is how many tokens the
/// model was loaded with, else what was set, else Ollama's own default. Whether it can call tools is not known if Ollama is
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
    let number = |window: Option<u64>| window.and_then(|it| usize::try_from(it).ok()).filter(|&window| window > 0);
    let (loaded, set) = (number(loaded()), number(made_for().or_else(configured)));
    let size = shown.as_ref().and_then(|it| json::text(json::object::<Details<'_>>(it.details)?.parameter_size));
    let parameters = size.and_then(|it| size::count(&it));
    let needed = match size::is_too_small_for_programs(parameters.or_else(|| size::in_name(model))) {
        true => SMALL_WINDOW,
        false => WINDOW,
    };
    let most = number(shown.as_ref().and_then(|it| longest(it.model_info)));
    let wanted = most.filter(|_| set.is_none()).map(|most| needed.min(most).max(loaded.unwrap_or_default()));
    let window = wanted.or(loaded).or(set);
    let abilities = shown.as_ref().and_then(|it| it.capabilities);
    let calls_tools = |list| json::items(Some(list), MOST_MODELS).iter().any(|it| it.get() == "\"tools\"");
    Known {
        window: Some(window.unwrap_or(DEFAULT_WINDOW)),
        calls_tools: abilities.filter(|list| list.get().starts_with('[')).map(calls_tools),
        parameters,
        // What its own variable says here is true of an Ollama that was started here; it tells nobody.
        slots: environment.get("OLLAMA_NUM_PARALLEL").and_then(|it| it.trim().parse().ok()).filter(|count| *count > 0),
        wanted_window: wanted,
        ..Known::default()
    }
}

/// The longest window of a model, among what Ollama knows of it by the names of its architecture.
fn longest(info: Field<'_>) -> Option<u64> {
    let info: HashMap<String, &RawValue> = serde_json::from_str(info?.get()).ok()?;
    info.iter().find(|(name, _)| name.ends_with(".context_length")).and_then(|(_, tokens)| json::count(Some(tokens)))
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

    fn installed(name: &str, size: &str, family: &str) -> Installed {
        let listed =
            serde_json::json!({"name": name, "details": {"parameter_size": size, "family": family}}).to_string();
        Installed::of(serde_json::from_str(&listed).unwrap()).unwrap()
    }

    #[test]
    fn the_largest_that_runs_here_is_chosen_and_never_an_embedder() {
        let mut models = [
            installed("nomic-embed-text:latest", "137M", "nomic-bert"),
            installed("mxbai:latest", "334M", "bert"),
            installed("gpt-oss:120b-cloud", "117B", "gptoss"),
            installed("llama3.1:70b", "70.6B", "llama"),
            installed("qwen2.5:0.5b", "494.03M", "qwen2"),
            installed("qwen2.5-coder:7b", "7.6B", "qwen2"),
            installed("qwen2.5:14b", "14.8B", "qwen2"),
        ]
        .into_iter()
        .filter(Installed::may_chat)
        .collect::<Vec<_>>();
        models.sort_by_key(|it| Reverse(it.rank()));
        let names: Vec<&str> = models.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["qwen2.5:14b", "qwen2.5-coder:7b", "llama3.1:70b", "qwen2.5:0.5b"]);
    }

    #[test]
    fn its_own_interface_lies_at_the_root() {
        let environment = Environment::of([("OLLAMA_HOST", "box"), ("OLLAMA_PORT", "7")]);
        assert_eq!(Ollama::base(&environment).unwrap().join("api/chat").as_str(), "http://box:7/api/chat");
        assert!(Ollama::base(&Environment::of([("OLLAMA_PORT", "no")])).is_err());
    }
}
