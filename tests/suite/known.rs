//! Replies that are known: the same question again, in other processes, after a change, and when nobody wants them.

use crate::{
    client::Client,
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::process::Command;

/// Pieces that are read one by one, and the two turns of the root around that.
const PIECES: usize = 256;
const ALL: usize = PIECES + 2;

const MAP: &str = "```repl\nnotes = llm_query_batched([\"Sum up: \" + text for text in files.values()])\n\
                   print(len(notes))\n```";
const REDUCE: &str = "```repl\nFINAL(f\"{len(notes)} notes, {sum('piece' in note for note in notes)} of pieces\")\n```";

fn is_turn(asked: &Asked) -> bool {
    asked.messages.first().is_some_and(|(role, _)| role == "system")
}

/// What the models say: of a piece what it says.
fn script(asked: &Asked) -> Action {
    let has_begun = asked.messages.iter().any(|(role, _)| role == "assistant");
    match (is_turn(asked), has_begun) {
        (false, _) => Action::reply(format!("it says {}", asked.last())),
        (true, false) => Action::reply(MAP),
        (true, true) => Action::reply(REDUCE),
    }
}

/// A folder of pieces, a store, and a server of models.
struct World {
    pieces: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new(setup: Setup, script: impl Fn(&Asked) -> Action + Send + Sync + 'static) -> Self {
        let [pieces, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        for number in 0..PIECES {
            fs::write(pieces.path().join(format!("{number}.txt")), format!("piece {number}\n")).expect("it is written");
        }
        Self { pieces, store, server: setup.start(script).await }
    }

    /// Asks with these options, and returns the result with the calls that came for it.
    async fn ask(&self, options: &[&str]) -> (Value, usize) {
        let before = self.server.calls().len();
        let ran = self.run(options).await;
        (ran.json(), self.server.calls().len() - before)
    }

    async fn run(&self, options: &[&str]) -> Ran {
        run(self.question(options)).await
    }

    fn question(&self, options: &[&str]) -> Command {
        let path = self.pieces.path().to_str().expect("text");
        let url = self.server.url();
        let fixed = ["query", "What is it?", path, "--json", "--strategy", "rlm", "--model", "scripted"];
        self.command(&[&fixed[..], &["--endpoint", &url], options].concat())
    }

    async fn rlm(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments)).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).env("RLM_PRICE", "scripted=1/2");
        command
    }
}

fn usage(result: &Value) -> [u64; 2] {
    ["calls", "cachedCalls"].map(|name| result["usage"][name].as_u64().expect("a number"))
}

#[tokio::test]
async fn a_question_that_was_asked_before_makes_no_call_and_a_changed_line_those_that_touch_it() {
    let world = World::new(Setup::new(), script).await;
    let (first, calls) = world.ask(&[]).await;
    assert_eq!((&first["answer"], calls), (&json!("256 notes, 256 of pieces"), ALL), "{first}");
    assert_eq!((usage(&first), &first["usage"]["savedUsd"]), ([ALL as u64, 0], &json!(0.0)));
    let (second, calls) = world.ask(&[]).await;
    assert_eq!((&second["answer"], calls, usage(&second)), (&first["answer"], 0, [0, ALL as u64]), "{second}");
    let spent = |name: &str| first["usage"][name].as_u64().expect("a number");
    assert_eq!(second["usage"]["savedTokens"], spent("inputTokens") + spent("outputTokens"));
    let dollars = |result: &Value, name: &str| result["usage"][name].as_f64().expect("a price");
    assert!((dollars(&second, "savedUsd") - dollars(&first, "costUsd")).abs() < 1e-9, "{second}");
    assert_eq!(second["usage"]["costUsd"], 0.0);
    // The model is told how large the text is; of a line of the same length it learns from the piece alone.
    for (line, expected, answer) in [("other 7\n", 1, "255 of pieces"), ("another 7\n", 3, "255 of pieces")] {
        fs::write(world.pieces.path().join("7.txt"), line).expect("it is written");
        let (result, calls) = world.ask(&[]).await;
        assert_eq!((calls, usage(&result)), (expected, [expected as u64, (ALL - expected) as u64]), "{line}: {result}");
        assert!(result["answer"].as_str().is_some_and(|it| it.ends_with(answer)), "{result}");
    }
}

#[tokio::test]
async fn two_processes_that_ask_at_once_make_each_call_once() {
    let world = World::new(Setup::new().latency(Duration::from_millis(20)), script).await;
    let (a, b) = tokio::join!(world.run(&[]), world.run(&[]));
    let (a, b) = (a.json(), b.json());
    assert_eq!((&a["answer"], world.server.calls().len()), (&b["answer"], ALL));
    let all = [usage(&a), usage(&b)];
    assert_eq!([all[0][0] + all[1][0], all[0][1] + all[1][1]], [ALL as u64; 2], "{all:?}");
}

