//! Reviews, changes and cycles as runs: noted, traced, and counted in what was spent.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, rlm, run},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;
use tokio::process::Command;

const TEXT: &str = "def mean(items):\n    return sum(items) / len(items)\n";

const BLOCK: &str = "Empty lists have a mean of zero.\n\nmean.py\n\
                     <<<<<<< SEARCH\n    return sum(items) / len(items)\n=======\n\
                     \x20   return sum(items) / len(items) if items else 0\n>>>>>>> REPLACE\n";

/// Finds the division, agrees with itself, and changes what it is told to.
fn models(asked: &Asked) -> Action {
    let claim = json!({"path": "mean.py", "firstLine": 2, "lastLine": 2, "quote": "/ len(items)", "topic": "division",
        "severity": "warning", "sentence": "it divides by zero", "reason": "a list may be empty", "doubt": "callers may know"});
    let system = &asked.messages[0].1;
    Action::reply(match () {
        () if system.starts_with("You review") => json!({"findings": [claim]}).to_string(),
        () if system.starts_with("You change") => BLOCK.to_owned(),
        () => json!({"verdict": "holds", "why": "the lines say so"}).to_string(),
    })
}

/// A folder with a fault, a store, and a server of models.
struct World {
    texts: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new(script: impl Fn(&Asked) -> Action + Send + Sync + 'static) -> Self {
        let [texts, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        fs::write(texts.path().join("mean.py"), TEXT).expect("it is written");
        fs::write(texts.path().join("data.json"), "{}\n").expect("it is written");
        Self { texts, store, server: ScriptedServer::start(script).await }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).env("RLM_PRICE", "scripted=1/2").current_dir(self.texts.path());
        command
    }

    fn review(&self, more: &[&str]) -> Command {
        self.command(&[&["review", "--model", "scripted", "--endpoint", &self.server.url()], more].concat())
    }

    async fn rlm(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }
}

#[tokio::test]
async fn a_review_of_the_terminal_is_a_run_with_its_calls_and_its_cost() {
    let world = World::new(models).await;
    let review = run(world.review(&["--json"])).await;
    let usage = review.json()["models"]["usage"].clone();
    assert_eq!((review.status, &usage["calls"]), (0, &json!(2)), "{review:?}");

    let runs = world.rlm(&["runs"]).await.output;
    assert!(runs.contains("reviewed") && runs.contains("2 calls") && runs.contains("review of "), "{runs}");
    let cost = world.rlm(&["runs", "--cost"]).await.output;
    let told = format!("${:.4}", usage["costUsd"].as_f64().expect("a price"));
    assert!(cost.lines().all(|line| line.contains(&told) && line.contains("2 calls")), "{told}: {cost}");

    let shown = world.rlm(&["trace", "show"]).await.output;
    let mut rest = shown.as_str();
    let order = [
        "question  review of ",
        "ended     reviewed",
        "2 calls",
        "1 of 2 files, 2 of 3 lines",
        "run 0 of scripted",
        "read ",
        "sub-call: review mean.py:1-2",
        "scripted",
        "sub-call: refute mean.py:2: it divides by zero",
    ];
    for part in order {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("no {part} in the rest of {shown}")).1;
    }
    let page = world.rlm(&["trace", "html", "last", "--output", "-"]).await.output;
    assert!(page.contains("divides by zero") && page.contains("review mean.py:1-2"), "{page}");
    let resumed = world.rlm(&["query", "--resume", "1"]).await;
    assert!(resumed.status == 2 && resumed.errors.contains("ask the same again"), "{resumed:?}");

    // What is known is served, and told so.
    run(world.review(&[])).await;
    let served = world.rlm(&["trace", "show"]).await.output;
    assert!(served.contains("2 known") && served.contains("took"), "{served}");
    // Without a store nothing is noted, and without a model there is nothing to note.
    run(world.review(&["--no-cache"])).await;
    world.rlm(&["review"]).await;
    assert_eq!(world.rlm(&["runs"]).await.output.lines().count(), 2);
    assert!(run(world.command(&["trace", "replay", "1"])).await.errors.contains("replay"), "it says why not");
}

