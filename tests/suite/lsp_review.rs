//! Reviews in an editor: findings as diagnostics that move, go and are dismissed.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

const README: &str = "# Tea\n\nSee [the guide](docs/guide.md) and [the plan](doc/plan.md).\n";

/// A repository with a dead link, an unused function and a link that is right.
fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    };
    write("README.md", README);
    write("docs/guide.md", "# Guide\n");
    write("docs/plan.md", "# Plan\n");
    write("src/lib.rs", "pub fn used() -> u32 {\n    1\n}\n\nfn forgotten_helper() -> u32 {\n    2\n}\n");
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "begin"]);
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-C"];
    let status = Command::new("git").args(identity).arg(folder).args(arguments).status();
    assert!(status.expect("git starts").success(), "{arguments:?}");
}

/// What a client with everything declares.
fn capable() -> Value {
    json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true, "tagSupport": {"valueSet": [1, 2]},
                                                   "codeDescriptionSupport": true, "dataSupport": true}},
           "workspace": {"workspaceEdit": {"documentChanges": true}}})
}

/// The diagnostics that are pushed for a document next.
async fn pushed(client: &mut Client, document: &str) -> Vec<Value> {
    let mut params = client.next("textDocument/publishDiagnostics", |it| it["uri"] == document).await;
    serde_json::from_value(params["diagnostics"].take()).expect("a list")
}

async fn actions(client: &mut Client, document: &str, lines: (u32, u32), context: Value) -> Vec<Value> {
    let range = json!({"start": {"line": lines.0, "character": 0}, "end": {"line": lines.1, "character": 0}});
    let params = json!({"textDocument": {"uri": document}, "range": range, "context": context});
    let actions = client.request("textDocument/codeAction", params).await.expect("actions");
    serde_json::from_value(actions).unwrap_or_default()
}

async fn execute(client: &mut Client, command: &Value) -> Result<Value, Value> {
    let params = json!({"command": command["command"], "arguments": command["arguments"]});
    client.request("workspace/executeCommand", params).await
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().filter_map(|it| it["title"].as_str()).collect()
}

