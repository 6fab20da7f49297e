//! The list of models of an OpenAI-compatible server.

use super::Body;
use crate::{
    config::Endpoint,
    llm::{
        Error,
        error_mapping::RemoteModel,
        json::{self, Field},
    },
};
use reqwest::Client;
use serde::Deserialize;
use std::time::Duration;

/// The most bytes of a list that are read.
const MOST_BYTES: usize = 4 << 20;

/// The most models that are taken from a list.
const MOST_MODELS: usize = 10_000;

/// The longest name of a model, in bytes.
const LONGEST_NAME: usize = 512;

/// What a server says about one of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Tokens that fit its window, where the server says so.
    pub(crate) window: Option<usize>,
    /// How many parameters it has, where the server says so.
    pub(crate) parameters: Option<u64>,
    /// Whether it is a server of llama.cpp that says so, which tells more of itself.
    pub(crate) is_llama_cpp: bool,
    /// Whether it writes text, as far as its name and its kind tell.
    pub(crate) writes: bool,
}

/// Parts of the names of models that do something else than write.
const OTHER_WORK: &[&str] = &[
    "embed",
    "bge-",
    "gte-",
    "e5-",
    "minilm",
    "colbert",
    "rerank",
    "whisper",
    "transcri",
    "tts",
    "speech",
    "parakeet",
    "kokoro",
    "dall-e",
    "image",
    "diffusion",
    "sdxl",
    "flux",
    "sora",
    "veo",
    "clip",
    "moderation",
    "llama-guard",
    "shieldgemma",
    "jina-",
    "reward",
];

/// Kinds of models, in the words of LM Studio, Together and others, that write.
const WRITING_KINDS: &[&str] = &["llm", "vlm", "chat", "language", "code", "model", "text", "completion"];

/// The models of an OpenAI-compatible server, in its own order.
///
/// # Errors
/// As for a call; also when the list takes longer than `timeout`.
pub(crate) async fn list_models(
    client: &Client,
    endpoint: &Endpoint,
    remote: &RemoteModel,
    timeout: Duration,
) -> Result<Vec<Listed>, Error> {
    let request = remote.authorized(client.get(endpoint.join("models")).timeout(timeout));
    let failed = |error| remote.of_transport(&error, timeout);
    let response = request.send().await.map_err(failed)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    Body::of(response).read(&mut body, MOST_BYTES).await.map_err(failed)?;
    let body = String::from_utf8_lossy(&body);
    if !status.is_success() {
        return Err(remote.of_status(status.as_u16(), Some(&headers), &body));
    }
    let mut models = listed(&body).ok_or_else(|| {
        // The address is told without its query, which may hold a key.
        let detail = format!("what {endpoint} answered for /models is no list of models");
        Error::Rejected { model: remote.model.clone(), detail }
    })?;
    models.retain(|model| !remote.repeats_key(&model.name));
    Ok(models)
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    data: Field<'a>,
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    r#type: Field<'a>,
    owned_by: Field<'a>,
    // vLLM, OpenRouter and llama.cpp each have a word for the window.
    max_model_len: Field<'a>,
    context_length: Field<'a>,
    meta: Field<'a>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    n_ctx: Field<'a>,
    n_params: Field<'a>,
}

fn listed(body: &str) -> Option<Vec<Listed>> {
    let body: Field<'_> = serde_json::from_str(body).ok();
    // Most servers put the list into an object, some send it bare.
    let list = match body?.get().starts_with('[') {
        true => body,
        false => Some(json::object::<List<'_>>(body)?.data?),
    };
    if !list?.get().starts_with('[') {
        return None;
    }
    let one = |model| {
        let model: Model<'_> = json::object(Some(model))?;
        let name =
            json::text(model.id).filter(|name| name.len() <= LONGEST_NAME && !name.contains(char::is_control))?;
        let meta: Option<Meta<'_>> = json::object(model.meta);
        let in_meta = || json::count(meta.as_ref()?.n_ctx);
        let window = json::count(model.max_model_len).or_else(|| json::count(model.context_length)).or_else(in_meta);
        let parameters = meta.as_ref().and_then(|it| json::count(it.n_params)).filter(|count| *count > 0);
        let lower = name.to_lowercase();
        let kind = json::text(model.r#type).map(|kind| kind.to_lowercase());
        let writes = !OTHER_WORK.iter().any(|part| lower.contains(part))
            && kind.is_none_or(|kind| WRITING_KINDS.iter().any(|known| kind.contains(known)));
        let window = window.and_then(|it| usize::try_from(it).ok());
        let is_llama_cpp = json::text(model.owned_by).is_some_and(|owner| owner == "llamacpp");
        Some(Listed { name, window, parameters, is_llama_cpp, writes })
    };
    Some(json::items(list, MOST_MODELS).into_iter().filter_map(one).collect())
}

/// How many calls a server of llama.cpp works on at once, each with a window of its own.
pub(crate) async fn slots(
    client: &Client,
    endpoint: &Endpoint,
    remote: &RemoteModel,
    timeout: Duration,
) -> Option<usize> {
    let request = client.get(endpoint.join("../props")).timeout(timeout);
    let response = remote.authorized(request).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut body = Vec::new();
    Body::of(response).read(&mut body, MOST_BYTES).await.ok()?;
    let props: Props<'_> = serde_json::from_slice(&body).ok()?;
    json::count(props.total_slots).and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0)
}

#[derive(Deserialize)]
struct Props<'a> {
    #[serde(borrow)]
    total_slots: Field<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_models_is_read_with_the_windows_it_tells() {
        let models = r#"[{"id": "a", "max_model_len": 8192}, {"id": "b", "owned_by": "llamacpp", "context_length": null,
                         "meta": {"n_ctx": 5, "n_params": 134515008}}, {}, {"id": 3}, 7, {"id": "line\nfeed"}]"#;
        let expected = [("a", Some(8192), None), ("b", Some(5), Some(134_515_008))];
        let expected = expected.map(|(name, window, parameters)| Listed {
            name: name.into(),
            window,
            parameters,
            is_llama_cpp: name == "b",
            writes: true,
        });
        assert_eq!(listed(&format!("{{\"data\": {models}}}")).unwrap(), expected);
        assert_eq!(listed(models).unwrap(), expected);
        assert_eq!(listed(r#"{"data": []}"#), Some(Vec::new()));
        for broken in ["", r#"{"data": 1}"#, r#"{"data": null}"#, r#"{"boats": 2}"#, "<html>", "3", "null"] {
            assert_eq!(listed(broken), None, "{broken}");
        }
        let models = r#"[{"id": "text-embedding-3"}, {"id": "Whisper-1"}, {"id": "a", "type": "embeddings"}, {"id": "chat"},
                         {"id": "b", "type": "vlm"}]"#;
        let writing: Vec<String> =
            listed(models).unwrap().into_iter().filter(|it| it.writes).map(|it| it.name).collect();
        assert_eq!(writing, ["chat", "b"]);
        let many = format!("[{}{{}}]", r#"{"id": "m"},"#.repeat(MOST_MODELS + 5));
        assert_eq!(listed(&many).unwrap().len(), MOST_MODELS);
    }
}
