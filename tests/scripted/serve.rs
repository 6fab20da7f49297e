//! The server itself.

use super::{
    Log, Setup,
    action::{Action, Asked, Deed, Ending, Reply},
    log::Visit,
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use futures::stream;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, time::sleep};

pub(super) type Script = dyn Fn(&Asked) -> Action + Send + Sync;

pub(super) struct Shared {
    script: Box<Script>,
    latency: Duration,
    models: Vec<String>,
    window: Option<usize>,
    llama_cpp: Option<(u64, usize)>,
    key: Option<String>,
    seen: Mutex<HashMap<String, usize>>,
    pub(super) log: Arc<watch::Sender<Log>>,
}

impl Shared {
    pub(super) fn new(script: Box<Script>, setup: Setup) -> Self {
        let Setup { latency, models, window, llama_cpp, key, .. } = setup;
        Self { script, latency, models, window, llama_cpp, key, seen: Mutex::default(), log: Arc::default() }
    }
}

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let log = shared.log.clone();
    let router = Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .route("/props", get(props))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared);
    let listener = listener.tap_io(move |connection| {
        log.send_modify(|log| log.connections += 1);
        // Small parts must not wait for each other, or the latency is not the one that was set.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await.expect("accepting connections does not fail");
}

async fn models(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = refusal(&shared, &headers) {
        return refusal;
    }
    let window = shared.window;
    let (owner, parameters) = shared.llama_cpp.map(|(parameters, _)| ("llamacpp", parameters)).unzip();
    let meta = json!({"n_params": parameters});
    let one =
        |id: &String| json!({"id": id, "object": "model", "owned_by": owner, "max_model_len": window, "meta": meta});
    let list: Vec<Value> = shared.models.iter().map(one).collect();
    Json(json!({"object": "list", "data": list})).into_response()
}

async fn props(State(shared): State<Arc<Shared>>) -> Response {
    match shared.llama_cpp {
        Some((_, slots)) => Json(json!({"total_slots": slots})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let key = shared.key.as_ref()?;
    let given = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
    (given != format!("Bearer {key}")).then(|| {
        let message = format!("Incorrect API key provided. You sent `Authorization: {given}`.");
        (StatusCode::UNAUTHORIZED, Json(json!({"error": {"message": message}}))).into_response()
    })
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    if let Some(refusal) = refusal(&shared, &headers) {
        return refusal;
    }
    let authorization = headers.get("authorization").and_then(|it| it.to_str().ok()).map(str::to_owned);
    let (mut visit, open) = Visit::begin(&shared.log, body.clone(), authorization);
    let asked = asked(&shared, visit.number(), open, body);
    let Action { deed, after, between, part } = (shared.script)(&asked);
    let delay = shared.latency + after;
    if !delay.is_zero() {
        sleep(delay).await;
    }
    let response = Response::builder();
    let whole = |response: axum::http::response::Builder, body: String| {
        response.body(Body::from(body)).expect("scripts set legal headers")
    };
    match deed {
        Deed::Hang => std::future::pending().await,
        // Unwinding without a panic's message ends the task of the connection, and with it the connection.
        Deed::Disconnect => {
            visit.done();
            drop(visit);
            std::panic::resume_unwind(Box::new("a scripted disconnect"))
        }
        Deed::Status { status, headers, body } => {
            visit.done();
            let response = headers.iter().fold(response.status(status), |it, (name, value)| it.header(name, value));
            whole(response, body)
        }
        Deed::Garbage(body) => {
            visit.done();
            whole(response.header("content-type", "text/html"), body)
        }
        Deed::Reply(reply) if asked.body["stream"] == json!(true) => {
            let frames = frames(&asked, &reply, part);
            let body = Body::from_stream(streamed(frames, between, reply.ending, visit));
            response.header("content-type", "text/event-stream").body(body).expect("the headers are legal")
        }
        Deed::Reply(reply) => {
            visit.done();
            Json(unstreamed(&asked, &reply)).into_response()
        }
    }
}

fn asked(shared: &Shared, number: usize, open: usize, body: Value) -> Asked {
    let text = |content: &Value| match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    let message = |it: &Value| (it["role"].as_str().unwrap_or_default().to_owned(), text(&it["content"]));
    let messages: Vec<_> = body["messages"].as_array().into_iter().flatten().map(message).collect();
    let nth = {
        let mut seen = shared.seen.lock().expect("no script panics while this is held");
        let nth = seen.entry(format!("{messages:?}")).or_default();
        *nth += 1;
        *nth
    };
    Asked { number, nth, open, model: body["model"].as_str().unwrap_or_default().to_owned(), messages, body }
}

fn usage(asked: &Asked, reply: &Reply) -> Value {
    let tokens = |chars: usize| chars.div_ceil(4) as u64;
    let counted = || {
        let input: usize = asked.messages.iter().map(|(_, text)| text.chars().count()).sum();
        (tokens(input), tokens(reply.text.chars().count() + reply.reasoning.chars().count()))
    };
    let (input, output) = reply.usage.unwrap_or_else(counted);
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}

fn unstreamed(asked: &Asked, reply: &Reply) -> Value {
    json!({
        "id": "scripted", "object": "chat.completion", "created": 0, "model": asked.model, "usage": usage(asked, reply),
        "choices": [{"index": 0, "finish_reason": reply.finish, "message": {"role": "assistant", "content": reply.text,
                     "reasoning_content": reply.reasoning}}],
    })
}

fn frames(asked: &Asked, reply: &Reply, part: Option<usize>) -> VecDeque<Bytes> {
    let event = |data: String| Bytes::from(format!("data: {data}\n\n"));
    let chunk = |choices: Value, usage: Value| {
        let head = json!({"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": asked.model});
        let mut chunk = head;
        chunk["choices"] = choices;
        if !usage.is_null() {
            chunk["usage"] = usage;
        }
        event(chunk.to_string())
    };
    let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
    let mut frames = VecDeque::new();
    if !reply.reasoning.is_empty() {
        frames.push_back(delta(json!({"reasoning_content": reply.reasoning})));
    }
    let letters: Vec<char> = reply.text.chars().collect();
    let size = part.unwrap_or(letters.len()).max(1);
    frames.extend(letters.chunks(size).map(|part| delta(json!({"content": part.iter().collect::<String>()}))));
    // As servers do it: the name first, then the arguments in pieces, of all calls in turn.
    for (index, (id, name, _)) in reply.calls.iter().enumerate() {
        let function = json!({"name": name, "arguments": ""});
        frames.push_back(delta(
            json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}),
        ));
    }
    let pieces = reply.calls.iter().map(|(_, _, arguments)| {
        let letters: Vec<char> = arguments.chars().collect();
        letters.chunks(7).map(|piece| piece.iter().collect::<String>()).collect::<Vec<_>>()
    });
    let pieces: Vec<Vec<String>> = pieces.collect();
    for round in 0..pieces.iter().map(Vec::len).max().unwrap_or_default() {
        for (index, piece) in pieces.iter().enumerate().filter_map(|(index, pieces)| Some((index, pieces.get(round)?)))
        {
            frames.push_back(delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})));
        }
    }
    match reply.ending {
        Ending::Unmarked | Ending::Cut | Ending::Stall => return frames,
        Ending::Error => {
            frames.push_back(event(json!({"error": {"message": "the model broke down", "code": 500}}).to_string()));
            return frames;
        }
        Ending::Proper | Ending::WithoutUsage => {}
    }
    frames.push_back(chunk(json!([{"index": 0, "delta": {}, "finish_reason": reply.finish}]), Value::Null));
    let wants_usage = asked.body["stream_options"]["include_usage"] == json!(true);
    if wants_usage && reply.ending == Ending::Proper {
        frames.push_back(chunk(json!([]), usage(asked, reply)));
    }
    frames.push_back(event("[DONE]".to_owned()));
    frames
}

/// Sends the frames one by one. The visit lives in the stream: if the caller goes away, the stream is dropped.
fn streamed(
    frames: VecDeque<Bytes>,
    between: Duration,
    ending: Ending,
    visit: Visit,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::unfold((frames, visit, true), move |(mut frames, mut visit, first)| async move {
        if !first && !between.is_zero() {
            sleep(between).await;
        }
        match (frames.pop_front(), ending) {
            (Some(frame), _) => {
                if frames.is_empty() && ending != Ending::Stall {
                    visit.done();
                }
                Some((Ok(frame), (frames, visit, false)))
            }
            (None, Ending::Cut) => Some((Err(io::ErrorKind::ConnectionReset.into()), (frames, visit, false))),
            (None, Ending::Stall) => std::future::pending().await,
            (None, _) => None,
        }
    })
}
