//! Sessions of the interpreter for the tests of what hostile programs may try, and that one session sees nothing of
//! another.

use crate::processes;
use futures::{FutureExt, future::BoxFuture};
use rlm::{
    corpus::Snapshot,
    repl::{Budget, Call, CellOutcome, Ended, ForkServer, HostCalls, Launch, Limits, Raised, ReplSession, wire::Names},
};
use rustix::process::Pid;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

pub const MEBIBYTE: u64 = 1 << 20;

/// Answers calls. Those of `llm_query` wait until as many are open as are waited for.
#[derive(Default)]
pub struct Answers {
    pub wanted: usize,
    pub open: AtomicUsize,
    pub enough: Notify,
    /// Told what the program says of itself, while it waits.
    pub look: Option<Box<dyn Fn() -> Value + Send + Sync>>,
}

impl HostCalls for Answers {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        async move {
            match call.name.as_str() {
                "llm_query" | "llm_query_batched" => {
                    let enough = self.enough.notified();
                    if self.open.fetch_add(1, Ordering::SeqCst) + 1 >= self.wanted {
                        self.enough.notify_waiters();
                    } else {
                        enough.await;
                    }
                    let (prompts, _): (Vec<String>, Option<String>) =
                        serde_json::from_value(call.arguments).expect("the prelude sends a list and a model");
                    Ok(prompts.iter().map(|prompt| prompt.to_uppercase()).collect())
                }
                "look" => Ok(self.look.as_ref().map_or(json!(null), |look| look())),
                "never" => std::future::pending().await,
                name => Err(Raised::new("ValueError", format!("no {name} here"))),
            }
        }
        .boxed()
    }
}

pub fn fork_server(mebibytes: u64) -> Arc<ForkServer> {
    Arc::new(ForkServer::with_budget(PathBuf::from(env!("CARGO_BIN_EXE_rlm")), Budget::new(mebibytes * MEBIBYTE)))
}

/// A session whose programs may run for so long.
pub async fn session(fork_server: &Arc<ForkServer>, seconds: f64) -> ReplSession {
    let context = Snapshot::of_text(None, "the context".to_owned()).context().expect("a text can be stored");
    let launch = Launch {
        fork_server: fork_server.clone(),
        names: Names::default(),
        context,
        memory_limit: 1024 * MEBIBYTE,
        allow_weaker_sandbox: false,
    };
    let limits = Limits { cell_time: Duration::from_secs_f64(seconds), output_chars: 2000 };
    let mut session = ReplSession::start(launch, limits).await.expect("the process starts");
    session.prepare().await.expect("the walls stand");
    session
}

pub async fn run(session: &mut ReplSession, code: &str) -> CellOutcome {
    session.run_cell(code, &Answers::default()).await.expect("the session holds")
}

/// What a program prints that ends well.
pub async fn output(session: &mut ReplSession, code: &str) -> String {
    let outcome = run(session, code).await;
    assert_eq!((outcome.ended, outcome.report.error), (Ended::Normally, None), "{code}");
    outcome.report.output
}

/// The first process of a session.
pub fn leader(session: &ReplSession) -> u32 {
    session.process_group().map(Pid::as_raw_nonzero).expect("it is ready").get().cast_unsigned()
}

#[tokio::test]
async fn what_one_session_bends_is_straight_in_others() {
    let fork_server = fork_server(512);
    let mut beside = session(&fork_server, 20.0).await;
    output(&mut beside, "x = 1").await;
    let mut bender = session(&fork_server, 20.0).await;
    let bend = "import json, builtins, sys, re, types, collections\n\
                json.loads = lambda text: 'bent'\n\
                builtins.len = lambda it: 42\n\
                sys.modules['random'] = types.ModuleType('bent')\n\
                re.compile = None\n\
                collections.OrderedDict.bent = True\n\
                collections.namedtuple.__globals__['bent'] = 'the mark'\n\
                json.JSONDecoder.decode = lambda self, text: 'bent'\n\
                print(json.loads('1'), builtins.len(''))";
    assert_eq!(output(&mut bender, bend).await, "bent 42\n");
    let mut later = session(&fork_server, 20.0).await;
    let look = "import json, re, random, collections\n\
                print(json.loads('1'), len('four'), re.compile('a').pattern, 0 <= random.random() < 1,\n\
                      hasattr(collections.OrderedDict, 'bent'), 'bent' in collections.namedtuple.__globals__)";
    for session in [&mut beside, &mut later] {
        assert_eq!(output(session, look).await, "1 4 a True False False\n");
    }
    // The bent one has its built-in functions back with its next program, and nothing else is anybody's business.
    assert_eq!(output(&mut bender, "len('four')").await, "4\n");
}

