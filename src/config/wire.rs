//! Reading options from JSON, as an editor sends them.
//!
//! A derived reader would stop at the first stranger and could not say which field it was reading. Settings are typed
//! by hand by people, so a wrong one is told by its name, with what was expected and what was there.

use super::{Options, SettingsError, kind::expected};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

impl Options {
    /// Reads the section `rlm` of a client's settings, or the `options` of a request.
    ///
    /// A field that is `null` counts as missing, and so does a section that is `null`. Unknown names go to
    /// [`Options::unknown`].
    ///
    /// # Errors
    /// A field of the wrong type, by its name.
    pub fn from_json(section: &Value) -> Result<Self, SettingsError> {
        let mut options = Self::default();
        let fields = match section {
            Value::Null => return Ok(options),
            Value::Object(fields) => fields,
            other => return Err(SettingsError::new("options", expected("an object", other))),
        };
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            if !options.set(name, value)? {
                options.unknown.push(name.clone());
            }
        }
        Ok(options)
    }
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DEFINITIONS, Price, TraceContent};
    use serde_json::json;

    #[test]
    fn every_option_is_read_by_its_name_on_the_wire() {
        let section = json!({
            "model": "m", "worker": "w", "endpoint": "http://h", "strategy": "rlm", "maxIterations": 1, "maxDepth": 0,
            "maxCalls": 16.0, "maxTokens": 4, "maxCost": 0.5, "timeout": 1.5, "cellTimeout": 2, "maxErrors": 3,
            "replyTokens": 512, "window": 4096, "firstTokenTimeout": "1m", "silenceTimeout": 9,
            "reasoningEffort": "low",
            "concurrency": 7, "protocol": "tools", "repair": ["cleanRetry"], "schema": {"type": "array"},
            "tools": [], "include": ["*.rs"], "exclude": [], "noIgnore": true, "noCache": true,
            "refresh": false, "confirmAbove": 2.5, "traceContent": "none", "reviewOnSave": true, "price": {"m": [1, 2.5]},
        });
        let options = Options::from_json(&section).unwrap();
        let names = section.as_object().unwrap().keys();
        assert!(
            names.clone().all(|name| Options::knows(name)) && names.len() == DEFINITIONS.len(),
            "the section has them all"
        );
        let expected = Options {
            model: Some("m".into()),
            worker: Some("w".into()),
            endpoint: Some(vec!["http://h".into()]),
            window: Some(4096),
            first_token_timeout: Some(60.0),
            silence_timeout: Some(9.0),
            reasoning_effort: Some(crate::config::Effort::Low),
            strategy: Some(crate::config::Strategy::Rlm),
            protocol: Some(crate::config::Protocol::Tools),
            repair: Some(vec![crate::config::Repair::CleanRetry]),
            schema: Some(json!({"type": "array"})),
            tools: Some(vec![]),
            max_iterations: Some(1),
            max_depth: Some(0),
            max_calls: Some(16),
            max_tokens: Some(4),
            max_cost: Some(0.5),
            timeout: Some(1.5),
            cell_timeout: Some(2.0),
            max_errors: Some(3),
            reply_tokens: Some(512),
            concurrency: Some(7),
            include: Some(vec!["*.rs".into()]),
            exclude: Some(vec![]),
            no_ignore: Some(true),
            no_cache: Some(true),
            refresh: Some(false),
            confirm_above: Some(2.5),
            trace_content: Some(TraceContent::None),
            review_on_save: Some(true),
            price: Some([("m".to_owned(), Price { input: 1.0, output: 2.5 })].into()),
            unknown: vec![],
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn null_counts_as_missing_and_strangers_are_named() {
        assert_eq!(Options::from_json(&Value::Null).unwrap(), Options::default());
        let options = Options::from_json(&json!({"model": null, "maxCall": 3, "zzz": 1})).unwrap();
        assert_eq!(options.model, None);
        assert_eq!(options.unknown, ["maxCall", "zzz"]);
    }

    #[test]
    fn a_wrong_type_is_told_by_name_with_what_was_expected() {
        let cases = [
            (json!([1]), "options: expected an object, got [1]"),
            (json!({"model": 3}), "model: expected a string, got 3"),
            (json!({"endpoint": {}}), "endpoint: expected a string or a list of strings"),
            (json!({"strategy": "fast"}), "strategy: expected `auto`, `direct`, `rlm` or `read`, got \"fast\""),
            (json!({"protocol": "mcp"}), "protocol: expected `auto`, `repl` or `tools`, got \"mcp\""),
            (
                json!({"repair": "cleanRetry"}),
                "repair: expected a list of `doubledCalls`, `placeholders` or `cleanRetry`, got \"cleanRetry\"",
            ),
            (json!({"maxCalls": "many"}), "maxCalls: expected a whole number that is not negative, got \"many\""),
            (json!({"maxCalls": -1}), "maxCalls: expected a whole number that is not negative, got -1"),
            (json!({"maxCalls": 1.5}), "maxCalls: expected a whole number that is not negative, got 1.5"),
            (json!({"maxCalls": 1e300}), "maxCalls: expected a whole number that is not negative, got 1e+300"),
            (json!({"timeout": "soon"}), "timeout: expected seconds, or a time such as \"10m\", got \"soon\""),
            (json!({"noIgnore": 1}), "noIgnore: expected true or false, got 1"),
            (json!({"include": "*.rs"}), "include: expected a list of strings, got \"*.rs\""),
            (json!({"include": ["a", 1]}), "include: expected a list of strings, got [\"a\",1]"),
            (
                json!({"price": {"m": [1]}}),
                "price: expected an object from model names to [input, output], in US dollars per million tokens, got \
                 {\"m\":[1]}",
            ),
        ];
        for (section, expected) in cases {
            let error = Options::from_json(&section).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn options_inside_a_message_keep_the_message_of_the_error() {
        #[derive(Debug, serde::Deserialize)]
        struct Params {
            options: Options,
        }
        let read: Params = serde_json::from_value(json!({"options": {"maxDepth": 1}})).unwrap();
        assert_eq!(read.options.max_depth, Some(1));
        let error = serde_json::from_value::<Params>(json!({"options": {"maxDepth": true}})).unwrap_err();
        assert_eq!(error.to_string(), "maxDepth: expected a whole number that is not negative, got true");
    }
}
