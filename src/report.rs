//! The JSON in which answers and events leave the program, the same for the terminal, editors and traces.
//!
//! The shapes are public: `docs/protocol.md` describes them, and clients rely on them. The engine's own types are free
//! to change behind this page.

use crate::{
    config::Limits,
    corpus::Exclusion,
    engine::{Answer, ContextSize, Delta, Event, Origin, Preview, Started, SubCallState, Usage},
    text::counted,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The most files and folders whose exclusion a preview explains, unless all are asked for.
const LEFT_OUT: usize = 20;

/// What is said about the models of an answer, beside the answer itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    pub model: String,
    pub worker: String,
    /// Where the trace was written.
    pub trace: Option<String>,
}

/// The object that `rlm query --json` prints and `rlm/query` returns.
pub fn answer(answer: &Answer, circumstances: &Circumstances) -> Map<String, Value> {
    let citations = answer
        .citations
        .iter()
        .map(|it| json!({"path": it.path, "startLine": it.first_line, "endLine": it.last_line, "state": it.state}));
    let lost = answer.lost.iter().map(|it| json!({"depth": it.depth, "label": it.label, "error": it.error}));
    let mut object = Map::from_iter([
        ("answer".to_owned(), json!(answer.text)),
        ("termination".to_owned(), json!(answer.termination)),
        ("citations".to_owned(), citations.collect()),
        ("lost".to_owned(), lost.collect()),
        ("lostCount".to_owned(), json!(answer.lost_count)),
        ("usage".to_owned(), usage(&answer.usage)),
        ("model".to_owned(), json!(circumstances.model)),
        ("worker".to_owned(), json!(circumstances.worker)),
        ("context".to_owned(), context(&answer.context)),
        ("trace".to_owned(), json!(circumstances.trace)),
    ]);
    if !answer.warnings.is_empty() {
        object.insert("warnings".to_owned(), json!(answer.warnings));
    }
    if let Some(failure) = &answer.failure {
        let error = json!({"kind": failure.kind, "message": failure.message, "hint": failure.hint});
        object.insert("error".to_owned(), error);
    }
    object
}

/// The object that `rlm preview --json` prints and `rlm/preview` returns.
pub fn preview(preview: &Preview, left_out: &[Exclusion], limits: &Limits) -> Value {
    let text = preview_text(preview, left_out, limits, false);
    let left_out = left_out.iter().map(|it| json!({"path": it.path, "reason": it.reason.to_string()}));
    json!({
        "model": preview.model,
        "worker": preview.worker,
        "why": preview.why,
        "context": context(&preview.context),
        "leftOut": Value::from_iter(left_out),
        "contextTokens": preview.context_tokens,
        "strategy": if preview.is_direct { "direct" } else { "rlm" },
        "firstPromptTokens": preview.first_prompt_tokens,
        "firstPromptCostUsd": preview.first_prompt_cost,
        "wholeTextCostUsd": preview.whole_text_cost,
        "text": text,
        "warnings": preview.warnings,
    })
}

/// A preview in words. Of what is left out some is told, or all of it.
pub fn preview_text(preview: &Preview, left_out: &[Exclusion], limits: &Limits, all: bool) -> String {
    let shown = if all { left_out.len() } else { LEFT_OUT };
    let Preview { context, context_tokens, first_prompt_tokens, .. } = preview;
    let dollars = |cost: Option<f64>| cost.map_or_else(String::new, |cost| format!(", ${cost:.4}"));
    let length = match context.characters {
        Some(characters) => counted(characters, "character"),
        None => "not read yet: binary files still count".to_owned(),
    };
    let worker = if preview.worker == preview.model { "also reads the parts" } else { &preview.worker };
    let mut lines = vec![
        format!("model    {} ({}); worker: {worker}", preview.model, preview.why),
        format!(
            "context  {}, {} ({length}), about {}",
            counted(context.files, "file"),
            counted(context.bytes, "byte"),
            counted(context_tokens, "token")
        ),
    ];
    lines.extend(context.store.iter().map(|store| format!("         all of it from the shard store {store}")));
    let first = format!("about {}{}", counted(first_prompt_tokens, "token"), dollars(preview.first_prompt_cost));
    lines.push(match preview.is_direct {
        true => format!("sends    the whole text in one prompt: {first}"),
        false => format!("sends    a first prompt without the text: {first}; what else is up to the model's programs"),
    });
    if !preview.is_direct {
        let whole = dollars(preview.whole_text_cost);
        let tokens = counted(context_tokens, "token");
        lines.push(format!("         reading the whole text once would be about {tokens}{whole}"));
        let mut most = vec![counted(limits.max_calls, "call"), format!("{} s", limits.timeout.as_secs())];
        most.extend(limits.max_tokens.map(|tokens| counted(tokens, "token")));
        most.extend(limits.max_cost.map(|cost| format!("${cost}")));
        lines.push(format!("at most  {}", most.join(", ")));
    }
    if !left_out.is_empty() {
        lines.push(context.left_out.to_string());
        // What is not only left out comes first.
        let (warnings, others): (Vec<_>, Vec<_>) = left_out.iter().partition(|it| it.reason.is_warning());
        let all = warnings.into_iter().chain(others);
        lines.extend(all.take(shown).map(|it| format!("  {}: {}", it.path, it.reason)));
    }
    if let more @ 1.. = left_out.len().saturating_sub(shown) {
        lines.push(format!("  … and {more} more (--verbose names all)"));
    }
    lines.extend(preview.warnings.iter().map(|it| format!("warning  {it}")));
    lines.join("\n")
}

