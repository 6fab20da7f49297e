//! Tools of one's own: commands that a model may run, and values that it may look at.
//!
//! They are described in JSON, in a file for the terminal and in the settings for an editor:
//!
//! ```json
//! {"tools": [
//!    {"name": "ticket", "description": "The text of a ticket", "command": ["./ticket.sh"], "timeout": 20,
//!     "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}},
//!    {"name": "glossary", "description": "What our words mean", "value": {"SLO": "service level objective"}}],
//!  "subTools": ["glossary"]}
//! ```
//!
//! A command gets the arguments of the call as one JSON object on its standard input; what it prints is the result. No
//! shell runs. The command inherits the environment without the keys in it; `"env": ["TICKET_TOKEN"]` names those that it
//! needs. `subTools` names those that child runs have as well: all if it is absent, none if it is empty.

use super::time::time;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// The longest name of a tool, by what providers accept.
const LONGEST_NAME: usize = 64;

/// The most tools.
const MOST: usize = 64;

/// Seconds that a command may take where nothing else is said.
const PATIENCE: f64 = 60.0;

/// Seconds that it may take at most.
const MOST_PATIENCE: f64 = 3600.0;

/// A tool of one's own.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// An identifier of Python.
    pub name: String,
    pub description: String,
    pub deed: Deed,
    /// Whether child runs have it as well.
    pub for_children: bool,
}

/// What a tool does.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// The variables with keys that it inherits.
        env: Vec<String>,
        /// The JSON Schema of what it is called with, an object.
        parameters: Value,
        timeout: Duration,
    },
    Value(Value),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    tools: Vec<WrittenTool>,
    sub_tools: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTool {
    name: String,
    #[serde(default)]
    description: String,
    command: Option<Vec<String>>,
    env: Option<Vec<String>>,
    parameters: Option<Value>,
    timeout: Option<Value>,
    value: Option<Value>,
}

/// Reads what stands for the option `tools`.
///
/// # Errors
/// What is wrong, with the tool's name.
pub fn tools(value: &Value) -> Result<Vec<ToolSpec>, String> {
    // A list alone is the tools.
    let value = if value.is_array() { json!({ "tools": value }) } else { value.clone() };
    let Written { tools, sub_tools } = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if tools.len() > MOST {
        return Err(format!("expected at most {MOST} tools, got {}", tools.len()));
    }
    let mut names = BTreeSet::new();
    for tool in &tools {
        if !is_identifier(&tool.name) {
            let name = &tool.name;
            return Err(format!("{name:?} is no name for a tool: expected letters, digits and _, as in Python"));
        }
        if !names.insert(tool.name.clone()) {
            return Err(format!("there are two tools named {}", tool.name));
        }
    }
    if let Some(unknown) = sub_tools.iter().flatten().find(|name| !names.contains(*name)) {
        return Err(format!("subTools names {unknown}, which is none of the tools"));
    }
    let for_children = |name: &String| sub_tools.as_ref().is_none_or(|list| list.contains(name));
    let spec = |tool: WrittenTool| {
        let for_children = for_children(&tool.name);
        let deed = deed(&tool).map_err(|problem| format!("{}: {problem}", tool.name))?;
        Ok(ToolSpec { name: tool.name, description: tool.description, deed, for_children })
    };
    tools.into_iter().map(spec).collect()
}

fn deed(tool: &WrittenTool) -> Result<Deed, String> {
    match (&tool.command, &tool.value) {
        (Some(words), None) if words.first().is_some_and(|program| !program.is_empty()) => {
            let seconds =
                tool.timeout.as_ref().map_or(Ok(PATIENCE), time).map_err(|problem| format!("timeout: {problem}"))?;
            if !(seconds > 0.0 && seconds <= MOST_PATIENCE) {
                return Err(format!(
                    "timeout: expected more than 0 and at most {MOST_PATIENCE} seconds, got {seconds}"
                ));
            }
            let parameters = tool.parameters.clone().unwrap_or_else(|| json!({"type": "object", "properties": {}}));
            if parameters["type"] != "object" {
                return Err("expected parameters to be a JSON Schema of the type object".to_owned());
            }
            let env = tool.env.clone().unwrap_or_default();
            if let Some(name) = env.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
                return Err(format!("expected env to name variables, got {name:?}"));
            }
            let timeout = Duration::from_secs_f64(seconds);
            Ok(Deed::Command { words: words.clone(), env, parameters, timeout })
        }
        (None, Some(_)) if tool.timeout.is_some() || tool.parameters.is_some() || tool.env.is_some() => {
            Err("a value has no parameters, no timeout and no env".to_owned())
        }
        (None, Some(value)) => Ok(Deed::Value(value.clone())),
        _ => Err("expected either a command, a list with the program first, or a value".to_owned()),
    }
}

fn is_identifier(name: &str) -> bool {
    let starts = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
    starts && name.len() <= LONGEST_NAME && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_read_with_their_defaults() {
        let read = tools(&json!({"tools": [{"name": "a", "command": ["x", "-y"]}, {"name": "b", "value": [1]},
                                           {"name": "c", "command": ["z"], "env": ["C_TOKEN"], "timeout": "1500ms"}],
                                 "subTools": ["b"]}))
        .unwrap();
        let command = |words: &[&str], env: &[&str], seconds| Deed::Command {
            words: words.iter().map(ToString::to_string).collect(),
            env: env.iter().map(ToString::to_string).collect(),
            parameters: json!({"type": "object", "properties": {}}),
            timeout: Duration::from_secs_f64(seconds),
        };
        let spec = |name: &str, deed, for_children| ToolSpec {
            name: name.to_owned(),
            description: String::new(),
            deed,
            for_children,
        };
        let expected = [
            spec("a", command(&["x", "-y"], &[], 60.0), false),
            spec("b", Deed::Value(json!([1])), true),
            spec("c", command(&["z"], &["C_TOKEN"], 1.5), false),
        ];
        assert_eq!(read, expected);
        assert!(tools(&json!([{"name": "a", "value": 1}])).unwrap()[0].for_children);
        assert!(!tools(&json!({"tools": [{"name": "a", "value": 1}], "subTools": []})).unwrap()[0].for_children);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_name() {
        for (value, expected) in [
            (json!([{"name": "a b", "value": 1}]), "\"a b\" is no name for a tool"),
            (json!([{"name": "a", "value": 1}, {"name": "a", "value": 2}]), "there are two tools named a"),
            (json!([{"name": "a"}]), "a: expected either a command"),
            (json!([{"name": "a", "command": []}]), "a: expected either a command"),
            (json!([{"name": "a", "command": ["x"], "timeout": 0}]), "a: timeout: expected more than 0"),
            (json!([{"name": "a", "command": ["x"], "parameters": []}]), "a: expected parameters"),
            (json!([{"name": "a", "command": ["x"], "env": "K"}]), "invalid type: string"),
            (json!([{"name": "a", "command": ["x"], "env": ["A=B"]}]), "a: expected env to name variables"),
            (json!([{"name": "a", "command": ["x"], "timeout": "soon"}]), "a: timeout: expected seconds, or a time"),
            (json!([{"name": "a", "value": 1, "timeout": 3}]), "a: a value has no parameters"),
            (json!([{"name": "a", "value": 1, "env": []}]), "a: a value has no parameters"),
            (json!({"tools": [], "subTools": ["z"]}), "subTools names z"),
            (json!([{"name": "a", "comand": ["x"]}]), "unknown field `comand`"),
            (json!(7), "invalid type"),
        ] {
            let error = tools(&value).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
