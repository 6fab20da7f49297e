//! One run: turns of a model, what it has done, observations, until there is an answer.
//!
//! A turn comes in one of two protocols: programs in the text of the reply ([`programs`]), or native calls of tools
//! ([`calls`]). Everything else is the same for both.

mod answer_check;
mod answer_preview;
mod calls;
pub mod cell;
pub mod context;
pub mod direct;
mod forced;
mod interpreter;
mod programs;
pub mod reply;
mod reply_stream;
mod state;
pub mod transcript;
mod turn;
pub mod written_calls;

use crate::{
    engine::{
        answer::Termination,
        budget::Exceeded,
        error::{CallError, RunError},
        event::Event,
        prompt::{
            self,
            initial::InitialPrompt,
            inputs::{PromptInputs, output_chars},
            overview::Overview,
        },
        query_context::QueryContext,
        question::Question,
    },
    llm::{self, Model, Task, Tool},
};
use answer_check::{AnswerCheck, AnswerValidator};
use context::Context;
use futures::{FutureExt, future::BoxFuture};
use interpreter::LazyInterpreter;
use state::RunState;
use std::sync::Arc;
use transcript::Transcript;

/// What a run begins with.
pub struct RunInputs<'a> {
    /// The person's question, or that of a child.
    pub question: &'a Question,
    pub context: Context,
    pub overview: &'a Overview<'a>,
    pub task: Task,
    pub model: Arc<dyn Model>,
    /// 0 for the root.
    pub depth: usize,
}

/// The end of a run that has an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutput {
    pub text: String,
    pub termination: Termination,
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
    interpreter: LazyInterpreter,
    /// What the model may call; nothing if it writes programs.
    tools: Arc<[Tool]>,
    validator: AnswerValidator,
    state: RunState,
    /// Whether the model has reasoned without a mark at the beginning.
    reasons_unmarked: bool,
}

impl<'t> Run<'t> {
    /// Prepares a run.
    ///
    /// # Errors
    /// Fails if tool calling was requested and the model does not support it.
    pub fn new(tree: &'t QueryContext, inputs: RunInputs<'_>) -> Result<Self, RunError> {
        let hold = inputs.question.session.as_ref().and_then(|session| session.hold());
        let model = inputs.model.clone();
        let InitialPrompt { instructions, opening, tools } = InitialPrompt::of(&PromptInputs {
            question: inputs.question,
            overview: inputs.overview,
            model: model.as_ref(),
            worker: tree.choice.worker.as_ref(),
            by_tools: tree.uses_tools(model.as_ref()).map_err(RunError::Failed)?,
            depth: inputs.depth,
        });
        Ok(Self {
            tree,
            number: tree.ledger.number_run(),
            depth: inputs.depth,
            transcript: Transcript::new(&instructions, opening, model.window()),
            interpreter: LazyInterpreter::new(tree, &inputs, output_chars(model.window()), hold),
            task: inputs.task,
            tools,
            validator: AnswerValidator::new(inputs.depth),
            model,
            state: RunState::default(),
            reasons_unmarked: false,
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
            match self.tree.ledger.budget.begin_iteration() {
                Ok(()) => {}
                Err(Exceeded::Iterations) => match self.validator.standing() {
                    Some(text) => return Ok(RunOutput { text, termination: Termination::Final }),
                    None => return self.force().await,
                },
                Err(exceeded) => return Err(exceeded.into()),
            }
            self.state.begin_turn();
            self.tree.ledger.meter.count_iteration(self.depth);
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
            Err(CallError::Model(error @ llm::Error::PromptTooLong { .. })) => return self.shorten(error),
            Err(error) => return Err(error.into()),
        };
        self.state.note_reply();
        let answer = match self.tools.is_empty() {
            true => self.follow_programs(written).await,
            false => self.follow_calls(written).await,
        };
        if self.depth == 0 && !matches!(answer, Ok(Some(_))) {
            // What looked like the answer was none.
            self.tree.progress.withdraw_answer();
        }
        answer
    }

    /// Tells what this run is doing.
    fn tell(&self, doing: &str) {
        self.tree.say(match self.depth {
            0 => format!("turn {}: {doing}", self.state.iteration()),
            depth => format!("depth {depth}, turn {}: {doing}", self.state.iteration()),
        });
    }

    fn empty_reply(&mut self, error: llm::Error) -> Result<Option<String>, RunError> {
        self.state.note_empty(error)?;
        let told = if self.tools.is_empty() { prompt::EMPTY_REPLY } else { prompt::EMPTY_MESSAGE };
        self.transcript.add("(nothing)".to_owned(), told.to_owned());
        Ok(None)
    }

    /// Goes on with a shorter conversation after one that did not fit, if there is anything to take out of it.
    fn shorten(&mut self, error: llm::Error) -> Result<Option<String>, RunError> {
        if !self.transcript.shorten(self.model.window()) {
            return Err(CallError::Model(error).into());
        }
        self.tell(&format!("the conversation is made shorter: {error}"));
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

    /// Rejects an answer and returns the feedback; fails the run after too many in a row.
    fn refuse(&mut self, why: &str) -> Result<String, RunError> {
        self.state.note_refused(self.model.name(), why)?;
        Ok(why.to_owned())
    }

    /// Whether an answer is taken.
    async fn check(&mut self, text: String) -> Result<AnswerCheck, RunError> {
        let context = self.interpreter.text();
        match self.validator.check(text, &self.tree.config, context).await {
            AnswerCheck::Refused(why) => match self.validator.standing() {
                Some(standing) if self.depth == 0 => {
                    // Should the time be up before it is mended.
                    self.tree.progress.keep_answer(&standing);
                    Ok(AnswerCheck::Refused(why))
                }
                Some(_) => Ok(AnswerCheck::Refused(why)),
                None => self.refuse(&why).map(AnswerCheck::Refused),
            },
            accepted @ AnswerCheck::Accepted(_) => Ok(accepted),
        }
    }

    /// Tells the model once that most of its time is over.
    fn hurry(&mut self) {
        if self.state.hurries(self.tree.ledger.budget.left().time, self.tree.limits.timeout) {
            self.transcript.remark(prompt::WRAP_UP);
        }
    }

    /// Keeps the conversation inside the window: its model sums it up; if that fails, old observations are taken out.
    async fn make_room(&mut self) -> Result<(), RunError> {
        if self.transcript.is_crowded() {
            self.tell(&format!("{} is summing up", self.model.name()));
            let messages = self.transcript.asking(prompt::SUMMARIZE);
            let summary =
                self.tree.call(&self.model, messages, &self.tools, Some(self.task.clone()), true, &mut |_| {}).await;
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
}

#[cfg(test)]
mod tests;
