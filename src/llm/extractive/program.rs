//! The programs that the extractive model writes as a root.
//!
//! They are kept as Python files, and get their question as a first line.

use super::question::{Kind, Question};
use serde_json::json;

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

/// The reply to a program that did not come to an answer.
pub fn give_up(observation: &str) -> String {
    let seen = json!(observation);
    format!("```repl\nFINAL(\"The extractive model could not answer; its program ended with:\\n\\n\" + {seen})\n```\n")
}
