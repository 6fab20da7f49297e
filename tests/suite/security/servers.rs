//! Servers of models that send without end, or nothing, or what is no reply: the question ends in its time, and the
//! memory of the program stays small.

use crate::{
    client::Client,
    processes,
    query::file,
    raw::{RawServer, Taken, send_list},
    terminal::rlm,
};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs, io, io::Write as _, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// Memory that the program may take at most, in MB; without bounds it would be gigabytes.
const MOST_MEMORY: u64 = 200;

/// How long a run may take that has a time-out of a few seconds. Generous, since machines are slow at times; without an
/// end it would be as long as the server goes on.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server sends: something, and then something else again and again.
#[derive(Clone)]
struct Endless {
    start: Vec<u8>,
    then: Vec<u8>,
    pause: Duration,
    /// Whether it does so for lists of models; else these are as they should be.
    for_lists: bool,
}

impl Endless {
    fn new(start: impl Into<Vec<u8>>, then: impl Into<Vec<u8>>) -> Self {
        Self { start: start.into(), then: then.into(), pause: Duration::ZERO, for_lists: false }
    }

    fn slowly(self) -> Self {
        Self { pause: Duration::from_millis(50), ..self }
    }

    fn for_lists(self) -> Self {
        Self { for_lists: true, ..self }
    }

    async fn answer(self, taken: Taken, mut connection: TcpStream) -> io::Result<()> {
        if taken.is_list() != self.for_lists && !taken.head.contains("/api/") {
            return match taken.is_list() {
                true => send_list(&mut connection).await,
                false => crate::raw::send(&mut connection, 500, "text/plain", "not what is tested").await,
            };
        }
        connection.write_all(&self.start).await?;
        loop {
            match self.then.is_empty() {
                true => sleep(PATIENCE).await,
                false => connection.write_all(&self.then).await?,
            }
            if !self.pause.is_zero() {
                sleep(self.pause).await;
            }
        }
    }
}

/// The head of a response that ends with its connection.
fn head(status: u16, kind: &str) -> String {
    format!("HTTP/1.1 {status} It\r\ncontent-type: {kind}\r\n\r\n")
}

/// An event with a part of a text.
fn event(delta: &Value) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}))
}

const BLOCK: usize = 64 << 10;

fn letters() -> Vec<u8> {
    vec![b'n'; BLOCK]
}

/// A server whose compressed body never ends: it unpacks to a thousand times of what is sent.
fn zipped(status: u16, kind: &str, start: &str, block: &[u8]) -> Endless {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut written = |bytes: &[u8]| {
        encoder.write_all(bytes).and_then(|()| encoder.flush()).expect("memory can be written");
        encoder.get_ref().clone()
    };
    let start = written(start.as_bytes());
    // What one more block adds can be sent again and again, since it begins where the last one was flushed.
    let then = written(block).split_off(start.len());
    let head = format!("HTTP/1.1 {status} It\r\ncontent-type: {kind}\r\ncontent-encoding: gzip\r\n\r\n");
    Endless::new([head.into_bytes(), start].concat(), then)
}

