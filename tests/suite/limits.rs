//! What a run may not do, whatever its model and its programs do: spend more than it may, fill memory, hang, or pass
//! half an answer off as one.

use crate::{
    query::{ask, file, scripted, told},
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{rlm, run},
};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

fn is_plain(asked: &Asked) -> bool {
    asked.messages.first().is_none_or(|(role, _)| role != "system")
}

#[tokio::test]
async fn an_attempt_that_broke_off_is_paid_for_and_the_next_one_needs_room() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    // Writes as much as it may, at four bytes to a token, and ends before its end.
    let breaks = |asked: &Asked| {
        let most = asked.body["max_tokens"].as_u64().expect("a limit on the reply");
        Action::reply("x".repeat(40_000.min(4 * most as usize))).unmarked()
    };
    for (limit, tokens) in [(["--max-tokens", "15000"], 15_000), (["--max-cost", "0.12"], 12_000)] {
        let server = ScriptedServer::start(breaks).await;
        let url = server.url();
        let path = path.to_str().expect("text");
        let mut command =
            rlm(["query", "?", path, "--json", "--endpoint", &url, "--model", "scripted"].iter().chain(&limit));
        command.env("RLM_PRICE", "scripted=1/10");
        let ran = run(command).await;
        let usage = &ran.json()["usage"];
        let spent = usage["outputTokens"].as_u64().expect("a number");
        assert!(server.calls().len() > 1 && 10_000 < spent && spent <= tokens, "{usage}");
        assert!(usage["costUsd"].as_f64().is_some_and(|cost| 0.1 < cost && cost <= 0.15), "{usage}");
    }
}

#[tokio::test]
async fn what_the_built_in_model_has_found_is_its_answer_where_its_readers_are_too_slow() {
    let folder = TempDir::new().expect("a folder can be made");
    let text = "straw\n".repeat(300) + "the needle is hidden under the stack\n" + &"straw\n".repeat(300);
    file(&folder, "stack.txt", text.as_bytes());
    let server = ScriptedServer::start(|_| Action::reply("NOTHING").after(Duration::from_secs(60))).await;
    let (url, place) = (server.url(), folder.path().to_str().expect("text"));
    let started = Instant::now();
    let ran = run(rlm([
        "query",
        "where is the needle hidden?",
        place,
        "--json",
        "--model",
        "extractive",
        "--worker",
        "slow",
        "--endpoint",
        &url,
        "--timeout",
        "8",
    ]))
    .await;
    let result = ran.json();
    let answer = result["answer"].as_str().unwrap_or_default();
    assert!(answer.contains("`stack.txt:") && answer.contains("the needle is hidden under the stack"), "{ran:?}");
    assert!(!server.calls().is_empty() && result["lostCount"].as_u64() > Some(0), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_model_without_a_price_is_not_called_under_a_limit_on_cost() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["FINAL(' / '.join(llm_query_batched(['a', 'b'], model='dear')))"];
    let server = Setup::new().models(&["scripted", "dear"]).start(scripted(programs, |_| "x".into())).await;
    let url = server.url();
    let path = path.to_str().expect("text");
    let arguments = ["query", "?", path, "--json", "--strategy", "rlm", "--endpoint", &url, "--model", "scripted"];
    let mut command = rlm(arguments.iter().chain(&["--max-cost", "1"]));
    command.env("RLM_PRICE", "scripted=1/1");
    let ran = run(command).await;
    let result = ran.json();
    assert!(
        result["answer"].as_str().is_some_and(|it| it.matches("the price of dear is not known").count() == 2),
        "{ran:?}"
    );
    assert_eq!(server.calls().len(), 1, "only the root was called");
}

#[tokio::test]
async fn a_command_that_prints_without_end_is_stopped_at_its_limit() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    let ran = run(rlm(["query", "?", path, "--json", "--model", "cli:yes", "--max-tokens", "1000"])).await;
    let result = ran.json();
    assert_eq!((&result["termination"], ran.status), (&json!("tokens"), 3), "{ran:?}");
    assert!(result["usage"]["outputTokens"].as_u64() <= Some(1000), "{result}");
}

#[tokio::test]
async fn a_call_that_is_open_at_the_end_is_in_the_books() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let server = ScriptedServer::start(|_: &Asked| Action::hang()).await;
    let ran = ask(&server, &path, &["--timeout", "1"]).await;
    let usage = &ran.json()["usage"];
    assert_eq!((&usage["calls"], &usage["costUsd"]), (&json!(1), &Value::Null), "{usage}");
    assert!(usage["inputTokens"].as_u64() > Some(100), "{usage}");
}

