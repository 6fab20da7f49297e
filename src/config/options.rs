//! The options as they arrive, from whichever side: all may be missing, and the later source wins.

use super::{Price, Protocol, Repair, Strategy, ToolSpec};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was set. Names on the wire are these in camelCase; see `docs/protocol.md`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The root model: `provider::model`, a bare name, `cli:COMMAND` or `extractive`.
    pub model: Option<String>,
    /// The model of sub-calls, written like `model`.
    pub worker: Option<String>,
    /// Base URLs of OpenAI-compatible servers.
    pub endpoint: Option<Vec<String>>,
    pub strategy: Option<Strategy>,
    pub protocol: Option<Protocol>,
    pub repair: Option<Vec<Repair>>,
    /// The JSON Schema that the answer must satisfy.
    pub schema: Option<Value>,
    /// Tools of one's own.
    pub tools: Option<Vec<ToolSpec>>,
    pub max_iterations: Option<u64>,
    pub max_depth: Option<u64>,
    pub max_calls: Option<u64>,
    pub max_tokens: Option<u64>,
    /// US dollars.
    pub max_cost: Option<f64>,
    /// Seconds for the whole run.
    pub timeout: Option<f64>,
    /// Seconds for one program of the model.
    pub cell_timeout: Option<f64>,
    pub max_errors: Option<u64>,
    pub concurrency: Option<u64>,
    /// Globs that narrow the context.
    pub include: Option<Vec<String>>,
    /// Globs that leave files out of the context.
    pub exclude: Option<Vec<String>>,
    /// Prices by the model's name.
    pub price: Option<BTreeMap<String, Price>>,
    /// Names on the wire that mean nothing here, so that the caller can say which.
    pub unknown: Vec<String>,
}

impl Options {
    /// These options, and those of `lower` where these say nothing. Prices are merged model by model.
    pub fn merged_over(self, lower: Self) -> Self {
        let price = match (self.price, lower.price) {
            (Some(own), Some(mut below)) => {
                below.extend(own);
                Some(below)
            }
            (own, below) => own.or(below),
        };
        let mut unknown = lower.unknown;
        unknown.extend(self.unknown);
        unknown.sort();
        unknown.dedup();
        Self {
            model: self.model.or(lower.model),
            worker: self.worker.or(lower.worker),
            endpoint: self.endpoint.or(lower.endpoint),
            strategy: self.strategy.or(lower.strategy),
            protocol: self.protocol.or(lower.protocol),
            repair: self.repair.or(lower.repair),
            schema: self.schema.or(lower.schema),
            tools: self.tools.or(lower.tools),
            max_iterations: self.max_iterations.or(lower.max_iterations),
            max_depth: self.max_depth.or(lower.max_depth),
            max_calls: self.max_calls.or(lower.max_calls),
            max_tokens: self.max_tokens.or(lower.max_tokens),
            max_cost: self.max_cost.or(lower.max_cost),
            timeout: self.timeout.or(lower.timeout),
            cell_timeout: self.cell_timeout.or(lower.cell_timeout),
            max_errors: self.max_errors.or(lower.max_errors),
            concurrency: self.concurrency.or(lower.concurrency),
            include: self.include.or(lower.include),
            exclude: self.exclude.or(lower.exclude),
            price,
            unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_options_win_and_the_lower_fill_the_gaps() {
        let upper = Options { model: Some("a".into()), max_calls: Some(5), ..Options::default() };
        let lower = Options {
            model: Some("b".into()),
            worker: Some("w".into()),
            endpoint: Some(vec!["http://h".into()]),
            ..Options::default()
        };
        let merged = upper.merged_over(lower);
        assert_eq!(merged.model.as_deref(), Some("a"));
        assert_eq!(merged.worker.as_deref(), Some("w"));
        assert_eq!(merged.endpoint, Some(vec!["http://h".to_owned()]));
        assert_eq!(merged.max_calls, Some(5));
    }

    #[test]
    fn prices_are_merged_model_by_model() {
        let price = |input| Price { input, output: 1.0 };
        let upper = Options { price: Some([("a".to_owned(), price(2.0))].into()), ..Options::default() };
        let lower = Options {
            price: Some([("a".to_owned(), price(9.0)), ("b".to_owned(), price(3.0))].into()),
            ..Options::default()
        };
        let merged = upper.merged_over(lower).price.unwrap();
        assert_eq!((merged["a"].input, merged["b"].input), (2.0, 3.0));
    }
}
