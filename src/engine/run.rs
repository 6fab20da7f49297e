//! One run: turns of a model, what it has done, observations, until there is an answer.
//!
//! A turn comes in one of two protocols: programs in the text of the reply ([`run_interpreter`]), or native calls of
//! tools ([`calls`]). Everything else is the same for both.

mod answer_check;
mod answer_preview;
mod calls;
pub mod context;
pub mod direct;
pub mod output;
pub mod reply;
mod reply_stream;
mod run_interpreter;
mod streaming_turn;
pub mod transcript;

pub use run_interpreter::CellRecord;

use crate::{
    config::Repair,
    engine::{
        answer::{Failure, Termination},
        budget::Exceeded,
        event::{Delta, Event},
        host::{
            tool_call::{self, ProgramKind, ToolAction},
            tool_output,
        },
        prompt::{
            self,
            initial::{InitialPrompt, PromptInputs},
            overview::Overview,
        },
        query_context::{CallError, Cut, QueryContext},
        question::{Focus, session::Session},
    },
    llm::{self, Model, Task, Tool},
};
use answer_check::{AnswerCheck, AnswerValidator};
use answer_preview::AnswerPreview;
use context::Context;
use futures::{FutureExt, future::BoxFuture};
use output::{RunError, RunOutput};
use reply::Reply;
use run_interpreter::LazyInterpreter;
pub use run_interpreter::output_chars;
use std::{sync::Arc, time::Duration};
use streaming_turn::TurnOutput;
use transcript::Transcript;

/// Empty replies in a row after which a run is given up.
const EMPTY_REPLIES: usize = 3;

/// Gives up after this many rejected answers in a row.
const REFUSED_ANSWERS: usize = 3;

/// What a run is about.
pub struct Subject<'a> {
    pub context: Context,
    pub overview: &'a Overview<'a>,
    pub focus: Option<&'a Focus>,
    pub question: &'a str,
    pub task: Task,
    /// What earlier questions have left.
    pub session: Option<&'a Arc<Session>>,
}

/// A run under way.
pub struct Run<'t> {
    pub tree: &'t QueryContext,
    /// 0 for the root.
    pub number: u64,
    pub depth: usize,
    pub model: Arc<dyn Model>,
    task: Task,
    transcript: Transcript,
    programs: LazyInterpreter,
    /// What the model may call; nothing if it writes programs.
    tools: Arc<[Tool]>,
    validator: AnswerValidator,
    iteration: u64,
    errors_in_a_row: u64,
    replies_without_program: usize,
    empty_replies: usize,
    refused_answers: usize,
    /// Whether the model was told that its time is nearly over.
    was_hurried: bool,
}

impl<'t> Run<'t> {
    /// Prepares a run.
    ///
    /// # Errors
    /// Fails if tool calling was requested and the model does not support it.
    pub fn new(
        tree: &'t QueryContext,
        depth: usize,
        model: Arc<dyn Model>,
        subject: Subject<'_>,
    ) -> Result<Self, RunError> {
        let hold = subject.session.and_then(|session| session.hold());
        let InitialPrompt { instructions, opening, tools } = InitialPrompt::of(&PromptInputs {
            config: &tree.config,
            model: model.as_ref(),
            worker: tree.choice.worker.as_ref(),
            by_tools: tree.uses_tools(model.as_ref()).map_err(RunError::Failed)?,
            depth,
            overview: subject.overview,
            focus: subject.focus,
            question: subject.question,
            session: subject.session,
        });
        let transcript = Transcript::new(&instructions, opening, model.window());
        Ok(Self {
            tree,
            number: tree.number_run(),
            depth,
            transcript,
            programs: LazyInterpreter::new(tree, &subject, output_chars(model.window()), depth, hold),
            task: subject.task,
            tools,
            validator: AnswerValidator::new(depth),
            model,
            iteration: 0,
            errors_in_a_row: 0,
            replies_without_program: 0,
            empty_replies: 0,
            refused_answers: 0,
            was_hurried: false,
        })
    }

