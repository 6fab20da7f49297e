//! A context that is a value instead of a text: a list, a mapping, or a list of messages.
//!
//! Its texts are laid one after the other, each as a file of its own, so that all that looks into a text looks into them as
//! well. The [`Shape`] tells how programs find the value again.

use super::{
    error::Error,
    language::Language,
    source::{Content, Source},
};
use crate::text::{is_visible, visible_line};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// A list or a mapping whose entries are the files of a text, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub is_list: bool,
    pub entries: Vec<Entry>,
}

/// An entry of a list or mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of a list its number.
    pub key: String,
    pub kind: Kind,
    /// Where it stands in its list or mapping, from 0. Files have the order of their names, which may be another one.
    pub place: usize,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Text,
    /// Anything else, as JSON.
    Json,
    /// `{"role": …, "content": …}`, of which the text is the content.
    Message {
        role: String,
    },
}

impl Shape {
    /// In words, for a model.
    pub fn describe(&self) -> String {
        let count = self.entries.len();
        let all = |is: fn(&Kind) -> bool| self.entries.iter().all(|entry| is(&entry.kind));
        let what = match () {
            () if all(|kind| *kind == Kind::Text) => "str",
            () if all(|kind| matches!(kind, Kind::Message { .. })) => "messages, dicts with `role` and `content`",
            () => "values",
        };
        match self.is_list {
            true => format!("a list of {count} {what}"),
            false => format!("a dict of {count} {what}"),
        }
    }
}

/// Reads a JSON value, or one value on each line, which make a list.
pub fn read_json(text: &str) -> Result<Value, Error> {
    let whole = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let is_lines = lines.peek().is_some_and(|(_, line)| serde_json::from_str::<Value>(line).is_ok());
    if !is_lines {
        return Err(Error::BadJson { reason: whole.to_string() });
    }
    let value = |(number, line): (usize, &str)| {
        let bad = |error: serde_json::Error| Error::BadJson { reason: format!("line {}: {error}", number + 1) };
        serde_json::from_str(line).map_err(bad)
    };
    lines.map(value).collect::<Result<_, _>>().map(Value::Array)
}

/// The texts of a list or mapping, in the order of their names, and its shape; the text of any other value, which has none.
pub(super) fn lay_out(value: Value) -> (Vec<Arc<Source>>, Option<Shape>) {
    let (is_list, entries) = match value {
        Value::Array(values) => {
            let digits = values.len().saturating_sub(1).to_string().len();
            // With leading zeros, so that the order of the names is the order of the list.
            let name = |number: usize, role: Option<&str>| match role {
                Some(role) => format!("[{number:0digits$}] {role}"),
                None => format!("[{number:0digits$}]"),
            };
            let entry = |(number, value): (usize, Value)| {
                let (kind, text) = kind_and_text(value);
                let role = match &kind {
                    Kind::Message { role } => Some(role.as_str()),
                    Kind::Text | Kind::Json => None,
                };
                (name(number, role), Entry { key: number.to_string(), kind, place: number }, text)
            };
            (true, values.into_iter().enumerate().map(entry).collect::<Vec<_>>())
        }
        Value::Object(values) => {
            let mut entries: Vec<_> = values.into_iter().enumerate().map(named).collect();
            distinguish(&mut entries);
            entries.sort_by(|(name, ..), (other, ..)| name.cmp(other));
            (false, entries)
        }
        Value::String(text) => return (vec![source(None, text)], None),
        other => return (vec![source(None, other.to_string())], None),
    };
    let mut sources = Vec::with_capacity(entries.len());
    let mut shape = Shape { is_list, entries: Vec::with_capacity(entries.len()) };
    for (name, entry, text) in entries {
        sources.push(source(Some(name), text));
        shape.entries.push(entry);
    }
    (sources, Some(shape))
}

/// An entry of a mapping, with a name that fits into a line.
fn named((place, (key, value)): (usize, (String, Value))) -> (String, Entry, String) {
    let name = visible_line(&key).into_owned();
    let (kind, text) = match kind_and_text(value) {
        (Kind::Message { .. }, text) => (Kind::Json, text),
        other => other,
    };
    (name, Entry { key, kind, place }, text)
}

/// Numbers names that are shown alike.
fn distinguish(entries: &mut [(String, Entry, String)]) {
    let mut taken: HashSet<String> = HashSet::new();
    for (name, ..) in entries {
        let (plain, mut number) = (name.clone(), 1);
        while !taken.insert(name.clone()) {
            number += 1;
            *name = format!("{plain} ({number})");
        }
    }
}

