//! The language server as an editor meets it.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tempfile::TempDir;

const SOURCE: &str = "fn first() {}\n\n/// Heats the kettle until the water boils.\nfn heat_kettle(degrees: u32) {\n    boil(degrees);\n}\n";

/// A folder with a source file.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir(folder.path().join("src")).expect("a folder can be made");
    fs::write(folder.path().join("src/kettle.rs"), SOURCE).expect("a file can be written");
    fs::write(folder.path().join("README.md"), "# Tea\n\nMakes tea.\n").expect("a file can be written");
    folder
}

#[tokio::test]
async fn a_question_is_answered_with_citations_that_open() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let params = json!({"query": "where is the water heated?", "queryId": "q1"});
    let result = client.request("rlm/query", params).await.expect("an answer");
    assert_eq!((&result["termination"], &result["queryId"]), (&json!("final"), &json!("q1")));
    let citation = &result["citations"][0];
    assert_eq!((&citation["path"], &citation["state"]), (&json!("src/kettle.rs"), &json!("quoted")));
    assert_eq!(citation["uri"], uri(&folder.path().join("src/kettle.rs")));
    assert!(citation["startLine"].as_u64() <= Some(4) && citation["endLine"].as_u64() >= Some(4), "{citation}");
    assert_eq!(result["context"]["files"], 2);

    let events: Vec<Value> = client.unread("rlm/event").into_iter().map(|it| it["params"].clone()).collect();
    let sequence: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(sequence, (0..events.len() as u64).collect::<Vec<_>>(), "numbers without gaps");
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    for kind in ["started", "turn", "cell", "subcall", "delta", "done"] {
        assert!(kinds.contains(&kind), "no {kind} among {kinds:?}");
    }
    assert_eq!(kinds.last(), Some(&"done"));
    let text = events.iter().filter(|event| event["kind"] == "delta").fold(String::new(), |text, event| {
        let piece = event["text"].as_str().unwrap_or_default();
        if event["reset"] == true { piece.to_owned() } else { text + piece }
    });
    assert_eq!(result["answer"], text, "the deltas make the answer");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn each_request_sees_the_document_of_its_place_in_the_order() {
    const EDITS: i32 = 500;
    let folder = folder();
    // `cat` answers with the prompt, which holds the document.
    let mut client =
        Client::in_folder(folder.path(), json!({}), json!({"model": "cli:cat", "strategy": "direct"})).await;
    let note = uri(&folder.path().join("note.txt"));
    client.open(&note, 0, "version 0 of the note\n").await;
    let mut requests = Vec::new();
    for version in 1..=EDITS {
        let number = (version - 1).to_string().len() as u32;
        let range = json!({"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 8 + number}});
        client
            .notify(
                "textDocument/didChange",
                json!({
                    "textDocument": {"uri": note, "version": version},
                    "contentChanges": [{"range": range, "text": version.to_string()}],
                }),
            )
            .await;
        let scope = json!({"kind": "file", "uri": note});
        requests.push((version, client.begin("rlm/query", json!({"query": "?", "scope": scope})).await));
    }
    for (version, id) in requests {
        let answer = client.response(id).await.expect("an answer")["answer"].take();
        let expected = format!("version {version} of the note");
        assert!(answer.as_str().is_some_and(|it| it.contains(&expected)), "request {version} saw {answer}");
    }
    assert_eq!(client.shut_down().await, 0);
}

/// How a query can be cancelled.
#[derive(Debug, Clone, Copy)]
enum Way {
    CancelRequest,
    RlmCancel,
    Progress,
    Command,
}

#[tokio::test]
async fn cancelling_closes_open_calls_and_starts_none() {
    for way in [Way::CancelRequest, Way::RlmCancel, Way::Progress, Way::Command] {
        let folder = folder();
        // The first turn makes 40 sub-calls that never end; 16 of them are open at once.
        let server = ScriptedServer::start(|asked: &Asked| match asked.number {
            1 => Action::reply("```repl\nllm_query_batched([str(n) for n in range(40)])\n```"),
            _ => Action::hang(),
        })
        .await;
        let capabilities = json!({"window": {"workDoneProgress": true}});
        let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
        let mut client = Client::in_folder(folder.path(), capabilities, options).await;
        let id = client.begin("rlm/query", json!({"query": "count", "queryId": "q"})).await;
        let token = client.next("window/workDoneProgress/create", |_| true).await["token"].take();
        client.next("$/progress", |params| params["value"]["kind"] == "begin").await;
        server.until("16 open calls", |log| log.open == 16).await;
        match way {
            Way::CancelRequest => client.notify("$/cancelRequest", json!({"id": id})).await,
            Way::RlmCancel => {
                let result = client.request("rlm/cancel", json!({"queryId": "q"})).await;
                assert_eq!(result, Ok(json!({"cancelled": true})));
            }
            Way::Progress => client.notify("window/workDoneProgress/cancel", json!({"token": token})).await,
            Way::Command => {
                let params = json!({"command": "rlm.cancel", "arguments": [{"queryId": "q"}]});
                assert_eq!(client.request("workspace/executeCommand", params).await, Ok(json!({"cancelled": 1})));
            }
        }
        let error = client.response(id).await.expect_err("a cancelled query is an error");
        assert_eq!(error["code"], -32800, "{way:?}: {error}");
        assert_eq!(error["data"]["partial"]["termination"], "cancelled");
        client.next("$/progress", |params| params["value"]["kind"] == "end").await;
        server.until("every call to be closed", |log| log.open == 0).await;
        let log = server.log();
        assert_eq!((log.calls.len(), log.closed_early()), (17, 16), "{way:?}: a call was started afterwards");
        assert_eq!(client.request("rlm/cancel", json!({"queryId": "q"})).await, Ok(json!({"cancelled": false})));
        assert_eq!(client.shut_down().await, 0);
    }
}

#[tokio::test]
async fn failures_come_with_their_kind_and_a_hint() {
    let folder = folder();
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}});
    let selection = json!({"kind": "selection", "uri": uri(&folder.path().join("src/kettle.rs")), "range": range});
    let cases = [
        (json!({"query": "?", "scope": selection, "options": {"exclude": ["kettle.rs"]}}), -32803, "leftOut"),
        (json!({"query": "?", "scope": {"kind": "paths", "paths": ["nowhere"]}}), -32803, "noSuchPath"),
        (json!({"query": "?", "options": {"model": "nonsense::x"}}), -32803, "configuration"),
        (json!({"query": "?", "options": {"include": ["*.nothing"]}}), -32803, "empty"),
        (json!({"query": "?", "options": {"maxCalls": 0}}), -32602, ""),
        (json!({"query": "?", "options": {"maxCalls": "many"}}), -32602, ""),
        (json!({"query": 5}), -32602, ""),
        (json!({"query": "?", "scope": {"kind": "universe"}}), -32602, ""),
    ];
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    for (params, code, kind) in cases {
        let error = client.request("rlm/query", params.clone()).await.expect_err("it cannot be answered");
        assert_eq!(error["code"], code, "{params}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{params}: {error}");
        assert_eq!(error["data"]["kind"].as_str().unwrap_or_default(), kind, "{params}: {error}");
    }
    let fine = client.request("rlm/query", json!({"query": "where is the kettle?"})).await;
    assert!(fine.is_ok(), "the server goes on after errors: {fine:?}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn messages_that_are_none_are_answered_with_an_error_and_lose_nothing() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let id = client.begin("rlm/query", json!({"query": "where is the kettle?"})).await;
    client.send_raw("Content-Length: 9\r\n\r\n{nonsense").await;
    client.send_raw("garbage\r\nContent-Length: 17\r\n\r\n{\"id\":7,\"foo\":1} ").await;
    let parse_error = client.message(|it| it["error"]["code"] == -32700).await;
    assert_eq!(parse_error["id"], Value::Null);
    let invalid = client.message(|it| it["error"]["code"] == -32600).await;
    assert_eq!(invalid["id"], 7);
    assert!(client.response(id).await.is_ok());
    let unknown = client.request("rlm/unknown", json!({})).await.expect_err("there is no such method");
    assert_eq!(unknown["code"], -32601);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_client_that_closes_its_end_ends_the_server_and_its_queries() {
    let folder = folder();
    let server = ScriptedServer::start(|_: &Asked| Action::hang()).await;
    let options = json!({"endpoint": server.url(), "model": "scripted"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    client.begin("rlm/query", json!({"query": "?"})).await;
    server.until("an open call", |log| log.open == 1).await;
    assert_eq!(client.hang_up().await, 1, "without `shutdown` it is no proper end");
    server.until("the call to be closed", |log| log.open == 0).await;
}

#[tokio::test]
async fn a_command_acknowledges_at_once_and_the_answer_is_shown() {
    let folder = folder();
    let capabilities =
        json!({"window": {"showDocument": {"support": true}}, "experimental": {"rlm": {"events": true}}});
    let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
    let params = json!({"command": "rlm.query", "arguments": [{"query": "where is the water heated?",
                                                                    "options": {"maxCalls": 2}}]});
    let result = client.request("workspace/executeCommand", params).await.expect("it is acknowledged");
    assert_eq!(result["status"], "started");
    let shown = client.message(|it| it["method"] == "window/showDocument").await;
    let path = shown["params"]["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file");
    let text = fs::read_to_string(path).expect("the answer was written");
    fs::remove_file(path).expect("the answer can be removed");
    assert!(text.starts_with("# where is the water heated?\n") && text.contains("src/kettle.rs:"), "{text}");
    assert!(
        text.contains("failed") && text.contains("the limit on calls is used up"),
        "what is missing is said: {text}"
    );
    client.send(json!({"jsonrpc": "2.0", "id": shown["id"], "result": {"success": true}})).await;
    let done = client.next("rlm/event", |params| params["kind"] == "done").await;
    assert_eq!(done["queryId"], result["queryId"]);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_selection_offers_to_ask_about_it() {
    let folder = folder();
    let uri = uri(&folder.path().join("src/kettle.rs"));
    let range = json!({"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 1}});
    for (capabilities, command) in
        [(json!({}), "rlm.query"), (json!({"experimental": {"rlm": {"askSelection": true}}}), "rlm.askSelection")]
    {
        let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
        let document = json!({"uri": uri});
        let params = json!({"textDocument": document, "range": range, "context": {"diagnostics": []}});
        let actions = client.request("textDocument/codeAction", params).await.expect("actions");
        assert_eq!(actions[0]["title"], "Ask RLM about this");
        assert_eq!(actions[0]["command"]["command"], command);
        let empty = json!({"start": {"line": 3, "character": 2}, "end": {"line": 3, "character": 2}});
        let params = json!({"textDocument": document, "range": empty, "context": {"diagnostics": []}});
        assert_eq!(client.request("textDocument/codeAction", params).await, Ok(Value::Null));
        assert_eq!(client.shut_down().await, 0);
    }
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let scope = json!({"kind": "selection", "uri": uri, "range": range});
    let result =
        client.request("rlm/query", json!({"query": "What is this?", "scope": scope})).await.expect("an answer");
    assert_eq!(
        result["citations"][0],
        json!({"path": "src/kettle.rs", "startLine": 4, "endLine": 6, "state": "quoted", "uri": uri})
    );
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn raw_and_encoded_uris_name_the_same_document() {
    let outer = TempDir::new().expect("a folder can be made");
    let folder = outer.path().join("[id] é|");
    fs::create_dir(&folder).expect("a folder can be made");
    fs::write(folder.join("kettle.rs"), "nothing\n").expect("a file can be written");
    // The client's own URI is as raw as the path.
    let mut client = Client::in_folder(&folder, json!({}), json!({})).await;
    client.open(&uri(&folder.join("kettle.rs")), 1, SOURCE).await;
    let encoded = format!("{}/%5bid%5D%20%C3%A9%7C/kettle.rs", uri(outer.path()));
    let params = json!({"query": "where is the water heated?", "scope": {"kind": "file", "uri": encoded}});
    let result = client.request("rlm/query", params).await.expect("an answer");
    let citation = &result["citations"][0];
    assert_eq!((&citation["path"], &citation["state"]), (&json!("kettle.rs"), &json!("quoted")), "{result}");
    assert_eq!(citation["uri"], encoded.replace("%5b", "%5B"));
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn paths_keep_their_folder_and_one_that_is_missing_is_told() {
    let (first, second) = (folder(), folder());
    fs::write(second.path().join("only.txt"), "only here\n").expect("a file can be written");
    let mut client =
        Client::in_folder(first.path(), json!({}), json!({"model": "cli:cat", "strategy": "direct"})).await;
    let added = json!([{"uri": uri(second.path()), "name": "second"}, {"uri": "file:///nowhere", "name": "gone"}]);
    client.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": added, "removed": []}})).await;
    for (path, shown) in [
        ("second/README.md", "second/README.md"),
        ("README.md", "folder/README.md"),
        ("only.txt", "second/only.txt"),
        ("src", "folder/src/kettle.rs"),
    ] {
        // The answer names the only file by the end of its path.
        let name = shown.rsplit('/').next().expect("a name");
        let options = json!({"model": format!("cli:echo {name}:1")});
        let params = json!({"query": "?", "scope": {"kind": "paths", "paths": [path]}, "options": options});
        let result = client.request("rlm/query", params).await.expect("an answer");
        assert_eq!(
            (&result["citations"][0]["path"], &result["context"]["files"]),
            (&json!(shown), &json!(1)),
            "{path}"
        );
    }
    let params = json!({"query": "?", "options": {"maxCall": 3}});
    let result = client.request("rlm/query", params).await.expect("an answer");
    let warnings = [
        "the workspace folder gone is left out: there is no /nowhere",
        "RLM does not know these settings and leaves them aside: maxCall (did you mean maxCalls?)",
    ];
    assert_eq!(result["warnings"], json!(warnings));
    assert_eq!(result["context"]["files"], 5);
    let removed = json!([{"uri": uri(first.path()), "name": "folder"}, {"uri": uri(second.path()), "name": "second"}]);
    client.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [], "removed": removed}})).await;
    let error = client.request("rlm/query", json!({"query": "?"})).await.expect_err("there is no other folder");
    assert_eq!(error["data"]["kind"], "noSuchPath");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_selection_behind_lone_carriage_returns_is_told_by_the_lines_of_the_context() {
    let folder = folder();
    let mut client =
        Client::in_folder(folder.path(), json!({}), json!({"model": "cli:cat", "strategy": "direct"})).await;
    let note = uri(&folder.path().join("note.txt"));
    client.open(&note, 1, "a\rb\nc\r\nd\n").await;
    let range = json!({"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 1}});
    let scope = json!({"kind": "selection", "uri": note, "range": range});
    let result = client.request("rlm/query", json!({"query": "?", "scope": scope})).await.expect("an answer");
    let text = result["answer"].as_str().expect("a text");
    assert!(text.contains("the selection note.txt:2-3."), "{text}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn the_status_may_be_asked_with_empty_params() {
    let folder = folder();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    for params in [Value::Null, json!({})] {
        let status = client.request("rlm/status", params).await.expect("a status");
        assert_eq!(status["model"], "extractive");
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn several_queries_run_at_once_and_names_are_unique() {
    let folder = folder();
    let server =
        ScriptedServer::start(|_: &Asked| Action::reply("FINAL(\"done\")").after(Duration::from_millis(50))).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let first = client.begin("rlm/query", json!({"query": "a", "queryId": "same"})).await;
    let second = client.begin("rlm/query", json!({"query": "b", "queryId": "same"})).await;
    let third = client.begin("rlm/query", json!({"query": "c"})).await;
    let error = client.response(second).await.expect_err("the name is in use");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("in use")), "{error}");
    for id in [first, third] {
        assert_eq!(client.response(id).await.expect("an answer")["answer"], "done");
    }
    assert_eq!(client.shut_down().await, 0);
}