#[tokio::test]
async fn findings_stand_as_diagnostics_move_go_and_stay_dismissed() {
    let folder = repository();
    let readme = uri(&folder.path().join("README.md"));
    let mut client = Client::in_folder(folder.path(), capable(), json!({})).await;
    let result = client.request("rlm/review", json!({"queryId": "r"})).await.expect("a review");
    let rules: Vec<&str> =
        result["findings"].as_array().expect("a list").iter().filter_map(|it| it["rule"].as_str()).collect();
    assert_eq!(rules, ["dead-link", "unused-definition"], "{result}");
    assert_eq!((&result["findings"][0]["uri"], &result["queryId"]), (&json!(readme), &json!("r")));
    assert_eq!(client.unread("rlm/event").iter().filter(|it| it["params"]["kind"] == "finding").count(), 2);

    let diagnostics = pushed(&mut client, &readme).await;
    let [diagnostic] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(
        (&diagnostic["source"], &diagnostic["code"], &diagnostic["severity"]),
        (&json!("rlm"), &json!("dead-link"), &json!(2))
    );
    assert_eq!(diagnostic["range"]["start"], json!({"line": 2, "character": 0}));
    let page = diagnostic["codeDescription"]["href"].as_str().expect("a page").trim_start_matches("file://").to_owned();
    let text = fs::read_to_string(&page).expect("the page is there");
    assert!(text.contains("doc/plan.md") && text.contains("How it could be wrong"), "{text}");
    let unused = pushed(&mut client, &uri(&folder.path().join("src/lib.rs"))).await;
    assert_eq!((&unused[0]["tags"], &unused[0]["severity"]), (&json!([1]), &json!(3)));

    // It moves with an edit, goes with its text, and comes back with an undo.
    client.open(&readme, 1, README).await;
    let change = |version: i32, (from, to): ((u32, u32), (u32, u32)), text: &str| {
        let range = json!({"start": {"line": from.0, "character": from.1}, "end": {"line": to.0, "character": to.1}});
        json!({"textDocument": {"uri": readme, "version": version}, "contentChanges": [{"range": range, "text": text}]})
    };
    client.notify("textDocument/didChange", change(2, ((0, 0), (0, 0)), "<!-- new -->\n")).await;
    assert_eq!(pushed(&mut client, &readme).await[0]["range"]["start"]["line"], 3);
    client.notify("textDocument/didChange", change(3, ((3, 0), (3, 3)), "Read")).await;
    assert_eq!(pushed(&mut client, &readme).await, Vec::<Value>::new());
    client.notify("textDocument/didChange", change(4, ((3, 0), (3, 4)), "See")).await;
    assert_eq!(pushed(&mut client, &readme).await.len(), 1);

    // What can be done about it.
    let context = json!({"diagnostics": [diagnostic], "triggerKind": 1});
    let offered = actions(&mut client, &readme, (3, 3), context.clone()).await;
    let told = titles(&offered);
    assert!(told.iter().any(|it| it.contains("docs/plan.md")), "a fix is offered: {told:?}");
    let fix = offered.iter().find(|it| it.get("edit").is_some()).expect("a fix");
    let edit = &fix["edit"]["documentChanges"][0];
    assert_eq!(edit["textDocument"], json!({"uri": readme, "version": 4}));
    assert_eq!(edit["edits"][0]["newText"], "See [the guide](docs/guide.md) and [the plan](docs/plan.md).");
    assert_eq!(
        edit["edits"][0]["range"],
        json!({"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 59}})
    );
    let dismiss = offered.iter().find(|it| it["command"]["command"] == "rlm.dismiss").expect("it can be dismissed");
    assert_eq!(execute(&mut client, &dismiss["command"]).await, Ok(json!({"dismissed": true})));
    assert_eq!(pushed(&mut client, &readme).await, Vec::<Value>::new());
    let again = execute(&mut client, &dismiss["command"]).await.expect_err("it is gone");
    assert!(again["message"].as_str().is_some_and(|it| it.contains("review again")), "{again}");
    assert_eq!(client.shut_down().await, 0);
    assert!(!Path::new(&page).exists(), "the server leaves no pages");

    let mut client = Client::in_folder(folder.path(), capable(), json!({})).await;
    let result = client.request("rlm/review", json!({})).await.expect("a review");
    assert_eq!(
        (result["findings"].as_array().map(Vec::len), result["dismissed"].as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_file_and_a_selection_are_reviewed_with_the_folder_around_them() {
    let folder = repository();
    let library = uri(&folder.path().join("src/lib.rs"));
    let mut client = Client::in_folder(folder.path(), capable(), json!({})).await;
    let count = async |client: &mut Client, scope: Value| {
        let result = client.request("rlm/review", json!({"scope": scope})).await.expect("a review");
        result["findings"].as_array().map(Vec::len).expect("a list")
    };
    assert_eq!(count(&mut client, json!({"kind": "file", "uri": library})).await, 1);
    let lines = |first: u32, last: u32| {
        let range = json!({"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}});
        json!({"kind": "selection", "uri": library, "range": range})
    };
    assert_eq!(count(&mut client, lines(0, 3)).await, 0);
    assert_eq!(count(&mut client, lines(4, 6)).await, 1);
    // A selection without findings takes nothing away from the rest of its document.
    let report = json!({"textDocument": {"uri": library}});
    assert_eq!(count(&mut client, lines(0, 3)).await, 0);
    let pulled = client.request("textDocument/diagnostic", report).await.expect("a report");
    assert_eq!(pulled["items"].as_array().map(Vec::len), Some(1));
    let uncommitted = client.request("rlm/review", json!({"diff": "HEAD"})).await.expect("a review");
    assert_eq!(uncommitted["findings"], json!([]));
    client.open("untitled:note", 1, "# A note\n").await;
    assert_eq!(count(&mut client, json!({"kind": "file", "uri": "untitled:note"})).await, 0);
    let error = client.request("rlm/review", json!({"diff": "nowhere..."})).await.expect_err("there is no such commit");
    assert_eq!(error["data"]["kind"], "git");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_client_that_pulls_is_told_to_and_gets_nothing_pushed() {
    let folder = repository();
    let readme = uri(&folder.path().join("README.md"));
    let capabilities =
        json!({"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": true}}});
    let mut client = Client::in_folder(folder.path(), capabilities, json!({})).await;
    client.request("rlm/review", json!({})).await.expect("a review");
    client.next("workspace/diagnostic/refresh", |_| true).await;
    let report = json!({"textDocument": {"uri": readme}});
    let full = client.request("textDocument/diagnostic", report).await.expect("a report");
    assert_eq!((&full["kind"], full["items"].as_array().map(Vec::len)), (&json!("full"), Some(1)));
    assert!(full["items"][0].get("data").is_none(), "what is not declared is not sent");
    let known = json!({"textDocument": {"uri": readme}, "previousResultId": full["resultId"]});
    let same = client.request("textDocument/diagnostic", known).await.expect("a report");
    assert_eq!(same["kind"], "unchanged");
    let previous = json!({"previousResultIds": [{"uri": readme, "value": full["resultId"]}]});
    let all = client.request("workspace/diagnostic", previous).await.expect("a report");
    let kinds: Vec<&Value> = all["items"].as_array().expect("a list").iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["unchanged", "full"]);
    assert_eq!(client.unread("textDocument/publishDiagnostics").len(), 0);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_document_is_reviewed_when_it_is_saved_if_that_is_wanted() {
    let folder = repository();
    let readme = uri(&folder.path().join("README.md"));
    let saved = json!({"textDocument": {"uri": readme}});
    let mut client = Client::in_folder(folder.path(), json!({}), json!({"reviewOnSave": true})).await;
    client.open(&readme, 1, README).await;
    client.notify("textDocument/didSave", saved.clone()).await;
    assert_eq!(pushed(&mut client, &readme).await.len(), 1);
    let settings = json!({"settings": {"rlm": {"reviewOnSave": false}}});
    client.notify("workspace/didChangeConfiguration", settings).await;
    let change = json!({"textDocument": {"uri": readme, "version": 2}, "contentChanges": [{"text": "[a](b.md)\n"}]});
    client.notify("textDocument/didChange", change).await;
    assert_eq!(pushed(&mut client, &readme).await.len(), 0);
    client.notify("textDocument/didSave", saved).await;
    // A review would have come before the end of a later one.
    let scope = json!({"kind": "file", "uri": uri(&folder.path().join("src/lib.rs"))});
    client.request("rlm/review", json!({"scope": scope})).await.expect("a review");
    assert!(client.unread("textDocument/publishDiagnostics").iter().all(|it| it["params"]["uri"] != readme));
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn the_command_reviews_and_says_what_came_of_it() {
    let folder = repository();
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let started = execute(&mut client, &json!({"command": "rlm.review", "arguments": []})).await.expect("it starts");
    assert_eq!(started["status"], "started");
    let said = client.next("window/showMessage", |_| true).await["message"].take();
    let said = said.as_str().expect("a text");
    assert!(said.starts_with("RLM: 2 findings; read 4 files of "), "{said}");
    let cleared = execute(&mut client, &json!({"command": "rlm.clearFindings", "arguments": []})).await;
    assert_eq!(cleared, Ok(json!({"cleared": 2})));
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_review_by_models_can_be_cancelled_and_asks_before_it_costs_much() {
    let folder = repository();
    let server = ScriptedServer::start(|_: &Asked| Action::hang()).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "price": {"scripted": [3.0, 15.0]}});
    let mut client = Client::in_folder(folder.path(), capable(), options.clone()).await;
    let id = client.begin("rlm/review", json!({"queryId": "r"})).await;
    server.until("a call", |log| log.open > 0).await;
    assert_eq!(client.request("rlm/cancel", json!({"queryId": "r"})).await, Ok(json!({"cancelled": true})));
    let error = client.response(id).await.expect_err("it was cancelled");
    assert_eq!(error["code"], -32800);
    server.until("no call", |log| log.open == 0).await;

    let id = client.begin("rlm/review", json!({"options": {"confirmAbove": 0.001}})).await;
    let asked = client.next("window/showMessageRequest", |_| true).await;
    assert!(asked["message"].as_str().is_some_and(|it| it.contains("this review may cost about $0.0")), "{asked}");
    let error = client.response(id).await.expect_err("nobody has agreed");
    assert_eq!(error["data"]["kind"], "notConfirmed");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn actions_are_offered_where_they_make_sense() {
    let folder = repository();
    let library = uri(&folder.path().join("src/lib.rs"));
    let mut client = Client::in_folder(folder.path(), json!({}), json!({})).await;
    let text = fs::read_to_string(folder.path().join("src/lib.rs")).expect("it can be read");
    client.open(&library, 1, &text).await;
    let nothing = json!({"diagnostics": []});
    let selected = actions(&mut client, &library, (4, 6), nothing.clone()).await;
    assert_eq!(
        titles(&selected),
        [
            "Ask RLM about this",
            "RLM: who uses forgotten_helper?",
            "RLM: where else is this done?",
            "RLM: find faults here",
            "RLM: document this",
            "RLM: write tests for this"
        ]
    );
    let at_cursor = json!({"textDocument": {"uri": library}, "context": {"diagnostics": [], "triggerKind": 1},
                           "range": {"start": {"line": 0, "character": 9}, "end": {"line": 0, "character": 9}}});
    let offered = client.request("textDocument/codeAction", at_cursor.clone()).await.expect("actions");
    assert_eq!(
        (&offered[0]["title"], &offered[1]["title"]),
        (&json!("RLM: explain used"), &json!("RLM: who uses used?"))
    );
    let mut unasked = at_cursor;
    unasked["context"]["triggerKind"] = json!(2);
    assert_eq!(client.request("textDocument/codeAction", unasked).await, Ok(Value::Null));
    let foreign = json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}},
                         "message": "mismatched types", "source": "rustc"});
    let context = json!({"diagnostics": [foreign], "only": ["quickfix"]});
    let explained = actions(&mut client, &library, (0, 0), context).await;
    assert_eq!(titles(&explained), ["RLM: explain “mismatched types”", "RLM: mend “mismatched types”"]);
    assert_eq!(explained[1]["command"]["command"], "rlm.edit");
    let source = actions(&mut client, &library, (0, 0), json!({"diagnostics": [], "only": ["source"]})).await;
    assert_eq!(titles(&source), ["RLM: review this file"]);
    // The action asks the built-in model, which knows who uses a name.
    let who = selected.iter().find(|it| it["title"] == "RLM: who uses forgotten_helper?").expect("it is offered");
    execute(&mut client, &who["command"]).await.expect("it starts");
    let said = client.next("window/showMessage", |_| true).await["message"].take();
    assert!(said.as_str().is_some_and(|it| it.contains("forgotten_helper")), "{said}");
    assert_eq!(client.shut_down().await, 0);
}
