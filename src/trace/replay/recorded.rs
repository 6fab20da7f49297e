//! What a replay takes from a trace: what came of each attempt of each call, in its order, and what depends on the models.

use super::super::value::Fields;
use crate::{
    config::Price,
    llm::{EXTRACTIVE, Error, Finish, KnownReply, Reply, TokenUsage, ToolCall},
    store::Key,
    text::visible_path,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    path::Path,
    time::Duration,
};

/// The most bytes of a trace that are read.
const MOST_BYTES: u64 = 256 << 20;

/// How the whole answers begin that were known, so that there was no run.
const KNOWN_ANSWER: &str = "known answer";

/// What can be had once more of a run.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What asks the question again, if the trace has it.
    pub request: Option<String>,
    /// The model of the root, that of sub-calls, and why these.
    pub model: String,
    pub worker: String,
    pub why: String,
    pub models: Vec<RecordedModel>,
    /// What came of attempts, in the order in which it came.
    pub outcomes: Vec<Outcome>,
    /// What was asked and never came to an end.
    pub cut_off: HashMap<Key, usize>,
    /// Replies that were known before.
    pub served: Vec<(Key, KnownReply, Option<u64>)>,
    /// The files of the text, each with the hash of what was in it, if it is known.
    pub files: Vec<(String, Option<String>)>,
    /// The result; nothing if the trace ends before it.
    pub result: Option<Value>,
    /// How the run has ended.
    pub termination: String,
}

/// What prompts depend on of a model.
#[derive(Debug, Clone, Default)]
pub struct RecordedModel {
    pub name: String,
    pub window: Option<usize>,
    pub parameters: Option<u64>,
    pub slots: Option<usize>,
    pub takes_shapes: bool,
    pub calls_tools: Option<bool>,
    pub source: Option<Key>,
    pub price: Option<Price>,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub asked: Key,
    /// Since the run began.
    pub at: Duration,
    /// The turn of the root that it is, if it is one.
    pub turn: Option<u64>,
    pub reply: Result<Reply, Failed>,
}

/// An attempt that has failed, behind the beginning of a reply.
#[derive(Debug, Clone)]
pub struct Failed {
    pub error: Error,
    pub written: String,
}

/// A call under way.
struct Open {
    asked: Key,
    turn: Option<u64>,
    failed: u64,
}