#[tokio::test]
async fn a_review_that_fails_or_is_stopped_is_in_the_books() {
    let world = World::new(|_| Action::reply("I cannot.")).await;
    assert_eq!(run(world.review(&[])).await.status, 1);
    let runs = world.rlm(&["runs"]).await.output;
    assert!(runs.contains("failed") && runs.contains("2 calls"), "{runs}");
    let shown = world.rlm(&["trace", "show"]).await.output;
    assert!(shown.contains("gave no reply of the shape") && shown.contains("sub-call: review mean.py"), "{shown}");

    let world = World::new(|_| Action::hang()).await;
    let child = world.review(&[]).spawn().expect("the program starts");
    world.server.until("a call", |log| log.calls.len() == 1).await;
    let number = Pid::from_raw(child.id().expect("it runs").cast_signed()).expect("it has a number");
    kill_process(number, Signal::INT).expect("it is there");
    let ended = child.wait_with_output().await.expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    let runs = world.rlm(&["runs"]).await.output;
    // The prompt of the call that was open is paid for.
    assert!(runs.contains("cancelled") && runs.contains("1 call ") && runs.contains("$0.00"), "{runs}");
    let shown = world.rlm(&["trace", "show"]).await.output;
    assert!(shown.contains("ended     cancelled") && shown.contains("ended before its answer came"), "{shown}");
}

#[tokio::test]
async fn reviews_and_changes_of_an_editor_are_runs_that_do_not_go_on() {
    let world = World::new(models).await;
    let environment =
        [("RLM_STORE", world.store.path().display().to_string()), ("RLM_PRICE", "scripted=1/2".to_owned())];
    let options = json!({"endpoint": world.server.url(), "model": "scripted"});
    let mut client = Client::with_environment(environment, world.texts.path(), json!({}), options).await;
    client.request("rlm/review", json!({"queryId": "r"})).await.expect("a review");
    let kinds: Vec<Value> = client
        .unread("rlm/event")
        .iter()
        .map(|it| it["params"]["kind"].clone())
        .filter(|it| it != "progress")
        .collect();
    assert_eq!(json!(kinds), json!(["subcall", "subcall", "subcall", "subcall", "finding"]));
    let scope = json!({"kind": "file", "uri": uri(&world.texts.path().join("mean.py"))});
    let params = json!({"queryId": "e", "instruction": "Take care of empty lists.", "scope": scope});
    client.request("rlm/edit", params).await.expect("a proposal");

    for (query, parts) in [
        ("r", ["review of ", "reviewed", "sub-call: refute mean.py:2"]),
        ("e", ["change of mean.py: Take care", "proposed", "sub-call: change mean.py"]),
    ] {
        let transcript = client.request("rlm/transcript", json!({"queryId": query})).await.expect("a transcript");
        let text = transcript["text"].as_str().expect("a text");
        assert!(parts.iter().all(|part| text.contains(part)) && transcript["isWhole"] == true, "{text}");
    }
    let runs = client.request("rlm/runs", Value::Null).await.expect("the runs");
    let told = |it: &Value| json!([it["state"], it["canGoOn"], it["calls"]]);
    let told: Vec<Value> = runs["runs"].as_array().expect("a list").iter().map(told).collect();
    assert_eq!(json!(told), json!([["proposed", false, 1], ["reviewed", false, 2]]));
    let refused = client.request("rlm/query", json!({"resume": 1})).await.expect_err("it is no question");
    assert!(refused["message"].as_str().is_some_and(|it| it.contains("only a question goes on")), "{refused}");
    let status = client.request("rlm/status", json!({})).await.expect("a status");
    assert_eq!((&status["usage"]["calls"], status["usage"]["costUsd"].as_f64() > Some(0.0)), (&json!(3), true));
    assert_eq!(client.shut_down().await, 0);
}
