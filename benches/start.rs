//! How large the program is, and how soon it says something.
//!
//! `cargo bench --bench start` measures the program; `cargo bench --bench start -- OTHER...` has other builds of it take
//! turns with it, such as one from before a change. (Cargo passes `--bench` along.)

#[path = "shared/spread.rs"]
mod spread;

use spread::Spread;
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

const RUNS: usize = 21;

const INITIALIZE: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}"#;

/// What is timed: its name in the table, and a function that returns milliseconds.
type Moment = (&'static str, fn(&Path) -> f64);

const MOMENTS: [Moment; 3] =
    [("`rlm --version`", version), ("`initialize` answered", initialize), ("a question about `src`", question)];

fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().stderr(Stdio::null()).stdout(Stdio::piped()).stdin(Stdio::null());
    command
}

/// Milliseconds until the program has ended, which must have printed something that contains `expected`.
fn ended(mut command: Command, expected: &str) -> f64 {
    let began = Instant::now();
    let output = command.output().expect("the program starts");
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains(expected), "{command:?}: {printed}");
    milliseconds
}

fn version(path: &Path) -> f64 {
    let mut command = program(path);
    command.arg("--version");
    ended(command, "rlm ")
}

/// A first question of the built-in model, which parses the files that it quotes from.
fn question(path: &Path) -> f64 {
    let mut command = program(path);
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    command.args(["query", "Where are syntax trees parsed?", sources, "--json", "--model", "extractive"]);
    ended(command, "corpus/syntax")
}

/// Milliseconds until a language server has answered the first request of a client.
fn initialize(path: &Path) -> f64 {
    let began = Instant::now();
    let mut server: Child = program(path).arg("lsp").stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut input = server.stdin.take().expect("a pipe");
    write!(input, "Content-Length: {}\r\n\r\n{INITIALIZE}", INITIALIZE.len()).expect("the server reads");
    input.flush().expect("the server reads");
    let mut output = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut length = 0;
    let mut line = String::new();
    while output.read_line(&mut line).expect("the server writes text") > 2 {
        if let Some(given) = line.strip_prefix("Content-Length:") {
            length = given.trim().parse().expect("a length");
        }
        line.clear();
    }
    let mut reply = vec![0; length];
    output.read_exact(&mut reply).expect("the reply is as long as announced");
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    assert!(String::from_utf8_lossy(&reply).contains("\"capabilities\""));
    drop(input);
    server.kill().and_then(|()| server.wait()).expect("the server ends");
    milliseconds
}

fn main() {
    let others = env::args_os().skip(1).filter(|it| it != "--bench").map(PathBuf::from);
    let programs: Vec<PathBuf> = std::iter::once(env!("CARGO_BIN_EXE_rlm").into()).chain(others).collect();
    println!("| what | program | median | min – max |");
    println!("|---|---|---|---|");
    for (number, path) in programs.iter().enumerate() {
        let size = fs::metadata(path).expect("the program is there").len();
        println!("| size, MB | {} | {:.1} | |", number + 1, size as f64 / 1e6);
    }
    for (name, measure) in MOMENTS {
        let mut times = vec![Vec::new(); programs.len()];
        // The first turn, in which pages are read from the disk, does not count.
        for path in &programs {
            measure(path);
        }
        for _ in 0..RUNS {
            for (path, times) in programs.iter().zip(&mut times) {
                times.push(measure(path));
            }
        }
        for (number, times) in times.into_iter().enumerate() {
            println!("| {name}, ms | {} | {} |", number + 1, Spread::of(times));
        }
    }
}
