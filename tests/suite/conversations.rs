//! Conversations that outlive the process in which they were begun: in editors whose server is started anew after each
//! question, and in the terminal.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, lent_terminal, rlm, run},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

/// Five questions, by a word of each, with the programs that answer them.
const SCRIPT: [(&str, &[&str]); 5] = [
    (
        "begin",
        &[
            "x = len(context)\ndef f(y): return x + y\nnotes = llm_query_batched([f'note {n}' for n in range(4)])\nprint(notes)",
            "FINAL(f\"{x} {notes} {'history' in globals()}\")",
        ],
    ),
    (
        "second",
        &[
            "rows = grep('line')\nprint(len(rows))",
            "FINAL(f\"{f(1)} {len(rows)} {[it['question'] for it in history]}\")",
        ],
    ),
    ("select", &["picked = selection\nsort = sorted\nwrong = 1 / 0", "FINAL(f\"{picked!r} {f(len(rows))}\")"]),
    (
        "class",
        &[
            "import json, collections\nclass Part:\n    def __init__(self, name): self.name = name\n\
             parts = {name: Part(name) for name in files}\nleft = BUDGET()['calls']\ndel picked",
            "FINAL(f\"{sorted(parts)} {parts['a.txt'].name} {left > 0} {json.dumps(notes)}\")",
        ],
    ),
    (
        "last",
        &[
            "FINAL(f\"{sorted(SHOW_VARS())} {len(history)} {history[-1]['question']} {f(2)} {type(parts['a.txt']).__name__}\")",
        ],
    ),
];

/// What is there after the first two.
const COUNT: &str = "FINAL(f\"{sorted(SHOW_VARS())} {len(history)} {history[-1]['question']} {f(2)}\")";

/// What a model was asked, without how many seconds were left: that says how fast the machine is.
fn without_time(messages: &str) -> String {
    let left = regex::Regex::new(r"(Left: [^.]*?calls), \d+ s").expect("the pattern is right");
    left.replace_all(messages, "$1").into_owned()
}

fn is_turn(asked: &Asked) -> bool {
    asked.messages.first().is_some_and(|(role, _)| role == "system")
}

/// Writes the programs, and counts the calls of its workers.
async fn server() -> ScriptedServer {
    ScriptedServer::start(|asked: &Asked| {
        if !is_turn(asked) {
            return Action::reply(format!("read: {}", asked.last()));
        }
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        let question = asked.messages[1].1.rsplit("# Question").next().unwrap_or_default();
        match SCRIPT.iter().find(|(word, _)| question.contains(word)) {
            Some((_, programs)) => Action::reply(format!("```repl\n{}\n```", programs[turn.min(programs.len() - 1)])),
            None if question.contains("count") => Action::reply(format!("```repl\n{COUNT}\n```")),
            None => Action::reply("```repl\nFINAL(f\"{'x' in globals()} {'history' in globals()}\")\n```"),
        }
    })
    .await
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    for name in ["a.txt", "b.txt"] {
        fs::write(folder.path().join(name), format!("a line of {name}\nand another line\n")).expect("it is written");
    }
    folder
}

async fn editor(store: &Path, folder: &Path, options: &Value) -> Client {
    let environment = [("RLM_STORE", store.to_str().expect("text").to_owned())];
    Client::with_environment(environment, folder, json!({}), options.clone()).await
}

fn scripted(server: &ScriptedServer) -> Value {
    json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"})
}

