//! Follow-ups of all sorts: with nothing configured, after settings changed, after an error, after files changed.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fmt::Write, fs, path::Path};
use tempfile::TempDir;

/// Parts of a repository that call each other.
const PARTS: usize = 60;

/// A repository in which something can be asked about.
fn repository() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir(folder.path().join("src")).expect("a folder can be made");
    fs::write(folder.path().join("README.md"), "# Orchard\n\nGeese graze here.\n").expect("a file can be written");
    for part in 0..PARTS {
        let next = (part + 1) % PARTS;
        let mut text = format!("\"\"\"Part {part} of the orchard.\"\"\"\n\n\ndef prune_{part}(depth):\n");
        let _ = writeln!(text, "    \"\"\"Prunes to a depth, retries {part} times, checks citations of geese.\"\"\"");
        let _ = writeln!(text, "    return prune_{next}(depth - 1)");
        fs::write(folder.path().join(format!("src/part{part}.py")), text).expect("a file can be written");
    }
    folder
}

/// Questions of one session, each with what its answer must hold.
const QUESTIONS: [(&str, &str); 5] = [
    ("where are retries configured?", "src/part"),
    ("who calls prune_7?", "src/part6.py"),
    ("where are citations checked?", "src/part"),
    ("what is this project about?", "Geese graze here"),
    ("where is prune_9 defined?", "src/part9.py"),
];

async fn ask(client: &mut Client, query: &str, session: &str) -> Result<Value, Value> {
    client.request("rlm/query", json!({"query": query, "sessionId": session})).await
}

#[tokio::test]
async fn with_nothing_configured_no_follow_up_fails() {
    let folder = repository();
    for round in 0..2 {
        let mut client = Client::in_folder(folder.path(), json!({}), Value::Null).await;
        for (number, (question, expected)) in QUESTIONS.iter().enumerate() {
            // Three sessions side by side.
            let mut asked = Vec::new();
            for session in ["a", "b", "c"] {
                asked.push(client.begin("rlm/query", json!({"query": question, "sessionId": session})).await);
            }
            for id in asked {
                let result = client.response(id).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
                assert_eq!((&result["termination"], &result["model"]), (&json!("final"), &json!("extractive")));
                let answer = result["answer"].as_str().unwrap_or_default();
                assert!(answer.contains(expected), "round {round}, question {number}: {answer}");
                // What is named is looked up first, and only what is left is searched for.
                let turns = result["usage"]["iterations"].as_u64();
                assert!(turns.is_some_and(|turns| turns <= 2), "its programs ran at once: {answer}");
            }
        }
        assert_eq!(client.shut_down().await, 0);
    }
}

#[tokio::test]
async fn with_nothing_configured_follow_ups_see_files_and_buffers_that_have_changed() {
    let folder = repository();
    let mut client = Client::in_folder(folder.path(), json!({}), Value::Null).await;
    let readme = folder.path().join("README.md");
    for (number, text) in
        ["The gate opens at seven.", "The gate opens at eight.", "The gate opens at nine."].iter().enumerate()
    {
        match number {
            2 => client.open(&uri(&readme), 0, text).await,
            _ => fs::write(&readme, text).expect("a file can be written"),
        }
        let result = ask(&mut client, "when does the gate open?", "s").await.expect("an answer");
        assert!(result["answer"].as_str().is_some_and(|it| it.contains(text)), "{result}");
    }
    fs::remove_dir_all(folder.path().join("src")).expect("it can be removed");
    let result = ask(&mut client, "where is prune_9 defined?", "s").await.expect("an answer");
    assert!(result["answer"].as_str().is_some_and(|it| !it.contains("part9.py:")), "{result}");
    assert_eq!(client.shut_down().await, 0);
}

/// A model that keeps a variable when it is told to begin, and else tells it; it hangs, or is broken, when it is told
/// to.
async fn keeping() -> ScriptedServer {
    ScriptedServer::start(|asked: &Asked| {
        let question = asked.messages[1].1.rsplit("# Question\n").next().unwrap_or_default();
        match question {
            "begin" => Action::reply("```repl\nkept = 42\nFINAL('begun')\n```"),
            "fail" => Action::status(401).body("{\"error\": {\"message\": \"no\"}}"),
            "hang" => Action::hang(),
            _ => Action::reply("```repl\nFINAL(str(globals().get('kept')))\n```"),
        }
    })
    .await
}

fn options(server: &ScriptedServer) -> Value {
    json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm", "protocol": "repl"})
}

async fn configure(client: &mut Client, settings: Value) {
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"rlm": settings}})).await;
}

