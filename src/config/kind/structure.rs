//! Options that are more than a text or a number. In the terminal most of them stand in a file.

use super::{Kind, Shape, expected};
use crate::config::{Price, ToolSpec, tools::tools};
use serde_json::Value;
use std::collections::BTreeMap;

/// A JSON Schema.
#[derive(Clone)]
pub struct Schema;

impl Kind for Schema {
    type Written = Value;
    type Settled = Option<Value>;

    const IS_FILE: bool = true;

    fn shape(&self) -> Shape {
        Shape::Schema
    }

    fn value_name(&self) -> String {
        "FILE".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }

    fn settle(&self, written: Option<Value>) -> Result<Option<Value>, String> {
        Ok(written)
    }
}

/// Tools of one's own.
#[derive(Clone)]
pub struct Tools;

impl Kind for Tools {
    type Written = Vec<ToolSpec>;
    type Settled = Vec<ToolSpec>;

    const IS_FILE: bool = true;

    fn shape(&self) -> Shape {
        Shape::Tools
    }

    fn value_name(&self) -> String {
        "FILE".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Vec<ToolSpec>, String> {
        tools(value)
    }

    fn settle(&self, written: Option<Vec<ToolSpec>>) -> Result<Vec<ToolSpec>, String> {
        Ok(written.unwrap_or_default())
    }
}

/// Prices by the model's name.
#[derive(Clone)]
pub struct Prices;

impl Kind for Prices {
    type Written = BTreeMap<String, Price>;
    type Settled = BTreeMap<String, Price>;

    fn shape(&self) -> Shape {
        Shape::Prices
    }

    fn value_name(&self) -> String {
        "MODEL=INPUT/OUTPUT,…".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Self::Written, String> {
        let price = |pair: &Value| match pair.as_array()?.as_slice() {
            [input, output] => Some(Price { input: input.as_f64()?, output: output.as_f64()? }),
            _ => None,
        };
        let all = |table: &serde_json::Map<String, Value>| {
            table.iter().map(|(model, pair)| Some((model.clone(), price(pair)?))).collect()
        };
        value.as_object().and_then(all).ok_or_else(|| {
            expected("an object from model names to [input, output], in US dollars per million tokens", value)
        })
    }

    /// `model=input/output,…`
    fn parse(&self, text: &str) -> Result<Self::Written, String> {
        let price = |entry: &str| {
            // Names may hold any of `=`, `/` and `:`, prices none of them, so the price is what follows the last `=`.
            let (model, pair) = entry.rsplit_once('=')?;
            let (input, output) = pair.split_once('/')?;
            let price = Price { input: input.trim().parse().ok()?, output: output.trim().parse().ok()? };
            (!model.trim().is_empty()).then(|| (model.trim().to_owned(), price))
        };
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = entries.map(|entry| {
            price(entry).ok_or_else(|| format!("expected `model=input/output` with two numbers, got `{entry}`"))
        });
        read.collect()
    }

    /// Model by model.
    fn merge(upper: Option<Self::Written>, lower: Option<Self::Written>) -> Option<Self::Written> {
        match (upper, lower) {
            (Some(upper), Some(mut lower)) => {
                lower.extend(upper);
                Some(lower)
            }
            (upper, lower) => upper.or(lower),
        }
    }

    fn settle(&self, written: Option<Self::Written>) -> Result<Self::Settled, String> {
        let prices = written.unwrap_or_default();
        let sensible = |price: f64| (0.0..=1e6).contains(&price);
        match prices.iter().find(|(_, price)| !sensible(price.input) || !sensible(price.output)) {
            None => Ok(prices),
            Some((model, Price { input, output })) => Err(format!(
                "expected from 0 to 1000000 US dollars per million tokens for {model}, got {input} and {output}"
            )),
        }
    }
}
