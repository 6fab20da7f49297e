//! The server's own methods: their names and wire types. `docs/protocol.md` describes them, and a test compares.

use lsp_types::{ProgressToken, Range, Uri, notification::Notification};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the extensions.
pub const VERSION: u32 = 1;

pub const QUERY: &str = "rlm/query";
pub const PREVIEW: &str = "rlm/preview";
pub const CANCEL: &str = "rlm/cancel";
pub const STATUS: &str = "rlm/status";
pub const END_SESSION: &str = "rlm/endSession";

/// The server's own requests.
pub const METHODS: [&str; 5] = [QUERY, PREVIEW, CANCEL, STATUS, END_SESSION];

pub const QUERY_COMMAND: &str = "rlm.query";
pub const CANCEL_COMMAND: &str = "rlm.cancel";
pub const STATUS_COMMAND: &str = "rlm.status";

/// The commands of `workspace/executeCommand`.
pub const COMMANDS: [&str; 3] = [QUERY_COMMAND, CANCEL_COMMAND, STATUS_COMMAND];

/// The client's command that prompts for a question about a selection.
pub const ASK_SELECTION_COMMAND: &str = "rlm.askSelection";

/// Params of `rlm/query`, and the argument of the command `rlm.query`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryParams {
    pub query: String,
    #[serde(default)]
    pub scope: Scope,
    pub query_id: Option<String>,
    pub session_id: Option<String>,
    pub options: Option<Value>,
    pub work_done_token: Option<ProgressToken>,
    pub partial_result_token: Option<ProgressToken>,
}

/// What a question is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Scope {
    #[default]
    Workspace,
    Folder {
        uri: Uri,
    },
    File {
        uri: Uri,
    },
    Selection {
        uri: Uri,
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
#[serde(rename_all = "camelCase")]
pub struct CancelParams {
    pub query_id: String,
}

/// Params of `rlm/endSession`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndSessionParams {
    pub session_id: String,
}

/// The notification `rlm/event`.
pub enum RlmEvent {}

impl Notification for RlmEvent {
    type Params = Map<String, Value>;
    const METHOD: &'static str = "rlm/event";
}

/// Progress that carries events instead of the standard's values.
pub enum PartialResult {}

impl Notification for PartialResult {
    type Params = Value;
    const METHOD: &'static str = "$/progress";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_method_command_and_scope() {
        let page = include_str!("../../docs/protocol.md");
        let names = METHODS.iter().chain(&COMMANDS).chain(&[RlmEvent::METHOD, ASK_SELECTION_COMMAND]);
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "docs/protocol.md does not describe {name}");
        }
        for scope in ["workspace", "folder", "file", "selection", "paths", "value"] {
            assert!(page.contains(&format!("\"{scope}\"")), "docs/protocol.md does not name the scope {scope}");
        }
    }

    #[test]
    fn scopes_are_read_by_their_kind() {
        let scope = |json: &str| serde_json::from_str::<Scope>(json).map_err(|error| error.to_string());
        assert_eq!(scope(r#"{"kind":"workspace"}"#), Ok(Scope::Workspace));
        let paths = Scope::Paths { paths: vec!["src".to_owned()] };
        assert_eq!(scope(r#"{"kind":"paths","paths":["src"]}"#), Ok(paths));
        assert!(scope(r#"{"kind":"selection","uri":"file:///a"}"#).unwrap_err().contains("range"));
        assert!(scope(r#"{"kind":"universe"}"#).unwrap_err().contains("unknown variant"));
    }
}
