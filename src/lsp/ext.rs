//! The server's own methods: their names and wire types. `docs/protocol.md` describes them, and tests compare; the types
//! of the VS Code client are made of them.

#[cfg(test)]
mod described;
pub mod edits;

use crate::{
    failure::FailureKind,
    report::types::{Answer, Event, Review, Usage},
};
use lsp_types::{ProgressToken, Range, Uri, notification::Notification};
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the extensions.
pub const VERSION: u32 = 1;

pub const QUERY: &str = "rlm/query";
pub const PREVIEW: &str = "rlm/preview";
pub const CANCEL: &str = "rlm/cancel";
pub const REVIEW: &str = "rlm/review";
pub const EDIT: &str = "rlm/edit";
pub const STATUS: &str = "rlm/status";
pub const SESSIONS: &str = "rlm/sessions";
pub const END_SESSION: &str = "rlm/endSession";
pub const RUNS: &str = "rlm/runs";
pub const TRANSCRIPT: &str = "rlm/transcript";
pub const DOGFOOD: &str = "rlm/dogfood";

/// The server's own requests.
pub const METHODS: [&str; 11] =
    [QUERY, PREVIEW, REVIEW, EDIT, CANCEL, STATUS, SESSIONS, END_SESSION, RUNS, TRANSCRIPT, DOGFOOD];

pub const QUERY_COMMAND: &str = "rlm.query";
pub const CANCEL_COMMAND: &str = "rlm.cancel";
pub const STATUS_COMMAND: &str = "rlm.status";
pub const REVIEW_COMMAND: &str = "rlm.review";
pub const SHOW_FINDING_COMMAND: &str = "rlm.showFinding";
pub const DISMISS_COMMAND: &str = "rlm.dismiss";
pub const CLEAR_FINDINGS_COMMAND: &str = "rlm.clearFindings";
pub const DOGFOOD_COMMAND: &str = "rlm.dogfood";
pub const EDIT_COMMAND: &str = "rlm.edit";
pub const APPLY_EDIT_COMMAND: &str = "rlm.applyEdit";

/// The commands of `workspace/executeCommand`.
pub const COMMANDS: [&str; 10] = [
    QUERY_COMMAND,
    CANCEL_COMMAND,
    STATUS_COMMAND,
    REVIEW_COMMAND,
    SHOW_FINDING_COMMAND,
    DISMISS_COMMAND,
    CLEAR_FINDINGS_COMMAND,
    DOGFOOD_COMMAND,
    EDIT_COMMAND,
    APPLY_EDIT_COMMAND,
];

/// The client's command that prompts for a question about a selection.
pub const ASK_SELECTION_COMMAND: &str = "rlm.askSelection";

/// The client's command that prompts for the reason of a dismissal.
pub const DISMISS_FINDING_COMMAND: &str = "rlm.dismissFinding";

/// The client's command that prompts for what is to change in a selection.
pub const CHANGE_SELECTION_COMMAND: &str = "rlm.changeSelection";

/// Params of `rlm/query`, and the argument of the command `rlm.query`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueryParams {
    /// Empty only where a run goes on.
    #[serde(default)]
    pub query: String,
    /// The number of a run in `rlm/runs`, which goes on.
    pub resume: Option<i64>,
    #[serde(default)]
    pub scope: Scope,
    pub query_id: Option<String>,
    pub session_id: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<described::Options>"))]
    pub options: Option<Value>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub work_done_token: Option<ProgressToken>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub partial_result_token: Option<ProgressToken>,
}

/// What a question is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Scope {
    #[default]
    Workspace,
    Folder {
        #[cfg_attr(test, schemars(with = "String"))]
        uri: Uri,
    },
    File {
        #[cfg_attr(test, schemars(with = "String"))]
        uri: Uri,
    },
    Selection {
        #[cfg_attr(test, schemars(with = "String"))]
        uri: Uri,
        #[cfg_attr(test, schemars(with = "described::Range"))]
        range: Range,
    },
    Paths {
        paths: Vec<String>,
    },
    /// A value instead of files: a text, a list, a mapping, messages.
    Value {
        value: Value,
    },
}

/// Params of `rlm/cancel`, and the argument of the command `rlm.cancel`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelParams {
    pub query_id: String,
}

/// Params of `rlm/review`, and the argument of the command `rlm.review`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewParams {
    /// What is reviewed. Of a selection or a file only findings in it are told.
    #[serde(default)]
    pub scope: Scope,
    /// What models that review are to look at.
    pub instructions: Option<String>,
    /// Only what has changed since is told: a range of commits, or `HEAD` for what is not committed.
    pub diff: Option<String>,
    /// The most findings that are told of each folder.
    pub max_findings: Option<usize>,
    pub query_id: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<described::Options>"))]
    pub options: Option<Value>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub work_done_token: Option<ProgressToken>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub partial_result_token: Option<ProgressToken>,
}

/// Result of `rlm/review`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewResult {
    #[serde(flatten)]
    pub review: Review,
    /// What was read and looked for, in words.
    pub summary: String,
    pub query_id: String,
}

