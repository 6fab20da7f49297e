//! The cases of `tests/data/edits.toml`: replies as models write them, and what they come to.

use crate::edit::{Refusal, parse};
use std::{collections::BTreeMap, fs};
use toml::Value;

/// Each file before, and what it is to be.
type Files = BTreeMap<String, String>;

fn text<'c>(case: &'c Value, field: &str) -> Option<&'c str> {
    case.get(field).map(|it| it.as_str().expect("a text"))
}

fn after(before: &Files, reply: &str) -> Result<Files, Refusal> {
    let changed = parse(reply)?.changed_files(|path| Ok::<_, String>(before.get(path).cloned()))?;
    let mut files = before.clone();
    for file in changed {
        files.remove(file.renamed_from.as_ref().unwrap_or(&file.path));
        if let Some(new) = file.new {
            files.insert(file.path, new);
        }
    }
    Ok(files)
}

fn expected(case: &Value, before: &Files, path: &str) -> Files {
    let mut files = before.clone();
    if let (Some(from), Some(to)) = (text(case, "from"), text(case, "to")) {
        let old = before.get(path).expect("the file is there");
        assert_eq!(old.matches(from).count(), 1, "{from} is there once");
        files.insert(path.to_owned(), old.replacen(from, to, 1));
    }
    for (path, text) in case.get("files").and_then(Value::as_table).into_iter().flatten() {
        files.insert(path.clone(), text.as_str().expect("a text").to_owned());
    }
    for path in case.get("gone").and_then(Value::as_array).into_iter().flatten() {
        files.remove(path.as_str().expect("a path"));
    }
    files
}

#[test]
fn replies_of_models_come_to_what_they_mean() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/edits.toml");
    let data: toml::Table = fs::read_to_string(path).expect("the cases are there").parse().expect("they are TOML");
    let cases = data["case"].as_array().expect("a list");
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut failed = Vec::new();
    for case in cases {
        let name = text(case, "name").expect("a name");
        let path = text(case, "path").unwrap_or("src/lib.rs");
        let old = text(case, "text").or_else(|| data["text"].as_str()).expect("a text");
        let before =
            Files::from([(path.to_owned(), old.to_owned()), ("docs/other.md".to_owned(), "# Other\n".to_owned())]);
        let outcome = after(&before, text(case, "reply").expect("a reply"));
        let outcome = outcome.map_err(|refusal| (refusal.kind.name(), refusal.to_string()));
        match (text(case, "refused"), outcome) {
            (None, Ok(files)) if files == expected(case, &before, path) => {}
            (Some(kind), Err((own, message))) if own == kind => {
                let says = text(case, "says").unwrap_or_default();
                if !message.contains(says) {
                    failed.push(format!("{name}: it says: {message}"));
                }
            }
            (_, outcome) => failed.push(format!("{name}: {outcome:#?}")),
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
