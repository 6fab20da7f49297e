//! Calls of tools: how one is read, and how it is shown.
//!
//! The functions are those that programs have, as far as tools have them ([`super::function`]); here their arguments come
//! by name, as a model wrote them.

use super::{
    function::{Does, HostFunction, Kind, Missing, Parameter},
    functions,
    tool_action::ToolAction,
};
use crate::{config::ToolSpec, llm::ToolCall, text::one_line};
use serde_json::{Map, Value, json};

/// Characters of a wrong argument that are told.
const WRONG_CHARS: usize = 60;

/// Reads a call. `own` are the tools of the person's own that the run has.
///
/// # Errors
/// There is no such tool, or its arguments make no sense; in words for the model.
pub fn read(call: &ToolCall, own: &[&ToolSpec]) -> Result<ToolAction, String> {
    let none = json!({});
    // Some providers write no arguments so.
    let given = if call.arguments.is_null() { &none } else { &call.arguments };
    let Some(fields) = given.as_object() else { return Err("the arguments are no JSON object".to_owned()) };
    let tools = || functions().filter(|it| it.is_of_tools());
    if let Some(function) = tools().find(|it| it.name == call.name) {
        let arguments = arguments(function, fields)?;
        return match function.does {
            Does::Act(act) => act(arguments),
            _ => Ok(ToolAction::Look { name: function.name, arguments }),
        };
    }
    if own.iter().any(|tool| tool.name == call.name) {
        return Ok(ToolAction::Own { name: call.name.clone(), arguments: given.clone() });
    }
    let known: Vec<&str> = tools().map(|it| it.name).chain(own.iter().map(|tool| tool.name.as_str())).collect();
    Err(format!("there is no tool {:?}; there are {}", call.name, known.join(", ")))
}

/// The arguments in the order of the parameters.
fn arguments(function: &HostFunction, fields: &Map<String, Value>) -> Result<Value, String> {
    let argument = |parameter: &Parameter| {
        let name = parameter.tool_name();
        match (name.and_then(|name| fields.get(name)), parameter.missing) {
            (Some(given), _) if fits(given, parameter.kind) => Ok(given.clone()),
            (Some(given), Missing::Refused) => Err(wrong(name, parameter.kind, given)),
            (Some(given), _) if !given.is_null() => Err(wrong(name, parameter.kind, given)),
            (_, Missing::Forgiven(value) | Missing::Default(value)) => Ok(value.json()),
            (None, Missing::Refused) => {
                Err(format!("wrong arguments: `{}` is missing", name.unwrap_or(parameter.name)))
            }
        }
    };
    function.parameters.iter().map(argument).collect()
}

fn fits(given: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Prompt => given.is_string(),
        Kind::Integer => given.is_i64(),
        Kind::Flag => given.is_boolean(),
        Kind::Texts | Kind::Prompts => given.as_array().is_some_and(|it| it.iter().all(Value::is_string)),
        Kind::Any => true,
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
    use super::{super::schema::all_tools, *};

    fn read_call(name: &str, arguments: Value) -> Result<ToolAction, String> {
        read(&ToolCall { id: "1".into(), name: name.into(), arguments, signatures: None }, &[])
    }

    #[test]
    fn every_tool_that_is_offered_can_be_called() {
        for tool in all_tools(functions(), &[]) {
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
            ("grep", json!({}), "wrong arguments: `pattern` is missing"),
            ("grep", json!({"pattern": null}), "wrong arguments: `pattern` must be a text, not null"),
            ("peek", json!({"start": "a", "end": 1}), "wrong arguments: `start` must be a whole number, not \"a\""),
            ("set_variable", json!({"name": "a b", "value": 1}), "\"a b\" is no name for a variable"),
            ("shell", json!({}), "there is no tool \"shell\"; there are search, "),
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
