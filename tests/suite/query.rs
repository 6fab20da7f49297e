//! `rlm query` from question to answer, against a scripted model: exact answers, limits, failures.

use crate::{
    scripted::{Action, Asked, ScriptedServer, Setup, dead_url},
    terminal::{Ran, rlm, run},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, io::Write as _, path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;

/// A root model that writes these programs, one a turn, and whose sub-calls are answered by `worker`.
pub fn scripted(
    programs: &'static [&'static str],
    worker: impl Fn(&str) -> String + Send + Sync + 'static,
) -> impl Fn(&Asked) -> Action + Send + Sync + 'static {
    move |asked| {
        if asked.messages.first().is_none_or(|(role, _)| role != "system") {
            return Action::reply(worker(asked.last()));
        }
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        match programs.get(turn) {
            Some(program) => Action::reply(format!("I look.\n```repl\n{program}\n```")),
            None => Action::reply("I have nothing more to do."),
        }
    }
}

pub async fn ask(server: &ScriptedServer, path: &Path, more: &[&str]) -> Ran {
    let url = server.url();
    let path = path.to_str().expect("the path is text");
    let mut arguments = vec!["query", "What is it?", path, "--json", "--endpoint", &url, "--model", "scripted"];
    if !more.contains(&"--strategy") {
        arguments.extend(["--strategy", "rlm"]);
    }
    run(rlm(arguments.iter().chain(more))).await
}

/// What the model was told in its turn number `turn`, from 1.
pub fn told(server: &ScriptedServer, turn: usize) -> String {
    let calls = server.calls();
    let turns: Vec<&Value> =
        calls.iter().map(|call| &call.body).filter(|body| body["messages"][0]["role"] == "system").collect();
    let messages = turns[turn - 1]["messages"].as_array().expect("a list of messages");
    messages.last().and_then(|message| message["content"].as_str()).expect("a text").to_owned()
}

pub fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a file can be written");
    path
}

#[tokio::test]
async fn a_pattern_over_100_megabytes_is_counted_exactly() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("log.txt");
    let filler = "the quick brown fox jumps over the lazy dög while servers wait\n".repeat(1600);
    let mut writer = std::io::BufWriter::new(fs::File::create(&path).expect("a file can be made"));
    for number in 0..1000 {
        writeln!(writer, "{filler}ERROR: E{number} happened").expect("the disk has room");
    }
    drop(writer);
    assert!(fs::metadata(&path).expect("the file is there").len() > 100_000_000);
    let program = "import re\nfound = re.findall(r'ERROR: E(\\d+)', context)\n\
                   at = context.rfind('ERROR: E999')\n\
                   FINAL(f\"{len(found)} {sum(map(int, found))} {context[at:at + 11]} {len(grep('E77 ', max_results=5))}\")";
    let server =
        ScriptedServer::start(scripted(Box::leak(Box::new([&*program.to_owned().leak()])), |_| String::new())).await;
    let ran = ask(&server, &path, &[]).await;
    assert_eq!((ran.json()["answer"].as_str(), ran.status), (Some("1000 499500 ERROR: E999 1"), 0), "{ran:?}");
}

#[tokio::test]
async fn a_map_reduce_of_256_calls_keeps_order_and_concurrency() {
    let folder = TempDir::new().expect("a folder can be made");
    let text = (0..256).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "value {number:>5}");
        text
    });
    let path = file(&folder, "values.txt", text.as_bytes());
    let programs = &["pieces = chunk(12)\nanswers = llm_query_batched(pieces)\n\
                      FINAL(f\"{len(pieces)} {sum(map(int, answers))} {answers == [str(2 * n) for n in range(256)]}\")"];
    let double =
        |prompt: &str| (2 * prompt.rsplit(' ').next().unwrap_or("").trim().parse::<u64>().unwrap_or(0)).to_string();
    let script = scripted(programs, double);
    let server = ScriptedServer::start(move |asked: &Asked| script(asked).after(Duration::from_millis(5))).await;
    let ran = ask(&server, &path, &["--concurrency", "16"]).await;
    let result = ran.json();
    assert_eq!(result["answer"], "256 65280 True", "{ran:?}");
    assert_eq!((&result["usage"]["subCalls"], &result["usage"]["rootCalls"]), (&json!(256), &json!(1)));
    assert_eq!(server.log().most_open, 16);
}

