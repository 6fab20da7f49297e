//! The programs that the extractive model writes as a root.
//!
//! They are kept as Python files, and get what was understood of their question as a first line.

use super::question::{Ask, Question};
use crate::{llm::Place, text::one_line};
use serde_json::json;

/// Characters of the reason why a program has failed.
const FAILURE_CHARS: usize = 300;

macro_rules! program {
    ($($name:literal),+) => { concat!($(include_str!(concat!("programs/", $name, ".py")), "\n\n"),+) };
}

/// Bytes of what was understood of a question. A program has to fit into a reply.
const MOST_ASKED: usize = 4000;

/// How an answer begins that says that nothing was found.
pub const NOTHING_FOUND: &str = "Nothing found";

/// What a program says that leaves the answer to the second one, which searches for passages.
const SEARCHING: &str = "I search for passages.";

/// The reply of a root that has a question to answer, about a selection if there is one.
///
/// A program has to fit into a reply. So what all need is defined in a first one, which looks up facts as well if the
/// question asks for some (uses, counts, manifests, a log), and where that comes to nothing the second one searches for
/// passages; see [`search`].
pub fn answer(question: &Question, selection: Option<&Place>) -> String {
    let (parameters, program) = match (selection, &question.ask) {
        (Some(it), _) => {
            let place =
                format!("path, first_line, last_line = {}, {}, {}", json!(it.path), it.first_line, it.last_line);
            (place, program!("shared", "ranked", "explanation"))
        }
        (None, ask) => (format!("SEARCHING = {}", json!(SEARCHING)), facts(ask)),
    };
    let intention = match (selection, &question.ask) {
        (Some(_), _) => "I look at the selection and at what uses it.",
        (None, Ask::Summary) => "I look at what the text says of itself, and at its parts.",
        (None, Ask::Passages | Ask::Definition) => {
            "I look up what the question names, and search for the passages that fit."
        }
        (None, _) => "I look up what the question asks for.",
    };
    let asked = question.to_python(MOST_ASKED);
    format!(
        "{intention}\n\n```repl\nimport json\nasked = json.loads({asked})\nNOTHING_FOUND = {}\n{parameters}\n{}```\n",
        json!(NOTHING_FOUND),
        compact(program)
    )
}

/// The program that looks up what is asked for. For passages it gets ready for the second one.
fn facts(ask: &Ask) -> &'static str {
    match ask {
        Ask::Passages | Ask::Definition => concat!(program!("shared", "lookup"), "print(SEARCHING)\n"),
        Ask::Summary => program!("shared", "summary"),
        Ask::Uses { .. } => {
            concat!(program!("shared", "lookup", "uses"), "look_up = by_uses\n", program!("conclusion"))
        }
        Ask::Manifest { .. } => {
            concat!(program!("shared", "lookup", "manifest"), "look_up = by_manifest\n", program!("conclusion"))
        }
        Ask::List { .. } => {
            concat!(program!("shared", "lookup", "listing"), "look_up = by_list\n", program!("conclusion"))
        }
        Ask::Count { .. } => {
            concat!(
                program!("shared", "lookup", "listing", "logs", "counts"),
                "look_up = by_count\n",
                program!("conclusion")
            )
        }
        Ask::Repeats { .. } => {
            concat!(program!("shared", "lookup", "logs"), "look_up = by_repeats\n", program!("conclusion"))
        }
        Ask::When { .. } => {
            concat!(program!("shared", "lookup", "logs", "when"), "look_up = by_when\n", program!("conclusion"))
        }
    }
}

/// A program without its comments, which are there for those who read the sources, and indented by single blanks: a reply has
/// only so much room.
fn compact(program: &str) -> String {
    let mut is_comment = false;
    let lines = program.lines().filter(|line| {
        let text = line.trim();
        let begins = !is_comment && text.starts_with("\"\"\"");
        let ends = text.ends_with("\"\"\"") && (is_comment || text.len() > 3);
        let is_left_out = is_comment || begins || text.is_empty() || text.starts_with('#');
        is_comment = (is_comment || begins) && !ends;
        !is_left_out
    });
    let indented =
        |line: &str| format!("{}{}\n", " ".repeat((line.len() - line.trim_start().len()) / 4), line.trim_start());
    lines.map(indented).collect()
}

/// The second program, if the first one has left the answer to it. What that has defined is still there.
pub fn search(observation: &str) -> Option<String> {
    let found_nothing = observation.lines().any(|line| line == SEARCHING);
    let program = program!("ranked", "named", "passages");
    found_nothing.then(|| format!("I search for the passages that fit.\n\n```repl\n{}```\n", compact(program)))
}

/// The reply of a root whose text is a prompt.
pub fn follow_prompt() -> String {
    format!("I read the prompt.\n\n```repl\n{}```\n", program!("instruction"))
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
    fn every_program_fits_into_a_reply() {
        // Tokens that a reply may have, at four bytes each, with room for what is asked.
        let most = 8192 * 4 - MOST_ASKED - 1000;
        let asks = [
            Ask::Passages,
            Ask::Summary,
            Ask::Uses { calls: true },
            Ask::Manifest { about: "version" },
            Ask::Count { of: String::new(), by: None },
            Ask::When { last: false },
            Ask::Repeats { of: String::new() },
            Ask::List { of: String::new() },
        ];
        for ask in asks {
            let program = compact(facts(&ask));
            assert!(program.len() < most, "{ask:?}: {} of {most}", program.len());
        }
        assert!(search(SEARCHING).is_some_and(|it| it.len() < most) && search("").is_none());
    }

    #[test]
    fn comments_stay_at_home() {
        let source = "# a\ndef f():\n    \"\"\"Does\n    it.\"\"\"\n    x = \"\"\"y\"\"\"  # why\n\n    \"\"\"One.\"\"\"\n    return x\n";
        assert_eq!(compact(source), "def f():\n x = \"\"\"y\"\"\"  # why\n return x\n");
    }

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
