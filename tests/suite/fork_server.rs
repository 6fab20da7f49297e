//! Where the interpreters' processes come from, what they have with them, and that all of them end with what they
//! belong to.

use crate::{
    query::{file, scripted},
    scripted::ScriptedServer,
    terminal::rlm,
};
use futures::future::{BoxFuture, join_all};
use rlm::{
    corpus::Snapshot,
    repl::{Call, Ended, Error, ForkServer, HostCalls, Launch, Limits, Raised, ReplSession, wire::Names},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{collections::HashSet, fs, path::PathBuf, process::Stdio, sync::Arc, time::Duration};
use tempfile::TempDir;

/// How many sessions run at once.
const MANY: usize = 64;

/// Kilobytes of memory that a session adds at most, before its programs take any.
const OWN_KB: usize = 16 << 10;

struct NoCalls;

impl HostCalls for NoCalls {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        Box::pin(async move { Err(Raised::new("RuntimeError", format!("no {}", call.name))) })
    }
}

fn fork_server() -> Arc<ForkServer> {
    Arc::new(ForkServer::new(PathBuf::from(env!("CARGO_BIN_EXE_rlm"))))
}

const LIMITS: Limits = Limits { cell_time: Duration::from_secs(20), output_chars: 1000 };

fn launch(fork_server: &Arc<ForkServer>) -> Launch {
    Launch {
        fork_server: fork_server.clone(),
        names: Names::default(),
        context: Snapshot::of_text(None, "the context".to_owned()).context().expect("a text can be stored"),
        memory_limit: 200 << 20,
        allow_weaker_sandbox: false,
    }
}

async fn session(fork_server: &Arc<ForkServer>) -> ReplSession {
    ReplSession::start(launch(fork_server), LIMITS).await.expect("the process starts")
}

async fn output(session: &mut ReplSession, code: &str) -> String {
    let outcome = session.run_cell(code, &NoCalls).await.expect("the session holds");
    assert_eq!((outcome.ended, outcome.report.error), (Ended::Normally, None), "{code}");
    outcome.report.output
}

