//! Plain calls of models whose replies must have a shape: many at once, within the limits of one question.
//!
//! It is for work that the program itself lays out, such as a review, where no model has to write programs. Replies that are
//! known are served, as those of any question.

use super::{
    AnswerSchema, Engine, Question,
    budget::{model_call::Asked, usage::Usage},
    context_size, coverage,
    detail::{Caller, Detail, Place},
    error::CallError,
    event::{Event, EventSink, Started, SubCallState},
    expectation::{cost_of_calls, not_confirmed},
    origin::Origin,
    query_context::QueryContext,
    tracked_call::TrackedCall,
};
use crate::{
    failure::{Failure, FailureKind},
    llm::{self, Choice, Message, Model, Request, Shape, is_too_small_for_programs},
    text::one_line,
};
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a reply of the wrong shape is given back.
const ATTEMPTS: usize = 2;

/// Characters of what a call is for, as it is told.
const LABEL_CHARS: usize = 120;

/// Where its calls come from: from no program of its one run.
const ORIGIN: Origin = Origin { run: 0, depth: 0, iteration: 0, cell: 0 };

/// Which of the two models is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Root,
    /// The cheaper one.
    Worker,
}

/// Calls that share the limits of one question.
pub struct Consultation {
    tree: QueryContext,
    began: Instant,
}

