//! Changes on the wire: asked for, proposed, applied.

use super::Scope;
#[cfg(test)]
use super::described;
use crate::{
    dogfood::vetting::{Outcome, Vetted},
    report::types::Usage,
};
use lsp_types::{ProgressToken, Range};
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Params of `rlm/edit`, and the argument of the command `rlm.edit`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditParams {
    /// What is to change, in words. It may be empty where a change is made everywhere.
    #[serde(default)]
    pub instruction: String,
    /// Whether a change that was made is to be made at all other places where it belongs: the one of the selected lines since they
    /// were saved or committed, or that of `like`.
    #[serde(default)]
    pub everywhere: bool,
    /// A proposal whose change that is.
    pub like: Option<ApplyEditParams>,
    /// A file or a selection in it.
    #[serde(default)]
    pub scope: Scope,
    /// The finding that is to be mended.
    pub finding_id: Option<String>,
    pub query_id: Option<String>,
    #[cfg_attr(test, schemars(with = "Option<described::Options>"))]
    pub options: Option<Value>,
    #[cfg_attr(test, schemars(with = "Option<described::Token>"))]
    pub work_done_token: Option<ProgressToken>,
}

/// Result of `rlm/edit`: a proposal. Nothing is changed yet.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditResult {
    pub query_id: String,
    /// What the model says of it.
    pub summary: String,
    pub files: Vec<EditedFile>,
    /// Places that look as the changed one did before, and are not changed.
    pub places: Vec<EditPlace>,
    /// What the project's own formatter and checks say of it.
    pub checks: Vec<EditCheck>,
    pub warnings: Vec<String>,
    pub model: String,
    pub usage: Usage,
}

/// A place that looks as a changed one did before, and is not changed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditPlace {
    /// Where the file is, for an editor.
    pub uri: Option<String>,
    pub path: String,
    pub start_line: usize,
    pub end_line: usize,
    /// Its first line.
    pub text: String,
    /// Why it is not changed.
    pub why: String,
}

/// What came of a command of the project's own that was run on a proposal.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditCheck {
    pub command: String,
    pub state: CheckState,
    /// For a person.
    pub sentence: String,
    /// The end of what it has printed, where it fails.
    pub output: String,
}

/// How such a command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    Passed,
    /// It fails with the change.
    Failed,
    /// It fails without the change as well.
    FailedBefore,
    /// Nothing is known.
    NotRun,
}

impl From<Vetted> for EditCheck {
    fn from(it: Vetted) -> Self {
        let state = match it.outcome {
            Outcome::Passed => CheckState::Passed,
            Outcome::Failed => CheckState::Failed,
            Outcome::FailedBefore => CheckState::FailedBefore,
            Outcome::NotRun => CheckState::NotRun,
        };
        Self { command: it.command, state, sentence: it.sentence, output: it.output }
    }
}

/// A file as it would be.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditedFile {
    pub uri: String,
    pub path: String,
    /// The URI of the file before, if it gets another name.
    pub renamed_from: Option<String>,
    pub is_new: bool,
    pub is_removed: bool,
    /// Of the document, if it is open.
    pub version: Option<i32>,
    pub hunks: Vec<EditHunk>,
    /// The difference, as git writes it.
    pub diff: String,
}

/// A part of a change that can be applied without the others. Where a file only comes, goes or moves, that is one.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditHunk {
    /// Its number in the proposal.
    pub number: usize,
    #[cfg_attr(test, schemars(with = "described::Range"))]
    pub range: Range,
    pub new_text: String,
    /// The difference that it makes alone, as git writes it.
    pub diff: String,
}

/// The argument of the command `rlm.applyEdit`, and what `like` of `rlm/edit` is.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApplyEditParams {
    pub query_id: String,
    /// The numbers of the hunks that are applied; all if it is absent.
    pub hunks: Option<Vec<usize>>,
}

/// Result of the command `rlm.applyEdit`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EditApplied {
    pub applied: bool,
    /// Why the client has not made the edit, if it says so.
    pub reason: Option<String>,
}
