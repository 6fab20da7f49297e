//! Options that are numbers. Those without a default are limits that do not hold unless they are set.

use super::{Kind, Shape, expected};
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
        Some("unlimited".to_owned())
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
        let text = value.as_str().and_then(|text| seconds(text).ok());
        value.as_f64().or(text).ok_or_else(|| expected("seconds, or a time such as \"10m\"", value))
    }

    fn parse(&self, text: &str) -> Result<f64, String> {
        seconds(text)
    }

    fn settle(&self, written: Option<f64>) -> Result<Duration, String> {
        positive(written.unwrap_or(self.default), self.most, "seconds").map(Duration::from_secs_f64)
    }
}

/// The seconds that a text means.
fn seconds(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let wrong = || format!("expected seconds, or a time such as 90s, 10m or 1h30m, got {text:?}");
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let time = |text: &str| humantime::parse_duration(text).map(|time| time.as_secs_f64());
    if let Ok(seconds) = time(text) {
        return Ok(seconds);
    }
    // One and a half hours may be `1.5h`.
    let unit = text.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    let number: f64 = text[..text.len() - unit.len()].parse().map_err(|_| wrong())?;
    time(&format!("1{unit}")).map(|unit| number * unit).map_err(|_| wrong())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_seconds() {
        for (text, expected) in [
            ("90", 90.0),
            ("1.5", 1.5),
            ("2s", 2.0),
            ("10m", 600.0),
            ("1h30m", 5400.0),
            ("1h 30m", 5400.0),
            ("500ms", 0.5),
            ("1.5h", 5400.0),
            (" 3 min ", 180.0),
            ("1d", 86_400.0),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "m", "ten", "10 apples", "1..5h", "-3m", "1h30", "10m-"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