#[tokio::test]
async fn a_run_that_is_killed_time_and_again_pays_for_no_finished_call_twice() {
    const OPEN: usize = 4;
    let kills = if std::env::var_os("RLM_TEST_FULL").is_some() { 25 } else { 5 };
    let world = World::new(Setup::new().latency(Duration::from_millis(5)), script).await;
    let concurrency = OPEN.to_string();
    let options = ["--concurrency", concurrency.as_str()];
    for kill in 0..kills {
        let mut child = world.question(&options).spawn().expect("the program starts");
        let enough = world.server.calls().len() + 1 + kill * 7 % 11;
        world.server.until("some calls", |log| log.calls.len() >= enough).await;
        child.kill().await.expect("it can be killed");
    }
    let (result, _) = world.ask(&options).await;
    let total = world.server.calls().len();
    assert_eq!(result["answer"], "256 notes, 256 of pieces", "{result}");
    assert!(total <= ALL + kills * OPEN, "{total} calls");
    assert_eq!(result["warnings"], Value::Null, "the store is whole");
    assert_eq!(world.ask(&options).await.1, 0);
}

#[tokio::test]
async fn a_run_that_was_stopped_goes_on_from_anywhere_and_can_be_given_more() {
    let world = World::new(Setup::new(), script).await;
    let url = world.server.url();
    let mut limited = world.command(&["query", "What is it?", ".", "--strategy", "rlm", "--model", "scripted"]);
    limited.args(["--endpoint", &url, "--max-calls", "3", "--json"]).current_dir(world.pieces.path());
    let ran = run(limited).await;
    assert_eq!(
        (ran.status, &ran.json()["termination"], world.server.calls().len()),
        (3, &json!("calls"), 3),
        "{ran:?}"
    );
    assert!(ran.errors.contains("rlm: to go on: rlm query --resume 1\n"), "{ran:?}");
    let again = world.rlm(&["query", "--resume", "1", "--quiet"]).await;
    assert_eq!((again.status, world.server.calls().len()), (3, 6), "it is stopped after three more: {again:?}");
    let whole = world.rlm(&["query", "--resume=1", "--max-calls", "1000"]).await;
    assert_eq!(
        (&whole.json()["answer"], world.server.calls().len()),
        (&json!("256 notes, 256 of pieces"), ALL),
        "{whole:?}"
    );
    let runs = world.rlm(&["runs"]).await.output;
    let lines: Vec<&str> = runs.lines().collect();
    assert_eq!(lines.len(), 3, "{runs}");
    for (line, state) in lines.iter().zip(["final", "calls", "calls"]) {
        assert!(line.contains(state) && line.ends_with("What is it?"), "{runs}");
    }
    let costs = world.rlm(&["runs", "--cost"]).await.output;
    assert!(costs.lines().last().is_some_and(|it| it.starts_with("in all") && it.ends_with("258 calls")), "{costs}");
    for wrong in ["7", "x"] {
        let ran = world.rlm(&["query", "--resume", wrong]).await;
        assert!(ran.status == 2 && ran.errors.contains("there is no run"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_run_that_was_killed_is_listed_as_stopped_and_one_that_runs_is_left_alone() {
    let world = World::new(Setup::new(), |asked: &Asked| match is_turn(asked) {
        true => script(asked),
        false => Action::hang(),
    })
    .await;
    let mut child = world.question(&[]).spawn().expect("the program starts");
    world.server.until("its calls", |log| log.calls.len() > 1).await;
    assert!(world.rlm(&["runs"]).await.output.contains("at work"));
    let refused = world.rlm(&["query", "--resume", "1"]).await;
    assert!(refused.status == 2 && refused.errors.contains("run 1 is still at work"), "{refused:?}");
    child.kill().await.expect("it can be killed");
    assert!(world.rlm(&["runs"]).await.output.contains("stopped"));
}

#[tokio::test]
async fn who_wants_no_known_replies_gets_none_and_who_wants_new_ones_replaces_them() {
    let world = World::new(Setup::new(), script).await;
    for (options, expected) in [
        (&["--no-cache"][..], ALL),
        (&["--no-cache"], ALL),
        (&[], ALL),
        (&["--refresh"], ALL),
        (&[], 0),
        (&["--no-cache", "--refresh"], ALL),
        (&["--reply-tokens", "300"], ALL),
        (&["--max-calls", "1", "--timeout", "9m"], 0),
    ] {
        let (result, calls) = world.ask(options).await;
        assert_eq!((calls, &result["termination"]), (expected, &json!("final")), "{options:?}: {result}");
    }
    let shown = world.rlm(&["store", "show"]).await;
    assert!(shown.output.contains(&format!("replies        {}", 2 * ALL)), "{shown:?}");
    let path = world.rlm(&["store", "path"]).await;
    assert_eq!(path.output.trim_end(), world.store.path().to_str().expect("text"));
    assert_eq!(world.rlm(&["store", "clear"]).await.status, 0);
    let (_, calls) = world.ask(&[]).await;
    assert_eq!(calls, ALL);
}

#[tokio::test]
async fn what_a_program_asks_once_more_is_asked_anew_and_known_the_next_time() {
    const AGAIN: &str =
        "```repl\nprint([llm_query(\"Choose.\") for _ in range(3)], llm_query_batched([\"One.\"] * 3))\n```";
    let world = World::new(Setup::new(), |asked: &Asked| {
        let has_begun = asked.messages.iter().any(|(role, _)| role == "assistant");
        match (is_turn(asked), has_begun) {
            (false, _) => Action::reply(format!("number {}", asked.number)),
            (true, false) => Action::reply(AGAIN),
            (true, true) => Action::reply(format!("```repl\nFINAL({:?})\n```", asked.last())),
        }
    })
    .await;
    let (first, calls) = world.ask(&[]).await;
    // Three calls one after the other, and one for three that are the same at the same time.
    assert_eq!((calls, usage(&first)), (6, [6, 2]), "{first}");
    let (second, calls) = world.ask(&[]).await;
    assert_eq!((&second["answer"], calls), (&first["answer"], 0));
}

#[tokio::test]
async fn a_run_that_has_failed_is_not_served_its_failure() {
    let works = Arc::new(AtomicBool::new(false));
    let does = works.clone();
    let world = World::new(Setup::new(), move |asked: &Asked| match (does.load(Ordering::Relaxed), is_turn(asked)) {
        (false, true) => Action::reply("```repl\nFINAL(\"\")\n```"),
        _ => script(asked),
    })
    .await;
    let (failed, _) = world.ask(&[]).await;
    assert_eq!(failed["termination"], "errors", "{failed}");
    works.store(true, Ordering::Relaxed);
    let (result, calls) = world.ask(&[]).await;
    assert_eq!((&result["termination"], calls), (&json!("final"), ALL), "{result}");
}

#[tokio::test]
async fn a_reply_that_was_cut_off_is_not_kept() {
    let world = World::new(Setup::new(), |asked: &Asked| match is_turn(asked) {
        false if asked.last().ends_with("piece 3\n") => Action::reply("it says").finish("length"),
        _ => script(asked),
    })
    .await;
    assert_eq!(world.ask(&[]).await.1, ALL);
    assert_eq!(world.ask(&[]).await.1, 1);
}

#[tokio::test]
async fn a_run_works_without_a_store_and_says_why_there_is_none() {
    let world = World::new(Setup::new(), script).await;
    let file = world.store.path().join("store.db");
    fs::write(&file, "no database, but a text. ".repeat(200)).expect("it is written");
    for _ in 0..2 {
        let (result, calls) = world.ask(&[]).await;
        assert_eq!((&result["termination"], calls), (&json!("final"), ALL), "{result}");
        let warnings = result["warnings"].to_string();
        assert!(warnings.contains("is damaged") && warnings.contains("rlm store clear"), "{warnings}");
    }
    assert_eq!(world.rlm(&["store", "show"]).await.status, 1);
    assert_eq!(world.rlm(&["store", "clear"]).await.status, 0);
    assert_eq!((world.ask(&[]).await.1, world.ask(&[]).await.1), (ALL, 0));
}

#[tokio::test]
async fn an_editor_is_served_what_was_asked_before_its_server_was_started_anew() {
    let world = World::new(Setup::new(), script).await;
    let mut totals = Vec::new();
    for _ in 0..2 {
        let environment = [("RLM_STORE", world.store.path().to_str().expect("text").to_owned())];
        let folder = world.pieces.path();
        let mut client = Client::with_environment(environment, folder, json!({}), json!({})).await;
        let options = json!({"endpoint": world.server.url(), "model": "scripted", "strategy": "rlm"});
        for _ in 0..2 {
            let params = json!({"query": "What is it?", "options": options});
            let result = client.request("rlm/query", params).await.expect("an answer");
            assert_eq!(result["answer"], "256 notes, 256 of pieces", "{result}");
            totals.push(usage(&result));
        }
        assert_eq!(client.shut_down().await, 0);
    }
    let served = [0, ALL as u64];
    assert_eq!(totals, [[ALL as u64, 0], served, served, served]);
}
