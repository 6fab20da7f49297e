//! What is offered in the tools protocol: names, descriptions, and schemas of the arguments.

use super::function::{Constant, Gives, HostFunction, Kind, Missing, Parameter};
use crate::{
    config::{Deed, ToolSpec},
    llm::Tool,
    text::capitalized,
};
use serde_json::{Map, Value, json};

/// Everything that a model in the tools protocol may call: those of the functions that tools have, and the person's own.
pub fn all_tools<'a>(functions: impl Iterator<Item = &'a HostFunction>, own: &[&ToolSpec]) -> Vec<Tool> {
    let mut tools: Vec<Tool> = functions.filter(|it| it.is_of_tools()).map(tool).collect();
    tools.extend(own.iter().map(|spec| Tool {
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters: match &spec.deed {
            Deed::Command { parameters, .. } => parameters.clone(),
            Deed::Value(_) => json!({"type": "object", "properties": {}}),
        },
    }));
    tools
}

fn tool(function: &HostFunction) -> Tool {
    let gives = match function.gives {
        Gives::Rows(form) => format!("; each with {}", form.columns.join(", ")),
        Gives::Pieces => "; gives [start, end] of each".to_owned(),
        Gives::Part | Gives::Slice | Gives::Plain => String::new(),
    };
    let named = function.parameters.iter().filter_map(|it| Some((it.tool_name()?, it)));
    let properties: Map<String, Value> = named.clone().map(|(name, it)| (name.to_owned(), property(it))).collect();
    let required: Vec<&str> =
        named.filter(|(_, it)| !matches!(it.missing, Missing::Default(_))).map(|(name, _)| name).collect();
    Tool {
        name: function.name.to_owned(),
        description: format!("{}{gives}.", capitalized(function.about)),
        parameters: json!({"type": "object", "properties": properties, "required": required}),
    }
}

fn property(parameter: &Parameter) -> Value {
    let about = match parameter.missing {
        Missing::Default(value @ (Constant::Text(_) | Constant::False)) => {
            format!("{}; default {}", parameter.about, value.json())
        }
        // The largest number stands for the end, which the text says.
        Missing::Default(Constant::Integer(value)) if value < i64::MAX => {
            format!("{}; default {value}", parameter.about)
        }
        _ => parameter.about.to_owned(),
    };
    let kind = match parameter.kind {
        Kind::Text | Kind::Prompt => "string",
        Kind::Integer => "integer",
        Kind::Flag => "boolean",
        Kind::Texts | Kind::Prompts => {
            return json!({"type": "array", "items": {"type": "string"}, "description": about});
        }
        Kind::Any => return json!({ "description": about }),
    };
    json!({"type": kind, "description": about})
}
