//! The functions as programs find them: a text of Python, which the interpreter's prelude ends with.

use super::function::{Constant, Does, Gives, HostFunction, Kind, MOST_PROMPTS, Missing, Parameter};
use crate::text::capitalized;
use std::fmt::Write;

/// The classes of rows and the functions, and the list `FUNCTIONS` of these.
pub fn source<'a>(functions: impl Iterator<Item = &'a HostFunction>) -> String {
    let mut source = String::new();
    let functions: Vec<&HostFunction> = functions.filter(|it| it.is_of_programs()).collect();
    for function in &functions {
        if let Gives::Rows(form) = function.gives {
            let _ = write!(source, "\n\n{}", form.python());
        }
    }
    for function in &functions {
        let _ = write!(source, "\n\n{}", definition(function));
    }
    let names: Vec<&str> = functions.iter().map(|it| it.name).collect();
    let _ = write!(source, "\n\nFUNCTIONS = [{}]\n", names.join(", "));
    source
}

fn definition(function: &HostFunction) -> String {
    let HostFunction { name, about, parameters, .. } = function;
    let given: Vec<String> = parameters.iter().map(Parameter::python).collect();
    let mut documentation = format!("{}.", capitalized(about));
    for it in *parameters {
        let _ = write!(documentation, "\n{}: {}", it.name, it.about);
    }
    let (given, documentation) = (given.join(", "), literal(&documentation));
    format!("def {name}({given}):\n    {documentation}\n    return {}\n", result(function))
}

/// A text as Python writes it; JSON writes it alike.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What a call gives, as an expression.
fn result(function: &HostFunction) -> String {
    let HostFunction { name, parameters, .. } = function;
    let arguments: Vec<String> = parameters.iter().map(argument).collect();
    let all = arguments.join(", ");
    let call = format!("host_call({name:?}, [{all}])");
    match (function.does, function.gives) {
        (Does::Python(expression), _) => expression.to_owned(),
        (Does::Ask { is_batch: true, .. }, _) => format!("batched({name:?}, {all})"),
        (Does::Ask { .. }, _) => {
            let (prompt, others) =
                arguments.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
            format!("batched({name:?}, [{prompt}], {})[0]", others.join(", "))
        }
        (_, Gives::Slice) => format!("whole[{}:{}]", parameters[0].name, parameters[1].name),
        (_, Gives::Part) => format!("whole[slice(*{call})]"),
        (_, Gives::Rows(form)) => format!("rows({}, {call})", form.class),
        (_, Gives::Pieces) => format!("[piece(start, end) for start, end in {call}]"),
        (_, Gives::Plain) => call,
    }
}

/// An argument, checked.
fn argument(parameter: &Parameter) -> String {
    let name = parameter.name;
    let checked = match parameter.kind {
        Kind::Text => format!("text({name}, {name:?})"),
        Kind::Integer => format!("number({name}, {name:?})"),
        Kind::Flag => format!("bool({name})"),
        Kind::Texts => format!("texts({name}, {name:?})"),
        Kind::Prompt => format!("filled(text({name}, {name:?}))"),
        Kind::Prompts => format!("prompt_list({name}, {MOST_PROMPTS})"),
        Kind::Any => name.to_owned(),
    };
    match parameter.missing {
        Missing::Default(Constant::None) if parameter.kind != Kind::Texts => {
            format!("None if {name} is None else {checked}")
        }
        _ => checked,
    }
}
