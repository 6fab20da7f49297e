//! The wire types as TypeScript, for the VS Code client, and what else is told of them, held against them.

use crate::{
    config::DEFINITIONS,
    lsp::ext::{
        CancelParams, Cancelled, CancelledData, DismissParams, DogfoodParams, DogfoodResult, EndSessionParams,
        EventParams, FailureData, FindingParams, KeptRuns, KeptSessions, QueryParams, QueryResult, QueryStarted,
        ReviewParams, ReviewResult, SessionEnded, Status, Transcript, TranscriptParams,
        edits::{ApplyEditParams, EditApplied, EditParams, EditResult},
    },
    report::types::{Preview, dogfood::Cycle},
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt::Write, path::Path};

/// Where the types are, below the root of the repository.
const FILE: &str = "editors/vscode/src/protocol.ts";

/// Set, it makes the test write the file anew.
const BLESS: &str = "RLM_BLESS";

const HEAD: &str = "\
/**
 * The wire types of docs/protocol.md. Made from those of the server by a test of it, which says how when they differ.
 */

/* eslint-disable @typescript-eslint/consistent-type-definitions */
";

/// The schemas of all wire types, by their names.
fn schemas() -> Map<String, Value> {
    let mut sent = SchemaSettings::draft2020_12().for_serialize().into_generator();
    sent.subschema_for::<QueryResult>();
    sent.subschema_for::<EventParams>();
    sent.subschema_for::<Preview>();
    sent.subschema_for::<ReviewResult>();
    sent.subschema_for::<Transcript>();
    sent.subschema_for::<DogfoodResult>();
    sent.subschema_for::<Cycle>();
    sent.subschema_for::<EditResult>();
    sent.subschema_for::<EditApplied>();
    sent.subschema_for::<Status>();
    sent.subschema_for::<QueryStarted>();
    sent.subschema_for::<Cancelled<bool>>();
    sent.subschema_for::<KeptSessions>();
    sent.subschema_for::<KeptRuns>();
    sent.subschema_for::<SessionEnded>();
    sent.subschema_for::<CancelledData>();
    sent.subschema_for::<FailureData>();
    let mut taken = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    taken.subschema_for::<QueryParams>();
    taken.subschema_for::<CancelParams>();
    taken.subschema_for::<ReviewParams>();
    taken.subschema_for::<TranscriptParams>();
    taken.subschema_for::<DogfoodParams>();
    taken.subschema_for::<EditParams>();
    taken.subschema_for::<ApplyEditParams>();
    taken.subschema_for::<FindingParams>();
    taken.subschema_for::<DismissParams>();
    taken.subschema_for::<EndSessionParams>();
    let named = |mut generator: SchemaGenerator| generator.take_definitions(true);
    named(sent).into_iter().chain(named(taken)).collect()
}

/// The file.
fn typescript() -> String {
    let mut file = HEAD.to_owned();
    for (name, schema) in schemas() {
        let _ = write!(file, "\n{}export type {name} = {};\n", comment(&schema, ""), type_of(&schema, ""));
        if let Some(values) = literals(&schema) {
            let _ = write!(file, "\nexport const {} = [{}] as const;\n", constant(&name), values.join(", "));
        }
    }
    let settings = DEFINITIONS.iter().filter(|it| it.facts().is_setting);
    let settings: String = settings.map(|it| format!("  \"{}\",\n", it.facts().name)).collect();
    let _ = write!(
        file,
        "\n/** The options that are settings of an editor. */\nexport const SETTINGS = [\n{settings}] as const;\n"
    );
    file
}

/// `CITATION_STATES` for `CitationState`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.push(letter.to_ascii_uppercase());
    }
    match constant.strip_suffix('Y') {
        Some(stem) => format!("{stem}IES"),
        None if constant.ends_with('S') => constant + "ES",
        None => constant + "S",
    }
}

fn comment(schema: &Value, indent: &str) -> String {
    let text = schema["description"].as_str().map(|it| it.replace('\n', " "));
    text.map(|text| format!("/** {text} */\n{indent}")).unwrap_or_default()
}

/// The values, if it is one of a few texts.
fn literals(schema: &Value) -> Option<Vec<String>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().map(Value::to_string).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![value.to_string()]);
    }
    let parts: Option<Vec<_>> = schema["oneOf"].as_array()?.iter().map(literals).collect();
    Some(parts?.concat())
}

fn type_of(schema: &Value, indent: &str) -> String {
    if let Some(values) = literals(schema) {
        return values.join(" | ");
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let union = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()).map(|parts| {
        let parts: Vec<_> = parts.iter().map(|it| type_of(it, indent)).collect();
        parts.join(" | ")
    });
    let own = match &schema["type"] {
        Value::String(name) => Some(of_kind(name, schema, indent)),
        Value::Array(names) => {
            let parts: Vec<_> = names.iter().filter_map(|it| Some(of_kind(it.as_str()?, schema, indent))).collect();
            Some(parts.join(" | "))
        }
        _ => None,
    };
    match (own, union) {
        (Some(own), Some(union)) => format!("{own} & ({union})"),
        (own, union) => own.or(union).unwrap_or_else(|| "unknown".to_owned()),
    }
}

