//! The JSON in which answers and events leave the program, the same for the terminal, editors and traces.
//!
//! The shapes ([`types`]) are public: `docs/protocol.md` describes them, and clients rely on them. The engine's own types
//! are free to change behind this page.

mod dogfood;
mod findings;
mod preview_text;
mod rdjson;
mod review_text;
mod sarif;
pub mod types;

pub use dogfood::{
    analysis, analysis_blocks, analysis_markdown, analysis_text, cycle, cycle_markdown, cycle_text, history,
    history_text, share_text,
};
pub use findings::review;
pub use preview_text::preview_text;
pub use rdjson::rdjson;
pub use review_text::{finding_page, finding_text, review_summary, review_text};
pub use sarif::sarif;

use crate::{
    config::{Limits, Strategy},
    corpus::Exclusion,
    engine::{self, Delta, Origin, SubCallState},
};
use std::time::Duration;
use types::{
    Answer, Citation, ContextSize, Earlier, Event, Expected, Failure, LeftOut, Lost, Preview, PreviewStrategy, Skipped,
    Spread, SubcallState, Usage,
};

/// What is said about the models of an answer, beside the answer itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    pub model: String,
    pub worker: String,
    /// Where the trace was written.
    pub trace: Option<String>,
}

/// The object that `rlm query --json` prints.
pub fn answer(answer: &engine::Answer, circumstances: &Circumstances) -> Answer {
    let citation = |it: &engine::Citation| Citation {
        path: it.path.clone(),
        start_line: it.first_line,
        end_line: it.last_line,
        state: it.state,
        uri: None,
    };
    let lost = |it: &engine::Lost| Lost { depth: it.depth, label: it.label.clone(), error: it.error.clone() };
    let failure =
        |it: &crate::failure::Failure| Failure { kind: it.kind, message: it.message.clone(), hint: it.hint.clone() };
    Answer {
        answer: answer.text.clone(),
        termination: answer.termination,
        grounded: answer.grounded,
        nothing_found: answer.found_nothing,
        citations: answer.citations.iter().map(citation).collect(),
        lost: answer.lost.iter().map(lost).collect(),
        lost_count: answer.lost_count,
        usage: usage(&answer.usage),
        model: circumstances.model.clone(),
        worker: circumstances.worker.clone(),
        context: context(&answer.context),
        trace: circumstances.trace.clone(),
        warnings: answer.remarks(),
        answered_seconds_ago: answer.seconds_ago,
        earlier: answer.earlier.as_ref().map(earlier),
        error: answer.failure.as_ref().map(failure),
    }
}

/// The object that `rlm preview --json` prints and `rlm/preview` returns.
pub fn preview(preview: &engine::Preview, left_out: &[Exclusion], limits: &Limits) -> Preview {
    let text = preview_text(preview, left_out, limits, false);
    let reason = |it: &Exclusion| LeftOut { path: it.path.clone(), reason: it.reason.to_string() };
    Preview {
        model: preview.model.clone(),
        worker: preview.worker.clone(),
        why: preview.why.clone(),
        context: context(&preview.context),
        left_out: left_out.iter().map(reason).collect(),
        context_tokens: preview.context_tokens,
        strategy: match preview.strategy {
            Strategy::Direct => PreviewStrategy::Direct,
            Strategy::Read => PreviewStrategy::Read,
            Strategy::Rlm | Strategy::Auto => PreviewStrategy::Rlm,
        },
        first_prompt_tokens: preview.first_prompt_tokens,
        first_prompt_cost_usd: preview.first_prompt_cost,
        whole_text_cost_usd: preview.whole_text_cost,
        expected: expected(&preview.expected),
        text,
        warnings: preview.warnings.clone(),
    }
}

fn earlier(earlier: &engine::Earlier) -> Earlier {
    let engine::Earlier { number, question, seconds_ago, state } = earlier.clone();
    Earlier { number, question, seconds_ago, state }
}

fn expected(expected: &engine::Expectation) -> Expected {
    let spread = |it: engine::Spread| Spread { low: it.low, median: it.median, high: it.high };
    Expected {
        questions: expected.questions,
        calls: expected.calls.map(spread),
        tokens: expected.tokens.map(spread),
        cost_usd: expected.cost.map(spread),
        is_known: expected.is_known,
    }
}

/// What was used.
pub fn usage(usage: &engine::Usage) -> Usage {
    Usage {
        calls: usage.calls,
        root_calls: usage.root_calls,
        sub_calls: usage.sub_calls,
        cached_calls: usage.cached_calls,
        saved_tokens: usage.saved_tokens.input + usage.saved_tokens.output,
        saved_usd: usage.saved_cost,
        retries: usage.retries,
        input_tokens: usage.tokens.input,
        output_tokens: usage.tokens.output,
        cached_input_tokens: usage.tokens.cached_input,
        cost_usd: usage.cost,
        iterations: usage.iterations,
        max_depth: usage.max_depth,
        wall_ms: milliseconds(usage.wall_time),
        model_ms: milliseconds(usage.model_time),
    }
}

fn context(size: &engine::ContextSize) -> ContextSize {
    ContextSize {
        files: size.files,
        bytes: size.bytes,
        characters: size.characters,
        skipped: size.left_out.total(),
        skipped_for: size.left_out.0.iter().map(|&(reason, count)| Skipped { reason, count }).collect(),
        store: size.store.clone(),
        cut: size.cut,
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An event of a run. That of its end, which carries the result, is up to whoever puts that together.
pub fn event<R>(event: engine::Event) -> Event<R> {
    match event {
        engine::Event::Started(started) => Event::Started {
            query: started.question,
            model: started.model,
            worker: started.worker,
            why: started.why,
            context: context(&started.context),
        },
        engine::Event::Turn { run, depth, iteration, text, cut } => Event::Turn { run, depth, iteration, text, cut },
        engine::Event::Cell { origin: Origin { run, depth, iteration, cell }, code, output, error, seconds } => {
            Event::Cell { run, depth, iteration, cell, code, output, error, seconds }
        }
        engine::Event::Summary { run, depth, text } => Event::Summary { run, depth, text },
        engine::Event::SubCall { id, origin: Origin { run, depth, iteration, cell }, label, state } => {
            let (state, error) = match state {
                SubCallState::Started => (SubcallState::Started, None),
                SubCallState::Ended => (SubcallState::Ended, None),
                SubCallState::Failed(error) => (SubcallState::Failed, Some(error)),
            };
            Event::Subcall { id, depth: depth + 1, run, iteration, cell, label, state, error }
        }
        engine::Event::Delta(Delta::Append(text)) => Event::Delta { text, reset: None },
        engine::Event::Delta(Delta::Reset(text)) => Event::Delta { text, reset: Some(true) },
        engine::Event::Progress { message, usage } => Event::Progress {
            message,
            calls: usage.calls,
            sub_calls: usage.sub_calls,
            cached_calls: usage.cached_calls,
            input_tokens: usage.tokens.input,
            output_tokens: usage.tokens.output,
            cost_usd: usage.cost,
        },
    }
}

#[cfg(test)]
mod tests;
