//! Programs that want to reach what lies outside, or to bring the server or the session down: those in
//! `tests/python/attacks`, each in the cell of a session.
//!
//! After each of them a file, a port and the environment are as they were, the variables of before are there unless the
//! model was told that they are gone, and another session has gone on meanwhile.

use super::cells::{self, Cell};
use expect_test::expect;
use futures::{FutureExt, future::BoxFuture, stream, stream::StreamExt};
use rlm::{
    corpus::Snapshot,
    repl::{Call, Cause, CellOutcome, Ended, ForkServer, HostCalls, Launch, Limits, Raised, ReplSession, wire::Names},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// What the file holds that programs must not see.
const SECRET: &str = "the secret of the canary";

/// How many sessions attack at the same time.
const SESSIONS: usize = 3;

/// How long the session beside them may have to wait for a cell. Its process shares two processors with the attackers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long an attack may take; some are to be ended by that.
const ATTACK_TIME: Duration = Duration::from_secs(3);

/// Answers calls with whatever a program may get to see.
struct HostFunctions;

impl HostCalls for HostFunctions {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        async move {
            match call.name.as_str() {
                "llm_query" | "llm_query_batched" => {
                    match serde_json::from_value::<(Vec<String>, Option<String>)>(call.arguments) {
                        Ok((prompts, _)) => Ok(prompts.iter().map(|prompt| prompt.to_uppercase()).collect()),
                        Err(error) => Err(Raised::new("TypeError", error.to_string())),
                    }
                }
                "echo" => Ok(call.arguments),
                "deep" => Ok(nested(100)),
                "much" => Ok(json!([vec![0.5; 10_000], "é".repeat(1 << 20)])),
                "nonsense" => Err(Raised::new("NoSuchClass\0", "\u{0}\u{202e}")),
                "never" => std::future::pending().await,
                name => Err(Raised::new("ValueError", format!("no {name} here"))),
            }
        }
        .boxed()
    }
}

/// The things outside that must stay as they are.
struct Outside {
    folder: tempfile::TempDir,
    listener: TcpListener,
}

impl Outside {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::write(folder.path().join("canary"), SECRET).expect("a file can be written");
        fs::write(folder.path().join("canary_module.py"), "raise SystemError('imported')").expect("and another");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        Self { folder, listener }
    }

    fn variables(&self) -> Vec<(String, String)> {
        let folder = self.folder.path();
        let port = self.listener.local_addr().expect("it listens").port().to_string();
        [("canary", display(&folder.join("canary"))), ("folder", display(folder)), ("port", port)]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec()
    }

    fn complaint(&self) -> Option<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .expect("the folder is there")
            .map(|entry| display(Path::new(&entry.expect("an entry can be read").file_name())))
            .collect();
        names.sort();
        if names != ["canary", "canary_module.py"] {
            return Some(format!("the folder holds {names:?}"));
        }
        if fs::read_to_string(self.folder.path().join("canary")).ok().as_deref() != Some(SECRET) {
            return Some("the file was changed".to_owned());
        }
        self.listener.accept().ok().map(|_| "somebody connected".to_owned())
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

fn fork_server() -> Arc<ForkServer> {
    Arc::new(ForkServer::new(PathBuf::from(env!("CARGO_BIN_EXE_rlm"))))
}

async fn start(fork_server: &Arc<ForkServer>, variables: Vec<(String, String)>, cell_time: Duration) -> ReplSession {
    let context = Snapshot::of_text(None, "the context".to_owned()).context().expect("a text can be stored");
    let launch = Launch {
        fork_server: fork_server.clone(),
        names: Names { variables, ..Names::default() },
        context,
        memory_limit: 200 << 20,
        allow_weaker_sandbox: false,
    };
    ReplSession::start(launch, Limits { cell_time, output_chars: 2000 }).await.expect("the process starts")
}

async fn run(session: &mut ReplSession, code: &str) -> Result<CellOutcome, String> {
    session.run_cell(code, &HostFunctions).await.map_err(|error| format!("the session failed: {error}"))
}

/// Whether a program ended in the way that its title says.
fn ended_as(expected: &str, outcome: &CellOutcome) -> bool {
    let error = outcome.report.error.as_deref().unwrap_or_default();
    let is_over = matches!(outcome.ended, Ended::Lost(_));
    let is_rolled_back = matches!(outcome.ended, Ended::RolledBack(_));
    match expected.split_once(' ') {
        Some(("raises", class)) => outcome.ended == Ended::Normally && error.contains(class),
        _ => match expected {
            "ends" => outcome.ended == Ended::Normally && error.is_empty(),
            "memory" => outcome.ended == Ended::RolledBack(Cause::Memory) || error.contains("MemoryError"),
            // How fast the machine is, and what other attacks have left, says which limit is met first.
            "limit" => {
                let limits = ["CellTimeout", "MemoryError", "can't start new thread"];
                is_rolled_back || limits.iter().any(|limit| error.contains(limit))
            }
            // A program may well forget its own variables.
            "survives" | "forgets" => !is_over,
            // Threads that stay keep the process from being copied.
            "may lose" => true,
            _ => panic!("no such end: {expected}"),
        },
    }
}

