//! Documents that a client reads from the server: answers while they are written, transcripts, pages of findings; and edits of code
//! actions that come when they are chosen.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tempfile::TempDir;

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Tea\n\nSee [the plan](doc/plan.md).\n")
        .expect("a file can be written");
    fs::create_dir(folder.path().join("docs")).expect("a folder can be made");
    fs::write(folder.path().join("docs/plan.md"), "# Plan\n").expect("a file can be written");
    folder
}

fn capable() -> Value {
    json!({"workspace": {"textDocumentContent": {}, "workspaceEdit": {"documentChanges": true}},
           "window": {"showDocument": {"support": true}},
           "textDocument": {"codeAction": {"dataSupport": true, "resolveSupport": {"properties": ["edit"]}}}})
}

/// The document that the client is asked to show, which it says it does.
async fn shown(client: &mut Client) -> String {
    let asked = client.message(|it| it["method"] == "window/showDocument").await;
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"success": true}})).await;
    asked["params"]["uri"].as_str().expect("a text").to_owned()
}

async fn text(client: &mut Client, uri: &str) -> String {
    let read = client.request("workspace/textDocumentContent", json!({"uri": uri})).await.expect("a document");
    read["text"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn an_answer_is_read_while_it_is_written_and_afterwards() {
    let folder = folder();
    let answer = "The tea is planned, and the plan says when it is drunk, which is at five.";
    let server =
        ScriptedServer::start(move |_: &Asked| Action::reply(answer).in_parts(8, Duration::from_millis(400))).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "direct"});
    let store = TempDir::new().expect("a folder can be made");
    let store = store.path().join("store").to_str().expect("text").to_owned();
    let mut client = Client::with_environment([("RLM_STORE", store)], folder.path(), capable(), options).await;
    let argument = json!({"query": "When is tea?", "queryId": "a/b"});
    let params = json!({"command": "rlm.query", "arguments": [argument]});
    client.request("workspace/executeCommand", params).await.expect("it starts");
    let document = shown(&mut client).await;
    assert_eq!(document, "rlm:/answers/a%2Fb.md");
    let first = text(&mut client, &document).await;
    assert!(first.starts_with("# When is tea?\n") && !first.contains("at five"), "{first}");
    let again = client.next("workspace/textDocumentContent/refresh", |_| true).await;
    assert_eq!(again["uri"], document.as_str());
    let whole = loop {
        let now = text(&mut client, &document).await;
        if now.contains("at five") && now.contains("[What the run did]") {
            break now;
        }
        client.next("workspace/textDocumentContent/refresh", |_| true).await;
    };
    assert!(whole.contains("(rlm:/transcripts/a%2Fb.txt)"), "{whole}");
    assert!(text(&mut client, "rlm:/transcripts/a%2Fb.txt").await.contains("When is tea?"));
    for other in ["rlm:/answers/none.md", "rlm:/documents/9.md", "file:///etc/passwd"] {
        assert!(client.request("workspace/textDocumentContent", json!({"uri": other})).await.is_err(), "{other}");
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn pages_of_findings_are_read_and_edits_come_when_an_action_is_chosen() {
    let folder = folder();
    let readme = uri(&folder.path().join("README.md"));
    let mut client = Client::in_folder(folder.path(), capable(), json!({})).await;
    client.open(&readme, 3, "# Tea\n\nSee [the plan](doc/plan.md).\n").await;
    let review = client.request("rlm/review", json!({})).await.expect("a review");
    let id = review["findings"][0]["id"].as_str().expect("a finding").to_owned();
    let params = json!({"command": "rlm.showFinding", "arguments": [{"id": id}]});
    client.request("workspace/executeCommand", params).await.expect("it is shown");
    let page = shown(&mut client).await;
    assert_eq!(page, format!("rlm:/findings/{id}.md"));
    assert!(text(&mut client, &page).await.contains("doc/plan.md"));

    let range = json!({"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 0}});
    let params = json!({"textDocument": {"uri": readme}, "range": range, "context": {"diagnostics": []}});
    let actions = client.request("textDocument/codeAction", params).await.expect("actions");
    let fix = actions[0].clone();
    assert!(fix["edit"].is_null() && fix["data"]["finding"] == id.as_str(), "{fix}");
    // The edit is for the document as it is when the action is chosen.
    let above =
        json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "\n"});
    let params = json!({"textDocument": {"uri": readme, "version": 4}, "contentChanges": [above]});
    client.notify("textDocument/didChange", params).await;
    let resolved = client.request("codeAction/resolve", fix).await.expect("an action");
    let change = &resolved["edit"]["documentChanges"][0];
    assert_eq!(
        (&change["textDocument"]["version"], &change["edits"][0]["range"]["start"]["line"]),
        (&json!(4), &json!(3))
    );
    assert!(change["edits"][0]["newText"].as_str().is_some_and(|it| it.contains("docs/plan.md")), "{resolved}");
    assert_eq!(client.shut_down().await, 0);
}
