//! The settings of a run: total, and inside their bounds.

use super::{Endpoint, Options, Price, Protocol, Repair, SettingsError, Strategy, ToolSpec};
use serde_json::Value;
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

/// What a run may use up. Every number holds for the whole tree of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Turns of the root model.
    pub max_iterations: u64,
    /// Levels of child runs below the root; at 0 there are none, and `rlm_query` is a plain call.
    pub max_depth: usize,
    /// Calls of any model.
    pub max_calls: u64,
    /// Tokens in and out together; unlimited if absent.
    pub max_tokens: Option<u64>,
    /// US dollars; unlimited if absent.
    pub max_cost: Option<f64>,
    /// Wall time of the run.
    pub timeout: Duration,
    /// Wall time of one program, waiting for models not counted.
    pub cell_timeout: Duration,
    /// Turns in a row that end in an error.
    pub max_errors: u64,
    /// Calls that are open at once.
    pub concurrency: usize,
}

/// What the layers above read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The root model as it was named; found by looking around if absent.
    pub model: Option<String>,
    /// The worker model as it was named; the root model if absent.
    pub worker: Option<String>,
    pub endpoints: Vec<Endpoint>,
    pub strategy: Strategy,
    pub protocol: Protocol,
    pub repairs: Vec<Repair>,
    /// The JSON Schema that the answer must satisfy.
    pub schema: Option<Value>,
    pub tools: Vec<ToolSpec>,
    pub limits: Limits,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub prices: BTreeMap<String, Price>,
}

impl Options {
    /// Fills the gaps with the defaults.
    ///
    /// # Errors
    /// The first value out of its bounds, by its name.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        const DAY: f64 = 86_400.0;
        let max_tokens = self.max_tokens.map(|it| whole("maxTokens", it, 1..=1_000_000_000_000)).transpose()?;
        let max_cost = self.max_cost.map(|it| positive("maxCost", it, 1e6, "US dollars")).transpose()?;
        let limits = Limits {
            max_iterations: whole("maxIterations", self.max_iterations.unwrap_or(60), 1..=10_000)?,
            max_depth: whole("maxDepth", self.max_depth.unwrap_or(2), 0..=16)? as usize,
            max_calls: whole("maxCalls", self.max_calls.unwrap_or(1000), 1..=1_000_000)?,
            max_tokens,
            max_cost,
            timeout: seconds("timeout", self.timeout.unwrap_or(600.0), 7.0 * DAY)?,
            cell_timeout: seconds("cellTimeout", self.cell_timeout.unwrap_or(30.0), DAY)?,
            max_errors: whole("maxErrors", self.max_errors.unwrap_or(5), 1..=1000)?,
            concurrency: whole("concurrency", self.concurrency.unwrap_or(16), 1..=1024)? as usize,
        };
        let endpoint = |text: &String| Endpoint::parse(text).map_err(|it| SettingsError::new("endpoint", it));
        Ok(Settings {
            model: self.model.map(|name| named("model", &name)).transpose()?,
            worker: self.worker.map(|name| named("worker", &name)).transpose()?,
            endpoints: self.endpoint.unwrap_or_default().iter().map(endpoint).collect::<Result<_, _>>()?,
            strategy: self.strategy.unwrap_or_default(),
            protocol: self.protocol.unwrap_or_default(),
            repairs: self.repair.unwrap_or_default(),
            schema: self.schema,
            tools: self.tools.unwrap_or_default(),
            limits,
            include: self.include.unwrap_or_default(),
            exclude: self.exclude.unwrap_or_default(),
            prices: checked(self.price.unwrap_or_default())?,
        })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Options::default().resolve().expect("the defaults are inside their bounds, as a test shows")
    }
}

fn named(option: &str, name: &str) -> Result<String, SettingsError> {
    match name.trim() {
        "" => Err(SettingsError::new(option, "expected the name of a model, got nothing")),
        name => Ok(name.to_owned()),
    }
}

