//! Programs that start as many threads as they can, and those that have good reasons for some.

use super::sessions::{Answers, fork_server, leader, output, run, session};
use crate::{
    query::{ask, file, scripted},
    scripted::ScriptedServer,
};
use rlm::repl::Ended;
use serde_json::json;
use std::{fs, sync::atomic::AtomicUsize, time::Duration};
use tempfile::TempDir;

/// The most threads of a session, its own among them.
const MOST: u64 = 512;

/// Threads of a process.
fn threads(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    line.and_then(|line| line.trim().parse().ok()).unwrap_or_default()
}

/// Ways to start a thread, as the body of a loop in which `count` threads run.
const WAYS: [(&str, &str); 9] = [
    ("small stacks", "_thread.stack_size(32768); _thread.start_new_thread(lock.acquire, ())"),
    ("start_new_thread", "_thread.start_new_thread(lock.acquire, ())"),
    ("start_joinable_thread", "_thread.start_joinable_thread(lock.acquire)"),
    ("start_joinable_thread by name", "_thread.start_joinable_thread(function=lock.acquire, daemon=True)"),
    ("Thread", "threading.Thread(target=lock.acquire, daemon=True).start()"),
    ("Timer", "threading.Timer(1000, print).start()"),
    ("a pool", "pool.submit(lock.acquire)"),
    ("many pools", "pools.append(ThreadPoolExecutor(1)); pools[-1].submit(lock.acquire)"),
    ("the module made anew", "anew().start_new_thread(lock.acquire, ())"),
];

#[tokio::test]
async fn a_program_can_start_so_many_threads_and_then_goes_on() {
    let fork_server = fork_server(1024);
    for (name, start) in WAYS {
        let mut session = session(&fork_server, 60.0).await;
        let process = leader(&session);
        let answers = Answers { look: Some(Box::new(move || json!(threads(process)))), ..Answers::default() };
        let code = format!(
            "import _thread, threading, sys, importlib\n\
             from concurrent.futures import ThreadPoolExecutor\n\
             def anew():\n    del sys.modules['_thread']\n    return importlib.import_module('_thread')\n\
             lock = _thread.allocate_lock()\nlock.acquire()\n\
             pool, pools, count, why = ThreadPoolExecutor(5000), [], 0, 'no'\n\
             try:\n    while count < 2000:\n        {start}\n        count += 1\n\
             except RuntimeError as error:\n    why = str(error)\n\
             print(why, count, llm_query.__globals__['host_call']('look', []))"
        );
        let outcome = session.run_cell(&code, &answers).await.expect("the session holds");
        assert_eq!((outcome.ended, &outcome.report.error), (Ended::Normally, &None), "{name}");
        let seen = outcome.report.output.trim().to_owned();
        let numbers = seen.strip_prefix("can't start new thread ").unwrap_or_else(|| panic!("{name}: {seen}"));
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().expect("a number")).collect();
        assert!(numbers.iter().all(|&count| (200..=MOST).contains(&count)), "{name}: {seen}");
        session.close().await;
    }
}

#[tokio::test]
async fn threads_that_start_threads_are_as_many_together() {
    let fork_server = fork_server(1024);
    let mut session = session(&fork_server, 60.0).await;
    let process = leader(&session);
    let answers = Answers { look: Some(Box::new(move || json!(threads(process)))), ..Answers::default() };
    let code = "import threading\n\
                lock, gate, refused = threading.Lock(), threading.Event(), []\n\
                def more():\n    for _ in range(3):\n        try:\n\
                \x20           threading.Thread(target=more, daemon=True).start()\n\
                \x20       except RuntimeError as error:\n            refused.append(str(error))\n    gate.wait()\n\
                try:\n    for _ in range(20): threading.Thread(target=more, daemon=True).start()\n\
                except RuntimeError as error: refused.append(str(error))\n\
                import time\nwhile not refused: time.sleep(0.01)\n\
                print(set(refused), llm_query.__globals__['host_call']('look', []))\n\
                gate.set()";
    let outcome = session.run_cell(code, &answers).await.expect("the session holds");
    let seen = outcome.report.output;
    let count = seen.strip_prefix("{\"can't start new thread\"} ").and_then(|count| count.trim().parse::<u64>().ok());
    assert!(count.is_some_and(|count| count <= MOST), "{seen} {:?}", outcome.report.error);
}

#[tokio::test]
async fn threads_that_have_ended_make_room_for_others() {
    let fork_server = fork_server(1024);
    let mut session = session(&fork_server, 60.0).await;
    let code = "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n\
                for _ in range(1000):\n    thread = threading.Thread(target=len, args=('',))\n\
                \x20   thread.start()\n    thread.join()\n\
                for _ in range(4):\n    with ThreadPoolExecutor(200) as pool:\n\
                \x20       total = sum(pool.map(len, ['ab'] * 400))\n\
                try:\n    threading.Thread(target=1 / 0)\nexcept ZeroDivisionError:\n    pass\n\
                import _thread\n\
                for wrong in [(), (1, ()), (len, 1), (len, (), 1), (len, (), {}, 1)]:\n\
                \x20   for _ in range(300):\n        try: _thread.start_new_thread(*wrong)\n\
                \x20       except TypeError: pass\n\
                print(total, _thread.stack_size(), _thread.stack_size(1), _thread.stack_size(0), _thread.stack_size())";
    assert_eq!(output(&mut session, code).await, "800 0 0 1048576 0\n");
    let refused = run(&mut session, "import _thread\n_thread.stack_size(1 << 40)").await.report.error;
    assert!(refused.is_some_and(|error| error.contains("ValueError: size not valid")));
}