/// The answers to these questions, with the warnings. `restarts` is whether the server is started anew after each.
async fn session(folder: &Path, options: &Value, questions: &[&str], restarts: bool) -> Vec<(String, Value)> {
    let store = TempDir::new().expect("a folder can be made");
    let mut client = editor(store.path(), folder, options).await;
    let mut answers = Vec::new();
    for &query in questions {
        let mut params = json!({"query": query, "sessionId": "s"});
        if query == "select" {
            let range = json!({"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 6}});
            params["scope"] = json!({"kind": "selection", "uri": uri(&folder.join("b.txt")), "range": range});
        }
        let result = client.request("rlm/query", params).await.expect("an answer");
        let answer = result["answer"].as_str().expect("a text");
        // How long a search took differs.
        let answer = answer.split("\n\n*Extracted by").next().unwrap_or(answer);
        answers.push((answer.to_owned(), result["warnings"].clone()));
        if restarts {
            assert_eq!(client.shut_down().await, 0);
            client = editor(store.path(), folder, options).await;
        }
    }
    assert_eq!(client.shut_down().await, 0);
    answers
}

#[tokio::test]
async fn a_session_of_five_questions_is_the_same_over_a_restart_of_the_server_after_each() {
    let rounds = if std::env::var_os("RLM_TEST_FULL").is_some() { 10 } else { 2 };
    let questions = SCRIPT.map(|(word, _)| word);
    for round in 0..rounds {
        let folder = folder();
        let (one, many) = (server().await, server().await);
        let expected = session(folder.path(), &scripted(&one), &questions, false).await;
        let found = session(folder.path(), &scripted(&many), &questions, true).await;
        assert_eq!(found, expected, "round {round}");
        assert!(found.iter().all(|(_, warnings)| *warnings == Value::Null), "{found:?}");
        assert!(found[4].0.contains("'Part', 'f', 'left', 'notes'") && found[4].0.contains(" 4 class "), "{found:?}");
        let asked = |server: &ScriptedServer| {
            let mut bodies: Vec<String> =
                server.calls().iter().map(|call| without_time(&call.body["messages"].to_string())).collect();
            bodies.sort();
            bodies
        };
        assert_eq!(asked(&many), asked(&one), "models are told and asked the same");
    }
}

#[tokio::test]
async fn with_nothing_configured_a_session_is_the_same_over_restarts() {
    let folder = folder();
    let text = "//! Retries.\n\n/// How often something is tried.\npub const RETRY_LIMIT: u32 = 5;\n\npub fn retry() {\n    \
                attempt(RETRY_LIMIT);\n}\n";
    fs::write(folder.path().join("retry.rs"), text).expect("it is written");
    let questions = [
        "where is RETRY_LIMIT defined?",
        "who uses it?",
        "and what is it for?",
        "where is retry defined?",
        "who calls it?",
    ];
    let expected = session(folder.path(), &Value::Null, &questions, false).await;
    let found = session(folder.path(), &Value::Null, &questions, true).await;
    assert_eq!(found, expected);
    assert!(found[1].0.contains("retry.rs:7") && found[0].0.contains("retry.rs:3"), "{found:?}");
}

#[tokio::test]
async fn what_cannot_be_brought_back_is_said_and_what_is_forgotten_is_gone() {
    let (folder, server, store) = (folder(), server().await, TempDir::new().expect("a folder can be made"));
    let ask = async |query: &str| {
        let mut client = editor(store.path(), folder.path(), &scripted(&server)).await;
        let params = json!({"query": query, "sessionId": "s"});
        let result = client.request("rlm/query", params).await.expect("an answer");
        let sessions = client.request("rlm/sessions", Value::Null).await.expect("a list");
        (result, sessions["sessions"].clone(), client)
    };
    let (_, sessions, client) = ask("begin").await;
    assert_eq!((&sessions[0]["sessionId"], &sessions[0]["title"]), (&json!("s"), &json!("begin")), "{sessions}");
    assert_eq!(client.shut_down().await, 0);
    fs::write(folder.path().join("a.txt"), "another text\n").expect("it is written");
    let (result, sessions, mut client) = ask("other").await;
    assert_eq!(result["answer"], "False True", "{result}");
    let lost = "variables of earlier questions could not be brought back: x, f, notes (the text has changed since)";
    assert_eq!(result["warnings"], json!([lost]));
    let told = server.calls().last().expect("a call").body["messages"][1]["content"].to_string();
    assert!(told.contains(lost) && told.contains("Question: begin"), "{told}");
    assert_eq!(sessions[0]["questions"], 2);
    let ended = client.request("rlm/endSession", json!({"sessionId": "s", "keep": true})).await.expect("a result");
    assert_eq!(ended, json!({"ended": true}));
    let again = json!({"query": "other", "sessionId": "s"});
    assert_eq!(client.request("rlm/query", again.clone()).await.expect("an answer")["answer"], "False True");
    client.request("rlm/endSession", json!({"sessionId": "s"})).await.expect("a result");
    let sessions = client.request("rlm/sessions", Value::Null).await.expect("a list");
    assert_eq!(sessions, json!({"sessions": []}));
    assert_eq!(client.request("rlm/query", again).await.expect("an answer")["answer"], "False False");
    assert_eq!(client.shut_down().await, 0);
}

/// The terminal in a folder, with a store.
struct Terminal {
    folder: TempDir,
    store: TempDir,
}

impl Terminal {
    fn new() -> Self {
        Self { folder: folder(), store: TempDir::new().expect("a folder can be made") }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).current_dir(self.folder.path());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    /// A conversation whose lines are these.
    async fn chat(&self, arguments: &[&str], lines: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("the input is piped");
        input.write_all(lines.as_bytes()).await.expect("the program reads");
        drop(input);
        let output = child.wait_with_output().await.expect("the program ends");
        Ran {
            status: output.status.code().expect("no signal ended it"),
            output: String::from_utf8(output.stdout).expect("the output is text"),
            errors: String::from_utf8(output.stderr).expect("the errors are text"),
        }
    }
}

#[tokio::test]
async fn a_question_of_the_terminal_is_followed_up() {
    let (terminal, server) = (Terminal::new(), server().await);
    let url = server.url();
    let refused = terminal.run(&["query", "--continue", "second"]).await;
    assert!(refused.status == 2 && refused.errors.contains("no conversation is kept"), "{refused:?}");
    let model = ["--endpoint", url.as_str(), "--model", "scripted", "--strategy", "rlm"];
    let first = terminal.run(&[&["query", "begin", "a.txt"], &model[..]].concat()).await;
    assert!(first.status == 0 && first.output.starts_with("33 ["), "{first:?}");
    let calls = server.calls().len();
    let second = terminal.run(&["query", "--continue", "second"]).await;
    assert_eq!(second.output.trim(), "34 2 ['begin']", "{second:?}");
    assert_eq!(server.calls().len(), calls + 2, "only what is new is asked");
    let third = terminal.run(&["query", "other", "--continue", "--json"]).await.json();
    assert_eq!(third["answer"], "True True", "{third}");
    // Another conversation has nothing of it, and nothing is kept where nothing is to be kept.
    let private = terminal.run(&[&["query", "other", "--no-cache"], &model[..]].concat()).await;
    assert_eq!(private.output.trim(), "False False", "{private:?}");
    let fourth = terminal.run(&["query", "--continue", "count"]).await;
    assert!(fourth.output.contains(" 3 other 35"), "{fourth:?}");
    let shown = terminal.run(&["store", "show"]).await.output;
    assert!(shown.contains("conversations  1,"), "{shown}");
    assert_eq!(terminal.run(&["store", "clear"]).await.status, 0);
    for entry in fs::read_dir(terminal.store.path()).expect("it is there") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("it can be read");
        for word in ["begin", "note 1", "SHOW_VARS", "line of"] {
            assert!(!bytes.windows(word.len()).any(|it| it == word.as_bytes()), "{word} is still there");
        }
    }
    assert_eq!(terminal.run(&["query", "--continue", "last"]).await.status, 2);
}

#[tokio::test]
async fn with_nothing_configured_a_question_of_the_terminal_is_followed_up() {
    let terminal = Terminal::new();
    fs::write(terminal.folder.path().join("m.py"), "def prune(depth):\n    return depth\n\n\nprune(3)\n")
        .expect("it is written");
    let first = terminal.run(&["query", "where is prune defined?"]).await;
    assert!(first.status == 0 && first.output.contains("m.py:1"), "{first:?}");
    let second = terminal.run(&["query", "--continue", "who calls it?"]).await;
    assert!(second.status == 0 && second.output.contains("m.py:5"), "{second:?}");
}

#[tokio::test]
async fn a_chat_answers_follows_commands_and_goes_on_another_day() {
    let (terminal, server) = (Terminal::new(), server().await);
    let url = server.url();
    let options = ["--endpoint", url.as_str(), "--model", "scripted", "--strategy", "rlm", "--quiet"];
    let arguments = [&["chat", "a.txt"], &options[..]].concat();
    let ran = terminal.chat(&arguments, "begin\n\nsecond\n/cost\n/save talk.md\n/save talk.md\n/nothing\n").await;
    assert_eq!(ran.status, 2, "the last command was wrong: {ran:?}");
    let lines: Vec<&str> = ran.output.lines().collect();
    assert!(lines[0].starts_with("33 [") && lines[1] == "34 2 ['begin']", "{ran:?}");
    assert!(lines[2].starts_with("8 calls, ") && lines[3] == "2 questions saved to talk.md", "{ran:?}");
    assert!(
        ran.errors.contains("/save: cannot write talk.md") && ran.errors.contains("there is no command /nothing"),
        "{ran:?}"
    );
    let saved = fs::read_to_string(terminal.folder.path().join("talk.md")).expect("it is there");
    assert!(saved.starts_with("# begin\n\n33 [") && saved.ends_with("# second\n\n34 2 ['begin']\n"), "{saved}");
    fs::remove_file(terminal.folder.path().join("talk.md")).expect("it can be removed");
    let again = terminal
        .chat(&["chat", "--continue", "--quiet"], "count\n/scope b.txt\nother\n/model extractive\n/quit\n")
        .await;
    let lines: Vec<&str> = again.output.lines().collect();
    assert_eq!(again.status, 0, "{again:?}");
    assert!(lines[0].contains("'f', 'notes'") && lines[0].contains(" 2 second 35"), "{again:?}");
    assert_eq!(lines[1..], ["questions are about b.txt", "True True", "extractive answers from now on"], "{again:?}");
}

#[tokio::test]
async fn ctrl_c_cancels_the_answer_of_a_chat_and_not_the_chat() {
    let (terminal, calls) = (Terminal::new(), AtomicUsize::new(0));
    let server = ScriptedServer::start(move |_: &Asked| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Action::hang(),
        _ => Action::reply("```repl\nFINAL('the second is answered')\n```"),
    })
    .await;
    let url = server.url();
    let arguments = ["chat", "a.txt", "--endpoint", &url, "--model", "scripted", "--strategy", "rlm"];
    let mut command = lent_terminal(arguments);
    command.current_dir(terminal.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("`script` starts");
    let mut keys = child.stdin.take().expect("the keys are piped");
    let mut press = async |text: &str| keys.write_all(text.as_bytes()).await.expect("the terminal takes keys");
    press("first\r").await;
    server.until("the first question", |log| log.open == 1).await;
    press("\x03").await;
    server.until("the end of its call", |log| log.closed_early() == 1).await;
    press("second\r").await;
    server.until("the second question", |log| log.calls.len() == 2 && log.open == 0).await;
    press("/quit\r").await;
    let output = child.wait_with_output().await.expect("it ends");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("cancelled") && shown.contains("the second is answered"), "{shown}");
    assert_eq!(output.status.code(), Some(0), "{shown}");
}
