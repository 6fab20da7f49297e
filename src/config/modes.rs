//! How a question is answered: choices that a person makes by name.

use clap::ValueEnum;

/// Where the context is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// By reading passages if the model is small, or has failed at programs; directly when the context fits the model's
    /// window comfortably; else recursively.
    #[default]
    Auto,
    /// The whole context in one prompt.
    Direct,
    /// The context outside the prompt, as a variable of the REPL.
    Rlm,
    /// Passages of the built-in search in one prompt.
    Read,
}

impl Strategy {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Rlm => "rlm",
            Self::Read => "read",
        }
    }
}

/// How a model asks for what it wants done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// By tools if it is known to call them, else by programs.
    #[default]
    Auto,
    /// By programs in fenced blocks of its text.
    Repl,
    /// By native calls of tools.
    Tools,
}

/// How much a model is to reason before it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Effort {
    /// As the model does by itself.
    #[default]
    Auto,
    /// Not at all.
    None,
    Low,
    Medium,
    High,
}

/// A repair that may be wrong for a program that is right, and so is made only where it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Repair {
    /// `f()()` runs as `f()`.
    DoubledCalls,
    /// `{name}` in a prompt is filled with the text of that variable.
    Placeholders,
    /// A turn that failed leaves the conversation; what it failed with stays.
    CleanRetry,
}

/// What traces have of the texts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TraceContent {
    /// All.
    #[default]
    Full,
    /// How long they are.
    None,
}
