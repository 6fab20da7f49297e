//! A model behind a provider's API, through `genai`, which knows the protocols of the providers.
//!
//! Replies are always streamed: only so can a person see them grow, and silence be told from work. What this adds to
//! `genai` is distrust. It takes a reply for complete only if its end was marked, never for complete if it is empty,
//! puts a limit on silence and on length, and sends the name of a model exactly as it was given.
//!
//! `genai` also puts no bound on what it reads of one event or of an error. These calls go to the providers' own
//! servers, by TLS, and run on threads of their own ([`Providers`]), so that whatever comes nobody has to wait for its
//! end. Servers that a person names by their address are called by [`super::server`].

mod conversion;

use super::{
    Error, Message, Model, PieceSink, Reply, Request, Role, Tool, ToolCall,
    adjustments::{Adjusted, Adjustments, LimitField, MOST_TIMES},
    error_mapping::RemoteModel,
    http::{Providers, ReplyMemory, Timeouts},
    secret::Secret,
    stream_reader::{Progress, StreamReader},
};
use crate::{config::Effort, store::Key};
use conversion::{captured_calls, chat_message, count_captured, piece, reasoning_effort, reported};
use futures::{StreamExt, future::BoxFuture};
use genai::{
    Client, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::{CacheControl, ChatOptions, ChatRequest, ChatStreamEvent, JsonSpec, ReasoningEffort, StreamEnd},
    resolver::AuthData,
};
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{Dispatch, instrument::WithSubscriber};

/// Events that may wait to be taken.
const WAITING_EVENTS: usize = 64;

/// How long the last bytes of a body may take after the mark of its end. A connection whose body is dropped before them
/// is closed, and the next call would have to open a new one.
const SETTLING: Duration = Duration::from_millis(5);

/// A model behind an API.
pub(super) struct Provider {
    remote: RemoteModel,
    client: Client,
    runtime: Handle,
    target: ServiceTarget,
    options: ChatOptions,
    timeouts: Timeouts,
    memory: Arc<ReplyMemory>,
    quirks: ProviderQuirks,
    window: Option<usize>,
    adjustments: Adjustments,
}

/// In what the protocols differ that `genai` does not even out.
#[derive(Debug, Clone, Copy)]
struct ProviderQuirks {
    /// The end of a reply is known by the reason that it gives. `genai` makes an end up where the connection of such
    /// a protocol closes early.
    ends_with_reason: bool,
    /// Prompts are cached where the request says so, and only there.
    caches_on_request: bool,
    /// Replies can be held to a schema.
    takes_shapes: bool,
    /// What the model has reasoned before its calls goes back with them; without it the provider refuses the results.
    wants_thoughts: bool,
    /// Calls of tools come in pieces that are put together here. `genai` does so as well, but makes room for as many
    /// calls as a server's number says, whatever that is.
    streams_calls: bool,
}

/// How a provider is reached.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// The key, with the variable that holds it.
    pub(super) key: Option<(String, Secret)>,
    /// In place of the URL that `genai` has for the provider.
    pub(super) base: Option<String>,
    pub(super) headers: Vec<(String, String)>,
}

/// What a person wants of the models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wishes {
    pub(super) timeouts: Timeouts,
    pub(super) window: Option<usize>,
    pub(super) effort: Effort,
}

impl Provider {
    /// A model of a provider that `genai` knows.
    pub(super) async fn of_kind(
        providers: &Providers,
        memory: Arc<ReplyMemory>,
        kind: AdapterKind,
        name: &str,
        access: Access,
        Wishes { timeouts, window, effort }: Wishes,
    ) -> Result<Self, Error> {
        let Access { key, base, headers } = access;
        let connection = providers.client_for(base.as_deref(), &headers)?;
        let client = Client::builder().with_reqwest(connection).build();
        let client = client.map_err(|error| Error::Configuration(format!("cannot set up the providers: {error}")))?;
        let mut remote = RemoteModel::new(name, kind.as_str(), key, &[]).with_headers(headers, &[]);
        let target = client.resolve_service_target(ModelIden::new(kind, name)).await;
        let mut target = target.map_err(|error| remote.of_genai(error, timeouts.first_text))?;
        if let Some(base) = base {
            target.endpoint = genai::resolver::Endpoint::from_owned(base);
        }
        if let Some(key) = &remote.key {
            target.auth = AuthData::from_single(key.expose());
        }
        remote.endpoint = shown(target.endpoint.base_url());
        let mut options = ChatOptions::default();
        if super::catalog::is_gateway(kind) && ReasoningEffort::from_model_name(name).0.is_some() {
            // Left to itself, `genai` takes an effort off the end of a name (`qwen-max` becomes `qwen` at effort
            // `max`). A gateway's `qwen-max` is a name. A budget as the effort stops that, and leaves no trace in the
            // request.
            options = options.with_reasoning_effort(ReasoningEffort::Budget(0));
        }
        use AdapterKind as K;
        let quirks = ProviderQuirks {
            ends_with_reason: matches!(kind, K::OllamaCloud | K::Gemini | K::GeminiIx | K::OpenAIResp | K::Vertex),
            caches_on_request: matches!(kind, K::Anthropic | K::OpenAI | K::OpenAIResp),
            takes_shapes: super::catalog::takes_shapes(kind),
            wants_thoughts: super::catalog::wants_thoughts(kind, name),
            streams_calls: super::catalog::streams_calls(kind),
        };
        let options = limited(options, timeouts);
        let window = window.or_else(|| super::catalog::window(name));
        let adjustments = Adjustments::new(LimitField::Absent, None, effort, false);
        let runtime = providers.handle();
        Ok(Self { remote, client, runtime, target, options, timeouts, memory, quirks, window, adjustments })
    }

