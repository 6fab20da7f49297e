//! What comes back when a server fails, and how it reads.

use super::{
    ask, model_at, models, only_call,
    scripted::{Action, ScriptedServer, Setup, dead_url},
};
use expect_test::{Expect, expect};
use futures::FutureExt;
use rlm::llm::{Error, Timeouts};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The kind, the message and the hint, with the server's address made the same every time.
fn shown(error: &Error, url: &str) -> String {
    let hint = error.hint().unwrap_or_else(|| "-".to_owned());
    format!("{}: {error}\n→ {hint}\n", error.kind().name()).replace(url, "http://server/v1")
}

async fn check(action: Action, expected: Expect) {
    let server = ScriptedServer::start(move |_| action.clone()).await;
    let (result, _) = ask(&*model_at(&server.url()).await, "hi").await;
    expected.assert_eq(&shown(&result.unwrap_err(), &server.url()));
    only_call(&server);
}

#[tokio::test]
async fn a_model_that_the_server_does_not_know() {
    let body = r#"{"error":{"message":"The model `m` does not exist.","type":"NotFoundError","code":404}}"#;
    check(
        Action::status(404).body(body),
        expect![[r#"
            unknownModel: m is not known to its server: The model `m` does not exist.
            → check the model's name; `rlm models` shows what there is
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_prompt_that_does_not_fit() {
    let body = r#"{"error":{"code":400,"type":"exceed_context_size_error","n_prompt_tokens":900,"n_ctx":512,
                   "message":"request (900 tokens) exceeds the available context size (512 tokens)"}}"#;
    check(
        Action::status(400).body(body),
        expect![[r#"
            promptTooLong: the prompt does not fit the window of m: request (900 tokens) exceeds the available context size (512 tokens)
            → use smaller pieces, or a model with a larger window
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_rate_limit_with_its_pause() {
    let server = ScriptedServer::start(|_| Action::status(429).header("retry-after", "7").body("slow down")).await;
    let error = ask(&*model_at(&server.url()).await, "hi").await.0.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.to_string(), "m limits the rate of calls: slow down");
}

#[tokio::test]
async fn a_server_that_breaks() {
    check(
        Action::status(500).body("Traceback (most recent call last):\n  boom"),
        expect![[r#"
            server: the server of m failed with status 500: Traceback (most recent call last): boom
            → -
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_path() {
    check(
        Action::status(404).body("Not Found"),
        expect![[r#"
            rejected: m did not accept the request: status 404 from http://server/v1: Not Found
            → check the model's name and the endpoint's base URL with `rlm doctor`
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_stream() {
    let expected = expect![[r#"
        brokenReply: the reply of m broke off: what came was no stream of events, or it ended before its first one
        → -
    "#]];
    let bodies = ["", "It is going well.", "{}", r#"{"choices": []}"#];
    for body in bodies {
        let expected = expected.data().to_owned();
        let server = ScriptedServer::start(move |_| Action::garbage(body)).await;
        let error = ask(&*model_at(&server.url()).await, "hi").await.0.unwrap_err();
        let shown: Vec<String> = shown(&error, &server.url()).lines().map(str::to_owned).collect();
        let wanted: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(shown, wanted, "{body:?}");
    }
}

#[tokio::test]
async fn a_page_of_the_web() {
    check(
        Action::garbage("<html><title>Log in</title></html>"),
        expect![[r#"
            rejected: m did not accept the request: http://server/v1 answered with a web page (Log in)
            → check the model's name and the endpoint's base URL with `rlm doctor`
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_whole_completion_in_place_of_a_stream_is_a_reply() {
    let server = ScriptedServer::start(|_| Action::garbage(r#"{"choices":[{"message":{"content":"whole"}}]}"#)).await;
    let (reply, pieces) = ask(&*model_at(&server.url()).await, "hi").await;
    assert_eq!((reply.unwrap().text, pieces), ("whole".to_owned(), vec!["whole".to_owned()]));
}

#[tokio::test]
async fn an_event_that_is_no_json() {
    check(
        Action::garbage("data: {\"choices\": [{\"delta\n\ndata: [DONE]\n\n"),
        expect![[r#"
            brokenReply: the reply of m broke off: it is not JSON (EOF while parsing a string at line 1 column 20)
            → -
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_stops_without_the_mark_of_its_end() {
    check(
        Action::reply("half an answ").unmarked(),
        expect![[r#"
            brokenReply: the reply of m broke off: the stream stopped without the mark of its end
            → -
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_connection_that_breaks() {
    for action in [Action::reply("half an answ").cut(), Action::disconnect()] {
        let server = ScriptedServer::start(move |_| action.clone()).await;
        let error = ask(&*model_at(&server.url()).await, "hi").await.0.unwrap_err();
        assert_eq!((error.kind().name(), error.is_transient()), ("brokenReply", true), "{error}");
    }
}

#[tokio::test]
async fn an_error_inside_the_stream() {
    check(
        Action::reply("half").then_error(),
        expect![[r#"
            server: the server of m failed with status 500: the model broke down
            → -
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_empty_reply() {
    check(
        Action::reply("").reasoning("so much to think about").finish("length"),
        expect![[r#"
            emptyReply: m gave an empty reply: the limit on output tokens cut it off
            → the model may have spent its output tokens on reasoning; ask for less at once
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_falls_silent_at_once_or_in_the_middle() {
    let limits = Timeouts { first_text: Duration::from_millis(300), between: Duration::from_millis(200) };
    for (action, after) in
        [(Action::hang(), 0.3), (Action::reply("").stall(), 0.3), (Action::reply("half").stall(), 0.2)]
    {
        let server = ScriptedServer::start(move |_| action.clone()).await;
        let models = models(&[server.url()], Some("m"), &[]).with_timeouts(limits);
        let error = ask(&*models.named("m").await.unwrap(), "hi").await.0.unwrap_err();
        assert_eq!(error.to_string(), format!("m was silent for {after} seconds"));
        server.until("the connection to close", |log| log.closed_early() == 1).await;
    }
}

#[tokio::test]
async fn a_server_that_is_down() {
    let url = dead_url().await;
    let error = ask(&*model_at(&url).await, "hi").await.0.unwrap_err();
    expect![[r#"
        unreachable: cannot reach http://server/v1 for m: Connection refused (os error 111)
        → is the server at http://server/v1 running? `rlm doctor` checks
    "#]]
    .assert_eq(&shown(&error, &url));
}

#[tokio::test]
async fn a_host_that_does_not_exist() {
    let error = ask(&*model_at("http://no-such-host.invalid/v1").await, "hi").await.0.unwrap_err();
    assert_eq!(error.kind(), "unreachable", "{error}");
    assert!(error.to_string().starts_with("cannot reach http://no-such-host.invalid/v1 for m: "), "{error}");
}

/// Collects what would be logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_and_stands_in_no_error_and_no_log() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _logging = tracing::subscriber::set_default(log.finish());
    let server = Setup::new().key("right").start(|_| Action::reply("ok")).await;
    let key = [("RLM_API_KEY", "sk-wrong-7351")];
    let models = models(&[server.url()], Some("m"), &key);
    let choice = models.choose().await.unwrap();
    let error = ask(&*choice.root, "hi").await.0.unwrap_err();
    expect![[r#"
        unauthorized: m refused the API key: Incorrect API key provided. You sent `Authorization: Bearer [key]`.
        → check the key in RLM_API_KEY
    "#]]
    .assert_eq(&shown(&error, &server.url()));
    let detected = models.describe().await;
    assert_eq!(detected.checks[0].result.as_ref().unwrap_err().kind(), "unauthorized");
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("hyper"), "the log is empty, so this test shows nothing");
    let all = format!("{error:?} {choice:?} {models:?} {detected:?} {logged}");
    assert!(!all.contains("7351"), "{all}");
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let server = ScriptedServer::start(|_| Action::reply("half").stall()).await;
    let model = model_at(&server.url()).await;
    let request = super::request("hi");
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let mut sink = |_: rlm::llm::Piece<'_>| begun.send(()).unwrap();
    let mut call = model.call(&request, &mut sink);
    tokio::select! {
        result = &mut call => panic!("it ended: {result:?}"),
        begun = has_begun.recv() => assert!(begun.is_some()),
    }
    assert!((&mut call).now_or_never().is_none());
    assert_eq!((server.log().open, server.log().closed_early()), (1, 0));
    drop(call);
    server.until("the connection to close", |log| log.closed_early() == 1 && log.open == 0).await;
}
