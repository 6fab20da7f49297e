//! Changes in an editor: proposed, shown, applied by hunks, brought to newer texts, refused.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tempfile::TempDir;

const TEXT: &str = "def mean(items):\n    total = sum(items)\n    return total / len(items)\n\n\n\
                    def spread(items):\n    return max(items) - min(items)\n";

/// Two changes, each of which stands alone.
const BLOCKS: &str = "Empty lists have a mean and a spread of zero.\n\nmean.py\n\
                      <<<<<<< SEARCH\n    return total / len(items)\n=======\n\
                      \x20   return total / len(items) if items else 0\n>>>>>>> REPLACE\n\
                      <<<<<<< SEARCH\n    return max(items) - min(items)\n=======\n\
                      \x20   return max(items) - min(items) if items else 0\n>>>>>>> REPLACE\n";

fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("mean.py"), TEXT).expect("a file can be written");
    fs::write(folder.path().join("other.py"), "import mean\n").expect("a file can be written");
    folder
}

/// What a client declares that shows edits before it makes them.
fn annotating() -> Value {
    json!({"workspace": {"applyEdit": true, "workspaceEdit": {
        "documentChanges": true, "resourceOperations": ["create", "rename", "delete"],
        "changeAnnotationSupport": {"groupsOnLabel": true}}}})
}

/// What a client declares that makes edits, and nothing else.
fn plain() -> Value {
    json!({"workspace": {"applyEdit": true, "workspaceEdit": {"documentChanges": true}},
           "window": {"showDocument": {"support": true}}})
}

fn options(server: &ScriptedServer) -> Value {
    json!({"endpoint": server.url(), "model": "scripted"})
}

fn selection(document: &str, lines: (u32, u32)) -> Value {
    let range = json!({"start": {"line": lines.0, "character": 0}, "end": {"line": lines.1, "character": 0}});
    json!({"kind": "selection", "uri": document, "range": range})
}

/// The edit that the client is asked to make, which it says it has made.
async fn edit(client: &mut Client) -> Value {
    let mut asked = client.message(|it| it["method"] == "workspace/applyEdit").await;
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"applied": true}})).await;
    asked["params"]["edit"].take()
}

async fn begin_command(client: &mut Client, command: &str, argument: Value) -> i64 {
    client.begin("workspace/executeCommand", json!({"command": command, "arguments": [argument]})).await
}

fn change(document: &str, version: i32, edit: &Value) -> Value {
    let change = json!({"range": edit["range"], "text": edit["newText"]});
    json!({"textDocument": {"uri": document, "version": version}, "contentChanges": [change]})
}

