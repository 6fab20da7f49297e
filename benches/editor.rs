//! How soon an editor hears from the server while a run with 256 calls goes on: an edit, and the code actions at it.
//!
//! `cargo bench --bench editor`. The floor beside each figure is the same on a server that has nothing to do.

#[path = "../tests/suite/client.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod client;
#[path = "../tests/scripted/mod.rs"]
mod scripted;

use client::{Client, uri};
use scripted::{Action, Asked, ScriptedServer};
use serde_json::{Value, json};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Sub-calls of the run, and how long each takes.
const CALLS: usize = 256;
const CALL: Duration = Duration::from_millis(200);

/// Edits that are timed on the idle server.
const IDLE: usize = 500;

/// Lines of the document, and findings in it.
const LINES: usize = 5_000;
const FINDINGS: usize = 40;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let line = |number: usize| match number % (LINES / FINDINGS) {
        0 => format!("See [it](gone/{number}.md).\n"),
        _ => format!("This is line {number} of a long document.\n"),
    };
    let text: String = (0..LINES).map(line).collect();
    fs::write(folder.path().join("long.md"), &text).expect("a file can be written");
    let server = ScriptedServer::start(|asked: &Asked| match asked.number {
        1 => Action::reply(format!("```repl\nllm_query_batched([str(n) for n in range({CALLS})])\nFINAL('done')\n```")),
        _ => Action::reply("a piece").after(CALL),
    })
    .await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let document = uri(&folder.path().join("long.md"));
    client.open(&document, 0, &text).await;
    let review = json!({"options": {"model": "extractive"}, "maxFindings": FINDINGS});
    let review = client.request("rlm/review", review).await.expect("a review");
    assert_eq!(review["findings"].as_array().map(Vec::len), Some(FINDINGS));

    let mut version = 0;
    let mut idle = Times::default();
    for _ in 0..IDLE {
        idle.take(&mut client, &document, &mut version).await;
    }
    let id = client.begin("rlm/query", json!({"query": "count"})).await;
    server.until("the sub-calls", |log| log.open >= 16).await;
    let mut busy = Times::default();
    while server.log().calls.len() < CALLS {
        busy.take(&mut client, &document, &mut version).await;
    }
    client.response(id).await.expect("an answer");
    println!(
        "| what | during a run of {CALLS} calls: median, p99, ms | on an idle server: median, p99, ms | ratio of the p99 |"
    );
    println!("|---|---|---|---|");
    for (name, busy, idle) in [
        ("an edit, until it is applied", &mut busy.edits, &mut idle.edits),
        ("code actions, until they are there", &mut busy.actions, &mut idle.actions),
    ] {
        let (b, i) = ((at(busy, 0.5), at(busy, 0.99)), (at(idle, 0.5), at(idle, 0.99)));
        println!(
            "| {name} ({} times) | {:.2}, {:.2} | {:.2}, {:.2} | {:.1} |",
            busy.len(),
            b.0,
            b.1,
            i.0,
            i.1,
            b.1 / i.1
        );
    }
    assert_eq!(client.shut_down().await, 0);
}

/// Milliseconds.
#[derive(Default)]
struct Times {
    edits: Vec<f64>,
    actions: Vec<f64>,
}

impl Times {
    /// Edits the document, and asks what can be done there. Messages are handled in order, so the reply to a request that needs
    /// nothing comes when the edit before it is applied.
    async fn take(&mut self, client: &mut Client, document: &str, version: &mut i32) {
        *version += 1;
        let line = (*version as usize * 7919) % LINES;
        let start = json!({"line": line, "character": 0});
        let change = json!({"textDocument": {"uri": document, "version": *version},
                            "contentChanges": [{"range": {"start": start, "end": start}, "text": "x"}]});
        let began = Instant::now();
        client.notify("textDocument/didChange", change).await;
        client.request("rlm/cancel", json!({"queryId": "nobody"})).await.expect("a reply");
        self.edits.push(began.elapsed().as_secs_f64() * 1e3);
        let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}});
        let params = json!({"textDocument": {"uri": document}, "range": range, "context": {"diagnostics": Value::Array(Vec::new())}});
        let began = Instant::now();
        client.request("textDocument/codeAction", params).await.expect("a reply");
        self.actions.push(began.elapsed().as_secs_f64() * 1e3);
        client.forget();
    }
}

fn at(times: &mut [f64], part: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * part).round() as usize]
}
