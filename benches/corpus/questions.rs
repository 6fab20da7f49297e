//! How long a question about the tree takes until its model is asked for the first time.

#[path = "../../tests/suite/client.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod client;
#[path = "../../tests/scripted/mod.rs"]
mod scripted;
#[path = "../shared/spread.rs"]
mod spread;

use client::Client;
use rlm::corpus::{StopFlag, Tree};
use scripted::{Action, ScriptedServer};
use serde_json::json;
use spread::Spread;
use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{process::Command, runtime::Runtime};

const RUNS: usize = 7;

/// Measures and prints the rows.
pub fn measure(root: &Path) {
    let runtime = Runtime::new().expect("threads can be started");
    let (first, again) = runtime.block_on(async {
        let server = ScriptedServer::start(|_| Action::reply("FINAL(\"done\")")).await;
        (first(root, &server).await, again(root, &server).await)
    });
    println!("\n| question about the tree | median ms | min – max ms | beside | median ms | ratio |");
    println!("|---|---|---|---|---|---|");
    let (questions, walks): (Vec<f64>, Vec<f64>) = first.into_iter().unzip();
    let (question, walk) = (Spread::of(questions), Spread::of(walks));
    let ratio = question.median / walk.median;
    println!("| first, from the start of the process | {question} | walk | {:.1} | {ratio:.2} |", walk.median);
    println!("| another after one edit, in a language server | {} | | | |", Spread::of(again));
}

/// From the start of `rlm query` to the first call, and a walk beside it.
async fn first(root: &Path, server: &ScriptedServer) -> Vec<(f64, f64)> {
    let mut times = Vec::new();
    for _ in 0..=RUNS {
        let (began, calls) = (Instant::now(), server.calls().len());
        let mut asked = Command::new(env!("CARGO_BIN_EXE_rlm"))
            .env("RLM_STORE", "off")
            .args(["query", "What is it?", "--strategy", "rlm", "--model", "scripted", "--endpoint", &server.url()])
            .arg(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        server.until("the first call", |log| log.calls.len() > calls).await;
        let question = began.elapsed();
        asked.wait().await.expect("it ends");
        let walking = Instant::now();
        let tree = Tree::of(root, &[], &[]).and_then(|mut tree| tree.refresh(&StopFlag::default()));
        tree.expect("the root can be read");
        times.push((ms(question), ms(walking.elapsed())));
    }
    times.split_off(1)
}

/// From a request to the call it leads to, after a file was written to. The server has answered such a request before.
async fn again(root: &Path, server: &ScriptedServer) -> Vec<f64> {
    let options = json!({"endpoint": [server.url()], "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(root, json!({}), options).await;
    let edited = root.join("kernel/fork.c");
    let text = fs::read(&edited).expect("the tree has this file");
    let mut times = Vec::new();
    for run in 0..=RUNS {
        fs::write(&edited, [&text[..], format!("/* {run} */\n").as_bytes()].concat()).expect("the tree is our own");
        let (began, calls) = (Instant::now(), server.calls().len());
        let id = client.begin("rlm/query", json!({"query": "What is it?"})).await;
        server.until("the call", |log| log.calls.len() > calls).await;
        times.push(ms(began.elapsed()));
        let answer = client.response(id).await.expect("there is an answer");
        assert_eq!(answer["answer"], "done", "{answer}");
    }
    fs::write(&edited, &text).expect("the tree is our own");
    times.split_off(1)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
