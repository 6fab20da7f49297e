//! The programs that the extractive model writes as a root.
//!
//! They are kept as Python files, and get what was understood of their question as a first line.

use super::question::{Ask, Question};
use crate::{llm::Place, text::one_line};
use serde_json::json;

/// Characters of the reason why a program has failed.
const FAILURE_CHARS: usize = 300;

/// What all programs share: how places and quotations are written, and what is looked up.
const SHARED: &str = include_str!("programs/shared.py");
const RANKED: &str = include_str!("programs/ranked.py");
const NAMED: &str = include_str!("programs/named.py");
const FACTS: &str = include_str!("programs/facts.py");
const LOGS: &str = include_str!("programs/logs.py");
const PASSAGES: &str = include_str!("programs/passages.py");
const SUMMARY: &str = include_str!("programs/summary.py");
const EXPLANATION: &str = include_str!("programs/explanation.py");
const INSTRUCTION: &str = include_str!("programs/instruction.py");

/// The reply of a root that has a question to answer, about a selection if there is one.
pub fn answer(question: &Question, selection: Option<&Place>) -> String {
    let asked = json!(question).to_string();
    // A JSON string is a Python string as well.
    let asked = format!("import json\nasked = json.loads({})", json!(asked));
    let (parameters, parts, intention) = match (selection, &question.ask) {
        (Some(it), _) => {
            let place = format!("path, first_line, last_line = {}, {}, {}", json!(it.path), it.first_line, it.last_line);
            (place, &[SHARED, RANKED, EXPLANATION][..], "I look at the selection and at what uses it.")
        }
        (None, Ask::Summary) => {
            (String::new(), &[SHARED, SUMMARY][..], "I look at what the text says of itself, and at its parts.")
        }
        (None, _) => (
            String::new(),
            &[SHARED, RANKED, NAMED, FACTS, LOGS, PASSAGES][..],
            "I look up what the question names, and search for the passages that fit.",
        ),
    };
    format!("{intention}\n\n```repl\n{asked}\n{parameters}\n{}```\n", parts.join("\n\n"))
}

/// The reply of a root whose text is a prompt.
pub fn follow_prompt() -> String {
    format!("I read the prompt.\n\n```repl\n{INSTRUCTION}```\n")
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
