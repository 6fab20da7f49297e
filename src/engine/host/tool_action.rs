//! What a call of a tool asks for.

use serde_json::Value;

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
