//! Telling a collector of OpenTelemetry what runs did. `tests/clients` decodes what is sent with the protocol's own classes.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer},
    terminal::{rlm, run},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use serde_json::json;
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// What a collector was sent: path, key, kind of content, and body.
type Sent = Arc<Mutex<Vec<(String, String, String, Vec<u8>)>>>;

/// A collector that replies with this status; its address, and what it was sent.
async fn collector(status: StatusCode) -> (String, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let sent = Sent::default();
    let take = async move |State(sent): State<Sent>, uri: Uri, headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        let request = (uri.path().to_owned(), header("x-key"), header("content-type"), body.to_vec());
        sent.lock().expect("nobody panics").push(request);
        status
    };
    let service = Router::new().fallback(take).with_state(sent.clone());
    tokio::spawn(async move { axum::serve(listener, service).await });
    (address, sent)
}

fn has(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|it| it == text.as_bytes())
}

fn script(asked: &Asked) -> Action {
    match asked.messages[0].0.as_str() {
        "system" => Action::reply(
            "```repl\nprint(grep('secret-word'))\nFINAL(llm_query('secret-prompt') + ' in secret-name.txt:1')\n```",
        ),
        _ => Action::reply("secret-reply"),
    }
}

fn texts() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("secret-name.txt"), "the secret-word\n").expect("it is written");
    folder
}

#[tokio::test]
async fn a_collector_is_told_of_calls_and_tokens_and_of_no_text() {
    let (texts, server) = (texts(), ScriptedServer::start(script).await);
    let (address, sent) = collector(StatusCode::OK).await;
    let (url, path) = (server.url(), texts.path().to_str().expect("text"));
    let arguments = ["query", "Where is the secret-question?", path, "--strategy", "rlm", "--otlp", &address];
    let mut command = rlm(arguments.iter().chain(&["--model", "scripted", "--endpoint", &url]));
    command.env("RLM_OTLP_HEADERS", "x-key=PEAR%20KEY").env("RLM_LOG", "debug");
    let ran = run(command).await;
    assert!(ran.status == 0 && ran.output.contains("secret-name.txt:1"), "{ran:?}");
    assert!(!ran.errors.contains("PEAR") && !ran.errors.contains("did not get to"), "{ran:?}");
    let sent = sent.lock().expect("nobody panics").clone();
    let told: Vec<(&str, &str, &str)> = sent.iter().map(|it| (&*it.0, &*it.1, &*it.2)).collect();
    let kind = "application/x-protobuf";
    assert_eq!(told, [("/v1/traces", "PEAR KEY", kind), ("/v1/metrics", "PEAR KEY", kind)]);
    for (body, parts) in [
        (&sent[0].3, ["chat scripted", "gen_ai.usage.input_tokens", "execute_tool grep", "invoke_agent rlm"]),
        (&sent[1].3, ["gen_ai.client.token.usage", "gen_ai.client.operation.duration", "scripted", "rlm.runs"]),
    ] {
        assert!(parts.iter().all(|part| has(body, part)), "{parts:?}: {}", String::from_utf8_lossy(body));
        assert!(!has(body, "secret") && !has(body, path) && !has(body, &url), "{}", String::from_utf8_lossy(body));
    }
}

#[tokio::test]
async fn what_is_not_taken_is_told_and_a_run_does_not_depend_on_it() {
    let texts = texts();
    let (address, sent) = collector(StatusCode::BAD_REQUEST).await;
    let mut command = rlm(["query", "Where is the secret-word?", "--otlp", &address]);
    command.current_dir(texts.path());
    let ran = run(command).await;
    assert!(ran.status == 0 && ran.output.contains("secret-name.txt:1"), "{ran:?}");
    assert!(ran.errors.contains("spans of OpenTelemetry did not get to http://127.0.0.1:"), "{ran:?}");
    assert!(ran.errors.contains("it replied with status 400"), "{ran:?}");
    // What is refused for good is not sent again.
    assert_eq!(sent.lock().expect("nobody panics").len(), 2);
    // Nobody accepts, and nobody is waited for any longer than it takes to give up.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let mut command = rlm(["query", "Where is the secret-word?", "--otlp", &address]);
    command.current_dir(texts.path());
    let ran = run(command).await;
    assert!(ran.status == 0 && ran.errors.contains("there was no time"), "{ran:?}");
}

#[tokio::test]
async fn nothing_is_sent_unless_the_person_has_said_so() {
    let (address, sent) = collector(StatusCode::OK).await;
    let texts = texts();
    let query = async |arguments: &[&str]| {
        let mut command = rlm([&["query", "Where is the secret-word?"], arguments].concat());
        command.current_dir(texts.path()).env("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
        run(command).await
    };
    assert_eq!(query(&[]).await.status, 0);
    assert_eq!(sent.lock().expect("nobody panics").len(), 0);
    assert_eq!(query(&["--otlp", "env"]).await.status, 0);
    assert_eq!(sent.lock().expect("nobody panics").len(), 2);
    for (wrong, why) in
        [("nowhere", "expected the base URL of a server"), ("http://h/?key=PEARKEY9", "without a query")]
    {
        let ran = query(&["--otlp", wrong]).await;
        assert!(ran.status == 2 && ran.errors.contains("--otlp: ") && ran.errors.contains(why), "{ran:?}");
        assert!(!ran.errors.contains("PEARKEY9"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_server_tells_of_the_runs_of_an_editor() {
    let texts = texts();
    let (address, sent) = collector(StatusCode::OK).await;
    let mut client = Client::of_command(rlm(["lsp", "--otlp", &address]), texts.path(), json!({}), json!({})).await;
    client.request("rlm/query", json!({"query": "where is the secret-word?"})).await.expect("an answer");
    assert_eq!(client.shut_down().await, 0);
    let sent = sent.lock().expect("nobody panics");
    assert_eq!(sent.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["/v1/traces", "/v1/metrics"]);
    assert!(has(&sent[0].3, "chat extractive") && sent.iter().all(|it| !has(&it.3, "secret")));
}