/// Params of `rlm/dogfood`, and the argument of the command `rlm.dogfood`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DogfoodParams {
    #[serde(default)]
    pub action: DogfoodAction,
    /// The folder that is looked at, or nothing for the first that is open.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub folder: Option<Uri>,
    /// The most points that an analysis shows.
    pub max_points: Option<usize>,
    /// The commands that a cycle checks the project with, of which the person is asked; without any, those of the repository's settings.
    pub checks: Option<Vec<String>>,
    /// The most proposals that a cycle tries.
    pub max_proposals: Option<usize>,
    /// What models that propose patches are to look at.
    pub instructions: Option<String>,
    /// The number of a cycle of which something is approved, and the numbers of the proposals.
    pub cycle: Option<i64>,
    pub approve: Option<Vec<i64>>,
    pub query_id: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub work_done_token: Option<ProgressToken>,
    #[cfg_attr(test, schemars(with = "Option<described::Options>"))]
    pub options: Option<Value>,
}

/// What is wanted of a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum DogfoodAction {
    #[default]
    Analyze,
    History,
    Stats,
    /// Has patches proposed, tries each, and offers what holds.
    Cycle,
    /// Commits proposals of a cycle that were offered, on a branch of their own.
    Approve,
}

/// Result of `rlm/dogfood`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DogfoodResult {
    /// For people.
    pub markdown: String,
    /// What the terminal prints as JSON; null for `stats`; the branch and the commit for `approve`.
    pub report: Value,
}

/// The argument of the command `rlm.showFinding`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FindingParams {
    pub id: String,
}

/// The argument of the command `rlm.dismiss`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DismissParams {
    pub id: String,
    /// Why, for whoever reads `.rlm/dismissed.json`.
    pub reason: String,
}

/// Params of `rlm/endSession`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EndSessionParams {
    pub session_id: String,
    /// Whether it may be gone on with later, so that the store keeps it.
    #[serde(default)]
    pub keep: bool,
}

/// Result of `rlm/query`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueryResult {
    #[serde(flatten)]
    pub answer: Answer,
    pub query_id: String,
    pub session_id: Option<String>,
    /// The number of the run, if it was noted.
    pub run: Option<i64>,
}

/// Result of the command `rlm.query`, whose answer comes later.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueryStarted {
    pub query_id: String,
    pub status: QueryStatus,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum QueryStatus {
    Started,
}

/// Result of `rlm/cancel`, and of the command, which counts them.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Cancelled"))]
#[serde(rename_all = "camelCase")]
pub struct Cancelled<T> {
    pub cancelled: T,
}

/// Result of `rlm/endSession`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    pub ended: bool,
}

/// Result of `rlm/sessions`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptSessions {
    /// The latest first.
    pub sessions: Vec<KeptSession>,
}

/// A session that can be gone on with.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptSession {
    pub session_id: String,
    /// The first question.
    pub title: String,
    /// How many questions were answered.
    pub questions: u64,
    pub seconds_ago: u64,
}

/// Result of `rlm/runs`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptRuns {
    /// The latest first.
    pub runs: Vec<KeptRun>,
}

/// A run that was asked for in the folders of the client.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeptRun {
    pub run: i64,
    pub session_id: Option<String>,
    pub query: String,
    /// How it has ended, as `termination` says it; or `running`, or `stopped`: its process has ended before it.
    pub state: String,
    /// Whether it has ended without its answer, so that it can go on.
    pub can_go_on: bool,
    pub seconds_ago: u64,
    pub calls: u64,
    pub cost_usd: Option<f64>,
}

/// Params of `rlm/transcript`. One of the first two is needed.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TranscriptParams {
    /// A query of this server, which may be running.
    pub query_id: Option<String>,
    /// The number of a run.
    pub run: Option<i64>,
    /// The first line that is wanted, counted from 0.
    pub from: Option<u64>,
}

/// Result of `rlm/transcript`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    pub run: i64,
    pub query_id: Option<String>,
    /// What `rlm trace show` prints.
    pub text: String,
    /// Whether the run has come to its end.
    pub is_whole: bool,
    /// Lines of the trace, as docs/trace.md has them.
    pub lines: Vec<Value>,
    /// The line that comes next.
    pub next: u64,
}

/// Result of `rlm/status`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub version: &'static str,
    pub model: Option<String>,
    pub worker: Option<String>,
    /// How the models were chosen.
    pub why: String,
    pub runs: Vec<RunningQuery>,
    pub usage: Usage,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunningQuery {
    pub query_id: String,
    pub query: String,
    pub seconds: f64,
    pub message: String,
}

/// `data` of the error reply to a query that was cancelled.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelledData {
    /// Null if it was only previewed.
    pub query_id: Option<String>,
    /// What had been found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<QueryResult>,
}

/// `data` of the error reply to a query that failed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FailureData {
    pub kind: FailureKind,
    /// What the person can do.
    pub hint: Option<String>,
    #[serde(flatten)]
    pub query: CancelledData,
}

/// Params of `rlm/event`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventParams {
    #[serde(flatten)]
    pub event: Event<QueryResult>,
    pub query_id: String,
    pub seq: u64,
}

/// The notification `rlm/event`. Its params are [`EventParams`].
pub enum RlmEvent {}

impl Notification for RlmEvent {
    type Params = Value;
    const METHOD: &'static str = "rlm/event";
}

/// Progress that carries events instead of the standard's values.
pub enum PartialResult {}

impl Notification for PartialResult {
    type Params = Value;
    const METHOD: &'static str = "$/progress";
}

#[cfg(test)]
mod tests;
