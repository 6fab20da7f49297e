//! Native tool calls: what a model may call, what it called, and how a call is put together from the pieces of a
//! stream.

use super::literal::whole_value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, collections::HashSet};

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

impl Tool {
    /// Bytes that it adds to a prompt, about.
    pub fn bytes(&self) -> usize {
        self.name.len() + self.description.len() + self.parameters.to_string().len()
    }
}

/// A call that a model has made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// By which its result is told from those of others; unique within a reply.
    pub id: String,
    pub name: String,
    /// Most often an object. What is no JSON stays a string, so that the model can be told.
    pub arguments: Value,
    /// What some providers want to have back with the call: signatures, or what was reasoned before it.
    pub signatures: Option<Vec<Value>>,
}

impl ToolCall {
    /// Bytes that it adds to a prompt, about.
    pub fn bytes(&self) -> usize {
        let signatures = self.signatures.iter().flatten().map(|it| it.to_string().len()).sum::<usize>();
        self.id.len() + self.name.len() + self.arguments.to_string().len() + signatures
    }

    /// The arguments as a provider gets them back: an object. What the model wrote instead it is told in the result.
    pub(super) fn object_of_arguments(&self) -> Cow<'_, Value> {
        match self.arguments.is_object() {
            true => Cow::Borrowed(&self.arguments),
            false => Cow::Owned(Value::Object(Map::new())),
        }
    }
}

/// The name of a tool as providers accept it. A model may have made up any.
pub(super) fn acceptable(name: &str) -> String {
    let accepted = |it: char| if it.is_ascii_alphanumeric() || "_-".contains(it) { it } else { '_' };
    let name: String = name.chars().take(64).map(accepted).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// The most calls that are taken from one reply.
pub(super) const MOST_CALLS: usize = 128;

/// The most values that the arguments of a reply's calls may hold together. A value takes some ten times the memory of
/// its text; arguments with more of them stay text.
const MOST_VALUES: usize = 200_000;

/// One piece of a call, as servers of OpenAI's protocol stream them.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallPiece<'a> {
    /// The number of the call that the piece belongs to; some servers give none, some give all calls the same.
    pub index: Option<u64>,
    /// The call's own id. Most servers give it with the first piece alone, some give none.
    pub id: &'a str,
    /// Empty in all but the first piece of a call; some servers repeat it.
    pub name: &'a str,
    /// The next part of the arguments' text.
    pub arguments: &'a str,
}

/// The calls of a reply while it is being read.
#[derive(Debug, Default)]
pub struct Assembling {
    calls: Vec<Started>,
}

#[derive(Debug, Default)]
struct Started {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    brackets: Brackets,
}

/// Whether the brackets of a JSON text are closed, told while it comes.
#[derive(Debug, Default)]
struct Brackets {
    open: usize,
    begun: bool,
    in_text: bool,
    escaped: bool,
}

impl Brackets {
    fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            match (self.in_text, byte) {
                (true, _) if self.escaped => self.escaped = false,
                (true, b'\\') => self.escaped = true,
                (_, b'"') => self.in_text = !self.in_text,
                (false, b'{' | b'[') => (self.open, self.begun) = (self.open + 1, true),
                (false, b'}' | b']') => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn are_closed(&self) -> bool {
        self.begun && self.open == 0 && !self.in_text
    }
}

impl Assembling {
    /// Takes the next piece. Says whether it was taken: a reply may not have more than 128 calls.
    pub fn push(&mut self, piece: CallPiece<'_>) -> bool {
        let at = self.place(piece);
        if at == MOST_CALLS {
            return false;
        }
        if at == self.calls.len() {
            self.calls.push(Started { index: piece.index, ..Started::default() });
        }
        let call = &mut self.calls[at];
        if call.id.is_empty() {
            piece.id.clone_into(&mut call.id);
        }
        call.take_name(piece);
        // Some servers begin with an empty object, and send the true one behind it.
        if call.arguments.trim() == "{}" && piece.arguments.trim_start().starts_with('{') {
            call.arguments.clear();
        }
        call.arguments.push_str(piece.arguments);
        call.brackets.push(piece.arguments);
        true
    }

    /// Which call a piece belongs to; a new one if it is past the end.
    fn place(&self, piece: CallPiece<'_>) -> usize {
        if let Some(known) = self.calls.iter().position(|call| !call.id.is_empty() && call.id == piece.id) {
            return known;
        }
        let last = self.calls.len().checked_sub(1);
        let at = match piece.index {
            Some(index) => match self.calls.iter().rposition(|call| call.index == Some(index)) {
                Some(at) => Some(at),
                // Where the number of a call is not known its place is its number.
                None if piece.name.is_empty() => {
                    usize::try_from(index).ok().filter(|&at| at < self.calls.len()).or(last)
                }
                None => None,
            },
            None => last,
        };
        match at {
            Some(at) if !self.calls[at].is_followed_by(piece) => at,
            _ => self.calls.len(),
        }
    }

