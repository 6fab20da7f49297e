//! What the client can do, read once from its `initialize`, and what the server offers it.

use super::{ext, position::PositionEncoding};
use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, ExecuteCommandOptions, OneOf,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde_json::json;

/// The kind of the code action on a selection.
pub const ASK_KIND: CodeActionKind = CodeActionKind::new("refactor.rewrite.rlm");

/// The client's abilities that matter here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientAbilities {
    pub encoding: PositionEncoding,
    pub work_done_progress: bool,
    pub show_document: bool,
    pub configuration: bool,
    /// Wants `rlm/event` also for queries started as commands.
    pub events: bool,
    /// Has a command that prompts for a question about a selection.
    pub ask_selection: bool,
}

impl ClientAbilities {
    pub fn of(capabilities: &ClientCapabilities) -> Self {
        let window = capabilities.window.as_ref();
        let general = capabilities.general.as_ref();
        let own = |name: &str| {
            let experimental = capabilities.experimental.as_ref();
            experimental.and_then(|it| it.get("rlm")?.get(name)?.as_bool()).unwrap_or(false)
        };
        Self {
            encoding: PositionEncoding::choose(general.and_then(|it| it.position_encodings.as_deref())),
            work_done_progress: window.and_then(|it| it.work_done_progress).unwrap_or(false),
            show_document: window.and_then(|it| it.show_document.as_ref()).is_some_and(|it| it.support),
            configuration: capabilities.workspace.as_ref().and_then(|it| it.configuration).unwrap_or(false),
            events: own("events"),
            ask_selection: own("askSelection"),
        }
    }
}

/// What the server offers.
pub fn offered(encoding: PositionEncoding) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            ..TextDocumentSyncOptions::default()
        })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![ASK_KIND]),
            ..CodeActionOptions::default()
        })),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: ext::COMMANDS.map(str::to_owned).to_vec(),
            ..ExecuteCommandOptions::default()
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        experimental: Some(json!({"rlm": {"version": ext::VERSION, "methods": ext::METHODS}})),
        ..ServerCapabilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_page_shows_what_is_offered() {
        let page = include_str!("../../docs/protocol.md");
        let shown = page.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let shown: Value = serde_json::from_str(shown).expect("the example is JSON");
        let offered = ServerCapabilities { position_encoding: None, ..offered(PositionEncoding::Utf16) };
        assert_eq!(shown["capabilities"], json!(offered));
    }
}
