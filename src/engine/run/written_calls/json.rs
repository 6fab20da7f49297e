//! Calls as JSON objects: `{"name": …, "arguments": …}`, and the other names that these two go by.

use super::{MOST_VALUES, WrittenCall};
use crate::llm::{value_at_start, whole_value};
use serde_json::{Map, Value};

const NAMES: [&str; 6] = ["name", "tool_name", "tool", "function", "action", "recipient_name"];
const ARGUMENTS: [&str; 8] =
    ["arguments", "parameters", "args", "input", "action_input", "tool_input", "params", "kwargs"];

/// What calls lie in.
const AROUND: [&str; 5] = ["tool_calls", "tool_uses", "function_call", "tool_call", "calls"];

/// Fields that a call may have beside.
const BESIDE: [&str; 6] = ["id", "type", "tool_call_id", "index", "thought", "reasoning"];

/// The calls that a JSON value at the start of a text stands for, and its length.
pub fn read(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (value, end) = value_at_start(text, MOST_VALUES)?;
    Some((calls(value)?, end))
}

fn calls(value: Value) -> Option<Vec<WrittenCall>> {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let calls: Option<Vec<_>> = items.into_iter().map(calls).collect();
            Some(calls?.concat())
        }
        Value::Object(fields) => object(fields),
        _ => None,
    }
}

fn object(mut fields: Map<String, Value>) -> Option<Vec<WrittenCall>> {
    if let Some(around) = AROUND.iter().find(|it| fields.contains_key(**it)) {
        return calls(fields.remove(*around)?);
    }
    if let Some(Value::Object(_)) = fields.get("function") {
        return calls(fields.remove("function")?);
    }
    let name = NAMES.iter().find_map(|it| fields.get(*it)?.as_str().map(|name| (*it, name.to_owned())));
    let (field, name) = name?;
    fields.remove(field);
    let given = ARGUMENTS.iter().find(|it| fields.contains_key(**it)).copied();
    let arguments = match given {
        Some(given) => fields.remove(given)?,
        None => Value::Object(Map::new()),
    };
    if fields.keys().any(|it| !BESIDE.contains(&it.as_str())) || given.is_none() && field != "name" {
        return None;
    }
    let arguments = match arguments {
        Value::String(text) => whole_value(&text, MOST_VALUES).filter(Value::is_object).unwrap_or(Value::String(text)),
        arguments => arguments,
    };
    Some(vec![WrittenCall { name, arguments }])
}
