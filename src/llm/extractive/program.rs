//! The programs that the extractive model writes as a root.
//!
//! They are kept as Python files, and get their question as a first line.

use super::question::{Kind, Question};
use crate::text::one_line;
use serde_json::json;

/// Characters of the reason why a program has failed.
const FAILURE_CHARS: usize = 300;

/// What all programs share: how places and quotations are written.
const SHARED: &str = include_str!("programs/shared.py");
const PASSAGES: &str = include_str!("programs/passages.py");
const USES: &str = include_str!("programs/uses.py");
const SUMMARY: &str = include_str!("programs/summary.py");
const EXPLANATION: &str = include_str!("programs/explanation.py");
const INSTRUCTION: &str = include_str!("programs/instruction.py");

/// The reply of a root that has a question to answer.
pub fn write(question: &Question) -> String {
    // A JSON string is a Python string as well.
    let text = json!(question.text);
    let (parameters, program, intention) = match &question.kind {
        Kind::Passages => {
            (format!("question = {text}"), PASSAGES, "I search for the passages that fit and have them read.")
        }
        Kind::Uses(name) => (
            format!("question = {text}\nname = {}", json!(name)),
            USES,
            "I look for the name, its definition and its uses.",
        ),
        Kind::Summary => {
            (format!("question = {text}"), SUMMARY, "I look at what the text says of itself, and at its parts.")
        }
        Kind::Explanation => {
            let (path, first, last) = match &question.selection {
                Some(place) => (json!(place.path), place.first_line, place.last_line),
                None => (json!(""), 1, 1),
            };
            let place = format!("path, first_line, last_line = {path}, {first}, {last}");
            (format!("question = {text}\n{place}"), EXPLANATION, "I look at the selection and at what uses it.")
        }
        Kind::Instruction => (String::new(), INSTRUCTION, "I read the prompt."),
    };
    format!("{intention}\n\n```repl\n{parameters}\n{SHARED}\n{program}```\n")
}

/// Why a program did not come to an answer, by what its author was told: the exception that ended it, else whatever was
/// said first.
pub fn failure(observation: &str) -> String {
    let is_exception = |line: &&str| {
        let class = line.split(':').next().unwrap_or_default();
        let is_name = !class.is_empty() && class.chars().all(|it| it.is_ascii_alphanumeric() || it == '.');
        is_name && ["Error", "Exception", "Timeout", "Interrupt"].iter().any(|kind| class.ends_with(kind))
    };
    let shown = || observation.lines().find(|line| !line.trim().is_empty() && *line != "Output:");
    let line = observation.lines().rfind(is_exception).or_else(shown).unwrap_or_default();
    one_line(line, FAILURE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_by_its_exception() {
        for (observation, expected) in [
            (
                "Output:\nTraceback (most recent call last):\n  File \"<cell 1>\", line 3\n    x()\nOSError: no\n\
                 Variables: none.\n",
                "OSError: no",
            ),
            (
                "Output:\nCellTimeout: the cell ran longer than 3 s\nLeft: 59 turns",
                "CellTimeout: the cell ran longer than 3 s",
            ),
            (
                "This answer does not satisfy the JSON Schema, so it was not taken\n\nOutput:\n",
                "This answer does not satisfy the JSON Schema, so it was not taken",
            ),
            ("Output:\nThe interpreter crashed in this program.\n", "The interpreter crashed in this program."),
            ("", ""),
        ] {
            assert_eq!(failure(observation), expected);
        }
    }
}
