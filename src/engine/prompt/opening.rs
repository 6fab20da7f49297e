//! The first message to a root model: what the context is, then the question.

use crate::{
    corpus::{self, ContextText},
    engine::{
        prompt::inputs::{PromptInputs, output_chars},
        question::{
            Focus,
            session::{Earlier, memory::Exchange},
        },
    },
    llm::{Place, Task},
    text::{counted, cut_middle},
};
use std::fmt::Write;

/// What stands above the question in the first message to a root model.
pub(super) const QUESTION_HEADING: &str = "# Question";

/// Characters of a question that is asked in the prompt. A longer one is a variable as well, and shown in part.
const QUESTION_CHARS: usize = 8000;

/// Whether a question is too long for a prompt.
pub fn is_long(question: &str) -> bool {
    question.chars().nth(QUESTION_CHARS).is_some()
}

/// The first message to a root model: what the context is, then the question. `exchanges` are earlier questions of the
/// session, `earlier` the variables that are there from them.
pub fn opening(inputs: &PromptInputs<'_>, exchanges: &[Exchange], earlier: &Earlier) -> String {
    let mut text = inputs.overview.describe();
    if let Some(tokens) = inputs.model.window() {
        let _ = writeln!(
            text,
            "Your window has {tokens} tokens; of what is printed in one turn you see {} characters.",
            output_chars(Some(tokens))
        );
    }
    if let Some(tokens) = inputs.worker.window() {
        // At three characters to a token, with room for a question and a reply.
        let characters = tokens * 3 / 4 * 3;
        let _ = writeln!(
            text,
            "A model that reads for you has a window of {tokens} tokens: at most some {characters} characters in one prompt."
        );
    }
    if let Some(focus) = &inputs.question.focus {
        let _ = write!(
            text,
            "\nThe question is about a selection: {}:{}-{}, {} characters, in the variable `selection`.\n",
            focus.path,
            focus.first_line,
            focus.last_line,
            focus.text.chars().count()
        );
    }
    // A child's answer goes to a program.
    if let Some(schema) = inputs.question.config.schema.as_ref().filter(|_| inputs.depth == 0) {
        let _ = write!(text, "\n{}\n", shaped(schema.text()));
    }
    if let Some(last) = exchanges.last() {
        let _ = write!(
            text,
            "\nThis question follows {}; `history` is a list of dicts with \"question\" and \"answer\". The text may have \
             changed since. The last one:\n{}",
            counted(exchanges.len(), "earlier question"),
            exchange(last)
        );
    }
    let Earlier { variables, are_gone, loss } = earlier;
    if *are_gone {
        text.push_str(GONE);
    }
    if let Some(loss) = loss {
        let _ = writeln!(text, "The session was interrupted: {}.", loss.sentence());
    }
    if !variables.is_empty() {
        let shown: Vec<_> = variables.iter().take(VARIABLES).map(|(name, kind)| format!("{name}: {kind}")).collect();
        let _ = writeln!(text, "Variables of earlier programs are still there: {}.", shown.join(", "));
    }
    text.push_str("\nYou have not looked at the text yet.\n\n");
    text.push_str(QUESTION_HEADING);
    text.push('\n');
    let question = inputs.question.text.trim();
    if is_long(question) {
        let characters = question.chars().count();
        let _ = writeln!(
            text,
            "(It has {characters} characters; this is its beginning and its end. All of it is the variable `question`.)"
        );
        text.push_str(&cut_middle(question, QUESTION_CHARS));
    } else {
        text.push_str(question);
    }
    text
}

pub(super) fn shaped(schema: &str) -> String {
    format!(
        "The answer must be one JSON value that satisfies this JSON Schema, with nothing before or after it: {schema}"
    )
}

const GONE: &str = "The variables of earlier programs are gone: other questions needed their memory. `history` is \
still there.\n";

/// The most variables of earlier questions that a model is told of.
const VARIABLES: usize = 40;

/// Characters of an earlier question, and of an earlier answer, that are shown.
const EARLIER_CHARS: usize = 4000;

/// The most earlier questions that a model is told of when it answers directly.
const EARLIER_SHOWN: usize = 5;

fn exchange(Exchange { question, answer }: &Exchange) -> String {
    format!("Question: {}\nAnswer: {}\n", cut_middle(question, EARLIER_CHARS), cut_middle(answer, EARLIER_CHARS))
}

/// The only message of a direct call: the text with line numbers, then the question.
pub fn direct(
    context: &ContextText,
    focus: Option<&Focus>,
    question: &str,
    schema: Option<&str>,
    earlier: &[Exchange],
) -> Result<String, corpus::Error> {
    let mut text = String::new();
    for segment in context.segments() {
        text.push_str(&context.read(segment.header.clone())?);
        for (number, line) in context.read(segment.text.clone())?.lines().enumerate() {
            let _ = writeln!(text, "{}\t{line}", number + 1);
        }
    }
    if let Some(focus) = focus {
        let _ = write!(
            text,
            "\nThe question is about the selection {}:{}-{}.\n",
            focus.path, focus.first_line, focus.last_line
        );
    }
    if !earlier.is_empty() {
        text.push_str("\nEarlier questions, with your answers:\n");
        earlier.iter().rev().take(EARLIER_SHOWN).rev().for_each(|it| text.push_str(&exchange(it)));
    }
    if let Some(schema) = schema {
        let _ = write!(text, "\n{}\n", shaped(schema));
    }
    text.push('\n');
    text.push_str(QUESTION_HEADING);
    text.push('\n');
    text.push_str(question.trim());
    Ok(text)
}

/// What a run is for that answers a question.
pub fn task(question: &str, focus: Option<&Focus>) -> Task {
    let place = |it: &Focus| Place { path: it.path.clone(), first_line: it.first_line, last_line: it.last_line };
    Task::Answer { question: question.to_owned(), selection: focus.map(place) }
}

/// What the only message of a direct call is for: the text in it, and the question behind that.
pub fn direct_task(question: &str, message: &str) -> Task {
    let asked = QUESTION_HEADING.len() + 1 + question.trim().len();
    Task::Read { question: question.to_owned(), text: message.len().saturating_sub(asked) }
}

/// A part of the text and what to find out, as one prompt.
pub fn about_part(part: &str, query: &str) -> String {
    format!("{part}\n\n{QUESTION_HEADING}\n{query}")
}
