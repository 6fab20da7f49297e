//! Manifests in TOML, line by line, since a parser of TOML does not tell the lines of its entries.

use super::{Found, required};

pub(super) fn read(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut table: Vec<String> = Vec::new();
    let mut list: Option<String> = None;
    let mut head_line = 1;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if let Some(key) = list.take() {
            add_items(&mut found, number, &table, &key, line);
            if !ends_list(line) {
                list = Some(key);
            }
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            head_line = number;
            table = keys(head.trim_start_matches('[').split(']').next().unwrap_or_default());
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let (key, value) = (keys(key.trim()).join("."), value.trim());
        match value.strip_prefix('[') {
            Some(items) => {
                if matches!(table.last().map(String::as_str), Some("features" | "optional-dependencies")) {
                    found.push((number, number, "feature", key.clone(), value.to_owned()));
                }
                add_items(&mut found, number, &table, &key, items);
                list = (!ends_list(items)).then_some(key);
            }
            None => found.extend(entry(head_line, number, &table, &key, value)),
        }
    }
    found
}

/// A dotted key without quotes. A quoted part may have dots.
fn keys(key: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for it in key.chars() {
        match (quote, it) {
            (None, '"' | '\'') => quote = Some(it),
            (Some(open), it) if open == it => quote = None,
            (None, '.') => parts.push(String::new()),
            (_, it) => parts.last_mut().into_iter().for_each(|part: &mut String| part.push(it)),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

fn entry(head_line: usize, line: usize, table: &[String], key: &str, value: &str) -> Option<Found> {
    let text = string(value);
    let last = table.last().map_or("", String::as_str);
    let is_of_package = table.is_empty() || matches!(last, "package" | "project" | "poetry" | "workspace");
    let (about, name, value) = match key {
        "name" if is_of_package => ("name", text.clone(), text),
        "version" if is_of_package && !text.is_empty() => ("version", key.to_owned(), text),
        "license" | "license-file" if is_of_package => (
            "licence",
            key.to_owned(),
            if text.is_empty() { field(value, "text").or_else(|| field(value, "file"))? } else { text },
        ),
        "requires-python" | "rust-version" | "edition" | "channel" => ("runtime", key.to_owned(), text),
        _ if last == "features" => ("feature", key.to_owned(), value.to_owned()),
        _ if matches!(last, "scripts" | "gui-scripts") => ("command", key.to_owned(), text),
        _ if holds_dependencies(last) || last == "packages" || last == "dev-packages" => {
            (required(key), key.trim_end_matches(".workspace").to_owned(), version(value))
        }
        // `[dependencies.name]`.
        "version" if table.len() > 1 && table[..table.len() - 1].iter().any(|it| holds_dependencies(it)) => {
            return Some((head_line, line, "dependency", last.to_owned(), text));
        }
        _ => return None,
    };
    (!name.is_empty()).then_some((line, line, about, name, value))
}

fn holds_dependencies(table: &str) -> bool {
    matches!(table, "dependencies" | "dev-dependencies" | "build-dependencies" | "deps" | "compat")
}

/// Dependencies in a list of strings: `"name>=1"`.
fn add_items(found: &mut Vec<Found>, line: usize, table: &[String], key: &str, items: &str) {
    let last = table.last().map_or("", String::as_str);
    let lists = key == "dependencies"
        || matches!(last, "optional-dependencies" | "dependency-groups")
        || (last == "build-system" && key == "requires");
    if !lists || items.starts_with('#') {
        return;
    }
    let mut rest = items;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = &rest[start..=start];
        let Some(end) = rest[start + 1..].find(quote) else { return };
        let (name, value) = super::lines::requirement(&rest[start + 1..start + 1 + end]);
        if !name.is_empty() {
            found.push((line, line, required(&name), name, value));
        }
        rest = &rest[start + 2 + end..];
    }
}

/// Whether a list ends on this line, brackets in strings aside.
fn ends_list(line: &str) -> bool {
    let mut quote = None;
    for it in line.chars() {
        match (quote, it) {
            (None, '"' | '\'') => quote = Some(it),
            (Some(open), it) if open == it => quote = None,
            (None, ']') => return true,
            (None, '#') => return false,
            _ => {}
        }
    }
    false
}

/// The text of a string at the beginning of a value; nothing of another value.
fn string(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|it| matches!(it, '"' | '\'')) else { return String::new() };
    value[1..].split(quote).next().unwrap_or_default().to_owned()
}

/// The version in the value of a dependency, else where it comes from.
fn version(value: &str) -> String {
    if !value.starts_with('{') {
        return string(value);
    }
    let origin = || ["path", "git"].iter().find_map(|name| Some(format!("{name} {}", field(value, name)?)));
    field(value, "version").or_else(origin).unwrap_or_default()
}

/// A string of an inline table.
fn field(table: &str, name: &str) -> Option<String> {
    let fields = table.trim_matches(['{', '}', ' ']).split(',');
    let mut pairs = fields.filter_map(|field| field.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| string(value.trim()))
}
