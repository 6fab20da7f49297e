//! What the instructions of models say about functions.

use super::{
    function::{Gives, HostFunction, Offered},
    names::{ALWAYS_THERE, VARIABLES},
};
use std::fmt::Write;

/// A line for each variable that is always there.
pub fn variable_lines() -> String {
    VARIABLES[..ALWAYS_THERE].iter().fold(String::new(), |mut lines, (name, about)| {
        let _ = writeln!(lines, "- `{name}`: {about}");
        lines
    })
}

/// A line for each of the functions that programs have.
pub fn lines<'a>(functions: impl Iterator<Item = &'a HostFunction>) -> String {
    let listed = functions.filter(|it| matches!(it.offered, Offered::Everywhere | Offered::Programs));
    listed.fold(String::new(), |mut lines, function| {
        let gives = match function.gives {
            Gives::Rows(form) => format!("; rows with {}", form.columns.join(", ")),
            Gives::Pieces => "; each is a str with `.start` and `.end`".to_owned(),
            Gives::Part | Gives::Slice | Gives::Plain => String::new(),
        };
        let _ = writeln!(lines, "- `{}`: {}{gives}", function.signature(), function.about);
        lines
    })
}

/// The names of functions, in backquotes.
pub fn names<'a>(functions: impl Iterator<Item = &'a HostFunction>) -> String {
    let names: Vec<String> = functions.map(|it| format!("`{}`", it.name)).collect();
    names.join(", ")
}
