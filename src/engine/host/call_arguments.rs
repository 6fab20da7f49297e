//! The arguments of a call as a model wrote them, and as the function takes them.
//!
//! Models, and servers on the way, write numbers as texts, one text where a list is wanted, and `null` for what they do not
//! mean. Where it is plain what is meant it is taken; where not, the model is told.

use super::function::{HostFunction, Kind, Missing, Parameter};
use crate::{
    llm::{ToolCall, whole_value},
    text::one_line,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Characters of a wrong argument that are told.
const WRONG_CHARS: usize = 60;

/// The most values of a list that came as a text.
const MOST_VALUES: usize = 10_000;

/// The arguments by their names.
pub fn fields<'c>(call: &'c ToolCall, function: Option<&HostFunction>) -> Result<Cow<'c, Map<String, Value>>, String> {
    match &call.arguments {
        // Some providers write no arguments so.
        Value::Null => Ok(Cow::Owned(Map::new())),
        Value::Object(fields) => {
            // The whole call once more, as its own arguments.
            let inner = ["arguments", "parameters"].iter().find_map(|it| fields.get(*it)?.as_object());
            let names_itself = fields.get("name").is_some_and(|name| *name == call.name.as_str());
            Ok(inner.filter(|_| names_itself || fields.len() == 1).map_or(Cow::Borrowed(fields), Cow::Borrowed))
        }
        Value::String(text) if !text.trim_start().starts_with(['{', '[']) => {
            // The only argument by itself, as it is: a program, a pattern.
            let required = |it: &&Parameter| it.missing == Missing::Refused;
            let mut required = function.into_iter().flat_map(|it| it.parameters).filter(required);
            match (required.next(), required.next()) {
                (Some(Parameter { kind: Kind::Text | Kind::Any, .. }), None) => {
                    let name = function
                        .and_then(|it| it.parameters.iter().find(|it| it.missing == Missing::Refused)?.tool_name());
                    Ok(Cow::Owned(Map::from_iter([(name.unwrap_or_default().to_owned(), Value::from(text.as_str()))])))
                }
                _ => Err(no_object(text)),
            }
        }
        Value::String(text) => Err(no_object(text)),
        other => Err(no_object(&other.to_string())),
    }
}

fn no_object(given: &str) -> String {
    format!("the arguments are no JSON object; they begin with {}", one_line(given, WRONG_CHARS))
}

/// The arguments in the order of the parameters.
pub fn arguments(function: &HostFunction, fields: &Map<String, Value>) -> Result<Value, String> {
    let argument = |parameter: &Parameter| {
        let name = parameter.tool_name();
        match (name.and_then(|name| fields.get(name)), parameter.missing) {
            (Some(Value::Null) | None, Missing::Forgiven(value) | Missing::Default(value)) => Ok(value.json()),
            (Some(given), _) => fitted(given, parameter.kind).ok_or_else(|| wrong(name, parameter.kind, given)),
            (None, Missing::Refused) => {
                let names: Vec<&str> = function.parameters.iter().filter_map(Parameter::tool_name).collect();
                let name = name.unwrap_or(parameter.name);
                Err(format!("wrong arguments: `{name}` is missing; {} has {}", function.name, names.join(", ")))
            }
        }
    };
    function.parameters.iter().map(argument).collect()
}

/// A value as the kind that a parameter has; models write numbers as texts, and texts that look like numbers as such.
pub fn fitted(given: &Value, kind: Kind) -> Option<Value> {
    match (kind, given) {
        (Kind::Any, _) | (Kind::Text | Kind::Prompt, Value::String(_)) | (Kind::Flag, Value::Bool(_)) => {
            Some(given.clone())
        }
        (Kind::Text | Kind::Prompt, Value::Number(_)) => Some(Value::from(given.to_string())),
        (Kind::Text | Kind::Prompt, _) => None,
        (Kind::Integer, Value::String(text)) => fitted(&whole_value(text, 1).filter(Value::is_number)?, kind),
        (Kind::Integer, _) if given.is_i64() => Some(given.clone()),
        // As a number of a language that has no other numbers.
        (Kind::Integer, _) => {
            given.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 1e15).map(|it| json!(it as i64))
        }
        (Kind::Flag, Value::String(text)) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(json!(true)),
            "false" | "no" | "0" => Some(json!(false)),
            _ => None,
        },
        (Kind::Flag, _) => given.as_i64().filter(|it| matches!(it, 0 | 1)).map(|it| json!(it == 1)),
        (Kind::Texts | Kind::Prompts, Value::Array(items)) => items.iter().all(Value::is_string).then(|| given.clone()),
        (Kind::Texts | Kind::Prompts, Value::String(text)) => {
            let list = whole_value(text, MOST_VALUES).filter(Value::is_array);
            list.map_or_else(|| Some(json!([text])), |list| fitted(&list, kind))
        }
        (Kind::Texts | Kind::Prompts, _) => None,
    }
}

fn wrong(name: Option<&str>, kind: Kind, given: &Value) -> String {
    let expected = match kind {
        Kind::Text | Kind::Prompt => "a text",
        Kind::Integer => "a whole number",
        Kind::Flag => "true or false",
        Kind::Texts | Kind::Prompts => "a list of texts",
        Kind::Any => "a value",
    };
    let shown = one_line(&given.to_string(), WRONG_CHARS);
    format!("wrong arguments: `{}` must be {expected}, not {shown}", name.unwrap_or_default())
}

/// Gives arguments that came as texts the types that a schema asks for.
pub fn fit_schema(given: &mut Map<String, Value>, schema: &Value) {
    for (name, value) in given {
        let kind = match schema["properties"][name.as_str()]["type"].as_str() {
            Some("integer") => Kind::Integer,
            Some("boolean") => Kind::Flag,
            Some("string") => Kind::Text,
            Some("number") => {
                let number = value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
                if let Some(number) = number.and_then(serde_json::Number::from_f64) {
                    *value = Value::Number(number);
                }
                continue;
            }
            Some("array" | "object") => {
                let read = value.as_str().and_then(|text| whole_value(text, MOST_VALUES));
                if let Some(read) = read.filter(|it| it.is_array() || it.is_object()) {
                    *value = read;
                }
                continue;
            }
            _ => continue,
        };
        if let Some(fitting) = fitted(value, kind) {
            *value = fitting;
        }
    }
}
