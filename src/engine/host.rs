//! What programs and tools can call: looks into the text, calls of models, child runs.
//!
//! One table holds all of it. A function is added by an entry in [`looks`], [`facts`], [`programs`] or [`actions`]; the
//! instructions, the schemas of the tools, the functions in the interpreter, the reserved names and `docs/functions.md`
//! follow.

mod actions;
mod call_arguments;
pub mod call_program;
pub mod dispatch;
mod facts;
pub mod function;
mod instructions;
mod looks;
pub mod names;
#[cfg(test)]
mod page;
pub mod places;
mod programs;
mod python;
pub mod recorded;
mod rows;
mod schema;
mod sub_calls;
pub mod tool_action;
pub mod tool_call;
pub mod tool_output;

#[cfg(test)]
mod tests;

use crate::{config::ToolSpec, llm::Tool};
use function::HostFunction;

/// All host functions, in the order in which models are told of them.
fn functions() -> impl Iterator<Item = &'static HostFunction> + Clone {
    [looks::TEXT, facts::FACTS, programs::MODELS, programs::RUN, actions::ACTIONS].into_iter().flatten()
}

/// Everything that a model in the tools protocol may call; `own` are tools of the person's own.
pub fn all_tools(own: &[&ToolSpec]) -> Vec<Tool> {
    schema::all_tools(functions(), own)
}

/// The functions as the interpreter's programs find them, in Python.
pub fn python() -> String {
    python::source(functions())
}

/// What the instructions say about what programs find: the text, and functions about it; models and the run.
pub fn instruction_lines() -> (String, String) {
    let of_run = programs::MODELS.iter().chain(programs::RUN);
    let of_text = looks::TEXT.iter().chain(facts::FACTS);
    (instructions::variable_lines() + &instructions::lines(of_text), instructions::lines(of_run))
}

/// The names of the looks that tools have, and of the functions about the text that only programs have.
pub fn look_names() -> (String, String) {
    let (of_tools, others): (Vec<_>, Vec<_>) = looks::TEXT.iter().chain(facts::FACTS).partition(|it| it.is_of_tools());
    (instructions::names(of_tools.into_iter()), instructions::names(others.into_iter()))
}
