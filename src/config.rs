//! What a person can set, and what the rest of the program is given.
//!
//! [`Options`] are what arrives: from the terminal, from an editor's settings, from the environment; every one may be
//! missing. They are laid over each other, and [`Options::resolve`] turns the result into [`Settings`]: total, bounded,
//! and the only form that the layers above read. A value that makes no sense is refused here, by the name that the
//! person wrote, so that nothing further down has to ask what a concurrency of zero might mean.
//!
//! The environment is a value ([`Environment`]) that `main` hands in, so that a test needs no process environment and
//! nothing below reads one behind its caller's back.

mod endpoint;
mod environment;
mod names;
mod options;
mod settings;
mod wire;

use std::fmt;

pub use endpoint::Endpoint;
pub use environment::Environment;
pub use options::Options;
pub use settings::{Limits, Settings};

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Directly when the context fits the model's window comfortably, else recursively.
    #[default]
    Auto,
    /// The whole context in one prompt.
    Direct,
    /// The context outside the prompt, as a variable of the REPL.
    Rlm,
}

impl Strategy {
    /// Its name on the wire and in the terminal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Rlm => "rlm",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Strategy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Auto, Self::Direct, Self::Rlm]
            .into_iter()
            .find(|it| it.name() == name)
            .ok_or_else(|| "expected `auto`, `direct` or `rlm`".to_owned())
    }
}

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
