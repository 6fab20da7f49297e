//! A model behind an API, through `genai`, which knows the protocols of the providers and of OpenAI-compatible servers.
//!
//! Replies are always streamed: only so can a person see them grow, and silence be told from work. What this adds to
//! `genai` is distrust. It takes a reply for complete only if its end was marked, never for complete if it is empty,
//! puts a limit on silence and on length, and sends the name of a model exactly as it was given.

mod ended;
mod reading;
mod thinking;

use super::{
    Error, Finish, Message, Model, PieceSink, Reply, Request, Role, Tool, ToolCall, failure::Peer, http::Timeouts,
    secret::Secret,
};
use crate::config::Endpoint;
use ended::Ended;
use futures::future::BoxFuture;
use genai::{
    Client, Headers, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::{CacheControl, ChatMessage, ChatOptions, ChatRequest, ChatStream, ContentPart, ReasoningEffort},
    resolver::AuthData,
};
use reading::Reading;
use std::fmt;
use tracing::{Dispatch, instrument::WithSubscriber};

/// A model behind an API.
pub(super) struct Provider {
    peer: Peer,
    client: Client,
    target: ServiceTarget,
    options: ChatOptions,
    timeouts: Timeouts,
    window: Option<usize>,
    calls_tools: Option<bool>,
    habits: Habits,
    ended: Ended<ChatStream>,
}

/// In what the protocols differ that `genai` does not even out.
#[derive(Debug, Clone, Copy)]
struct Habits {
    /// The end of a reply is known by the reason that it gives. `genai` makes an end up where the connection of such
    /// a protocol closes early.
    ends_with_reason: bool,
    /// Prompts are cached where the request says so, and only there.
    caches_on_request: bool,
    /// Calls of tools come in pieces that are put together here. `genai` does so as well, but makes room for as many calls
    /// as a server's number says, whatever that is.
    streams_calls: bool,
}

impl Provider {
    /// A model of an OpenAI-compatible server. The server gets the name as it is, and the key or none at all.
    pub(super) fn at_endpoint(
        connection: reqwest::Client,
        endpoint: &Endpoint,
        model: &str,
        key: Option<Secret>,
        timeouts: Timeouts,
        window: Option<usize>,
    ) -> Result<Self, Error> {
        let bearer = key.as_ref().map(|key| ("Authorization".to_owned(), format!("Bearer {}", key.expose())));
        let target = ServiceTarget {
            endpoint: genai::resolver::Endpoint::from_owned(endpoint.join("").to_string()),
            auth: AuthData::RequestOverride {
                url: endpoint.join("chat/completions").to_string(),
                headers: bearer.map(Headers::from).unwrap_or_default(),
            },
            model: ModelIden::new(AdapterKind::OpenAI, model),
        };
        // Left to itself, `genai` takes a provider's name off the front and an effort off the end (`qwen-max` becomes
        // `qwen` at effort `max`), and asks for OpenAI's own way of caching by the model's name. A budget as the
        // effort and a lifetime for the cache stop all that and leave no trace in an OpenAI request of their own.
        let options = ChatOptions::default()
            .with_reasoning_effort(ReasoningEffort::Budget(0))
            .with_cache_control(CacheControl::Ephemeral5m)
            .with_extra_body(serde_json::json!({ "model": model }));
        let variable = key.is_some().then(|| super::models::ENDPOINT_KEY.to_owned());
        let peer = Peer { model: model.to_owned(), endpoint: endpoint.to_string(), key, variable };
        let habits = Habits { ends_with_reason: false, caches_on_request: false, streams_calls: true };
        Ok(Self {
            client: client(connection)?,
            peer,
            target,
            options: limited(options, timeouts),
            timeouts,
            window,
            calls_tools: None,
            habits,
            ended: Ended::default(),
        })
    }

    /// A model of a provider that `genai` knows. `base` replaces the URL that `genai` has for the provider.
    pub(super) async fn of_kind(
        connection: reqwest::Client,
        kind: AdapterKind,
        name: &str,
        key: Option<(String, Secret)>,
        base: Option<String>,
        timeouts: Timeouts,
    ) -> Result<Self, Error> {
        let client = client(connection)?;
        let (variable, key) = key.unzip();
        let mut peer = Peer { model: name.to_owned(), endpoint: kind.as_str().to_owned(), key, variable };
        let target = client.resolve_service_target(ModelIden::new(kind, name)).await;
        let mut target = target.map_err(|error| peer.of_genai(error, timeouts.first_text))?;
        if let Some(base) = base {
            target.endpoint = genai::resolver::Endpoint::from_owned(base);
        }
        if let Some(key) = &peer.key {
            target.auth = AuthData::from_single(key.expose());
        }
        peer.endpoint = shown(target.endpoint.base_url());
        let mut options = ChatOptions::default();
        if super::catalog::is_gateway(kind) && ReasoningEffort::from_model_name(name).0.is_some() {
            // As for an endpoint: a gateway's `qwen-max` is a name, not an effort.
            options = options.with_reasoning_effort(ReasoningEffort::Budget(0));
        }
        use AdapterKind as K;
        let habits = Habits {
            ends_with_reason: matches!(
                kind,
                K::Ollama | K::OllamaCloud | K::Gemini | K::GeminiIx | K::OpenAIResp | K::Vertex
            ),
            caches_on_request: matches!(kind, K::Anthropic | K::OpenAI | K::OpenAIResp),
            streams_calls: super::catalog::streams_calls(kind),
        };
        let calls_tools = super::catalog::calls_tools(kind);
        let window = super::catalog::window(name);
        let options = limited(options, timeouts);
        Ok(Self { client, peer, target, options, timeouts, window, calls_tools, habits, ended: Ended::default() })
    }

