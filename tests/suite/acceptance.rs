//! The behaviours that peers agree on, or get wrong, as cases in `tests/data/acceptance.toml`: each is one run of the program.

use super::{
    query::{ask, file},
    scripted::{Action, Asked, ScriptedServer, Setup},
};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc, time::Duration};

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
    /// At least so many bytes follow the context.
    pad: usize,
    pad_with: String,
    /// `{dir}` stands for the folder of the files.
    options: Vec<String>,
    /// Files beside the text, by name.
    files: HashMap<String, String>,
    turns: Vec<String>,
    /// The replies belong to calls, and not to turns.
    by_call: bool,
    children: Vec<String>,
    worker: HashMap<String, String>,
    window: Option<usize>,
    latency_ms: u64,
    answer: Option<String>,
    answer_has: Vec<String>,
    termination: Option<String>,
    told: Vec<(usize, String)>,
    not_told: Vec<(usize, String)>,
    /// In the whole conversation before a turn.
    conversation: Vec<(usize, String)>,
    not_in_conversation: Vec<(usize, String)>,
    /// Before a turn: the id of a call, and what its result has.
    results: Vec<(usize, String, String)>,
    /// How many tools the first turn is offered.
    tools: Option<usize>,
    /// Whether each citation holds.
    verified: Option<Vec<bool>>,
    calls: Option<usize>,
    most_open: Option<usize>,
    iterations: Option<u64>,
    depth: Option<u64>,
    lost: Option<u64>,
    longest_reply: Option<u64>,
    models: Vec<String>,
}

/// What a model says: plain, or in one of the ways in which models fail.
fn action(said: &str) -> Action {
    match said.split_at_checked(1) {
        Some(("!", status)) => Action::status(status.parse().expect("a status")),
        Some(("?", reasoning)) => Action::reply("").reasoning(reasoning),
        Some((">", half)) if half.starts_with('@') => action(half).finish("length"),
        Some((">", half)) => Action::reply(half).finish("length"),
        Some(("@", calls)) => {
            let (said, calls) = calls.split_once('[').map_or((calls, "]"), |(said, calls)| (said, calls));
            let calls: Vec<(String, String, Value)> = serde_json::from_str(&format!("[{calls}")).expect("calls");
            let written = |arguments: &Value| arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
            calls.iter().fold(Action::reply(said), |it, (id, name, arguments)| it.call(id, name, written(arguments)))
        }
        Some(("*", sentence)) => Action::reply(sentence.repeat(2000)).in_parts(200, Duration::ZERO),
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
                return action(&said.unwrap_or_else(|| format!("got {}", asked.last()))).after(latency);
            }
            let turns = if is_child(&asked.messages[1].1) { &self.children } else { &self.turns };
            let turn = match self.by_call {
                true => asked.number - 1,
                false => asked.messages.iter().filter(|(role, _)| role == "assistant").count(),
            };
            action(turns.get(turn).map_or("I have nothing more to do.", String::as_str))
        }
    }

    async fn check(self: Arc<Self>) {
        let setup = Setup::new().models(&["scripted", "other"]);
        let setup = self.window.into_iter().fold(setup, Setup::window);
        let server = setup.start(self.clone().script()).await;
        let folder = tempfile::tempdir().expect("a folder can be made");
        let line = if self.pad_with.is_empty() { "nothing of interest\n" } else { &self.pad_with };
        let text = self.context.clone() + &line.repeat(self.pad.div_ceil(line.len()));
        let text = if text.is_empty() { "some text".to_owned() } else { text };
        let path = file(&folder, "text.txt", text.as_bytes());
        for (name, content) in &self.files {
            file(&folder, name, content.as_bytes());
        }
        let dir = folder.path().display().to_string();
        let options: Vec<String> = self.options.iter().map(|option| option.replace("{dir}", &dir)).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let ran = ask(&server, &path, &options).await;
        self.compare(&ran.json(), &server);
    }

    fn compare(&self, result: &Value, server: &ScriptedServer) {
        let name = format!("case {} ({}): {result}", self.number, self.says);
        let answer = result["answer"].as_str().unwrap_or_default();
        if let Some(expected) = &self.answer {
            assert_eq!(answer, expected, "{name}");
        }
        for part in &self.answer_has {
            assert!(answer.contains(part.as_str()), "no `{part}` in {name}");
        }
        assert_eq!(result["termination"], self.termination.as_deref().unwrap_or("final"), "{name}");
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
        for (turn, text) in &self.conversation {
            assert!(turns[turn - 1].to_string().contains(text.as_str()), "turn {turn} does not have `{text}`\n{name}");
        }
        for (turn, text) in &self.not_in_conversation {
            assert!(!turns[turn - 1].to_string().contains(text.as_str()), "turn {turn} has `{text}`\n{name}");
        }
        for (turn, id, text) in &self.results {
            let messages = turns.get(turn - 1).and_then(|it| it.as_array()).expect("there was such a turn");
            let result = messages.iter().rfind(|message| message["tool_call_id"] == id.as_str());
            let result = result.and_then(|message| message["content"].as_str()).expect("the call has a result");
            assert!(result.contains(text.as_str()), "call {id} gave `{result}`, not `{text}`\n{name}");
        }
        if let Some(count) = self.tools {
            let offered = log.calls[0].body["tools"].as_array().map_or(0, Vec::len);
            assert_eq!(offered, count, "tools in {name}");
        }
        if let Some(expected) = &self.verified {
            let citations = result["citations"].as_array().expect("a list");
            let verified: Vec<bool> = citations.iter().map(|it| it["verified"] == true).collect();
            assert_eq!(verified, *expected, "{name}");
        }
        let usage = &result["usage"];
        let counts = [("iterations", self.iterations), ("maxDepth", self.depth)];
        for (field, expected) in counts.into_iter().filter_map(|(field, expected)| Some((field, expected?))) {
            assert_eq!(usage[field], expected, "{field} of {name}");
        }
        assert!(self.calls.is_none_or(|calls| calls == log.calls.len()), "{} calls: {name}", log.calls.len());
        assert!(self.most_open.is_none_or(|most| log.most_open <= most), "{} open: {name}", log.most_open);
        assert!(self.lost.is_none_or(|lost| result["lostCount"] == lost), "{name}");
        if let Some(tokens) = self.longest_reply {
            let limits = log
                .calls
                .iter()
                .map(|call| call.body["max_tokens"].as_u64().or(call.body["max_completion_tokens"].as_u64()));
            assert!(limits.into_iter().all(|limit| limit == Some(tokens)), "{name}");
        }
        if !self.models.is_empty() {
            let models: Vec<&str> = log.calls.iter().filter_map(|call| call.body["model"].as_str()).collect();
            assert_eq!(models, self.models, "{name}");
        }
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
