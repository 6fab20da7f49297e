//! The code action on a selection. It is offered at once and without a model; only choosing it asks.

use crate::lsp::{
    capabilities::ASK_KIND,
    client_state::ClientState,
    ext::{ASK_SELECTION_COMMAND, QUERY_COMMAND, Scope},
};
use lsp_types::{CodeAction, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Command};
use serde_json::json;

const TITLE: &str = "Ask RLM about this";

/// What is asked for clients that cannot prompt.
const STANDARD_QUESTION: &str = "Explain this: what it does, how it works and who uses it.";

pub fn offer(params: &CodeActionParams, client_state: &ClientState) -> Option<CodeActionResponse> {
    let is_empty = params.range.start == params.range.end;
    let wanted = params.context.only.as_ref().is_none_or(|only| {
        let own = ASK_KIND;
        let is_within = |kind: &str| own.as_str() == kind || own.as_str().starts_with(&format!("{kind}."));
        only.iter().any(|kind| is_within(kind.as_str()))
    });
    if is_empty || !wanted {
        return None;
    }
    let uri = params.text_document.uri.clone();
    let (command, argument) = if client_state.client.ask_selection {
        (ASK_SELECTION_COMMAND, json!({"uri": uri, "range": params.range}))
    } else {
        let scope = Scope::Selection { uri, range: params.range };
        (QUERY_COMMAND, json!({"query": STANDARD_QUESTION, "scope": scope}))
    };
    let command = Command::new(TITLE.to_owned(), command.to_owned(), Some(vec![argument]));
    Some(vec![CodeActionOrCommand::CodeAction(CodeAction {
        title: TITLE.to_owned(),
        kind: Some(ASK_KIND),
        command: Some(command),
        ..CodeAction::default()
    })])
}
