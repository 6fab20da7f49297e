//! Code actions: on a selection, on the name under the cursor, and on any diagnostic, whoever made it. They are offered at once
//! and without a model; only choosing one asks.

use crate::lsp::{
    capabilities::{ASK_KIND, REVIEW_KIND, SOURCE},
    client_state::ClientState,
    document::Document,
    ext::{
        APPLY_EDIT_COMMAND, ASK_SELECTION_COMMAND, CHANGE_SELECTION_COMMAND, DISMISS_COMMAND, DISMISS_FINDING_COMMAND,
        EDIT_COMMAND, QUERY_COMMAND, REVIEW_COMMAND, SHOW_FINDING_COMMAND, Scope,
    },
    findings::{FindingBoard, Standing},
    proposals::Proposals,
    uri::DocumentKey,
};
use crate::text::capitalized;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, CodeActionTriggerKind,
    Command, Diagnostic, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Position, Range,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What is asked for clients that cannot prompt.
const EXPLAIN: &str = "Explain this: what it does, how it works and who uses it.";

const ELSEWHERE: &str = "Where else is this done, or something like it?";

const MEND_FINDING: &str = "Mend what was found here, and nothing else.";

/// Changes that need no word of the person: what is shown, and what is asked for.
const CHANGES: [(&str, &str); 2] = [
    ("RLM: document this", "Document what is selected, in the way of this file, and change nothing else."),
    (
        "RLM: write tests for this",
        "Write tests for what is selected, where tests of this file belong, and change nothing else.",
    ),
];

/// The longest name and message that are put into a question, in characters.
const LONGEST_NAME: usize = 80;
const LONGEST_MESSAGE: usize = 1000;

/// The most diagnostics of one request that get actions of their own.
const MOST_DIAGNOSTICS: usize = 8;

pub fn offer(
    params: &CodeActionParams,
    client_state: &ClientState,
    board: &FindingBoard,
    proposals: &Proposals,
) -> Option<CodeActionResponse> {
    let offer = Offer { params, client_state, uri: &params.text_document.uri };
    let mut actions = offer.on_proposal(proposals);
    actions.extend(offer.on_findings(board));
    actions.extend(offer.on_diagnostics());
    actions.extend(offer.on_text());
    actions.retain(|action| action.kind.as_ref().is_some_and(|kind| offer.is_wanted(kind)));
    (!actions.is_empty()).then(|| actions.into_iter().map(CodeActionOrCommand::CodeAction).collect())
}

struct Offer<'a> {
    params: &'a CodeActionParams,
    client_state: &'a ClientState,
    uri: &'a Uri,
}