#[tokio::test]
async fn parallel_recursion_is_exact_at_any_concurrency() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"irrelevant");
    // Four children, each with four calls; every call tells which child and which call it was.
    let script = |asked: &Asked| {
        let is_turn = asked.messages[0].0 == "system";
        let is_child = asked.conversation().contains("another program wrote for you");
        Action::reply(match (is_turn, is_child) {
            (false, _) => asked.last().replace("call", "answer"),
            (true, true) => "```repl\nfound = llm_query_batched([f'call {context}{n}' for n in range(4)])\nFINAL(','.join(found))\n```".into(),
            (true, false) => "```repl\nFINAL(' | '.join(rlm_query_batched([letter for letter in 'abcd'])))\n```".to_owned(),
        })
        .after(Duration::from_millis(2))
    };
    let expected =
        ["a", "b", "c", "d"].map(|letter| (0..4).map(|n| format!("answer {letter}{n}")).collect::<Vec<_>>().join(","));
    for concurrency in ["1", "2", "16"] {
        let server = ScriptedServer::start(script).await;
        let ran = ask(&server, &path, &["--concurrency", concurrency]).await;
        let result = ran.json();
        assert_eq!(result["answer"], expected.join(" | "), "{ran:?}");
        assert_eq!(result["usage"]["maxDepth"], 1);
        assert!(server.log().most_open <= concurrency.parse::<usize>().expect("a number"));
    }
}

#[tokio::test]
async fn at_the_limit_of_depth_a_child_is_a_plain_call() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"irrelevant");
    let programs = &["FINAL(rlm_query('plain prompt'))"];
    let server = ScriptedServer::start(scripted(programs, |prompt| format!("got {prompt}"))).await;
    let ran = ask(&server, &path, &["--max-depth", "0"]).await;
    assert_eq!(ran.json()["answer"], "got plain prompt", "{ran:?}");
}

#[tokio::test]
async fn a_program_that_raises_is_seen_and_the_run_goes_on() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["x = 5\nundefined_name", "FINAL(f'x is {x}')"];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &[]).await;
    assert_eq!((ran.json()["answer"].as_str(), ran.status), (Some("x is 5"), 0), "{ran:?}");
    assert!(told(&server, 2).contains("NameError: name 'undefined_name' is not defined"), "{}", told(&server, 2));
}

#[tokio::test]
async fn a_program_that_never_ends_is_cut_and_its_variables_stay() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &[
        "x = 5",
        "while True:\n    try:\n        x\n        while True: pass\n    except BaseException: pass",
        "FINAL(f'x is {x}')",
    ];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &["--cell-timeout", "0.3"]).await;
    assert_eq!(ran.json()["answer"], "x is 5", "{ran:?}");
    let told = told(&server, 3);
    assert!(told.contains("ran longer than 0.3 s") && told.contains("what they were before"), "{told}");
}

#[tokio::test]
async fn ten_megabytes_of_output_make_a_small_prompt() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["print('y' * 10_000_000)", "FINAL('fine')"];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &path, &[]).await;
    assert_eq!(ran.json()["answer"], "fine", "{ran:?}");
    let told = told(&server, 2);
    assert!(
        told.len() < 30_000 && told.contains("9980001 characters of output left out"),
        "{} {}",
        told.len(),
        &told[told.len() - 300..]
    );
}

