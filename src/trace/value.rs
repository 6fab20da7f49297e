//! Fields of a line of JSON that anybody may have written: what is not there, or of another type, counts as nothing.

use serde_json::Value;

/// A line.
#[derive(Clone, Copy)]
pub struct Fields<'a>(pub &'a Value);

impl<'a> Fields<'a> {
    pub fn of(self, name: &str) -> Self {
        Self(self.0.get(name).unwrap_or(&Value::Null))
    }

    pub fn text(self, name: &str) -> &'a str {
        self.some_text(name).unwrap_or_default()
    }

    pub fn some_text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub fn number(self, name: &str) -> u64 {
        self.some_number(name).unwrap_or_default()
    }

    pub fn some_number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// A number that is not negative, and not beyond all bounds.
    pub fn some_float(self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64().map(|it| it.clamp(0.0, 1e12))
    }

    /// Seconds, in milliseconds.
    pub fn milliseconds(self, name: &str) -> u64 {
        (self.some_float(name).unwrap_or_default() * 1e3).round() as u64
    }

    pub fn items(self, name: &str) -> &'a [Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}