fn forms() -> Vec<(&'static str, Endless)> {
    let events = || head(200, "text/event-stream");
    let json = || head(200, "application/json");
    let quoted = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"";
    let call = json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{\"a\": \""}}]});
    let more = json!({"tool_calls": [{"index": 0, "function": {"arguments": "x".repeat(9000)}}]});
    vec![
        ("an error", Endless::new(head(503, "text/plain"), letters())),
        ("an error in JSON", Endless::new(head(422, "application/json") + "{\"error\": \"", letters())),
        ("an error with a page", Endless::new(head(403, "text/html") + "<html><p>", letters())),
        ("an error that drips", Endless::new(head(500, "text/plain"), "n").slowly()),
        ("a redirect", Endless::new(head(307, "text/plain"), letters())),
        ("a completion", Endless::new(json() + "{\"choices\": [", vec![b' '; BLOCK])),
        ("a completion of many values", Endless::new(json() + "{\"choices\": [0", ",0".repeat(BLOCK / 2))),
        ("a page", Endless::new(head(200, "text/html") + "<html><title>", letters())),
        ("nothing but white space", Endless::new(events(), " \n\n".repeat(BLOCK / 3))),
        ("an event", Endless::new(events() + quoted, letters())),
        ("an event in many lines", Endless::new(events(), "data: [\n".repeat(BLOCK / 8))),
        ("the name of an event", Endless::new(events() + "event: ", letters())),
        ("a comment", Endless::new(events() + ": ", letters())),
        ("comments", Endless::new(events(), ": n\n".repeat(BLOCK / 4))),
        ("a name of a field", Endless::new(events(), letters())),
        ("an event that drips", Endless::new(events() + quoted, "n").slowly()),
        ("a text", Endless::new(events(), event(&json!({"content": "a b ".repeat(2000)})))),
        ("a text of white space", Endless::new(events(), event(&json!({"content": " ".repeat(9000)})))),
        ("reasoning", Endless::new(events(), event(&json!({"reasoning": "é".repeat(9000)})))),
        ("arguments", Endless::new(events() + &event(&call), event(&more))),
        ("compressed letters", zipped(200, "text/event-stream", quoted, &vec![b'n'; 4 << 20])),
        ("a compressed error", zipped(500, "text/plain", "n", &vec![b'n'; 4 << 20])),
        ("headers", Endless::new("HTTP/1.1 200 OK\r\n", "x-header: n\r\n".repeat(BLOCK / 13))),
        ("a header", Endless::new("HTTP/1.1 200 OK\r\nx-header: ", letters())),
        ("interim responses", Endless::new("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000))),
        ("a size of a chunk", Endless::new("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;", letters())),
        ("nothing", Endless::new("", "")),
        ("a list of models", Endless::new(json() + "{\"data\": [", "{\"id\": \"x\"},".repeat(5000)).for_lists()),
        ("a list in one name", Endless::new(json() + "{\"data\": [{\"id\": \"", letters()).for_lists()),
        ("a compressed list", zipped(200, "application/json", "{\"data\": [", &vec![b' '; 4 << 20]).for_lists()),
        ("no list", Endless::new("", "").for_lists()),
    ]
}

/// How a run of the program went.
struct Ended {
    status: Option<i32>,
    output: String,
    /// In MB.
    memory: u64,
}

/// A signal, and when it is sent.
type Sending<'a> = (&'a (dyn Fn() -> bool + Sync), Signal);

/// Runs the program to its end, or until it has taken too long, and looks at its memory meanwhile.
async fn watched(mut command: tokio::process::Command, signal: Option<Sending<'_>>) -> Ended {
    let started = Instant::now();
    let child = command.spawn().expect("the program starts");
    let id = child.id().expect("it runs");
    let mut memory = 0;
    let mut signal = signal;
    let mut ends = std::pin::pin!(child.wait_with_output());
    loop {
        // What it took at most, the system remembers.
        memory = processes::usage(id).map_or(memory, |it| memory.max(it.most_memory));
        if let Some((_, signal)) = signal.take_if(|(now, _)| now()) {
            processes::signal(id, signal);
        }
        if let Ok(ended) = timeout(Duration::from_millis(20), &mut ends).await {
            let ended = ended.expect("its output can be read");
            let output = [ended.stdout, ended.stderr].concat();
            let output = String::from_utf8_lossy(&output).into_owned();
            return Ended { status: ended.status.code(), output, memory };
        }
        if started.elapsed() > PATIENCE || memory > 4 * MOST_MEMORY {
            return Ended { status: None, output: "it did not end".to_owned(), memory };
        }
    }
}

fn question(path: &Path, more: &[&str]) -> tokio::process::Command {
    let path = path.to_str().expect("the path is text");
    rlm(["query", "q", path, "--strategy", "direct"].iter().chain(more))
}