impl Offer<'_> {
    fn is_wanted(&self, kind: &CodeActionKind) -> bool {
        let is_within = |wanted: &str| kind.as_str() == wanted || kind.as_str().starts_with(&format!("{wanted}."));
        match &self.params.context.only {
            // What is about a whole file is offered to whoever asks for it.
            None => *kind != REVIEW_KIND,
            Some(only) => only.iter().any(|wanted| is_within(wanted.as_str())),
        }
    }

    fn document(&self) -> Option<&Document> {
        self.client_state.documents.get(&DocumentKey::of(self.uri))
    }

    /// What can be made of a change that a model has proposed, in a client that has shown it as a diff: the hunks at the
    /// place, and all of it.
    fn on_proposal(&self, proposals: &Proposals) -> Vec<CodeAction> {
        let client = &self.client_state.client;
        if !client.applies_edits || client.annotates_edits && client.document_changes {
            return Vec::new();
        }
        let Some((id, kept)) = proposals.latest_of(self.uri) else { return Vec::new() };
        let make = |title: String, numbers: &[usize]| {
            command(title, CodeActionKind::QUICKFIX, APPLY_EDIT_COMMAND, json!({"queryId": id, "hunks": numbers}))
        };
        let one = |number: usize| make(format!("RLM: make change {} of {}", number + 1, kept.count()), &[number]);
        let own = DocumentKey::of(self.uri);
        let (first, last) = (self.params.range.start.line as usize, self.params.range.end.line as usize);
        let fitting = kept.fitting(self.client_state);
        let here = fitting.iter().filter(|(_, key, lines)| {
            let is_here = |it: &std::ops::Range<usize>| it.start <= last && first < it.end.max(it.start + 1);
            *key == own && lines.as_ref().is_some_and(is_here)
        });
        let mut actions: Vec<CodeAction> = here.map(|(number, ..)| one(*number)).collect();
        let all: Vec<usize> = fitting.iter().map(|(number, ..)| *number).collect();
        match all.len() {
            0 => {}
            1 if !actions.is_empty() => {}
            1 => actions.push(one(all[0])),
            several => actions.push(make(format!("RLM: make all {several} changes"), &all)),
        }
        actions
    }

    /// What can be done about findings at the place.
    fn on_findings(&self, board: &FindingBoard) -> Vec<CodeAction> {
        let Some(told) = board.of_document(self.uri) else { return Vec::new() };
        let wanted = self.params.range;
        let is_there =
            |it: &&Standing| it.range.start.line <= wanted.end.line && wanted.start.line <= it.range.end.line;
        told.standing.iter().filter(is_there).take(MOST_DIAGNOSTICS).flat_map(|it| self.on_finding(it)).collect()
    }

    fn on_finding(&self, standing: &Standing) -> Vec<CodeAction> {
        let Standing { finding, range, .. } = standing;
        let id = &finding.id;
        let own = |it: &&Diagnostic| {
            it.source.as_deref() == Some(SOURCE)
                && it.data.as_ref().map_or(it.message == capitalized(&finding.sentence), |data| data["id"] == **id)
        };
        let diagnostics: Option<Vec<Diagnostic>> =
            self.params.context.diagnostics.iter().find(own).map(|it| vec![it.clone()]);
        let quick = |title: String, name: &str, argument: Value| CodeAction {
            diagnostics: diagnostics.clone(),
            ..command(title, CodeActionKind::QUICKFIX, name, argument)
        };
        let mut actions = Vec::new();
        if let (Some(fix), Some(document)) = (&finding.fix, self.document()) {
            let resolves = self.client_state.client.resolves_edits;
            actions.push(CodeAction {
                title: format!("RLM: {}", fix.sentence),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: diagnostics.clone(),
                edit: (!resolves).then(|| replacing_lines(self.client_state, self.uri, document, *range, &fix.lines)),
                data: resolves.then(|| json!({"finding": id, "uri": self.uri})),
                is_preferred: Some(true),
                ..CodeAction::default()
            });
        }
        let question = format!(
            "Is this right, and what should be done about it? {}. {}.",
            capitalized(&finding.sentence),
            capitalized(&finding.reason)
        );
        let scope = Scope::Selection { uri: self.uri.clone(), range: *range };
        actions.push(quick(
            "RLM: explain this finding".to_owned(),
            QUERY_COMMAND,
            json!({"query": question, "scope": scope}),
        ));
        if finding.fix.is_none() {
            let argument = json!({"instruction": MEND_FINDING, "scope": scope, "findingId": id});
            actions.push(quick("RLM: mend this finding".to_owned(), EDIT_COMMAND, argument));
        }
        actions.push(quick(
            "RLM: show what speaks for this finding".to_owned(),
            SHOW_FINDING_COMMAND,
            json!({"id": id}),
        ));
        if self.client_state.client.dismiss_finding {
            let title = "RLM: dismiss this finding…".to_owned();
            actions.push(quick(title, DISMISS_FINDING_COMMAND, json!({"id": id})));
        } else {
            for reason in ["it is meant to be so", "it is wrong"] {
                let title = format!("RLM: dismiss this finding: {reason}");
                actions.push(quick(title, DISMISS_COMMAND, json!({"id": id, "reason": reason})));
            }
        }
        actions
    }

    /// What can be asked about the diagnostics of others.
    fn on_diagnostics(&self) -> Vec<CodeAction> {
        let others = self.params.context.diagnostics.iter().filter(|it| it.source.as_deref() != Some(SOURCE));
        let actions = |it: &Diagnostic| {
            let who = it.source.as_ref().map(|who| format!(" of {}", cut(who, LONGEST_NAME))).unwrap_or_default();
            let message = cut(&it.message, LONGEST_MESSAGE);
            let shown = cut(it.message.lines().next().unwrap_or_default(), LONGEST_NAME);
            let scope = Scope::Selection { uri: self.uri.clone(), range: it.range };
            let question = format!("Explain this message{who}, what causes it here, and how to mend it: {message}");
            let instruction = format!("Mend what this message{who} is about, and nothing else: {message}");
            let quick = |title: String, name: &str, argument: Value| CodeAction {
                diagnostics: Some(vec![it.clone()]),
                ..command(title, CodeActionKind::QUICKFIX, name, argument)
            };
            [
                quick(format!("RLM: explain “{shown}”"), QUERY_COMMAND, json!({"query": question, "scope": scope})),
                quick(
                    format!("RLM: mend “{shown}”"),
                    EDIT_COMMAND,
                    json!({"instruction": instruction, "scope": scope}),
                ),
            ]
        };
        others.take(MOST_DIAGNOSTICS).flat_map(actions).collect()
    }

    /// What can be asked about the selection, or about the name under the cursor if the person has asked what can be done.
    fn on_text(&self) -> Vec<CodeAction> {
        let range = self.params.range;
        let selection = Scope::Selection { uri: self.uri.clone(), range };
        let ask = |title: &str, question: &str| {
            command(title.to_owned(), ASK_KIND, QUERY_COMMAND, json!({"query": question, "scope": selection}))
        };
        let review_file = command(
            "RLM: review this file".to_owned(),
            REVIEW_KIND,
            REVIEW_COMMAND,
            json!({"scope": Scope::File { uri: self.uri.clone() }}),
        );
        let name = self.name();
        let who_uses = name.as_ref().map(|name| ask(&format!("RLM: who uses {name}?"), &format!("Who uses `{name}`?")));
        if range.start == range.end {
            let is_asked = self.params.context.trigger_kind != Some(CodeActionTriggerKind::AUTOMATIC);
            let explain = name.filter(|_| is_asked).map(|name| {
                ask(&format!("RLM: explain {name}"), &format!("What does `{name}` do, and how does it work?"))
            });
            return explain.into_iter().chain(who_uses.filter(|_| is_asked)).chain([review_file]).collect();
        }
        let title = "Ask RLM about this";
        let ask_this = match self.client_state.client.ask_selection {
            true => {
                command(title.to_owned(), ASK_KIND, ASK_SELECTION_COMMAND, json!({"uri": self.uri, "range": range}))
            }
            false => ask(title, EXPLAIN),
        };
        let explain = self.client_state.client.ask_selection.then(|| ask("RLM: explain this", EXPLAIN));
        let review = command("RLM: find faults here".to_owned(), ASK_KIND, REVIEW_COMMAND, json!({"scope": selection}));
        let mut actions = vec![ask_this];
        actions.extend(explain);
        actions.extend(who_uses);
        actions.extend([ask("RLM: where else is this done?", ELSEWHERE), review]);
        if self.client_state.client.change_selection {
            let argument = json!({"uri": self.uri, "range": range});
            actions.push(command("RLM: change this…".to_owned(), ASK_KIND, CHANGE_SELECTION_COMMAND, argument));
        }
        actions.extend(CHANGES.iter().map(|(title, instruction)| {
            let argument = json!({"instruction": instruction, "scope": selection});
            command((*title).to_owned(), ASK_KIND, EDIT_COMMAND, argument)
        }));
        if self.document().is_some_and(|it| it.is_edited) {
            let argument = json!({"scope": selection, "everywhere": true});
            actions.push(command("RLM: apply the same change everywhere".to_owned(), ASK_KIND, EDIT_COMMAND, argument));
        }
        actions.push(review_file);
        actions
    }

    /// The name under the cursor, or that is selected, or that the first selected line defines.
    fn name(&self) -> Option<String> {
        let document = self.document()?;
        let encoding = self.client_state.client.encoding;
        let chars = encoding.chars_of(&document.text, self.params.range);
        let line_start = document.text.line_to_char(document.text.char_to_line(chars.start));
        let line = document.text.get_line(document.text.char_to_line(chars.start))?;
        // A line of a generated file may be megabytes long.
        let line: Vec<char> = line.chars().take(4096).collect();
        let is_of_name = |it: &char| it.is_alphanumeric() || *it == '_';
        let at = chars.start - line_start;
        let before = line.get(..at)?.iter().rev().take_while(|it| is_of_name(it)).count();
        let after = line[at..].iter().take_while(|it| is_of_name(it)).count();
        let selected = chars.len();
        let name = |range: &[char]| -> Option<String> {
            let name: String = range.iter().collect();
            let begins = name.chars().next().is_some_and(|it| it.is_alphabetic() || it == '_');
            (begins && range.len() <= LONGEST_NAME).then_some(name)
        };
        match selected {
            0 => name(&line[at - before..at + after]),
            _ if before == 0 && selected == after => name(&line[at..at + after]),
            _ => name(defined(&line)?),
        }
    }
}