    /// The same with what is known from elsewhere.
    pub(super) fn with(self, window: usize, calls_tools: Option<bool>) -> Self {
        Self { window: Some(window), calls_tools, ..self }
    }

    /// The names of the provider's models, as it lists them: a sign of life that costs nothing.
    pub(super) async fn list(&self) -> Result<Vec<String>, Error> {
        let place = (self.target.endpoint.clone(), self.target.auth.clone());
        let list = self.client.all_model_names(self.target.model.adapter_kind, place);
        let list = list.with_subscriber(Dispatch::none()).await;
        list.map_err(|error| self.peer.of_genai(error, self.timeouts.first_text))
    }

    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        if self.ended.release() {
            // Their connections come free as soon as their tasks have had a turn.
            tokio::task::yield_now().await;
        }
        let mut options = self.options.clone();
        options.max_tokens = request.max_output_tokens;
        options.capture_tool_calls = Some(!self.habits.streams_calls);
        let silence = self.timeouts.first_text;
        let opened = self.client.exec_chat_stream(self.target.clone(), self.chat(request), Some(&options));
        // `genai` logs the bodies of errors whole, and a body may repeat the key. It gets nobody to log to.
        let stream = opened.with_subscriber(Dispatch::none()).await;
        let mut stream = stream.map_err(|error| self.peer.of_genai(error, silence))?.stream;
        let mut reading = Reading::new(&self.peer, self.timeouts, self.habits);
        loop {
            let event = reading.next_event(&mut stream).with_subscriber(Dispatch::none()).await?;
            if let Some(reply) = reading.take(event, request, &mut *pieces)? {
                // A stream that goes on is closed by dropping it.
                if reply.finish != Finish::Looping {
                    self.ended.keep(stream);
                }
                return Ok(reply);
            }
        }
    }

    fn chat(&self, request: &Request) -> ChatRequest {
        let mut messages: Vec<_> = request.messages.iter().map(chat_message).collect();
        // Writing the cache costs extra, so only a conversation pays for it: its next turn repeats all of this one.
        let is_conversation = request.messages.iter().any(|it| it.role == Role::Assistant);
        if self.habits.caches_on_request && is_conversation {
            // OpenAI's protocols take no mark on a result.
            let marks_results = matches!(self.target.model.adapter_kind, AdapterKind::Anthropic);
            let may_be_marked = |message: &Message| marks_results || message.role != Role::Tool;
            if let Some(at) = request.messages.iter().rposition(may_be_marked) {
                messages[at] = messages[at].clone().with_options(CacheControl::Ephemeral);
            }
        }
        let chat = ChatRequest::new(messages);
        match request.tools.is_empty() {
            true => chat,
            false => chat.with_tools(request.tools.iter().map(|tool: &Tool| {
                let shown = genai::chat::Tool::new(tool.name.as_str()).with_description(tool.description.as_str());
                shown.with_schema(tool.parameters.clone())
            })),
        }
    }
}

fn chat_message(message: &Message) -> ChatMessage {
    let text = message.content.as_str();
    match (message.role, &message.result_of) {
        (Role::System, _) => ChatMessage::system(text),
        (Role::Assistant, _) if message.calls.is_empty() => ChatMessage::assistant(text),
        (Role::Assistant, _) => {
            let said = (!text.trim().is_empty()).then(|| ContentPart::from_text(text));
            let calls = message.calls.iter().map(|call| ContentPart::ToolCall(chat_call(call)));
            ChatMessage::assistant(said.into_iter().chain(calls).collect::<Vec<_>>())
        }
        (Role::Tool, Some((id, name))) => {
            let result = genai::chat::ToolResponse::new(id.as_str(), text).with_fn_name(acceptable(name));
            ChatMessage::tool(vec![ContentPart::ToolResponse(result)])
        }
        (Role::User | Role::Tool, _) => ChatMessage::user(text),
    }
}

/// The name of a tool as providers accept it. A model may have made up any.
fn acceptable(name: &str) -> String {
    let accepted = |it: char| if it.is_ascii_alphanumeric() || "_-".contains(it) { it } else { '_' };
    let name: String = name.chars().take(64).map(accepted).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// A call as the provider gets it back. Its arguments are an object: what the model wrote instead it is told in the result.
fn chat_call(call: &ToolCall) -> genai::chat::ToolCall {
    let arguments = if call.arguments.is_object() { call.arguments.clone() } else { serde_json::json!({}) };
    genai::chat::ToolCall {
        call_id: call.id.clone(),
        fn_name: acceptable(&call.name),
        fn_arguments: arguments,
        thought_signatures: call.signatures.clone(),
    }
}

fn client(connection: reqwest::Client) -> Result<Client, Error> {
    let client = Client::builder().with_reqwest(connection).build();
    client.map_err(|error| Error::Configuration(format!("cannot set up the providers: {error}")))
}

/// Until the first text, `genai` watches the raw bytes; afterwards [`Reading`] watches the text.
fn limited(options: ChatOptions, timeouts: Timeouts) -> ChatOptions {
    let mut options = options.with_capture_usage(true);
    options.stream_header_timeout = Some(timeouts.first_text);
    options.stream_read_timeout = Some(timeouts.first_text);
    options
}

/// A base URL for people: without a query, which may hold a key.
fn shown(base: &str) -> String {
    base.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned()
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("peer", &self.peer).field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

impl Model for Provider {
    fn name(&self) -> &str {
        &self.peer.model
    }

    fn window(&self) -> Option<usize> {
        self.window
    }

    fn calls_tools(&self) -> Option<bool> {
        self.calls_tools
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.answer(request, pieces))
    }
}

#[cfg(test)]
mod tests;
