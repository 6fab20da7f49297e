//! A turn in the tools protocol: all calls of one message at once, each with its result in its own place.
//!
//! Looks into the text and child runs go on side by side. The interpreter runs one program at a time, so calls that need
//! it follow each other, in order, beside the rest. The first answer in the order of the calls ends the run, unless a call
//! before it has failed: that answer was written without knowing what went wrong.

use crate::{
    config::ToolSpec,
    engine::{
        error::RunError,
        event::Event,
        host::{
            dispatch::HostFunctions,
            tool_action::{ProgramKind, ToolAction},
            tool_call, tool_output,
        },
        prompt::{self, inputs::output_chars},
        run::{Run, answer_check::AnswerCheck, cell::Cell, reply, turn::TurnOutput, written_calls::WrittenCalls},
    },
    llm::{ToolCall, with_own_ids},
    repl::Ended,
    text::{cut_head, cut_middle, with_omission},
};
use futures::future::join_all;
use std::time::Instant;

/// Characters of an error that a model is told.
const ERROR_CHARS: usize = 4000;

/// What one call came to.
pub(super) struct Outcome {
    text: String,
    failed: bool,
    pub answer: Option<String>,
    seconds: f64,
}

impl Outcome {
    fn of(result: Result<String, String>, since: Instant) -> Self {
        let seconds = since.elapsed().as_secs_f64();
        match result {
            Ok(text) => Self { text, failed: false, answer: None, seconds },
            Err(error) => {
                let text = format!("Error: {}", cut_middle(&error, ERROR_CHARS));
                Self { text, failed: true, answer: None, seconds }
            }
        }
    }
}

