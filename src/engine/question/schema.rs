//! An answer that must satisfy a JSON Schema (<https://json-schema.org>, all drafts from 4 on).

use crate::failure::{Failure, FailureKind};
use crate::llm::Shape;
use jsonschema::Validator;
use serde_json::Value;
use std::{fmt, sync::Arc};

/// The most violations that a model is told of.
const VIOLATIONS: usize = 10;

/// The shape that an answer must have.
pub struct AnswerSchema {
    validator: Validator,
    /// The schema as a model reads it.
    text: String,
    shape: Shape,
}

impl AnswerSchema {
    /// Nothing outside of the schema is looked at: a reference to another document is an error.
    ///
    /// # Errors
    /// It is no schema.
    pub fn new(schema: &Value) -> Result<Self, Failure> {
        let validator = jsonschema::validator_for(schema).map_err(|error| Failure {
            kind: FailureKind::Configuration,
            message: format!("schema: this is no JSON Schema: {error}"),
            hint: Some("see https://json-schema.org".to_owned()),
        })?;
        Ok(Self { validator, text: schema.to_string(), shape: Shape::new(Arc::new(schema.clone())) })
    }

    /// The schema in one line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a server is asked to hold a model to that answers in one reply.
    pub fn shape(&self) -> Shape {
        self.shape.clone()
    }

    /// The answer as JSON in one line, if it satisfies the schema.
    ///
    /// # Errors
    /// What is wrong with it, for the model.
    pub fn check(&self, answer: &str) -> Result<String, String> {
        let as_text = Value::from(answer.trim());
        let value = serde_json::from_str::<Value>(unfenced(answer));
        // A text that is asked for may come without its quotes.
        let fits = value.as_ref().is_ok_and(|value| self.validator.is_valid(value));
        if !fits && self.validator.is_valid(&as_text) {
            return Ok(as_text.to_string());
        }
        let value = value.map_err(|error| format!("it is no JSON: {error}; give nothing but the JSON value"))?;
        let violations: Vec<String> = self
            .validator
            .iter_errors(&value)
            .take(VIOLATIONS)
            .map(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("{place}: {error}"),
            })
            .collect();
        if violations.is_empty() { Ok(value.to_string()) } else { Err(violations.join("; ")) }
    }
}

impl fmt::Debug for AnswerSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnswerSchema").field(&self.text).finish()
    }
}

/// A text without the fence that models like to put around JSON.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inside = || {
        let (tag, rest) = answer.strip_prefix("```")?.split_once('\n')?;
        let body = rest.strip_suffix("```")?;
        (tag.trim().is_empty() || tag.trim().eq_ignore_ascii_case("json")).then_some(body)
    };
    inside().unwrap_or(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read_and_violations_are_named() {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        let schema = AnswerSchema::new(&schema).unwrap();
        assert_eq!(schema.check("{\"n\": 1}"), Ok("{\"n\":1}".to_owned()));
        assert_eq!(schema.check("```json\n{\"n\": 1}\n```"), Ok("{\"n\":1}".to_owned()));
        assert!(schema.check("n is 1").unwrap_err().starts_with("it is no JSON: "));
        assert!(
            schema.check("{\"n\": \"1\"}").unwrap_err().starts_with("/n: "),
            "{:?}",
            schema.check("{\"n\": \"1\"}")
        );
        assert!(schema.check("{}").unwrap_err().contains("required"));
    }

    #[test]
    fn a_text_may_come_without_its_quotes() {
        let schema = AnswerSchema::new(&json!({"enum": ["yes", "no"]})).unwrap();
        assert_eq!((schema.check("yes\n"), schema.check("\"no\"")), (Ok("\"yes\"".into()), Ok("\"no\"".into())));
        let schema = AnswerSchema::new(&json!({"type": "string"})).unwrap();
        assert_eq!(schema.check("42"), Ok("\"42\"".to_owned()));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for schema in [json!({"type": "integr"}), json!({"$ref": "https://example.com/other.json"})] {
            assert_eq!(AnswerSchema::new(&schema).unwrap_err().kind, "configuration", "{schema}");
        }
    }
}