fn of_kind(kind: &str, schema: &Value, indent: &str) -> String {
    match kind {
        "integer" => "number".to_owned(),
        "array" => match schema["prefixItems"].as_array() {
            Some(items) => {
                let items: Vec<_> = items.iter().map(|it| type_of(it, indent)).collect();
                format!("[{}]", items.join(", "))
            }
            None => match type_of(&schema["items"], indent) {
                item if item.contains(' ') => format!("({item})[]"),
                item => format!("{item}[]"),
            },
        },
        "object" => match (&schema["properties"], schema.get("additionalProperties")) {
            (Value::Object(properties), _) => object(properties, &schema["required"], indent),
            (_, Some(values @ Value::Object(_))) => format!("Record<string, {}>", type_of(values, indent)),
            _ => "object".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn object(properties: &Map<String, Value>, required: &Value, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for (name, schema) in properties {
        let is_required = required.as_array().is_some_and(|names| names.iter().any(|it| it == name));
        let type_of = type_of(schema, &inner);
        // What may be missing is not null besides.
        let (mark, type_of) = match is_required {
            true => ("", &*type_of),
            false => ("?", type_of.strip_suffix(" | null").unwrap_or(&type_of)),
        };
        let _ = writeln!(text, "{inner}{}{name}{mark}: {type_of};", comment(schema, &inner));
    }
    text + indent + "}"
}

#[test]
fn the_client_has_the_types_of_the_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let made = typescript();
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    let differs = made.lines().zip(there.lines()).find(|(made, there)| made != there);
    assert!(
        there == made,
        "{FILE} is not what the wire types make ({differs:?}); {BLESS}=1 cargo test --lib typescript writes it anew"
    );
}

/// The names of all fields in a schema.
fn fields(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(parts) => {
            let own = parts.get("properties").and_then(Value::as_object).into_iter().flat_map(|it| it.keys().cloned());
            own.chain(parts.values().flat_map(fields)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(fields).collect(),
        _ => BTreeSet::new(),
    }
}

/// The section of the page that is about a type, by its heading; what several have in common may be anywhere.
fn heading(name: &str) -> Option<&'static str> {
    Some(match name {
        "QueryParams" | "QueryResult" | "Usage" | "ContextSize" | "FailureData" | "CancelledData" => "### `rlm/query`",
        "Preview" | "LeftOut" => "### `rlm/preview`",
        "ReviewParams" | "ReviewResult" | "Review" | "Finding" => "### `rlm/review`",
        "Transcript" | "TranscriptParams" => "### `rlm/transcript`",
        "DogfoodParams" | "DogfoodResult" => "### `rlm/dogfood`",
        "EditParams" | "EditResult" | "EditedFile" | "EditHunk" => "### `rlm/edit`",
        "FindingParams" | "DismissParams" | "ApplyEditParams" | "EditApplied" => "## Commands",
        "CancelParams" | "Cancelled" => "### `rlm/cancel`",
        "EndSessionParams" | "SessionEnded" => "### `rlm/endSession`",
        "Status" | "RunningQuery" => "### `rlm/status`",
        "EventParams" => "## Notification `rlm/event`",
        "QueryStarted" => "## Commands",
        "Options" => "## Options",
        _ => return None,
    })
}

/// From its heading to the next of the same level or above.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}")).unwrap_or_else(|| panic!("there is no {heading}"));
    let level = heading.find(' ').unwrap_or_default();
    let ends = (2..=level).filter_map(|level| rest.find(&format!("\n{} ", "#".repeat(level))));
    &rest[..ends.min().unwrap_or(rest.len())]
}

#[test]
fn the_page_of_the_protocol_tells_every_field_where_it_belongs() {
    let page = include_str!("../../../../docs/protocol.md");
    // The standard tells of its own types.
    for (name, schema) in schemas().into_iter().filter(|(name, _)| !["Position", "Range"].contains(&&**name)) {
        let heading = heading(&name);
        let section = heading.map_or(page, |heading| section(page, heading));
        for field in fields(&schema) {
            let spellings = [format!("\"{field}\""), format!("`{field}`"), format!("`{field}?`")];
            let is_told = spellings.iter().any(|it| section.contains(it));
            assert!(is_told, "docs/protocol.md does not tell the field {field} of {name} under {heading:?}");
        }
    }
}

/// Fields of the standard.
const STANDARD: [&str; 14] = [
    "capabilities",
    "experimental",
    "rlm",
    "code",
    "data",
    "message",
    "actions",
    "edit",
    "edits",
    "documentChanges",
    "textDocument",
    "oldUri",
    "newUri",
    "kind",
];

#[test]
fn emacs_reads_no_field_that_is_not_sent() {
    let sent: BTreeSet<String> = schemas().values().flat_map(fields).collect();
    let source = concat!(
        include_str!("../../../../editors/emacs/rlm.el"),
        include_str!("../../../../editors/emacs/rlm-review.el"),
        include_str!("../../../../editors/emacs/rlm-work.el"),
        include_str!("../../../../editors/emacs/rlm-cycle.el"),
        include_str!("../../../../editors/emacs/rlm-edit.el")
    );
    let read = source.split("(plist-get ").skip(1).filter_map(|rest| {
        let (_, name) = rest.split_once(" :")?;
        Some(&name[..name.find(|it: char| !it.is_ascii_alphanumeric())?])
    });
    let read: BTreeSet<&str> = read.collect();
    assert!(read.contains("lostCount"), "the fields are found");
    for name in read {
        assert!(sent.contains(name) || STANDARD.contains(&name), "rlm.el reads the field {name}, which is not sent");
    }
}
