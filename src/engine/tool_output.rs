//! Looks of tools into the context: what programs get as objects, as texts.
//!
//! Only what can be shown of a text is read; a note says how much there is.

use super::{context_api, prompt};
use crate::corpus::{self, ContextText, StopFlag};
use serde_json::Value;
use std::ops::Range;

/// Answers the look `name` with at most about `room` characters.
///
/// # Errors
/// In words for the model.
pub fn answer(context: &ContextText, name: &str, given: Value, room: usize, stop: &StopFlag) -> Result<String, String> {
    let unread = |error: corpus::Error| error.to_string();
    let characters = match name {
        "peek" => {
            let (start, end): (i64, i64) = context_api::arguments(given).map_err(|raised| raised.message)?;
            slice(context.char_len(), start, end)
        }
        _ => {
            let found = context_api::answer(context, name, given, stop).map_err(|raised| raised.message)?;
            match serde_json::from_value::<(usize, usize)>(found.clone()) {
                Ok((start, end)) if name == "peek_lines" || name == "read" => start..end,
                _ => return Ok(rows(name, &found)),
            }
        }
    };
    let shown = characters.start..characters.end.min(characters.start + room);
    let text = part(context, shown.clone()).map_err(unread)?;
    Ok(match characters.end - shown.end {
        0 if text.is_empty() => "(nothing: the range is empty)".to_owned(),
        0 => text,
        omitted => prompt::with_omission(&text, omitted),
    })
}

/// Characters of the context.
pub fn part(context: &ContextText, characters: Range<usize>) -> Result<String, corpus::Error> {
    let bytes = context.byte_of_char(characters.start)?..context.byte_of_char(characters.end)?;
    Ok(context.read(bytes)?.into_owned())
}

/// What a slice means in a text of this many characters, as in Python.
pub fn slice(length: usize, start: i64, end: i64) -> Range<usize> {
    let resolve = |place: i64| {
        let size = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
        if place < 0 { length.saturating_sub(size) } else { size.min(length) }
    };
    let (start, end) = (resolve(start), resolve(end));
    start..end.max(start)
}

/// Rows as lines.
fn rows(name: &str, found: &Value) -> String {
    if name == "chunk" {
        return found.to_string();
    }
    let columns = &found["columns"];
    let text = |row: usize, field: &str| columns[field][row].as_str().unwrap_or_default().to_owned();
    let line = |row: usize| match name {
        "grep" if columns["path"][row].is_null() => format!("{}: {}", columns["line"][row], text(row, "text")),
        "grep" => format!("{}:{}: {}", text(row, "path"), columns["line"][row], text(row, "text")),
        "search" => {
            let score = columns["score"][row].as_f64().unwrap_or_default();
            let (first, last) = (&columns["first_line"][row], &columns["last_line"][row]);
            let place = format!("{}:{first}-{last}", text(row, "path"));
            format!("{place} (score {score:.1})\n{}\n", text(row, "text"))
        }
        _ => {
            let indent = "  ".repeat(columns["depth"][row].as_u64().unwrap_or_default().min(20) as usize);
            let (kind, name) = (text(row, "kind"), text(row, "name"));
            let (first, last) = (&columns["first_line"][row], &columns["last_line"][row]);
            format!("{indent}{kind} {name} ({first}-{last}): {}", text(row, "signature"))
        }
    };
    let count = columns["first_line"].as_array().or(columns["line"].as_array()).map_or(0, Vec::len);
    let mut lines: Vec<String> = (0..count).map(line).collect();
    if lines.is_empty() {
        return if name == "grep" { "No matches found".to_owned() } else { "nothing found".to_owned() };
    }
    if found["more"] == true {
        lines.push("… and more".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    #[test]
    fn looks_are_texts_and_say_what_is_missing() {
        let text = "Äpfel\nBirnen\nApfelmus\n".to_owned();
        let context = Snapshot::of_text(None, text).context().unwrap();
        let look = |name: &str, given: Value, room| answer(&context, name, given, room, &StopFlag::default());
        for (name, given, room, expected) in [
            ("peek", json!([0, 5]), 100, "Äpfel"),
            ("peek", json!([-9, i64::MAX]), 100, "Apfelmus\n"),
            ("peek", json!([3, 3]), 100, "(nothing: the range is empty)"),
            ("peek", json!([0, 9]), 5, "Äpfel\n… [4 characters left out]"),
            ("peek_lines", json!([1, 2]), 100, "Birnen\n"),
            ("grep", json!(["pfel", null, false, 50]), 100, "1: Äpfel\n3: Apfelmus"),
            ("grep", json!(["pfel", null, false, 1]), 100, "1: Äpfel\n… and more"),
            ("grep", json!(["kiwi", null, false, 50]), 100, "No matches found"),
            ("chunk", json!([100, 0, "characters"]), 100, "[[0,22]]"),
        ] {
            assert_eq!(look(name, given.clone(), room), Ok(expected.to_owned()), "{name} {given}");
        }
        assert!(look("grep", json!(["(", null, false, 50]), 100).unwrap_err().contains("regex"));
        assert!(look("read", json!(["x.rs", 1, null]), 100).unwrap_err().contains("x.rs"));
    }
}
