//! A model on a server that a person names by its address.
//!
//! Such a server may be anything: a machine of one's own, a gateway, something that only looks like one. So nothing of
//! its replies is taken on trust. The way through is the same for all protocols: the request goes out, the body is
//! split into messages ([`events`], [`lines`]), a protocol ([`openai`], [`ollama`]) says what a message means, and
//! [`StreamReader`] makes a reply of that. Everything on that way has a bound, takes time in proportion to the bytes that
//! come, and gives way to others between any two parts of the body, so that cancelling, a deadline and a signal always
//! win.

mod events;
mod lines;
mod offer;
mod ollama;
mod openai;

use super::{
    Error, Model, PieceSink, Reply, Request,
    adjustments::{Adjustments, Asked, LimitField, MOST_TIMES},
    error_mapping::RemoteModel,
    http::{Body, Connections, Drained, ReplyMemory, Timeouts},
    size,
    stream_reader::{Progress, StreamReader},
};
use crate::{
    config::{Effort, Endpoint},
    store::Key,
};
use events::Messages;
use futures::future::BoxFuture;
use reqwest::{Client, RequestBuilder, Response, Url};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};

/// The most bytes of one message of a server: of an event, a line, or a whole body that is no stream.
const MOST_BYTES: usize = 16 << 20;

/// The most bytes of an error's body that are read.
const MOST_ERROR: usize = 256 << 10;

/// How long an error's body may take. What has come by then is what the server said.
const ERROR_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may keep the connection open after the model has said why it stopped. The numbers of tokens come
/// then.
const GRACE: Duration = Duration::from_secs(3);

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    OpenAi,
    Ollama,
}

/// A model on a server.
pub(super) struct ServerModel {
    remote: RemoteModel,
    /// The name as the server gets it.
    name: String,
    protocol: Protocol,
    url: Url,
    client: Client,
    memory: Arc<ReplyMemory>,
    timeouts: Timeouts,
    window: Option<usize>,
    calls_tools: Option<bool>,
    adjustments: Adjustments,
    /// Fields of the person's own.
    extra: Map<String, Value>,
    parameters: Option<u64>,
    slots: Option<usize>,
    wanted_window: Option<usize>,
    drained: Drained<Body>,
}

/// Why a request has no reply, with all that the server said.
struct Refusal {
    error: Error,
    said: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { said: error.detail().to_owned(), error }
    }
}

/// A message of a server is longer than any that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TooLong;

/// What a message says about the end of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Part,
    /// Nothing more belongs to the reply.
    End,
}

/// What is known of a model beside its name.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) window: Option<usize>,
    pub(super) calls_tools: Option<bool>,
    pub(super) parameters: Option<u64>,
    /// How many calls the server works on at once.
    pub(super) slots: Option<usize>,
    /// The window that the server is asked to give the model, in tokens.
    pub(super) wanted_window: Option<usize>,
    /// How much the model is to reason.
    pub(super) effort: Effort,
}

impl ServerModel {
    /// `name` is what the server is told; `remote` has the name that people know.
    pub(super) fn new(
        connections: &Connections,
        protocol: Protocol,
        endpoint: &Endpoint,
        name: &str,
        remote: RemoteModel,
        timeouts: Timeouts,
        known: Known,
    ) -> Result<Self, Error> {
        let url = endpoint.join(match protocol {
            Protocol::OpenAi => "chat/completions",
            Protocol::Ollama => "api/chat",
        });
        let own = endpoint.own();
        let timeouts = Timeouts {
            first_text: own.first_token_timeout.unwrap_or(timeouts.first_text),
            between: own.silence_timeout.unwrap_or(timeouts.between),
        };
        Ok(Self {
            remote,
            name: name.to_owned(),
            protocol,
            url,
            client: connections.for_endpoint(endpoint)?,
            memory: connections.memory(),
            timeouts,
            window: known.window,
            calls_tools: known.calls_tools,
            adjustments: Adjustments::new(
                limit_field(name),
                own.reply_tokens,
                own.reasoning_effort.unwrap_or(known.effort),
                true,
            ),
            extra: own.body.clone(),
            parameters: known.parameters.or_else(|| size::in_name(name)),
            slots: known.slots,
            wanted_window: known.wanted_window,
            drained: Drained::default(),
        })
    }