/// The state, the parent and the group of a process.
fn look(process: i32) -> Option<(String, i32, i32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ').map(str::to_owned);
    Some((fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The processes that live and have a parent and a group like these.
fn processes(is_meant: impl Fn(i32, i32) -> bool) -> Vec<i32> {
    let entries = fs::read_dir("/proc").expect("processes are listed").filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let lives =
        |process: &i32| look(*process).is_some_and(|(state, parent, group)| state != "Z" && is_meant(parent, group));
    numbers.filter(lives).collect()
}

fn members(of: Pid) -> Vec<i32> {
    processes(|_, group| group == of.as_raw_nonzero().get())
}

fn kill(process: i32) {
    kill_process(Pid::from_raw(process).expect("a process has a number"), Signal::KILL).expect("it can be killed");
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not within a minute");
}

/// What a process has open.
fn open_files(process: i32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().filter_map(Result::ok);
    let target = |path: PathBuf| fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default();
    // The numbers of pipes and sockets are of no interest.
    let kind = |target: String| match target.split_once(":[") {
        Some((kind @ ("pipe" | "socket"), _)) => kind.to_owned(),
        _ => target,
    };
    let mut files: Vec<_> = entries.map(|entry| kind(target(entry.path()))).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_session_has_its_socket_and_nothing_of_others() {
    let fork_server = fork_server();
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(session(&fork_server).await);
    }
    let mut session = session(&fork_server).await;
    output(&mut session, "x = 1").await;
    let group = session.process_group().expect("it is ready");
    // The process, and its checkpoint, which have an end of a pipe each, and a socket to ask for memory.
    let expected = ["/dev/null", "/dev/null", "/dev/null", "anon_inode:[timerfd]", "pipe", "socket", "socket"];
    until("everything else is closed", || {
        let files: Vec<_> = members(group).into_iter().map(open_files).collect();
        files.len() == 2 && files.iter().all(|files| *files == expected)
    })
    .await;
}

#[tokio::test]
async fn sessions_draw_different_numbers() {
    let fork_server = fork_server();
    let draw = "import random\nprint(random.random(), random.getrandbits(64), random.Random().random())";
    let mut drawn = HashSet::new();
    // At last one that has the module from the fork server, which imports it before the last one that is asked for
    // here.
    for _ in 0..6000 {
        let mut first = session(&fork_server).await;
        let is_warm = output(&mut first, "import sys\nprint('statistics' in sys.modules)").await == "True\n";
        let mut second = session(&fork_server).await;
        for session in [&mut first, &mut second] {
            let numbers = output(session, draw).await;
            assert!(numbers.split_whitespace().all(|number| drawn.insert(number.to_owned())), "{numbers} again");
        }
        if is_warm {
            return;
        }
    }
    panic!("the fork server does not import the common modules");
}

#[tokio::test]
async fn many_sessions_run_at_once() {
    let fork_server = fork_server();
    let sessions = join_all((0..MANY).map(|number| {
        let fork_server = fork_server.clone();
        async move {
            let mut session = session(&fork_server).await;
            output(&mut session, &format!("own = {number}")).await;
            session
        }
    }));
    let mut sessions = sessions.await;
    let groups: HashSet<_> = sessions.iter().filter_map(ReplSession::process_group).collect();
    assert_eq!(groups.len(), MANY);
    let outputs = join_all(sessions.iter_mut().map(|session| output(session, "own"))).await;
    assert_eq!(outputs, (0..MANY).map(|number| format!("{number}\n")).collect::<Vec<_>>());
    let own: usize = groups.iter().flat_map(|group| members(*group)).map(own_memory).sum();
    assert!(own <= MANY * OWN_KB, "{} kB each", own / MANY);
    join_all(sessions.into_iter().map(ReplSession::close)).await;
    for group in groups {
        until("what was closed is gone", || members(group).is_empty()).await;
    }
}

/// Kilobytes that a process has made its own, and its share of those that it has in common with others.
fn own_memory(process: i32) -> usize {
    let memory = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = memory.lines().find_map(|line| line.strip_prefix("Pss_Anon:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_fork_server_that_dies_takes_everything_along_and_is_replaced() {
    let fork_server = fork_server();
    let (mut whole, mut rolled_back) = (session(&fork_server).await, session(&fork_server).await);
    for session in [&mut whole, &mut rolled_back] {
        session.prepare().await.expect("the walls stand");
    }
    let groups = [&whole, &rolled_back].map(|session| session.process_group().expect("it is ready"));
    let checkpoint = || members(groups[1]).into_iter().find(|&process| process != groups[1].as_raw_nonzero().get());
    until("there is a checkpoint", || checkpoint().is_some()).await;
    let before = checkpoint();
    output(&mut whole, "x = 1").await;
    output(&mut rolled_back, "x = 1").await;
    until("there is another one", || checkpoint().is_some_and(|checkpoint| Some(checkpoint) != before)).await;
    // The process dies, and what takes its place belongs to the fork server now.
    kill(groups[1].as_raw_nonzero().get());
    let outcome = rolled_back.run_cell("x = 2", &NoCalls).await.expect("the session holds");
    assert!(matches!(outcome.ended, Ended::RolledBack(_)), "{outcome:?}");
    assert_eq!(output(&mut rolled_back, "x").await, "1\n");

    let (_, parent, _) = look(groups[0].as_raw_nonzero().get()).expect("the process is there");
    kill(parent);
    for group in groups {
        until("the processes are gone", || members(group).is_empty()).await;
    }
    for session in [&mut whole, &mut rolled_back] {
        let mut outcome = session.run_cell("x", &NoCalls).await.expect("the session holds");
        if let Ended::RolledBack(_) = outcome.ended {
            // The checkpoint may have taken over, and said so, in the moment before it was killed as well.
            outcome = session.run_cell("x", &NoCalls).await.expect("the session holds");
        }
        assert!(matches!(outcome.ended, Ended::Lost(_)), "{outcome:?}");
        assert_eq!(output(session, "'x' in globals()").await, "False\n");
    }
    assert_eq!(output(&mut session(&fork_server).await, "1 + 1").await, "2\n");
}

#[tokio::test]
async fn a_session_keeps_the_process_it_came_from_alive() {
    let (first, second) = (fork_server(), fork_server());
    let (mut kept, closed) = (session(&first).await, session(&first).await);
    output(&mut kept, "x = 1").await;
    let group = kept.process_group().expect("it is ready");
    let (_, parent, _) = look(group.as_raw_nonzero().get()).expect("the process is there");
    // It turns to a launch of another fork server, as after the engine was replaced, and nobody else has the first one.
    assert!(kept.renew(launch(&second), LIMITS).await.expect("it can be reached"), "it can be renewed");
    closed.close().await;
    drop((first, second));
    assert_eq!(output(&mut kept, "x").await, "1\n");
    assert_eq!(processes(|_, of| of == parent), [parent], "the process that it came from");
    kept.close().await;
    until("everything is gone", || members(group).is_empty() && processes(|_, of| of == parent).is_empty()).await;
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_process() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let programs = &["x = 1", "while True:\n    try:\n        while True: pass\n    except BaseException: pass"];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let url = server.url();
    let path = path.to_str().expect("text");
    let arguments = ["query", "?", path, "--strategy", "rlm", "--model", "scripted", "--endpoint", &url];
    let mut command = rlm(arguments.iter());
    let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let id = program.id().expect("it runs").cast_signed();
    // The second turn's program runs when the model was asked twice and its process is at work.
    until("the model was asked twice", || server.calls().len() == 2).await;
    let fork_servers = processes(|parent, _| parent == id);
    assert_eq!(fork_servers.len(), 1, "{fork_servers:?}");
    let sessions = processes(|parent, _| parent == fork_servers[0]);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    program.start_kill().expect("it can be killed");
    program.wait().await.expect("it ends");
    until("everything is gone", || {
        processes(|parent, group| parent == fork_servers[0] || group == sessions[0] || group == fork_servers[0])
            .is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_program_that_is_no_fork_server_is_an_error() {
    for (program, expected) in
        [("/nonexistent/rlm", "cannot start the interpreter /nonexistent/rlm"), ("/bin/true", "")]
    {
        let launch = launch(&Arc::new(ForkServer::new(PathBuf::from(program))));
        let prepared = async { ReplSession::start(launch, LIMITS).await?.prepare().await };
        let error: Error = prepared.await.expect_err("there is no interpreter");
        assert!(error.to_string().starts_with(expected), "{program}: {error}");
    }
}
