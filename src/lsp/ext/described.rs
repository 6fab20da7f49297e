//! Schemas of what the wire types hold that is none of this crate's, or is read by hand.

use crate::{
    config::{DEFINITIONS, Shape},
    failure::FailureKind,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A position of the LSP: line and column count from 0.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is only described")]
pub struct Position {
    line: u32,
    character: u32,
}

/// A range of the LSP. Its end is not part of it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is only described")]
pub struct Range {
    start: Position,
    end: Position,
}

/// A token of the LSP.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it is only described")]
pub enum Token {
    Number(i32),
    Text(String),
}

/// The settings that a run obeys, as the table of the options has them.
pub struct Options;

impl JsonSchema for Options {
    fn schema_name() -> Cow<'static, str> {
        "Options".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let property = |shape: Shape| match shape {
            Shape::Text => json!({"type": "string"}),
            Shape::TextOrTexts => {
                json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
            }
            Shape::Globs => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Choice(names) => json!({"enum": names}),
            Shape::Choices(names) => json!({"type": "array", "items": {"enum": names}}),
            Shape::Whole { least } => json!({"type": "integer", "minimum": least}),
            Shape::Number => json!({"type": "number", "exclusiveMinimum": 0}),
            Shape::Time => json!({"type": ["number", "string"], "exclusiveMinimum": 0}),
            Shape::Flag => json!({"type": "boolean"}),
            Shape::Schema | Shape::Tools => json!({"type": "object"}),
            Shape::Prices => {
                let pair = json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]});
                json!({"type": "object", "additionalProperties": pair})
            }
        };
        let mut properties = Map::new();
        for definition in DEFINITIONS {
            let facts = definition.facts();
            let mut property = property(definition.shape());
            property["description"] = Value::from(facts.help.trim());
            properties.insert(facts.name.to_owned(), property);
        }
        json_schema!({
            "description": "The settings that a run obeys; a missing one is the server's own default.",
            "type": "object",
            "properties": properties,
        })
    }
}

impl JsonSchema for FailureKind {
    fn schema_name() -> Cow<'static, str> {
        "FailureKind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|(kind, _)| kind.name()).collect();
        json_schema!({ "description": "What went wrong.", "enum": names })
    }
}