    /// The calls, when the reply has ended.
    pub fn finish(self) -> Vec<ToolCall> {
        let mut left = MOST_VALUES;
        let mut calls = Vec::new();
        for Started { id, name, arguments: text, .. } in self.calls {
            for arguments in several(&text, &mut left) {
                calls.push(ToolCall { id: id.clone(), name: name.clone(), arguments, signatures: None });
            }
        }
        with_own_ids(calls)
    }
}

impl Started {
    /// Most servers send a name whole, with the first piece or with each; some send it in parts, or a longer part each time.
    fn take_name(&mut self, piece: CallPiece<'_>) {
        if self.name.is_empty() || self.arguments.is_empty() && piece.name.starts_with(&self.name) {
            piece.name.clone_into(&mut self.name);
        } else if self.arguments.is_empty() && piece.name != self.name {
            self.name.push_str(piece.name);
        }
    }

    /// Whether a piece has another part of the name: nothing else has come behind a part that had an id.
    fn is_named_on(&self, piece: CallPiece<'_>) -> bool {
        let is_same = piece.index.is_some() && piece.index == self.index && !self.id.is_empty() && piece.id.is_empty();
        is_same && self.arguments.is_empty() && piece.arguments.is_empty()
    }

    /// Whether a piece with another id, or none, begins another call although it has the number of this one.
    fn is_followed_by(&self, piece: CallPiece<'_>) -> bool {
        if piece.name.is_empty() || self.name.is_empty() || self.is_named_on(piece) {
            return false;
        }
        let has_other_id = !piece.id.is_empty() && !self.id.is_empty();
        has_other_id || piece.name != self.name || self.brackets.are_closed()
    }
}

/// The arguments of the calls that a text stands for: some servers put those of several calls of a function behind each other.
fn several(text: &str, left: &mut usize) -> Vec<Value> {
    let objects = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().take(MOST_CALLS);
    match objects.collect::<Result<Vec<_>, _>>() {
        Ok(objects) if objects.len() > 1 && objects.iter().all(|it| it.get().starts_with('{')) => {
            objects.into_iter().map(|it| arguments(it.get(), left)).collect()
        }
        _ => vec![arguments(text, left)],
    }
}

/// The arguments that a text stands for. Nothing stands for none. What is no JSON stays a text, and so does what would
/// take more values than are `left`.
fn arguments(text: &str, left: &mut usize) -> Value {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Value::Object(Map::new());
    }
    let values = text.bytes().filter(|byte| b",:[{".contains(byte)).count();
    if values > *left {
        return Value::String(text.to_owned());
    }
    *left -= values;
    match read(text) {
        // Some servers encode the text once more.
        Some(Value::String(inner)) => match read(inner.trim()) {
            Some(value @ Value::Object(_)) => value,
            _ => Value::String(inner),
        },
        Some(value) => value,
        None => Value::String(text.to_owned()),
    }
}

/// The value of a text: JSON, or what a model writes in its place.
fn read(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| whole_value(unfenced(text), MOST_VALUES))
}

/// A text without the fence of a block around it.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    inner.and_then(|inner| inner.split_once('\n')).map_or(text, |(_, inside)| inside.trim())
}

