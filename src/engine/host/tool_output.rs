//! Looks of tools into the context: what programs get as objects, as texts.
//!
//! Only what can be shown of a text is read; a note says how much there is.

use super::function::{Gives, HostFunction};
use crate::{
    corpus::{self, ContextText},
    text::with_omission,
};
use serde_json::Value;
use std::ops::Range;

/// What a look has found, in at most about `room` characters.
///
/// # Errors
/// In words for the model.
pub fn answer(context: &ContextText, function: &HostFunction, found: Value, room: usize) -> Result<String, String> {
    match function.gives {
        Gives::Rows(form) => Ok(form.lines(&found)),
        Gives::Pieces => Ok(found.to_string()),
        Gives::Plain => Ok(answer_text(&found)),
        Gives::Part | Gives::Slice => {
            let (start, end) = serde_json::from_value(found).map_err(|error| error.to_string())?;
            shown(context, start..end, room)
        }
    }
}

fn shown(context: &ContextText, characters: Range<usize>, room: usize) -> Result<String, String> {
    let shown = characters.start..characters.end.min(characters.start + room);
    let text = part(context, shown.clone()).map_err(|error| error.to_string())?;
    Ok(match characters.end - shown.end {
        0 if text.is_empty() => "(nothing: the range is empty)".to_owned(),
        0 => text,
        omitted => with_omission(&text, omitted),
    })
}

/// Characters of the context.
pub fn part(context: &ContextText, characters: Range<usize>) -> Result<String, corpus::Error> {
    let bytes = context.byte_of_char(characters.start)?..context.byte_of_char(characters.end)?;
    Ok(context.read(bytes)?.into_owned())
}

/// A value as text: what is no text is JSON.
pub fn answer_text(answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{function::Does, functions},
        *,
    };
    use crate::corpus::{Snapshot, StopFlag};
    use serde_json::json;

    #[test]
    fn looks_are_texts_and_say_what_is_missing() {
        let text = "Äpfel\nBirnen\nApfelmus\n".to_owned();
        let context = Snapshot::of_text(None, text).context().unwrap();
        let look = |name: &str, given: Value, room| {
            let function = functions().find(|it| it.name == name).expect("there is such a function");
            let (Does::Read(look) | Does::Scan(look)) = function.does else { panic!("{name} does not look") };
            let found = look(&context, given, &StopFlag::default()).map_err(|raised| raised.message)?;
            answer(&context, function, found, room)
        };
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
