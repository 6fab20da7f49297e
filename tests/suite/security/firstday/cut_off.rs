//! What was shown of an answer stays when it is cut off, and is in the result.

use crate::{
    client::Client,
    processes::interrupt,
    scripted::{Action, Asked, ScriptedServer},
    security::firstday::answers::Terminal,
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// Characters that must have been shown before an answer is cut off.
const SHOWN: usize = 300;

/// A long text without an end.
fn long() -> String {
    (1..=100).map(|number| format!("This is sentence {number} of the answer. ")).collect()
}

/// A folder with a text that the answer is about.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "one\ntwo\n").expect("a file can be written");
    folder
}

/// What the model writes, turn by turn, of which the last one never ends; and the options with which it is asked.
struct Case {
    replies: Vec<String>,
    options: Value,
}

fn cases() -> Vec<(&'static str, Case)> {
    let case = |replies: &[&str], options: Value| {
        let replies = replies.iter().map(|it| it.replace("LONG", &long())).collect();
        Case { replies, options }
    };
    let rlm = json!({"strategy": "rlm", "protocol": "repl"});
    vec![
        ("direct", case(&["LONG"], json!({"strategy": "direct"}))),
        ("in a program", case(&["I know.\n```repl\nFINAL(\"\"\"LONG"], rlm.clone())),
        ("in a program behind others", case(&["```repl\nx = 1\n```\n```repl\ny = 2\nFINAL('LONG"], rlm.clone())),
        ("in a later turn", case(&["```repl\nanswer['content'] = 'a draft'\n```", "FINAL(LONG"], rlm.clone())),
        ("as the answer's content", case(&["```repl\nanswer[\"content\"] = \"\"\"LONG"], rlm.clone())),
        ("as prose", case(&["I think.", "LONG"], rlm.clone())),
        ("as a message", case(&["LONG"], json!({"strategy": "rlm", "protocol": "tools"}))),
        (
            "when the turns are used up",
            case(&["```repl\n1\n```", "LONG"], json!({"strategy": "rlm", "protocol": "repl", "maxIterations": 1})),
        ),
    ]
}

/// A server that writes these replies, and stops in the middle of the last one without ending it.
async fn server(replies: Vec<String>) -> ScriptedServer {
    ScriptedServer::start(move |asked: &Asked| {
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        match turn + 1 < replies.len() {
            true => Action::reply(replies[turn].clone()),
            false => Action::reply(replies[replies.len() - 1].clone()).in_parts(7, std::time::Duration::ZERO).stall(),
        }
    })
    .await
}

/// What a client shows of an answer after an event.
fn show(shown: &mut String, event: &Value) {
    if event["kind"] == "delta" {
        if event["reset"] == true {
            shown.clear();
        }
        shown.push_str(event["text"].as_str().expect("a text"));
    }
}

#[tokio::test]
async fn what_was_shown_is_in_the_result_of_a_cancelled_query() {
    let folder = folder();
    let ways = ["rlm/cancel", "$/cancelRequest", "window/workDoneProgress/cancel"];
    for ((name, Case { replies, mut options }), way) in cases().into_iter().zip(ways.iter().cycle()) {
        let server = server(replies).await;
        let mut client = Client::in_folder(folder.path(), json!({}), Value::Null).await;
        options["endpoint"] = json!(server.url());
        options["model"] = json!("scripted");
        let params = json!({"query": "?", "queryId": "q", "workDoneToken": "t", "options": options});
        let id = client.begin("rlm/query", params).await;
        let mut shown = String::new();
        while shown.chars().count() < SHOWN {
            show(&mut shown, &client.next("rlm/event", |_| true).await);
        }
        let before = shown.clone();
        match *way {
            "rlm/cancel" => drop(client.request(way, json!({"queryId": "q"})).await.expect("it was running")),
            "$/cancelRequest" => client.notify(way, json!({"id": id})).await,
            _ => client.notify(way, json!({"token": "t"})).await,
        }
        let error = client.response(id).await.expect_err("it was cancelled");
        let partial = &error["data"]["partial"];
        let answer = partial["answer"].as_str().expect("a text");
        assert!(answer.starts_with(&before), "{name}: {before:?} was shown, and {answer:?} is left");
        assert_eq!((&error["code"], &partial["termination"]), (&json!(-32800), &json!("cancelled")), "{name}");
        let done = loop {
            let event = client.next("rlm/event", |_| true).await;
            show(&mut shown, &event);
            if event["kind"] == "done" {
                break event;
            }
        };
        assert_eq!((shown.as_str(), done["result"]["answer"].as_str()), (answer, Some(answer)), "{name}");
        assert_eq!(client.shut_down().await, 0);
    }
}

#[tokio::test]
async fn what_was_written_is_printed_when_the_time_is_up() {
    let folder = folder();
    let path = folder.path().to_str().expect("text");
    let server = server(vec!["```repl\nFINAL(\"\"\"LONG".replace("LONG", &long())]).await;
    let url = server.url();
    let options = ["--strategy", "rlm", "--endpoint", &url, "--model", "scripted", "--timeout", "10"];
    let ran = run(rlm(["query", "?", path].iter().chain(&options))).await;
    assert_eq!((ran.status, ran.output.trim_end()), (3, long().trim_end()), "{ran:?}");
    assert!(ran.errors.contains("the answer above is partial"), "{ran:?}");
}

#[tokio::test]
async fn what_stands_on_the_terminal_stays_after_an_interrupt_and_is_said_to_be_cut_off() {
    let folder = folder();
    let path = folder.path().to_str().expect("text");
    // Rendered, a paragraph shows when it is whole; as it is written, every word does.
    let paragraphs = long().replace(". ", ".\n\n");
    for (text, strategy, color) in [
        (&paragraphs, "direct", "auto"),
        (&paragraphs, "rlm", "auto"),
        (&long(), "direct", "never"),
        (&long(), "rlm", "never"),
    ] {
        let reply = if strategy == "rlm" { format!("```repl\nFINAL(\"\"\"{text}") } else { text.clone() };
        let server = server(vec![reply]).await;
        let url = server.url();
        let options = ["--strategy", strategy, "--endpoint", &url, "--model", "scripted", "--color", color];
        let mut terminal = Terminal::start(["query", "?", path].iter().chain(&options)).await;
        terminal.until("sentence 20 of the answer").await;
        interrupt(terminal.program().await);
        let (shown, status) = terminal.end().await;
        assert_eq!(status, 130, "{shown}");
        assert_eq!(shown.matches("sentence 1 of the answer").count(), 1, "{shown}");
        assert_eq!(shown.matches("sentence 20 of the answer").count(), 1, "{shown}");
        assert!(shown.contains("partial: it was cut off"), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_was_being_mended_stays_when_the_query_is_cancelled() {
    let folder = folder();
    let script = |asked: &Asked| match asked.messages.len() {
        0..=2 => Action::reply("It is two.\nSee a.txt:9.\n"),
        _ => Action::reply("It is half").stall(),
    };
    let server = ScriptedServer::start(script).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "direct"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let id = client.begin("rlm/query", json!({"query": "?", "queryId": "q"})).await;
    server.until("the second call", |log| log.calls.len() == 2).await;
    client.request("rlm/cancel", json!({"queryId": "q"})).await.expect("it was running");
    let error = client.response(id).await.expect_err("it was cancelled");
    assert_eq!(error["data"]["partial"]["answer"].as_str().map(str::trim_end), Some("It is two.\nSee a.txt:9."));
    assert_eq!(client.shut_down().await, 0);
}