/// Something that the world outside must not be seen by.
fn leaks(outcome: &CellOutcome) -> bool {
    let seen = format!("{:?}", outcome.report);
    let environment = [env!("CARGO_MANIFEST_DIR").to_owned(), std::env::var("PATH").unwrap_or_default()];
    seen.contains(SECRET) || environment.iter().any(|value| !value.is_empty() && seen.contains(value.as_str()))
}

/// Runs an attack and says what was wrong, if anything was.
async fn attack(session: &mut ReplSession, cell: &Cell, outside: &Outside) -> Result<(), String> {
    run(session, "state = [1, 2, 3]").await?;
    let begun = Instant::now();
    let outcome = run(session, &cell.code).await?;
    let report = &outcome.report;
    let seen = || format!("{:?} {:.300?} {:.600?}", outcome.ended, report.output, report.error);
    if std::env::var_os("RLM_TEST_SHOW").is_some() {
        println!("{} {:?}: {}", cell.name, begun.elapsed(), seen());
    }
    if leaks(&outcome) {
        return Err(format!("something was seen: {}", seen()));
    }
    if !ended_as(&cell.expected, &outcome) {
        return Err(format!("it was to be `{}`: {}", cell.expected, seen()));
    }
    let told = matches!(outcome.ended, Ended::Lost(_)) && cell.expected == "may lose";
    if told || cell.expected == "forgets" {
        run(session, "state = [1, 2, 3]").await?;
    }
    let look = "print(state == [1, 2, 3], llm_query('a'), context)";
    let mut after = run(session, look).await?;
    if after.report.error.as_ref().is_some_and(|error| error.contains("CellTimeout")) {
        // The memory that an attack has taken is given back in the time of the next program, which may not have enough.
        after = run(session, look).await?;
    }
    // Threads that stay may print as well, or end the cell with the process that they keep busy.
    let is_whole = match cell.expected.as_str() {
        "may lose" => {
            let shown = after.report.output.contains("True A the context\n") || after.report.output_omitted > 0;
            after.ended != Ended::Normally || shown
        }
        _ => after.report.output == "True A the context\n",
    };
    if !is_whole {
        return Err(format!("afterwards: {after:?}\n  after {}", seen()));
    }
    outside.complaint().map_or(Ok(()), Err)
}

/// A session that has nothing to do with the attacks and counts meanwhile.
async fn bystander(fork_server: &Arc<ForkServer>, is_over: &AtomicBool) -> (usize, Duration) {
    let mut session = start(fork_server, Vec::new(), PATIENCE).await;
    run(&mut session, "count = 0").await.expect("the session holds");
    let (mut cells, mut longest) = (0, Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        cells += 1;
        let begun = Instant::now();
        let outcome = run(&mut session, "count += 1\nprint(count, llm_query('b'))").await.expect("the session holds");
        longest = longest.max(begun.elapsed());
        assert_eq!(outcome.report.output, format!("{cells} B\n"), "{outcome:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (cells, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_attack_reaches_anything() {
    let outside = Outside::new();
    let only = std::env::var("RLM_TEST_ONLY").unwrap_or_default();
    let attacks: Vec<_> = cells::read("attacks").into_iter().filter(|cell| cell.name.contains(&only)).collect();
    assert!(attacks.len() >= 80 || !only.is_empty(), "only {} attacks", attacks.len());
    let (is_over, next, fork_server) = (AtomicBool::new(false), AtomicUsize::new(0), fork_server());
    let attackers = stream::iter(0..SESSIONS).map(|_| async {
        let mut complaints = Vec::new();
        let mut session = start(&fork_server, outside.variables(), ATTACK_TIME).await;
        while let Some(cell) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut result = attack(&mut session, cell, &outside).await;
            // How an attack ends may hang on time that a busy machine did not have, or on what an earlier one has left.
            // What reaches anything outside is never forgiven, and nothing is twice.
            if result.as_ref().is_err_and(|why| why.starts_with("it was to be") || why.starts_with("afterwards")) {
                session.close().await;
                session = start(&fork_server, outside.variables(), ATTACK_TIME).await;
                result = attack(&mut session, cell, &outside).await;
            }
            // A session that may have been harmed is of no use for the next attack.
            if result.is_err() || ["survives", "forgets", "may lose"].contains(&cell.expected.as_str()) {
                session.close().await;
                session = start(&fork_server, outside.variables(), ATTACK_TIME).await;
            }
            complaints.extend(result.err().map(|complaint| format!("{}: {complaint}", cell.name)));
        }
        session.close().await;
        complaints
    });
    let attacked = async {
        let complaints: Vec<_> = attackers.buffer_unordered(SESSIONS).concat().await;
        is_over.store(true, Ordering::Relaxed);
        complaints
    };
    let (complaints, (cells, longest)) = tokio::join!(attacked, bystander(&fork_server, &is_over));
    assert!(complaints.is_empty(), "{} of {}\n{}", complaints.len(), attacks.len(), complaints.join("\n"));
    assert!(cells > 0 && longest < PATIENCE, "{cells} cells beside the attacks, one of which took {longest:?}");
}

/// A program that takes the place of the fork server and of its interpreters.
fn hostile_worker(folder: &Path) -> PathBuf {
    let found = std::process::Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(found.expect("these tests need python3").stdout).expect("a path is text");
    let program = folder.join("worker");
    fs::write(&program, format!("#!{python}{}", include_str!("../python/hostile_worker.py")))
        .expect("it can be written");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).expect("it can be made a program");
    program
}