impl Run<'_> {
    /// What a message in the tools protocol comes to.
    pub(super) async fn follow_calls(&mut self, written: TurnOutput) -> Result<Option<String>, RunError> {
        let TurnOutput { mut text, reply, mut calls, cut, .. } = written;
        let cut = cut.map(|cut| prompt::message_cut(&cut.to_string()));
        if calls.is_empty()
            && cut.is_none()
            && let Some(WrittenCalls { said, calls: written }) = self.written_calls(&text)
        {
            if written.is_empty() {
                let why = self.refuse(&prompt::call_not_understood(prompt::UNREADABLE_CALL))?;
                self.transcript.add(text, why);
                return Ok(None);
            }
            text = said;
            calls = with_own_ids(written.into_iter().map(ToolCall::from).collect());
        }
        if calls.is_empty() {
            return self.take_message(text, &reply, cut).await;
        }
        let results = self.make_calls(&calls, cut).await?;
        let failed = results.iter().any(|result| result.failed);
        let first_failure = results.iter().position(|result| result.failed).unwrap_or(results.len());
        let first_answer = results.iter().position(|result| result.answer.is_some());
        let mut refused = None;
        if let Some(at) = first_answer {
            let answer = results[at].answer.clone().unwrap_or_default();
            let verdict = match at < first_failure {
                true => self.check(answer).await?,
                false => AnswerCheck::Refused(prompt::FINAL_AFTER_FAILED_CALL.to_owned()),
            };
            match verdict {
                AnswerCheck::Accepted(answer) => return Ok(Some(answer)),
                AnswerCheck::Refused(why) => refused = Some((at, why)),
            }
        } else {
            self.state.note_work();
        }
        let mut told: Vec<String> = results.into_iter().map(|result| result.text).collect();
        if let Some((at, why)) = refused {
            told[at] = why;
        }
        if let Some(first) = told.first_mut().filter(|_| self.interpreter.take_loss()) {
            *first = format!("{}\n\n{first}", prompt::EARLIER_VARIABLES_LOST);
        }
        self.transcript.add_calls(text, calls, told);
        self.transcript.tell_left(&format!("\n\n[{}]", prompt::left(&self.tree.ledger.budget.left())));
        self.state.note_ran(failed, self.tree.limits.max_errors)?;
        Ok(None)
    }

    /// A message without calls is the answer, unless it is none.
    async fn take_message(
        &mut self,
        text: String,
        reply: &reply::Reply,
        cut: Option<String>,
    ) -> Result<Option<String>, RunError> {
        let why = match cut {
            Some(cut) => cut,
            None if reply.is_program() => self.refuse(prompt::PROGRAM_IN_MESSAGE)?,
            None => {
                let answer = match &reply.final_call {
                    Some(call) => self.evaluate_final(call, 1).await?,
                    None => Ok(text.trim().to_owned()),
                };
                match answer {
                    Ok(answer) => match self.check(answer).await? {
                        AnswerCheck::Accepted(answer) => return Ok(Some(answer)),
                        AnswerCheck::Refused(why) => why,
                    },
                    Err(why) => self.refuse(&why)?,
                }
            }
        };
        self.transcript.add(text, why);
        Ok(None)
    }

    /// Makes all calls; the results are in the order of the calls. If the message was cut off the last call is not whole, and
    /// is not made.
    async fn make_calls(&mut self, calls: &[ToolCall], cut: Option<String>) -> Result<Vec<Outcome>, RunError> {
        self.tell(&match calls {
            [call] => format!("{} is running", call.name),
            calls => format!("{} calls are running", calls.len()),
        });
        let context = self.interpreter.context().await?;
        let (tree, depth) = (self.tree, self.depth);
        let own: Vec<&ToolSpec> = tree.config.toolbox.at_depth(depth).collect();
        let mut deals: Vec<Result<ToolAction, String>> = calls.iter().map(|call| tool_call::read(call, &own)).collect();
        if let (Some(cut), Some(last)) = (cut, deals.last_mut()) {
            *last = Err(cut);
        }
        let room = output_chars(self.model.window()) / calls.len();
        let origins: Vec<_> = (1..).take(deals.len()).map(|number| self.origin(number)).collect();
        let aside = deals.iter().zip(origins).map(async |(deal, origin)| {
            let host = HostFunctions { tree, context: &context, origin };
            let since = Instant::now();
            match deal {
                Err(problem) => Some(Outcome::of(Err(problem.clone()), since)),
                Ok(ToolAction::Cell { .. }) => None,
                Ok(ToolAction::Final(answer)) => {
                    let answer = Some(tool_output::answer_text(answer));
                    Some(Outcome { answer, ..Outcome::of(Ok(prompt::FINAL_NOT_NEEDED.to_owned()), since) })
                }
                Ok(ToolAction::Look { name, arguments }) => {
                    Some(Outcome::of(host.look(name, arguments.clone(), room).await, since))
                }
                Ok(ToolAction::SubLlm { query, start, end }) => {
                    Some(Outcome::of(host.sub_llm(query, *start, *end).await, since))
                }
                Ok(ToolAction::Own { name, arguments }) => {
                    Some(Outcome::of(host.own_tool(name, arguments).await, since))
                }
            }
        });
        let in_order = async {
            let mut results = Vec::new();
            for (deal, number) in deals.iter().zip(1..) {
                let Ok(ToolAction::Cell { code, kind }) = deal else { continue };
                results.push(self.run_call(code, kind, number).await?);
            }
            Ok::<_, RunError>(results)
        };
        let (aside, in_order) = tokio::join!(join_all(aside), in_order);
        let mut in_order = in_order?.into_iter();
        let results = aside.into_iter().filter_map(|result| result.or_else(|| in_order.next()));
        let results: Vec<Outcome> =
            results.map(|result| Outcome { text: fitted(result.text, room), ..result }).collect();
        for ((call, result), number) in calls.iter().zip(&results).zip(1..) {
            self.publish_call(number, tool_call::shown(call), &result.text, result.failed, result.seconds);
        }
        Ok(results)
    }

    /// Tells of a call of a tool as of a program.
    fn publish_call(&self, number: u64, code: String, result: &str, failed: bool, seconds: f64) {
        let (output, error) = match failed {
            true => (String::new(), Some(result.to_owned())),
            false => (result.to_owned(), None),
        };
        self.tree.emit(Event::Cell { origin: self.origin(number), code, output, error, seconds });
    }

    /// Runs the program that a call stands for.
    pub(super) async fn run_call(&mut self, code: &str, kind: &ProgramKind, number: u64) -> Result<Outcome, RunError> {
        let since = Instant::now();
        let cell = self.run_program(code.to_owned(), number).await?;
        let Cell { output, output_omitted, error, ended, answer, .. } = cell;
        let result = match (error, kind) {
            (Some(error), ProgramKind::Program) => Err(format!("{}{error}{}", lines(&output), state_after(ended))),
            // The model did not write this program; what counts is what its exception says.
            (Some(error), _) => Err(error.lines().last().unwrap_or_default().to_owned()),
            (None, ProgramKind::Set(name)) => Ok(format!("{name} is set")),
            (None, ProgramKind::Program | ProgramKind::Get(_) | ProgramKind::FinalVar) => Ok(match output.is_empty() {
                true => "(no output)".to_owned(),
                false => with_omission(output.trim_end_matches('\n'), output_omitted),
            }),
        };
        Ok(Outcome { answer, ..Outcome::of(result, since) })
    }
}

fn lines(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!("{}\n", output.trim_end_matches('\n')) }
}

fn state_after(ended: Ended) -> &'static str {
    match ended {
        Ended::Normally => "",
        Ended::RolledBack(_) => "\nThe variables are what they were before this program.",
        Ended::Lost(_) => "\nAll variables are gone; the REPL has been started again.",
    }
}

/// A result that does not crowd out the others of its message.
fn fitted(text: String, room: usize) -> String {
    // A look was cut to this size already, and says so.
    const NOTE_CHARS: usize = 100;
    let cut = cut_head(&text, room + NOTE_CHARS);
    match cut.omitted {
        0 => text,
        omitted => with_omission(cut.shown, omitted),
    }
}