#[tokio::test]
async fn hundreds_of_threads_wait_for_models_at_once() {
    let fork_server = fork_server(1536);
    for count in [60, 200] {
        let mut session = session(&fork_server, 60.0).await;
        let answers = Answers { wanted: count, open: AtomicUsize::new(0), ..Answers::default() };
        let code = format!(
            "import threading\nanswers = []\n\
             def ask(n): answers.append(llm_query(f'a{{n}}'))\n\
             threads = [threading.Thread(target=ask, args=(n,)) for n in range({count})]\n\
             for thread in threads: thread.start()\nfor thread in threads: thread.join()\n\
             print(sorted(answers) == sorted(f'A{{n}}' for n in range({count})))"
        );
        let ran = tokio::time::timeout(Duration::from_secs(60), session.run_cell(&code, &answers)).await;
        let outcome = ran.expect("all are open at once").expect("the session holds");
        assert_eq!(outcome.report.output, "True\n", "{:?}", outcome.report.error);
        // They are gone, so the next program can be rolled back.
        let outcome = run(&mut session, "kept = len(answers)").await;
        assert_eq!(outcome.ended, Ended::Normally);
    }
}

#[tokio::test]
async fn calls_of_threads_and_batches_share_one_budget() {
    const PROGRAM: &[&str] = &["import threading\nanswers = []\n\
        def ask(n): answers.append(llm_query(f't{n}'))\n\
        def batch(n): answers.extend(llm_query_batched([f'b{n} {m}' for m in range(5)]))\n\
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6) for work in (ask, batch)]\n\
        for thread in threads: thread.start()\nfor thread in threads: thread.join()\n\
        good = sum(answer == 'yes' for answer in answers)\n\
        bad = sum(answer.startswith('Error:') for answer in answers)\n\
        FINAL(f'{len(answers)} {good} {bad}')"];
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let server = ScriptedServer::start(scripted(PROGRAM, |_| "yes".to_owned())).await;
    let ran = ask(&server, &path, &["--max-calls", "9"]).await;
    assert_eq!(ran.json()["answer"], "36 8 28", "{ran:?}");
    assert_eq!(server.calls().len(), 9);
}

/// Functions that call themselves for ever, by different ways through the interpreter.
const RECURSIONS: &str = r#"
import json, threading, sys, _thread
class Wide:
    def __getattr__(self, name): return getattr(self, name + "x")
    def __repr__(self): return f"{self!r}"
    def __eq__(self, other): return other == self
    def __call__(self): return self()
    def __iter__(self): return iter(list(self))
    def __getitem__(self, key): return self[key]
    def __len__(self): return len(self)
class Deep(dict):
    def __missing__(self, key): return self[key]
def call(): return call()
def sort(): return sorted([2, 1], key=lambda it: sort())
def generator(): yield from generator()
def compare():
    a, b = [], []
    for _ in range(10**5): a, b = [a], [b]
    return a == b
def nested(use):
    value = []
    for _ in range(10**5): value = [value]
    return use(value)
def evaluate(): return eval("evaluate()")
def match():
    import re
    return re.sub("a", lambda found: match(), "a")
def reduce():
    import functools
    return functools.reduce(lambda a, b: reduce(), [1, 2, 3])
ways = [call, sort, compare, evaluate, match, reduce, lambda: next(generator()), lambda: Wide().foo,
        lambda: repr(Wide()), lambda: Wide() == Wide(), lambda: Wide()(), lambda: list(Wide()), lambda: Wide()[0],
        lambda: len(Wide()), lambda: Deep()[1], lambda: nested(repr), lambda: nested(json.dumps),
        lambda: str(eval("[" * 150 + "]" * 150))]
def survive(way):
    try: way()
    except RecursionError: return "R"
    except (MemoryError, SyntaxError) as error: return type(error).__name__
    return "."
def all_ways(size, limit):
    _thread.stack_size(size)
    seen = []
    def work():
        sys.setrecursionlimit(limit)
        seen.extend(map(survive, ways))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    _thread.stack_size(0)
    return "".join(seen)
"#;

#[tokio::test]
async fn a_thread_survives_recursion_on_the_least_stack() {
    let fork_server = fork_server(1024);
    let mut session = session(&fork_server, 60.0).await;
    output(&mut session, RECURSIONS).await;
    for (size, limit) in [(1, 1000), (32 << 10, 1000), (0, 1000), (1, 1_000_000), (0, 1_000_000), (16 << 20, 1_000_000)]
    {
        let outcome = run(&mut session, &format!("print(all_ways({size}, {limit}))")).await;
        assert_eq!(outcome.ended, Ended::Normally, "{size} {limit}: {:?}", outcome.report);
        let seen = outcome.report.output.trim();
        assert!(seen.len() == 18 && seen.starts_with("RR"), "{size} {limit}: {seen} {:?}", outcome.report.error);
    }
    // The first thread, with all of its stack.
    assert!(output(&mut session, "print(''.join(map(survive, ways)))").await.starts_with("RR"));
    let deep = "sys.setrecursionlimit(20_000)\ndef down(n): return n and down(n - 1) + 1\n\
                print(down(15_000))\nsys.setrecursionlimit(1000)";
    assert_eq!(output(&mut session, deep).await, "15000\n");
}
