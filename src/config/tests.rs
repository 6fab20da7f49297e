//! What is told of the options elsewhere, held against their table: the settings of VS Code, the option of Emacs, the
//! table of the protocol.

use super::{DEFINITIONS, Definition, Shape};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PACKAGE: &str = include_str!("../../editors/vscode/package.json");
const EMACS: &str = include_str!("../../editors/emacs/rlm.el");
const PROTOCOL: &str = include_str!("../../docs/protocol.md");

fn settings() -> impl Iterator<Item = &'static dyn Definition> {
    DEFINITIONS.iter().copied().filter(|it| it.facts().is_setting)
}

fn names(definitions: impl Iterator<Item = &'static dyn Definition>) -> BTreeSet<String> {
    definitions.map(|it| it.facts().name.to_owned()).collect()
}

/// What the settings editor of VS Code must be told. Null and what is empty stand for "not set".
fn vscode(definition: &dyn Definition) -> Value {
    match definition.shape() {
        Shape::Text => json!({"type": "string", "default": ""}),
        Shape::TextOrTexts | Shape::Globs => json!({"type": "array", "items": {"type": "string"}, "default": []}),
        Shape::Choice(names) => json!({"type": "string", "enum": names, "default": definition.default()}),
        Shape::Choices(names) => json!({"type": "array", "items": {"type": "string", "enum": names}, "default": []}),
        Shape::Whole { least } => json!({"type": ["integer", "null"], "minimum": least, "default": null}),
        Shape::Number => json!({"type": ["number", "null"], "exclusiveMinimum": 0, "default": null}),
        Shape::Time => json!({"type": ["number", "string", "null"], "exclusiveMinimum": 0, "default": null}),
        Shape::Flag => json!({"type": "boolean", "default": false}),
        Shape::Tools => json!({"type": "array", "default": []}),
        Shape::Prices => json!({"type": "object", "default": {}}),
        Shape::Schema => json!({"type": "object"}),
    }
}

#[test]
fn vs_code_has_a_setting_for_every_option() {
    let package: Value = serde_json::from_str(PACKAGE).unwrap();
    let properties = package["contributes"]["configuration"]["properties"].as_object().unwrap();
    for definition in settings() {
        let name = definition.facts().name;
        let property = properties.get(&format!("rlm.{name}"));
        let property = property.unwrap_or_else(|| panic!("package.json has no setting rlm.{name}"));
        for (key, expected) in vscode(definition).as_object().unwrap() {
            assert_eq!(property.get(key), Some(expected), "package.json: {key} of rlm.{name}");
        }
    }
    // The program, and the log of the editor's client.
    let others = ["serverPath", "trace.server"];
    let there = properties.keys().filter_map(|it| it.strip_prefix("rlm.")).filter(|it| !others.contains(it));
    assert_eq!(there.map(str::to_owned).collect::<BTreeSet<_>>(), names(settings()), "package.json");
}

/// The type in `defcustom`.
fn emacs(shape: &Shape) -> String {
    let constants = |names: &[String]| names.iter().map(|it| format!(" (const \"{it}\")")).collect::<String>();
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::TextOrTexts => "(choice string (repeat string))".to_owned(),
        Shape::Globs => "(repeat string)".to_owned(),
        Shape::Choice(names) => format!("(choice{})", constants(names)),
        Shape::Choices(names) => format!("(set{})", constants(names)),
        Shape::Whole { .. } => "integer".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Time => "(choice number string)".to_owned(),
        Shape::Flag => "boolean".to_owned(),
        Shape::Schema | Shape::Tools => "sexp".to_owned(),
        Shape::Prices => "(alist :key-type string :value-type (list number number))".to_owned(),
    }
}

#[test]
fn emacs_knows_the_type_of_every_option() {
    let (_, types) = EMACS.split_once(":type '(plist :options (").expect("rlm-options has a type");
    let (types, _) = types.split_once("\n\n").expect("it ends");
    let types = types.split_whitespace().collect::<Vec<_>>().join(" ");
    for definition in settings() {
        let line = format!("(:{} {})", definition.facts().name, emacs(&definition.shape()));
        assert!(types.contains(&line), "rlm.el: rlm-options has no {line}");
    }
    let there = types.split("(:").skip(1).filter_map(|it| it.split(' ').next());
    assert_eq!(there.map(str::to_owned).collect::<BTreeSet<_>>(), names(settings()), "rlm.el");
}

/// How the page of the protocol begins to tell the type.
fn told(shape: &Shape) -> String {
    let listed = |names: &[String]| names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    match shape {
        Shape::Text => "string |".to_owned(),
        Shape::TextOrTexts => "string or list of strings |".to_owned(),
        Shape::Globs => "list of globs".to_owned(),
        Shape::Choice(names) => format!("{} |", listed(names)),
        Shape::Choices(names) => format!("list of {} |", listed(names)),
        Shape::Whole { .. } => "integer |".to_owned(),
        Shape::Number => "number |".to_owned(),
        Shape::Time => "number or string |".to_owned(),
        Shape::Flag => "boolean |".to_owned(),
        Shape::Schema => "a JSON Schema |".to_owned(),
        Shape::Tools => "list of tools".to_owned(),
        Shape::Prices => "object: model → [input, output] |".to_owned(),
    }
}

#[test]
fn the_page_of_the_protocol_tells_every_option_and_its_type() {
    let section = PROTOCOL.split("\n## ").find(|it| it.starts_with("Options\n")).expect("there is such a section");
    let rows = section.lines().filter_map(|it| it.strip_prefix("| `")?.split_once(" | "));
    let mut there = BTreeSet::new();
    for (options, rest) in rows {
        for name in options.trim_end_matches('`').split("`, `") {
            let definition = DEFINITIONS.iter().find(|it| it.facts().name == name);
            let definition = definition.unwrap_or_else(|| panic!("protocol.md: there is no option {name}"));
            let type_of = told(&definition.shape());
            assert!(rest.starts_with(&type_of), "protocol.md: the type of {name} begins with: {type_of}");
            there.insert(name.to_owned());
        }
    }
    assert_eq!(there, names(DEFINITIONS.iter().copied()), "protocol.md");
}
