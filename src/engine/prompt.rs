//! Every text that the engine says to a model, in one place.
//!
//! Texts are put together from parts; nothing is passed through a format string that a question or a file could break.
//! What stays the same comes first, the question last, so that a provider's prompt cache can serve the beginning.

use super::{
    budget::Left,
    overview::Overview,
    reply::Reply,
    run::{CellRecord, Focus},
    tree::Cut,
};
use crate::{
    corpus::{self, ContextText},
    llm::extractive::QUESTION_HEADING,
    repl::{Cause, Ended},
};
use std::fmt::Write;

/// What a root model is told about its tools.
pub const SYSTEM: &str = r#"You answer a question about a text that is too large for your window. The text is not in this conversation: it is the variable `context` in a Python REPL. You look into it with small programs, and have other models read the parts that matter.

To run a program, write it in a block like this; several blocks run in order, and you see what they print:

```repl
print(len(context), len(files))
for row in search("where are retries decided", k=5):
    print(row)
```

Variables stay from program to program. The text is there under these names:
- `context`: the whole text, a str: slices, `in`, find, count, split, re. If it has several files, each begins after a line `==> path <==`
- `files`: mapping from path to text
- `search(query, k=10)`: the passages that fit the words best; rows with path, first_line, last_line, score, text
- `grep(pattern, path=None, ignore_case=False, max_results=50)`: lines that match a regular expression; rows with path, line, text
- `outline(path)`: the definitions in a file; rows with name, kind, first_line, last_line, depth, signature
- `read(path, first_line=1, last_line=None)`: lines of a file, counted from 1, both ends included
- `peek(start, end)`: characters of the context; `peek_lines(start, end)`: its lines, counted from 0, end excluded
- `repo_map(tokens=2000, focus=None)`: the most used definitions of all files as a text, for a first look at code; `focus` names files, folders or definitions that it begins with
- `chunk(size, overlap=0, unit="characters")`: the context in pieces of at most `size` characters (or "tokens") that end at structure or lines; each is a str with `.start` and `.end`
- `tokens(text)`: about how many tokens a text has

Other models read for you:
- `llm_query(prompt)`: the answer of a model that sees only the prompt; put the text and the question into it
- `llm_query_batched(prompts)`: the same for a list, in parallel; much faster than a loop. A failure is a text "Error: ..." in its own place
- `rlm_query(prompt)`, `rlm_query_batched(prompts)`: a child with a REPL of its own whose `context` is the prompt; for parts that are themselves too large to read at once
- `BUDGET()`: what is left of calls, tokens, money and time; `SHOW_VARS()`: your variables

Only what you print comes back to you, and long output is cut: print little, keep results in variables, and have long texts read by `llm_query_batched` instead of printing them. There are no files, no network and no packages beyond Python's standard library.

When you know the answer, end with `FINAL(text)` in a program, or set `answer["content"]` and then `answer["ready"] = True`, or write `FINAL_VAR("name")` to answer with a variable. The answer is Markdown for a person. Cite where things stand as `path:line` or `path:first-last`, with lines that you have seen, and claim nothing that you have not seen."#;

/// What a model is told that answers in one call.
pub const DIRECT_SYSTEM: &str = "You answer a question about a text that follows. The answer is Markdown for a person. \
Cite where things stand as `path:line` or `path:first-last`, by the line numbers in front of the lines; claim nothing \
that the text does not say.";

/// What a child is asked: the prompt itself is its context.
pub const CHILD_QUESTION: &str = "The context is a prompt that another program wrote for you: a text with an \
instruction. Find the instruction (most often at the beginning or at the end of `context`), do what it says with the \
text, and give the result as your answer.";

/// The first message to a root model: what the context is, then the question.
pub fn opening(overview: &Overview<'_>, focus: Option<&Focus>, question: &str) -> String {
    let mut text = overview.describe();
    if let Some(focus) = focus {
        let _ = write!(
            text,
            "\nThe question is about a selection: {}:{}-{}, {} characters, in the variable `selection`.\n",
            focus.path,
            focus.first_line,
            focus.last_line,
            focus.text.chars().count()
        );
    }
    text.push('\n');
    text.push_str(QUESTION_HEADING);
    text.push('\n');
    text.push_str(question.trim());
    text
}

/// The only message of a direct call: the text with line numbers, then the question.
pub fn direct(context: &ContextText, focus: Option<&Focus>, question: &str) -> Result<String, corpus::Error> {
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
    text.push('\n');
    text.push_str(QUESTION_HEADING);
    text.push('\n');
    text.push_str(question.trim());
    Ok(text)
}

