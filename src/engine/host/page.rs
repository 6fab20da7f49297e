//! The page about the host functions, `docs/functions.md`.

use super::{
    function::{Constant, Gives, HostFunction, Missing, Parameter},
    names::VARIABLES,
};
use crate::text::capitalized;
use std::fmt::Write;

/// The page, as Markdown.
pub fn page<'a>(functions: impl Iterator<Item = &'a HostFunction>) -> String {
    let functions: Vec<&HostFunction> = functions.collect();
    let mut page = String::from(
        "# What programs and tools can call\n\n\
         This page is made from the table of host functions (`src/engine/host`); so are the instructions of the models, the schemas of \
         the tools and the functions in the interpreter. A test holds it against the table; \
         `UPDATE_EXPECT=1 cargo test --locked --lib host` writes it anew.\n\n\
         ## Variables of programs\n\n| name | meaning |\n|---|---|\n",
    );
    for (name, about) in VARIABLES {
        let _ = writeln!(page, "| `{name}` | {about} |");
    }
    page.push_str("\n## Functions\n");
    for function in functions {
        let _ = write!(
            page,
            "\n### `{}`\n\n{}{}.\n",
            heading(function),
            capitalized(function.about),
            gives(function.gives)
        );
        let _ = writeln!(page, "\nCalled by {}.", callers(function));
        if !function.parameters.is_empty() {
            page.push_str("\n| parameter | meaning | without it |\n|---|---|---|\n");
        }
        for parameter in function.parameters {
            let _ = writeln!(page, "| {} | {} | {} |", names(parameter), parameter.about, missing(parameter.missing));
        }
    }
    page
}

fn heading(function: &HostFunction) -> String {
    match function.is_of_programs() {
        true => {
            let parameters: Vec<String> = function.parameters.iter().map(Parameter::python).collect();
            format!("{}({})", function.name, parameters.join(", "))
        }
        false => function.name.to_owned(),
    }
}

fn callers(function: &HostFunction) -> &'static str {
    match (function.is_of_programs(), function.is_of_tools()) {
        (true, true) => "programs and tools",
        (true, false) => "programs",
        (false, _) => "tools",
    }
}

fn gives(gives: Gives) -> String {
    match gives {
        Gives::Rows(form) => format!("; rows (`{}`) with {}", form.class, form.columns.join(", ")),
        Gives::Pieces => "; each piece is a str with `.start` and `.end`, and for a tool its start and end".to_owned(),
        Gives::Part | Gives::Slice | Gives::Plain => String::new(),
    }
}

fn names(parameter: &Parameter) -> String {
    match parameter.tool_name() {
        Some(name) if name == parameter.name => format!("`{name}`"),
        Some(name) => format!("`{}` (`{name}` of the tool)", parameter.name),
        None => format!("`{}` (not of the tool)", parameter.name),
    }
}

fn missing(missing: Missing) -> String {
    match missing {
        Missing::Refused => "an error".to_owned(),
        Missing::Forgiven(value) => format!("an error; for a tool {}", constant(value)),
        Missing::Default(value) => constant(value),
    }
}

fn constant(value: Constant) -> String {
    match value {
        Constant::Integer(i64::MAX) => "the end".to_owned(),
        value => format!("`{}`", value.python()),
    }
}