    /// Asks, and asks anew where a refusal says how.
    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let mut asked = self.adjustments.begin();
        for _ in 1..MOST_TIMES {
            let Refusal { error, said } = match self.ask(&asked.request(request), asked, &mut *pieces).await {
                Ok(reply) => return Ok(reply),
                Err(refusal) => refusal,
            };
            let otherwise = if error.is_refusal() { self.adjustments.learn(&said, request, asked) } else { None };
            match otherwise {
                Some(otherwise) => asked = otherwise,
                None => return Err(error),
            }
            tracing::debug!(model = self.remote.model, %error, "asking in another way");
        }
        self.ask(&asked.request(request), asked, pieces).await.map_err(|refusal| refusal.error)
    }

    async fn ask(&self, request: &Request, asked: Asked, pieces: PieceSink<'_>) -> Result<Reply, Refusal> {
        if self.drained.release() {
            // Their connections come free as soon as their tasks have had a turn.
            tokio::task::yield_now().await;
        }
        let post = self.client.post(self.url.clone());
        let post = match self.protocol {
            Protocol::OpenAi => self.filled(post, &openai::body(&self.name, request, asked.adjusted)),
            Protocol::Ollama => {
                self.filled(post, &ollama::body(&self.name, request, asked.adjusted, self.wanted_window))
            }
        };
        let response = self.send(post).await?;
        let mut body = Body::of(response);
        let mut reading = StreamReader::new(&self.remote, &self.memory);
        match self.read(&mut body, &mut reading, &mut *pieces).await {
            Ok(Progress::GoesOn) => self.drained.keep(body),
            Ok(Progress::Loops) => {}
            // What has begun is not asked in another way.
            Err(error) if !reading.is_empty() => return Err(Refusal { error, said: String::new() }),
            Err(error) => return Err(error.into()),
        }
        Ok(reading.conclude(request, pieces)?)
    }

    /// The request with its body, and with the fields that the person wants to be laid over it.
    fn filled(&self, request: RequestBuilder, body: &impl Serialize) -> RequestBuilder {
        if self.extra.is_empty() {
            return request.json(body);
        }
        let mut body = serde_json::to_value(body).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.extend(self.extra.clone());
        }
        request.json(&body)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Refusal> {
        let request = self.remote.authorized(request);
        let silence = self.timeouts.first_text;
        let response = timeout(silence, request.send()).await.map_err(|_| self.timed_out(silence))?;
        let response = response.map_err(|error| self.remote.of_transport(&error, silence))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return Ok(response);
        }
        let mut said = Vec::new();
        let _ = timeout(ERROR_TIMEOUT, Body::of(response).read(&mut said, MOST_ERROR)).await;
        let said = String::from_utf8_lossy(&said).into_owned();
        Err(Refusal { error: self.remote.of_status(status.as_u16(), Some(&headers), &said), said })
    }

    /// Reads a reply to its end, or until the model repeats itself.
    async fn read(
        &self,
        body: &mut Body,
        reading: &mut StreamReader<'_>,
        pieces: PieceSink<'_>,
    ) -> Result<Progress, Error> {
        let mut messages = Messages::new(self.protocol);
        let mut held = self.memory.hold();
        let mut since = Instant::now();
        loop {
            let timeout = self.timeout(reading);
            let part = match timeout_at(since + timeout, body.part()).await {
                Ok(Ok(part)) => part,
                // The model has stopped; that the server does not close properly takes nothing from the reply.
                Ok(Err(_)) | Err(_) if reading.has_finished() => return Ok(Progress::GoesOn),
                Ok(Err(error)) => return Err(self.remote.of_transport(&error, timeout)),
                Err(_) => return Err(self.timed_out(timeout)),
            };
            let had_finished = reading.has_finished();
            let (mut bytes, is_last) = (part.as_deref().unwrap_or_default(), part.is_none());
            while let Some(message) = messages.next(&mut bytes, is_last).map_err(|TooLong| self.too_long())? {
                let said = match self.protocol {
                    Protocol::OpenAi => openai::take(&message, reading, &mut *pieces)?,
                    Protocol::Ollama => ollama::take(&message, reading, &mut *pieces)?,
                };
                match (reading.check()?, said) {
                    (Progress::Loops, _) => return Ok(Progress::Loops),
                    (_, Said::End) => return Ok(Progress::GoesOn),
                    _ => {}
                }
            }
            if !held.set(messages.bytes()) {
                return Err(reading.too_long_together());
            }
            if let Some(page) = messages.page(is_last) {
                return Err(self.remote.of_page(&page));
            }
            if is_last {
                return match (reading.has_finished(), reading.is_empty()) {
                    (true, _) => Ok(Progress::GoesOn),
                    (_, true) => {
                        Err(reading.broken("what came was no stream of events, or it ended before its first one"))
                    }
                    _ => Err(reading.broken("the stream stopped without the mark of its end")),
                };
            }
            // Any sign of life will do, but behind the end of a reply nothing that is waited for comes late.
            if !had_finished {
                since = Instant::now();
            }
        }
    }

    fn timeout(&self, reading: &StreamReader<'_>) -> Duration {
        match (reading.has_finished(), reading.has_begun()) {
            (true, _) => GRACE,
            (_, true) => self.timeouts.between,
            _ => self.timeouts.first_text,
        }
    }

    fn timed_out(&self, after: Duration) -> Error {
        Error::TimedOut { model: self.remote.model.clone(), after }
    }

    fn too_long(&self) -> Error {
        self.remote.broken(&format!("one message of it is longer than {} MiB", MOST_BYTES >> 20))
    }
}

