//! How much time a run takes beyond what its model calls must take.
//!
//! `cargo bench --bench orchestration` runs the program against a scripted model that takes 200 ms a call, and divides the
//! wall time (start of the process to its end) by the floor: the longest chain of calls that must follow each other, made by
//! a client that does nothing else, on one connection that is open. The scenarios and their floors take turns; the table
//! shows the median of the runs and the extremes. It also shows where the time went, by what the server saw: from the start
//! of the process to its first call, from when all calls had ended to the next one, and from the last to the end of the
//! process.

#[path = "../tests/scripted/mod.rs"]
mod scripted;

use scripted::{Action, Asked, ScriptedServer, Setup};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::Command;

const LATENCY: Duration = Duration::from_millis(200);
const RUNS: usize = 9;
const CONCURRENCY: usize = 16;

/// One kind of run: what the model writes, and how many calls must follow each other.
struct Scenario {
    name: &'static str,
    /// Calls in the longest chain.
    chain: usize,
    text: PathBuf,
    answer: String,
    script: fn(&Asked) -> String,
}

fn turn(asked: &Asked) -> usize {
    asked.messages.iter().filter(|(role, _)| role == "assistant").count()
}

fn is_plain(asked: &Asked) -> bool {
    asked.messages[0].0 != "system"
}

/// A look, and the answer.
fn needle(asked: &Asked) -> String {
    match turn(asked) {
        0 => "```repl\nat = context.find('needle')\nprint(context[at:at + 20])\n```",
        _ => "```repl\nFINAL(context[at:at + 10])\n```",
    }
    .to_owned()
}

/// A look at a tree of files, and the answer.
fn tree(asked: &Asked) -> String {
    match turn(asked) {
        0 => "```repl\nprint(len(files))\n```",
        _ => "```repl\nFINAL('2')\n```",
    }
    .to_owned()
}

/// Ten looks, and the answer.
fn explore(asked: &Asked) -> String {
    match turn(asked) {
        10 => "```repl\nFINAL(str(seen))\n```".to_owned(),
        turn => format!("```repl\nseen = {turn} + 1\nprint(context[{turn} * 100:{turn} * 100 + 50])\n```"),
    }
}

/// A look, a plan, a call for each piece, and the sum: three turns, and the calls in between.
fn map_reduce(asked: &Asked) -> String {
    if is_plain(asked) {
        let number: usize = asked.last().split_whitespace().last().and_then(|it| it.parse().ok()).unwrap_or(0);
        return (2 * number).to_string();
    }
    match turn(asked) {
        0 => "```repl\nprint(context[:50])\n```",
        1 => "```repl\npieces = chunk(12)\nfound = llm_query_batched(pieces)\nprint(len(found))\n```",
        _ => "```repl\nFINAL(str(sum(map(int, found))))\n```",
    }
    .to_owned()
}

/// Four children with four calls each, all in parallel: a turn, a child's turn, its calls, its answer, the answer.
fn recursion(asked: &Asked) -> String {
    let is_child = asked.conversation().contains("another program wrote for you");
    match (is_plain(asked), is_child, turn(asked)) {
        (true, ..) => asked.last().to_owned(),
        (_, true, 0) => {
            "```repl\nfound = llm_query_batched([context + str(n) for n in range(4)])\nprint(len(found))\n```"
                .to_owned()
        }
        (_, true, _) => "```repl\nFINAL(''.join(found))\n```".to_owned(),
        (_, _, 0) => "```repl\nfound = rlm_query_batched(list('abcd'))\nprint(len(found))\n```".to_owned(),
        _ => "```repl\nFINAL(''.join(found))\n```".to_owned(),
    }
}

fn scenarios(folder: &Path) -> Vec<Scenario> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).expect("the disk has room");
        path
    };
    let values = |count: usize| {
        (0..count).fold(String::new(), |mut text, number| {
            let _ = writeln!(text, "value {number:>5}");
            text
        })
    };
    let hay = |megabytes: usize| {
        "some hay that fills a line of the text, again and again\n".repeat(megabytes * 18_000) + "needle 42\n"
    };
    let map = |name, count: usize| Scenario {
        name,
        chain: 3 + count.div_ceil(CONCURRENCY),
        text: write(&format!("values{count}.txt"), values(count)),
        answer: (count * (count - 1)).to_string(),
        script: map_reduce,
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let answer = "abcd".chars().flat_map(|letter| (0..4).map(move |n| format!("{letter}{n}"))).collect();
    vec![
        Scenario {
            name: "needle, 1 MB",
            chain: 2,
            text: write("hay1.txt", hay(1)),
            answer: "needle 42\n".into(),
            script: needle,
        },
        Scenario {
            name: "needle, 100 MB",
            chain: 2,
            text: write("hay100.txt", hay(100)),
            answer: "needle 42\n".into(),
            script: needle,
        },
        Scenario { name: "this program's sources", chain: 2, text: sources, answer: "2".into(), script: tree },
        Scenario {
            name: "explore, 10 steps",
            chain: 11,
            text: write("hay2.txt", hay(1)),
            answer: "10".into(),
            script: explore,
        },
        map("map-reduce, 8 calls", 8),
        map("map-reduce, 64 calls", 64),
        map("map-reduce, 256 calls", 256),
        Scenario {
            name: "recursion, 4 × 4",
            chain: 5,
            text: write("small.txt", "small".into()),
            answer,
            script: recursion,
        },
    ]
}

