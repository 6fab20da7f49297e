//! How a text of 10 GB is read where it lies: opening, slices, a pattern counted over all of it beside `ripgrep`, and memory.
//!
//! `cargo bench --bench huge` writes one text of ASCII and one that is not into a cache once (`RLM_BENCH_CACHE`, else
//! `~/.cache/rlm-bench`; `RLM_BENCH_BYTES` makes them shorter) and asks about each as a user does, through the whole program
//! and a scripted model. What does not fit into the page cache is read from the disk, by both.

#[path = "shared/memory.rs"]
mod memory;
#[path = "../tests/scripted/mod.rs"]
mod scripted;

use memory::Watch;
use scripted::{Action, Asked, ScriptedServer};
use std::{
    env, fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command as Blocking, Stdio},
    time::{Duration, Instant},
};
use tokio::process::Command;

const RUNS: usize = 5;
const PATTERN: &str = r"ERROR: E\d+3000\b";
const TEN_GB: u64 = 10_000_000_000;

/// Slices at random, twice at the same places: the second time on pages that are there.
const SLICES: &str = r#"
import random, time
rng = random.Random(1)
at = [rng.randrange(len(context) - 1000) for _ in range(2000)]
for start in at: context[start:start + 1000]
began = time.perf_counter()
for start in at: context[start:start + 1000]
slices = time.perf_counter() - began
began = time.perf_counter()
for start in at: pass
empty = time.perf_counter() - began
print(len(context))
"#;

const COUNT: &str = r#"
import re
began = time.perf_counter()
count = sum(1 for _ in re.finditer(r"PATTERN", context))
FINAL(f"{(slices - empty) / 2000 * 1e6} {count} {time.perf_counter() - began}")
"#;

/// What one question showed.
struct Seen {
    opening: Duration,
    slice_us: f64,
    count: u64,
    counting_s: f64,
    private_mb: u64,
}

#[tokio::main]
async fn main() {
    println!("| text | opening s | slice of 1000 characters µs | count s | `rg` s | speed against `rg` | private MB |");
    println!("|---|---|---|---|---|---|---|");
    for (name, filler) in
        [("ASCII", "servers wait and nothing happens"), ("not ASCII", "sërvers wait — nothing häppens 漢字")]
    {
        let path = text(name, filler);
        let server = ScriptedServer::start(script).await;
        let (mut seen, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..=RUNS {
            seen.push(ask(&path, &server).await);
            peers.push(ripgrep(&path));
        }
        let (seen, peers) = (&seen[1..], &peers[1..]);
        assert!(seen.iter().zip(peers).all(|(seen, peer)| seen.count == peer.0), "both count the same");
        let of = |pick: &dyn Fn(&Seen) -> f64| median(seen.iter().map(pick).collect());
        let (ours, theirs) = (of(&|it| it.counting_s), median(peers.iter().map(|it| it.1).collect()));
        println!(
            "| {name} | {:.3} | {:.1} | {ours:.2} | {theirs:.2} | {:.2} | {:.0} |",
            of(&|it| it.opening.as_secs_f64()),
            of(&|it| it.slice_us),
            theirs / ours,
            of(&|it| it.private_mb as f64),
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn script(asked: &Asked) -> Action {
    let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
    let program = [SLICES.to_owned(), COUNT.replace("PATTERN", PATTERN)][turn.min(1)].clone();
    Action::reply(format!("```repl\n{program}\n```"))
}

/// The file, written if it is not there.
fn text(name: &str, filler: &str) -> PathBuf {
    let cache = env::var_os("RLM_BENCH_CACHE").map(PathBuf::from);
    let cache =
        cache.unwrap_or_else(|| Path::new(&env::var_os("HOME").expect("there is a home")).join(".cache/rlm-bench"));
    fs::create_dir_all(&cache).expect("the cache can be made");
    let bytes = env::var("RLM_BENCH_BYTES").map_or(TEN_GB, |bytes| bytes.parse().expect("a number of bytes"));
    let path = cache.join(format!("{}-{bytes}.txt", name.replace(' ', "-")));
    if path.exists() {
        return path;
    }
    let passing = path.with_extension("part");
    let mut output = BufWriter::with_capacity(1 << 20, fs::File::create(&passing).expect("the file can be made"));
    let (mut written, mut number) = (0, 0);
    while written < bytes {
        let line = match number % 1000 {
            0 => format!("2026-11-27 ERROR: E{number} happened\n"),
            _ => format!("2026-11-27 INFO: {filler} {number}\n"),
        };
        output.write_all(line.as_bytes()).expect("the disk has room");
        (written, number) = (written + line.len() as u64, number + 1);
    }
    output.flush().expect("the disk has room");
    fs::rename(&passing, &path).expect("the file is ours");
    path
}

/// Asks, and watches the memory of all processes of the question.
async fn ask(path: &Path, server: &ScriptedServer) -> Seen {
    let (began, calls) = (Instant::now(), server.calls().len());
    let asked = Command::new(env!("CARGO_BIN_EXE_rlm"))
        .env("RLM_STORE", "off")
        .args([
            "query",
            "How often?",
            "--json",
            "--strategy",
            "rlm",
            "--model",
            "scripted",
            "--endpoint",
            &server.url(),
        ])
        .args(["--cell-timeout", "600"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let watch = Watch::start(asked.id().expect("it runs"), &["Pss_Anon:"]);
    server.until("the first call", |log| log.calls.len() > calls).await;
    let opening = began.elapsed();
    let output = asked.wait_with_output().await.expect("it ends");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the program prints JSON");
    let answer = result["answer"].as_str().expect("there is an answer");
    let [slice, count, counting] = answer.split(' ').collect::<Vec<_>>()[..] else { panic!("{result}") };
    Seen {
        opening,
        slice_us: slice.parse().expect("a number"),
        count: count.parse().expect("a number"),
        counting_s: counting.parse().expect("a number"),
        private_mb: watch.end() >> 20,
    }
}

/// How often the pattern is found, and in how many seconds.
fn ripgrep(path: &Path) -> (u64, f64) {
    let began = Instant::now();
    let output = Blocking::new("rg")
        .args(["--no-config", "--count-matches", "-e", PATTERN])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .expect("ripgrep runs");
    let seconds = began.elapsed().as_secs_f64();
    let count = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a count");
    (count, seconds)
}
