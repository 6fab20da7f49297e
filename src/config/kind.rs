//! Types of options: how a value is read from wherever it may be written, and what a run is given of it.
//!
//! A new type is an `impl` of [`Kind`], and a line in [`Shape`] if none there fits.

mod choice;
mod flag;
mod number;
mod structure;
mod text;

pub use choice::{Choice, Choices};
pub use flag::Flag;
pub use number::{Money, Seconds, Unlimited, Whole};
pub use structure::{Prices, Schema, Tools};
pub(in crate::config) use text::texts;
pub use text::{Globs, Name};

use clap::{Arg, ArgAction, ArgMatches, builder::ValueParser};
use serde_json::Value;

/// A type of option. Problems are told without the option's name, which whoever asks puts before them.
pub trait Kind: Clone + Send + Sync + 'static {
    /// What may be written.
    type Written: Clone + Send + Sync + 'static;

    /// What a run is given.
    type Settled;

    /// Whether the terminal takes the name of a file that holds the JSON, instead of the value.
    const IS_FILE: bool = false;

    fn shape(&self) -> Shape;

    /// What stands for a value in the help.
    fn value_name(&self) -> String;

    /// What holds if nothing is written, as people are told it.
    fn default(&self) -> Option<String> {
        None
    }

    /// Reads a value on the wire.
    ///
    /// # Errors
    /// What was expected, and what was there instead.
    fn read(&self, value: &Value) -> Result<Self::Written, String>;

    /// Reads a value in the environment.
    ///
    /// # Errors
    /// What was expected, and what was there instead.
    fn parse(&self, text: &str) -> Result<Self::Written, String> {
        self.read(&Value::from(text))
    }

    /// Makes `argument` take such a value in the terminal.
    fn argument(&self, argument: Arg) -> Arg {
        let kind = self.clone();
        argument.value_parser(ValueParser::from(move |text: &str| kind.parse(text)))
    }

    /// What that argument was given.
    fn matched(&self, matches: &ArgMatches, name: &str) -> Option<Self::Written> {
        one(matches, name)
    }

    /// What holds when `upper` is laid over `lower`.
    fn merge(upper: Option<Self::Written>, lower: Option<Self::Written>) -> Option<Self::Written> {
        upper.or(lower)
    }

    /// Fills the gap with the default.
    ///
    /// # Errors
    /// The value is out of its bounds.
    fn settle(&self, written: Option<Self::Written>) -> Result<Self::Settled, String>;
}

/// What a value looks like in JSON, for descriptions of it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Text,
    TextOrTexts,
    Globs,
    /// One of these names.
    Choice(Vec<String>),
    /// A list of these names.
    Choices(Vec<String>),
    /// A whole number that is not below this one.
    Whole {
        least: u64,
    },
    /// A number above 0.
    Number,
    /// A number of seconds above 0, or a text with units.
    Time,
    Flag,
    Schema,
    Tools,
    Prices,
}

pub(super) fn expected(what: &str, found: &Value) -> String {
    format!("expected {what}, got {}", crate::text::one_line(&found.to_string(), 60))
}

/// The value of an argument. A command may not have the argument at all.
fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.try_get_one(name).ok().flatten().cloned()
}

/// The values of an argument that may be given several times.
pub(in crate::config) fn many<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<Vec<T>> {
    Some(matches.try_get_many(name).ok().flatten()?.cloned().collect())
}

pub(in crate::config) fn repeated(argument: Arg) -> Arg {
    argument.action(ArgAction::Append)
}
