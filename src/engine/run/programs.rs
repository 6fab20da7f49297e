//! A turn in programs: they run, and what they came to is judged and told to the model.

use super::{
    Run,
    answer_check::AnswerCheck,
    cell::Cell,
    reply::{self, Reply},
    state::Prose,
    turn::TurnOutput,
    written_calls::{self, WrittenCalls},
};
use crate::{
    config::{Repair, ToolSpec},
    engine::{
        budget::model_call::Cut,
        detail::Detail,
        error::RunError,
        event::Event,
        host::call_program::{ToolNames, as_program},
        origin::Origin,
        prompt,
    },
    repl::{CellOutcome, Ended},
    text::cut_middle,
};
use tokio::time::Instant;

/// Characters of a program's error that a model sees.
const ERROR_CHARS: usize = 4000;

impl Run<'_> {
    /// Runs a program, the turn's `number`th from 1.
    pub(super) async fn run_program(&mut self, code: String, number: u64) -> Result<Cell, RunError> {
        let (started, origin) = (Instant::now(), self.origin(number));
        self.tree.note(|| Detail::ProgramBegan { origin, code: code.clone() });
        let CellOutcome { report, ended } = self.interpreter.run_cell(self.tree, &code, origin).await?;
        if let (0, Some(draft)) = (self.depth, &report.draft) {
            self.tree.progress.note_draft(draft);
        }
        let error = match ended {
            Ended::Normally => report.error,
            Ended::RolledBack(cause) | Ended::Lost(cause) => {
                let seconds = self.tree.limits.cell_timeout.as_secs_f64();
                Some(prompt::ended_error(cause, seconds, self.tree.backend.interpreters.memory_limit()))
            }
        };
        // An exception may hold whatever text the program had at hand.
        let error = error.map(|error| cut_middle(&error, ERROR_CHARS));
        let seconds = started.elapsed().as_secs_f64();
        self.tree.note(|| Detail::ProgramEnded { origin, error: error.clone(), seconds });
        Ok(Cell {
            number,
            code,
            output: report.output,
            output_omitted: report.output_omitted,
            error,
            variables: report.variables,
            ended,
            seconds,
            answer: report.answer,
        })
    }

    /// Tells of a program that has run.
    pub(super) fn publish(&self, cell: &Cell) {
        self.tree.emit(Event::Cell {
            origin: self.origin(cell.number),
            code: cell.code.clone(),
            output: cell.output.clone(),
            error: cell.error.clone(),
            seconds: cell.seconds,
        });
    }

    /// Where a program, or a call of a tool, of this turn stands.
    pub(super) fn origin(&self, cell: u64) -> Origin {
        Origin { run: self.number, depth: self.depth, iteration: self.state.iteration(), cell }
    }

    /// What a reply in programs comes to. They have run already.
    pub(super) async fn follow_programs(&mut self, written: TurnOutput) -> Result<Option<String>, RunError> {
        let TurnOutput { text, reply, cut, mut cells, .. } = written;
        let was_cut = cut.is_some();
        let mut remarks = String::new();
        let is_prose = cells.is_empty() && reply.final_call.is_none() && !reply.unclosed && !was_cut;
        if is_prose && let Some(written) = self.written_calls(&text) {
            match self.program_of(&written) {
                Ok(program) => {
                    let cell = self.run_program(program, 1).await?;
                    self.publish(&cell);
                    cells.push(cell);
                    remarks = prompt::CALL_RAN_AS_PROGRAM.to_owned();
                }
                Err(why) => remarks = self.refuse(&prompt::call_not_understood(&why))?,
            }
        }
        let failed = cells.iter().any(|cell| cell.error.is_some());
        let mut answer = cells.last().and_then(|cell| cell.answer.clone());
        if answer.is_none()
            && !was_cut
            && let Some(call) = &reply.final_call
        {
            if failed {
                remarks = prompt::FINAL_AFTER_ERROR.to_owned();
            } else {
                match self.evaluate_final(call, cells.len() as u64 + 1).await? {
                    Ok(text) => answer = Some(text),
                    Err(remark) => remarks = remark,
                }
            }
        }
        if answer.is_none() && cells.is_empty() && !was_cut && remarks.is_empty() {
            let prose = self.state.note_prose();
            match () {
                () if reply.unclosed => {}
                () if reply::is_unfenced_program(&reply.prose) => remarks = self.refuse(prompt::UNFENCED)?,
                () if prose == Prose::Answer || self.validator.standing().is_some() => {
                    answer = Some(reply.prose.clone());
                }
                () => {
                    remarks = prompt::no_program(self.state.iteration() == 1);
                    if reply::names_final(&reply.prose) {
                        remarks = format!("{}\n{remarks}", prompt::FINAL_IN_SENTENCE);
                    }
                }
            }
        } else {
            self.state.note_programs();
        }
        if answer.is_none() && !cells.is_empty() {
            self.state.note_work();
        }
        if let Some(text) = answer {
            match self.check(text).await? {
                AnswerCheck::Accepted(text) => return Ok(Some(text)),
                AnswerCheck::Refused(why) => remarks = why,
            }
        }
        self.observe(text, &cells, &reply, cut.as_ref(), &remarks);
        if !cells.is_empty() {
            self.state.note_ran(failed, self.tree.limits.max_errors)?;
        }
        Ok(None)
    }

    /// The answer that a call of FINAL in prose gives, or what to tell the model about it. It runs after the turn's programs,
    /// as one more of them.
    pub(super) async fn evaluate_final(&mut self, call: &str, number: u64) -> Result<Result<String, String>, RunError> {
        // As an expression it would be the variable's value, which may by chance be another one's name.
        let named = reply::final_variable(call).map(|name| format!("FINAL_VAR(\"{name}\")"));
        let cell = self.run_program(named.unwrap_or_else(|| call.to_owned()), number).await?;
        // A variable may have such a name.
        let placeholder = reply::final_text(call).filter(|text| reply::is_placeholder(text));
        match cell.answer {
            Some(answer) if placeholder != Some(answer.as_str()) => return Ok(Ok(answer)),
            _ if placeholder.is_some() => return Ok(Err(prompt::FINAL_PLACEHOLDER.to_owned())),
            _ => {}
        }
        let error = cell.error.unwrap_or_default();
        // What is no Python may still be an answer: FINAL(The parser is in a.rs:3). So may what is, by chance.
        match reply::final_text(call) {
            Some(text) if error.contains("SyntaxError") || error.contains("NameError") && reply::is_sentence(text) => {
                Ok(Ok(text.to_owned()))
            }
            _ => Ok(Err(error)),
        }
    }

    /// The calls that a text consists of.
    pub(super) fn written_calls(&self, text: &str) -> Option<WrittenCalls> {
        let own: Vec<&ToolSpec> = self.tree.config.toolbox.at_depth(self.depth).collect();
        written_calls::find(text, &ToolNames(&own))
    }

    /// The program that does what calls ask for that were written in its place.
    fn program_of(&self, written: &WrittenCalls) -> Result<String, String> {
        let own: Vec<&ToolSpec> = self.tree.config.toolbox.at_depth(self.depth).collect();
        let lines = written.calls.iter().map(|call| as_program(&call.clone().into(), &own));
        let lines = lines.collect::<Result<Vec<String>, String>>()?;
        if lines.is_empty() { Err(prompt::UNREADABLE_CALL.to_owned()) } else { Ok(lines.join("\n")) }
    }

    fn observe(&mut self, said: String, cells: &[Cell], reply: &Reply, cut: Option<&Cut>, remarks: &str) {
        let failed = cells.iter().any(|cell| cell.error.is_some());
        if failed && self.tree.config.repairs(Repair::CleanRetry) {
            self.transcript.remark(&prompt::clean_retry(cells));
            return;
        }
        let mut text = prompt::observation(cells, reply, cut);
        if self.interpreter.take_loss() {
            text = format!("{}\n\n{text}", prompt::EARLIER_VARIABLES_LOST);
        }
        if !remarks.is_empty() {
            text = format!("{remarks}\n\n{text}");
        }
        self.transcript.add(said, text);
        self.transcript.tell_left(&prompt::left(&self.tree.ledger.budget.left()));
    }
}
