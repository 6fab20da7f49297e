//! Times as people write them: a number of seconds, or a text such as `10m` or `1h30m`.

use crate::text::one_line;
use serde_json::Value;

/// The seconds that a value means.
///
/// # Errors
/// It is no time, in words.
pub fn time(value: &Value) -> Result<f64, String> {
    let text = value.as_str().and_then(|text| seconds(text).ok());
    let wrong = || format!("expected seconds, or a time such as \"10m\", got {}", one_line(&value.to_string(), 60));
    value.as_f64().or(text).ok_or_else(wrong)
}

/// The seconds that a text means.
///
/// # Errors
/// It is no time, in words.
pub fn seconds(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let wrong = || format!("expected seconds, or a time such as 90s, 10m or 1h30m, got {text:?}");
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let parsed = |text: &str| humantime::parse_duration(text).map(|time| time.as_secs_f64());
    if let Ok(seconds) = parsed(text) {
        return Ok(seconds);
    }
    // One and a half hours may be `1.5h`.
    let unit = text.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    let number: f64 = text[..text.len() - unit.len()].parse().map_err(|_| wrong())?;
    parsed(&format!("1{unit}")).map(|unit| number * unit).map_err(|_| wrong())
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