/// The field of a request that says how much of a reply is chance.
const TEMPERATURE: &str = "temperature";

/// Models that want the limit on the reply under its later name.
const LATER_LIMIT: [&str; 5] = ["gpt-5", "gpt-6", "o1", "o3", "o4"];

/// The field that a model of this name takes, as far as one can know before it was asked.
fn limit_field(name: &str) -> LimitField {
    let family = name.split_once("::").map_or(name, |(_, name)| name);
    match LATER_LIMIT.iter().any(|start| family.starts_with(start)) {
        true => LimitField::MaxCompletionTokens,
        false => LimitField::MaxTokens,
    }
}

impl fmt::Debug for ServerModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerModel")
            .field("model", &self.remote)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

impl Model for ServerModel {
    fn name(&self) -> &str {
        &self.remote.model
    }

    fn window(&self) -> Option<usize> {
        [self.window, self.adjustments.window()].into_iter().flatten().min()
    }

    fn parameters(&self) -> Option<u64> {
        self.parameters
    }

    fn slots(&self) -> Option<usize> {
        self.slots
    }

    fn takes_shapes(&self) -> bool {
        self.adjustments.takes_shapes()
    }

    fn calls_tools(&self) -> Option<bool> {
        self.calls_tools
    }

    /// Who asks for chance wants another reply each time.
    fn reply_source(&self) -> Option<Key> {
        let options = self.extra.get("options").unwrap_or(&Value::Null);
        let temperature = self.extra.get(TEMPERATURE).unwrap_or(&options[TEMPERATURE]);
        // A gateway may choose what answers by a header, or by what the address has behind its path.
        let server = (self.url.as_str(), &self.remote.headers, &self.name, format!("{:?}", self.protocol));
        let effort = format!("{:?}", self.adjustments.wished_effort());
        let asked = (server, self.wanted_window, effort, &self.extra);
        (temperature.as_f64().unwrap_or_default() <= 0.0).then(|| Key::of(&asked))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let reply = self.answer(request, pieces).await?;
            match (self.protocol, self.window) {
                (Protocol::Ollama, Some(window)) => ollama::checked(request, reply, window, &self.remote.model),
                _ => Ok(reply),
            }
        })
    }
}