#[tokio::test]
async fn texts_of_any_length_go_through_or_are_refused_with_a_reason() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "big.txt", "seventy megabytes of text\n".repeat(70 * 40_330).as_bytes());
    let programs = &[
        "notes = llm_query_batched(['Count: ' + piece for piece in chunk(10_000_000)])",
        "for attempt in [lambda: llm_query(context), lambda: chunk(10), lambda: llm_query_batched(['x'] * 20_000)]:\n    \
         try:\n        attempt()\n    except ValueError as error:\n        notes.append(str(error))",
        "FINAL(context)",
        "FINAL('\\n'.join(notes))",
    ];
    let server = ScriptedServer::start(scripted(programs, |prompt| prompt.len().to_string())).await;
    let ran = ask(&server, &path, &[]).await;
    let answer = ran.json()["answer"].as_str().unwrap_or_default().to_owned();
    let lines: Vec<&str> = answer.lines().collect();
    let (counts, errors) = lines.split_at(lines.len().saturating_sub(3));
    assert_eq!(
        counts.iter().filter_map(|it| it.parse::<usize>().ok()).sum::<usize>(),
        70 * 40_330 * 26 + 8 * 7,
        "{ran:?}"
    );
    assert!(errors[0].contains("longer than 64 MiB"), "{errors:?}");
    assert!(errors[1].contains("the most is 200000"), "{errors:?}");
    assert!(errors[2].contains("20000 prompts are too many"), "{errors:?}");
    assert!(told(&server, 4).contains("the answer is longer than 64 MiB"), "{}", told(&server, 4));
}

#[tokio::test]
async fn an_error_that_holds_a_long_text_is_cut() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["{}['k' * 3_000_000]", "FINAL('fine')"];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &[]).await;
    assert_eq!(ran.json()["answer"], "fine", "{ran:?}");
    let told = told(&server, 2);
    assert!(told.len() < 6000 && told.contains("KeyError") && told.contains("characters left out"), "{}", told.len());
}

#[tokio::test]
async fn many_lost_calls_are_counted_and_only_the_first_described() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["found = llm_query_batched(['x'] * 3000)", "FINAL(str(len(found)))"];
    let server = ScriptedServer::start(scripted(programs, |_| "y".into())).await;
    let ran = ask(&server, &path, &["--max-calls", "5"]).await;
    let result = ran.json();
    assert_eq!(result["lostCount"], 3000 - 4, "{}", ran.errors);
    assert_eq!(result["lost"].as_array().map(Vec::len), Some(1000));
}

#[tokio::test]
async fn large_answers_that_cross_each_other_do_not_stop_a_run() {
    let folder = TempDir::new().expect("a folder can be made");
    let lines = (0..60_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "line {number} of a text that every search finds");
        text
    });
    let path = file(&folder, "text.txt", lines.as_bytes());
    // Results of the searches are on their way when the cell ends with a report that fills the socket as well.
    let programs = &[
        "import threading\nfor n in range(3):\n    threading.Thread(target=lambda: grep('line', max_results=60000)).start()\n\
         answer['content'] = 'x' * 4_000_000",
        "FINAL('done')",
    ];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &["--cell-timeout", "20"]).await;
    assert_eq!((&ran.json()["answer"], &ran.json()["termination"]), (&json!("done"), &json!("final")), "{ran:?}");
}

#[tokio::test]
async fn a_reply_that_was_cut_is_no_answer() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    for (reason, expected) in [("content_filter", "ended it with `content_filter`"), ("length", "may have 8192 tokens")]
    {
        let server = ScriptedServer::start(move |_: &Asked| Action::reply("Half of it is").finish(reason)).await;
        let url = server.url();
        let asked = ["query", "?", path, "--json", "--endpoint", &url, "--model", "scripted"];
        let ran = run(rlm(asked.into_iter().chain(["--strategy", "direct"]))).await;
        let result = ran.json();
        assert_eq!((&result["termination"], &result["answer"]), (&json!("failed"), &json!("")), "{ran:?}");
        assert!(ran.errors.contains(expected) && ran.errors.contains("--strategy rlm"), "{}", ran.errors);
        // Where nobody has said how, what the built-in search finds is the answer. Here it finds nothing to read.
        let ran = run(rlm(asked)).await;
        let result = ran.json();
        assert_eq!((ran.status, &result["usage"]["calls"]), (1, &json!(1)), "{ran:?}");
        assert_eq!(result["nothingFound"], true, "{ran:?}");
        assert!(!result["answer"].as_str().expect("a text").contains("Half of it is"), "{ran:?}");
        assert!(result["warnings"][0].as_str().is_some_and(|it| it.contains(expected)), "{ran:?}");
    }
    let programs = &["FINAL(llm_query('q'))"];
    let script = scripted(programs, |_| String::new());
    let server = ScriptedServer::start(move |asked: &Asked| match is_plain(asked) {
        true => Action::reply("Half").finish("content_filter"),
        false => script(asked),
    })
    .await;
    let ran = ask(&server, std::path::Path::new(path), &[]).await;
    assert_eq!(ran.json()["answer"], "Half\n[cut off: the provider ended it with `content_filter`]", "{ran:?}");
}

