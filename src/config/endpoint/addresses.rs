//! The option that names endpoints.

use super::Endpoint;
use crate::config::kind::{Kind, Shape, many, repeated, texts};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::Value;

/// Base URLs of servers. One may hold a key, so it is not repeated.
#[derive(Clone)]
pub struct Addresses;

impl Kind for Addresses {
    type Written = Vec<String>;
    type Settled = Vec<Endpoint>;

    fn shape(&self) -> Shape {
        Shape::TextOrTexts
    }

    fn value_name(&self) -> String {
        "URL".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Vec<String>, String> {
        let all = value.as_str().map(|text| vec![text.to_owned()]).or_else(|| texts(value));
        all.ok_or_else(|| "expected a string or a list of strings".to_owned())
    }

    /// Several are divided by white space or commas; one with settings of its own is a JSON object.
    fn parse(&self, text: &str) -> Result<Vec<String>, String> {
        if text.trim_start().starts_with('{') {
            return Ok(vec![text.to_owned()]);
        }
        let divided = text.split(|it: char| it == ',' || it.is_whitespace());
        Ok(divided.filter(|it| !it.is_empty()).map(str::to_owned).collect())
    }

    fn argument(&self, argument: Arg) -> Arg {
        repeated(argument).value_parser(value_parser!(String))
    }

    fn matched(&self, matches: &ArgMatches, name: &str) -> Option<Vec<String>> {
        many(matches, name)
    }

    fn settle(&self, written: Option<Vec<String>>) -> Result<Vec<Endpoint>, String> {
        written.iter().flatten().map(|text| Endpoint::parse(text)).collect()
    }
}