#[tokio::test]
async fn a_model_that_never_finishes_ends_by_its_limit_and_says_so() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let forever = |_: &Asked| Action::reply("Still at it.\n```repl\nanswer['content'] = 'so far: 3'\n```");
    for (limit, termination) in [(["--max-iterations", "3"], "iterations"), (["--max-calls", "4"], "calls")] {
        let server = ScriptedServer::start(forever).await;
        let ran = ask(&server, &path, &limit).await;
        let result = ran.json();
        assert_eq!((&result["termination"], ran.status), (&json!(termination), 3), "{ran:?}");
        assert_eq!(result["answer"], "so far: 3", "the partial answer");
        assert!(
            ran.errors.contains("ended by the limit on")
                && ran.errors.contains(" (--max-")
                && ran.errors.contains("partial"),
            "{}",
            ran.errors
        );
        assert_eq!(server.calls().len(), 4, "three turns and one call for the answer, or four calls");
    }
    let server = ScriptedServer::start(|_: &Asked| Action::hang()).await;
    let ran = ask(&server, &path, &["--timeout", "0.5"]).await;
    assert_eq!((&ran.json()["termination"], ran.status), (&json!("timeout"), 3), "{ran:?}");
    let failing = |_: &Asked| Action::reply("```repl\n1 / 0\n```");
    let server = ScriptedServer::start(failing).await;
    let ran = ask(&server, &path, &["--max-errors", "3"]).await;
    assert_eq!((&ran.json()["termination"], server.calls().len()), (&json!("errors"), 3), "{ran:?}");
}

#[tokio::test]
async fn when_the_turns_are_used_up_the_model_is_asked_for_its_answer() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let script = |asked: &Asked| match asked.last().contains("You have no turns left") {
        true => Action::reply("It is text.txt:1, as far as I saw."),
        false => Action::reply("```repl\n1\n```"),
    };
    let server = ScriptedServer::start(script).await;
    let ran = ask(&server, &path, &["--max-iterations", "2"]).await;
    let result = ran.json();
    assert_eq!((&result["termination"], ran.status), (&json!("forced"), 0), "{ran:?}");
    assert_eq!(result["citations"], json!([{"path": path.to_str(), "startLine": 1, "endLine": 1, "state": "found"}]));
}

#[tokio::test]
async fn sub_calls_that_fail_are_values_in_their_slots() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["FINAL(' / '.join(llm_query_batched(['a', 'bad', 'c'])))"];
    let script = scripted(programs, |prompt| format!("ok {prompt}"));
    let server = ScriptedServer::start(move |asked: &Asked| match asked.last() {
        "bad" => Action::status(400).body("{\"error\": {\"message\": \"no such thing\"}}"),
        _ => script(asked),
    })
    .await;
    let ran = ask(&server, &path, &[]).await;
    let result = ran.json();
    let answer = result["answer"].as_str().unwrap_or_default();
    assert!(
        answer.starts_with("ok a / Error: ") && answer.ends_with(" / ok c") && answer.contains("no such thing"),
        "{ran:?}"
    );
    assert_eq!(result["lost"].as_array().map(Vec::len), Some(1));
    assert_eq!(result["lost"][0]["label"], "bad");
}

#[tokio::test]
async fn a_batch_that_crosses_the_limit_runs_the_part_that_fits() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &[
        "found = llm_query_batched(list('abcdef'))\nanswer['content'] = str(sum(x.startswith('Error: ') for x in found))",
    ];
    let server = ScriptedServer::start(scripted(programs, std::borrow::ToOwned::to_owned)).await;
    let ran = ask(&server, &path, &["--max-calls", "5"]).await;
    assert_eq!((&ran.json()["answer"], &ran.json()["termination"]), (&json!("2"), &json!("calls")), "{ran:?}");
    assert_eq!(server.calls().len(), 5);
}

