//! The shape that the text of a reply is to have, where a server can hold its model to one.
//!
//! It is a JSON Schema. Servers make a grammar of it, by which the model can write nothing else; one that takes no schema
//! refuses the request or looks past it, so what comes back is checked all the same.

use serde_json::{Map, Value};
use std::sync::Arc;

/// How deep a schema is looked into.
const DEEPEST: usize = 64;

/// A JSON Schema for the text of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    schema: Arc<Value>,
    is_strict: bool,
}

impl Shape {
    pub fn new(schema: Arc<Value>) -> Self {
        let is_strict = schema["type"] == "object" && is_closed(&schema, DEEPEST);
        Self { schema, is_strict }
    }

    pub(super) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether it is of the kind that OpenAI's servers follow to the letter: an object that names all of its properties
    /// and requires them, and so everything in it.
    pub(super) fn is_strict(&self) -> bool {
        self.is_strict
    }
}

/// Whether every object that a schema describes has the properties that it names, all of them, and no others.
fn is_closed(schema: &Value, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    match schema {
        Value::Object(fields) => {
            let is_object = fields.contains_key("properties") || fields.get("type").is_some_and(|it| it == "object");
            (!is_object || requires_all(fields)) && fields.values().all(|it| is_closed(it, depth - 1))
        }
        Value::Array(items) => items.iter().all(|it| is_closed(it, depth - 1)),
        _ => true,
    }
}

fn requires_all(fields: &Map<String, Value>) -> bool {
    let Some(properties) = fields.get("properties").and_then(Value::as_object) else { return false };
    let required = fields.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_required = |name: &String| required.iter().any(|it| it == name);
    fields.get("additionalProperties") == Some(&Value::Bool(false)) && properties.keys().all(is_required)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_is_strict_if_all_its_objects_are_closed() {
        let closed = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
            "additionalProperties": false});
        let wrapped = |inner: &Value| {
            json!({"type": "object", "properties": {"all": {"type": "array", "items": inner}}, "required": ["all"],
                "additionalProperties": false})
        };
        let open = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        for (schema, expected) in [
            (closed.clone(), true),
            (wrapped(&closed), true),
            (wrapped(&open), false),
            (open, false),
            (json!({"type": "array", "items": closed}), false),
            (json!({"type": "object"}), false),
            (json!(true), false),
        ] {
            assert_eq!(Shape::new(Arc::new(schema.clone())).is_strict(), expected, "{schema}");
        }
    }
}
