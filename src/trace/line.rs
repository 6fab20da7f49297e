//! The lines of a trace that are no events of the protocol, and what is left out of lines without content.

use crate::{
    engine::{CallEnded, Caller, Detail, FileSize, Origin, Place},
    text::cut_middle,
};
use serde::Serialize;
use serde_json::Value;

/// Counts changes of the form that an earlier reader would misunderstand.
pub const VERSION: u32 = 1;

/// Characters of a plain call's prompt and reply that a trace keeps.
const PROMPT_CHARS: usize = 4_000;
const REPLY_CHARS: usize = 16_000;

/// Fields whose text is, or may quote, what was asked, read or answered.
const CONTENT: [&str; 14] = [
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
    },
    Attempt {
        call: u64,
        error: &'a str,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<String>,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        reply: Option<String>,
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
        files: Vec<(&'a str, Option<usize>)>,
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
        let reply = |reply: &Option<String>| reply.as_deref().map(|it| cut_middle(it, REPLY_CHARS));
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
            Detail::CallBegan { call, caller, model, prompt, is_spare } => Self::CallBegan {
                state: STARTED,
                call: *call,
                caller: (*caller).into(),
                model,
                prompt: prompt.as_deref().map(|it| cut_middle(it, PROMPT_CHARS)),
                spare: *is_spare,
            },
            Detail::AttemptFailed { call, why } => Self::Attempt { call: *call, error: why },
            Detail::CallEnded(ended) => {
                let CallEnded { call, attempts, tokens, cost, seconds, reply: replied, error } = ended;
                Self::CallEnded {
                    state: ENDED,
                    call: *call,
                    attempts: *attempts,
                    input_tokens: tokens.input,
                    output_tokens: tokens.output,
                    cached_input_tokens: tokens.cached_input,
                    cost_usd: *cost,
                    seconds: rounded(*seconds),
                    reply: reply(replied),
                    error: error.as_deref(),
                }
            }
            Detail::CallServed { call, caller, model, saved, reply: replied } => Self::CallServed {
                state: "served",
                call: *call,
                caller: (*caller).into(),
                model,
                saved_tokens: saved.input.saturating_add(saved.output),
                reply: reply(replied),
            },
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
                files: files.iter().map(|FileSize { path, lines }| (path.as_str(), *lines)).collect(),
                more: *more,
            },
        }
    }
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
mod tests {
    use super::*;
    use crate::llm::TokenUsage;
    use serde_json::json;

    #[test]
    fn the_page_tells_of_every_kind_and_field() {
        let page = include_str!("../../docs/trace.md");
        let (caller, tokens) = (Caller { turn_of: Some(0), sub_call: None }, TokenUsage::default());
        let origin = Origin { run: 0, depth: 0, iteration: 1, cell: 1 };
        let (call, model, text) = (1, "m".to_owned(), Some("t".to_owned()));
        let place = Place { path: "a".to_owned(), first_line: 1, last_line: 2 };
        let files = vec![FileSize { path: "a".to_owned(), lines: None }];
        let details = [
            Detail::Decision { run: 0, choice: "rlm", why: "so".to_owned() },
            Detail::RunBegan { run: 0, depth: 0, sub_call: None, model: model.clone() },
            Detail::RunEnded { run: 0, error: text.clone() },
            Detail::ProgramBegan { origin, code: "c".to_owned() },
            Detail::ProgramEnded { origin, error: text.clone(), seconds: 1.0 },
            Detail::CallBegan { call, caller, model: model.clone(), prompt: text.clone(), is_spare: true },
            Detail::AttemptFailed { call, why: "w".to_owned() },
            Detail::CallEnded(CallEnded {
                call,
                attempts: 1,
                tokens,
                cost: None,
                seconds: 1.0,
                reply: text.clone(),
                error: text.clone(),
            }),
            Detail::CallServed { call, caller, model, saved: tokens, reply: text.clone() },
            Detail::Look {
                origin,
                function: "grep",
                arguments: "[]".to_owned(),
                seconds: 1.0,
                places: vec![place],
                error: text,
            },
            Detail::Files { files, more: 0 },
        ];
        let header =
            Line::Trace { version: VERSION, program: "p", started: "s".to_owned(), run: None, content: "full" };
        for line in details.iter().map(Line::from).chain([header]) {
            let line = json!(line);
            let kind = line["kind"].as_str().expect("a text");
            assert!(page.contains(&format!("| `{kind}` |")), "{kind}");
            for field in line.as_object().expect("an object").keys() {
                let is_told = [format!("`{field}`"), format!("`{field}?`")].iter().any(|it| page.contains(it));
                assert!(is_told, "{field} of {kind}");
            }
        }
    }

    #[test]
    fn without_content_only_lengths_stay_of_texts() {
        let mut line = json!({"kind": "done", "result": {"answer": "secret", "warnings": ["secret"], "error":
            {"kind": "empty", "message": "secret"}, "citations": [{"path": "a.rs"}], "usage": {"calls": 3}}});
        leave_out_content(&mut line);
        assert!(!line.to_string().contains("secret"), "{line}");
        assert_eq!(line["result"]["answer"], "(6 characters)");
        assert_eq!((&line["result"]["usage"]["calls"], &line["result"]["error"]["kind"]), (&json!(3), &json!("empty")));
    }
}