/// What was used.
pub fn usage(usage: &Usage) -> Value {
    json!({
        "calls": usage.calls,
        "rootCalls": usage.root_calls,
        "subCalls": usage.sub_calls,
        "cachedCalls": usage.cached_calls,
        "retries": usage.retries,
        "inputTokens": usage.tokens.input,
        "outputTokens": usage.tokens.output,
        "cachedInputTokens": usage.tokens.cached_input,
        "costUsd": usage.cost,
        "iterations": usage.iterations,
        "maxDepth": usage.max_depth,
        "wallMs": milliseconds(usage.wall_time),
        "modelMs": milliseconds(usage.model_time),
    })
}

fn context(size: &ContextSize) -> Value {
    let left_out = size.left_out.0.iter().map(|(reason, count)| json!({"reason": reason, "count": count}));
    json!({
        "files": size.files,
        "bytes": size.bytes,
        "characters": size.characters,
        "skipped": size.left_out.total(),
        "skippedFor": Value::from_iter(left_out),
        "store": size.store,
        "cut": size.cut,
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An event without its `queryId` and `seq`.
pub fn event(event: &Event) -> Map<String, Value> {
    let value = match event {
        Event::Started(Started { question, model, worker, why, context: size }) => {
            json!({"kind": "started", "query": question, "model": model, "worker": worker, "why": why,
                   "context": context(size)})
        }
        Event::Turn { run, depth, iteration, text } => {
            json!({"kind": "turn", "run": run, "depth": depth, "iteration": iteration, "text": text})
        }
        Event::Cell { origin: Origin { run, depth, iteration, cell }, code, output, error, seconds } => {
            json!({"kind": "cell", "run": run, "depth": depth, "iteration": iteration, "cell": cell, "code": code,
                   "output": output, "error": error, "seconds": seconds})
        }
        Event::Summary { run, depth, text } => json!({"kind": "summary", "run": run, "depth": depth, "text": text}),
        Event::SubCall { id, origin: Origin { run, depth, iteration, cell }, label, state } => {
            let (state, error) = match state {
                SubCallState::Started => ("started", None),
                SubCallState::Ended => ("ended", None),
                SubCallState::Failed(error) => ("failed", Some(error)),
            };
            json!({"kind": "subcall", "id": id, "depth": depth + 1, "run": run, "iteration": iteration, "cell": cell,
                   "label": label, "state": state, "error": error})
        }
        Event::Delta(Delta::Append(text)) => json!({"kind": "delta", "text": text}),
        Event::Delta(Delta::Reset(text)) => json!({"kind": "delta", "text": text, "reset": true}),
        Event::Progress { message, usage } => {
            json!({"kind": "progress", "message": message, "calls": usage.calls, "subCalls": usage.sub_calls,
                   "inputTokens": usage.tokens.input, "outputTokens": usage.tokens.output, "costUsd": usage.cost})
        }
    };
    match value {
        Value::Object(mut object) => {
            object.retain(|key, value| key == "costUsd" || !value.is_null());
            object
        }
        _ => Map::new(),
    }
}
