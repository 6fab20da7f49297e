//! Calls as Python writes them, `grep(pattern="x")`, and as names with arguments behind them.

use super::{Known, MOST_VALUES, WrittenCall, bare_name};
use crate::llm::value_at_start;
use serde_json::{Map, Value};

/// What may stand between a name and its arguments.
const BETWEEN: [&str; 7] = [
    "[args]",
    "<|tool_call_argument_begin|>",
    "<|tool_sep|>",
    "<｜tool▁sep｜>",
    "<|message|>",
    "<|constrain|>",
    "json",
];

/// A call, or a list of calls, at the start of a text, and its length.
pub fn read(text: &str, known: &dyn Known) -> Option<(Vec<WrittenCall>, usize)> {
    read_listed(text, known).or_else(|| named(text))
}

/// The same, but only as Python has them.
pub fn read_listed(text: &str, known: &dyn Known) -> Option<(Vec<WrittenCall>, usize)> {
    let mut reader = Reader { text, at: 0, known };
    if !text.starts_with('[') {
        return reader.call().map(|call| (vec![call], reader.at));
    }
    let mut calls = Vec::new();
    reader.at = 1;
    loop {
        reader.skip_space();
        if reader.takes("]") && !calls.is_empty() {
            return Some((calls, reader.at));
        }
        calls.push(reader.call()?);
        reader.skip_space();
        if !reader.takes(",") && !reader.rest().starts_with(']') {
            return None;
        }
    }
}

/// A name with JSON behind it, at the start of a text: `grep{"pattern": "x"}`.
fn named(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    let mut rest = text;
    // DeepSeek says what kind of call it is.
    if let Some(behind) = rest.strip_prefix("function<｜tool▁sep｜>") {
        rest = behind;
    }
    rest = rest.strip_prefix("call:").or_else(|| rest.strip_prefix("to=")).unwrap_or(rest);
    let (name, mut rest) = name(rest)?;
    loop {
        rest = rest.trim_start();
        let fence = rest.strip_prefix("```").map(|it| it.trim_start_matches(|it: char| it.is_alphanumeric()));
        let between = BETWEEN.iter().find(|it| super::begins(rest, it)).map(|it| &rest[it.len()..]);
        match between.or(fence) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    let (arguments, end) = arguments(rest)?;
    let behind = rest[end..].trim_start();
    let closed = behind.strip_prefix("```").unwrap_or(&rest[end..]);
    Some((vec![WrittenCall { name: name.to_owned(), arguments }], text.len() - closed.len()))
}

/// An object at the start of a text. Gemma has marks of its own for quotes.
pub fn arguments(text: &str) -> Option<(Value, usize)> {
    if !text.starts_with('{') {
        return None;
    }
    for quote in ["<|\"|>", "<escape>"] {
        if text.contains(quote) {
            let end = text.find('}').and_then(|_| text.rfind('}'))? + 1;
            // What stands between the quotes is as it is; a quote in it is escaped here.
            let parts = text[..end].split(quote).enumerate();
            let plain: String = parts
                .map(|(number, part)| match number % 2 {
                    1 => Value::from(part).to_string(),
                    _ => part.to_owned(),
                })
                .collect();
            let (value, _) = value_at_start(&plain, MOST_VALUES)?;
            return value.is_object().then_some((value, end));
        }
    }
    value_at_start(text, MOST_VALUES).filter(|(value, _)| value.is_object())
}

/// A call as an agent writes it that thinks aloud: `Action: grep`, and `Action Input:` with the arguments.
pub fn react(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    let (name, rest) = name(text.strip_prefix("Action:")?.trim_start())?;
    let rest = rest.trim_start().strip_prefix("Action Input:")?.trim_start();
    let (arguments, end) = value_at_start(rest, MOST_VALUES)
        .filter(|(value, _)| value.is_object())
        .unwrap_or_else(|| (Value::from(rest.lines().next().unwrap_or_default().trim()), rest.len()));
    Some((vec![WrittenCall { name: name.to_owned(), arguments }], text.len() - rest.len() + end))
}

/// The name that a text begins with, and what is behind it.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|it: char| !it.is_alphanumeric() && !"_-.:".contains(it)).unwrap_or(text.len());
    (end > 0 && text.starts_with(|it: char| it.is_alphabetic())).then(|| (&text[..end], &text[end..]))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    known: &'t dyn Known,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    fn call(&mut self) -> Option<WrittenCall> {
        let (name, behind) = name(self.rest())?;
        self.at = self.text.len() - behind.len();
        if !self.takes("(") {
            return None;
        }
        // A program may print what it calls.
        if name == "print" {
            self.skip_space();
            let call = self.call()?;
            self.skip_space();
            return self.takes(")").then_some(call);
        }
        let parameters = self.known.parameters(bare_name(name)).unwrap_or_default();
        if let Some(fields) = self.object_of(&parameters) {
            return Some(WrittenCall { name: name.to_owned(), arguments: Value::Object(fields) });
        }
        let (mut fields, mut place) = (Map::new(), 0);
        loop {
            self.skip_space();
            if self.takes(")") {
                return Some(WrittenCall { name: name.to_owned(), arguments: Value::Object(fields) });
            }
            let field = match self.field() {
                Some(field) => field,
                None => {
                    place += 1;
                    parameters.get(place - 1).cloned().unwrap_or_else(|| place.to_string())
                }
            };
            let (value, end) = value_at_start(self.rest(), MOST_VALUES)?;
            self.at += end;
            fields.insert(field, value);
            self.skip_space();
            if !self.takes(",") && !self.rest().starts_with(')') {
                return None;
            }
        }
    }

    /// All arguments as one object, as JavaScript has them, with the bracket behind it.
    fn object_of(&mut self, parameters: &[String]) -> Option<Map<String, Value>> {
        let rest = self.rest().trim_start();
        let (Value::Object(fields), end) = arguments(rest)? else { return None };
        let behind = rest[end..].trim_start().strip_prefix(')')?;
        let are_known = !fields.is_empty() && fields.keys().all(|field| parameters.contains(field));
        are_known.then(|| {
            self.at = self.text.len() - behind.len();
            fields
        })
    }

    /// The name of an argument, if one is given.
    fn field(&mut self) -> Option<String> {
        let (name, behind) = name(self.rest())?;
        let value = behind.trim_start().strip_prefix('=').filter(|it| !it.starts_with('='))?;
        self.at = self.text.len() - value.len();
        Some(name.to_owned())
    }
}