/// Asks the person whether so much may be spent on something, a review or a change, in US dollars.
pub type Agreement = Arc<dyn Fn(&'static str, f64) -> BoxFuture<'static, bool> + Send + Sync>;

/// A call of the root model that is to be made.
pub struct Planned {
    pub messages: Vec<Message>,
    pub shape: Option<Shape>,
    /// Of its reply, roughly.
    pub reply_tokens: u64,
}

impl Planned {
    /// As [`Consultation::ask`] makes it.
    pub fn asking(system: &str, prompt: String, schema: &AnswerSchema, reply_tokens: u64) -> Self {
        Self {
            messages: vec![Message::system(system), Message::user(prompt)],
            shape: Some(schema.shape()),
            reply_tokens,
        }
    }
}

impl Engine {
    /// Begins one. The text of the question says what it is for; no model is told that.
    ///
    /// # Errors
    /// There is a limit on cost and a price is not known, or the model only quotes and can write nothing of a shape.
    pub fn consult(
        &self,
        question: &Question,
        events: Arc<dyn EventSink>,
        cancel: CancellationToken,
    ) -> Result<Consultation, Failure> {
        match self.unknown_price(&question.limits) {
            Some(failure) => Err(failure),
            None => {
                let tree = self.context_of(question, events, cancel);
                tell_beginning(&tree, question);
                Ok(Consultation { tree, began: Instant::now() })
            }
        }
    }
}

impl Consultation {
    /// The reply to a prompt, as JSON that satisfies the schema. One that does not is given back once. `label` says to people what
    /// it is for.
    ///
    /// # Errors
    /// A limit was met, the call failed, or the reply has not the shape.
    pub async fn ask(
        &self,
        reader: Reader,
        label: &str,
        system: &str,
        prompt: String,
        schema: &AnswerSchema,
    ) -> Result<Value, Failure> {
        let messages = vec![Message::system(system), Message::user(prompt)];
        self.tracked(label, |caller| self.shaped(reader, caller, messages, schema)).await
    }

    async fn shaped(
        &self,
        reader: Reader,
        caller: Caller,
        mut messages: Vec<Message>,
        schema: &AnswerSchema,
    ) -> Result<Value, Failure> {
        let model = self.model(reader);
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            let asked = Asked { messages: messages.clone(), shape: Some(schema.shape()), caller, ..Asked::default() };
            let text = self.reply(model, asked).await?;
            let value = schema.check(&text);
            let value = value.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
            match value {
                Ok(value) => return Ok(value),
                Err(why) => {
                    messages.push(Message::assistant(text));
                    messages.push(Message::user(super::prompt::wrong_shape(&why)));
                    problem = why;
                }
            }
        }
        let message = format!("{} gave no reply of the shape that was asked for: {problem}", model.name());
        Err(Failure { kind: FailureKind::NoAnswer, message, hint: None })
    }

    /// Whether the root model writes texts of its own.
    pub fn can_write(&self) -> bool {
        self.tree.choice.root.satisfies_schemas()
    }

    /// The reply to a conversation, as it was written. `label` says to people what it is for.
    ///
    /// # Errors
    /// A limit was met, the call failed, or the reply was cut off.
    pub async fn write(&self, reader: Reader, label: &str, messages: Vec<Message>) -> Result<String, Failure> {
        let asked = |caller| Asked { messages, caller, ..Asked::default() };
        self.tracked(label, |caller| self.reply(self.model(reader), asked(caller))).await
    }

    /// Calls for one thing, which people can follow.
    async fn tracked<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        label: &str,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Failure> {
        let mut call = TrackedCall::begin(&self.tree, ORIGIN, one_line(label, LABEL_CHARS));
        let result = work(Caller { turn_of: None, sub_call: Some(call.id) }).await;
        call.end(match &result {
            Ok(_) => SubCallState::Ended,
            Err(failure) => SubCallState::Failed(failure.message.clone()),
        });
        result
    }

    /// Tells which lines a model was shown.
    pub fn note_read(&self, places: impl FnOnce() -> Vec<Place>) {
        self.tree.note_shown(ORIGIN.iteration, "read", places);
    }

    /// Tells which files there were, for those who want to know what was never read.
    pub async fn note_files(&self) {
        let context = self.tree.snapshot.context_if_built();
        if let Some(context) = context.filter(|_| self.tree.takes_details()) {
            let files = tokio::task::spawn_blocking(move || coverage::files(&context)).await;
            files.into_iter().for_each(|files| self.tree.note(|| files));
        }
    }

    /// Asks the person before a `what` that makes `count` calls of the root model, if these may cost more than may be spent
    /// without being asked.
    ///
    /// # Errors
    /// Nobody agrees.
    pub async fn agreed(
        &self,
        what: &'static str,
        agreement: &Agreement,
        count: usize,
        planned: impl Fn(usize) -> Planned,
    ) -> Result<(), Failure> {
        match self.cost_to_confirm(count, planned).await {
            Some(cost) if !agreement(what, cost).await => Err(not_confirmed(what, cost)),
            _ => Ok(()),
        }
    }

    /// What these calls may cost, in US dollars, if that is more than may be spent without asking. Those whose replies are known
    /// cost nothing; they are looked for only where it would matter.
    async fn cost_to_confirm(&self, count: usize, planned: impl Fn(usize) -> Planned) -> Option<f64> {
        let limit = self.tree.config.confirm_above?;
        let model = &self.tree.choice.root;
        let price = llm::price(&self.tree.prices, model.name())?;
        let most_calls = usize::try_from(self.tree.limits.max_calls).unwrap_or(usize::MAX);
        let above = |cost: f64| {
            Some(self.tree.limits.max_cost.map_or(cost, |most| cost.min(most))).filter(|&cost| cost > limit)
        };
        let cost_of = |it: &Planned| {
            let bytes = it.messages.iter().map(Message::bytes).sum();
            cost_of_calls(price, bytes, it.reply_tokens.min(self.tree.limits.reply_tokens))
        };
        above((0..count.min(most_calls)).map(|at| cost_of(&planned(at))).sum())?;
        let (mut cost, mut calls) = (0.0, 0);
        for at in 0..count {
            if calls == most_calls {
                break;
            }
            let it = planned(at);
            let own = cost_of(&it);
            let request = Request { messages: it.messages, shape: it.shape, ..Request::default() };
            if !self.tree.known.is_known(model.as_ref(), &request, self.tree.limits.reply_tokens).await {
                cost += own;
                calls += 1;
            }
        }
        above(cost)
    }

    fn model(&self, reader: Reader) -> &Arc<dyn Model> {
        match reader {
            Reader::Root => &self.tree.choice.root,
            Reader::Worker => &self.tree.choice.worker,
        }
    }

    /// The text of a whole reply.
    async fn reply(&self, model: &Arc<dyn Model>, asked: Asked) -> Result<String, Failure> {
        let turn = self.tree.ask(model, asked, &mut |_| {}).await.map_err(failure)?;
        match turn.cut {
            Some(cut) => {
                let message = format!("the reply of {} was cut off: {cut}", model.name());
                Err(Failure { kind: FailureKind::ReplyCut, message, hint: None })
            }
            None => Ok(turn.text),
        }
    }

    /// How many calls may be open at once.
    pub fn concurrency(&self) -> usize {
        self.tree.limits.concurrency
    }

    /// The names of the two models.
    pub fn models(&self) -> (&str, &str) {
        (self.tree.choice.root.name(), self.tree.choice.worker.name())
    }

    /// The name of one that is too small for its judgement of code to mean much.
    pub fn too_small(&self) -> Option<&str> {
        let models = [&self.tree.choice.root, &self.tree.choice.worker];
        models.into_iter().find(|it| is_too_small_for_programs(it.parameters())).map(|it| it.name())
    }

    pub fn usage(&self) -> Usage {
        Usage { wall_time: self.began.elapsed(), ..self.tree.ledger.meter.usage() }
    }

    /// Says what is done now.
    pub fn say(&self, message: String) {
        self.tree.say(message);
    }
}

impl Drop for Consultation {
    /// Calls that were closed are in the books by now, and nobody has told of them.
    fn drop(&mut self) {
        self.tree.tell_usage();
    }
}

fn tell_beginning(tree: &QueryContext, question: &Question) {
    let Choice { root, worker, why, .. } = &tree.choice;
    tree.emit(Event::Started(Started {
        question: question.text.clone(),
        model: root.name().to_owned(),
        worker: worker.name().to_owned(),
        why: why.clone(),
        context: context_size(&question.snapshot),
    }));
    for model in [root, worker] {
        tree.note_model(model.as_ref());
    }
    let Origin { run, depth, .. } = ORIGIN;
    tree.note(|| Detail::RunBegan { run, depth, sub_call: None, model: root.name().to_owned() });
}

/// The end of a call as a person is told of it.
fn failure(error: CallError) -> Failure {
    match error {
        CallError::Model(error) => error.into(),
        CallError::Exceeded(_) | CallError::Cancelled => {
            Failure { kind: FailureKind::Limit, message: error.to_string(), hint: None }
        }
    }
}