    /// Runs until there is an answer or a reason to end without one. The interpreter is kept for a further question, or
    /// ends with the run, and nobody waits for that.
    ///
    /// Boxed, because a run contains the calls of its programs, which contain runs.
    pub fn finish(mut self) -> BoxFuture<'t, Result<RunOutput, RunError>> {
        let work = async move {
            let result = self.turns().await;
            // If the citations were never fixed, the first answer is kept.
            match (result, self.validator.standing()) {
                (Err(_), Some(text)) => Ok(RunOutput { text, termination: Termination::Final }),
                (result, _) => result,
            }
        };
        work.boxed()
    }

    async fn turns(&mut self) -> Result<RunOutput, RunError> {
        loop {
            match self.tree.budget.begin_iteration() {
                Ok(()) => {}
                Err(Exceeded::Iterations) => match self.validator.standing() {
                    Some(text) => return Ok(RunOutput { text, termination: Termination::Final }),
                    None => return self.force().await,
                },
                Err(exceeded) => return Err(exceeded.into()),
            }
            self.iteration += 1;
            self.tree.meter.count_iteration(self.depth);
            if let Some(text) = self.turn().await? {
                return Ok(RunOutput { text, termination: Termination::Final });
            }
            self.hurry();
            self.make_room().await?;
        }
    }

    /// One turn of the model and what it does; the answer if it gave one.
    async fn turn(&mut self) -> Result<Option<String>, RunError> {
        let written = match self.write().await? {
            Ok(written) => written,
            Err(CallError::Model(error @ llm::Error::EmptyReply { .. })) => return self.empty_reply(error),
            Err(CallError::Model(error)) if self.goes_on_in_programs(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        self.empty_replies = 0;
        let answer = match self.tools.is_empty() {
            true => self.follow_programs(written).await,
            false => self.follow_calls(written).await,
        };
        if self.depth == 0 && !matches!(answer, Ok(Some(_))) {
            // What looked like the answer was none.
            self.tree.withdraw_answer();
        }
        answer
    }

    /// What a reply in programs comes to. They have run already.
    async fn follow_programs(&mut self, written: TurnOutput) -> Result<Option<String>, RunError> {
        let TurnOutput { text, reply, cut, cells, answer, .. } = written;
        let failed = cells.iter().any(|cell| cell.error.is_some());
        let was_cut = cut.is_some();
        let mut remarks = String::new();
        let mut answer = answer;
        if answer.is_none()
            && !was_cut
            && let Some(line) = &reply.final_line
        {
            if failed {
                remarks = prompt::FINAL_AFTER_ERROR.to_owned();
            } else {
                match self.evaluate_final(line, cells.len() as u64 + 1).await? {
                    Ok(text) => answer = Some(text),
                    Err(remark) => remarks = remark,
                }
            }
        }
        if answer.is_none() && cells.is_empty() && !was_cut && remarks.is_empty() {
            self.replies_without_program += 1;
            match () {
                () if reply.unclosed => {}
                () if reply::is_unfenced_program(&reply.prose) => remarks = self.refuse(prompt::UNFENCED)?,
                () if self.replies_without_program > 1 || self.validator.standing().is_some() => {
                    answer = Some(reply.prose.clone());
                }
                () => remarks = prompt::no_program(self.iteration == 1),
            }
        } else {
            self.replies_without_program = 0;
        }
        if answer.is_none() && !cells.is_empty() {
            self.refused_answers = 0;
        }
        if let Some(text) = answer {
            match self.validator(text).await? {
                AnswerCheck::Accepted(text) => return Ok(Some(text)),
                AnswerCheck::Refused(why) => remarks = why,
            }
        }
        self.observe(text, &cells, &reply, cut.as_ref(), &remarks);
        self.count_errors(!cells.is_empty(), failed)?;
        Ok(None)
    }

    /// Tells what this run is doing.
    fn tell(&self, doing: &str) {
        self.tree.progress(match self.depth {
            0 => format!("turn {}: {doing}", self.iteration),
            depth => format!("depth {depth}, turn {}: {doing}", self.iteration),
        });
    }

    fn empty_reply(&mut self, error: llm::Error) -> Result<Option<String>, RunError> {
        self.empty_replies += 1;
        if self.empty_replies >= EMPTY_REPLIES {
            return Err(RunError::Failed(error.into()));
        }
        let told = if self.tools.is_empty() { prompt::EMPTY_REPLY } else { prompt::EMPTY_MESSAGE };
        self.transcript.add("(nothing)".to_owned(), told.to_owned());
        Ok(None)
    }

    /// Goes on in programs if the server does not take tools, and nobody has insisted on them.
    fn goes_on_in_programs(&mut self, error: &llm::Error) -> bool {
        let refused = matches!(error, llm::Error::Rejected { .. } | llm::Error::UnknownModel { .. });
        if self.tools.is_empty() || !refused || !self.tree.gives_up_tools() {
            return false;
        }
        self.tell(&format!("{} did not take the tools ({error}); it goes on with programs", self.model.name()));
        self.tools = Arc::default();
        let transcript = std::mem::replace(&mut self.transcript, Transcript::new("", String::new(), None));
        let own: Vec<_> = self.tree.config.toolbox.at_depth(self.depth).collect();
        self.transcript = transcript.into_programs(&prompt::instructions(false, &own));
        true
    }

    /// Rejects an answer and returns the feedback; fails the run after [`REFUSED_ANSWERS`].
    fn refuse(&mut self, why: &str) -> Result<String, RunError> {
        self.refused_answers += 1;
        if self.refused_answers < REFUSED_ANSWERS {
            return Ok(why.to_owned());
        }
        Err(RunError::Failed(Failure {
            kind: "noAnswer",
            message: format!("{} gave {REFUSED_ANSWERS} unusable answers; the last: {why}", self.model.name()),
            hint: Some("another model may do better: --model".to_owned()),
        }))
    }

    async fn validator(&mut self, text: String) -> Result<AnswerCheck, RunError> {
        let context = self.programs.text();
        let verdict = self.validator.validator(text, &self.tree.config, context).await;
        match verdict {
            AnswerCheck::Refused(why) => match self.validator.standing() {
                Some(standing) if self.depth == 0 => {
                    // Should the time be up before it is mended.
                    self.tree.keep_answer(&standing);
                    Ok(AnswerCheck::Refused(why))
                }
                Some(_) => Ok(AnswerCheck::Refused(why)),
                None => self.refuse(&why).map(AnswerCheck::Refused),
            },
            verdict @ AnswerCheck::Accepted(_) => Ok(verdict),
        }
    }

    fn observe(&mut self, said: String, cells: &[CellRecord], reply: &Reply, cut: Option<&Cut>, remarks: &str) {
        let failed = cells.iter().any(|cell| cell.error.is_some());
        if failed && self.tree.config.repairs(Repair::CleanRetry) {
            self.transcript.remark(&prompt::clean_retry(cells));
            return;
        }
        let mut text = prompt::observation(cells, reply, cut, &self.tree.budget.left());
        if self.programs.take_loss() {
            text = format!("{}\n\n{text}", prompt::EARLIER_VARIABLES_LOST);
        }
        if !remarks.is_empty() {
            text = format!("{remarks}\n\n{text}");
        }
        self.transcript.add(said, text);
    }

    /// Tells the model once that most of its time is over.
    fn hurry(&mut self) {
        if !self.was_hurried && is_late(self.tree.budget.left().time, self.tree.limits.timeout) {
            self.was_hurried = true;
            self.transcript.remark(prompt::WRAP_UP);
        }
    }

    fn count_errors(&mut self, ran: bool, failed: bool) -> Result<(), RunError> {
        if ran {
            self.errors_in_a_row = if failed { self.errors_in_a_row + 1 } else { 0 };
        }
        if self.errors_in_a_row >= self.tree.limits.max_errors {
            return Err(RunError::Limit(Termination::Errors));
        }
        Ok(())
    }

    /// Keeps the conversation inside the window: its model sums it up; if that fails, old observations are taken out.
    async fn make_room(&mut self) -> Result<(), RunError> {
        if self.transcript.is_crowded() {
            self.tell(&format!("{} is summing up", self.model.name()));
            let messages = self.transcript.asking(prompt::SUMMARIZE);
            let summary = self.tree.call(&self.model, messages, &self.tools, Some(self.task.clone()), true, &mut |_| {}).await;
            match summary {
                Ok(turn) if turn.cut.is_none() && turn.calls.is_empty() => {
                    self.transcript.compact(&turn.text);
                    self.tree.emit(Event::Summary { run: self.number, depth: self.depth, text: turn.text });
                }
                Ok(_) | Err(CallError::Model(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.transcript.make_room();
        Ok(())
    }

    /// One last call when the iterations are used up.
    async fn force(&mut self) -> Result<RunOutput, RunError> {
        let forced = self.demand_answer().await;
        if self.depth == 0 && forced.is_err() {
            self.tree.withdraw_answer();
        }
        forced
    }

    async fn demand_answer(&mut self) -> Result<RunOutput, RunError> {
        let messages = self.transcript.asking(prompt::FORCE);
        self.tree.progress("the iterations are used up: asking for the answer".to_owned());
        let streams = self.depth == 0;
        let (tree, context, mut answer_preview) = (self.tree, self.programs.text(), AnswerPreview::new(true));
        let mut stream = |delta: Delta| {
            if streams {
                streaming_turn::show(tree, &mut answer_preview, &delta, context.as_deref());
            }
        };
        let refused = RunError::Limit(Termination::Iterations);
        let Ok(turn) = tree.call(&self.model, messages, &self.tools, Some(self.task.clone()), true, &mut stream).await else {
            return Err(refused);
        };
        let reply = reply::parse(&turn.text);
        let mut called = None;
        for call in &turn.calls {
            called = match tool_call::read(call, &[]) {
                Ok(ToolAction::Final(answer)) => Some(tool_output::answer_text(&answer)),
                Ok(ToolAction::Cell { code, kind: kind @ ProgramKind::FinalVar }) => {
                    self.run_call(&code, &kind, 1).await?.answer
                }
                _ => None,
            };
            if called.is_some() {
                break;
            }
        }
        if called.is_none() && !turn.calls.is_empty() {
            return Err(refused);
        }
        let text = match (called, reply.final_line.as_deref().and_then(reply::final_text)) {
            (Some(called), _) => called,
            (None, Some(text)) => text.to_owned(),
            (None, None) => without_echo(turn.text.trim(), prompt::FORCE).to_owned(),
        };
        // A program is no answer, and half an answer is not one either. Without tools, whatever is tagged as a program
        // is one.
        let has_program = !reply.programs.is_empty() || reply.unclosed;
        if reply::parse(&text).is_program()
            || has_program && self.tools.is_empty()
            || turn.cut.is_some()
            || text.is_empty()
        {
            return Err(refused);
        }
        match self.validator.shape(text, &tree.config) {
            Ok(text) => Ok(RunOutput { text, termination: Termination::Forced }),
            Err(_) => Err(refused),
        }
    }
}

/// Whether four fifths of the time are over, so that the model should finish.
fn is_late(left: Duration, all: Duration) -> bool {
    left <= all / 5
}

/// A reply without a demand that it begins by repeating, in whatever case and spacing. If it is nothing else it stays.
fn without_echo<'a>(reply: &'a str, demand: &str) -> &'a str {
    let mut rest = reply;
    for word in demand.split_whitespace() {
        match rest.trim_start().split_at_checked(word.len()) {
            Some((start, behind)) if start.eq_ignore_ascii_case(word) => rest = behind,
            _ => return reply,
        }
    }
    if rest.trim().is_empty() { reply } else { rest.trim() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_demand_is_no_part_of_the_answer() {
        let demand = "Answer now,  plainly.";
        for (reply, expected) in [
            ("Answer now, plainly. It is 7.", "It is 7."),
            ("answer NOW,\nplainly.\n\nIt is 7.", "It is 7."),
            ("Answer now, plainly.", "Answer now, plainly."),
            ("Answer now: 7", "Answer now: 7"),
            ("Ä", "Ä"),
            ("", ""),
        ] {
            assert_eq!(without_echo(reply, demand), expected);
        }
    }

    #[test]
    fn a_run_is_late_when_four_fifths_of_its_time_are_over() {
        let late = |left| is_late(Duration::from_secs(left), Duration::from_secs(100));
        assert_eq!([late(100), late(21), late(20), late(0)], [false, false, true, true]);
    }
}
