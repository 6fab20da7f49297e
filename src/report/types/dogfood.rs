//! The shapes of what dogfooding says: an analysis.

use super::{ContextSize, Evidence, Fix, ReviewModels};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

/// What `rlm dogfood analyze --format json` prints.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// The most worthwhile first.
    pub points: Vec<Point>,
    pub not_shown: Vec<MorePoints>,
    pub facts: Facts,
    /// Commands that were found, and not run.
    pub checks: Vec<ProjectCheck>,
    pub context: ContextSize,
    /// The commit that is checked out.
    pub commit: Option<String>,
    pub models: Option<ReviewModels>,
    pub not_looked_at: Vec<String>,
    pub warnings: Vec<String>,
}

/// Something on which work pays. Lines count from 1, both ends included.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Point {
    pub kind: &'static str,
    pub topic: &'static str,
    pub priority: &'static str,
    /// From 0 to 100.
    pub worth: f64,
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    pub sentence: String,
    pub reason: String,
    /// What could be done.
    pub advice: String,
    /// How it could be wrong.
    pub doubt: String,
    pub evidence: Vec<Evidence>,
    /// The identity of the finding that it is.
    pub finding: Option<String>,
    pub fix: Option<Fix>,
}

/// Points that are left out for their number.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MorePoints {
    pub kind: &'static str,
    pub count: usize,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Of the last year.
    pub commits: usize,
    pub hot_files: Vec<HotFile>,
    pub functions: usize,
    pub hard_functions: Vec<HardFunction>,
    pub public_items: usize,
    pub documented_items: usize,
    /// Files of code that define functions.
    pub code_files: Option<usize>,
    /// How many of these no test names; null without tests.
    pub named_by_no_test: Option<usize>,
    /// What the project's own report of coverage says, if there is one.
    pub coverage: Option<Coverage>,
    /// What the project's own report of tests says, if there is one.
    pub tests: Option<TestTimes>,
}

/// Lines of files that have not changed since.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    pub report: String,
    pub lines: usize,
    pub covered_lines: usize,
}

/// How long tests took.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestTimes {
    pub report: String,
    pub tests: usize,
    pub seconds: f64,
    pub slowest: Vec<SlowTest>,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SlowTest {
    pub name: String,
    pub seconds: f64,
}

/// A file that was changed often.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HotFile {
    pub path: String,
    pub commits: usize,
    pub lines: usize,
}

/// A function that is hard to follow.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HardFunction {
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    pub name: String,
    pub complexity: usize,
}

/// A command that a project checks itself with.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProjectCheck {
    pub command: String,
    /// From the root on; empty for the root.
    pub folder: String,
    /// What says so.
    pub path: String,
    pub line: usize,
}

/// What `rlm dogfood cycle --format json` prints.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cycle {
    pub cycle: i64,
    /// The commit that it was made for.
    pub base: String,
    pub checks: Vec<CheckOfCommit>,
    /// Faults that could be put into the code and that no test notices; only where tests are wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub unnoticed: Vec<UnnoticedFault>,
    pub proposals: Vec<JudgedProposal>,
    /// The model that proposed.
    pub model: Option<String>,
    pub usage: Option<super::Usage>,
    pub notes: Vec<String>,
}

/// A check on the commit as it is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckOfCommit {
    pub command: String,
    pub passes: bool,
    pub tests: usize,
    pub seconds: f64,
    pub flaky: Vec<String>,
}

/// A fault that no test notices.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnnoticedFault {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// What stands there, and what could stand there unnoticed.
    pub was: String,
    pub becomes: String,
    /// The line as it is, cut if it is long.
    pub text: String,
}

/// A proposal that was judged.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JudgedProposal {
    pub number: usize,
    pub title: String,
    /// What it claims to be.
    pub kind: String,
    /// `offered` or `rejected`.
    pub state: &'static str,
    pub reason: String,
    /// Why it is not offered; empty if it is.
    pub why: String,
    pub proof: Vec<String>,
    pub diff: String,
}

/// What `rlm dogfood history --format json` prints.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct History {
    pub proposals: Vec<PastProposal>,
}

/// A proposal of before.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PastProposal {
    pub cycle: i64,
    pub number: i64,
    pub title: String,
    pub kind: String,
    /// `offered`, `accepted` or `rejected`.
    pub state: String,
    pub why: String,
    pub commit: Option<String>,
    /// How it fared since.
    pub fate: Option<String>,
    /// Seconds since 1970.
    pub time: i64,
}