#[tokio::test]
async fn answers_are_taken_however_they_are_given() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    for (reply, answer, termination) in [
        ("FINAL(\"a \\\"quoted\\\" (nested) b\")", "a \"quoted\" (nested) b", "final"),
        ("I am sure.\nFINAL(The answer is (about) 42)", "The answer is (about) 42", "final"),
        ("```repl\nfound = [1, 2]\n```\nFINAL_VAR(found)", "[1, 2]", "final"),
        ("```repl\nfound, total = 'total', 5\n```\nFINAL_VAR(found)", "total", "final"),
        ("```python\nanswer.update(content='x', ready=True)\n```", "x", "final"),
        ("```repl\nFINAL('first')\n```\n```repl\nFINAL('second')\n```", "first", "final"),
        ("The answer is plain prose.", "The answer is plain prose.", "final"),
    ] {
        let server = ScriptedServer::start(move |_: &Asked| Action::reply(reply)).await;
        let ran = ask(&server, &path, &[]).await;
        // What was never declared, by a model that has not looked into the text, says so below.
        let shown = ran.json()["answer"].as_str().and_then(|it| it.split("\n\n> ").next()).map(str::to_owned);
        assert_eq!(
            (shown.as_deref(), &ran.json()["termination"]),
            (Some(answer), &json!(termination)),
            "{reply}: {ran:?}"
        );
    }
}

#[tokio::test]
async fn a_small_text_is_answered_directly() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"one\ntwo\n");
    let server =
        ScriptedServer::start(|asked: &Asked| Action::reply(format!("see text.txt:2\n{}", asked.last()))).await;
    let url = server.url();
    let ran = run(rlm(["query", "Which?", path.to_str().expect("text"), "--json", "--endpoint", &url])).await;
    let result = ran.json();
    assert_eq!((&result["termination"], &result["model"]), (&json!("direct"), &json!("scripted")), "{ran:?}");
    assert!(
        result["answer"].as_str().is_some_and(|it| it.contains("2\ttwo") && it.ends_with("# Question\nWhich?")),
        "{ran:?}"
    );
}

