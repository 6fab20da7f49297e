//! Replays: runs of many shapes come to the same once more from their traces, without a model.

use crate::{
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{Ran, rlm, run},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tempfile::TempDir;
use tokio::process::Command;

/// Runs at a time.
const SIDE_BY_SIDE: usize = 3;

/// A kind of run: what the root writes turn by turn, what happens to calls, and how it is asked.
struct Shape {
    name: &'static str,
    turns: &'static [&'static str],
    happens: fn(&Asked) -> Option<Action>,
    options: &'static [&'static str],
}

const fn shape(name: &'static str, turns: &'static [&'static str]) -> Shape {
    Shape { name, turns, happens: |_| None, options: &[] }
}

const BATCH: &[&str] = &[
    "notes = llm_query_batched([f'part {n}' for n in range(12)])\nprint(notes)",
    "FINAL(f'{len(notes)} {sum(n.startswith(\"Error\") for n in notes)} a.txt:1')",
];

const CHILDREN: &[&str] =
    &["print(rlm_query_batched([f'child {n}' for n in range(4)]))", "FINAL('by children, b.txt:2')"];

const SHAPES: [Shape; 25] = [
    shape("a look", &["print(grep('word'))\nprint(read('b.txt', 2, 3))", "FINAL('It is in a.txt:1.')"]),
    shape("a batch", BATCH),
    shape("one after the other", &["for n in range(5):\n    x = llm_query(f'part {n}')\n    print(x)\nFINAL(x)"]),
    shape("children", CHILDREN),
    shape("a child", &["print(rlm_query('child 1: ' + context[:40]))", "FINAL('done')"]),
    shape("an exception", &["print(nothing)", "print(1 / 0)", "FINAL('mended')"]),
    Shape {
        options: &["--cell-timeout", "0.3"],
        ..shape("an endless loop", &["x = 1\nwhile True: pass", "FINAL(str(x))"])
    },
    Shape { options: &["--max-calls", "7"], ..shape("a limit on calls", BATCH) },
    Shape { options: &["--max-iterations", "2"], ..shape("a limit on turns", &["print(1)", "print(2)", "print(3)"]) },
    Shape { options: &["--max-errors", "2"], ..shape("too many errors", &["a", "b", "c", "d"]) },
    Shape { happens: |it| fails(it, "part 3", 9, Action::status(400)), ..shape("a call that is refused", BATCH) },
    Shape { happens: |it| fails(it, "part 3", 2, Action::status(503)), ..shape("a server that fails twice", BATCH) },
    Shape { happens: |it| fails(it, "part 4", 1, Action::status(429)), ..shape("a server that turns away", BATCH) },
    Shape {
        happens: |it| fails(it, "part 5", 1, Action::reply("half of a no").cut()),
        ..shape("a reply that breaks off", BATCH)
    },
    Shape { happens: |it| fails(it, "part 2", 1, Action::disconnect()), ..shape("a lost connection", BATCH) },
    Shape {
        happens: |it| (is_turn(it) && it.nth == 1).then(|| Action::reply("```repl\nx = 7\nprint(x)\n```\nand").cut()),
        ..shape("a turn that breaks off", &["x = 7\nprint(x)", "FINAL(str(x))"])
    },
    Shape {
        happens: |it| fails(it, "part 1", 9, Action::reply("it is very lo").finish("length")),
        ..shape("a reply that is too long", BATCH)
    },
    shape(
        "the same again",
        &["print([llm_query('part') for _ in range(3)], llm_query_batched(['one'] * 4))", "FINAL('x')"],
    ),
    shape("answers of its own", &["answer['content'] = 'by the variable, a.txt:1'\nanswer['ready'] = True"]),
    Shape {
        happens: |it| fails(it, "part 11", 9, Action::hang()),
        options: &["--timeout", "3"],
        ..shape("no time left", BATCH)
    },
    Shape { options: &["--strategy", "direct"], ..shape("one prompt", &[]) },
    Shape { options: &["--strategy", "read"], ..shape("passages", &[]) },
    Shape {
        happens: |it| match is_turn(it).then(|| it.messages.iter().filter(|(role, _)| role == "assistant").count()) {
            Some(0) => Some(Action::reply("").call("c1", "grep", r#"{"pattern": "word"}"#).call(
                "c2",
                "peek",
                r#"{"start": 0, "end": 9}"#,
            )),
            Some(_) => Some(Action::reply("").call("c3", "final", r#"{"answer": "By tools, a.txt:1."}"#)),
            None => None,
        },
        options: &["--protocol", "tools"],
        ..shape("tools", &[])
    },
    Shape { options: &["--max-tokens", "9000"], ..shape("a limit on tokens", BATCH) },
    shape(
        "a call of the root's model",
        &["print(llm_query('part', model='root'), llm_query('part', model='nobody'))", "FINAL('x')"],
    ),
];

fn is_turn(asked: &Asked) -> bool {
    asked.messages.first().is_some_and(|(role, _)| role == "system")
}

/// What happens to the first calls whose prompt begins like this.
fn fails(asked: &Asked, prompt: &str, times: usize, action: Action) -> Option<Action> {
    (!is_turn(asked) && asked.last().starts_with(prompt) && asked.nth <= times).then_some(action)
}

struct World {
    texts: TempDir,
    store: TempDir,
    server: ScriptedServer,
}

impl World {
    async fn new(shape: &'static Shape) -> Self {
        let [texts, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
        for (name, text) in [("a.txt", "a word\nb\nc\n"), ("b.txt", "1\n2\n3\n4\n")] {
            fs::write(texts.path().join(name), text).expect("it is written");
        }
        let script = move |asked: &Asked| {
            if let Some(action) = (shape.happens)(asked) {
                return action;
            }
            if !is_turn(asked) {
                // Some are slower than others, so that they do not end in the order in which they began.
                let late = Duration::from_millis(asked.last().len() as u64 * 7 % 40);
                return Action::reply(format!("a note on {}", asked.last().len())).after(late);
            }
            if asked.messages[1].1.contains("another program wrote for you") {
                return Action::reply("```repl\nFINAL('a child: ' + llm_query('of ' + context[:7]))\n```");
            }
            let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
            let program = shape.turns.get(turn).copied().unwrap_or("FINAL('at the end')");
            Action::reply(format!("I look.\n```repl\n{program}\n```")).in_parts(9, Duration::ZERO)
        };
        Self { texts, store, server: Setup::new().start(script).await }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", self.store.path()).env("RLM_PRICE", "scripted=1/2");
        command
    }

    async fn ask(&self, more: &[&str]) -> Ran {
        let (url, path) = (self.server.url(), self.texts.path().to_str().expect("text"));
        let fixed = ["query", "Where is the word?", path, "--json", "--model", "scripted", "--endpoint", &url];
        let strategy = if more.contains(&"--strategy") { &[][..] } else { &["--strategy", "rlm"] };
        run(self.command(&[&fixed[..], strategy, more].concat())).await
    }

    async fn replay(&self, more: &[&str]) -> Ran {
        run(self.command(&[&["trace", "replay"], more].concat())).await
    }
}

/// What is wrong with the replay of such a run, if anything is.
async fn problem(shape: &'static Shape, concurrency: &str) -> Option<String> {
    let world = World::new(shape).await;
    let asked = world.ask(&[&["--concurrency", concurrency], shape.options].concat()).await;
    let calls = world.server.calls().len();
    let ran = world.replay(&[]).await;
    let is_same = ran.status == 0 && ran.output.starts_with("the replay is the same, byte for byte");
    let problem = match (is_same, world.server.calls().len() - calls) {
        (true, 0) => return None,
        (true, asked) => format!("{asked} calls went out"),
        (false, _) => format!("{ran:?}"),
    };
    Some(format!("{} at {concurrency}: {problem}\n{}", shape.name, asked.output))
}

#[tokio::test]
async fn fifty_runs_of_many_shapes_come_to_the_same_once_more() {
    let runs: Vec<_> = SHAPES.iter().flat_map(|shape| [(shape, "2"), (shape, "16")]).collect();
    assert_eq!(runs.len(), 50);
    let problems = stream::iter(runs).map(|(shape, concurrency)| problem(shape, concurrency));
    let problems: Vec<String> = problems.buffer_unordered(SIDE_BY_SIDE).filter_map(async |it| it).collect().await;
    assert!(problems.is_empty(), "{} of 50:\n{}", problems.len(), problems.join("\n\n"));
}

#[tokio::test]
async fn what_was_known_is_known_again_and_what_has_changed_is_named() {
    let world = World::new(&SHAPES[1]).await;
    assert_eq!(world.ask(&[]).await.status, 0);
    // The turns are made anew, and the calls are known.
    fs::write(world.texts.path().join("b.txt"), "1\n2\n3\n4\n5\n").expect("it is written");
    assert_eq!(world.ask(&[]).await.json()["usage"]["cachedCalls"], 12);
    for run in ["2", "last"] {
        let ran = world.replay(&[run]).await;
        assert!(ran.status == 0 && ran.output.contains("byte for byte"), "{ran:?}");
    }
    let ran = world.replay(&["1"]).await;
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.output.starts_with("the text is not what it was: 1 file differs: b.txt\n"), "{ran:?}");
    assert!(ran.output.contains("the replay parts from the trace: scripted is asked"), "{ran:?}");
}

#[tokio::test]
async fn a_run_goes_on_differently_from_a_turn_with_another_model() {
    let world = World::new(&SHAPES[1]).await;
    assert_eq!(world.ask(&[]).await.status, 0);
    let other = ScriptedServer::start(|asked: &Asked| match is_turn(asked) {
        true => Action::reply("```repl\nFINAL(f'differently: {len(notes)}')\n```"),
        false => Action::reply("other"),
    })
    .await;
    let calls = world.server.calls().len();
    let mut command = world.command(&["trace", "replay", "1", "--from", "2", "--model", "scripted"]);
    command.env("RLM_ENDPOINT", other.url());
    // The endpoint of the run counts, which its words name.
    let ran = run(command).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(world.server.calls().len() - calls, 1, "only the second turn is asked: {ran:?}");
    assert!(ran.output.starts_with("12 0 a.txt:1\n"), "{ran:?}");
}

#[tokio::test]
async fn what_cannot_be_replayed_says_why() {
    let world = World::new(&SHAPES[0]).await;
    let trace = world.store.path().join("t.jsonl");
    let trace = trace.to_str().expect("text");
    for (options, file, why) in [
        (&["--trace-content", "none", "--trace", trace][..], trace, "the texts were left out"),
        (&["--continue"], "last", "does not say how the question was asked"),
        (&[], "77", "has no trace"),
    ] {
        if !options.contains(&"--continue") {
            assert_eq!(world.ask(options).await.status, 0, "{options:?}");
        } else {
            world.ask(&["--refresh"]).await;
            run(world.command(&["query", "--continue", "And?"])).await;
        }
        let ran = world.replay(&[file]).await;
        assert!(ran.status == 1 && ran.errors.contains(why), "{options:?}: {ran:?}");
    }
    fs::remove_file(trace).expect("it is there");
    // What a trace names is not run, and nothing is sent where one says that is not the person's own.
    let tools = world.texts.path().join("tools.json");
    let tool =
        json!({"name": "ticket", "description": "d", "command": ["touch", "ran"], "parameters": {"type": "object"}});
    fs::write(&tools, json!({"tools": [tool]}).to_string()).expect("it is written");
    let tools = tools.to_str().expect("text");
    let asked = world.ask(&["--refresh", "--tools", tools, "--trace", trace]).await;
    assert_eq!(asked.status, 0, "{asked:?}");
    for (arguments, why) in [
        (&[trace][..], "which are not run again"),
        (&[trace, "--from", "2", "--model", "scripted"], "name it by its number"),
    ] {
        let ran = world.replay(arguments).await;
        assert!(ran.status == 1 && ran.errors.contains(why), "{arguments:?}: {ran:?}");
    }
    fs::remove_file(trace).expect("it is there");
    // A trace that ends before its run.
    assert_eq!(world.ask(&["--refresh", "--trace", trace]).await.status, 0);
    let text = fs::read_to_string(trace).expect("it is there");
    let first_turn = text.find("\"kind\":\"turn\"").expect("a turn");
    fs::write(trace, &text[..first_turn]).expect("it is written");
    let ran = world.replay(&[trace]).await;
    assert!(ran.status == 0 && ran.output.contains("the trace ends before the run did"), "{ran:?}");
}

#[tokio::test]
async fn with_nothing_configured_a_run_is_replayed_too() {
    let [texts, store] = [(), ()].map(|()| TempDir::new().expect("a folder can be made"));
    fs::write(texts.path().join("a.rs"), "/// How often.\npub const RETRY_LIMIT: u32 = 5;\n").expect("it is written");
    let command = |arguments: &[&str]| {
        let mut command = rlm(arguments);
        command.env("RLM_STORE", store.path());
        command
    };
    let path = texts.path().to_str().expect("text");
    let asked = run(command(&["query", "where is RETRY_LIMIT defined?", path, "--json"])).await.json();
    assert_eq!(asked["model"], json!("extractive"));
    let ran = run(command(&["trace", "replay"])).await;
    assert!(ran.status == 0 && ran.output.contains("byte for byte"), "{ran:?}\n{asked}");
    assert_ne!(asked["answer"], Value::Null);
}
