//! Follow-up questions: a session keeps variables and answers from question to question.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// The programs that answer each question, by a word of it.
const SCRIPT: [(&str, &[&str]); 6] = [
    ("begin", &["x = len(context)\ndef f(): return x + 1", "FINAL(f\"{x} {'history' in globals()}\")"]),
    ("continue", &["FINAL(f\"{f()} {len(context)} {history}\")\nhistory.clear()"]),
    (
        "endless",
        &[
            "y = len(context)",
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "FINAL(f\"{x} {y} {len(context)} {len(history)} {sorted(SHOW_VARS())}\")",
        ],
    ),
    ("strange", &["FINAL('x' in globals())"]),
    ("hang", &["z = llm_query('hang')"]),
    ("after", &["FINAL(f\"{len(history)} {'x' in globals()}\")"]),
];

async fn server() -> ScriptedServer {
    ScriptedServer::start(|asked: &Asked| {
        if asked.messages[0].0 != "system" {
            return Action::hang();
        }
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        let question = asked.messages[1].1.rsplit("# Question").next().unwrap_or_default();
        let (_, programs) = SCRIPT.iter().find(|(word, _)| question.contains(word)).expect("a known question");
        Action::reply(format!("```repl\n{}\n```", programs[turn.min(programs.len() - 1)]))
    })
    .await
}

async fn client(folder: &Path, server: &ScriptedServer) -> Client {
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm", "cellTimeout": 0.3});
    Client::in_folder(folder, json!({}), options).await
}

fn question(query: &str, session: &str, document: &str) -> Value {
    json!({"query": query, "sessionId": session, "scope": {"kind": "file", "uri": document}})
}

async fn answer(client: &mut Client, params: Value) -> String {
    let result = client.request("rlm/query", params).await.expect("an answer");
    result["answer"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_follow_up_has_the_variables_and_the_answers_and_sees_the_text_of_now() {
    let folder = TempDir::new().expect("a folder can be made");
    let server = server().await;
    let mut client = client(folder.path(), &server).await;
    let note = uri(&folder.path().join("note.txt"));
    client.open(&note, 0, "four").await;
    assert_eq!(answer(&mut client, question("begin", "s", &note)).await, "4 False");
    let change = json!({"textDocument": {"uri": note, "version": 1}, "contentChanges": [{"text": "fifteen and more"}]});
    client.notify("textDocument/didChange", change).await;
    let expected = "5 16 [{'question': 'begin', 'answer': '4 False'}]";
    assert_eq!(answer(&mut client, question("continue", "s", &note)).await, expected);
    // What is told beforehand, and what survives the violent end of a program.
    assert_eq!(answer(&mut client, question("endless", "s", &note)).await, "4 16 16 2 ['f', 'x', 'y']");
    let opening = server.calls().iter().rev().find_map(|call| {
        let messages = call.body["messages"].as_array()?;
        (messages.len() == 2).then(|| messages[1]["content"].as_str().unwrap_or_default().to_owned())
    });
    let opening = opening.expect("a first turn");
    for told in ["follows 2 earlier questions", "Question: continue\nAnswer: 5 16", "still there: x: int, f: function"]
    {
        assert!(opening.contains(told), "no `{told}` in {opening}");
    }
    // Other sessions, and questions without one, share nothing.
    assert_eq!(answer(&mut client, question("strange", "other", &note)).await, "False");
    let scope = json!({"kind": "file", "uri": note});
    let alone = client.request("rlm/query", json!({"query": "strange", "scope": scope})).await.expect("an answer");
    assert_eq!((&alone["answer"], &alone["sessionId"]), (&json!("False"), &Value::Null));
    let ended = client.request("rlm/endSession", json!({"sessionId": "s"})).await.expect("a result");
    assert_eq!(ended, json!({"ended": true}));
    assert_eq!(answer(&mut client, question("strange", "s", &note)).await, "False");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn one_question_at_a_time_and_a_cancelled_one_takes_its_interpreter_along() {
    let folder = TempDir::new().expect("a folder can be made");
    let server = server().await;
    let mut client = client(folder.path(), &server).await;
    let note = uri(&folder.path().join("note.txt"));
    client.open(&note, 0, "four").await;
    assert_eq!(answer(&mut client, question("begin", "s", &note)).await, "4 False");
    let mut hanging = question("hang", "s", &note);
    hanging["queryId"] = json!("q");
    let id = client.begin("rlm/query", hanging).await;
    server.until("an open sub-call", |log| log.open == 1 && log.calls.len() == 4).await;
    let refused = client.request("rlm/query", question("after", "s", &note)).await.expect_err("the session is in use");
    assert_eq!(refused["code"], -32602, "{refused}");
    client.request("rlm/cancel", json!({"queryId": "q"})).await.expect("it was running");
    client.response(id).await.expect_err("it was cancelled");
    // It was not answered, so it is no part of the history.
    assert_eq!(answer(&mut client, question("after", "s", &note)).await, "1 False");
    assert_eq!(client.shut_down().await, 0);
}
