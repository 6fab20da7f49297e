//! The tools protocol: what a model may call by name, and how a call is read.
//!
//! The same functions serve programs ([`super::host_functions`], [`super::context_api`]); here they have schemas, and results that are
//! texts.

mod offer;

use crate::{config::ToolSpec, llm::ToolCall};
use offer::NAMES;
pub use offer::{all_tools, is_reserved};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// What a call asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolAction {
    /// A look that needs no interpreter: the function and its arguments as programs hand them over.
    Look {
        name: &'static str,
        arguments: Value,
    },
    /// A child run about a part of the text.
    SubLlm {
        query: String,
        start: i64,
        end: i64,
    },
    /// A program. The interpreter runs one after the other.
    Cell {
        code: String,
        kind: ProgramKind,
    },
    Final(Value),
    /// A tool of the person's own.
    Own {
        name: String,
        arguments: Value,
    },
}

/// What is shown of a program that a call stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramKind {
    /// What it prints.
    Program,
    /// That the variable is set.
    Set(String),
    /// The variable's value.
    Get(String),
    /// It ends the run.
    FinalVar,
}

/// The most characters or lines that `peek` and its like are asked for where nothing is said.
const ALL: i64 = i64::MAX;

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    start: i64,
    #[serde(default = "all")]
    end: i64,
}

fn all() -> i64 {
    ALL
}

#[derive(Deserialize)]
struct Grep {
    pattern: String,
    path: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default = "fifty")]
    max_results: i64,
}

fn fifty() -> i64 {
    50
}

#[derive(Deserialize)]
struct Search {
    query: String,
    #[serde(default = "ten")]
    k: i64,
}

fn ten() -> i64 {
    10
}