/// What a process that is hostile itself says ends its session, or comes through as what it is, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_process_harms_nobody() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let program = hostile_worker(folder.path());
    let source = include_str!("../python/hostile_worker.py");
    let cases = source.lines().filter_map(|line| line.strip_prefix("    \"")?.split_once("\": ")).map(|(name, _)| name);
    let (is_over, fork_server) = (AtomicBool::new(false), fork_server());
    let hostile = Arc::new(ForkServer::new(program));
    let attacked = async {
        let outcomes = stream::iter(cases.filter(|name| *name != "output")).map(|case| meet(hostile.clone(), case));
        let outcomes: Vec<_> = outcomes.buffer_unordered(2).collect().await;
        is_over.store(true, Ordering::Relaxed);
        outcomes
    };
    let (mut outcomes, (_, longest)) = tokio::join!(attacked, bystander(&fork_server, &is_over));
    outcomes.sort();
    expect![[r#"
        a call of another cell: Normally, 8 bytes, 0 variables
        a huge number: a frame is not understood: number out of range at line 1 column 58
        a kind for the other side: a frame is not understood: unknown variant `run`, expected one of `ready`, `refu
        a lone surrogate: a frame is not understood: unexpected end of hex escape at line 1 column 62
        a long number: a frame is not understood: number out of range at line 1 column 1000053
        a long output: Normally, 2000 bytes, 0 variables
        a long packet: a packet of 32774 bytes is too short or too long
        a negative number of a call: a frame is not understood: invalid value: integer `-1`, expected u64
        a recovery: RolledBack(Crash), 0 bytes, 0 variables
        a report of another cell: Lost(Time), 0 bytes, 0 variables
        a report of wrong kinds: a frame is not understood: invalid type: integer `5`, expected a string
        a short packet: a packet of 2 bytes is too short or too long
        an end: Lost(Crash), 0 bytes, 0 variables
        an endless frame: a frame is longer than 67108864 bytes
        an unknown kind: a frame is not understood: unknown variant `shell`, expected one of `ready`, `re
        calls and no reading: Lost(Time), 0 bytes, 0 variables
        deep lists that end: a frame is not understood: recursion limit exceeded at line 1 column 180
        deep lists: a frame holds more than 262144 values
        deep objects: a frame is not understood: recursion limit exceeded at line 1 column 684
        many variables: Normally, 0 bytes, 500 variables
        no JSON: a frame is not understood: expected ident at line 1 column 2
        no UTF-8: a frame is not understood: invalid unicode code point at line 1 column 31
        no number: a frame is not understood: expected value at line 1 column 54
        nothing: a frame is not understood: EOF while parsing a value at line 1 column 0
        the last generation: Lost(Time), 0 bytes, 0 variables
        the same call twice: Normally, 4 bytes, 0 variables
        too many values: a frame holds more than 262144 values
    "#]]
    .assert_eq(&format!("{}\n", outcomes.join("\n")));
    assert!(longest < PATIENCE, "a cell beside the attacks took {longest:?}");
}

/// Runs a cell in a hostile process, and says in a line what came of it.
async fn meet(fork_server: Arc<ForkServer>, case: &str) -> String {
    let context = Snapshot::of_text(None, "the context".to_owned()).context().expect("a text can be stored");
    let variables = vec![("case".to_owned(), case.to_owned())];
    let names = Names { variables, ..Names::default() };
    let launch = Launch { fork_server, names, context, memory_limit: 200 << 20, allow_weaker_sandbox: false };
    // What a busy machine needs for a large frame is no reason to end the others.
    let never_ends = ["a report of another cell", "calls and no reading", "the last generation"].contains(&case);
    let limits = Limits { cell_time: if never_ends { ATTACK_TIME } else { PATIENCE }, output_chars: 2000 };
    let mut session = ReplSession::start(launch, limits).await.expect("the process starts");
    let outcome = session.run_cell("print(1)", &HostFunctions).await;
    let seen = match outcome {
        Ok(CellOutcome { report, ended }) => {
            format!("{ended:?}, {} bytes, {} variables", report.output.len(), report.variables.len())
        }
        Err(error) => {
            let said = error.to_string();
            let (_, what) = said.split_once("makes no sense: ").expect("only nonsense ends a session");
            what.chars().take(80).collect()
        }
    };
    session.close().await;
    format!("{case}: {seen}")
}