/// The calls, each with an id of its own: some servers give none, or the same to several.
pub fn with_own_ids(mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
    calls.truncate(MOST_CALLS);
    let mut taken = HashSet::new();
    for (number, call) in calls.iter_mut().enumerate() {
        let mut id = call.id.clone();
        while id.is_empty() || !taken.insert(id.clone()) {
            id = format!("{}call-{number}", call.id);
            call.id.clone_from(&id);
        }
        call.id = id;
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Parts<'a> = (Option<u64>, &'a str, &'a str, &'a str);

    fn assemble(pieces: &[Parts<'_>]) -> Vec<(String, String, Value)> {
        let mut assembling = Assembling::default();
        for &(index, id, name, arguments) in pieces {
            assert!(assembling.push(CallPiece { index, id, name, arguments }));
        }
        assembling.finish().into_iter().map(|call| (call.id, call.name, call.arguments)).collect()
    }

    fn call(id: &str, name: &str, arguments: Value) -> (String, String, Value) {
        (id.to_owned(), name.to_owned(), arguments)
    }

    #[test]
    fn pieces_find_their_calls_by_id_by_number_and_by_order() {
        let expected = [call("a", "peek", json!({"start": 1})), call("b", "grep", json!({"pattern": "x"}))];
        let by_number = [
            (Some(0), "a", "peek", ""),
            (Some(1), "b", "grep", "{\"patt"),
            (Some(0), "", "", "{\"start\""),
            (Some(1), "", "", "ern\": \"x\"}"),
            (Some(0), "", "", ": 1}"),
        ];
        let by_place = by_number.map(|(index, id, name, text)| (index.filter(|_| id.is_empty()), id, name, text));
        let by_id = [
            (None, "a", "peek", "{\"start\""),
            (None, "a", "peek", ": 1}"),
            (None, "b", "grep", "{\"pattern\": \"x\"}"),
        ];
        let by_order = [
            (None, "a", "peek", "{\"start\""),
            (None, "", "", ": 1}"),
            (None, "b", "grep", "{\"pattern\""),
            (None, "", "", ": \"x\"}"),
        ];
        let all_zero = by_id.map(|(_, id, name, text)| (Some(0), id, name, text));
        let with_names = [
            (Some(0), "a", "peek", ""),
            (Some(0), "", "peek", "{\"start\""),
            (Some(0), "", "peek", ": 1}"),
            (Some(0), "b", "grep", "{\"pattern\": \"x\"}"),
        ];
        let empty_first = [
            (Some(0), "a", "peek", "{}"),
            (Some(0), "", "", "{\"start\": 1}"),
            (Some(1), "b", "grep", "{\"pattern\": \"x\"}"),
        ];
        let in_parts = [
            (Some(0), "a", "pe", ""),
            (Some(0), "", "ek", ""),
            (Some(0), "", "", "{\"start\": 1}"),
            (Some(1), "b", "gr", ""),
            (Some(1), "b", "grep", ""),
            (Some(1), "b", "", "{\"pattern\": \"x\"}"),
        ];
        for pieces in [&by_number[..], &by_place, &by_id, &by_order, &all_zero, &with_names, &empty_first, &in_parts] {
            assert_eq!(assemble(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn calls_without_ids_are_told_apart_by_what_is_whole() {
        let arguments = |pieces: &[Parts<'_>]| -> Vec<String> {
            assemble(pieces).into_iter().map(|(_, name, arguments)| format!("{name}{arguments}")).collect()
        };
        let same = [(Some(0), "", "grep", "{\"a\": \"}\"}"), (Some(0), "", "grep", "{\"a\": 2}")];
        let other = [(None, "", "grep", ""), (None, "", "peek", "{}")];
        let cut = [(Some(0), "", "grep", "{\"a\": \"{\\\""), (Some(0), "", "grep", "}\"}")];
        assert_eq!(arguments(&same), ["grep{\"a\":\"}\"}", "grep{\"a\":2}"]);
        assert_eq!(arguments(&other), ["grep{}", "peek{}"]);
        assert_eq!(arguments(&cut), ["grep{\"a\":\"{\\\"}\"}"]);
    }

    #[test]
    fn arguments_are_understood_as_far_as_they_can_be() {
        let cases = [
            ("{\"x\": 1}", json!({"x": 1})),
            (" ", json!({})),
            ("null", json!({})),
            ("\"{\\\"x\\\": 1}\"", json!({"x": 1})),
            ("\"x\"", json!("x")),
            ("{\"code\": \"a\n\tb\"}", json!({"code": "a\n\tb"})),
            ("{'x': True, 'y': None,}", json!({"x": true, "y": null})),
            ("```json\n{\"x\": 1}\n```", json!({"x": 1})),
            ("\"{\\\"code\\\": \\\"a\\nb\\\"}\"", json!({"code": "a\nb"})),
            ("{\"x\":", json!("{\"x\":")),
        ];
        for (text, expected) in cases {
            assert_eq!(arguments(text, &mut 100), expected, "{text}");
        }
        let many = format!("[{}0]", "0,".repeat(200));
        assert_eq!(arguments(&many, &mut 100), json!(many));
    }

    #[test]
    fn arguments_of_several_calls_in_one_text_are_told_apart() {
        let calls = assemble(&[(Some(0), "a", "grep", "{\"x\": 1}{\"x\""), (Some(0), "", "", ": 2}\n{}")]);
        let arguments: Vec<Value> = calls.into_iter().map(|(_, _, arguments)| arguments).collect();
        assert_eq!(arguments, [json!({"x": 1}), json!({"x": 2}), json!({})]);
    }

    #[test]
    fn ids_are_made_unique_and_there_is_an_end_to_calls() {
        let calls = ["", "a", "a", ""].map(|id| ToolCall {
            id: id.to_owned(),
            name: "f".to_owned(),
            arguments: json!({}),
            signatures: None,
        });
        let calls = with_own_ids(calls.into());
        let ids: HashSet<_> = calls.iter().map(|call| call.id.as_str()).collect();
        assert!(ids.len() == 4 && !ids.contains(""), "{ids:?}");
        let mut assembling = Assembling::default();
        let names: Vec<String> = (0..=MOST_CALLS).map(|number| format!("id{number}")).collect();
        let taken =
            names.iter().filter(|id| assembling.push(CallPiece { id, name: "f", ..CallPiece::default() })).count();
        assert_eq!(taken, MOST_CALLS);
    }
}
