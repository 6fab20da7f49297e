//! What models are told on the way: what their programs did, what is left, what was not taken and why.

use crate::{
    engine::{
        budget::{Left, model_call::Cut},
        cite::Flawed,
        run::{cell::Cell, reply::Reply},
    },
    repl::{Cause, Ended},
    text::{counted, cut_head},
};
use std::fmt::Write;

/// What a turn's programs did. What is left of the budget follows.
pub fn observation(cells: &[Cell], reply: &Reply, cut: Option<&Cut>) -> String {
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
        let left = counted(reply.programs.len() - cells.len(), "further program");
        let _ = writeln!(text, "{left} did not run.");
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
    text
}

/// What is left of the budget. It differs from run to run, and nobody asks another thing because of that.
pub fn left(left: &Left) -> String {
    let mut text = format!("Left: {} turns, {} calls, {} s", left.iterations, left.calls, left.time.as_secs());
    if let Some(tokens) = left.tokens {
        let _ = write!(text, ", {tokens} tokens");
    }
    if let Some(cost) = left.cost {
        let _ = write!(text, ", ${cost:.4}");
    }
    text + "."
}

fn describe_cell(text: &mut String, cell: &Cell) {
    let output = cell.output.trim_end_matches('\n');
    if !output.is_empty() {
        let _ = writeln!(text, "{output}");
    }
    if cell.output_omitted > 0 {
        let _ = writeln!(text, "… [{} characters of output left out; peek_output has them]", cell.output_omitted);
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
        Cause::Memory => format!(
            "MemoryError: the program needed more memory than it could have (at most {} MiB) and was ended.",
            memory_limit >> 20
        ),
        Cause::Crash => "The interpreter crashed in this program.".to_owned(),
    }
}

/// After a reply that neither runs a program nor ends the run; `is_first` if nothing else was said before.
pub fn no_program(is_first: bool) -> String {
    let looked = if is_first { " You have not looked at the text yet." } else { "" };
    format!(
        "This reply holds no program and no answer.{looked} Run a program in a ```repl block, or, if what you wrote is the \
         answer, say so: FINAL(text) in a program. If the next reply holds no program either, it is taken as the answer."
    )
}

/// After a program that stands outside of a block.
pub const UNFENCED: &str = "This looks like a program outside of a block, so it did not run, and it is no answer. Put \
programs between a line ```repl and a line ```.";

/// Before the output of a program that was made of calls in the text of a reply.
pub const CALL_RAN_AS_PROGRAM: &str = "Your reply was a call of a tool, written as text. There are no tools here, so it ran as a \
program. Write programs yourself, between a line ```repl and a line ```.";

/// After a reply or message that calls something in a way that cannot be followed.
pub fn call_not_understood(why: &str) -> String {
    format!("Your message is a call that was written as text, and did not run: {why}")
}

/// Of a call of which nothing can be read but that it is one.
pub const UNREADABLE_CALL: &str = "what it calls, or with which arguments, cannot be read. Give the name of a function and its \
arguments by name.";

/// After a reply whose FINAL is part of a sentence.
pub const FINAL_IN_SENTENCE: &str = "FINAL(...) counts in a program, or on lines of its own with nothing else before or behind \
it. Yours stands in a sentence, so it is not taken as the answer.";

/// After a FINAL that repeats the instructions.
pub const FINAL_PLACEHOLDER: &str = "This FINAL has a word of the instructions in it where the answer should be. Write the answer \
itself between the parentheses.";

/// After an answer that says nothing.
pub const EMPTY_ANSWER: &str = "The answer is empty, so it was not taken. Answer in words; if there is nothing to find, say so, and \
say where you looked.";

/// After a message of the tools protocol that is a program.
pub const PROGRAM_IN_MESSAGE: &str = "This message is a program, which is no answer. Call exec_python to run programs, or \
write the answer.";

/// After a message of the tools protocol that was cut off.
pub fn message_cut(why: &str) -> String {
    format!("Your message was cut off ({why}), so it is not taken as the answer. Write less at once.")
}

/// Instead of the result of an answer that came with a call that failed.
pub const FINAL_AFTER_FAILED_CALL: &str = "A call of this message failed, so its answer was not taken. Look at the error, \
and answer by what you have seen.";

/// Instead of the result of an answer behind one that was not taken.
pub const FINAL_NOT_NEEDED: &str = "not taken: there is an answer before it in this message";

/// After a message of the tools protocol that has nothing in it.
pub const EMPTY_MESSAGE: &str = "Your message was empty. Call a tool, or write the answer.";

/// After an answer that has not the shape that was asked for.
pub fn wrong_shape(why: &str) -> String {
    format!("This answer does not satisfy the JSON Schema, so it was not taken: {why}")
}

/// The most flawed citations that the model is told of.
const FLAWS_TOLD: usize = 20;

/// Asks once for better citations.
pub fn mend_citations(flaws: &[Flawed]) -> String {
    let mut text = String::from("Some of what the answer cites does not hold:\n");
    for flaw in flaws.iter().take(FLAWS_TOLD) {
        let _ = writeln!(text, "- {flaw}");
    }
    if flaws.len() > FLAWS_TOLD {
        let _ = writeln!(text, "- … and {} more", flaws.len() - FLAWS_TOLD);
    }
    text.push_str("Look again, and give the whole answer once more, with places and quotations that are right.");
    text
}

/// Characters of an error that stands for a turn that has left the conversation.
const CLEAN_RETRY_CHARS: usize = 800;

/// Stands for a turn that failed and has left the conversation.
pub fn clean_retry(cells: &[Cell]) -> String {
    let error = cells.iter().find_map(|cell| cell.error.as_deref()).unwrap_or_default();
    // The lines of a traceback are those of the program.
    let is_message = |line: &&str| !line.starts_with(' ') && !line.starts_with("Traceback");
    let message = error.lines().filter(is_message).collect::<Vec<_>>().join("\n");
    let error = cut_head(&message, CLEAN_RETRY_CHARS).shown;
    format!(
        "A program that you wrote next failed, and was taken out of this conversation. Do NOT reconstruct it; go about it \
         another way. What it failed with:\n{error}"
    )
}

/// With the first output of a follow-up whose interpreter could not be used again.
pub const EARLIER_VARIABLES_LOST: &str =
    "The variables of earlier questions are gone: the REPL had to be started again.";

/// Asks for a summary when the window is nearly full.
pub const SUMMARIZE: &str = "Your window is nearly full. Sum up the work so far, for yourself: what you have found, with \
the places (path:line) and the wording that the answer will need; which variables hold what; what you have ruled out; what \
is still to do. Write the summary as plain text, without a program and without a call. All but it and the last exchange will \
be taken out of this conversation. Variables stay.";

/// The first message with a summary of what followed it.
pub fn with_summary(opening: &str, summary: &str) -> String {
    format!("{opening}\n\n# Your summary of the work so far\n{}", summary.trim())
}

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
pub const WRAP_UP: &str = "Most of the time is over. Finish now: answer from what you have, and say what is missing.";

/// A final line after a program that failed.
pub const FINAL_AFTER_ERROR: &str = "A program of this reply failed, so its FINAL line was not taken. Mend the program, \
or answer by what you have seen.";

/// Demands an answer when the iterations are used up.
pub const FORCE: &str = "You have no turns left and can run no more programs. Answer the question now, in plain \
Markdown, from what you have seen so far. If something is missing, say what.";

/// Stands for an old observation that was taken out of the conversation.
pub const ELIDED: &str = "[Output left out here to save room. The variables are still there.]";
