//! The interpreter's process, through the face that the engine uses: what programs can do, what they cannot, and what
//! is left of their variables when they are ended.

use expect_test::{Expect, expect};
use futures::{FutureExt, future::BoxFuture};
use rlm::{
    corpus::Snapshot,
    repl::{Call, Cause, CellOutcome, Ended, ForkServer, HostCalls, Launch, Limits, Raised, ReplSession, wire::Names},
};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const MEBIBYTE: u64 = 1 << 20;

/// Answers calls: a query with its prompt in capitals, after yielding so that calls overlap.
#[derive(Default)]
struct HostFunctions {
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl HostCalls for HostFunctions {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        async move {
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_open.fetch_max(open, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.open.fetch_sub(1, Ordering::SeqCst);
            match call.name.as_str() {
                "llm_query" | "llm_query_batched" => {
                    let (prompts, _): (Vec<String>, Option<String>) =
                        serde_json::from_value(call.arguments).expect("the prelude sends a list and a model");
                    Ok(prompts.iter().map(|prompt| prompt.to_uppercase()).collect())
                }
                "peek_lines" => Ok(json!([2, 4])),
                "never" => std::future::pending().await,
                name => Err(Raised::new("ValueError", format!("no {name} here"))),
            }
        }
        .boxed()
    }
}

fn fork_server() -> Arc<ForkServer> {
    Arc::new(ForkServer::new(PathBuf::from(env!("CARGO_BIN_EXE_rlm"))))
}

async fn session(context: &str) -> ReplSession {
    session_with(context, 512 * MEBIBYTE, Duration::from_secs(2)).await
}

async fn session_with(context: &str, memory_limit: u64, cell_time: Duration) -> ReplSession {
    let context = Snapshot::of_text(None, context.to_owned()).context().expect("a text can be stored");
    let launch = Launch {
        fork_server: fork_server(),
        names: Names::default(),
        context,
        memory_limit,
        allow_weaker_sandbox: false,
    };
    ReplSession::start(launch, Limits { cell_time, output_chars: 1000 }).await.expect("the process starts")
}

async fn run(session: &mut ReplSession, code: &str) -> CellOutcome {
    session.run_cell(code, &HostFunctions::default()).await.expect("the session holds")
}

/// Runs a cell and compares its output, and its error if there is one.
async fn check(session: &mut ReplSession, code: &str, expected: Expect) {
    let report = run(session, code).await.report;
    let error = report.error.map(|error| format!("{error}\n")).unwrap_or_default();
    expected.assert_eq(&format!("{}{error}", report.output));
}

#[tokio::test]
async fn variables_live_from_cell_to_cell() {
    let mut session = session("héllo 漢字").await;
    check(&mut session, "x = len(context)\ndef double(n): return 2 * n", expect![""]).await;
    check(&mut session, "print(x, context[1], context[-2:])\ndouble(x)", expect!["8 é 漢字\n16\n"]).await;
    let outcome = run(&mut session, "_hidden = 1\nimport re").await;
    assert_eq!(
        outcome.report.variables,
        [("x".to_owned(), "int".to_owned()), ("double".to_owned(), "function".to_owned())]
    );
}

#[tokio::test]
async fn errors_show_the_line_and_leave_the_variables() {
    let mut session = session("text").await;
    check(
        &mut session,
        "x = 1\n\ny = x / 0",
        expect![[r#"
        Traceback (most recent call last):
          File "<cell 1>", line 3
            y = x / 0
        ZeroDivisionError: division by zero
    "#]],
    )
    .await;
    check(
        &mut session,
        "def f(:\n  pass",
        expect![[r#"
          line 1: def f(:
        SyntaxError: expected a parameter or the end of the parameter list
    "#]],
    )
    .await;
    check(&mut session, "x", expect!["1\n"]).await;
    check(
        &mut session,
        "llm_query(3)",
        expect![[r#"
        Traceback (most recent call last):
          File "<cell 4>", line 1
            llm_query(3)
        TypeError: prompt must be a str, not int
    "#]],
    )
    .await;
    check(
        &mut session,
        "import sys\nsys.exit(3)",
        expect![[r#"
        Traceback (most recent call last):
          File "<cell 5>", line 2
            sys.exit(3)
        SystemExit: 3
    "#]],
    )
    .await;
}

#[tokio::test]
async fn scaffold_names_are_restored_and_the_answer_is_read_at_the_end() {
    let mut session = session("text").await;
    run(&mut session, "context = 1; llm_query = None; FINAL = 2").await;
    check(&mut session, "context, llm_query('a'), callable(FINAL)", expect!["('text', 'A', True)\n"]).await;
    for (code, answer, draft) in [
        ("answer['content'] = 'half'", None, Some("half")),
        ("answer['ready'] = True", Some("half"), None),
        ("answer = {'content': [1, 2], 'ready': True}", Some("[1, 2]"), None),
        ("answer.update(content='', ready=True)", Some(""), None),
        ("answer |= {'content': 'late'}\nanswer['ready'] = True\nanswer['content'] = 'latest'", Some("latest"), None),
        ("answer = 5", None, None),
        ("FINAL('done')\nanswer = 1 / 0", Some("done"), None),
        ("found = {'a': 1}\nFINAL_VAR('found')", Some("{'a': 1}"), None),
        ("FINAL_VAR(found)", Some("{'a': 1}"), None),
        ("answer = {'content': 'x', 'ready': True}\n1 / 0", Some("x"), None),
    ] {
        let report = run(&mut session, code).await.report;
        assert_eq!((report.answer.as_deref(), report.draft.as_deref()), (answer, draft), "{code}");
    }
    let report = run(&mut session, "answer = {}\nFINAL_VAR('missing')").await.report;
    assert_eq!(report.answer, None);
    assert!(
        report.error.is_some_and(|error| error.contains("there is no variable 'missing'") && error.contains("found"))
    );
}

#[tokio::test]
async fn calls_run_in_parallel_and_keep_their_order() {
    let mut session = session("line one\nline two").await;
    let host = HostFunctions::default();
    let code = "from concurrent.futures import ThreadPoolExecutor\n\
                with ThreadPoolExecutor(8) as pool:\n    print(list(pool.map(llm_query, 'abcdefgh')))\n\
                print(llm_query_batched(['x', 'y']), peek_lines(0, 1))";
    let report = session.run_cell(code, &host).await.expect("the session holds").report;
    assert_eq!(report.output, "['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']\n['X', 'Y'] ne\n", "{:?}", report.error);
    assert!(host.most_open.load(Ordering::SeqCst) > 1, "the threads' calls did not overlap");
    check(
        &mut session,
        "grep('x')",
        expect![[r#"
        Traceback (most recent call last):
          File "<cell 2>", line 1
            grep('x')
        ValueError: no grep here
    "#]],
    )
    .await;
}

#[tokio::test]
async fn waiting_for_calls_is_not_charged() {
    let mut session = session_with("", 512 * MEBIBYTE, Duration::from_millis(250)).await;
    let report = run(&mut session, "[llm_query('a') for _ in range(30)][0]").await.report;
    assert_eq!((report.output.as_str(), report.error), ("'A'\n", None), "30 calls take 600 ms");
}

#[tokio::test]
async fn output_is_cut_and_counted() {
    let mut session = session("").await;
    let report = run(&mut session, "print('é' * 10_000_000)").await.report;
    assert_eq!((report.output.chars().count(), report.output_omitted), (1000, 9_999_001));
    let report = run(&mut session, "'x' * 100_000").await.report;
    assert_eq!(report.output.len(), 1000);
}

#[tokio::test]
async fn programs_that_do_not_end_are_ended_and_the_variables_stay() {
    let cases = [
        ("while True: pass", Ended::Normally),
        ("while True:\n    try:\n        while True: pass\n    except Exception: pass", Ended::Normally),
        (
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            Ended::RolledBack(Cause::Time),
        ),
        ("sum(range(10**12))", Ended::RolledBack(Cause::Time)),
        ("import time\ntime.sleep(60)", Ended::RolledBack(Cause::Time)),
    ];
    let mut session = session_with("the context", 512 * MEBIBYTE, Duration::from_millis(300)).await;
    run(&mut session, "kept = [1, 2]").await;
    for (code, ended) in cases {
        let outcome = run(&mut session, code).await;
        assert_eq!(outcome.ended, ended, "{code}: {:?}", outcome.report.error);
        if ended == Ended::Normally {
            let error = outcome.report.error.unwrap_or_default();
            assert!(error.contains("CellTimeout: the cell ran longer than 0.3 s"), "{code}: {error}");
        }
        check(&mut session, "kept, context, llm_query('a')", expect!["([1, 2], 'the context', 'A')\n"]).await;
    }
}

#[tokio::test]
async fn memory_ends_at_its_limit_and_the_variables_stay() {
    let mut session = session_with("", 200 * MEBIBYTE, Duration::from_secs(20)).await;
    run(&mut session, "kept = 'here'").await;
    for code in ["x = []\nwhile True: x.append('a' * 100_000 + str(len(x)))", "','.join(['a' * 1000] * 10**6)"] {
        let outcome = run(&mut session, code).await;
        let is_memory_error = outcome.report.error.as_ref().is_some_and(|error| error.contains("MemoryError"));
        assert!(is_memory_error || outcome.ended == Ended::RolledBack(Cause::Memory), "{code}: {outcome:?}");
        check(&mut session, "kept", expect!["'here'\n"]).await;
    }
}

#[tokio::test]
async fn crashes_are_survived() {
    let mut session = session("").await;
    run(&mut session, "kept = 'here'").await;
    let crash = "def f(): pass\nf.__code__ = f.__code__.replace(co_code=bytes([255, 255] * 10))\nf()";
    let outcome = run(&mut session, crash).await;
    assert!(outcome.ended != Ended::Normally || outcome.report.error.is_some(), "{outcome:?}");
    check(&mut session, "kept", expect!["'here'\n"]).await;
}

#[tokio::test]
async fn nothing_outside_is_reached() {
    let mut session = session("").await;
    for code in [
        "open('/etc/passwd')",
        "import os\nos.system('true')",
        "import os\nos.listdir('/')",
        "import subprocess\nsubprocess.run(['true'])",
        "import socket\nsocket.create_connection(('127.0.0.1', 80))",
        "import ctypes",
        "import pathlib\npathlib.Path('/etc/passwd').read_text()",
        "import io\nio.FileIO('/etc/passwd')",
        "__import__('posix').open('/etc/passwd', 0)",
    ] {
        let report = run(&mut session, code).await.report;
        assert!(report.error.is_some(), "{code}: {}", report.output);
    }
    check(&mut session, "import os\nlist(os.environ)", expect!["[]\n"]).await;
}

#[tokio::test]
async fn a_session_that_is_dropped_in_a_cell_leaves_no_process() {
    let mut session = session("").await;
    run(&mut session, "x = 1").await;
    let group = session.process_group().expect("the process runs");
    let host = HostFunctions::default();
    let endless = session.run_cell("while True: pass", &host);
    assert!(tokio::time::timeout(Duration::from_millis(100), endless).await.is_err());
    drop(session);
    let is_gone = || rustix::process::test_kill_process_group(group).is_err();
    for _ in 0..200 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the process group {group:?} is still there");
}
