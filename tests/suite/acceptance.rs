//! The behaviours that peers agree on, or get wrong.
//!
//! Most are cases for the engine in this process ([`engine`]), in five files by what they are about. Those that need the
//! whole program, for its signals, its clock or a real server's mistakes, are in `tests/data/acceptance.toml`, and each is
//! one run of the program.

mod case;
mod engine;
mod grounded;
mod looks;
mod model;
mod programs;
mod sub_calls;
mod tools;
mod weak_models;

use super::{
    processes,
    query::file,
    scripted::{Action, Asked, ScriptedServer, Setup},
    terminal::{Ran, rlm, run},
};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};
use tokio::process::Command;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Case {
    /// Of the list in `docs/acceptance.md`.
    number: String,
    says: String,
    context: String,
    /// `{dir}` stands for the folder of the files.
    options: Vec<String>,
    /// Files beside the text, by name.
    files: HashMap<String, String>,
    turns: Vec<String>,
    /// The replies belong to calls, and not to turns.
    by_call: bool,
    children: Vec<String>,
    worker: HashMap<String, String>,
    latency_ms: u64,
    /// A turn of the root, from 1, and how many milliseconds it takes.
    slow_turns: Vec<(usize, u64)>,
    /// What models cost, as `RLM_PRICE` has it.
    price: Option<String>,
    /// The tokens, in and out, that every turn is said to have taken, and every plain call.
    turn_usage: Option<(u64, u64)>,
    worker_usage: Option<(u64, u64)>,
    /// The program gets a SIGINT when so many calls have come.
    interrupt_after_calls: Option<usize>,
    /// The options are refused, and this is said about it.
    refused: Vec<String>,
    answer: Option<String>,
    termination: Option<String>,
    told: Vec<(usize, String)>,
    not_told: Vec<(usize, String)>,
    /// How often a text is in the whole conversation before a turn.
    times: Vec<(usize, String, usize)>,
    /// What the trace has, in this order, with other events in between; of each event these fields. Without any there
    /// is no trace.
    events: Vec<Value>,
    /// What the trace does not have.
    no_events: Vec<Value>,
    calls: Option<usize>,
    iterations: Option<u64>,
    depth: Option<u64>,
    lost: Option<u64>,
    retries: Option<u64>,
    /// The most that may have been spent, in US dollars; and it is nearly that.
    cost: Option<f64>,
    models: Vec<String>,
}

/// What a model says: plain, or in one of the ways in which models fail.
fn action(said: &str) -> Action {
    match said.split_at_checked(1) {
        Some(("?", reasoning)) => match reasoning.split_once("=>") {
            Some((reasoning, said)) => Action::reply(said).reasoning(reasoning),
            None => Action::reply("").reasoning(reasoning),
        },
        Some(("~", _)) => Action::hang(),
        Some(("@", calls)) => {
            let (said, calls) = calls.split_once('[').map_or((calls, "]"), |(said, calls)| (said, calls));
            let calls: Vec<(String, String, Value)> = serde_json::from_str(&format!("[{calls}")).expect("calls");
            let written = |arguments: &Value| arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
            calls.iter().fold(Action::reply(said), |it, (id, name, arguments)| it.call(id, name, written(arguments)))
        }
        Some(("*", sentence)) => Action::reply(sentence.repeat(2000)).in_parts(200, Duration::ZERO),
        // What is long arrives in parts, or nobody could stop it.
        _ if said.len() > 2000 => Action::reply(said).in_parts(200, Duration::ZERO),
        _ => Action::reply(said),
    }
}

fn is_turn(messages: &[(String, String)]) -> bool {
    messages.first().is_some_and(|(role, _)| role == "system")
}

