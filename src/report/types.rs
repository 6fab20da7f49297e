//! The shapes of the public JSON. The TypeScript of the VS Code client is made of them, and the page of the protocol is
//! held against them.

pub mod dogfood;

use crate::{
    engine::{CitationState, EarlierState, Grounded, Termination},
    failure::FailureKind,
};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Not;

/// What `rlm query --json` prints, and the larger part of the result of `rlm/query`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Markdown.
    pub answer: String,
    pub termination: Termination,
    /// What the answer rests on.
    pub grounded: Grounded,
    /// Whether the answer is that there is nothing of what was asked for.
    #[serde(skip_serializing_if = "Not::not")]
    pub nothing_found: bool,
    pub citations: Vec<Citation>,
    pub lost: Vec<Lost>,
    pub lost_count: usize,
    pub usage: Usage,
    pub model: String,
    pub worker: String,
    pub context: ContextSize,
    /// Where the trace was written.
    pub trace: Option<String>,
    /// Sentences about what is not as the person may think.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How long ago the answer was given, if it is known from then and no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_seconds_ago: Option<u64>,
    /// An earlier answer that is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// An answer that was given about another state of the text, or to another question.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Earlier {
    /// For `rlm store answer`.
    pub number: i64,
    pub question: String,
    pub seconds_ago: u64,
    pub state: EarlierState,
}

/// A place in the text that an answer rests on. Lines count from 1, both ends included.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Citation {
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    pub state: CitationState,
    /// Where the file is, for an editor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// A sub-call whose result never came, and so is missing from the answer.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lost {
    pub depth: usize,
    pub label: String,
    pub error: String,
}

/// What made a run fail.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// What the person can do.
    pub hint: Option<String>,
}

/// What was used.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub calls: u64,
    pub root_calls: u64,
    pub sub_calls: u64,
    pub cached_calls: u64,
    /// What the cached calls took when they were made.
    pub saved_tokens: u64,
    /// Null if the price of one of their models is not known.
    pub saved_usd: Option<f64>,
    pub retries: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_input_tokens: u64,
    pub cost_usd: Option<f64>,
    pub iterations: u64,
    pub max_depth: usize,
    pub wall_ms: u64,
    pub model_ms: u64,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContextSize {
    pub files: usize,
    pub bytes: u64,
    /// Null if the text was not read.
    pub characters: Option<usize>,
    pub skipped: usize,
    /// Why, commonest first.
    pub skipped_for: Vec<Skipped>,
    /// The shard store that was read instead of files, if one was.
    pub store: Option<String>,
    pub cut: usize,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    pub reason: &'static str,
    pub count: usize,
}

/// What `rlm preview --json` prints, and the result of `rlm/preview`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    pub model: String,
    pub worker: String,
    pub why: String,
    pub context: ContextSize,
    pub left_out: Vec<LeftOut>,
    pub context_tokens: u64,
    pub strategy: PreviewStrategy,
    pub first_prompt_tokens: u64,
    pub first_prompt_cost_usd: Option<f64>,
    pub whole_text_cost_usd: Option<f64>,
    /// What such questions took before.
    pub expected: Expected,
    /// All of it in words.
    pub text: String,
    pub warnings: Vec<String>,
}

/// What a question is expected to take.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// How many such questions were answered.
    pub questions: usize,
    pub calls: Option<Spread>,
    pub tokens: Option<Spread>,
    pub cost_usd: Option<Spread>,
    /// Whether this question was answered before.
    pub is_known: bool,
}

/// Where most of some numbers lie: a tenth of them is lower, and a tenth is higher.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// A file or folder that is not read.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    pub path: String,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PreviewStrategy {
    Direct,
    Rlm,
    Read,
}

/// What `rlm review --format json` prints.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Review {
    pub findings: Vec<Finding>,
    pub dismissed: Vec<Dismissed>,
    /// Findings that the baseline has.
    pub in_baseline: usize,
    /// What a model has said that was refuted.
    pub refuted: Vec<RefutedClaim>,
    /// The models that read, if any did.
    pub models: Option<ReviewModels>,
    pub not_shown: Vec<NotShown>,
    pub rules: Vec<FindingRule>,
    pub context: ContextSize,
    /// The commit since which lines have changed, if only those were of interest.
    pub since: Option<String>,
    /// What was not looked at.
    pub not_checked: Vec<String>,
    pub warnings: Vec<String>,
}

/// Something that a person should look at. Lines count from 1, both ends included.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The same from run to run, as long as what it is about does not change.
    pub id: String,
    pub rule: &'static str,
    pub severity: &'static str,
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    pub sentence: String,
    pub reason: String,
    /// How it could be wrong.
    pub doubt: String,
    pub evidence: Vec<Evidence>,
    pub fix: Option<Fix>,
    /// Where the file is, for an editor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// A place that shows why a finding holds.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    pub sentence: String,
}

/// Other lines in place of those of the finding.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    pub sentence: String,
    pub lines: String,
}

/// A finding that somebody has dismissed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Dismissed {
    pub finding: Finding,
    pub reason: String,
}

/// What a model has said that was refuted.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefutedClaim {
    /// Null if there is no such place.
    pub path: Option<String>,
    pub start_line: Option<usize>,
    pub end_line: Option<usize>,
    pub sentence: String,
    /// Why it fell.
    pub why: String,
}

/// The models of a review, and what they used.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewModels {
    /// Reads.
    pub reviewer: String,
    /// Tries to refute.
    pub refuter: String,
    pub usage: Usage,
}

/// Findings that are left out for their number.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotShown {
    pub rule: &'static str,
    pub count: usize,
}

/// What was looked for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FindingRule {
    pub id: &'static str,
    pub title: &'static str,
    pub description: &'static str,
}

/// An event. `R` is the result that the last one carries.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event<R> {
    Started {
        query: String,
        model: String,
        worker: String,
        why: String,
        context: ContextSize,
    },
    Turn {
        run: u64,
        depth: usize,
        iteration: u64,
        text: String,
        /// Why it is not all that the model would have written.
        #[serde(skip_serializing_if = "Option::is_none")]
        cut: Option<String>,
    },
    Cell {
        run: u64,
        depth: usize,
        iteration: u64,
        cell: u64,
        code: String,
        output: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        seconds: f64,
    },
    Summary {
        run: u64,
        depth: usize,
        text: String,
    },
    Subcall {
        id: u64,
        depth: usize,
        run: u64,
        iteration: u64,
        cell: u64,
        label: String,
        state: SubcallState,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    Delta {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reset: Option<bool>,
    },
    Progress {
        message: String,
        calls: u64,
        sub_calls: u64,
        cached_calls: u64,
        input_tokens: u64,
        output_tokens: u64,
        cost_usd: Option<f64>,
    },
    /// Something that a review has found.
    Finding {
        finding: Finding,
    },
    Done {
        result: R,
    },
}

#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SubcallState {
    Started,
    Ended,
    Failed,
}