#[tokio::test]
async fn nothing_of_the_system_is_reached_by_other_ways() {
    let fork_server = fork_server(512);
    let mut session = session(&fork_server, 20.0).await;
    for code in [
        "open(0)",
        "open(3, 'rb', closefd=False)",
        "import io\nio.open(1, 'w')",
        "import _io\n_io.FileIO(0)",
        "import _io\n_io.FileIO(3, 'r')",
        "import _io\n_io.open_code('/etc/passwd')",
        "import socket",
        "import _socket",
        "import ctypes",
        "import _ctypes",
        "import mmap",
        "import fcntl",
        "import _posixsubprocess",
        "import os\nos.system('true')",
        "import os\nos.fork()",
        "import os\nos.read(0, 1)",
        "import os\nos.execv('/bin/true', ['true'])",
        "import posix\nposix.open('/', 0)",
        "import sys\ndel sys.modules['posix']\nimport posix\nposix.open('/', 0)",
        "import _imp, types\n_imp.create_builtin(types.SimpleNamespace(name='posix')).open('/', 0)",
        "import _imp, types\n_imp.create_builtin(types.SimpleNamespace(name='_socket')).socket()",
        "import importlib.machinery as m\nm.SourceFileLoader('x', '/etc/passwd').get_data('/etc/passwd')",
        "import shutil\nshutil.copy('/etc/passwd', '/tmp/x')",
        "import tempfile\ntempfile.mkstemp()",
        "import multiprocessing",
        "import faulthandler",
    ] {
        let outcome = run(&mut session, code).await;
        assert!(outcome.report.error.is_some(), "{code}: {:?}", outcome.report.output);
        assert_eq!(outcome.ended, Ended::Normally, "{code}");
    }
}

#[tokio::test]
async fn time_counts_while_a_call_is_open_if_the_program_computes() {
    let fork_server = fork_server(512);
    let call = "import threading, time\n\
                never = llm_query.__globals__['host_call']\n\
                threading.Thread(target=never, args=('never', []), daemon=True).start()\n\
                time.sleep(0.05)\n";
    for rest in [
        "while True: pass",
        "sum(n * n for n in range(10**12))",
        "def spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()\nnever('never', [])",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "sum(range(10**12))",
    ] {
        let mut session = session(&fork_server, 0.5).await;
        let code = format!("{call}{rest}");
        let ran = tokio::time::timeout(Duration::from_secs(60), session.run_cell(&code, &Answers::default())).await;
        let outcome = ran.expect("a program that computes is ended").expect("the session holds");
        let error = outcome.report.error.unwrap_or_default();
        let is_ended = error.contains("CellTimeout") || matches!(outcome.ended, Ended::Lost(_) | Ended::RolledBack(_));
        assert!(is_ended, "{rest}: {:?} {error}", outcome.ended);
    }
}

#[tokio::test]
async fn what_becomes_of_a_session_is_no_matter_for_those_beside_it() {
    let fork_server = fork_server(512);
    let mut beside = session(&fork_server, 20.0).await;
    output(&mut beside, "kept = 'here'").await;
    let hostile = session(&fork_server, 20.0).await;
    let below = processes::below(leader(&hostile));
    drop(hostile);
    processes::until_gone(&below).await;
    assert_eq!(output(&mut beside, "kept").await, "'here'\n");
}