impl Case {
    fn script(self: Arc<Self>) -> impl Fn(&Asked) -> Action {
        move |asked| {
            let latency = Duration::from_millis(self.latency_ms);
            if !is_turn(&asked.messages) {
                let said = self.worker.get(asked.last()).cloned();
                let said = action(&said.unwrap_or_else(|| format!("got {}", asked.last())));
                return costing(said, self.worker_usage).after(latency);
            }
            let is_child = is_child(&asked.messages[1].1);
            let turns = if is_child { &self.children } else { &self.turns };
            let turn = match self.by_call {
                true => asked.number - 1,
                false => asked.messages.iter().filter(|(role, _)| role == "assistant").count(),
            };
            let slow = self.slow_turns.iter().find(|(slow, _)| !is_child && *slow == turn + 1);
            let said = action(turns.get(turn).map_or("I have nothing more to do.", String::as_str));
            costing(said, self.turn_usage).after(Duration::from_millis(slow.map_or(0, |(_, takes)| *takes)))
        }
    }

    async fn check(self: Arc<Self>) {
        let setup = Setup::new().models(&["scripted", "other"]);
        let server = setup.start(self.clone().script()).await;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let text = self.context.clone();
        let text = if text.is_empty() { "some text".to_owned() } else { text };
        let path = file(&folder, "text.txt", text.as_bytes());
        for (name, content) in &self.files {
            file(&folder, name, content.as_bytes());
        }
        let trace = folder.path().join("trace.jsonl");
        let command = self.command(&server.url(), &path, folder.path(), &trace);
        let ran = match self.interrupt_after_calls {
            None => run(command).await,
            Some(calls) => interrupted(command, &server, calls).await,
        };
        if !self.refused.is_empty() {
            let name = format!("case {} ({}): {ran:?}", self.number, self.says);
            assert_eq!((ran.status, ran.output.as_str(), server.calls().len()), (2, "", 0), "{name}");
            assert!(self.refused.iter().all(|part| ran.errors.contains(part.as_str())), "{name}");
            return;
        }
        self.compare(&ran, &server);
        let told = &ran.json()["trace"];
        match self.is_traced() {
            false => assert_eq!((told, trace.exists()), (&Value::Null, false), "{}", self.says),
            true => self.compare_trace(&std::fs::read_to_string(&trace).expect("the trace was written")),
        }
    }

    fn is_traced(&self) -> bool {
        !self.events.is_empty()
    }

    fn command(&self, url: &str, path: &Path, folder: &Path, trace: &Path) -> Command {
        let (path, trace) = (path.to_str().expect("text"), trace.to_str().expect("text"));
        let mut arguments = vec!["query", "What is it?", path, "--json", "--endpoint", url, "--model", "scripted"];
        if !self.options.iter().any(|option| option == "--strategy") {
            arguments.extend(["--strategy", "rlm"]);
        }
        if self.is_traced() {
            arguments.extend(["--trace", trace]);
        }
        let folder = folder.display().to_string();
        let options: Vec<String> = self.options.iter().map(|option| option.replace("{dir}", &folder)).collect();
        let mut command = rlm(arguments.into_iter().chain(options.iter().map(String::as_str)));
        if let Some(price) = &self.price {
            command.env("RLM_PRICE", price);
        }
        command
    }

    fn compare_trace(&self, trace: &str) {
        let mut events: Vec<Value> =
            trace.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let has =
            |event: &Value, part: &Value| part.as_object().expect("fields").iter().all(|(key, it)| event[key] == *it);
        for event in &self.no_events {
            assert!(!events.iter().any(|it| has(it, event)), "{event} is in the trace of {}: {trace}", self.says);
        }
        for event in &self.events {
            let found = events.iter().position(|it| has(it, event));
            let at = found.unwrap_or_else(|| panic!("no {event} in the rest of the trace of {}: {trace}", self.says));
            events.drain(..=at);
        }
    }