#[tokio::test]
async fn a_change_is_proposed_applied_by_hunks_and_brought_to_newer_texts() {
    let folder = repository();
    let document = uri(&folder.path().join("mean.py"));
    let server = ScriptedServer::start(|asked: &Asked| match asked.number {
        1 => Action::reply("mean.py\n<<<<<<< SEARCH\n    return total\n=======\n    return 0\n>>>>>>> REPLACE\n"),
        _ => Action::reply(BLOCKS),
    })
    .await;
    let mut client = Client::in_folder(folder.path(), plain(), options(&server)).await;
    // The buffer has a line that the disk has not.
    client.open(&document, 7, &format!("# unsaved\n{TEXT}")).await;
    let params =
        json!({"instruction": "Take care of empty lists.", "scope": selection(&document, (1, 4)), "queryId": "e"});
    let result = client.request("rlm/edit", params).await.expect("a proposal");

    let calls = server.calls();
    assert_eq!(calls.len(), 2, "what cannot be taken is given back once");
    let asked = calls[0].body["messages"][1]["content"].as_str().expect("a text");
    assert!(asked.contains("# unsaved\ndef mean") && asked.contains("these lines, 2 to 4"), "{asked}");
    let given_back = calls[1].body["messages"][3]["content"].as_str().expect("a text");
    assert!(given_back.contains("mean.py: `return total` is only a part of line 4"), "{given_back}");

    assert_eq!(
        (&result["queryId"], &result["summary"]),
        (&json!("e"), &json!("Empty lists have a mean and a spread of zero."))
    );
    let file = &result["files"][0];
    assert_eq!((&file["uri"], &file["version"], &file["isNew"]), (&json!(document), &json!(7), &json!(false)));
    assert_eq!(
        file["hunks"][0]["range"],
        json!({"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}})
    );
    assert_eq!(file["hunks"][0]["newText"], "    return total / len(items) if items else 0\n");
    assert_eq!(file["hunks"][1]["number"], 1);
    let diff = file["diff"].as_str().expect("a text");
    assert!(
        diff.starts_with("diff --git a/mean.py b/mean.py\n")
            && diff.contains("+    return max(items) - min(items) if items"),
        "{diff}"
    );
    assert_eq!(fs::read_to_string(folder.path().join("mean.py")).expect("it is there"), TEXT);

    // One hunk of two, by the version that is open.
    let id = begin_command(&mut client, "rlm.applyEdit", json!({"queryId": "e", "hunks": [1]})).await;
    let made = edit(&mut client).await;
    assert_eq!(client.response(id).await, Ok(json!({"applied": true, "reason": null})));
    let [only] = made["documentChanges"].as_array().expect("a list").as_slice() else { panic!("{made}") };
    assert_eq!(only["textDocument"], json!({"uri": document, "version": 7}));
    let edits = only["edits"].as_array().expect("a list");
    assert_eq!((edits.len(), &edits[0]["range"]["start"]["line"]), (1, &json!(7)));
    client.notify("textDocument/didChange", change(&document, 8, &edits[0])).await;

    // The other one, when its lines are elsewhere.
    let above =
        json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "newText": "\n\n"});
    client.notify("textDocument/didChange", change(&document, 9, &above)).await;
    let id = begin_command(&mut client, "rlm.applyEdit", json!({"queryId": "e", "hunks": [0]})).await;
    let made = edit(&mut client).await;
    client.response(id).await.expect("it is applied");
    let only = &made["documentChanges"][0];
    assert_eq!((&only["textDocument"]["version"], &only["edits"][0]["range"]["start"]["line"]), (&json!(9), &json!(5)));
    client.notify("textDocument/didChange", change(&document, 10, &only["edits"][0])).await;

    // What was applied is told as such, and what fits no more is refused.
    let error = |client: Client, argument: Value| async move {
        let mut client = client;
        let id = begin_command(&mut client, "rlm.applyEdit", argument).await;
        (client.response(id).await.expect_err("it does not fit"), client)
    };
    let (told, client) = error(client, json!({"queryId": "e"})).await;
    assert!(told["message"].as_str().is_some_and(|it| it.contains("stand at line 6 already")), "{told}");
    let (told, client) = error(client, json!({"queryId": "e", "hunks": [17]})).await;
    assert!(told["message"].as_str().is_some_and(|it| it.contains("has 2 changes")), "{told}");
    let (told, client) = error(client, json!({"queryId": "other"})).await;
    assert_eq!(told["code"], -32602);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_command_has_the_client_show_each_hunk_before_it_is_made() {
    let folder = repository();
    let document = uri(&folder.path().join("mean.py"));
    let with_test = format!("{BLOCKS}\ntest_mean.py\n<<<<<<< SEARCH\n=======\nimport mean\n>>>>>>> REPLACE\n");
    let server =
        ScriptedServer::start(move |_: &Asked| Action::reply(&with_test).after(Duration::from_millis(200))).await;
    let mut client = Client::in_folder(folder.path(), annotating(), options(&server)).await;
    client.open(&document, 1, TEXT).await;
    let argument =
        json!({"instruction": "Take care of empty lists.", "scope": {"kind": "file", "uri": document}, "queryId": "e"});
    let id = begin_command(&mut client, "rlm.edit", argument).await;
    assert_eq!(client.response(id).await, Ok(json!({"queryId": "e", "status": "started"})));
    // The person types while the model writes.
    let above = json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
                       "newText": "# typed\n"});
    client.notify("textDocument/didChange", change(&document, 2, &above)).await;
    let made = edit(&mut client).await;
    let operations = made["documentChanges"].as_array().expect("a list");
    let first = &operations[0];
    assert_eq!(first["textDocument"], json!({"uri": document, "version": 2}));
    assert_eq!(first["edits"][0]["range"]["start"]["line"], 3);
    let annotation = &made["changeAnnotations"][first["edits"][0]["annotationId"].as_str().expect("a text")];
    assert_eq!(annotation["needsConfirmation"], true);
    assert_eq!(annotation["label"], "RLM: change 1 of 3");
    let new = uri(&folder.path().join("test_mean.py"));
    assert_eq!((&operations[1]["kind"], &operations[1]["uri"]), (&json!("create"), &json!(new)));
    assert_eq!(operations[2]["edits"][0]["newText"], "import mean\n");
    assert!(made["changeAnnotations"].as_object().is_some_and(|it| it.len() == 3), "{made}");
    assert!(!folder.path().join("test_mean.py").exists(), "the client makes it, not the server");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_client_that_cannot_show_edits_gets_a_diff_and_nothing_is_changed() {
    let folder = repository();
    let document = uri(&folder.path().join("mean.py"));
    let server = ScriptedServer::start(|_: &Asked| Action::reply(BLOCKS)).await;
    let mut client = Client::in_folder(folder.path(), plain(), options(&server)).await;
    let argument =
        json!({"instruction": "Take care of empty lists.", "scope": {"kind": "file", "uri": document}, "queryId": "e"});
    let id = begin_command(&mut client, "rlm.edit", argument).await;
    client.response(id).await.expect("it starts");
    let mut asked = client.message(|it| it["method"] == "window/showDocument").await;
    client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"success": true}})).await;
    let shown = asked["params"]["uri"].take();
    let path = shown.as_str().expect("a text").trim_start_matches("file://").to_owned();
    let diff = fs::read_to_string(&path).expect("the diff is there");
    assert!(diff.starts_with("# Empty lists have") && diff.contains("+++ b/mean.py\n@@ -1,7 +1,7 @@\n"), "{diff}");
    fs::remove_file(path).expect("it can be removed");
    let said = client.next("window/showMessage", |_| true).await;
    assert!(
        said["message"].as_str().is_some_and(|it| it.contains("Nothing is changed yet") && it.contains("\"e\"")),
        "{said}"
    );
    assert!(client.unread("workspace/applyEdit").is_empty());

    // What fits the text as it is then is offered at its lines.
    client.open(&document, 1, &TEXT.replace("    return total / len(items)\n", "    return 0\n")).await;
    let offered = |line: u32| {
        let at = json!({"line": line, "character": 0});
        json!({"textDocument": {"uri": document}, "range": {"start": at, "end": at},
               "context": {"diagnostics": [], "only": ["quickfix"]}})
    };
    for (line, titles) in [(6, ["RLM: make change 2 of 2"]), (2, ["RLM: make change 2 of 2"])] {
        let actions = client.request("textDocument/codeAction", offered(line)).await.expect("actions");
        let found: Vec<&str> =
            actions.as_array().expect("a list").iter().filter_map(|it| it["title"].as_str()).collect();
        assert_eq!(found, titles, "in line {line}");
    }
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": document}})).await;

    // The file is not open: it is changed as it is on the disk.
    fs::write(folder.path().join("mean.py"), format!("# more\n{TEXT}")).expect("a file can be written");
    let id = begin_command(&mut client, "rlm.applyEdit", json!({"queryId": "e"})).await;
    let made = edit(&mut client).await;
    client.response(id).await.expect("it is applied");
    assert_eq!(made["documentChanges"][0]["textDocument"], json!({"uri": document, "version": null}));
    assert_eq!(made["documentChanges"][0]["edits"][0]["range"]["start"]["line"], 3);
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let folder = repository();
    let document = uri(&folder.path().join("mean.py"));
    let scope = json!({"kind": "file", "uri": document});
    let params = json!({"instruction": "Take care of empty lists.", "scope": scope});
    let mut client = Client::in_folder(folder.path(), plain(), json!({"model": "extractive"})).await;
    let error = client.request("rlm/edit", params.clone()).await.expect_err("it only quotes");
    assert_eq!(error["data"]["kind"], "unsuitable");
    assert!(error["data"]["hint"].as_str().is_some_and(|it| it.contains("ANTHROPIC_API_KEY")), "{error}");
    assert_eq!(client.shut_down().await, 0);

    let elsewhere = TempDir::new().expect("a folder can be made");
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("out")).expect("a link can be made");
    let broken = BLOCKS.replace("if items else 0", "if items else (");
    for (reply, calls, kind, says) in [
        (
            "There is nothing to change: it is right as it is.",
            1,
            "noAnswer",
            "proposes no change: There is nothing to change",
        ),
        ("```python\nreturn 0\n```", 2, "noAnswer", "proposes no change"),
        ("../outside.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n", 2, "noAnswer", "leads elsewhere"),
        (
            "README.md\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
            2,
            "noAnswer",
            "README.md: there is no such file",
        ),
        ("out/new.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n", 1, "noFile", "a link on its way leads out"),
        (broken.as_str(), 2, "", "the syntax of mean.py is broken"),
    ] {
        let text = reply.to_owned();
        let server = ScriptedServer::start(move |_: &Asked| Action::reply(&text)).await;
        let mut client = Client::in_folder(folder.path(), plain(), options(&server)).await;
        let outcome = client.request("rlm/edit", params.clone()).await;
        assert_eq!(server.calls().len(), calls, "{reply}");
        match outcome {
            Ok(result) => {
                assert!(kind.is_empty() && result["warnings"].to_string().contains(says), "{reply}: {result}");
            }
            Err(error) => {
                assert_eq!(error["data"]["kind"], kind, "{reply}");
                assert!(error["message"].as_str().is_some_and(|it| it.contains(says)), "{reply}: {error}");
            }
        }
        assert_eq!(client.shut_down().await, 0);
    }
    let mut client = Client::in_folder(folder.path(), plain(), json!({})).await;
    let error =
        client.request("rlm/edit", json!({"instruction": "x"})).await.expect_err("the workspace is no document");
    assert_eq!(error["data"]["kind"], "noFile");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn files_come_go_and_move_only_after_the_person_was_asked() {
    let folder = repository();
    let patch = "*** Begin Patch\n*** Delete File: other.py\n*** Update File: mean.py\n\
                 *** Move to: lib/mean.py\n*** End Patch\n";
    let server = ScriptedServer::start(move |_: &Asked| Action::reply(patch)).await;
    let document = uri(&folder.path().join("mean.py"));
    let mut client = Client::in_folder(folder.path(), annotating(), options(&server)).await;
    let argument = json!({"instruction": "Tidy up.", "scope": {"kind": "file", "uri": document}, "queryId": "e"});
    let id = begin_command(&mut client, "rlm.edit", argument).await;
    client.response(id).await.expect("it starts");
    let made = edit(&mut client).await;
    let operations = made["documentChanges"].as_array().expect("a list");
    let kinds: Vec<&Value> = operations.iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, [&json!("delete"), &json!("rename")], "{made}");
    assert_eq!(operations[1]["newUri"], json!(uri(&folder.path().join("lib/mean.py"))));
    for operation in operations {
        let id = operation["annotationId"].as_str().expect("it is annotated");
        assert_eq!(made["changeAnnotations"][id]["needsConfirmation"], true, "{made}");
    }
    assert_eq!(client.shut_down().await, 0);
    // A client that cannot remove files is not asked to.
    let mut client = Client::in_folder(folder.path(), plain(), options(&server)).await;
    let params = json!({"instruction": "Tidy up.", "scope": {"kind": "file", "uri": document}, "queryId": "e"});
    let result = client.request("rlm/edit", params).await.expect("a proposal");
    assert_eq!(
        (&result["files"][0]["isRemoved"], &result["files"][1]["renamedFrom"]),
        (&json!(true), &json!(document))
    );
    let id = begin_command(&mut client, "rlm.applyEdit", json!({"queryId": "e"})).await;
    let error = client.response(id).await.expect_err("it cannot");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("cannot remove files")), "{error}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_dear_change_begins_only_when_the_person_agrees_and_a_known_one_at_once() {
    let folder = repository();
    let document = uri(&folder.path().join("mean.py"));
    let server = ScriptedServer::start(|_: &Asked| Action::reply(BLOCKS)).await;
    let mut settings = options(&server);
    settings["price"] = json!({"scripted": [1000, 1000]});
    let store = TempDir::new().expect("a folder can be made");
    let store = store.path().join("store").to_str().expect("text").to_owned();
    let mut client = Client::with_environment([("RLM_STORE", store)], folder.path(), plain(), settings).await;
    let params = json!({"instruction": "Take care of empty lists.", "scope": {"kind": "file", "uri": document}});
    for (chosen, is_made) in [(json!({"title": "Cancel"}), false), (json!({"title": "Begin"}), true)] {
        let id = client.begin("rlm/edit", params.clone()).await;
        let asked = client.message(|it| it["method"] == "window/showMessageRequest").await;
        let message = asked["params"]["message"].as_str().expect("a text");
        assert!(message.contains("this change may cost about $"), "{message}");
        client.send(json!({"jsonrpc": "2.0", "id": asked["id"], "result": chosen})).await;
        match client.response(id).await {
            Ok(result) => assert!(is_made && result["files"][0]["path"] == "mean.py", "{result}"),
            Err(error) => assert!(!is_made && error["data"]["kind"] == "notConfirmed", "{error}"),
        }
        assert_eq!(server.calls().len(), usize::from(is_made));
    }
    let known = client.request("rlm/edit", params).await.expect("it is known");
    assert_eq!((&known["usage"]["calls"], server.calls().len()), (&json!(0), 1), "{known}");
    assert!(client.unread("window/showMessageRequest").is_empty());
    assert_eq!(client.shut_down().await, 0);
}
