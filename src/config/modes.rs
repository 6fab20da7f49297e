//! How a question is answered: choices that a person makes by name.

use std::{fmt, str::FromStr};

/// Something that has one of a few names, the same on the wire and in the terminal.
pub trait Named: Copy + 'static {
    const ALL: &'static [Self];

    fn name(self) -> &'static str;

    /// What there is to choose from, for a person.
    fn choices() -> String {
        let names: Vec<String> = Self::ALL.iter().map(|it| format!("`{}`", it.name())).collect();
        let (last, first) = names.split_last().expect("there is something to choose from");
        format!("{} or {last}", first.join(", "))
    }

    /// The one that is meant.
    ///
    /// # Errors
    /// What was expected.
    fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|it| it.name() == name);
        found.ok_or_else(|| format!("expected {}", Self::choices()))
    }
}

/// Where the context is.
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

impl Named for Strategy {
    const ALL: &'static [Self] = &[Self::Auto, Self::Direct, Self::Rlm];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Rlm => "rlm",
        }
    }
}

/// How a model asks for what it wants done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// By tools if it is known to call them, else by programs.
    #[default]
    Auto,
    /// By programs in fenced blocks of its text.
    Repl,
    /// By native calls of tools.
    Tools,
}

impl Named for Protocol {
    const ALL: &'static [Self] = &[Self::Auto, Self::Repl, Self::Tools];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Repl => "repl",
            Self::Tools => "tools",
        }
    }
}

/// A repair that may be wrong for a program that is right, and so is made only where it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// `f()()` runs as `f()`.
    DoubledCalls,
    /// `{name}` in a prompt is filled with the text of that variable.
    Placeholders,
    /// A turn that failed leaves the conversation; what it failed with stays.
    CleanRetry,
}

impl Named for Repair {
    const ALL: &'static [Self] = &[Self::DoubledCalls, Self::Placeholders, Self::CleanRetry];

    fn name(self) -> &'static str {
        match self {
            Self::DoubledCalls => "doubledCalls",
            Self::Placeholders => "placeholders",
            Self::CleanRetry => "cleanRetry",
        }
    }
}

/// Gives a [`Named`] type the traits of a choice in the terminal.
macro_rules! choice {
    ($($kind:ty),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $kind {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                Self::parse(name)
            }
        }
    )*};
}

choice!(Strategy, Protocol, Repair);
