//! What hostile programs, repositories and model servers cost, and how soon it ends when the question is stopped.
//!
//! `cargo bench --bench hostile` asks a question for each attack and each way to stop: `rlm/cancel` and a time-out at a
//! language server, Ctrl-C and SIGTERM at `rlm query`. Each is stopped after some seconds, while it works. The table has
//! the most memory of the server and of all processes together, the processors that worked in the second before the stop
//! (the fewest of the four), and how long after the stop the last of them still worked. `cargo bench --bench hostile -- grep`
//! asks those alone whose names hold the word.

#[path = "hostile/attacks.rs"]
mod attacks;
#[allow(dead_code, reason = "the suite uses the rest of it")]
#[path = "../tests/suite/client.rs"]
mod client;
#[allow(dead_code, reason = "the suite uses the rest of it")]
#[path = "../tests/suite/processes.rs"]
mod processes;
#[allow(dead_code, reason = "the suite uses the rest of it")]
#[path = "../tests/suite/raw.rs"]
mod raw;
#[path = "../tests/scripted/mod.rs"]
mod scripted;
#[path = "hostile/watch.rs"]
mod watch;

use attacks::{Attack, Running};
use client::Client;
use rustix::process::Signal;
use serde_json::json;
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    process::Command,
    time::{Instant, sleep, sleep_until},
};
use watch::Watch;

/// How long an attack goes on before it is stopped.
const TIME: Duration = Duration::from_secs(6);

/// A way to stop a question.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Cancel,
    TimeOut,
    Signal(Signal),
}

const STOPS: [Stop; 4] = [Stop::Cancel, Stop::TimeOut, Stop::Signal(Signal::INT), Stop::Signal(Signal::TERM)];

/// What was seen of an attack.
struct Seen {
    /// The most memory in megabytes: of the server, and of all processes together.
    server: u64,
    all: u64,
    /// Processors in the last second before the stop.
    cores: f64,
    /// From the stop to the last work; nothing if it went on.
    worked: Option<Duration>,
}

/// Attacks a language server, which lives on.
async fn at_server(attack: &Attack, folder: &Path, running: &Running, stop: Stop) -> Seen {
    let mut client = Client::in_folder(folder, json!({}), json!({})).await;
    let mut options = running.options();
    let time = if matches!(stop, Stop::TimeOut) { TIME } else { 10 * TIME };
    options["timeout"] = json!(time.as_secs());
    let watch = Watch::begin(client.id());
    let stopped = Instant::now() + TIME;
    let asked = json!({"query": "What is it?", "queryId": "q", "options": options});
    let id = client.begin("rlm/query", asked).await;
    sleep_until(stopped - Duration::from_millis(1100)).await;
    let cores = watch.cores().await;
    sleep_until(stopped).await;
    if matches!(stop, Stop::Cancel) {
        let cancelled = client.request("rlm/cancel", json!({"queryId": "q"})).await;
        assert!(cancelled.is_ok(), "{}: {cancelled:?}", attack.name);
    }
    let worked = watch.until_quiet(stopped).await;
    // An error is an answer too.
    let _ = client.response(id).await;
    let (server, all) = watch.end();
    assert_eq!(client.shut_down().await, 0, "{}", attack.name);
    Seen { server, all, cores, worked }
}

/// Attacks the program in a terminal, which ends.
async fn at_terminal(folder: &Path, running: &Running, signal: Signal) -> Seen {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rlm"));
    command.args(["query", "What is it?"]).arg(folder).args(running.arguments());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().expect("the program starts");
    let id = child.id().expect("it runs");
    let watch = Watch::begin(id);
    sleep(TIME - Duration::from_secs(1)).await;
    let cores = watch.cores().await;
    let stopped = Instant::now();
    if child.try_wait().expect("it can be asked").is_none() {
        processes::signal(id, signal);
    }
    let worked = watch.until_quiet(stopped).await;
    let (server, all) = watch.end();
    let _ = child.kill().await;
    Seen { server, all, cores, worked }
}

/// Seconds until the last work, or that it never ended.
fn shown(worked: Option<Duration>) -> String {
    worked.map_or("goes on".to_owned(), |worked| format!("{:.1}", worked.as_secs_f64()))
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    println!("| attack | server MB | all MB | cores | after cancel s | time-out | Ctrl-C | SIGTERM | at the review |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for attack in attacks::all() {
        if !wanted.is_empty() && !wanted.iter().any(|it| attack.name.contains(it.as_str())) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder can be made");
        (attack.texts)(folder.path());
        let (mut server, mut all, mut cores, mut worked) = (0, 0, f64::MAX, Vec::new());
        for stop in STOPS {
            let running = attack.start().await;
            let seen = match stop {
                Stop::Signal(signal) => at_terminal(folder.path(), &running, signal).await,
                stop => at_server(&attack, folder.path(), &running, stop).await,
            };
            server = server.max(seen.server);
            all = all.max(seen.all);
            cores = cores.min(seen.cores);
            worked.push(shown(seen.worked));
        }
        println!("| {} | {server} | {all} | {cores:.1} | {} | {} |", attack.name, worked.join(" | "), attack.before);
    }
}
