//! Runs of an editor that were stopped go on, also by another server: nothing that had come to its end is asked again.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;

/// Pieces that are read one after the other.
const PIECES: usize = 8;

/// The piece that the server keeps to itself until it works again.
const LAST: &str = "piece 7";

const PROGRAM: &str =
    "```repl\nnotes = [llm_query(f\"piece {n}\") for n in range(8)]\nFINAL(f\"{len(notes)} notes\")\n```";

struct World {
    folder: TempDir,
    store: TempDir,
    server: ScriptedServer,
    works: Arc<AtomicBool>,
}

impl World {
    async fn new() -> Self {
        let [folder, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        fs::write(folder.path().join("a.txt"), "a text\n").expect("it is written");
        let works = Arc::new(AtomicBool::new(false));
        let does = works.clone();
        let script = move |asked: &Asked| match (asked.messages[0].0 == "system", asked.last() == LAST) {
            (true, _) => Action::reply(PROGRAM),
            (false, true) if !does.load(Ordering::Relaxed) => Action::hang(),
            (false, _) => Action::reply("a note"),
        };
        Self { folder, store, server: ScriptedServer::start(script).await, works }
    }

    async fn client(&self, folder: &Path) -> Client {
        let environment = [("RLM_STORE", self.store.path().to_str().expect("text").to_owned())];
        let options = json!({"endpoint": self.server.url(), "model": "scripted", "strategy": "rlm"});
        Client::with_environment(environment, folder, json!({}), options).await
    }

    /// Asks, and returns the request once only the last piece is open.
    async fn begin(&self, client: &mut Client, id: &str) -> i64 {
        let before = self.server.calls().len();
        let asked = json!({"query": "What is it?", "queryId": id, "sessionId": "s", "options": {"maxCalls": 50}});
        let request = client.begin("rlm/query", asked).await;
        self.server
            .until("the last piece", |log| log.calls.len() > before && log.open == 1 && log.calls.len() > PIECES)
            .await;
        request
    }
}

/// The number, the state and whether it can go on, of each run.
async fn runs(client: &mut Client) -> Vec<(i64, String, bool)> {
    let result = client.request("rlm/runs", Value::Null).await.expect("runs");
    let run = |it: &Value| {
        assert_eq!(it["query"], "What is it?");
        let state = it["state"].as_str().expect("a text").to_owned();
        (it["run"].as_i64().expect("a number"), state, it["canGoOn"].as_bool().expect("yes or no"))
    };
    result["runs"].as_array().expect("a list").iter().map(run).collect()
}

#[tokio::test]
async fn a_run_that_was_cancelled_or_whose_server_died_goes_on_by_its_number() {
    let world = World::new().await;
    let folder = world.folder.path();
    let mut client = world.client(folder).await;
    let request = world.begin(&mut client, "first").await;
    assert_eq!(runs(&mut client).await, [(1, "running".to_owned(), false)]);
    let refused = client.request("rlm/query", json!({"resume": 1})).await.expect_err("it is at work");
    assert!(refused["message"].as_str().is_some_and(|it| it.contains("run 1 is still at work")), "{refused}");
    client.request("rlm/cancel", json!({"queryId": "first"})).await.expect("it is cancelled");
    let cancelled = client.response(request).await.expect_err("it was cancelled");
    assert_eq!(cancelled["data"]["partial"]["run"], 1, "{cancelled}");
    assert_eq!(runs(&mut client).await, [(1, "cancelled".to_owned(), true)]);
    drop(client);
    // What is under way when its server is killed has no end.
    let mut client = world.client(folder).await;
    let calls = world.server.calls().len();
    client.begin("rlm/query", json!({"resume": 1})).await;
    world.server.until("the last piece again", |log| log.calls.len() > calls && log.open == 1).await;
    drop(client);
    let mut client = world.client(folder).await;
    world.server.until("the end of its connection", |log| log.open == 0).await;
    assert_eq!(runs(&mut client).await, [(2, "stopped".to_owned(), true), (1, "cancelled".to_owned(), true)]);
    world.works.store(true, Ordering::Relaxed);
    let calls = world.server.calls().len();
    let result = client.request("rlm/query", json!({"resume": 2, "queryId": "again"})).await.expect("an answer");
    assert_eq!((&result["answer"], &result["run"]), (&json!("8 notes"), &json!(3)), "{result}");
    assert_eq!((&result["queryId"], &result["sessionId"]), (&json!("again"), &json!("s")));
    assert_eq!(world.server.calls().len() - calls, 1, "only what was not finished is asked");
    assert_eq!(result["usage"]["cachedCalls"], PIECES, "{result}");
    assert_eq!(runs(&mut client).await[0], (3, "final".to_owned(), false));
    for number in [9, -1] {
        let refused = client.request("rlm/query", json!({"resume": number})).await.expect_err("there is none");
        assert!(refused["message"].as_str().is_some_and(|it| it.contains("there is no run")), "{refused}");
    }
    let elsewhere = TempDir::new().expect("a folder can be made");
    let mut other = world.client(elsewhere.path()).await;
    assert_eq!(runs(&mut other).await, []);
    other.request("rlm/query", json!({"resume": 2})).await.expect_err("it is about other folders");
}

#[tokio::test]
async fn a_transcript_says_what_a_run_did_while_it_goes_on_and_afterwards() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "alpha\n").expect("a file can be written");
    let store = TempDir::new().expect("a folder can be made");
    let server = ScriptedServer::start(|asked: &Asked| match asked.number {
        1 => Action::reply("```repl\nprint(llm_query('wait'))\n```"),
        _ => Action::hang(),
    })
    .await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let environment = [("RLM_STORE", store.path().display().to_string())];
    let mut client = Client::with_environment(environment, folder.path(), json!({}), options).await;
    let id = client.begin("rlm/query", json!({"query": "what is there?", "queryId": "q"})).await;
    server.until("the sub-call", |log| log.open == 1 && log.calls.len() == 2).await;
    let first = client.request("rlm/transcript", json!({"queryId": "q"})).await.expect("a transcript");
    assert_eq!((&first["isWhole"], &first["queryId"]), (&json!(false), &json!("q")));
    assert!(first["text"].as_str().is_some_and(|it| it.contains("turn 1")), "{first}");
    assert_eq!(first["lines"][0]["kind"], "trace");
    client.request("rlm/cancel", json!({"queryId": "q"})).await.expect("it is cancelled");
    client.response(id).await.expect_err("it was cancelled");
    let rest = json!({"run": first["run"], "from": first["next"]});
    let rest = client.request("rlm/transcript", rest).await.expect("a transcript");
    assert_eq!((&rest["isWhole"], &rest["lines"][0]["seq"]), (&json!(true), &first["next"]));
    let error = client.request("rlm/transcript", json!({"queryId": "other"})).await.expect_err("there is none");
    assert_eq!(error["data"]["kind"], "noTrace");
    assert_eq!(client.shut_down().await, 0);
}