/// What a turn's programs did, and what is left.
pub fn observation(cells: &[CellRecord], reply: &Reply, cut: Option<&Cut>, left: &Left) -> String {
    let mut text = String::new();
    for (number, cell) in cells.iter().enumerate() {
        match cells.len() {
            1 => text.push_str("Output:\n"),
            _ => {
                let _ = writeln!(text, "Output of program {}:", number + 1);
            }
        }
        describe_cell(&mut text, cell);
    }
    if cells.len() < reply.programs.len() {
        let _ = writeln!(text, "The remaining {} programs did not run.", reply.programs.len() - cells.len());
    }
    if let Some(cut) = cut {
        let _ = writeln!(text, "Your reply was cut off ({cut}); what was cut did not count. Write less in one turn.");
    } else if reply.unclosed {
        text.push_str("The last block has no closing fence, so it did not run.\n");
    }
    if let Some(cell) = cells.last() {
        let variables: Vec<_> = cell.variables.iter().map(|(name, kind)| format!("{name}: {kind}")).collect();
        let shown = variables.iter().take(40).cloned().collect::<Vec<_>>().join(", ");
        let more = variables.len().saturating_sub(40);
        let _ = match (variables.len(), more) {
            (0, _) => writeln!(text, "Variables: none."),
            (_, 0) => writeln!(text, "Variables: {shown}."),
            _ => writeln!(text, "Variables: {shown} and {more} more."),
        };
    }
    let _ = write!(text, "Left: {} turns, {} calls, {} s.", left.iterations, left.calls, left.time.as_secs());
    text
}

fn describe_cell(text: &mut String, cell: &CellRecord) {
    let output = cell.output.trim_end_matches('\n');
    if !output.is_empty() {
        let _ = writeln!(text, "{output}");
    }
    if cell.output_omitted > 0 {
        let _ = writeln!(text, "… [{} characters of output left out; print less, or slice]", cell.output_omitted);
    }
    if let Some(error) = &cell.error {
        let _ = writeln!(text, "{error}");
    }
    match cell.ended {
        Ended::Normally if output.is_empty() && cell.error.is_none() => text.push_str("(no output)\n"),
        Ended::Normally => {}
        Ended::RolledBack(_) => text.push_str("The variables are what they were before this program.\n"),
        Ended::Lost(_) => text.push_str("All variables are gone; the REPL has been started again.\n"),
    }
}

/// The error of a program that was ended from outside.
pub fn ended_error(cause: Cause, cell_seconds: f64, memory_limit: u64) -> String {
    match cause {
        Cause::Time => {
            format!("The program ran longer than {cell_seconds} s, did not stop when interrupted, and was ended.")
        }
        Cause::Memory => format!("MemoryError: the program needed more than {} MiB and was ended.", memory_limit >> 20),
        Cause::Crash => "The interpreter crashed in this program.".to_owned(),
    }
}

/// After a reply that neither runs a program nor ends the run.
pub const NO_PROGRAM: &str = "This reply holds no program and no answer. Run a program in a ```repl block, or, if what \
you wrote is the answer, say so: FINAL(text) in a program. If the next reply holds no program either, it is taken as \
the answer.";

/// After a reply without any text.
pub const EMPTY_REPLY: &str = "Your reply was empty. Run a program in a ```repl block, or answer with FINAL(text).";

/// Characters of a reasoning that stand for a reply that has nothing else.
const REASONING_CHARS: usize = 1500;

/// The reply of a plain call whose model has reasoned and then said nothing.
pub fn reasoning_only(reasoning: &str) -> String {
    let start = reasoning.char_indices().rev().nth(REASONING_CHARS - 1).map_or(0, |(at, _)| at);
    format!("[reasoning without an answer] {}", reasoning[start..].trim())
}

/// Said once when most of the time is over.
pub const WRAP_UP: &str = "Most of the time is over. Finish now: answer with FINAL(text) from what you have, and say what \
is missing.";

/// A final line after a program that failed.
pub const FINAL_AFTER_ERROR: &str = "A program of this reply failed, so its FINAL line was not taken. Mend the program, \
or answer by what you have seen.";

/// Demands an answer when the iterations are used up.
pub const FORCE: &str = "You have no turns left and can run no more programs. Answer the question now, in plain \
Markdown, from what you have seen so far. If something is missing, say what.";

/// Stands for an old observation that was taken out of the conversation.
pub const ELIDED: &str = "[Output left out here to save room. The variables are still there.]";