fn kind_and_text(value: Value) -> (Kind, String) {
    let json = |value: &Value| serde_json::to_string_pretty(value).expect("a value can be written as JSON");
    match value {
        Value::String(text) => (Kind::Text, text),
        Value::Object(mut members) if members.len() == 2 => match (members.remove("role"), members.remove("content")) {
            (Some(Value::String(role)), Some(Value::String(content))) if is_plain(&role) => {
                (Kind::Message { role }, content)
            }
            (role, content) => {
                let taken = [("role", role), ("content", content)];
                members.extend(taken.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
                (Kind::Json, json(&Value::Object(members)))
            }
        },
        other => (Kind::Json, json(&other)),
    }
}

/// Whether a role may stand in the name of its message.
fn is_plain(role: &str) -> bool {
    role.len() <= 40 && is_visible(role)
}

fn source(name: Option<String>, text: String) -> Arc<Source> {
    let language = name.as_deref().and_then(Language::of_path);
    Arc::new(Source { path: name, language, bytes: text.len() as u64, content: Content::Text(text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    fn check(value: Value, text: &str, described: Option<&str>) {
        let context = Snapshot::of_value(value).unwrap().context().unwrap();
        assert_eq!(context.read(0..context.byte_len()).unwrap(), text);
        assert_eq!(context.shape().map(Shape::describe).as_deref(), described);
    }

    #[test]
    fn values_are_texts_one_after_the_other() {
        check(json!("text"), "text", None);
        check(json!(7), "7", None);
        check(json!(["one", "two"]), "==> [0] <==\none\n==> [1] <==\ntwo\n", Some("a list of 2 str"));
        check(json!({"b": "two", "a\n": "one\n"}), "==> a\\x0A <==\none\n==> b <==\ntwo\n", Some("a dict of 2 str"));
        let messages = json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]);
        let described = "a list of 2 messages, dicts with `role` and `content`";
        check(messages, "==> [0] user <==\nHi\n==> [1] assistant <==\nHo\n", Some(described));
        let mixed = json!([{"role": "user", "text": 1}, {"content": ["x"]}, null]);
        let context = Snapshot::of_value(mixed.clone()).unwrap().context().unwrap();
        for (segment, value) in context.segments().iter().zip(mixed.as_array().unwrap()) {
            let text = context.read(segment.text.clone()).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *value);
        }
        assert_eq!(context.shape().unwrap().describe(), "a list of 3 values");
        check(json!(["alone"]), "alone", Some("a list of 1 str"));
        assert_eq!(Snapshot::of_value(json!([])).unwrap_err().kind(), "empty");
    }

    #[test]
    fn many_entries_keep_their_order_and_their_names_differ() {
        let (sources, shape) = lay_out(json!((0..11).map(|number| number.to_string()).collect::<Vec<_>>()));
        let texts = sources.iter().map(|it| it.path.clone().unwrap()).collect::<Vec<_>>();
        assert!(texts.is_sorted() && texts[2] == "[02]", "{texts:?}");
        assert_eq!(shape.unwrap().entries[10].key, "10");
        let (_, shape) = lay_out(json!({"z": "x", "a": "y", "m": "z"}));
        let places: Vec<_> = shape.unwrap().entries.into_iter().map(|it| (it.key, it.place)).collect();
        assert_eq!(places, [("a".to_owned(), 1), ("m".to_owned(), 2), ("z".to_owned(), 0)]);
        let (sources, _) = lay_out(json!({"a\t": "x", "a\\x09": "y", "a": "z"}));
        let names: HashSet<_> = sources.iter().map(|it| it.path.clone()).collect();
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn json_is_one_value_or_one_on_each_line() {
        assert_eq!(read_json(" [1, 2]\n").unwrap(), json!([1, 2]));
        assert_eq!(read_json("{\"a\": 1}\n\n\"b\"\n").unwrap(), json!([{"a": 1}, "b"]));
        let reason = |text| read_json(text).unwrap_err().to_string();
        assert!(reason("{\"a\": 1}\n{").contains("line 2: EOF"), "{}", reason("{\"a\": 1}\n{"));
        assert!(reason("{").contains("EOF while parsing an object at line 1"), "{}", reason("{"));
    }
}