    fn compare(&self, ran: &Ran, server: &ScriptedServer) {
        let result = &ran.json();
        let name = format!("case {} ({}): {result}", self.number, self.says);
        let answer = result["answer"].as_str().unwrap_or_default();
        if let Some(expected) = &self.answer {
            assert_eq!(answer, expected, "{name}");
        }
        let termination = self.termination.as_deref().unwrap_or("final");
        assert_eq!(result["termination"], termination, "{name}");
        let status = match termination {
            "final" | "direct" | "forced" => 0,
            "failed" => 1,
            "cancelled" => 130,
            _ => 3,
        };
        assert_eq!(ran.status, status, "{name}");
        let log = server.log();
        let turns: Vec<&Value> = log.calls.iter().map(|call| &call.body["messages"]).filter(|it| is_root(it)).collect();
        let last = |turn: usize| {
            let messages = turns.get(turn - 1).and_then(|messages| messages.as_array()).expect("there was such a turn");
            messages.last().and_then(|message| message["content"].as_str()).expect("a text")
        };
        for (turn, text) in &self.told {
            assert!(
                last(*turn).contains(text.as_str()),
                "turn {turn} was not told `{text}` but {}\n{name}",
                last(*turn)
            );
        }
        for (turn, text) in &self.not_told {
            assert!(!last(*turn).contains(text.as_str()), "turn {turn} was told `{text}`\n{name}");
        }
        for (turn, text, times) in &self.times {
            assert_eq!(turns[turn - 1].to_string().matches(text).count(), *times, "`{text}` in turn {turn} of {name}");
        }
        let usage = &result["usage"];
        let counts = [("iterations", self.iterations), ("maxDepth", self.depth), ("retries", self.retries)];
        for (field, expected) in counts.into_iter().filter_map(|(field, expected)| Some((field, expected?))) {
            assert_eq!(usage[field], expected, "{field} of {name}");
        }
        if let Some(most) = self.cost {
            let cost = usage["costUsd"].as_f64().expect("the prices are known");
            assert!(most * 0.9 < cost && cost <= most, "{name}");
        }
        assert!(self.calls.is_none_or(|calls| calls == log.calls.len()), "{} calls: {name}", log.calls.len());
        assert!(self.lost.is_none_or(|lost| result["lostCount"] == lost), "{name}");
        if !self.models.is_empty() {
            let models: Vec<&str> = log.calls.iter().filter_map(|call| call.body["model"].as_str()).collect();
            assert_eq!(models, self.models, "{name}");
        }
    }
}

fn costing(action: Action, usage: Option<(u64, u64)>) -> Action {
    match usage {
        Some((input, output)) => action.usage(input, output),
        None => action,
    }
}

/// Runs a command that is interrupted when so many calls have come, and are open. Its processes are gone after it, and
/// it makes no further call.
async fn interrupted(mut command: Command, server: &ScriptedServer, calls: usize) -> Ran {
    let child = command.spawn().expect("the program starts");
    server.until("the last call before the interruption", |log| log.calls.len() == calls).await;
    let open = server.log().open;
    let id = child.id().expect("the program runs");
    let started = processes::below(id);
    assert!(!started.is_empty(), "there is an interpreter");
    processes::interrupt(id);
    let output = child.wait_with_output().await.expect("the program ends");
    server.until("every call to be closed", |log| log.open == 0).await;
    let log = server.log();
    assert_eq!((log.calls.len(), log.closed_early()), (calls, open), "a call was made, or left open");
    processes::until_gone(&started).await;
    Ran {
        status: output.status.code().expect("it ends by itself"),
        output: String::from_utf8(output.stdout).expect("the output is text"),
        errors: String::from_utf8(output.stderr).expect("the errors are text"),
    }
}

/// Whether these are the messages of a turn of the root.
fn is_root(messages: &Value) -> bool {
    messages[0]["role"] == "system" && !messages[1]["content"].as_str().is_some_and(is_child)
}

/// Whether this is what a child is asked: the prompt of a program, or what a tool asks (marked so by the cases).
fn is_child(opening: &str) -> bool {
    ["another program wrote for you", "FOR THE CHILD"].iter().any(|mark| opening.contains(mark))
}

#[tokio::test]
async fn every_case_of_the_list_holds() {
    let cases: Cases = toml::from_str(include_str!("../data/acceptance.toml")).expect("the cases can be read");
    let checks = futures::stream::iter(cases.case).map(|case| tokio::spawn(Arc::new(case).check()));
    let results: Vec<_> = checks.buffer_unordered(4).collect().await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    assert_eq!(failed, 0, "of {} cases so many failed; each is reported above", results.len());
}
