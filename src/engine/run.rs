//! One run: turns of a model, what it has done, observations, until there is an answer.
//!
//! A turn comes in one of two protocols: programs in the text of the reply ([`programs`]), or native calls of tools
//! ([`calls`]). Everything else is the same for both.

mod answer_check;
mod answer_preview;
pub mod bring_back;
pub mod built_in;
mod calls;
pub mod cell;
pub mod context;
pub mod direct;
mod forced;
mod interpreter;
mod looking;
mod names;
mod notes;
mod programs;
pub mod read;
mod refusal;
pub mod reply;
mod reply_stream;
mod state;
mod support;
pub mod transcript;
mod turn;
pub mod written_calls;

use crate::{
    config::Strategy,
    corpus::{ContextText, StopFlag},
    engine::{
        answer::{CitationState, Termination},
        budget::Exceeded,
        cite,
        detail::Detail,
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
    text::{cut_head, with_omission},
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
    /// What the built-in search has found, for an answer that rests on nothing.
    pub passages: Option<String>,
    /// Whether an answer that rests on nothing says so itself.
    pub says_so: bool,
    /// Whether it is the built-in search that speaks, and it has found nothing.
    pub found_nothing: bool,
    /// Sentences about what is not as the person may think.
    pub warnings: Vec<String>,
}

impl RunOutput {
    pub fn new(text: String, termination: Termination) -> Self {
        Self { text, termination, passages: None, says_so: true, found_nothing: false, warnings: Vec::new() }
    }
}

/// What a model that had not looked was told to answer from.
struct Demand {
    /// Its answer before.
    answer: String,
    passages: String,
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
    /// What the root is asked.
    question: Option<Box<Question>>,
    /// Whether the answer that is being looked at was declared, by a program or a call, and not just written.
    is_declared: bool,
    demand: Option<Demand>,
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
            question: (inputs.depth == 0).then(|| Box::new(inputs.question.clone())),
            is_declared: false,
            demand: None,
        })
    }

    /// Runs until there is an answer or a reason to end without one. The interpreter is kept for a further question, or
    /// ends with the run, and nobody waits for that. `sub_call` is the one that a child run is made for.
    ///
    /// Boxed, because a run contains the calls of its programs, which contain runs.
    pub fn finish(mut self, sub_call: Option<u64>) -> BoxFuture<'t, Result<RunOutput, RunError>> {
        let (tree, run, depth) = (self.tree, self.number, self.depth);
        let work = async move {
            let model = self.model.name().to_owned();
            tree.note(|| Detail::RunBegan { run, depth, sub_call, model });
            let result = self.turns().await;
            // If the citations were never fixed, or the passages never used, the first answer is kept.
            let standing = self.validator.standing().or_else(|| Some(self.demand.as_ref()?.answer.clone()));
            let ending = match (result, standing) {
                (Err(_), Some(text)) => Ok(RunOutput::new(text, Termination::Final)),
                (result, _) => result,
            };
            let ending = ending?;
            let passages = match self.demand.take() {
                Some(demand) => Some(demand.passages),
                // There was no turn left for a demand.
                None if ending.termination == Termination::Forced => self.passages_for(&ending.text).await?,
                None => None,
            };
            Ok(RunOutput { passages, says_so: !self.is_taken_at_its_word(), ..ending })
        };
        let told = async move {
            let ended = work.await;
            tree.note(|| Detail::RunEnded { run, error: ended.as_ref().err().map(RunError::sentence) });
            ended
        };
        told.boxed()
    }

    async fn turns(&mut self) -> Result<RunOutput, RunError> {
        loop {
            match self.tree.ledger.budget.begin_iteration() {
                Ok(()) => {}
                Err(Exceeded::Iterations) => match self.validator.standing() {
                    Some(text) => return Ok(RunOutput::new(text, Termination::Final)),
                    None => return self.force().await,
                },
                Err(exceeded) => return Err(exceeded.into()),
            }
            self.state.begin_turn();
            self.tree.ledger.meter.count_iteration(self.depth);
            if let Some(text) = self.turn().await? {
                return Ok(RunOutput::new(text, Termination::Final));
            }
            self.hurry();
            self.make_room().await?;
        }
    }

    /// One turn of the model and what it does; the answer if it gave one.
    async fn turn(&mut self) -> Result<Option<String>, RunError> {
        let mut written = match self.write().await? {
            Ok(written) => written,
            Err(CallError::Model(error @ llm::Error::EmptyReply { .. })) => return self.empty_reply(error),
            Err(CallError::Model(error)) if self.goes_on_in_programs(&error) => return Ok(None),
            Err(CallError::Model(error @ llm::Error::PromptTooLong { .. })) => return self.shorten(error),
            Err(error) => return Err(error.into()),
        };
        self.state.note_reply();
        match written.waste.take() {
            None => self.state.note_worth(),
            Some(why) => {
                self.state.note_waste(self.model.name(), &why)?;
                written.text = with_head(&written.text);
                if written.cut.is_none() {
                    self.transcript.add(written.text, prompt::passages::REFUSED.to_owned());
                    self.withdraw();
                    return Ok(None);
                }
            }
        }
        let said = written.said_and_done();
        if self.validator.standing().is_none() {
            // The answer that is being mended stays what it was.
            self.is_declared = written.declares() || self.written_calls(&written.text).is_some();
        }
        let answer = match self.tools.is_empty() {
            true => self.follow_programs(written).await,
            false => self.follow_calls(written).await,
        };
        if !matches!(answer, Ok(Some(_))) {
            // What looked like the answer was none.
            self.withdraw();
        }
        if let (Ok(None), 0, Strategy::Auto) = (&answer, self.depth, self.tree.config.strategy) {
            self.state.note_turn(self.model.name(), said, self.tree.has_looked())?;
        }
        answer
    }

    fn withdraw(&self) {
        if self.depth == 0 {
            self.tree.progress.withdraw_answer();
        }
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
        if self.depth == 0 && refusal::is_refusal(&text) {
            self.state.note_waste(self.model.name(), turn::DECLINED)?;
            return Ok(AnswerCheck::Refused(prompt::passages::REFUSED.to_owned()));
        }
        if let Some(passages) = self.passages_for(&text).await? {
            let told = prompt::passages::answer_from(&passages);
            self.tree.progress.keep_answer(&text);
            self.demand = Some(Demand { answer: text, passages });
            self.state.expect_answer();
            return Ok(AnswerCheck::Refused(told));
        }
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

    /// Whether an answer that rests on nothing is given without a word to that: a person who insists on programs gets what
    /// they have declared, as it is.
    fn is_taken_at_its_word(&self) -> bool {
        self.tree.config.strategy == Strategy::Rlm && self.is_declared
    }

    /// The passages that a root which has not looked into the text is to answer from, once, in place of this answer.
    async fn passages_for(&self, answer: &str) -> Result<Option<String>, RunError> {
        let Some(question) = self.question.as_deref() else { return Ok(None) };
        let is_asked =
            self.demand.is_some() || self.validator.standing().is_some() || self.tree.config.schema.is_some();
        if is_asked || self.tree.has_looked() || self.model.prefers_programs() || self.is_taken_at_its_word() {
            return Ok(None);
        }
        let context = self.interpreter.context().await?;
        let said = answer.to_owned();
        let look = move |context: &ContextText, stop: &StopFlag| cite::citations(&said, context, stop);
        let citations = cite::looked_up(context.clone(), look).await.unwrap_or_default();
        // A place of an earlier answer may be named again.
        let follows = question.session.as_ref().is_some_and(|it| !it.exchanges().is_empty());
        let holds = |state| state == CitationState::Quoted || state == CitationState::Found && follows;
        if citations.iter().any(|it| holds(it.state)) {
            return Ok(None);
        }
        // Without passages the answer is judged as it is.
        let Ok(found) = built_in::answer(self.tree, question, &context).await else { return Ok(None) };
        let most = output_chars(self.model.window());
        Ok(Some(prompt::passages::fitted(&found.text, most)))
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
            let (messages, task) = (self.transcript.asking(prompt::SUMMARIZE), self.task.clone());
            let summary =
                self.tree.call(&self.model, messages, &self.tools, Some(task), Some(self.number), &mut |_| {}).await;
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

/// Bytes of a reply that is worth nothing that stay in the conversation.
const HEAD_BYTES: usize = 600;

/// The beginning of a reply.
fn with_head(text: &str) -> String {
    let cut = cut_head(text, HEAD_BYTES);
    with_omission(cut.shown, cut.omitted)
}

#[cfg(test)]
mod tests;