/// The edit of an action that was offered without it, for the document as it is now. One whose finding has gone has none.
pub fn resolve(mut action: CodeAction, state: &ClientState, board: &FindingBoard) -> CodeAction {
    let found = action.data.as_ref().and_then(|data| {
        let uri: Uri = data["uri"].as_str()?.parse().ok()?;
        let told = board.of_document(&uri)?;
        let standing = told.standing.into_iter().find(|it| data["finding"] == *it.finding.id)?;
        let document = state.documents.get(&DocumentKey::of(&uri))?;
        let fix = standing.finding.fix.as_ref()?;
        Some(replacing_lines(state, &uri, document, standing.range, &fix.lines))
    });
    action.edit = action.edit.or(found);
    action
}

/// Whole lines in the place of those that a finding is about.
#[expect(clippy::mutable_key_type, reason = "the map is the protocol's own")]
fn replacing_lines(state: &ClientState, uri: &Uri, document: &Document, range: Range, lines: &str) -> WorkspaceEdit {
    let start = Position::new(range.start.line, 0);
    // Up to where the last line ends, which the position of a column behind it means.
    let range = Range::new(start, Position::new(range.end.line, u32::MAX));
    let edit = TextEdit { range: clipped(state, document, range), new_text: lines.to_owned() };
    if !state.client.document_changes {
        let changes = HashMap::from([(uri.clone(), vec![edit])]);
        return WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() };
    }
    let text_document = OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version: Some(document.version) };
    let edits = vec![TextDocumentEdit { text_document, edits: vec![OneOf::Left(edit)] }];
    WorkspaceEdit { document_changes: Some(DocumentChanges::Edits(edits)), ..WorkspaceEdit::default() }
}

