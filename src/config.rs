//! What a person can set, and what the rest of the program is given.
//!
//! [`Options`] are what arrives: from the terminal, from an editor's settings, from the environment; every one may be
//! missing. They are laid over each other, and [`Options::resolve`] turns the result into [`Settings`]: total, bounded,
//! and the only form that the layers above read. A value that makes no sense is refused here, by the name that the
//! person wrote, so that nothing further down has to ask what a concurrency of zero might mean.
//!
//! The environment is a value ([`Environment`]) that `main` hands in, so that a test needs no process environment and
//! nothing below reads one behind its caller's back.

mod definition;
mod endpoint;
mod environment;
mod kind;
mod modes;
mod names;
mod option_table;
mod settings;
mod spelling;
mod time;
mod tools;
mod wire;

pub use definition::{Definition, Facts, Group};
pub use endpoint::{Endpoint, EndpointSettings};
pub use environment::Environment;
pub use kind::Shape;
pub use modes::{Effort, Protocol, Repair, Strategy, TraceContent};
pub use names::{distance, in_editor};
pub use option_table::{DEFINITIONS, Limits, Options, Settings};
pub use tools::{Deed, ToolSpec, tools};

/// What a model costs, in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub input: f64,
    pub output: f64,
}

impl Price {
    /// US dollars for these tokens.
    pub fn of(self, input: u64, output: u64) -> f64 {
        (self.input * input as f64 + self.output * output as f64) / 1e6
    }
}

/// Why an option was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {problem}")]
pub struct SettingsError {
    /// The option's name as in [`Options`] on the wire (`maxCalls`), or the environment variable's (`RLM_PRICE`).
    pub option: String,
    /// What was expected and what was there instead.
    pub problem: String,
}

impl SettingsError {
    fn new(option: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { option: option.into(), problem: problem.into() }
    }
}

#[cfg(test)]
mod tests;
