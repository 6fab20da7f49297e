//! What only tools can call: a child run on a part of the text, programs and variables, the end of the run.

use crate::engine::host::{
    function::{Constant, Does, Gives, HostFunction, Kind, Offered, Parameter},
    looks::END,
    names::is_reserved,
    tool_action::{ProgramKind, ToolAction},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

const fn tool(
    name: &'static str,
    about: &'static str,
    parameters: &'static [Parameter],
    act: fn(Value) -> Result<ToolAction, String>,
) -> HostFunction {
    HostFunction { name, about, parameters, gives: Gives::Plain, does: Does::Act(act), offered: Offered::Tools }
}

/// The functions that only the tools protocol has.
pub const ACTIONS: &[HostFunction] = &[
    tool(
        "sub_llm",
        "the answer of another model to the query, which works on the characters `start`..`end` of the text. Call it several \
         times in one message for several parts: they run in parallel",
        &[
            Parameter::text("query", "what to find out"),
            Parameter::integer("start", "first character").or(Constant::Integer(0)),
            Parameter::integer("end", "end, excluded; without it, to the end").or(END),
        ],
        |given| {
            let (query, start, end) = arguments(given)?;
            Ok(ToolAction::SubLlm { query, start, end })
        },
    ),
    tool(
        "exec_python",
        "what a program prints that runs in the REPL. Variables stay",
        &[Parameter::text("code", "Python")],
        |given| {
            let (code,) = arguments(given)?;
            Ok(ToolAction::Cell { code, kind: ProgramKind::Program })
        },
    ),
    tool(
        "set_variable",
        "sets a variable of the REPL",
        &[Parameter::text("name", "its name"), Parameter::of(Kind::Any, "value", "a text, or any JSON value")],
        |given| {
            let (name, value): (String, Value) = arguments(given)?;
            if is_reserved(&name) {
                return Err(format!("{name} is given, and cannot be set; take another name"));
            }
            let code = format!("{} = __import__('json').loads({})", identifier(&name)?, literal(&value.to_string()));
            Ok(ToolAction::Cell { code, kind: ProgramKind::Set(name) })
        },
    ),
    tool("get_variable", "the value of a variable of the REPL", &[Parameter::text("name", "its name")], |given| {
        let (name,): (String,) = arguments(given)?;
        Ok(ToolAction::Cell { code: format!("print({})", identifier(&name)?), kind: ProgramKind::Get(name) })
    }),
    tool(
        "final",
        "gives the answer and ends the work",
        &[Parameter::of(Kind::Any, "answer", "the answer: Markdown, or the JSON value that was asked for")],
        |given| {
            let (answer,) = arguments(given)?;
            Ok(ToolAction::Final(answer))
        },
    ),
    tool(
        "final_var",
        "gives the value of a variable as the answer and ends the work",
        &[Parameter::text("name", "the variable")],
        |given| {
            let (name,): (String,) = arguments(given)?;
            Ok(ToolAction::Cell { code: format!("FINAL_VAR({})", literal(&name)), kind: ProgramKind::FinalVar })
        },
    ),
];

/// The arguments in the order of the parameters, whose kinds were checked.
fn arguments<T: DeserializeOwned>(given: Value) -> Result<T, String> {
    serde_json::from_value(given).map_err(|error| format!("wrong arguments: {error}"))
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