/// A range whose end is one of the document.
fn clipped(state: &ClientState, document: &Document, range: Range) -> Range {
    let encoding = state.client.encoding;
    let end = encoding.char_of(&document.text, range.end);
    let begin = document.text.line_to_char((range.end.line as usize).min(document.text.len_lines() - 1));
    let last = document.text.slice(begin..end.max(begin)).to_string();
    let column = u32::try_from(encoding.units(&last)).unwrap_or(u32::MAX);
    Range::new(range.start, Position::new(range.end.line, column))
}

/// The name that a line defines, by the words of the languages that say so.
fn defined(line: &[char]) -> Option<&[char]> {
    const WORDS: [&str; 17] = [
        "fn",
        "def",
        "class",
        "struct",
        "enum",
        "trait",
        "interface",
        "function",
        "func",
        "type",
        "module",
        "mod",
        "impl",
        "record",
        "object",
        "macro",
        "defun",
    ];
    let is_of_name = |it: char| it.is_alphanumeric() || it == '_' || it == '-' && line.contains(&'(');
    let mut words = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let length = line[at..].iter().take_while(|&&it| is_of_name(it)).count();
        if length > 0 {
            words.push(at..at + length);
        }
        at += length.max(1);
    }
    let says = words.iter().position(|it| {
        let word: String = line[it.clone()].iter().collect();
        WORDS.contains(&word.as_str())
    })?;
    words.get(says + 1).map(|it| &line[it.clone()])
}

fn command(title: String, kind: CodeActionKind, name: &str, argument: Value) -> CodeAction {
    let command = Command::new(title.clone(), name.to_owned(), Some(vec![argument]));
    CodeAction { title, kind: Some(kind), command: Some(command), ..CodeAction::default() }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