impl Recorded {
    /// Reads a trace.
    ///
    /// # Errors
    /// It cannot be read, or has not what a replay needs; a sentence.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = visible_path(path);
        let unread = |error: io::Error| format!("cannot read the trace {name}: {error}");
        let mut bytes = Vec::new();
        File::open(path).and_then(|it| it.take(MOST_BYTES).read_to_end(&mut bytes)).map_err(unread)?;
        let mut recorded = Self::default();
        let (mut open, mut turns): (HashMap<u64, Open>, u64) = (HashMap::new(), 0);
        for line in bytes.split(|byte| *byte == b'\n') {
            // What was cut off or damaged is missing, and is told where it is missed.
            let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
            let line = Fields(&value);
            match line.text("kind") {
                "trace" if line.text("content") == "none" => {
                    return Err(format!(
                        "the texts were left out of {name} (--trace-content none), so there is nothing to replay"
                    ));
                }
                "full" => {
                    return Err(format!("{name} has reached its size, and has not all replies; it cannot be replayed"));
                }
                "decision" if line.text("choice") == KNOWN_ANSWER => {
                    return Err(
                        "the whole answer was known before, so there was no run that could be replayed".to_owned()
                    );
                }
                "turn" => turns += u64::from(line.number("run") == 0),
                // The built-in model replies the same each time, and is asked itself.
                "call" if line.text("model") == EXTRACTIVE => {}
                "call" if line.text("state") == "started" => {
                    let Some(asked) = Key::of_hex(line.text("asked")) else {
                        return Err(format!("{name} is of an earlier version of rlm, and has not what a replay needs"));
                    };
                    let turn = turn_of(line, turns);
                    open.insert(line.number("call"), Open { asked, turn, failed: 0 });
                }
                "attempt" | "call" => recorded.call(line, &mut open, turns),
                _ => recorded.other(line),
            }
        }
        for left in open.into_values() {
            *recorded.cut_off.entry(left.asked).or_default() += 1;
        }
        Ok(recorded)
    }

    /// Forgets the turns of the root from this one on.
    pub fn forget_from(&mut self, first: u64) {
        let is_before = |turn: Option<u64>| turn.is_none_or(|turn| turn < first);
        self.outcomes.retain(|it| is_before(it.turn));
        self.served.retain(|(_, _, turn)| is_before(*turn));
        self.cut_off.clear();
        self.termination.clear();
    }

    fn other(&mut self, line: Fields<'_>) {
        match line.text("kind") {
            "trace" => self.request = line.some_text("request").map(str::to_owned),
            "started" => {
                line.text("model").clone_into(&mut self.model);
                line.text("worker").clone_into(&mut self.worker);
                line.text("why").clone_into(&mut self.why);
            }
            "model" => self.models.push(RecordedModel::of(line)),
            "files" => {
                self.files = line.items("files").iter().filter_map(file).collect();
            }
            "done" => {
                let result = line.of("result");
                result.text("termination").clone_into(&mut self.termination);
                self.result = Some(result.0.clone());
            }
            _ => {}
        }
    }

    fn call(&mut self, line: Fields<'_>, open: &mut HashMap<u64, Open>, turns: u64) {
        let at = Duration::from_millis(line.number("ms"));
        if line.text("state") == "served" {
            let usage = usage_of(["inputTokens", "outputTokens", "cachedInputTokens"].map(|name| line.number(name)));
            let reply = KnownReply { text: reply_of(line), calls: calls_of(line), usage };
            let key = Key::of_hex(line.text("key"));
            self.served.extend(key.map(|key| (key, reply, turn_of(line, turns))));
            return;
        }
        let number = line.number("call");
        if line.text("kind") == "attempt" {
            let Some(call) = open.get_mut(&number) else { return };
            let Ok(error) = serde_json::from_str(line.text("failure")) else { return };
            call.failed += 1;
            let failed = Failed { error, written: line.text("written").to_owned() };
            self.outcomes.push(Outcome { asked: call.asked, at, turn: call.turn, reply: Err(failed) });
            return;
        }
        let Some(Open { asked, turn, failed }) = open.remove(&number) else { return };
        match serde_json::from_value::<Finish>(line.of("finish").0.clone()) {
            Ok(finish) => {
                let tokens: Vec<u64> = line.items("replyTokens").iter().filter_map(Value::as_u64).collect();
                let usage = tokens.first_chunk().map_or_else(TokenUsage::default, |it| usage_of(*it));
                let (text, calls, reasoning) = (reply_of(line), calls_of(line), String::new());
                let reply = Reply { text, calls, reasoning, finish, usage };
                self.outcomes.push(Outcome { asked, at, turn, reply: Ok(reply) });
            }
            // Of the last attempt nothing was heard.
            Err(_) if line.number("attempts") > failed => *self.cut_off.entry(asked).or_default() += 1,
            Err(_) => {}
        }
    }
}

impl RecordedModel {
    fn of(line: Fields<'_>) -> Self {
        let size = |name: &str| line.some_number(name).and_then(|it| usize::try_from(it).ok());
        let is = |name: &str| line.of(name).0.as_bool();
        let price: Vec<f64> = line.items("price").iter().filter_map(Value::as_f64).collect();
        Self {
            name: line.text("name").to_owned(),
            window: size("window"),
            parameters: line.some_number("parameters"),
            slots: size("slots"),
            takes_shapes: is("takesShapes").unwrap_or_default(),
            calls_tools: is("callsTools"),
            source: Key::of_hex(line.text("source")),
            price: price.first_chunk().map(|[input, output]| Price { input: *input, output: *output }),
        }
    }
}

/// The turn of the root that a call is for.
fn turn_of(line: Fields<'_>, turns: u64) -> Option<u64> {
    (line.some_number("subcall").is_none() && line.some_number("run") == Some(0)).then_some(turns + 1)
}

fn reply_of(line: Fields<'_>) -> String {
    line.some_text("reply").unwrap_or_else(|| line.text("said")).to_owned()
}

fn calls_of(line: Fields<'_>) -> Vec<ToolCall> {
    serde_json::from_str(line.text("toolCalls")).unwrap_or_default()
}

fn usage_of([input, output, cached_input]: [u64; 3]) -> TokenUsage {
    TokenUsage { input, output, cached_input }
}

fn file(file: &Value) -> Option<(String, Option<String>)> {
    let file = file.as_array()?;
    Some((file.first()?.as_str()?.to_owned(), file.get(2).and_then(Value::as_str).map(str::to_owned)))
}