#[tokio::test]
async fn whatever_a_server_sends_without_end_the_question_ends_in_its_time() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.as_path();
    let run = |(name, endless): (&'static str, Endless)| async move {
        let for_lists = endless.for_lists;
        let server = RawServer::start(move |taken, connection| endless.clone().answer(taken, connection)).await;
        let url = server.url();
        let mut arguments = vec!["--timeout", "4", "--endpoint", &url];
        if !for_lists {
            arguments.extend(["--model", "m1"]);
        }
        let ended = watched(question(path, &arguments), None).await;
        drop(server);
        let is_right = matches!(ended.status, Some(1 | 3)) && ended.memory < MOST_MEMORY;
        (!is_right).then(|| format!("{name}: status {:?}, {} MB: {}", ended.status, ended.memory, ended.output))
    };
    let runs = stream::iter(forms()).map(run).buffer_unordered(4);
    let failed: Vec<String> = runs.filter_map(std::future::ready).collect().await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn ollama_may_send_without_end_as_well() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let json = || head(200, "application/x-ndjson");
    for (name, endless) in [
        ("a line", Endless::new(json() + "{\"message\": {\"content\": \"", letters())),
        ("lines", Endless::new(json(), "{\"message\": {\"content\": \"a b c\"}}\n".repeat(1000))),
        ("an error", Endless::new(head(500, "text/plain"), letters())),
    ] {
        let server = RawServer::start(move |taken, connection| endless.clone().answer(taken, connection)).await;
        let mut command = question(&path, &["--timeout", "4", "--model", "ollama::m"]);
        command.env("OLLAMA_HOST", server.address.to_string());
        let ended = watched(command, None).await;
        assert!(matches!(ended.status, Some(1 | 3)) && ended.memory < MOST_MEMORY, "{name}: {}", ended.output);
    }
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_not_waited_for() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let url = format!("https://{}/v1", listener.local_addr().expect("it is bound"));
    let ended = watched(question(&path, &["--timeout", "2", "--endpoint", &url, "--model", "m1"]), None).await;
    assert_eq!(ended.status, Some(3), "{}", ended.output);
}

#[tokio::test]
async fn the_first_signal_ends_a_question_whatever_the_server_does() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let wanted = ["an event", "nothing", "an error that drips", "comments", "no list", "compressed letters"];
    for (name, endless) in forms().into_iter().filter(|(name, _)| wanted.contains(name)) {
        for signal in [Signal::INT, Signal::TERM] {
            let (for_lists, endless) = (endless.for_lists, endless.clone());
            let server = RawServer::start(move |taken, connection| endless.clone().answer(taken, connection)).await;
            let url = server.url();
            let mut arguments = vec!["--timeout", "300", "--endpoint", &url];
            if !for_lists {
                arguments.extend(["--model", "m1"]);
            }
            // Before it asks, the program has taken over its signals.
            let is_asked = || if for_lists { !server.all().is_empty() } else { !server.calls().is_empty() };
            let ended = watched(question(&path, &arguments), Some((&is_asked, signal))).await;
            // A reply that is too long may have failed before the signal comes.
            let may_fail = name == "an event" || name == "compressed letters";
            let is_right = ended.status == Some(130) || may_fail && ended.status == Some(1);
            assert!(is_right, "{name}: {:?} {}", ended.status, ended.output);
        }
    }
}

#[tokio::test]
async fn the_first_signal_ends_a_program_whose_output_nobody_takes() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    // More than the pipe takes, and less than a reply may have.
    let mut command = question(&path, &["--model", "cli:seq 1 4000"]);
    let mut child = command.spawn().expect("the program starts");
    let id = child.id().expect("it runs");
    let output = child.stdout.take().expect("its output is piped");
    rustix::pipe::fcntl_setpipe_size(&output, 4096).expect("a pipe may be small");
    // The pipe takes the beginning of the answer; nobody reads on.
    let begins = async {
        while rustix::io::ioctl_fionread(&output).expect("it is a pipe") == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, begins).await.expect("it answers");
    processes::signal(id, Signal::INT);
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    assert_eq!(status.code(), Some(130));
}

#[tokio::test]
async fn a_cancelled_question_of_an_editor_leaves_no_work_behind() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "some text\n").expect("a file can be written");
    let wanted = ["an event", "comments", "compressed letters", "a completion"];
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    for (name, endless) in forms().into_iter().filter(|(name, _)| wanted.contains(name)) {
        let server = RawServer::start(move |taken, connection| endless.clone().answer(taken, connection)).await;
        let options = json!({"endpoint": server.url(), "model": "m1", "strategy": "direct", "timeout": 300});
        let id = client.begin("rlm/query", json!({"query": "q", "queryId": "q", "options": options})).await;
        let is_asked = async {
            while server.calls().is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, is_asked).await.expect("the server is asked");
        let _ = client.request("rlm/cancel", json!({"queryId": "q"})).await;
        let _ = client.response(id).await;
        sleep(Duration::from_secs(1)).await;
        let usage = || processes::usage(client.id()).expect("it runs");
        let before = usage().processor;
        sleep(Duration::from_secs(1)).await;
        let worked = usage().processor - before;
        assert!(worked < Duration::from_millis(300), "{name}: it still works {worked:?} of a second");
        assert!(usage().most_memory < MOST_MEMORY, "{name}");
    }
    assert_eq!(client.shut_down().await, 0);
}
