//! Looks into a text that shall take the server's memory or its processors: each has a bound, and stops with its run.

use crate::{
    client::{Client, uri},
    processes::{interrupt, usage},
    query::{file, scripted},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{rlm, run},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// The most megabytes that a server may ever have.
const MOST_MEMORY: u64 = 400;

/// How long a server may take to notice that nobody waits any more.
const NOTICES: Duration = Duration::from_secs(1);

/// Ten megabytes in which patterns of a's and b's have to look at everything.
fn noise(folder: &TempDir, line: usize) -> PathBuf {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'a' + (state >> 40 & 1) as u8
    };
    let text: Vec<u8> = (0..10_000_000).map(|at| if at % line == line - 1 { b'\n' } else { next() }).collect();
    file(folder, "noise.txt", &text)
}

/// Programs that do not end by themselves in any time that a person would wait.
const ENDLESS: &[&str] = &[
    "for n in range(200, 400): grep(r'[ab]*a[ab]{%d}c' % n)",
    "import threading\n\
     threads = [threading.Thread(target=grep, args=(r'[ab]*a[ab]{%d}[cd]' % n,)) for n in range(200, 212)]\n\
     for thread in threads: thread.start()\nfor thread in threads: thread.join()",
    "for n in range(100): grep(r'(?:[ab]?){3000}\\n(a|b)*a(a|b){2000}[cd]')",
    "for n in range(100): grep(r'\\b[ab]*a[ab]{5000}[cd]\\b', ignore_case=True)",
    "for n in range(100): grep('|'.join('[ab]*a[ab]{%d}c' % n for n in range(100, 160)))",
    "while True: chunk(80, 9)",
    "while True: chunk(90, 9, 'tokens')",
    "while True: search(' '.join('ab%d' % n for n in range(100_000)), k=100_000)",
];

/// Asserts that the server does nothing any more, and never had much memory.
async fn assert_at_rest(id: u32, what: &str) {
    sleep(NOTICES).await;
    let before = usage(id).expect("it runs").processor;
    sleep(Duration::from_secs(1)).await;
    let after = usage(id).expect("it runs");
    let worked = after.processor.saturating_sub(before);
    assert!(worked < Duration::from_millis(300), "{what}: it works on, {worked:?} in a second");
    assert!(after.most_memory < MOST_MEMORY, "{what}: {} MB", after.most_memory);
}

/// A server of a model that replies with the program that its question is.
async fn echo() -> ScriptedServer {
    ScriptedServer::start(|asked: &Asked| {
        let number = asked.conversation().split("task-").nth(1).and_then(|it| it.split('-').next()?.parse().ok());
        let program = number.and_then(|number: usize| ENDLESS.get(number)).unwrap_or(&"FINAL('none')");
        Action::reply(format!("```repl\n{program}\n```"))
    })
    .await
}

#[tokio::test]
async fn a_look_that_nobody_waits_for_any_more_stops() {
    let server = echo().await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    for line in [100_000, 7_000_000] {
        let folder = TempDir::new().expect("a folder can be made");
        let scope = json!({"kind": "file", "uri": uri(&noise(&folder, line))});
        let mut client = Client::in_folder(folder.path(), json!({}), options.clone()).await;
        for (number, program) in ENDLESS.iter().enumerate() {
            let way = ["rlm/cancel", "$/cancelRequest", "timeout"][(number + line) % 3];
            let mut asked = json!({"query": format!("Do task-{number}-now."), "queryId": "q", "scope": scope});
            if way == "timeout" {
                asked["options"] = json!({"timeout": 4});
            }
            let id = client.begin("rlm/query", asked).await;
            if way != "timeout" {
                sleep(Duration::from_secs(4)).await;
            }
            match way {
                "rlm/cancel" => drop(client.request(way, json!({"queryId": "q"})).await),
                "$/cancelRequest" => client.notify(way, json!({"id": id})).await,
                _ => {}
            }
            let ended = client.response(id).await;
            assert!(ended.is_err() || way == "timeout", "{program}: {ended:?}");
            assert_at_rest(client.id(), &format!("{way} {program}")).await;
        }
        assert_eq!(client.shut_down().await, 0);
    }
}

