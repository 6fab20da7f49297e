//! What the interpreter's process costs: until it is ready, for a program, and for a call to the server.
//!
//! `cargo bench --bench interpreter` measures the process as a run uses it, with all its walls and a checkpoint around every
//! program. Beside it stands `python3 -I`, which has neither: how long that takes to start and to end.

#[path = "shared/spread.rs"]
mod spread;

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use rlm::{
    corpus::Snapshot,
    repl::{Call, ForkServer, HostCalls, Launch, Limits, Raised, ReplSession, wire::Names},
};
use serde_json::{Value, json};
use spread::Spread;
use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

const STARTS: usize = 15;
const CELLS: usize = 200;
const CALLS: usize = 2000;
const ROUNDS: usize = 7;
const SESSIONS: usize = 64;
const PAUSE: Duration = Duration::from_millis(20);

/// Where these stand in what the system tells of a process, from its state on.
const PARENT: usize = 1;
const GROUP: usize = 2;

/// Answers every call at once.
struct HostFunctions;

impl HostCalls for HostFunctions {
    fn call(&self, _: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        std::future::ready(Ok(json!({}))).boxed()
    }
}

#[tokio::main]
async fn main() {
    // As in a language server: on a thread that looks after connections as well.
    tokio::spawn(measure()).await.expect("nothing fails");
}

async fn measure() {
    // What `python3` names may be a script that looks for the real one.
    let executable = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(executable.expect("python3 is there").stdout).expect("a path").trim().to_owned();
    let (mut cold, mut ready, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=STARTS {
        let fork_server = fork_server();
        let began = Instant::now();
        let first = session(&fork_server).await;
        cold.push(ms(began.elapsed()));
        first.close().await;
        // What follows would have to share the processors with its end.
        drop(fork_server);
        sleep(PAUSE).await;
        let began = Instant::now();
        let status = Command::new(&python).args(["-I", "-c", "pass"]).status().expect("python3 is there");
        assert!(status.success());
        peers.push(ms(began.elapsed()));
    }
    let fork_server = fork_server();
    session(&fork_server).await.close().await;
    sleep(Duration::from_secs(1)).await;
    for _ in 0..=STARTS {
        let began = Instant::now();
        let session = session(&fork_server).await;
        ready.push(ms(began.elapsed()));
        session.close().await;
        sleep(PAUSE).await;
    }
    let mut first = session(&fork_server).await;
    let (at_once, later) = (cells(&mut first, Duration::ZERO).await, cells(&mut first, PAUSE).await);
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        run(&mut first, &format!("for _ in range({CALLS}): BUDGET()")).await;
        calls.push(ms(began.elapsed()) * 1e3 / CALLS as f64);
    }
    first.close().await;
    println!("| what | median | least – most | beside |");
    println!("|---|---|---|---|");
    let python = Spread::of(peers.split_off(1)).median;
    println!(
        "| ready for a program, the first of a server, ms | {} | `python3 -I -c pass`: {python:.1} ms |",
        Spread::of(cold.split_off(1))
    );
    println!("| ready for a program, ms | {} | |", Spread::of(ready.split_off(1)));
    println!("| a program with its checkpoint, ms | {} | |", Spread::of(later));
    println!("| a program right after another, ms | {} | |", Spread::of(at_once));
    println!("| a call to the server, µs | {} | |", Spread::of(calls));
    many(&fork_server).await;
}

/// Programs one after the other, each as long after the last as a very fast model takes.
async fn cells(session: &mut ReplSession, pause: Duration) -> Vec<f64> {
    let mut cells = Vec::new();
    for number in 0..CELLS {
        sleep(pause).await;
        let began = Instant::now();
        run(session, &format!("x = {number}")).await;
        cells.push(ms(began.elapsed()));
    }
    cells.split_off(5)
}

/// Many sessions at once: how long until each has run a program, and the memory that all of them take.
async fn many(fork_server: &Arc<ForkServer>) {
    let began = Instant::now();
    let sessions = join_all((0..SESSIONS).map(|number| async move {
        let mut session = session(fork_server).await;
        run(&mut session, &format!("import re, json\nx = [{number}] * 1000")).await;
        session
    }));
    let sessions = sessions.await;
    let took = ms(began.elapsed());
    // Every process has made its checkpoint by then.
    sleep(Duration::from_secs(1)).await;
    let leader = sessions[0].process_group().expect("it is ready").as_raw_nonzero().get();
    let fork_server = stat(leader, PARENT);
    let (groups, own): (Vec<_>, Vec<_>) = processes().into_iter().map(|it| (stat(it, GROUP), memory(it))).unzip();
    let ours = sessions.iter().filter_map(ReplSession::process_group).map(|group| group.as_raw_nonzero().get());
    let ours: Vec<i32> = ours.collect();
    let all: f64 = groups.iter().zip(&own).filter(|(group, _)| ours.contains(group)).map(|(_, own)| own).sum();
    let each = all / SESSIONS as f64;
    println!("| {SESSIONS} sessions at once, until each has run a program, ms | {took:.0} | | |");
    println!(
        "| memory of each of them, with its checkpoint, MB | {each:.2} | | the fork server beside them: {:.1} MB |",
        memory(fork_server)
    );
    join_all(sessions.into_iter().map(ReplSession::close)).await;
}

fn processes() -> Vec<i32> {
    let entries = fs::read_dir("/proc").expect("processes are listed").filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A number from what the system tells of a process.
fn stat(process: i32, field: usize) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let field = stat.rsplit(") ").next().and_then(|fields| fields.split(' ').nth(field)?.parse().ok());
    field.unwrap_or_default()
}

/// Megabytes of a process that lie in no file: its own, and its share of what it has in common with others.
fn memory(process: i32) -> f64 {
    let memory = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = memory.lines().find_map(|line| line.strip_prefix("Pss_Anon:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).map_or(0.0, |kilobytes: f64| kilobytes / 1e3)
}

fn fork_server() -> Arc<ForkServer> {
    Arc::new(ForkServer::new(PathBuf::from(env!("CARGO_BIN_EXE_rlm"))))
}

async fn session(fork_server: &Arc<ForkServer>) -> ReplSession {
    let context = Snapshot::of_text(None, "some text".to_owned()).context().expect("a text can be stored");
    let launch = Launch {
        fork_server: fork_server.clone(),
        context,
        names: Names::default(),
        memory_limit: 512 << 20,
        allow_weaker_sandbox: false,
    };
    let limits = Limits { cell_time: Duration::from_secs(60), output_chars: 1000 };
    let mut session = ReplSession::start(launch, limits).await.expect("the interpreter starts");
    session.prepare().await.expect("the walls stand");
    session
}

async fn run(session: &mut ReplSession, code: &str) {
    let outcome = session.run_cell(code, &HostFunctions).await.expect("the interpreter is there");
    assert_eq!(outcome.report.error, None);
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
