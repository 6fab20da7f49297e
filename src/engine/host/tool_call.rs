//! Calls of tools: how one is read, and how it is shown.
//!
//! The functions are those that programs have, as far as tools have them ([`super::function`]); here their arguments come
//! by name, as a model wrote them.

use super::{
    call_arguments::{arguments, fields, fit_schema},
    function::{Does, HostFunction},
    functions,
    tool_action::ToolAction,
};
use crate::{
    config::{Deed, ToolSpec},
    engine::run::written_calls::bare_name,
    llm::ToolCall,
};
use serde_json::{Map, Value};

/// What models call the tool that runs a program, after tools of other programs.
const RUNS_PYTHON: [&str; 7] =
    ["python", "run_python", "execute_python", "python_interpreter", "code_interpreter", "ipython", "repl"];

/// The functions that tools have.
fn tools() -> impl Iterator<Item = &'static HostFunction> {
    functions().filter(|it| it.is_of_tools())
}

/// The tool of a name as models write it, if none of the person's own has it.
pub fn tool(name: &str, own: &[&ToolSpec]) -> Option<&'static HostFunction> {
    let name = bare_name(name).replace('-', "_").to_lowercase();
    let name = if RUNS_PYTHON.contains(&name.as_str()) { "exec_python" } else { &name };
    tools().find(|it| it.name == name).filter(|_| own_tool(name, own).is_none())
}

/// The tool of the person's own of a name as models write it.
pub fn own_tool<'s>(name: &str, own: &[&'s ToolSpec]) -> Option<&'s ToolSpec> {
    own.iter().find(|tool| tool.name == bare_name(name)).copied()
}

/// Reads a call. `own` are the tools of the person's own that the run has.
///
/// # Errors
/// There is no such tool, or its arguments make no sense; in words for the model.
pub fn read(call: &ToolCall, own: &[&ToolSpec]) -> Result<ToolAction, String> {
    if let Some(function) = tool(&call.name, own) {
        let given = fields(call, Some(function))?;
        let arguments = arguments(function, &given)?;
        return match function.does {
            Does::Act(act) => act(arguments),
            _ => Ok(ToolAction::Look { name: function.name, arguments }),
        };
    }
    if let Some(tool) = own_tool(&call.name, own) {
        let mut given = fields(call, None)?.into_owned();
        if let Deed::Command { parameters, .. } = &tool.deed {
            fit_schema(&mut given, parameters);
        }
        return Ok(ToolAction::Own { name: tool.name.clone(), arguments: Value::Object(given) });
    }
    let known: Vec<&str> = tools().map(|it| it.name).chain(own.iter().map(|tool| tool.name.as_str())).collect();
    Err(format!("there is no tool {:?}; there are {}", call.name, known.join(", ")))
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
    use serde_json::json;

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
            ("peek", json!("start=1"), "the arguments are no JSON object; they begin with start=1"),
            ("exec_python", json!("{\"code\": \"a"), "the arguments are no JSON object"),
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
    fn arguments_are_taken_as_they_are_meant() {
        let look = |name, arguments| match read_call(name, arguments) {
            Ok(ToolAction::Look { arguments, .. }) => arguments,
            other => json!(format!("{other:?}")),
        };
        for (name, given, expected) in [
            (
                "grep",
                json!({"pattern": "x", "path": null, "ignore_case": "true", "max_results": "7"}),
                json!(["x", null, true, 7]),
            ),
            ("grep", json!({"pattern": 4711, "ignore_case": 0, "max_results": 7.0}), json!(["4711", null, false, 7])),
            ("functions.grep:0", json!({"pattern": "x"}), json!(["x", null, false, 50])),
            ("Grep", json!("x"), json!(["x", null, false, 50])),
            ("grep", json!({"name": "grep", "arguments": {"pattern": "x"}}), json!(["x", null, false, 50])),
            ("peek", json!({"start": " 3 "}), json!([3, i64::MAX])),
        ] {
            assert_eq!(look(name, given.clone()), expected, "{name} {given}");
        }
        for (name, given) in [("python", json!({"code": "x"})), ("exec_python", json!("x"))] {
            let Ok(ToolAction::Cell { code, .. }) = read_call(name, given) else { panic!("{name} runs a program") };
            assert_eq!(code, "x");
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