#[tokio::test]
async fn ctrl_c_and_the_time_out_end_the_program_within_a_look() {
    let server = echo().await;
    let folder = TempDir::new().expect("a folder can be made");
    let path = noise(&folder, 7_000_000);
    let path = path.to_str().expect("the path is text");
    let url = server.url();
    for (number, time_out) in [(1, None), (3, Some("3")), (5, None)] {
        let question = format!("Do task-{number}-now.");
        let mut arguments = vec!["query", &question, path, "--endpoint", &url, "--model", "scripted"];
        arguments.extend(["--strategy", "rlm"]);
        arguments.extend(time_out.iter().flat_map(|seconds| ["--timeout", seconds]));
        let mut child = rlm(&arguments).spawn().expect("the program starts");
        let id = child.id().expect("it runs");
        sleep(Duration::from_secs(3)).await;
        let told = Instant::now();
        if time_out.is_none() {
            interrupt(id);
        }
        let status = child.wait().await.expect("it ends");
        assert!(told.elapsed() < Duration::from_secs(10), "{question} {:?}", told.elapsed());
        assert_eq!(status.code(), Some(if time_out.is_some() { 3 } else { 130 }), "{question}");
    }
}

#[tokio::test]
async fn what_would_take_too_much_memory_is_refused_or_takes_little() {
    const PROGRAMS: &[&str] = &[
        "seen = []\n\
         def attempt(look, *given, **named):\n    try: seen.append(f'{len(look(*given, **named))}')\n\
         \x20   except Exception as error: seen.append(type(error).__name__)",
        "attempt(chunk, 80000, 79999)\nattempt(chunk, 2, 1)\nattempt(chunk, 1)\nattempt(chunk, 4, 1, 'tokens')\n\
         attempt(chunk, 2**62, 2**62 - 1)\nattempt(chunk, 100, 60)",
        "attempt(grep, '(a)' * 60_000)\nattempt(grep, '(' * 200 + 'a' + ')' * 200 + '{9}{9}{9}{9}{9}')\n\
         attempt(grep, 'x' * 40_000_000)\nattempt(grep, '(?i)' + '|'.join(map(str, range(200_000))))\n\
         attempt(grep, r'\\w{50}' * 900)\nattempt(grep, '(a|b)' * 5000 + r'\\b')",
        "attempt(grep, '', max_results=10**9)\nattempt(search, 'ab ' * 10_000_000)\nattempt(search, 'a', k=2**60)\n\
         attempt(outline, 'code.rs')\nattempt(repo_map, 10**9)\nattempt(repo_map, 100, ['a'] * 100_000)",
        "import threading\n\
         threads = [threading.Thread(target=attempt, args=(grep, '.'), kwargs={'max_results': 100_000}) for _ in range(60)]\n\
         for thread in threads: thread.start()\nfor thread in threads: thread.join()",
        "FINAL(' '.join(seen[:18]))",
    ];
    let folder = TempDir::new().expect("a folder can be made");
    noise(&folder, 60);
    file(&folder, "code.rs", "fn a() {} ".repeat(300_000).as_bytes());
    let server = ScriptedServer::start(scripted(PROGRAMS, |_| String::new())).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm", "maxIterations": 8});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let result = client.request("rlm/query", json!({"query": "?", "options": {"timeout": 200}})).await;
    let result = result.expect("an answer");
    let answer = result["answer"].as_str().unwrap_or_default();
    let expected = ["ValueError"; 6].join(" ");
    assert!(answer.starts_with(&expected), "{answer} {}", result["termination"]);
    assert_at_rest(client.id(), answer).await;
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_pattern_that_is_too_large_is_told_in_plain_words() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let server = ScriptedServer::start(scripted(&["grep(r'\\w{9999}')", "FINAL('x')"], |_| String::new())).await;
    let ran = crate::query::ask(&server, Path::new(&path), &[]).await;
    let told = crate::query::told(&server, 2);
    assert!(told.contains("more than 8 MiB") && told.contains("repeat less"), "{told} {ran:?}");
    let store = folder.path().join("store");
    let store = store.to_str().expect("the path is text");
    let ingested = run(rlm(["shards", "ingest", path.to_str().expect("the path is text"), store])).await;
    assert_eq!(ingested.status, 0, "{ingested:?}");
    let ran = run(rlm(["shards", "grep", store, r"\w{9999}"])).await;
    assert!(ran.status == 2 && ran.errors.contains("more than 8 MiB"), "{ran:?}");
}
