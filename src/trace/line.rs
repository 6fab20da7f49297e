//! The lines of a trace that are no events of the protocol, and what is left out of lines without content.

use crate::{
    engine::{CallEnded, Caller, Detail, FileSize, ModelFacts, Origin, Place, Replied},
    llm::{self, ToolCall},
    text::cut_middle,
};
use serde::Serialize;
use serde_json::Value;

/// Counts changes of the form that an earlier reader would misunderstand.
pub const VERSION: u32 = 1;

/// Characters of a plain call's prompt, and of a reply, that a trace keeps.
const PROMPT_CHARS: usize = 4_000;
const REPLY_CHARS: usize = 1_000_000;

/// Fields whose text is, or may quote, what was asked, read or answered.
const CONTENT: [&str; 19] = [
    "query",
    "text",
    "code",
    "output",
    "error",
    "label",
    "prompt",
    "reply",
    "arguments",
    "message",
    "answer",
    "hint",
    "warnings",
    "why",
    "said",
    "toolCalls",
    "failure",
    "written",
    "request",
];

/// A line.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Line<'a> {
    /// The first one.
    Trace {
        version: u32,
        program: &'a str,
        /// By the clock of the machine; all other times count from it.
        started: String,
        run: Option<i64>,
        content: &'a str,
        /// What asks the question again, in the form of whoever asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<&'a str>,
    },
    Model {
        name: &'a str,
        window: Option<usize>,
        parameters: Option<u64>,
        slots: Option<usize>,
        takes_shapes: bool,
        calls_tools: Option<bool>,
        source: Option<String>,
        /// Of a million tokens read, and written.
        price: Option<[f64; 2]>,
    },
    Decision {
        run: u64,
        choice: &'a str,
        why: &'a str,
    },
    #[serde(rename = "run")]
    RunBegan {
        state: &'a str,
        run: u64,
        depth: usize,
        subcall: Option<u64>,
        model: &'a str,
    },
    #[serde(rename = "run")]
    RunEnded {
        state: &'a str,
        run: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
    },
    #[serde(rename = "program")]
    ProgramBegan {
        state: &'a str,
        #[serde(flatten)]
        place: CellPlace,
        code: &'a str,
    },
    #[serde(rename = "program")]
    ProgramEnded {
        state: &'a str,
        #[serde(flatten)]
        place: CellPlace,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
        seconds: f64,
    },
    #[serde(rename = "call")]
    CallBegan {
        state: &'a str,
        call: u64,
        #[serde(flatten)]
        caller: CallerPlace,
        model: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        spare: bool,
        asked: String,
    },
    Attempt {
        call: u64,
        error: String,
        /// The kind of the failure.
        class: &'static str,
        failure: String,
        #[serde(skip_serializing_if = "str::is_empty")]
        written: &'a str,
    },
    #[serde(rename = "call")]
    CallEnded {
        state: &'a str,
        call: u64,
        attempts: u32,
        input_tokens: u64,
        output_tokens: u64,
        cached_input_tokens: u64,
        cost_usd: Option<f64>,
        seconds: f64,
        /// Of a plain call.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<String>,
        /// Of a turn.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_calls: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        finish: Option<&'a llm::Finish>,
        /// Of the reply alone: read, written, and read from the provider's cache.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_tokens: Option<[u64; 3]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
    },
    #[serde(rename = "call")]
    CallServed {
        state: &'a str,
        call: u64,
        #[serde(flatten)]
        caller: CallerPlace,
        model: &'a str,
        saved_tokens: u64,
        input_tokens: u64,
        output_tokens: u64,
        cached_input_tokens: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_calls: Option<String>,
        key: String,
    },
    Look {
        #[serde(flatten)]
        place: CellPlace,
        function: &'a str,
        arguments: &'a str,
        seconds: f64,
        places: Vec<(&'a str, usize, usize)>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a str>,
    },
    Files {
        files: Vec<(&'a str, Option<usize>, Option<String>)>,
        more: usize,
    },
}

/// A program or a call of a tool, as events name it.
#[derive(Debug, Serialize)]
pub struct CellPlace {
    run: u64,
    depth: usize,
    iteration: u64,
    cell: u64,
}

/// Who makes a call.
#[derive(Debug, Serialize)]
pub struct CallerPlace {
    run: Option<u64>,
    subcall: Option<u64>,
}

impl From<Origin> for CellPlace {
    fn from(Origin { run, depth, iteration, cell }: Origin) -> Self {
        Self { run, depth, iteration, cell }
    }
}

impl From<Caller> for CallerPlace {
    fn from(Caller { turn_of, sub_call }: Caller) -> Self {
        Self { run: turn_of, subcall: sub_call }
    }
}

impl<'a> From<&'a Detail> for Line<'a> {
    fn from(detail: &'a Detail) -> Self {
        const STARTED: &str = "started";
        const ENDED: &str = "ended";
        // A turn is told by an event as well, and only a replay reads it here.
        let told = |caller: &Caller, text: &str| {
            let (is_turn, text) = (caller.turn_of.is_some(), cut_middle(text, REPLY_CHARS));
            if is_turn { (None, Some(text)) } else { (Some(text), None) }
        };
        match detail {
            Detail::Decision { run, choice, why } => Self::Decision { run: *run, choice, why },
            Detail::RunBegan { run, depth, sub_call, model } => {
                Self::RunBegan { state: STARTED, run: *run, depth: *depth, subcall: *sub_call, model }
            }
            Detail::RunEnded { run, error } => Self::RunEnded { state: ENDED, run: *run, error: error.as_deref() },
            Detail::ProgramBegan { origin, code } => {
                Self::ProgramBegan { state: STARTED, place: (*origin).into(), code }
            }
            Detail::ProgramEnded { origin, error, seconds } => Self::ProgramEnded {
                state: ENDED,
                place: (*origin).into(),
                error: error.as_deref(),
                seconds: rounded(*seconds),
            },
            Detail::Model(ModelFacts { name, window, parameters, slots, takes_shapes, calls_tools, source, price }) => {
                Self::Model {
                    name,
                    window: *window,
                    parameters: *parameters,
                    slots: *slots,
                    takes_shapes: *takes_shapes,
                    calls_tools: *calls_tools,
                    source: source.map(|it| it.hex()),
                    price: price.map(|it| [it.input, it.output]),
                }
            }
            Detail::CallBegan { call, caller, model, prompt, is_spare, asked } => Self::CallBegan {
                state: STARTED,
                call: *call,
                caller: (*caller).into(),
                model,
                prompt: prompt.as_deref().map(|it| cut_middle(it, PROMPT_CHARS)),
                spare: *is_spare,
                asked: asked.hex(),
            },
            Detail::AttemptFailed { call, error, written } => Self::Attempt {
                call: *call,
                error: error.to_string(),
                class: error.kind().name(),
                failure: serde_json::to_string(error).unwrap_or_default(),
                written,
            },
            Detail::CallEnded(ended) => {
                let CallEnded { call, attempts, tokens, cost, seconds, caller, reply: replied, error } = ended;
                let (reply, said) = replied.as_ref().map_or((None, None), |it| told(caller, &it.text));
                Self::CallEnded {
                    state: ENDED,
                    call: *call,
                    attempts: *attempts,
                    input_tokens: tokens.input,
                    output_tokens: tokens.output,
                    cached_input_tokens: tokens.cached_input,
                    cost_usd: *cost,
                    seconds: rounded(*seconds),
                    reply,
                    said,
                    tool_calls: replied.as_ref().and_then(|Replied { calls, .. }| written_calls(calls)),
                    finish: replied.as_ref().map(|it| &it.finish),
                    reply_tokens: replied
                        .as_ref()
                        .map(|Replied { usage, .. }| [usage.input, usage.output, usage.cached_input]),
                    error: error.as_deref(),
                }
            }
            Detail::CallServed { call, caller, model, saved, reply, calls, key } => {
                let (reply, said) = told(caller, reply);
                Self::CallServed {
                    state: "served",
                    call: *call,
                    caller: (*caller).into(),
                    model,
                    saved_tokens: saved.input.saturating_add(saved.output),
                    input_tokens: saved.input,
                    output_tokens: saved.output,
                    cached_input_tokens: saved.cached_input,
                    reply,
                    said,
                    tool_calls: written_calls(calls),
                    key: key.hex(),
                }
            }
            Detail::Look { origin, function, arguments, seconds, places, error } => Self::Look {
                place: (*origin).into(),
                function,
                arguments,
                seconds: rounded(*seconds),
                places: places
                    .iter()
                    .map(|Place { path, first_line, last_line }| (path.as_str(), *first_line, *last_line))
                    .collect(),
                error: error.as_deref(),
            },
            Detail::Files { files, more } => Self::Files {
                files: files
                    .iter()
                    .map(|FileSize { path, lines, hash }| (path.as_str(), *lines, hash.map(|it| it.hex())))
                    .collect(),
                more: *more,
            },
        }
    }
}

/// Calls of tools, as a text.
fn written_calls(calls: &[ToolCall]) -> Option<String> {
    if calls.is_empty() { None } else { serde_json::to_string(calls).ok() }
}

/// Seconds to the microsecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// Puts the length of each text in the place of the text.
pub fn leave_out_content(line: &mut Value) {
    match line {
        Value::Object(fields) => {
            for (name, value) in fields {
                if CONTENT.contains(&name.as_str()) { blank(value) } else { leave_out_content(value) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_content),
        _ => {}
    }
}

fn blank(value: &mut Value) {
    match value {
        Value::String(text) => *text = format!("({} characters)", text.chars().count()),
        Value::Array(items) => items.iter_mut().for_each(blank),
        other => leave_out_content(other),
    }
}

#[cfg(test)]
mod tests;
