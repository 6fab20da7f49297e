//! A change that was made at one place, made at the others where it belongs: found without a model, and made without one where that
//! needs no judgement.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const OLD: &str = "    return total / len(items)\n";
const NEW: &str = "    if not items:\n        return 0\n    return total / len(items)\n";

/// Files with the place that is changed, two with the same words, one that needs judgement, and one that has nothing of it.
fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    for (name, text) in [
        ("a.py", format!("def a(items):\n    total = sum(items)\n{OLD}")),
        ("b.py", format!("def b(items):\n{OLD}\n\ndef c(rows):\n    total = 1\n    return total/len( rows )\n")),
        ("d.py", "def d(rows, count):\n    return count / len(rows)\n".to_owned()),
        ("e.py", "def e(items):\n    print(items)\n".to_owned()),
    ] {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    folder
}

/// What a client declares that makes edits, and nothing else.
fn plain() -> Value {
    json!({"workspace": {"applyEdit": true, "workspaceEdit": {"documentChanges": true}}})
}

fn lines(first: u32, last: u32) -> Value {
    json!({"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}})
}

/// Opens `a.py` and changes its place, without saving.
async fn changed(client: &mut Client, folder: &TempDir) -> String {
    let document = uri(&folder.path().join("a.py"));
    let text = fs::read_to_string(folder.path().join("a.py")).expect("it is there");
    client.open(&document, 1, &text).await;
    let change = json!({"range": lines(2, 3), "text": NEW});
    let params = json!({"textDocument": {"uri": document, "version": 2}, "contentChanges": [change]});
    client.notify("textDocument/didChange", params).await;
    document
}

/// The paths of a result with the lines that come there.
fn made(result: &Value) -> Vec<(String, String)> {
    let files = result["files"].as_array().expect("a list").iter();
    let text = |it: &Value| it.as_str().expect("a text").to_owned();
    files
        .flat_map(|file| {
            let hunks = file["hunks"].as_array().expect("a list").iter();
            hunks.map(|hunk| (text(&file["path"]), text(&hunk["newText"]))).collect::<Vec<_>>()
        })
        .collect()
}

fn without_judgement() -> [(String, String); 2] {
    let guard = |indentation: &str, name: &str| format!("{indentation}if not {name}:\n{indentation}    return 0\n");
    [
        ("b.py".to_owned(), guard("    ", "items")),
        ("b.py".to_owned(), format!("{}    return total / len(rows)\n", guard("    ", "rows"))),
    ]
}

#[tokio::test]
async fn without_a_model_the_same_words_are_changed_and_what_looks_alike_is_listed() {
    let folder = repository();
    let mut client = Client::in_folder(folder.path(), plain(), json!({"model": "extractive"})).await;
    let document = changed(&mut client, &folder).await;
    let params = json!({"textDocument": {"uri": document}, "range": lines(2, 5), "context": {"diagnostics": []}});
    let offered = client.request("textDocument/codeAction", params).await.expect("actions");
    let offered =
        offered.as_array().expect("a list").iter().find(|it| it["title"] == "RLM: apply the same change everywhere");
    let argument = offered.expect("it is offered")["command"]["arguments"][0].clone();

    let mut params = argument.clone();
    params["queryId"] = json!("e");
    let result = client.request("rlm/edit", params).await.expect("a proposal");
    assert_eq!(made(&result), without_judgement(), "{result}");
    let [place] = result["places"].as_array().expect("a list").as_slice() else { panic!("{result}") };
    assert_eq!((&place["path"], &place["startLine"], &place["endLine"]), (&json!("d.py"), &json!(2), &json!(2)));
    assert!(place["why"].as_str().is_some_and(|it| it.contains("extractive only quotes")), "{place}");
    assert_eq!(place["uri"], uri(&folder.path().join("d.py")));
    assert!(
        result["summary"].as_str().is_some_and(|it| it.starts_with("3 other places look as these lines did before")),
        "{result}"
    );
    let id = client
        .begin(
            "workspace/executeCommand",
            json!({"command": "rlm.applyEdit", "arguments": [{"queryId": "e", "hunks": [1]}]}),
        )
        .await;
    let asked = client.message(|it| it["method"] == "workspace/applyEdit").await;
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"applied": true}})).await;
    client.response(id).await.expect("it is applied");
    assert_eq!(asked["params"]["edit"]["documentChanges"][0]["edits"][0]["range"]["start"]["line"], 6);

    // The same, of the hunk of that proposal: its own place is not saved, and still looks as before.
    let scope = argument["scope"].clone();
    let like = json!({"queryId": "e", "hunks": [0]});
    let again = client.request("rlm/edit", json!({"scope": scope, "everywhere": true, "like": like})).await;
    let again = again.expect("a proposal");
    assert_eq!(made(&again).len(), 2, "{again}");

    // As a command it is told in words.
    let command = json!({"command": "rlm.edit", "arguments": [argument]});
    client.request("workspace/executeCommand", command).await.expect("it starts");
    let said = client.next("window/showMessage", |_| true).await;
    assert!(said["message"].as_str().is_some_and(|it| it.contains("d.py:2")), "{said}");

    let untouched = json!({"kind": "selection", "uri": document, "range": lines(0, 1)});
    let error = client.request("rlm/edit", json!({"scope": untouched, "everywhere": true})).await;
    let error = error.expect_err("nothing was changed there");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("no change to make elsewhere")), "{error}");
    assert!(client.request("rlm/edit", json!({"scope": scope})).await.is_err(), "it does not say what is to change");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_model_is_asked_only_where_it_takes_judgement_and_changes_only_these_places() {
    let folder = repository();
    let reply = "Guarded as elsewhere.\n\nd.py\n<<<<<<< SEARCH\n    return count / len(rows)\n=======\n\
                 \x20   if not rows:\n        return 0\n    return count / len(rows)\n>>>>>>> REPLACE\n\
                 <<<<<<< SEARCH\ndef d(rows, count):\n=======\ndef d(rows, count=1):\n>>>>>>> REPLACE\n\n\
                 e.py\n<<<<<<< SEARCH\n    print(items)\n=======\n    pass\n>>>>>>> REPLACE\n";
    let server = ScriptedServer::start(move |_: &Asked| Action::reply(reply)).await;
    let options = json!({"endpoint": server.url(), "model": "scripted"});
    let mut client = Client::in_folder(folder.path(), plain(), options).await;
    let document = changed(&mut client, &folder).await;
    let scope = json!({"kind": "selection", "uri": document, "range": lines(2, 5)});
    let params = json!({"scope": scope, "everywhere": true, "instruction": "Keep it short."});
    let result = client.request("rlm/edit", params).await.expect("a proposal");
    let calls = server.calls();
    let [call] = calls.as_slice() else { panic!("one file takes judgement") };
    let asked = call.body["messages"][1]["content"].as_str().expect("a text");
    for part in
        ["+    if not items:\n", "==> d.py <==\n", "Lines 2 to 2:\n    return count / len(rows)\n", "Keep it short."]
    {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    let made = made(&result);
    assert_eq!(made[..2], without_judgement());
    assert_eq!(made[2..], [("d.py".to_owned(), "    if not rows:\n        return 0\n".to_owned())], "{result}");
    let warned = result["warnings"].to_string();
    assert!(warned.contains("1 change of d.py by the model") && warned.contains("wanted to change e.py"), "{result}");
    assert_eq!(result["places"], json!([]));
    assert!(result["summary"].as_str().is_some_and(|it| it.ends_with("Guarded as elsewhere.")), "{result}");
    assert_eq!(client.shut_down().await, 0);
}