async fn answer(client: &mut Client, query: &str, session: &str) -> String {
    let result = ask(client, query, session).await.expect("an answer");
    result["answer"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_session_outlives_every_change_of_the_settings() {
    let folder = repository();
    let (first, second) = (keeping().await, keeping().await);
    let mut client = Client::in_folder(folder.path(), json!({}), options(&first)).await;
    assert_eq!(answer(&mut client, "begin", "s").await, "begun");
    let with = |server: &ScriptedServer, more: Value| {
        let mut options = options(server);
        options.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        options
    };
    for settings in [
        with(&second, json!({})),
        with(&second, json!({"price": {"scripted": [1, 2]}})),
        with(&second, json!({"concurrency": 64})),
        with(&first, json!({"worker": "cli:cat", "maxCalls": 7})),
        with(&first, json!({"endpoint": [first.url(), second.url()]})),
    ] {
        configure(&mut client, settings.clone()).await;
        // Another session, and a question without one, have engines of their own settings.
        let own = json!({"query": "?", "sessionId": "other", "options": {"model": "extractive"}});
        client.request("rlm/query", own).await.expect("an answer");
        client.request("rlm/status", Value::Null).await.expect("a status");
        assert_eq!(answer(&mut client, "tell", "s").await, "42", "after {settings}");
    }
    // Nothing configured, and back.
    configure(&mut client, json!({})).await;
    ask(&mut client, "where is prune_9 defined?", "s").await.expect("an answer");
    configure(&mut client, options(&first)).await;
    assert_eq!(answer(&mut client, "tell", "s").await, "42");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_follow_up_of_a_question_that_failed_is_answered() {
    let folder = repository();
    let server = keeping().await;
    let mut client = Client::in_folder(folder.path(), json!({}), options(&server)).await;
    // The first question fails while its interpreter still gets ready.
    for _ in 0..5 {
        ask(&mut client, "fail", "s").await.expect_err("the model fails");
    }
    assert_eq!(answer(&mut client, "tell", "s").await, "None");
    assert_eq!(answer(&mut client, "begin", "s").await, "begun");
    ask(&mut client, "fail", "s").await.expect_err("the model fails");
    assert_eq!(answer(&mut client, "tell", "s").await, "42");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn who_hears_of_the_end_by_its_event_or_by_the_reply_may_go_on_at_once() {
    let folder = repository();
    let server = keeping().await;
    let mut client = Client::in_folder(folder.path(), json!({}), options(&server)).await;
    for round in 0..20 {
        let query_id = format!("q{round}");
        let params = json!({"query": "begin", "sessionId": "s", "queryId": query_id});
        let id = client.begin("rlm/query", params).await;
        client.next("rlm/event", |it| it["kind"] == "done" && it["queryId"] == query_id).await;
        assert_eq!(answer(&mut client, "tell", "s").await, "42");
        client.response(id).await.expect("an answer");
    }
    let id = client.begin("rlm/query", json!({"query": "hang", "sessionId": "s", "queryId": "q"})).await;
    server.until("the model hangs", |log| log.open == 1).await;
    client.request("rlm/cancel", json!({"queryId": "q"})).await.expect("it was running");
    client.response(id).await.expect_err("it was cancelled");
    assert_eq!(answer(&mut client, "tell", "s").await, "42", "no program was running");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_model_is_told_that_the_variables_of_earlier_questions_are_gone() {
    let folder = repository();
    let server = ScriptedServer::start(|asked: &Asked| {
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        let question = asked.messages[1].1.rsplit("# Question\n").next().unwrap_or_default();
        let leave = "import threading, time\nkept = 42\n\
                     threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\nFINAL('left')";
        Action::reply(match (question, turn) {
            ("leave", _) => format!("```repl\n{leave}\n```"),
            (_, 0) => "```repl\n1\n```".to_owned(),
            _ => "```repl\nFINAL('kept' in globals())\n```".to_owned(),
        })
    })
    .await;
    let mut client = Client::in_folder(folder.path(), json!({}), options(&server)).await;
    assert_eq!(answer(&mut client, "leave", "s").await, "left");
    assert_eq!(answer(&mut client, "tell", "s").await, "False");
    let calls = server.calls();
    let told = |call: usize, message: usize| {
        calls[call].body["messages"][message]["content"].as_str().unwrap_or_default().to_owned()
    };
    assert!(told(1, 1).contains("still there: kept: int"), "{}", told(1, 1));
    assert!(told(2, 3).contains("variables of earlier questions are gone"), "{}", told(2, 3));
    assert_eq!(client.shut_down().await, 0);
}

/// A path that is a file of the repository.
#[tokio::test]
async fn sessions_with_nothing_configured_may_have_other_scopes_each_time() {
    let folder = repository();
    let mut client = Client::in_folder(folder.path(), json!({}), Value::Null).await;
    let at = |name: &str| uri(&Path::new(folder.path()).join(name));
    let range = json!({"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 0}});
    for scope in [
        json!({"kind": "workspace"}),
        json!({"kind": "file", "uri": at("src/part3.py")}),
        json!({"kind": "selection", "uri": at("src/part3.py"), "range": range}),
        json!({"kind": "folder", "uri": at("src")}),
        json!({"kind": "value", "value": ["prune_3 is here", "and there"]}),
        json!({"kind": "paths", "paths": ["src/part3.py", "src/part4.py"]}),
        json!({"kind": "workspace"}),
    ] {
        let params = json!({"query": "where is prune_3?", "sessionId": "s", "scope": scope});
        let result = client.request("rlm/query", params).await.unwrap_or_else(|error| panic!("{scope}: {error}"));
        assert_eq!(result["termination"], "final", "{scope}: {result}");
        assert!(result["answer"].as_str().is_some_and(|it| it.contains("prune_3")), "{scope}: {result}");
    }
    assert_eq!(client.shut_down().await, 0);
}
