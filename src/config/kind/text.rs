//! Options that are texts, or lists of them.

use super::{Kind, Shape, expected, many, repeated};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::Value;

/// The name of a model.
#[derive(Clone)]
pub struct Name;

impl Kind for Name {
    type Written = String;
    type Settled = Option<String>;

    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn value_name(&self) -> String {
        "SPEC".to_owned()
    }

    fn read(&self, value: &Value) -> Result<String, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| expected("a string", value))
    }

    fn settle(&self, written: Option<String>) -> Result<Option<String>, String> {
        let named = |name: String| match name.trim() {
            "" => Err("expected the name of a model, got nothing".to_owned()),
            name => Ok(name.to_owned()),
        };
        written.map(named).transpose()
    }
}

/// Patterns of paths, as in `.gitignore`.
#[derive(Clone)]
pub struct Globs;

impl Kind for Globs {
    type Written = Vec<String>;
    type Settled = Vec<String>;

    fn shape(&self) -> Shape {
        Shape::Globs
    }

    fn value_name(&self) -> String {
        "GLOB".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Vec<String>, String> {
        texts(value).ok_or_else(|| expected("a list of strings", value))
    }

    fn argument(&self, argument: Arg) -> Arg {
        repeated(argument).value_parser(value_parser!(String))
    }

    fn matched(&self, matches: &ArgMatches, name: &str) -> Option<Vec<String>> {
        many(matches, name)
    }

    fn settle(&self, written: Option<Vec<String>>) -> Result<Vec<String>, String> {
        Ok(written.unwrap_or_default())
    }
}

pub(in crate::config) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}
