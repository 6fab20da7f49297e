//! What the providers' own protocols carry. A server of sorts takes down what it is sent and answers nothing.

use super::*;
use crate::llm::Shape;
use axum::{Router, extract::Request as HttpRequest, http::StatusCode};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

type Taken = Arc<Mutex<Vec<(String, String, Value)>>>;

/// Takes down the path, the headers and the body of every request, and refuses it with its own headers.
async fn server() -> (String, Taken) {
    let taken = Taken::default();
    let log = taken.clone();
    let take = move |request: HttpRequest| async move {
        let (path, headers) = (request.uri().path().to_owned(), format!("{:?}", request.headers()));
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        log.lock().unwrap().push((path, headers.clone(), serde_json::from_slice(&body).unwrap()));
        (StatusCode::BAD_REQUEST, headers)
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (url, taken)
}

/// A model of a provider that is at that URL, and the threads that its calls run on.
async fn provider(kind: AdapterKind, name: &str, url: String, effort: Effort) -> (Provider, Providers) {
    let key = Secret::new("sk-hidden").map(|key| ("KEY".to_owned(), key));
    let connection = reqwest::Client::builder().no_proxy().build().unwrap();
    let providers = Providers::new(connection).unwrap();
    let access = Access { key, base: Some(url), headers: Vec::new() };
    let timeouts = Timeouts { first_text: Duration::from_secs(60), between: Duration::from_secs(60) };
    let wishes = Wishes { timeouts, window: None, effort };
    let provider = Provider::of_kind(&providers, Arc::default(), kind, name, access, wishes).await.unwrap();
    (provider, providers)
}

/// What a model of a provider sends for a conversation, and how the refusal reads.
async fn sent(kind: AdapterKind, name: &str, messages: Vec<Message>) -> ((String, String, Value), String) {
    let (url, taken) = server().await;
    let (provider, _threads) = provider(kind, name, url, Effort::Auto).await;
    let request = Request { messages, ..Request::default() };
    let error = provider.call(&request, &mut |_| {}).await.unwrap_err();
    let sent = taken.lock().unwrap().remove(0);
    (sent, format!("{error} {error:?} {provider:?}"))
}

fn question() -> Vec<Message> {
    vec![Message::system("s"), Message::user("q")]
}

#[tokio::test]
async fn names_are_sent_without_their_provider_and_gateways_get_them_whole() {
    use AdapterKind as K;
    let cases = [
        (K::OpenRouter, "open_router::qwen/qwen-max", "qwen/qwen-max", Value::Null),
        (K::OpenRouter, "open_router::openai/gpt-oss-120b", "openai/gpt-oss-120b", Value::Null),
        (K::Aliyun, "aliyun::qwen-max", "qwen-max", Value::Null),
        (K::Groq, "groq::openai/x-low", "openai/x-low", Value::Null),
        (K::OpenAI, "openai::gpt-4o", "gpt-4o", Value::Null),
        // An effort behind the name of a provider's own model is one.
        (K::OpenAI, "openai::o3-mini-high", "o3-mini", json!("high")),
    ];
    for (kind, name, expected, effort) in cases {
        let ((_, _, body), _) = sent(kind, name, question()).await;
        assert_eq!((&body["model"], &body["reasoning_effort"]), (&json!(expected), &effort), "{name}");
    }
}

#[tokio::test]
async fn a_key_is_sent_and_never_shown() {
    for (kind, name) in [(AdapterKind::Anthropic, "anthropic::claude-x"), (AdapterKind::OpenAI, "openai::gpt-4o")] {
        let ((_, headers, _), shown) = sent(kind, name, question()).await;
        assert!(headers.contains("sk-hidden"));
        assert!(shown.contains("[key]") && !shown.contains("sk-hidden"), "{shown}");
    }
}

#[tokio::test]
async fn a_conversation_is_cached_where_one_must_ask_for_it_and_a_single_question_is_not() {
    let ((path, _, body), _) = sent(AdapterKind::Anthropic, "anthropic::claude-x", question()).await;
    assert!(path.ends_with("messages"));
    assert!(!body.to_string().contains("cache_control"), "{body}");
    let conversation = vec![Message::system("s"), Message::user("q"), Message::assistant("a"), Message::user("r")];
    let ((_, _, body), _) = sent(AdapterKind::Anthropic, "anthropic::claude-x", conversation.clone()).await;
    assert_eq!(body["messages"][2]["content"][0]["cache_control"], json!({"type": "ephemeral"}), "{body}");
    assert_eq!(body.to_string().matches("cache_control").count(), 1);
    let ((_, _, body), _) = sent(AdapterKind::Groq, "groq::x", conversation).await;
    assert!(!body.to_string().contains("cache"), "{body}");
}

#[tokio::test]
async fn a_shape_and_an_effort_go_out_in_each_providers_way() {
    use AdapterKind as K;
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
        "additionalProperties": false});
    for (kind, name, place, effort) in [
        (K::OpenAI, "openai::gpt-5", "/response_format/json_schema/schema", "/reasoning_effort"),
        (K::OpenAIResp, "openai_resp::gpt-5", "/text/format/schema", "/reasoning/effort"),
        (K::Anthropic, "anthropic::claude-opus-4-5", "/output_config/format/schema", "/output_config/effort"),
        (
            K::Gemini,
            "gemini::gemini-2.5-flash",
            "/generationConfig/responseJsonSchema",
            "/generationConfig/thinkingConfig",
        ),
    ] {
        let (url, taken) = server().await;
        let (provider, _threads) = provider(kind, name, url, Effort::Low).await;
        let shape = Some(Shape::new(Arc::new(schema.clone())));
        let request = Request { messages: question(), shape, ..Request::default() };
        provider.call(&request, &mut |_| {}).await.unwrap_err();
        let (_, _, body) = taken.lock().unwrap().remove(0);
        assert_eq!(body.pointer(place).map(|it| &it["properties"]), Some(&schema["properties"]), "{body}");
        assert!(body.pointer(effort).is_some(), "{body}");
    }
}

