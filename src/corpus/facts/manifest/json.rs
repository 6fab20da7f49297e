//! Manifests in JSON, with the lines of their entries, which a parser of JSON does not tell.

use super::{Found, required};

/// Brackets that may be open at once.
const DEEPEST: usize = 64;

/// A value other than an object or a list, with the keys that lead to it.
struct Leaf {
    line: usize,
    keys: Vec<String>,
    value: String,
}

pub(super) fn read(text: &str) -> Vec<Found> {
    let found = |leaf: Leaf| {
        let (name, about) = match leaf.keys.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["name"] => (leaf.value.clone(), "name"),
            ["version"] => ("version".to_owned(), "version"),
            ["license" | "licenses", ..] => ("license".to_owned(), "licence"),
            ["engines" | "volta", name] => ((*name).to_owned(), "runtime"),
            ["packageManager"] => ("packageManager".to_owned(), "runtime"),
            ["scripts" | "bin", name] => ((*name).to_owned(), "command"),
            [
                "dependencies"
                | "devDependencies"
                | "peerDependencies"
                | "optionalDependencies"
                | "require"
                | "require-dev"
                | "imports",
                name,
            ] => ((*name).to_owned(), required(name)),
            _ => return None,
        };
        Some((leaf.line, leaf.line, about, name, leaf.value))
    };
    leaves(text).into_iter().filter_map(found).collect()
}

/// The strings, numbers and words of a JSON text, up to the first place where it stops being JSON.
fn leaves(text: &str) -> Vec<Leaf> {
    let bytes = text.as_bytes();
    // The keys that lead to the place, one for each open bracket; and whether the next string is a key.
    let (mut keys, mut awaits_key, mut leaves): (Vec<String>, Vec<bool>, Vec<Leaf>) =
        (Vec::new(), Vec::new(), Vec::new());
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() && keys.len() < DEEPEST {
        match bytes[at] {
            b'\n' => line += 1,
            open @ (b'{' | b'[') => {
                keys.push(String::new());
                awaits_key.push(open == b'{');
            }
            b'}' | b']' => {
                keys.pop();
                awaits_key.pop();
            }
            b',' => {
                // In an object the next string is a key again. A list has no keys.
                if let (Some(awaits), Some(key)) = (awaits_key.last_mut(), keys.last()) {
                    *awaits = !key.is_empty();
                }
            }
            b'"' => {
                let end = end_of_string(bytes, at);
                let value: String = serde_json::from_str(&text[at..end]).unwrap_or_default();
                match (awaits_key.last_mut(), keys.last_mut()) {
                    (Some(awaits @ true), Some(key)) => {
                        *key = value;
                        *awaits = false;
                    }
                    _ => leaves.push(Leaf {
                        line,
                        keys: keys.iter().filter(|it| !it.is_empty()).cloned().collect(),
                        value,
                    }),
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    leaves
}

/// Behind the string that begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' && bytes[end] != b'\n' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    // An escape may not be followed by a part of a character.
    let end = (end + 1).min(bytes.len());
    (end..=bytes.len())
        .find(|&end| end == bytes.len() || bytes[end] & 0b1100_0000 != 0b1000_0000)
        .unwrap_or(bytes.len())
}
