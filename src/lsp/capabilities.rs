//! What the client can do, read once from its `initialize`, and what the server offers it.

use super::{contents, ext, position::PositionEncoding};
use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, DiagnosticOptions,
    DiagnosticServerCapabilities, ExecuteCommandOptions, OneOf, ResourceOperationKind, ServerCapabilities,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde_json::{Value, json};

/// The name under which an editor shows diagnostics.
pub const SOURCE: &str = "rlm";

/// The editor that shows documents and does not say so, and tells nobody that a command was refused. Of a message it shows
/// what fits one line.
const HELIX: &str = "helix";

/// The kind of the code action on a selection.
pub const ASK_KIND: CodeActionKind = CodeActionKind::new("refactor.rewrite.rlm");

/// The kind of the code action that reviews a file.
pub const REVIEW_KIND: CodeActionKind = CodeActionKind::new("source.rlm");

/// The client's abilities that matter here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientAbilities {
    pub encoding: PositionEncoding,
    pub work_done_progress: bool,
    pub show_document: bool,
    /// Tells nobody of the error that answers a command.
    pub hides_errors: bool,
    pub configuration: bool,
    /// Wants `rlm/event` also for queries started as commands.
    pub events: bool,
    /// Has a command that prompts for a question about a selection.
    pub ask_selection: bool,
    /// Has a command that prompts for the reason of a dismissal.
    pub dismiss_finding: bool,
    /// Asks for diagnostics, and does so again when it is told to. Neovim 0.10 asks and cannot be told: a review would
    /// never be seen.
    pub pulls_diagnostics: bool,
    /// What it understands of a diagnostic.
    pub related_information: bool,
    pub diagnostic_tags: bool,
    pub code_description: bool,
    pub diagnostic_data: bool,
    /// Has a command that prompts for what is to change in a selection.
    pub change_selection: bool,
    /// Makes edits that it is sent.
    pub applies_edits: bool,
    /// Takes edits of documents with their versions.
    pub document_changes: bool,
    /// Shows edits before it makes them, where it is asked to.
    pub annotates_edits: bool,
    pub creates_files: bool,
    pub renames_files: bool,
    pub deletes_files: bool,
    /// Asks for the edit of a code action when the person has chosen it.
    pub resolves_edits: bool,
    /// Reads documents that only the server has.
    pub reads_contents: bool,
}

impl ClientAbilities {
    /// `as_sent` has what the types do not: they call `workspace.diagnostics` by another name, and know no `textDocumentContent`.
    /// `name` is what the client calls itself.
    pub fn of(capabilities: &ClientCapabilities, as_sent: &Value, name: Option<&str>) -> Self {
        let window = capabilities.window.as_ref();
        let general = capabilities.general.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let document = capabilities.text_document.as_ref();
        let diagnostics = document.and_then(|it| it.publish_diagnostics.as_ref());
        let edits = workspace.and_then(|it| it.workspace_edit.as_ref());
        let actions = document.and_then(|it| it.code_action.as_ref());
        let resolved = actions.and_then(|it| it.resolve_support.as_ref());
        let makes = |kind: &ResourceOperationKind| {
            edits.and_then(|it| it.resource_operations.as_ref()).is_some_and(|kinds| kinds.contains(kind))
        };
        let own = |name: &str| {
            let experimental = capabilities.experimental.as_ref();
            experimental.and_then(|it| it.get("rlm")?.get(name)?.as_bool()).unwrap_or(false)
        };
        Self {
            encoding: PositionEncoding::choose(general.and_then(|it| it.position_encodings.as_deref())),
            work_done_progress: window.and_then(|it| it.work_done_progress).unwrap_or(false),
            hides_errors: name == Some(HELIX),
            show_document: name == Some(HELIX)
                || window.and_then(|it| it.show_document.as_ref()).is_some_and(|it| it.support),
            configuration: workspace.and_then(|it| it.configuration).unwrap_or(false),
            events: own("events"),
            ask_selection: own("askSelection"),
            dismiss_finding: own("dismissFinding"),
            pulls_diagnostics: document.is_some_and(|it| it.diagnostic.is_some())
                && as_sent["workspace"]["diagnostics"]["refreshSupport"] == true,
            related_information: diagnostics.and_then(|it| it.related_information).unwrap_or(false),
            diagnostic_tags: diagnostics.is_some_and(|it| it.tag_support.is_some()),
            code_description: diagnostics.and_then(|it| it.code_description_support).unwrap_or(false),
            diagnostic_data: diagnostics.and_then(|it| it.data_support).unwrap_or(false),
            change_selection: own("changeSelection"),
            applies_edits: workspace.and_then(|it| it.apply_edit).unwrap_or(false),
            annotates_edits: edits.is_some_and(|it| it.change_annotation_support.is_some()),
            creates_files: makes(&ResourceOperationKind::Create),
            renames_files: makes(&ResourceOperationKind::Rename),
            deletes_files: makes(&ResourceOperationKind::Delete),
            resolves_edits: actions.is_some_and(|it| it.data_support == Some(true))
                && resolved.is_some_and(|it| it.properties.iter().any(|name| name == "edit")),
            reads_contents: as_sent["workspace"]["textDocumentContent"].is_object(),
            document_changes: workspace.and_then(|it| it.workspace_edit.as_ref()?.document_changes).unwrap_or(false),
        }
    }
}

/// What the server offers.
pub fn offered(client: ClientAbilities) -> ServerCapabilities {
    let pulled = DiagnosticOptions {
        identifier: Some(SOURCE.to_owned()),
        // An edit of one file may make a citation in another one true.
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        ..DiagnosticOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        // To another client they are pushed.
        diagnostic_provider: client.pulls_diagnostics.then_some(DiagnosticServerCapabilities::Options(pulled)),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, ASK_KIND, REVIEW_KIND]),
            resolve_provider: client.resolves_edits.then_some(true),
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

/// Adds to what the server answers to `initialize` what the types do not know.
pub fn complete(result: &mut Value, client: ClientAbilities) {
    if client.reads_contents {
        result["capabilities"]["workspace"]["textDocumentContent"] = json!({"schemes": [contents::SCHEME]});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_is_offered() {
        let page = include_str!("../../docs/protocol.md");
        let shown = page.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let shown: Value = serde_json::from_str(shown).expect("the example is JSON");
        let offered = ServerCapabilities { position_encoding: None, ..offered(ClientAbilities::default()) };
        assert_eq!(shown["capabilities"], json!(offered));
    }
}
