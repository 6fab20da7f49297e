//! What the interpreter's process costs: until it is ready, for a program, and for a call to the server.
//!
//! `cargo bench --bench interpreter` measures the process as a run uses it, with all its walls and a checkpoint around every
//! program. Beside it stands `python3 -I`, which has neither: how long that takes to start and to end.

#[path = "shared/spread.rs"]
mod spread;

use futures::{FutureExt, future::BoxFuture};
use rlm::{
    corpus::Snapshot,
    repl::{Call, HostCalls, Launch, Limits, Nursery, Raised, Session, wire::Names},
};
use serde_json::{Value, json};
use spread::Spread;
use std::{
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

const STARTS: usize = 15;
const CELLS: usize = 200;
const CALLS: usize = 2000;
const ROUNDS: usize = 7;

/// Answers every call at once.
struct Desk;

impl HostCalls for Desk {
    fn call(&self, _: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        std::future::ready(Ok(json!({}))).boxed()
    }
}

#[tokio::main]
async fn main() {
    // What `python3` names may be a script that looks for the real one.
    let executable = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(executable.expect("python3 is there").stdout).expect("a path").trim().to_owned();
    let (mut cold, mut ready, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    let nursery = nursery();
    let _first = session(&nursery).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..=STARTS {
        let nursery_here = self::nursery();
        let began = Instant::now();
        let first = session(&nursery_here).await;
        cold.push(ms(began.elapsed()));
        first.close().await;
        drop(nursery_here);
        let began = Instant::now();
        let session = session(&nursery).await;
        ready.push(ms(began.elapsed()));
        session.close().await;
        let began = Instant::now();
        let status = Command::new(&python).args(["-I", "-c", "pass"]).status().expect("python3 is there");
        assert!(status.success());
        peers.push(ms(began.elapsed()));
    }
    let mut session = session(&nursery).await;
    let mut cells = Vec::new();
    for number in 0..CELLS {
        let began = Instant::now();
        run(&mut session, &format!("x = {number}")).await;
        cells.push(ms(began.elapsed()));
    }
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        run(&mut session, &format!("for _ in range({CALLS}): BUDGET()")).await;
        calls.push(ms(began.elapsed()) * 1e3 / CALLS as f64);
    }
    println!("| what | median | least – most | beside |");
    println!("|---|---|---|---|");
    let python = Spread::of(peers.split_off(1)).median;
    println!("| the first session, ms | {} | |", Spread::of(cold.split_off(1)));
    println!("| ready for a program, ms | {} | `python3 -I -c pass`: {python:.1} ms |", Spread::of(ready.split_off(1)));
    println!("| a program with its checkpoint, ms | {} | |", Spread::of(cells.split_off(5)));
    println!("| a call to the server, µs | {} | |", Spread::of(calls));
}

fn nursery() -> Arc<Nursery> {
    Arc::new(Nursery::new(PathBuf::from(env!("CARGO_BIN_EXE_rlm"))))
}

async fn session(nursery: &Arc<Nursery>) -> Session {
    let context = Snapshot::of_text(None, "some text".to_owned()).context().expect("a text can be stored");
    let launch = Launch {
        nursery: nursery.clone(),
        context,
        names: Names::default(),
        memory_limit: 512 << 20,
        allow_weaker_sandbox: false,
    };
    let limits = Limits { cell_time: Duration::from_secs(60), output_chars: 1000 };
    let mut session = Session::start(launch, limits).await.expect("the interpreter starts");
    session.prepare().await.expect("the walls stand");
    session
}

async fn run(session: &mut Session, code: &str) {
    let outcome = session.run_cell(code, &Desk).await.expect("the interpreter is there");
    assert_eq!(outcome.report.error, None);
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