/// Where the time of a run went.
struct Times {
    wall: Duration,
    /// Until the first call.
    first: Duration,
    /// From when no call was open any more to the next one, each time.
    between: Vec<Duration>,
    /// From when the last call had ended.
    last: Duration,
}

/// Runs the program once.
async fn run(scenario: &Scenario, server: &ScriptedServer) -> Times {
    let before = server.calls().len();
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_rlm"))
        .env("RLM_STORE", "off")
        .args(["query", "What is it?"])
        .arg(&scenario.text)
        .args(["--json", "--strategy", "rlm", "--model", "scripted", "--endpoint", &server.url()])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the program starts");
    let wall = began.elapsed();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the program prints JSON");
    assert_eq!(result["answer"], scenario.answer.as_str(), "{}: {result}", scenario.name);
    let calls = &server.calls()[before..];
    let (mut between, mut idle_since) = (Vec::new(), calls[0].began);
    for call in calls {
        if call.began > idle_since {
            between.push(call.began - idle_since);
        }
        idle_since = idle_since.max(call.ended.expect("the run has ended"));
    }
    Times { wall, first: calls[0].began - began, between, last: (began + wall).saturating_duration_since(idle_since) }
}

/// How long the calls take that must follow each other, if nothing lies between them.
async fn floor(scenario: &Scenario, server: &ScriptedServer, client: &reqwest::Client) -> Duration {
    let url = format!("{}/chat/completions", server.url());
    let body = serde_json::json!({"model": "scripted", "messages": [{"role": "user", "content": "1"}]}).to_string();
    let call = async || {
        let request = client.post(&url).header("content-type", "application/json").body(body.clone());
        let reply = request.send().await.expect("the server replies");
        assert!(reply.status().is_success(), "{}", reply.status());
        reply.bytes().await.expect("the server replies");
    };
    // It opens the connection.
    call().await;
    let began = Instant::now();
    for _ in 0..scenario.chain {
        call().await;
    }
    began.elapsed()
}

fn median(mut values: Vec<Duration>) -> f64 {
    values.sort();
    values.get(values.len() / 2).map_or(0.0, |it| 1000.0 * it.as_secs_f64())
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let scenarios = scenarios(folder.path());
    let mut servers = Vec::new();
    for scenario in &scenarios {
        let script = scenario.script;
        servers.push(Setup::new().latency(LATENCY).start(move |asked: &Asked| Action::reply(script(asked))).await);
    }
    let client = reqwest::Client::new();
    let mut runs: Vec<(Vec<Times>, Vec<Duration>)> = scenarios.iter().map(|_| Default::default()).collect();
    for _ in 0..RUNS {
        for ((scenario, server), (runs, floors)) in scenarios.iter().zip(&servers).zip(&mut runs) {
            floors.push(floor(scenario, server, &client).await);
            runs.push(run(scenario, server).await);
        }
    }
    println!(
        "| scenario | floor s | median s | min – max s | median / floor | first call ms | between calls ms | end ms |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (scenario, (runs, floors)) in scenarios.iter().zip(&mut runs) {
        runs.sort_by_key(|run| run.wall);
        let seconds = |run: &Times| run.wall.as_secs_f64();
        let (least, middle, most) = (seconds(&runs[0]), seconds(&runs[RUNS / 2]), seconds(&runs[RUNS - 1]));
        let floor = median(floors.clone()) / 1000.0;
        let first = median(runs.iter().map(|run| run.first).collect());
        let between = median(runs.iter().flat_map(|run| run.between.iter().copied()).collect());
        let last = median(runs.iter().map(|run| run.last).collect());
        println!(
            "| {} | {floor:.3} | {middle:.3} | {least:.3} – {most:.3} | {:.3} | {first:.1} | {between:.1} | {last:.1} |",
            scenario.name,
            middle / floor
        );
    }
}
