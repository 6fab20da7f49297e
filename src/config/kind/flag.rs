//! Options that are on or off.

use super::{Kind, Shape, expected, one};
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::Value;

/// Off unless it is set. The terminal has a word for it that takes no value.
#[derive(Clone)]
pub struct Flag;

impl Kind for Flag {
    type Written = bool;
    type Settled = bool;

    fn shape(&self) -> Shape {
        Shape::Flag
    }

    fn value_name(&self) -> String {
        String::new()
    }

    fn read(&self, value: &Value) -> Result<bool, String> {
        value.as_bool().ok_or_else(|| expected("true or false", value))
    }

    fn argument(&self, argument: Arg) -> Arg {
        argument.value_names([] as [&str; 0]).action(ArgAction::SetTrue)
    }

    fn matched(&self, matches: &ArgMatches, name: &str) -> Option<bool> {
        // Where it is not given, a lower layer decides.
        one(matches, name).filter(|&is_on| is_on)
    }

    fn settle(&self, written: Option<bool>) -> Result<bool, String> {
        Ok(written.unwrap_or(false))
    }
}