fn whole(option: &str, value: u64, bounds: RangeInclusive<u64>) -> Result<u64, SettingsError> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let (least, most) = bounds.into_inner();
    Err(SettingsError::new(option, format!("expected a whole number from {least} to {most}, got {value}")))
}

fn positive(option: &str, value: f64, most: f64, unit: &str) -> Result<f64, SettingsError> {
    if value > 0.0 && value <= most {
        return Ok(value);
    }
    Err(SettingsError::new(option, format!("expected more than 0 and at most {most} {unit}, got {value}")))
}

fn seconds(option: &str, value: f64, most: f64) -> Result<Duration, SettingsError> {
    positive(option, value, most, "seconds").map(Duration::from_secs_f64)
}

fn checked(prices: BTreeMap<String, Price>) -> Result<BTreeMap<String, Price>, SettingsError> {
    let sensible = |price: f64| (0.0..=1e6).contains(&price);
    match prices.iter().find(|(_, price)| !sensible(price.input) || !sensible(price.output)) {
        None => Ok(prices),
        Some((model, Price { input, output })) => Err(SettingsError::new(
            "price",
            format!("expected from 0 to 1000000 US dollars per million tokens for {model}, got {input} and {output}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_fill_every_gap() {
        let expected = Limits {
            max_iterations: 60,
            max_depth: 2,
            max_calls: 1000,
            max_tokens: None,
            max_cost: None,
            timeout: Duration::from_secs(600),
            cell_timeout: Duration::from_secs(30),
            max_errors: 5,
            concurrency: 16,
        };
        assert_eq!(Settings::default().limits, expected);
        assert_eq!(Settings::default().strategy, Strategy::Auto);
    }

    #[test]
    fn bounds_belong_to_what_is_accepted() {
        let least = json!({"maxDepth": 0, "maxCalls": 1, "concurrency": 1, "cellTimeout": 0.001, "maxCost": 0.0001});
        let most = json!({"maxDepth": 16, "maxCalls": 1_000_000, "concurrency": 1024, "timeout": 604_800});
        for section in [least, most] {
            Options::from_json(&section).unwrap().resolve().unwrap();
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused_by_name() {
        let cases = [
            (json!({"maxIterations": 0}), "maxIterations: expected a whole number from 1 to 10000, got 0"),
            (json!({"maxDepth": 17}), "maxDepth: expected a whole number from 0 to 16, got 17"),
            (json!({"maxCalls": 0}), "maxCalls: expected a whole number from 1 to 1000000, got 0"),
            (json!({"maxTokens": 0}), "maxTokens: expected a whole number from 1 to 1000000000000, got 0"),
            (json!({"maxCost": 0}), "maxCost: expected more than 0 and at most 1000000 US dollars, got 0"),
            (json!({"maxCost": -1.5}), "maxCost: expected more than 0 and at most 1000000 US dollars, got -1.5"),
            (json!({"timeout": 0}), "timeout: expected more than 0 and at most 604800 seconds, got 0"),
            (
                json!({"cellTimeout": 1e9}),
                "cellTimeout: expected more than 0 and at most 86400 seconds, got 1000000000",
            ),
            (json!({"maxErrors": 0}), "maxErrors: expected a whole number from 1 to 1000, got 0"),
            (json!({"concurrency": 0}), "concurrency: expected a whole number from 1 to 1024, got 0"),
            (json!({"model": " "}), "model: expected the name of a model, got nothing"),
            (
                json!({"endpoint": ["http://h", "nonsense"]}),
                "endpoint: not a URL (relative URL without a base); expected a base URL such as http://127.0.0.1:8000/v1",
            ),
            (
                json!({"price": {"m": [-1, 2]}}),
                "price: expected from 0 to 1000000 US dollars per million tokens for m, got -1 and 2",
            ),
        ];
        for (section, expected) in cases {
            let error = Options::from_json(&section).unwrap().resolve().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let not_a_number = Options { max_cost: Some(f64::NAN), ..Options::default() };
        assert_eq!(not_a_number.resolve().unwrap_err().option, "maxCost");
    }
}