#[tokio::test]
async fn the_window_that_a_server_tells_bounds_prompt_and_reply() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    let server = Setup::new().window(2000).start(|_: &Asked| Action::reply("fine")).await;
    let url = server.url();
    let ran = run(rlm(["query", "?", path, "--json", "--endpoint", &url, "--model", "scripted"])).await;
    assert_eq!(ran.json()["termination"], "direct", "{ran:?}");
    let most = server.calls()[0].body["max_tokens"].as_u64().expect("a limit on the reply");
    assert!((1500..2000).contains(&most), "{most}");

    // Output of programs is cut to a part of the window, and a prompt that does not fit is not sent.
    let programs = &["print('y' * 5000)\nlong = llm_query('z' * 8000)", "FINAL(long)"];
    let server = Setup::new().window(4000).start(scripted(programs, |_| "never".into())).await;
    let ran = ask(&server, std::path::Path::new(path), &[]).await;
    assert!(told(&server, 2).contains("2601 characters of output left out"), "{}", told(&server, 2));
    let answer = ran.json()["answer"].as_str().unwrap_or_default().to_owned();
    assert!(answer.contains("never"), "8000 characters are 2000 tokens: {answer}");
    let server = Setup::new().window(2100).start(scripted(programs, |_| "never".into())).await;
    let ran = ask(&server, std::path::Path::new(path), &[]).await;
    let answer = ran.json()["answer"].as_str().unwrap_or_default().to_owned();
    assert!(answer.contains("does not fit the window"), "{ran:?}");
}

#[tokio::test]
async fn a_draft_is_the_partial_answer_whatever_the_model_says_later() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let script = |asked: &Asked| match asked.number {
        1 => Action::reply("```repl\nanswer['content'] = 'so far: 3'\n```"),
        2 => Action::reply("Let me check that again.\n```repl\n1\n```"),
        _ => Action::hang(),
    };
    let server = ScriptedServer::start(script).await;
    let ran = ask(&server, &path, &["--timeout", "5"]).await;
    assert_eq!(
        (&ran.json()["answer"], &ran.json()["termination"]),
        (&json!("so far: 3"), &json!("timeout")),
        "{ran:?}"
    );
}

#[tokio::test]
async fn an_interrupt_stops_the_set_up_as_well() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    // A server that takes connections and never says which models it has.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let url = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
    let child = rlm(["query", "?", path.to_str().expect("text"), "--endpoint", &url]).spawn().expect("it starts");
    let _connection = listener.accept().await.expect("the program asks for the models");
    signal(&child, rustix::process::Signal::INT);
    let output = child.wait_with_output().await.expect("the program ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}

#[tokio::test]
async fn a_request_to_terminate_ends_the_programs_that_were_started() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let note = folder.path().join("pid");
    let model = format!("cli:sh -c 'echo $$ > {}; exec sleep 1000'", note.display());
    let child = rlm(["query", "?", path.to_str().expect("text"), "--model", &model]).spawn().expect("it starts");
    let read = || std::fs::read_to_string(&note).ok().and_then(|text| text.trim().parse::<i32>().ok());
    let pid = loop {
        if let Some(pid) = read() {
            break pid;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    signal(&child, rustix::process::Signal::TERM);
    let output = child.wait_with_output().await.expect("the program ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let lives = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn signal(child: &tokio::process::Child, signal: rustix::process::Signal) {
    let id = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).expect("the program runs");
    rustix::process::kill_process(id, signal).expect("it can be signalled");
}

#[tokio::test]
async fn an_answer_survives_a_standard_error_that_is_closed() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text about cats\n");
    let mut command = rlm(["query", "cats?", path.to_str().expect("text"), "--model", "extractive", "--verbose"]);
    command.stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    drop(child.stderr.take());
    let output = child.wait_with_output().await.expect("the program ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("some text about cats"), "{output:?}");
}