/// A provider of sorts that speaks Anthropic's protocol: it reasons before it calls a tool, and refuses results of calls
/// without that reasoning if it is to reason.
async fn reasoning_server() -> (String, Taken) {
    const EVENTS: [&str; 14] = [
        r#"{"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}"#,
        r#"{"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}"#,
        r#"{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "I look "}}"#,
        r#"{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "first."}}"#,
        r#"{"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "si"}}"#,
        r#"{"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "gn"}}"#,
        r#"{"type": "content_block_stop", "index": 0}"#,
        r#"{"type": "content_block_start", "index": 1, "content_block": {"type": "redacted_thinking", "data": "enc"}}"#,
        r#"{"type": "content_block_stop", "index": 1}"#,
        r#"{"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "c1", "name": "grep", "input": {}}}"#,
        r#"{"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"pattern\": \"x\"}"}}"#,
        r#"{"type": "content_block_stop", "index": 2}"#,
        r#"{"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}}"#,
        r#"{"type": "message_stop"}"#,
    ];
    const REFUSAL: &str = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When \
        `thinking` is enabled, a final `assistant` message must start with a thinking block.";
    let taken = Taken::default();
    let log = taken.clone();
    let answer = move |request: HttpRequest| async move {
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        log.lock().unwrap().push((String::new(), String::new(), body.clone()));
        let first = &body["messages"][1]["content"][0]["type"];
        let (status, kind, text) = if body["thinking"].is_object() && first == "tool_use" {
            let error = json!({"type": "error", "error": {"type": "invalid_request_error", "message": REFUSAL}});
            (StatusCode::BAD_REQUEST, "application/json", error.to_string())
        } else {
            let event = |data: &&str| {
                let kind = serde_json::from_str::<Value>(data).unwrap()["type"].as_str().unwrap().to_owned();
                format!("event: {kind}\ndata: {data}\n\n")
            };
            (StatusCode::OK, "text/event-stream", EVENTS.iter().map(event).collect())
        };
        (status, [("content-type", kind)], text)
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (url, taken)
}

/// A request after a call, with a tool that can be called.
fn after_call(call: &ToolCall) -> Request {
    let tool = Tool { name: "grep".into(), description: "d".into(), parameters: json!({"type": "object"}) };
    let messages = vec![Message::user("q"), Message::calling("", vec![call.clone()]), Message::result(call, "found")];
    Request { messages, max_output_tokens: Some(8192), tools: Arc::from([tool]), ..Request::default() }
}

#[tokio::test]
async fn what_was_reasoned_before_a_call_goes_back_with_it() {
    let (url, taken) = reasoning_server().await;
    let (provider, _threads) = provider(AdapterKind::Anthropic, "anthropic::claude-haiku-4-5", url, Effort::High).await;
    let request = Request { messages: question(), ..after_call(&ToolCall::default()) };
    let reply = provider.call(&request, &mut |_| {}).await.unwrap();
    assert_eq!((reply.reasoning.as_str(), reply.calls.len()), ("I look first.", 1));
    provider.call(&after_call(&reply.calls[0]), &mut |_| {}).await.unwrap();
    let taken = taken.lock().unwrap();
    let budget = taken[0].2["thinking"]["budget_tokens"].as_u64().unwrap();
    assert!((4096..8192).contains(&budget), "{budget}");
    let content = &taken[1].2["messages"][1]["content"];
    assert_eq!(content[0], json!({"type": "thinking", "thinking": "I look first.", "signature": "sign"}), "{content}");
    assert_eq!(
        (&content[1], &content[2]["type"]),
        (&json!({"type": "redacted_thinking", "data": "enc"}), &json!("tool_use"))
    );
    assert!(taken.len() == 2 && taken[1].2["thinking"].is_object(), "nothing was refused");
}

#[tokio::test]
async fn a_model_is_not_asked_to_reason_where_its_provider_misses_what_it_has_reasoned() {
    let (url, taken) = reasoning_server().await;
    let (provider, _threads) = provider(AdapterKind::Anthropic, "anthropic::claude-haiku-4-5", url, Effort::High).await;
    let written = ToolCall { id: "w".into(), name: "grep".into(), arguments: json!({}), ..ToolCall::default() };
    for _ in 0..2 {
        provider.call(&after_call(&written), &mut |_| {}).await.unwrap();
    }
    let asked: Vec<bool> = taken.lock().unwrap().iter().map(|it| it.2["thinking"].is_object()).collect();
    assert_eq!(asked, [true, false, false], "it is refused once");
}

/// A provider of sorts that begins an event and goes on with it until it is stopped, or for some time: `genai` takes
/// the longer for it the more has come, and never waits.
fn endless(stops: &Arc<AtomicBool>) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (stops, end) = (stops.clone(), Instant::now() + Duration::from_secs(20));
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        // Whoever answers before it was asked breaks the protocol.
        let _ = connection.read(&mut [0; 64 << 10]).unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {\"delta\": \"";
        let mut sent = connection.write_all(head.as_bytes());
        while sent.is_ok() && !stops.load(Ordering::Relaxed) && Instant::now() < end {
            sent = connection.write_all(&[b'x'; 64 << 10]);
        }
    });
    url
}

#[tokio::test]
async fn an_event_without_end_holds_nobody_up_who_waits_for_a_reply() {
    for kind in [AdapterKind::Anthropic, AdapterKind::OpenAI] {
        let stops = Arc::<AtomicBool>::default();
        let (provider, _threads) = provider(kind, "x", endless(&stops), Effort::Auto).await;
        let request = Request { messages: question(), ..Request::default() };
        let started = Instant::now();
        let waited = timeout(Duration::from_millis(500), provider.call(&request, &mut |_| {})).await;
        assert!(waited.is_err(), "{waited:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        stops.store(true, Ordering::Relaxed);
    }
}
