//! The settings of a run: total, and inside their bounds.

use super::{Options, Settings, SettingsError};

impl Options {
    /// Fills the gaps with the defaults.
    ///
    /// # Errors
    /// The first value out of its bounds, by its name.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        Settings::of(&self)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Options::default().resolve().expect("the defaults are inside their bounds, as a test shows")
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Limits, Options, Settings, Strategy};
    use serde_json::json;
    use std::time::Duration;

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
            reply_tokens: 8192,
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