#[tokio::test]
async fn standard_input_and_files_are_read_as_they_are() {
    let mut command = rlm(["query", "?", "-", "--model", "cli:cat", "--strategy", "direct"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("the input is piped");
    tokio::io::AsyncWriteExt::write_all(&mut input, "from standard input é".as_bytes())
        .await
        .expect("the program reads");
    drop(input);
    let output = child.wait_with_output().await.expect("the program ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1\tfrom standard input é"), "{output:?}");
}

#[tokio::test]
async fn bad_input_gets_a_clear_error() {
    let folder = TempDir::new().expect("a folder can be made");
    let empty = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    let server = Setup::new().key("right").start(|_: &Asked| Action::reply("x")).await;
    let knows_nothing = |_: &Asked| {
        Action::status(404)
            .body("{\"error\": {\"message\": \"model `scripted` not found\", \"code\": \"model_not_found\"}}")
    };
    let other = ScriptedServer::start(knows_nothing).await;
    let (url, other, dead) = (server.url(), other.url(), dead_url().await);
    let at =
        |url: &str| ["--endpoint".to_owned(), url.to_owned(), "--model".to_owned(), "scripted".to_owned()].to_vec();
    let none = Vec::new();
    let empty = empty.path().to_str().expect("text");
    for (path, more, status, expected) in [
        ("/no/such/path", none.clone(), 1, "no such file or directory: /no/such/path"),
        ("/proc/self/mem", none.clone(), 1, "cannot read"),
        (empty, none.clone(), 1, "nothing to read"),
        (path, at(&url), 1, "RLM_API_KEY"),
        (path, at(&dead), 1, "cannot reach"),
        (path, at(&other), 1, "is not known to its server"),
        (path, vec!["--model".into(), "nonsense::x".into()], 1, "nonsense"),
        (path, vec!["--model".into(), "anthropic::claude-x".into()], 1, "ANTHROPIC_API_KEY"),
        (path, vec!["--max-calls".into(), "0".into()], 2, "--max-calls: expected a whole number from 1"),
        (path, vec!["--endpoint".into(), "nonsense".into()], 2, "not a URL"),
        (
            path,
            vec!["--max-cost".into(), "1".into(), "--model".into(), "cli:cat".into()],
            1,
            "the price of cli:cat is not known",
        ),
    ] {
        let arguments = ["query", "Why?", path].into_iter().map(str::to_owned).chain(more);
        let ran = run(rlm(arguments)).await;
        assert_eq!(ran.status, status, "{ran:?}");
        assert!(ran.errors.contains(expected), "no {expected:?} in {ran:?}");
        assert_eq!(ran.output, "", "nothing is printed where an answer would stand");
    }
}

#[tokio::test]
async fn invalid_utf8_is_read_and_reported() {
    let folder = TempDir::new().expect("a folder can be made");
    file(&folder, "bad.txt", b"good \xff\xfe bad\n");
    file(&folder, "zero.bin", b"a\0b");
    let ran = run(rlm([
        "query",
        "?",
        folder.path().to_str().expect("text"),
        "--model",
        "cli:cat",
        "--strategy",
        "direct",
        "--json",
    ]))
    .await;
    let result = ran.json();
    assert!(result["answer"].as_str().is_some_and(|it| it.contains("good \u{fffd}\u{fffd} bad")), "{ran:?}");
    let context = &result["context"];
    assert_eq!((&context["files"], &context["skipped"]), (&json!(1), &json!(1)), "{ran:?}");
    assert_eq!(context["skippedFor"], json!([{"reason": "binary", "count": 1}]));
}

#[tokio::test]
async fn what_is_left_out_is_told_with_its_reason() {
    let folder = TempDir::new().expect("a folder can be made");
    for (name, bytes) in [
        ("a.txt", b"text".as_slice()),
        (".rlmignore", b"*.log\n"),
        ("x.log", b"x"),
        ("zero", b"a\0b"),
        (".env", b"KEY=1"),
    ] {
        file(&folder, name, bytes);
    }
    let path = folder.path().to_str().expect("text");
    let ran = run(rlm(["query", "?", path, "--model", "cli:cat", "--strategy", "direct", "--verbose"])).await;
    for expected in ["x.log: ignored by `*.log` in .rlmignore", "zero: binary", ".env: ", ".rlmignore: hidden"] {
        assert!(ran.errors.contains(expected), "no {expected:?} in {}", ran.errors);
    }
    assert!(!ran.output.contains("KEY=1") && ran.output.contains("1\ttext"), "{ran:?}");
}

#[tokio::test]
async fn an_interrupt_stops_at_once_and_prints_what_there_is() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let script = |asked: &Asked| match asked.number {
        1 => Action::reply("```repl\nanswer['content'] = 'half an answer'\n```"),
        _ => Action::hang(),
    };
    let server = ScriptedServer::start(script).await;
    let url = server.url();
    let arguments =
        ["query", "?", path.to_str().expect("text"), "--strategy", "rlm", "--endpoint", &url, "--model", "scripted"];
    let child = rlm(arguments).spawn().expect("the program starts");
    server.until("the second call", |log| log.calls.len() == 2).await;
    let id = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).expect("the program runs");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it can be interrupted");
    let output = child.wait_with_output().await.expect("the program ends");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "half an answer\n");
    server.until("the call to be closed", |log| log.open == 0).await;
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn a_trace_tells_what_happened_and_holds_no_key() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let trace = folder.path().join("trace.jsonl");
    let server = Setup::new().key("sk-very-secret").start(scripted(&["FINAL(llm_query('q'))"], |_| "sub".into())).await;
    let url = server.url();
    let trace_path = trace.to_str().expect("text");
    let arguments = [
        "query",
        "?",
        path.to_str().expect("text"),
        "--json",
        "--strategy",
        "rlm",
        "--endpoint",
        &url,
        "--trace",
        trace_path,
    ];
    let mut command = rlm(arguments);
    command.env("RLM_API_KEY", "sk-very-secret").env("RLM_LOG", "trace");
    let ran = run(command).await;
    assert_eq!((&ran.json()["answer"], &ran.json()["trace"]), (&json!("sub"), &json!(trace_path)), "{ran:?}");
    let text = fs::read_to_string(&trace).expect("the trace was written");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert!(
        ["started", "turn", "subcall", "cell", "delta", "done"].iter().all(|kind| kinds.contains(kind)),
        "{kinds:?}"
    );
    assert_eq!(lines.last().map(|line| &line["result"]["answer"]), Some(&json!("sub")));
    for text in [&text, &ran.output, &ran.errors] {
        assert!(!text.contains("very-secret"), "a key was shown");
    }
}