    /// The names of the provider's models, as it lists them: a sign of life that costs nothing.
    pub(super) async fn list(&self) -> Result<Vec<String>, Error> {
        let (client, kind) = (self.client.clone(), self.target.model.adapter_kind);
        let place = (self.target.endpoint.clone(), self.target.auth.clone());
        let list = async move { client.all_model_names(kind, place).await }.with_subscriber(Dispatch::none());
        let list = AbortOnDropHandle::new(self.runtime.spawn(list)).await;
        let list = list.map_err(|_| self.remote.broken("the list of models could not be read"))?;
        list.map_err(|error| self.remote.of_genai(error, self.timeouts.first_text))
    }

    /// Asks, and asks anew where a refusal says how.
    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let mut asked = self.adjustments.begin();
        for _ in 1..MOST_TIMES {
            let mut reading = StreamReader::new(&self.remote, &self.memory);
            let error = match self.read(&asked.request(request), asked.adjusted, &mut reading, &mut *pieces).await {
                Ok(calls) => return reading.conclude_with(calls, request, pieces),
                Err(error) => error,
            };
            // What has begun is not asked in another way.
            let is_refusal = reading.is_empty() && error.is_refusal();
            match is_refusal.then(|| self.adjustments.learn(error.detail(), request, asked)).flatten() {
                Some(otherwise) => asked = otherwise,
                None => return Err(error),
            }
        }
        let mut reading = StreamReader::new(&self.remote, &self.memory);
        let calls = self.read(&asked.request(request), asked.adjusted, &mut reading, &mut *pieces).await?;
        reading.conclude_with(calls, request, pieces)
    }

    /// Reads a reply to its end, or until the model repeats itself; returns the calls in it.
    async fn read(
        &self,
        request: &Request,
        adjusted: Adjusted,
        reading: &mut StreamReader<'_>,
        pieces: PieceSink<'_>,
    ) -> Result<Vec<ToolCall>, Error> {
        let mut events = self.open(request, adjusted);
        let mut captured = HashMap::new();
        loop {
            let silence = if reading.has_begun() { self.timeouts.between } else { self.timeouts.first_text };
            let next = match reading.has_begun() {
                // Until the first text `genai` watches the raw bytes.
                false => events.recv().await,
                true => timeout(silence, events.recv()).await.map_err(|_| self.timed_out(silence))?,
            };
            let event = match next {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Err(self.remote.of_genai(error, silence)),
                None if reading.is_empty() => {
                    return Err(reading.broken("what came was no stream of events, or it ended before its first one"));
                }
                None => return Err(reading.broken("the stream stopped without the mark of its end")),
            };
            match event {
                ChatStreamEvent::Chunk(chunk) => reading.text(&chunk.content, &mut *pieces),
                ChatStreamEvent::ReasoningChunk(chunk) => reading.reasoning(&chunk.content, &mut *pieces),
                ChatStreamEvent::ToolCallChunk(chunk) if self.quirks.streams_calls => {
                    reading.call(piece(&chunk), &mut *pieces)?;
                }
                ChatStreamEvent::ToolCallChunk(chunk) => {
                    reading.count_calls(count_captured(&mut captured, &chunk), &mut *pieces);
                }
                ChatStreamEvent::End(end) => {
                    events.settle();
                    return self.finish(&end, reading);
                }
                ChatStreamEvent::Start | ChatStreamEvent::Heartbeat | ChatStreamEvent::ThoughtSignatureChunk(_) => {}
            }
            if reading.check()? == Progress::Loops {
                return Ok(Vec::new());
            }
        }
    }

    /// Sends the request; its events come through the channel. The call is given up when the channel is dropped.
    fn open(&self, request: &Request, adjusted: Adjusted) -> Events {
        let mut options = self.options.clone();
        options.max_tokens = request.max_output_tokens;
        if let Some(effort) = adjusted.effort {
            let has_budget = super::catalog::reasons_within_budget(&self.target.model.model_name);
            let budget = request.max_output_tokens.filter(|_| has_budget);
            options.reasoning_effort = Some(reasoning_effort(effort, budget));
        }
        options.capture_reasoning_content = Some(self.quirks.wants_thoughts && !request.tools.is_empty());
        // Of a schema that leaves something open `genai` makes a narrower one, which true answers may not satisfy.
        if let Some(shape) = request.shape.as_ref().filter(|shape| self.quirks.takes_shapes && shape.is_strict()) {
            options = options.with_response_format(JsonSpec::new("answer", shape.schema().clone()));
        }
        options.capture_tool_calls = Some(!self.quirks.streams_calls);
        let (client, target, chat) = (self.client.clone(), self.target.clone(), self.chat(request));
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        let call = async move {
            let mut stream = match client.exec_chat_stream(target, chat, Some(&options)).await {
                Ok(opened) => opened.stream,
                Err(error) => return drop(sender.send(Err(error)).await),
            };
            while let Some(event) = stream.next().await {
                let is_end = matches!(event, Ok(ChatStreamEvent::End(_)));
                if sender.send(event).await.is_err() {
                    return;
                }
                if is_end {
                    drop(sender);
                    return tokio::time::sleep(SETTLING).await;
                }
            }
        };
        // `genai` logs the bodies of errors whole, and a body may repeat the key. It gets nobody to log to.
        let call = self.runtime.spawn(call.with_subscriber(Dispatch::none()));
        Events { receiver, call: AbortOnDropHandle::new(call) }
    }

    fn finish(&self, end: &StreamEnd, reading: &mut StreamReader<'_>) -> Result<Vec<ToolCall>, Error> {
        match &end.captured_stop_reason {
            Some(reason) => reading.finish(reason.raw()),
            None if self.quirks.ends_with_reason => {
                return Err(reading.broken("the connection closed before its end"));
            }
            None => {}
        }
        if let Some(usage) = &end.captured_usage {
            reading.usage(reported(usage));
        }
        Ok(match self.quirks.streams_calls {
            true => reading.take_calls(),
            false => captured_calls(end),
        })
    }

    fn timed_out(&self, after: Duration) -> Error {
        Error::TimedOut { model: self.remote.model.clone(), after }
    }

    fn chat(&self, request: &Request) -> ChatRequest {
        let mut messages: Vec<_> = request.messages.iter().map(chat_message).collect();
        // Writing the cache costs extra, so only a conversation pays for it: its next turn repeats all of this one.
        let is_conversation = request.messages.iter().any(|it| it.role == Role::Assistant);
        if self.quirks.caches_on_request && is_conversation {
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

/// The events of a call. Dropping them gives the call up.
struct Events {
    receiver: mpsc::Receiver<genai::Result<ChatStreamEvent>>,
    call: AbortOnDropHandle<()>,
}

impl Events {
    async fn recv(&mut self) -> Option<genai::Result<ChatStreamEvent>> {
        self.receiver.recv().await
    }

    /// Lets the call read its last bytes. Its runtime owns it from now on.
    fn settle(self) {
        drop(self.call.detach());
    }
}

/// Until the first text, `genai` watches the raw bytes; afterwards [`Provider::answer`] watches the text.
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
        f.debug_struct("Provider")
            .field("model", &self.remote)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

impl Model for Provider {
    fn name(&self) -> &str {
        &self.remote.model
    }

    fn window(&self) -> Option<usize> {
        [self.window, self.adjustments.window()].into_iter().flatten().min()
    }

    fn takes_shapes(&self) -> bool {
        self.quirks.takes_shapes && self.adjustments.takes_shapes()
    }

    fn calls_tools(&self) -> Option<bool> {
        super::catalog::calls_tools(self.target.model.adapter_kind)
    }

    fn reply_source(&self) -> Option<Key> {
        let RemoteModel { endpoint, headers, .. } = &self.remote;
        let effort = format!("{:?}", self.adjustments.wished_effort());
        Some(Key::of(&(self.target.model.adapter_kind.as_str(), endpoint, headers, effort)))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(self.answer(request, pieces))
    }
}

#[cfg(test)]
mod tests;
