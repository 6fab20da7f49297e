//! The attacks: texts, and what a program, a child of it or a model server does.

use crate::{
    raw::{RawServer, send_list},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, path::Path};
use tokio::io::AsyncWriteExt;

/// One attack.
pub struct Attack {
    pub name: &'static str,
    /// Writes what is asked about.
    pub texts: fn(&Path),
    by: By,
    /// What the review of f90d2ac saw: memory of the server, and what became of it after a stop.
    pub before: &'static str,
}

/// Who attacks.
enum By {
    /// The first program of the root model.
    Program(&'static str),
    /// The first program of each child that the root model calls.
    Children(&'static str, usize),
    /// A model server that sends this once, and then that without end.
    Server(&'static str, &'static str),
    /// The texts alone.
    Texts,
}

/// What stands behind the endpoint.
pub enum Running {
    Scripted(ScriptedServer),
    Raw(RawServer),
}

impl Running {
    fn url(&self) -> String {
        match self {
            Self::Scripted(server) => server.url(),
            Self::Raw(server) => server.url(),
        }
    }

    /// The options of a question to a language server.
    pub fn options(&self) -> Value {
        json!({"endpoint": self.url(), "model": "scripted", "cellTimeout": 300, "strategy": "rlm"})
    }

    /// The same for the terminal.
    pub fn arguments(&self) -> Vec<String> {
        ["--model", "scripted", "--cell-timeout", "300", "--strategy", "rlm", "--endpoint", &self.url()]
            .map(str::to_owned)
            .to_vec()
    }
}

impl Attack {
    /// Starts the model server.
    pub async fn start(&self) -> Running {
        let root = match self.by {
            By::Server(start, then) => return Running::Raw(endless(start, then).await),
            By::Program(program) => program.to_owned(),
            By::Children(_, count) => format!("rlm_query_batched([context[:1_000_000]] * {count})"),
            By::Texts => "print(len(context))\nwhile True: grep('no such line')".to_owned(),
        };
        let child = if let By::Children(program, _) = self.by { program } else { "" };
        let script = move |asked: &Asked| {
            let is_child = asked.conversation().contains("another program wrote for you");
            Action::reply(format!("```repl\n{}\n```", if is_child { child } else { &root }))
        };
        Running::Scripted(ScriptedServer::start(script).await)
    }
}

async fn endless(start: &'static str, then: &'static str) -> RawServer {
    RawServer::start(move |taken, mut connection| async move {
        if taken.is_list() {
            return send_list(&mut connection).await;
        }
        connection.write_all(start.as_bytes()).await?;
        let block = then.repeat((64 << 10) / then.len());
        loop {
            connection.write_all(block.as_bytes()).await?;
        }
    })
    .await
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("the disk has room");
}

/// Ten megabytes of the letters a and b in no order, without a line feed.
fn letters(folder: &Path) {
    let mut state = 1_u64;
    let letter = |_| {
        // A linear congruential generator, with the constants of Knuth's MMIX.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if state >> 63 == 0 { 'a' } else { 'b' }
    };
    write(folder, "ab.txt", &(0..10 << 20).map(letter).collect::<String>());
}

fn words(folder: &Path) {
    let text = (0..2_000_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "word{} of line {number} and w{}", number % 7919, number % 104_729);
        text
    });
    write(folder, "words.txt", &text);
}

fn source(folder: &Path) {
    let text = (0..200_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "fn f{number}() {{ f{}(f{}(((((1)))))) }}", number / 2, number / 3);
        text
    });
    write(folder, "deep.rs", &text);
}

fn rules(folder: &Path) {
    let text = (0..360_000).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "**/a{number}*b*c[a-z]*d{{x,y{number}}}*/e?f*");
        text
    });
    fs::create_dir(folder.join(".git")).expect("the disk has room");
    write(folder, ".gitignore", &text);
    (0..200).for_each(|number| write(folder, &format!("a{number}.txt"), "text\n"));
}