#[tokio::test]
async fn the_built_in_model_answers_without_a_network() {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    for (question, expected) in [
        ("where is a checkpoint forked?", "src/repl/worker/checkpoint.rs:"),
        ("what calls `number_run`?", "src/engine/run.rs:"),
        ("summarise this repository", "src/lib.rs:"),
    ] {
        let ran = run(rlm(["query", question, crate_folder])).await;
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.output.contains(expected) && ran.output.contains("Extracted by the built-in model"), "{ran:?}");
    }
}

#[tokio::test]
async fn where_nothing_is_found_the_status_says_so_and_the_answer_says_where_nobody_has_looked() {
    let folder = TempDir::new().expect("a folder can be made");
    file(&folder, "a.py", b"def sow(field):\n    return field\n");
    file(&folder, "logo.png", b"\0PNG");
    let path = folder.path().to_str().expect("the path is text");
    for (question, status) in
        [("where is sow defined?", 0), ("where is the kiln calibrated?", 1), ("who calls fire_kiln()?", 1)]
    {
        let arguments = ["query", question, path, "--model", "extractive"];
        let ran = run(rlm(arguments)).await;
        assert_eq!(ran.status, status, "{ran:?}");
        assert_eq!(ran.output.starts_with("Nothing found"), status == 1, "{ran:?}");
        assert_eq!(ran.output.contains("1 binary: `logo.png`"), status == 1, "{ran:?}");
        let ran = run(rlm(arguments.iter().chain(&["--json"]))).await;
        assert_eq!(ran.status, status, "{ran:?}");
        assert_eq!(ran.json()["nothingFound"].as_bool(), (status == 1).then_some(true), "{ran:?}");
        let ran = run(rlm(arguments.iter().chain(&["--quiet"]))).await;
        assert_eq!((ran.status, ran.errors.as_str()), (status, ""), "{ran:?}");
    }
}

#[tokio::test]
async fn a_model_that_only_quotes_is_not_asked_for_what_a_schema_describes() {
    let folder = TempDir::new().expect("a folder can be made");
    let text = file(&folder, "a.py", b"def sow(field):\n    return field\n");
    let schema = file(&folder, "schema.json", br#"{"type": "object"}"#);
    let (text, schema) = (text.to_str().expect("text"), schema.to_str().expect("text"));
    let ran = run(rlm(["query", "where is sow defined?", text, "--model", "extractive", "--schema", schema])).await;
    assert_eq!((ran.status, ran.output.as_str()), (1, ""), "{ran:?}");
    assert!(ran.errors.contains("extractive quotes what it finds, and cannot write JSON"), "{ran:?}");
    assert!(ran.errors.contains("--model"), "{ran:?}");
}

#[tokio::test]
async fn a_schema_goes_to_the_server_where_the_answer_is_one_reply() {
    let server = ScriptedServer::start(|asked| match asked.body["response_format"]["type"] == "json_schema" {
        true => Action::reply("{\"n\": 1}"),
        false => Action::reply("```repl\nFINAL({'n': len(files)})\n```"),
    })
    .await;
    let folder = TempDir::new().expect("a folder can be made");
    let text = file(&folder, "a.py", b"def sow(field):\n    return field\n");
    let schema = file(&folder, "schema.json", br#"{"type": "object", "required": ["n"]}"#);
    let schema = schema.to_str().expect("text");
    for (strategy, is_held) in [("direct", true), ("read", true), ("rlm", false)] {
        let ran = ask(&server, &text, &["--strategy", strategy, "--schema", schema, "--reasoning-effort", "low"]).await;
        assert_eq!(ran.json()["answer"], "{\"n\":1}", "{strategy}: {ran:?}");
        let body = server.calls().pop().expect("a call").body;
        assert_eq!(body.get("response_format").is_some(), is_held, "{strategy}: {body}");
        assert_eq!(body["reasoning_effort"], "low");
    }
}
