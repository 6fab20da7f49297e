//! What a small model adds and costs: SmolLM2-135M-Instruct on llama.cpp's server as the only model.
//!
//! `cargo bench --bench small_model` takes questions about the sources of three crates from `tests/data/questions.toml`, ten
//! each, that the built-in model answers, and asks each with the small model: whether a place that answers is shown, how
//! many calls it took, what the answer rests on, and how long it took beside one prompt that fills the window. The answers are
//! written to standard error, for a reader who does not trust a table.
//! `RLM_TEST_LLAMA_PYTHON` names the Python that `tests/run` has installed.

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const CRATES: [&str; 3] = ["ignore", "tower-lsp-server", "genai"];
const QUESTIONS: usize = 10;
const WINDOW: usize = 1024;

/// The server, which ends with this.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let python =
            std::env::var_os("RLM_TEST_LLAMA_PYTHON").expect("RLM_TEST_LLAMA_PYTHON is set, as by `tests/run`");
        let mut child = Command::new(python)
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llama/small.py"), &WINDOW.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut url = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut url).expect("the server says where it listens");
        Self { child, url: url.trim().to_owned() }
    }

    /// How long one prompt takes that fills the window but for the shortest reply.
    fn prompt(&self) -> Duration {
        let text = "let value = table.get(key).copied().unwrap_or_default(); // 1234567890\n".repeat(WINDOW / 64);
        let body = json!({"messages": [{"role": "user", "content": text}], "max_tokens": 1}).to_string();
        let started = Instant::now();
        let reply = Command::new("curl")
            .args(["-s", "-d", &body, &format!("{}/v1/chat/completions", self.url)])
            .output()
            .expect("curl is there");
        let reply: Value = serde_json::from_slice(&reply.stdout).expect("it replies");
        let took = started.elapsed();
        let tokens = reply["usage"]["prompt_tokens"].as_u64().expect("it counts the tokens");
        took.mul_f64(WINDOW as f64 / tokens as f64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of a crate's sources.
fn sources(name: &str) -> PathBuf {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages.iter().find(|it| it["name"] == name).expect("the lock file has it");
    Path::new(found["manifest_path"].as_str().expect("a path")).parent().expect("a folder").to_owned()
}

fn ask(question: &str, folder: &Path, options: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_rlm"))
        .env("RLM_STORE", "off")
        .args(["query", question])
        .arg(folder)
        .args(["--json"])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// Whether a citation of the answer holds a line that answers.
fn is_shown(result: &Value, folder: &Path, answers: &[toml::Value]) -> bool {
    let citations = result["citations"].as_array().map(Vec::as_slice).unwrap_or_default();
    citations.iter().any(|cited| {
        let (first, last) = (cited["startLine"].as_u64().unwrap_or(0), cited["endLine"].as_u64().unwrap_or(0));
        answers.iter().any(|answer| {
            let (file, line) = (answer["file"].as_str().expect("a file"), answer["line"].as_str().expect("a line"));
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            cited["path"] == file
                && text.lines().zip(1..).any(|(it, number)| it.contains(line) && (first..=last).contains(&number))
        })
    })
}

fn main() {
    let list = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/questions.toml")).expect("the list");
    let list: toml::Value = toml::from_str(&list).expect("it is TOML");
    let server = Server::start();
    let prompt = server.prompt();
    println!("one prompt of the window of {WINDOW} tokens: {:.1} s\n", prompt.as_secs_f64());
    println!("| crate | questions | place shown | cited | words of its own | most calls | median s | of one prompt |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut all = Vec::new();
    for name in CRATES {
        let folder = sources(name);
        let sets = list["set"].as_array().expect("sets");
        let set = sets.iter().find(|it| it["package"].as_str() == Some(name)).expect("the crate has a set");
        let answers = |it: &toml::Value| it["answers"].as_array().expect("answers").clone();
        let answered = set["question"].as_array().expect("questions").iter().filter(|it| {
            let asked = it["ask"].as_str().expect("a question");
            is_shown(&ask(asked, &folder, &["--model", "extractive"]), &folder, &answers(it))
        });
        let (mut shown, mut cited, mut own, mut calls, mut times) = (0, 0, 0, 0, Vec::new());
        for question in answered.take(QUESTIONS) {
            let asked = question["ask"].as_str().expect("a question");
            let started = Instant::now();
            let result = ask(asked, &folder, &["--endpoint", &format!("{}/v1", server.url)]);
            times.push(started.elapsed().as_secs_f64());
            let is_found = is_shown(&result, &folder, &answers(question));
            let (seconds, note) = (times[times.len() - 1], if is_found { "" } else { " (the place is not shown)" });
            eprintln!("## {name}: {asked}{note}\n\n{seconds:.1} s, {}\n", result["usage"]["calls"]);
            eprintln!("{}\n", result["answer"].as_str().unwrap_or_default());
            shown += usize::from(is_found);
            cited += usize::from(result["grounded"] == "cited");
            own += usize::from(result["termination"] == "direct");
            calls = calls.max(result["usage"]["calls"].as_u64().unwrap_or(0));
        }
        let count = times.len();
        all.extend(times.iter().copied());
        let median = median(&mut times);
        let ratio = median / prompt.as_secs_f64();
        println!("| {name} | {count} | {shown} | {cited} | {own} | {calls} | {median:.1} | {ratio:.2} |");
    }
    let median = median(&mut all);
    println!("| all | {} | | | | | {median:.1} | {:.2} |", all.len(), median / prompt.as_secs_f64());
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