fn small(folder: &Path) {
    write(folder, "a.txt", "text\n");
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// An event that begins.
const EVENT: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
                     data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"";

/// Calls that carry many small values.
const VALUES: &str = "def hand(name, given):\n    try: llm_query.__globals__['host_call'](name, given)\n\
                      \x20   except Exception as error: print(error)\n\
                      while True:\n    hand('llm_query', [[''] * 200_000, None])\n    hand('grep', [[]] * 3_000_000)";

/// All attacks.
pub fn all() -> Vec<Attack> {
    let attack = |name, texts, by, before| Attack { name, texts, by, before };
    vec![
        attack(
            "grep, one pattern after the other",
            letters,
            By::Program(
                "import itertools\nfor n in itertools.count(18):\n    for pattern in (r'[ab]*a[ab]{%d}c', r'(?:[ab]{%d}){12}c', \
                 r'[ab]*(?:a[ab]{%d}|b)c'):\n        try: grep(pattern % n)\n        except Exception as error: print(error)",
            ),
            "2,550 MB",
        ),
        attack(
            "grep, 12 threads",
            letters,
            By::Program(
                "import threading\ndef work(k):\n    n = 10 + k\n    while True:\n        n += 1\n\
                 \x20       try: grep(r'[ab]*a[ab]{%d}c' % n)\n        except Exception: pass\n\
                 threads = [threading.Thread(target=work, args=(k,)) for k in range(12)]\n\
                 for thread in threads: thread.start()\nfor thread in threads: thread.join()",
            ),
            "4,600 MB; goes on after cancel, 2 cores",
        ),
        attack(
            "chunk by steps of one",
            letters,
            By::Program(
                "while True:\n    for size in (100_000, 50, 2):\n        try: chunk(size, size - 1)\n        except Exception as error: \
                 print(error)",
            ),
            "2,480 MB",
        ),
        attack(
            "search of long queries",
            words,
            By::Program(
                "query = ' '.join('word%d' % n for n in range(300_000))\nwhile True:\n    try: search(query, 100_000)\n    except \
                 Exception as error: print(error)",
            ),
            "0.7 s a search",
        ),
        attack(
            "outline and map of deep source",
            source,
            By::Program(
                "while True:\n    for look in (lambda: outline('deep.rs'), lambda: repo_map(1_000_000)):\n\
                 \x20       try: look()\n        except Exception as error: print(error)",
            ),
            "no stop",
        ),
        attack("rules of 13 MB", rules, By::Texts, "5,250 MB; 4 s after the time-out"),
        attack(
            "an error body without end",
            small,
            By::Server("HTTP/1.1 500 No\r\ncontent-type: text/plain\r\n\r\n", "n"),
            "3,000 MB; until the time-out",
        ),
        attack("an event without end", small, By::Server(EVENT, "n"), "54 s after the time-out, 5 s after Ctrl-C"),
        attack(
            "events without end",
            small,
            By::Server(EVENTS, "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"\"}}]}\n\n"),
            "not seen",
        ),
        attack("calls of many values", small, By::Program(VALUES), "800 MB"),
        attack(
            "memory and its checkpoint",
            small,
            By::Program(
                "x = []\ntry: x.extend(bytearray(b'a') * (1 << 20) for _ in range(900))\nexcept MemoryError: pass\n\
                 while True:\n    try: x = [bytes(b) for b in x]\n    except MemoryError: pass",
            ),
            "1,870 MB",
        ),
        attack(
            "64 children that do all of it",
            letters,
            By::Children(
                "import threading\ndef work(k):\n    while True:\n        try:\n            grep(r'[ab]*a[ab]{%d}c' % (18 + k))\n\
                 \x20           chunk(100_000, 99_999)\n        except Exception: pass\n\
                 for k in range(8): threading.Thread(target=work, args=(k,), daemon=True).start()\n\
                 x = []\nwhile True:\n    try: x.append(bytearray(b'a') * (1 << 20))\n\
                 \x20   except MemoryError: pass",
                64,
            ),
            "4,600 MB and more",
        ),
    ]
}
