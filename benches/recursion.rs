//! Runs in parallel below a run, at every concurrency: whether all answers are right, and how much time is lost.
//!
//! `cargo bench --bench recursion` asks one engine, as a language server keeps it, for trees of 4 × 4 and 8 × 8 (children and
//! the calls of each), 50 times each at a concurrency of 1, 2, 4, 16 and 64, or those that `RLM_BENCH_CONCURRENCY` names. Each
//! model call takes 100 ms, or what `RLM_BENCH_LATENCY` says in milliseconds. The floor is what the calls take at best: with at
//! most so many open at once, and the child's turn before its calls, those before its answer, and the answers of all children
//! before the root's. The scripted model runs in the same process; the last column is how long its calls have taken. The answers
//! of all runs are compared.

#[path = "../tests/scripted/mod.rs"]
mod scripted;
#[path = "shared/spread.rs"]
mod spread;

use rlm::{
    config::{Environment, Options, Strategy},
    corpus::Snapshot,
    engine::{Engine, Event, EventSink, Question, RunConfig},
    setup,
};
use scripted::{Action, Asked, ScriptedServer, Setup};
use spread::Spread;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

const RUNS: usize = 50;
const SIZES: [usize; 2] = [4, 8];
const CONCURRENCIES: &str = "1 2 4 16 64";

struct Silence;

impl EventSink for Silence {
    fn emit(&self, _: Event) {}
}

/// As many children with as many calls each.
fn script(asked: &Asked, size: usize) -> String {
    let is_child = asked.conversation().contains("another program wrote for you");
    let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
    match (asked.messages[0].0 != "system", is_child, turn) {
        (true, ..) => format!("<{}>", asked.last()),
        (_, true, 0) => {
            format!(
                "```repl\nfound = llm_query_batched([context + str(n) for n in range({size})])\nprint(len(found))\n```"
            )
        }
        (_, false, 0) => {
            format!(
                "```repl\nfound = rlm_query_batched(['child' + str(n) for n in range({size})])\nprint(len(found))\n```"
            )
        }
        _ => "```repl\nFINAL(''.join(found))\n```".to_owned(),
    }
}

fn answer(size: usize) -> String {
    (0..size).flat_map(|child| (0..size).map(move |call| format!("<child{child}{call}>"))).collect()
}

/// How many calls must follow each other. Between the root's two turns the children have `size + 2` calls each, and in the
/// first and the last step of these there is one call of each child at most.
fn floor(size: usize, concurrency: usize) -> usize {
    let ends = 2 * size.min(concurrency);
    2 + 2 + (size * (size + 2) - ends).div_ceil(concurrency)
}

async fn engine(server: &ScriptedServer, concurrency: usize) -> (Arc<Engine>, rlm::config::Settings) {
    let options = Options {
        model: Some("scripted".to_owned()),
        endpoint: Some(vec![server.url()]),
        strategy: Some(Strategy::Rlm),
        concurrency: Some(concurrency as u64),
        ..Options::default()
    };
    let settings = options.resolve().expect("the options make sense");
    let environment = Environment::of([("RLM_PROGRAM", env!("CARGO_BIN_EXE_rlm"))]);
    let backend = setup::backend(&environment);
    let engine = setup::engine(&settings, &environment, setup::scheduler(&settings), backend).await;
    (engine.unwrap_or_else(|failure| panic!("{failure:?}")), settings)
}

/// Asks once; returns the answer, and the time from the question to it.
async fn ask(engine: Arc<Engine>, settings: rlm::config::Settings) -> (String, Duration) {
    let snapshot = Snapshot::of_text(None, "a text".to_owned());
    let question = Question {
        text: "What is it?".to_owned(),
        snapshot,
        focus: None,
        config: Arc::new(RunConfig::of(&settings).expect("the settings make sense")),
        limits: settings.limits,
        session: None,
    };
    let began = Instant::now();
    let answer = engine.ask(question, Arc::new(Silence), CancellationToken::new()).await;
    (answer.text, began.elapsed())
}

#[tokio::main]
async fn main() {
    let latency = std::env::var("RLM_BENCH_LATENCY").ok().and_then(|value| value.parse().ok()).unwrap_or(100);
    let latency = Duration::from_millis(latency);
    let chosen = std::env::var("RLM_BENCH_CONCURRENCY").unwrap_or_else(|_| CONCURRENCIES.to_owned());
    println!(
        "| tree | concurrency | exact | floor, calls | floor s | median s | min – max s | median / floor | a call, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for size in SIZES {
        let server = Setup::new().latency(latency).start(move |asked: &Asked| Action::reply(script(asked, size))).await;
        for concurrency in chosen.split_whitespace().filter_map(|it| it.parse().ok()) {
            let (engine, settings) = engine(&server, concurrency).await;
            // The first question has to wait for the fork server.
            let (first, _) = tokio::spawn(ask(engine.clone(), settings.clone())).await.expect("it ends");
            assert_eq!(first, answer(size));
            let (mut walls, mut exact, before) = (Vec::new(), 0, server.calls().len());
            for _ in 0..RUNS {
                let (text, wall) = tokio::spawn(ask(engine.clone(), settings.clone())).await.expect("it ends");
                exact += usize::from(text == answer(size));
                walls.push(wall.as_secs_f64());
            }
            // How long the scripted model itself has taken, whose timer is not exact.
            let took: Vec<_> = server.calls()[before..].iter().filter_map(|it| Some(it.ended? - it.began)).collect();
            let took = took.iter().sum::<Duration>().as_secs_f64() * 1e3 / took.len() as f64;
            let (calls, walls) = (floor(size, concurrency), Spread::of(walls));
            let floor = latency.as_secs_f64() * calls as f64;
            let (median, least, most) = (walls.median, walls.least, walls.most);
            println!(
                "| {size} × {size} | {concurrency} | {exact} of {RUNS} | {calls} | {floor:.2} | {median:.3} | {least:.3} – {most:.3} | {:.3} | {took:.1} |",
                median / floor
            );
        }
    }
}
