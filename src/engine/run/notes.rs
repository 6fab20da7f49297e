//! What is noted of the programs of a question, so that another process can run them again.

use crate::{
    corpus::ContextText,
    engine::{
        prompt,
        question::{
            Focus,
            session::memory::{PlaceOfSelection, Program, QuestionPrograms, RecordedCall, TextOfPrograms},
        },
        run::RunInputs,
    },
    repl::wire::CellReport,
    store::Key,
    text::cut_head,
};
use regex::Regex;
use std::sync::LazyLock;

/// Characters of an output by which it is known again. It is cut elsewhere for other models.
const OUTPUT_CHARS: usize = 4000;

/// Where something lies in memory, which is elsewhere each time.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| Regex::new("0x[0-9a-f]{6,}").expect("the pattern is right"));

/// The notes of a question that begins; nothing if its programs are not kept. Those of the built-in model are not: it uses
/// nothing that they leave behind.
pub fn begin(inputs: &RunInputs<'_>) -> Option<QuestionPrograms> {
    let question = inputs.question;
    let session = question.session.as_ref().filter(|it| it.keeps_programs())?;
    let is_noted = inputs.depth == 0 && !inputs.model.prefers_programs();
    let long = || prompt::is_long(&question.text).then(|| question.text.clone());
    is_noted.then(|| QuestionPrograms::new(session.exchanges().len(), long()))
}

/// A program that has ended by itself.
pub fn program(code: &str, report: &CellReport, calls: Vec<RecordedCall>) -> Program {
    Program { code: code.to_owned(), printed: printed(&report.output), has_failed: report.error.is_some(), calls }
}

/// A hash of what a program printed.
pub fn printed(output: &str) -> Key {
    let text = cut_head(output, OUTPUT_CHARS).shown;
    Key::of(&ADDRESS.replace_all(text, "0x"))
}

/// The notes with the place of the selection that the question was about. The text itself is not noted.
pub fn placed(mut programs: QuestionPrograms, focus: Option<&Focus>, context: &ContextText) -> QuestionPrograms {
    if let Some(focus) = focus {
        programs.selection = place(focus, context);
        if programs.selection.is_none() {
            programs.text = TextOfPrograms::Unknown;
        }
    }
    programs
}

fn place(focus: &Focus, context: &ContextText) -> Option<PlaceOfSelection> {
    let number = |line: usize| i64::try_from(line).ok();
    let path = context.segments().iter().any(|it| it.path.is_some()).then_some(focus.path.as_str());
    let lines = context.line_range(path, number(focus.first_line)?, number(focus.last_line)).ok()?;
    let start = lines.start + context.read(lines).ok()?.find(&focus.text)?;
    Some(PlaceOfSelection { start, end: start + focus.text.len() })
}
