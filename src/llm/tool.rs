//! Native tool calls: what a model may call, what it called, and how a call is put together from the pieces of a stream.

use serde_json::Value;
use std::collections::HashSet;

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// By which its result is told from those of others; unique within a reply.
    pub id: String,
    pub name: String,
    /// Most often an object. What is no JSON stays a string, so that the model can be told.
    pub arguments: Value,
    /// What some providers want to have back with the call.
    pub signatures: Option<Vec<String>>,
}

impl ToolCall {
    /// Bytes that it adds to a prompt, about.
    pub fn bytes(&self) -> usize {
        self.id.len() + self.name.len() + self.arguments.to_string().len()
    }
}

/// The most calls that are taken from one reply.
const MOST_CALLS: usize = 128;

/// One piece of a call, as servers of OpenAI's protocol stream them.
#[derive(Debug, Clone, Copy)]
pub struct CallPiece<'a> {
    /// The call's own id, or `call_N` where a piece carries only the number N of its call.
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

#[derive(Debug)]
struct Started {
    id: String,
    name: String,
    arguments: String,
}

impl Assembling {
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes the next piece. Says whether it was taken: a reply may not have more than 128 calls.
    pub fn push(&mut self, piece: CallPiece<'_>) -> bool {
        let at = self.place(piece);
        if at == MOST_CALLS {
            return false;
        }
        if at == self.calls.len() {
            let (id, name) = (piece.id.to_owned(), piece.name.to_owned());
            self.calls.push(Started { id, name, arguments: String::new() });
        }
        self.calls[at].arguments.push_str(piece.arguments);
        true
    }

    /// Which call a piece belongs to; a new one if it is past the end.
    fn place(&self, piece: CallPiece<'_>) -> usize {
        let number = piece.id.strip_prefix("call_").and_then(|number| number.parse::<usize>().ok());
        if let Some(known) = self.calls.iter().position(|call| call.id == piece.id) {
            return known;
        }
        match number.filter(|&number| number < self.calls.len()) {
            _ if !piece.name.is_empty() => self.calls.len(),
            Some(number) => number,
            None => self.calls.len().saturating_sub(1),
        }
    }

    /// The calls, when the reply has ended.
    pub fn finish(self) -> Vec<ToolCall> {
        let call = |call: Started| ToolCall {
            id: call.id,
            name: call.name,
            arguments: arguments(&call.arguments),
            signatures: None,
        };
        with_own_ids(self.calls.into_iter().map(call).collect())
    }
}

/// The arguments that a text stands for. Nothing stands for none.
fn arguments(text: &str) -> Value {
    match text.trim() {
        "" => Value::Object(serde_json::Map::new()),
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
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

    fn assemble(pieces: &[(&str, &str, &str)]) -> Vec<(String, String, Value)> {
        let mut assembling = Assembling::default();
        for &(id, name, arguments) in pieces {
            assert!(assembling.push(CallPiece { id, name, arguments }));
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
            ("a", "peek", ""),
            ("b", "grep", "{\"patt"),
            ("call_0", "", "{\"start\""),
            ("call_1", "", "ern\": \"x\"}"),
            ("call_0", "", ": 1}"),
        ];
        let by_id = [("a", "peek", "{\"start\""), ("a", "peek", ": 1}"), ("b", "grep", "{\"pattern\": \"x\"}")];
        let by_order =
            [("a", "peek", "{\"start\""), ("", "", ": 1}"), ("b", "grep", "{\"pattern\""), ("", "", ": \"x\"}")];
        for pieces in [&by_number[..], &by_id, &by_order] {
            assert_eq!(assemble(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn what_is_no_json_stays_a_text_and_nothing_is_no_arguments() {
        assert_eq!(assemble(&[("a", "f", "{\"x\":")]), [call("a", "f", json!("{\"x\":"))]);
        assert_eq!(assemble(&[("a", "f", " ")]), [call("a", "f", json!({}))]);
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
        let taken = names.iter().filter(|id| assembling.push(CallPiece { id, name: "f", arguments: "" })).count();
        assert_eq!(taken, MOST_CALLS);
    }
}
