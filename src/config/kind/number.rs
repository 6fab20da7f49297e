//! Options that are numbers. Those without a default are limits that do not hold unless they are set.

use super::{Kind, Shape, expected};
use crate::config::time::{seconds, time};
use serde_json::Value;
use std::{marker::PhantomData, ops::RangeInclusive, time::Duration};

/// A whole number.
#[derive(Clone)]
pub struct Whole<N> {
    default: u64,
    least: u64,
    most: u64,
    settled: PhantomData<N>,
}

impl<N> Whole<N> {
    pub const fn new(default: u64, bounds: RangeInclusive<u64>) -> Self {
        Self { default, least: *bounds.start(), most: *bounds.end(), settled: PhantomData }
    }
}

impl<N: TryFrom<u64> + Clone + Send + Sync + 'static> Kind for Whole<N> {
    type Written = u64;
    type Settled = N;

    fn shape(&self) -> Shape {
        Shape::Whole { least: self.least }
    }

    fn value_name(&self) -> String {
        "N".to_owned()
    }

    fn default(&self) -> Option<String> {
        Some(self.default.to_string())
    }

    fn read(&self, value: &Value) -> Result<u64, String> {
        whole(value)
    }

    fn parse(&self, text: &str) -> Result<u64, String> {
        text.parse().map_err(|error: std::num::ParseIntError| error.to_string())
    }

    fn settle(&self, written: Option<u64>) -> Result<N, String> {
        within(written.unwrap_or(self.default), self.least, self.most)
    }
}

/// A whole number from 1 on.
#[derive(Clone)]
pub struct Unlimited {
    pub most: u64,
}

impl Kind for Unlimited {
    type Written = u64;
    type Settled = Option<u64>;

    fn shape(&self) -> Shape {
        Shape::Whole { least: 1 }
    }

    fn value_name(&self) -> String {
        "N".to_owned()
    }

    fn default(&self) -> Option<String> {
        Some("unlimited".to_owned())
    }

    fn read(&self, value: &Value) -> Result<u64, String> {
        whole(value)
    }

    fn parse(&self, text: &str) -> Result<u64, String> {
        text.parse().map_err(|error: std::num::ParseIntError| error.to_string())
    }

    fn settle(&self, written: Option<u64>) -> Result<Option<u64>, String> {
        written.map(|value| within(value, 1, self.most)).transpose()
    }
}

/// US dollars.
#[derive(Clone)]
pub struct Money {
    pub most: f64,
    /// What holds if nothing is said, as people are told it.
    pub unset: &'static str,
}

impl Kind for Money {
    type Written = f64;
    type Settled = Option<f64>;

    fn shape(&self) -> Shape {
        Shape::Number
    }

    fn value_name(&self) -> String {
        "USD".to_owned()
    }

    fn default(&self) -> Option<String> {
        Some(self.unset.to_owned())
    }

    fn read(&self, value: &Value) -> Result<f64, String> {
        number(value)
    }

    fn parse(&self, text: &str) -> Result<f64, String> {
        text.parse().map_err(|error: std::num::ParseFloatError| error.to_string())
    }

    fn settle(&self, written: Option<f64>) -> Result<Option<f64>, String> {
        written.map(|value| positive(value, self.most, "US dollars")).transpose()
    }
}

/// A time: a number of seconds, or a text such as `10m` or `1h30m`.
#[derive(Clone)]
pub struct Seconds {
    pub default: f64,
    pub most: f64,
}

impl Kind for Seconds {
    type Written = f64;
    type Settled = Duration;

    fn shape(&self) -> Shape {
        Shape::Time
    }

    fn value_name(&self) -> String {
        "TIME".to_owned()
    }

    fn default(&self) -> Option<String> {
        Some(self.default.to_string())
    }

    fn read(&self, value: &Value) -> Result<f64, String> {
        time(value)
    }

    fn parse(&self, text: &str) -> Result<f64, String> {
        seconds(text)
    }

    fn settle(&self, written: Option<f64>) -> Result<Duration, String> {
        positive(written.unwrap_or(self.default), self.most, "seconds").map(Duration::from_secs_f64)
    }
}

fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| expected("a number", value))
}

/// Editors whose numbers are all floating point send 16 as 16.0.
fn whole(value: &Value) -> Result<u64, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let rounded = || value.as_f64().filter(|it| it.fract() == 0.0 && (0.0..EXACT).contains(it));
    let whole = value.as_u64().or_else(|| rounded().map(|it| it as u64));
    whole.ok_or_else(|| expected("a whole number that is not negative", value))
}

fn within<N: TryFrom<u64>>(value: u64, least: u64, most: u64) -> Result<N, String> {
    let inside = (least..=most).contains(&value).then(|| N::try_from(value).ok()).flatten();
    inside.ok_or_else(|| format!("expected a whole number from {least} to {most}, got {value}"))
}

fn positive(value: f64, most: f64, unit: &str) -> Result<f64, String> {
    if value > 0.0 && value <= most {
        return Ok(value);
    }
    Err(format!("expected more than 0 and at most {most} {unit}, got {value}"))
}
