//! How queries of the language server end: at once whatever they wait for, and with their messages in order.

use crate::client::Client;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{fs, net::TcpListener, path::Path, time::Duration};
use tempfile::TempDir;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n").expect("a file can be written");
    folder
}

/// A server of models that lets everybody in and says nothing.
fn silent() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).expect("a port is free")
}

/// A query that waits for the list of models, and never gets as far as a model.
fn waiting(server: &TcpListener) -> Value {
    let address = server.local_addr().expect("it is bound");
    json!({"query": "?", "queryId": "q", "options": {"endpoint": format!("http://{address}/v1")}})
}

#[tokio::test]
async fn a_query_that_is_being_prepared_ends_when_it_is_cancelled_or_its_time_is_up() {
    let (folder, server) = (folder(), silent());
    let capabilities = json!({"window": {"workDoneProgress": true}});
    let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
    for way in ["$/cancelRequest", "rlm/cancel", "window/workDoneProgress/cancel", "timeout"] {
        let mut params = waiting(&server);
        if way == "timeout" {
            params["options"]["timeout"] = json!(0.2);
        }
        let id = client.begin("rlm/query", params).await;
        let token = client.next("window/workDoneProgress/create", |_| true).await["token"].take();
        match way {
            "$/cancelRequest" => client.notify(way, json!({"id": id})).await,
            "rlm/cancel" => {
                let cancelled = client.request(way, json!({"queryId": "q"})).await;
                assert_eq!(cancelled, Ok(json!({"cancelled": true})));
            }
            "window/workDoneProgress/cancel" => client.notify(way, json!({"token": token})).await,
            _ => {}
        }
        match (way, client.response(id).await) {
            ("timeout", Ok(result)) => assert_eq!(result["termination"], "timeout"),
            (_, Err(error)) => assert_eq!(error["code"], -32800, "{way}: {error}"),
            (_, other) => panic!("{way}: {other:?}"),
        }
    }
    client.begin("rlm/query", waiting(&server)).await;
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_a_query_that_is_being_prepared() {
    let (folder, server) = (folder(), silent());
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    client.begin("rlm/query", waiting(&server)).await;
    assert_eq!(client.hang_up().await, 1);
}

#[tokio::test]
async fn what_is_told_of_a_query_comes_before_its_reply() {
    const QUERIES: usize = 40;
    let folder = folder();
    let options = json!({"model": "cli:echo done", "strategy": "direct"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let mut ids = Vec::new();
    for number in 0..QUERIES {
        let params = json!({"query": "?", "queryId": number.to_string(), "workDoneToken": number});
        ids.push(client.begin("rlm/query", params).await);
    }
    let (mut told, mut replies) = (Vec::new(), 0);
    while replies < QUERIES {
        let message = client.read().await.expect("the server is still there");
        if let Some(number) = ids.iter().position(|id| message["id"] == *id) {
            let kinds = |holds: &dyn Fn(&Value) -> bool| -> Vec<String> {
                let kind =
                    |params: &Value| params["value"]["kind"].as_str().or(params["kind"].as_str()).map(str::to_owned);
                told.iter().filter(|params| holds(params)).filter_map(kind).filter(|kind| kind != "report").collect()
            };
            let name = number.to_string();
            assert_eq!(kinds(&|params| params["token"] == number), ["begin", "end"], "query {number}");
            let events = kinds(&|params| params["queryId"] == name.as_str());
            assert_eq!(events.last().map(String::as_str), Some("done"), "query {number}");
            replies += 1;
        } else {
            told.push(message["params"].clone());
        }
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_progress_that_the_client_did_not_accept_in_time_has_no_end() {
    let folder = folder();
    let capabilities = json!({"window": {"workDoneProgress": true}});
    let options = json!({"model": "cli:echo done", "strategy": "direct"});
    let mut client = Client::in_folder(folder.path(), capabilities, options).await;
    client.request("rlm/query", json!({"query": "?"})).await.expect("an answer");
    assert_eq!(client.unread("window/workDoneProgress/create").len(), 1);
    assert!(client.unread("$/progress").is_empty(), "{:?}", client.unread("$/progress"));
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_command_that_is_cancelled_before_it_said_anything_shows_nothing() {
    let (folder, server) = (folder(), silent());
    let capabilities =
        json!({"window": {"showDocument": {"support": true}}, "experimental": {"rlm": {"events": true}}});
    let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
    let command = json!({"command": "rlm.query", "arguments": [waiting(&server)]});
    client.request("workspace/executeCommand", command).await.expect("it is acknowledged");
    let cancel = json!({"command": "rlm.cancel", "arguments": []});
    assert_eq!(client.request("workspace/executeCommand", cancel).await, Ok(json!({"cancelled": 1})));
    client.next("rlm/event", |params| params["kind"] == "done").await;
    // `shutdown` is answered when all that follows queries is done.
    client.request("shutdown", Value::Null).await.expect("the server shuts down");
    for method in ["window/showDocument", "window/showMessage"] {
        assert!(client.unread(method).is_empty(), "{:?}", client.unread(method));
    }
    client.notify("exit", Value::Null).await;
    assert_eq!(client.hang_up().await, 0);
}

#[tokio::test]
async fn a_signal_ends_the_server_after_the_programs_that_answer() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let folder = folder();
        let sleep = format!("61.{}{status}", std::process::id());
        let options = json!({"model": format!("cli:sleep {sleep}"), "strategy": "direct"});
        let mut client = Client::in_folder(folder.path(), json!({}), options).await;
        client.begin("rlm/query", json!({"query": "?"})).await;
        while !runs(&["sleep", &sleep]) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        client.signal(signal);
        assert_eq!(client.status().await, status);
        assert!(!runs(&["sleep", &sleep]), "{signal:?}");
    }
}

/// Whether a process with these arguments runs.
fn runs(arguments: &[&str]) -> bool {
    let wanted: Vec<u8> = arguments.iter().flat_map(|it| it.bytes().chain([0])).collect();
    let processes = fs::read_dir("/proc").expect("processes are listed").filter_map(Result::ok);
    let line = |process: &Path| fs::read(process.join("cmdline")).unwrap_or_default();
    processes.map(|process| line(&process.path())).any(|line| line == wanted)
}
