//! Calls of tools that were written where a program should have been: what they are called, and the program that does the same.

use super::{
    call_arguments::{fields, fitted},
    function::{HostFunction, Parameter},
    functions,
    tool_action::ToolAction,
    tool_call::{own_tool, read, tool},
};
use crate::{
    config::{Deed, ToolSpec},
    engine::run::written_calls::{Known, bare_name},
    llm::ToolCall,
};
use serde_json::Value;

/// The tools of a run, as their names and parameters are looked up.
pub struct ToolNames<'o>(pub &'o [&'o ToolSpec]);

impl Known for ToolNames<'_> {
    fn parameters(&self, name: &str) -> Option<Vec<String>> {
        if let Some(function) = tool(name, self.0).or_else(|| of_programs(name)) {
            return Some(function.parameters.iter().filter_map(Parameter::tool_name).map(str::to_owned).collect());
        }
        let tool = own_tool(name, self.0)?;
        let properties = match &tool.deed {
            Deed::Command { parameters, .. } => parameters["properties"].as_object(),
            Deed::Value(_) => None,
        };
        Some(properties.into_iter().flatten().map(|(name, _)| name.clone()).collect())
    }
}

/// The function of a name that programs have.
fn of_programs(name: &str) -> Option<&'static HostFunction> {
    functions().find(|it| it.is_of_programs() && it.name == bare_name(name))
}

/// A call as a program, for a model that should have written one.
///
/// # Errors
/// Programs have no such function, or its arguments make no sense; in words for the model.
pub fn as_program(call: &ToolCall, own: &[&ToolSpec]) -> Result<String, String> {
    let name = bare_name(&call.name);
    if let Some(function) = of_programs(name).or_else(|| of_programs(&name.to_lowercase())) {
        let given = fields(call, Some(function))?;
        let argument = |parameter: &Parameter| {
            let value = parameter.tool_name().and_then(|name| given.get(name)).or_else(|| given.get(parameter.name))?;
            if value.is_null() {
                return None;
            }
            let value = fitted(value, parameter.kind).unwrap_or_else(|| value.clone());
            Some(format!("{}={}", parameter.name, python(&value)))
        };
        let arguments: Vec<String> = function.parameters.iter().filter_map(argument).collect();
        let call = format!("{}({})", function.name, arguments.join(", "));
        return Ok(if function.name.starts_with("FINAL") { call } else { format!("print({call})") });
    }
    if let Some(tool) = own_tool(name, own) {
        let given = fields(call, None)?;
        let arguments: Vec<String> = given.iter().map(|(name, value)| format!("{name}={}", python(value))).collect();
        return Ok(format!("print({}({}))", tool.name, arguments.join(", ")));
    }
    match read(call, own)? {
        ToolAction::Cell { code, .. } => Ok(code),
        ToolAction::Final(answer) => Ok(format!("FINAL({})", python(&answer))),
        _ => Err(format!("programs have no function {name:?}")),
    }
}

/// A value as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), python(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        // JSON writes both as Python does.
        Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_call_becomes_the_program_that_does_the_same() {
        let call = |name: &str, arguments: Value| ToolCall {
            id: String::new(),
            name: name.to_owned(),
            arguments,
            signatures: None,
        };
        for (name, arguments, expected) in [
            (
                "grep",
                json!({"pattern": "a\"b", "max_results": "5", "path": null}),
                "print(grep(pattern=\"a\\\"b\", max_results=5))",
            ),
            ("functions.search", json!({"query": "x"}), "print(search(query=\"x\"))"),
            ("exec_python", json!({"code": "x = 1"}), "x = 1"),
            ("python", json!("x = 1"), "x = 1"),
            ("final", json!({"answer": {"a": [true, null]}}), "FINAL({\"a\": [True, None]})"),
            ("FINAL", json!({"value": "x"}), "FINAL(value=\"x\")"),
            ("chunk", json!({"chunk_size": 10}), "print(chunk(size=10))"),
        ] {
            assert_eq!(as_program(&call(name, arguments), &[]).as_deref(), Ok(expected));
        }
        for (name, arguments, expected) in [
            ("get_weather", json!({}), "there is no tool \"get_weather\""),
            ("sub_llm", json!({"query": "x"}), "programs have no function \"sub_llm\""),
        ] {
            let error = as_program(&call(name, arguments), &[]).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