#[derive(Deserialize)]
struct Read {
    path: String,
    #[serde(default = "one")]
    first_line: i64,
    last_line: Option<i64>,
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
struct Chunk {
    chunk_size: i64,
}

#[derive(Deserialize)]
struct Outline {
    path: String,
}

#[derive(Deserialize)]
struct SubLlm {
    query: String,
    #[serde(default)]
    start: i64,
    #[serde(default = "all")]
    end: i64,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Set {
    name: String,
    value: Value,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Final {
    answer: Value,
}

/// Reads a call. `own` are the tools of the person's own that the run has.
///
/// # Errors
/// There is no such tool, or its arguments make no sense; in words for the model.
pub fn read(call: &ToolCall, own: &[&ToolSpec]) -> Result<ToolAction, String> {
    let none = json!({});
    // Some providers write no arguments so.
    let given = if call.arguments.is_null() { &none } else { &call.arguments };
    if !given.is_object() {
        return Err("the arguments are no JSON object".to_owned());
    }
    let look = |name, arguments| Ok(ToolAction::Look { name, arguments });
    match call.name.as_str() {
        "peek" => {
            let Part { start, end } = arguments(given)?;
            look("peek", json!([start, end]))
        }
        "peek_lines" => {
            let Part { start, end } = arguments(given)?;
            look("peek_lines", json!([start, end]))
        }
        "grep" => {
            let Grep { pattern, path, ignore_case, max_results } = arguments(given)?;
            look("grep", json!([pattern, path, ignore_case, max_results]))
        }
        "search" => {
            let Search { query, k } = arguments(given)?;
            look("search", json!([query, k.clamp(0, 1000)]))
        }
        "read" => {
            let Read { path, first_line, last_line } = arguments(given)?;
            look("read", json!([path, first_line, last_line]))
        }
        "outline" => {
            let Outline { path } = arguments(given)?;
            look("outline", json!([path]))
        }
        "chunk" => {
            let Chunk { chunk_size } = arguments(given)?;
            look("chunk", json!([chunk_size, 0, "characters"]))
        }
        "sub_llm" => {
            let SubLlm { query, start, end } = arguments(given)?;
            Ok(ToolAction::SubLlm { query, start, end })
        }
        "exec_python" => {
            let Code { code } = arguments(given)?;
            Ok(ToolAction::Cell { code, kind: ProgramKind::Program })
        }
        "set_variable" => {
            let Set { name, value } = arguments(given)?;
            if is_reserved(&name) {
                return Err(format!("{name} is given, and cannot be set; take another name"));
            }
            let code = format!("{} = __import__('json').loads({})", identifier(&name)?, literal(&value.to_string()));
            Ok(ToolAction::Cell { code, kind: ProgramKind::Set(name) })
        }
        "get_variable" => {
            let Name { name } = arguments(given)?;
            Ok(ToolAction::Cell { code: format!("print({})", identifier(&name)?), kind: ProgramKind::Get(name) })
        }
        "final_var" => {
            let Name { name } = arguments(given)?;
            Ok(ToolAction::Cell { code: format!("FINAL_VAR({})", literal(&name)), kind: ProgramKind::FinalVar })
        }
        "final" => {
            let Final { answer } = arguments(given)?;
            Ok(ToolAction::Final(answer))
        }
        name if own.iter().any(|tool| tool.name == name) => {
            Ok(ToolAction::Own { name: name.to_owned(), arguments: given.clone() })
        }
        name => {
            let known: Vec<&str> = NAMES.iter().copied().chain(own.iter().map(|tool| tool.name.as_str())).collect();
            Err(format!("there is no tool {name:?}; there are {}", known.join(", ")))
        }
    }
}

fn arguments<T: DeserializeOwned>(given: &Value) -> Result<T, String> {
    T::deserialize(given).map_err(|error| format!("wrong arguments: {error}"))
}

/// A name that a program may assign to.
fn identifier(name: &str) -> Result<&str, String> {
    let starts = name.starts_with(|it: char| it.is_alphabetic() || it == '_');
    let is_name = starts && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    if is_name { Ok(name) } else { Err(format!("{name:?} is no name for a variable")) }
}

/// A text as Python writes it. What JSON escapes Python reads alike, other than characters beyond the basic plane, which
/// stand for themselves here.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

/// An answer as text: a value that is none is JSON.
pub fn answer_text(answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}

/// A call as people and traces see it.
pub fn shown(call: &ToolCall) -> String {
    let empty = Map::new();
    let given = call.arguments.as_object().unwrap_or(&empty);
    let arguments: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match (given.len(), given.get("code").and_then(Value::as_str)) {
        (1, Some(code)) if call.name == "exec_python" => code.to_owned(),
        _ => format!("{}({})", call.name, arguments.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_call(name: &str, arguments: Value) -> Result<ToolAction, String> {
        read(&ToolCall { id: "1".into(), name: name.into(), arguments, signatures: None }, &[])
    }

    #[test]
    fn every_tool_that_is_offered_can_be_called() {
        let tools = all_tools(&[]);
        assert_eq!(
            tools.iter().map(|tool| tool.name.as_str()).collect::<std::collections::BTreeSet<_>>(),
            NAMES.into()
        );
        for tool in tools {
            let properties = tool.parameters["properties"].as_object().unwrap();
            let example = |name: &str, schema: &Value| match schema["type"].as_str() {
                Some("integer") => json!(3),
                Some("boolean") => json!(true),
                _ => json!(name),
            };
            let arguments = properties.iter().map(|(name, schema)| (name.clone(), example(name, schema))).collect();
            assert!(read_call(&tool.name, Value::Object(arguments)).is_ok(), "{}", tool.name);
            jsonschema::validator_for(&tool.parameters).unwrap();
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_in_words() {
        for (name, arguments, expected) in [
            ("peek", json!("start=1"), "the arguments are no JSON object"),
            ("grep", json!({}), "wrong arguments: missing field `pattern`"),
            ("peek", json!({"start": "a", "end": 1}), "wrong arguments: invalid type"),
            ("set_variable", json!({"name": "a b", "value": 1}), "\"a b\" is no name for a variable"),
            ("shell", json!({}), "there is no tool \"shell\"; there are peek, "),
        ] {
            let error = read_call(name, arguments).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn values_reach_the_program_whole() {
        let Ok(ToolAction::Cell { code, .. }) = read_call("set_variable", json!({"name": "x", "value": "a\"\\\n'ß😀"}))
        else {
            panic!("it is a cell");
        };
        assert_eq!(code, r#"x = __import__('json').loads("\"a\\\"\\\\\\n'ß😀\"")"#);
    }
}
