//! What all runs of one question share: models, limits, books, events, and the way to a model.

use crate::{
    config::{Limits, Price, Protocol},
    corpus::ContextText,
    engine::{
        Interpreter,
        answer::{Failure, Lost, stream::AnswerStream},
        budget::{Budget, Exceeded, metered_call::MeteredCall, usage::UsageMeter},
        event::{Delta, Event, EventSink},
        host::places::Places,
        question::config::RunConfig,
    },
    llm::{self, Choice, Finish, Message, Model, Models, Piece, Request, RunPermits, Scheduler, Task, Tool, ToolCall},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Child runs that may be open at each depth. A run waits only for runs below it, so the deepest always go on; the bound
/// is on processes, not on model calls. Each adds 3.3 MB before its programs take any, which makes some 210 MB a depth.
const CHILDREN_PER_DEPTH: usize = 64;

/// One question's runs, from the root down.
pub struct QueryContext {
    pub choice: Choice,
    pub limits: Limits,
    pub config: Arc<RunConfig>,
    pub budget: Budget,
    pub meter: UsageMeter,
    pub interpreter: Interpreter,
    /// Where its programs and tools look into their texts.
    pub places: Places,
    models: Arc<Models>,
    scheduler: Arc<Scheduler>,
    prices: Arc<BTreeMap<String, Price>>,
    /// Model calls of this tree that may be open at once.
    permits: RunPermits,
    children: Vec<Semaphore>,
    cancel: CancellationToken,
    events: Arc<dyn EventSink>,
    runs: AtomicU64,
    calls: AtomicU64,
    sub_calls: AtomicU64,
    /// Whether a server did not take tools, so that runs go on with programs.
    gave_up_tools: AtomicBool,
    answer: Mutex<AnswerStream>,
    lost: Mutex<LostCalls>,
    partial: Mutex<Partial>,
}

/// Sub-calls that are described when they are lost; the others are only counted.
const LOST_DESCRIBED: usize = 1000;

/// The sub-calls that failed for good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostCalls {
    /// The first of them.
    pub first: Vec<Lost>,
    pub count: usize,
}

/// What there is beside an answer that is being written.
#[derive(Debug, Default)]
struct Partial {
    /// What a program has put down as the answer, without declaring it ready; or an answer that could be better.
    draft: String,
    /// What the model has said last.
    said: String,
}

/// What a model wrote in one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// Why it is not all that the model wanted to write.
    pub cut: Option<Cut>,
}

/// Why a reply ends before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// A limit of the run left no room for more.
    #[error("{0}")]
    Limit(Exceeded),
    /// It is as long as a reply may be.
    #[error("a reply may have {tokens} tokens")]
    Length { tokens: u32 },
    #[error("it repeated itself")]
    Looping,
    /// In the provider's words.
    #[error("the provider ended it with `{0}`")]
    Provider(String),
    /// The call failed while it was being written.
    #[error("it broke off: {0}")]
    Broken(String),
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error(transparent)]
    Model(#[from] llm::Error),
    #[error("cancelled")]
    Cancelled,
}

impl From<llm::CallError> for CallError {
    fn from(error: llm::CallError) -> Self {
        match error {
            llm::CallError::Model(error) => Self::Model(error),
            llm::CallError::Cancelled => Self::Cancelled,
            llm::CallError::OutOfTime => Self::Exceeded(Exceeded::Timeout),
        }
    }
}

/// What a tree is made of.
pub struct QueryContextParts {
    pub models: Arc<Models>,
    pub choice: Choice,
    pub limits: Limits,
    pub config: Arc<RunConfig>,
    pub interpreter: Interpreter,
    pub scheduler: Arc<Scheduler>,
    pub prices: Arc<BTreeMap<String, Price>>,
    pub cancel: CancellationToken,
    pub events: Arc<dyn EventSink>,
}

impl QueryContext {
    pub fn new(parts: QueryContextParts) -> Self {
        let depths = parts.limits.max_depth;
        let answer = if parts.config.schema.is_some() { AnswerStream::whole() } else { AnswerStream::default() };
        Self {
            models: parts.models,
            choice: parts.choice,
            places: parts.interpreter.places.of_question(),
            budget: Budget::new(parts.limits.clone()),
            permits: RunPermits::new(parts.limits.concurrency),
            children: (0..depths).map(|_| Semaphore::new(CHILDREN_PER_DEPTH)).collect(),
            limits: parts.limits,
            config: parts.config,
            meter: UsageMeter::default(),
            interpreter: parts.interpreter,
            scheduler: parts.scheduler,
            prices: parts.prices,
            cancel: parts.cancel,
            events: parts.events,
            runs: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            sub_calls: AtomicU64::new(0),
            gave_up_tools: AtomicBool::new(false),
            answer: Mutex::new(answer),
            lost: Mutex::default(),
            partial: Mutex::default(),
        }
    }

    /// Whether the runs of a model are in the tools protocol.
    ///
    /// # Errors
    /// They are to be, and the model cannot call any.
    pub fn uses_tools(&self, model: &dyn Model) -> Result<bool, Failure> {
        Ok(self.config.uses_tools(model)? && !self.gave_up_tools.load(Ordering::Relaxed))
    }

    /// Goes on without tools, if nobody has insisted on them.
    pub fn gives_up_tools(&self) -> bool {
        let may = self.config.protocol == Protocol::Auto;
        self.gave_up_tools.fetch_or(may, Ordering::Relaxed);
        may
    }

    pub fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    /// Takes what the root has written of its answer, and shows what can be shown. `context` is the text, if it is
    /// there.
    pub fn write_answer(&self, delta: &Delta, context: Option<&ContextText>) {
        let change = lock(&self.answer).write(delta, context);
        change.into_iter().for_each(|change| self.emit(Event::Delta(change)));
    }

    /// What was written is no answer.
    pub fn withdraw_answer(&self) {
        let change = lock(&self.answer).withdraw();
        change.into_iter().for_each(|change| self.emit(Event::Delta(change)));
    }

    /// Keeps an answer for which the model may still give a better one.
    pub fn keep_answer(&self, text: &str) {
        self.note_draft(text);
        lock(&self.answer).settle();
    }

    /// Makes what is shown the answer's text, whatever was shown of it before.
    pub fn show_answer(&self, text: &str) {
        if !text.is_empty() || lock(&self.answer).has_shown() {
            self.emit(Event::Delta(Delta::Reset(text.to_owned())));
        }
    }

    pub fn progress(&self, message: String) {
        self.emit(Event::Progress { message, usage: self.meter.usage() });
    }

    pub fn number_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }

    pub fn number_sub_call(&self) -> u64 {
        self.sub_calls.fetch_add(1, Ordering::Relaxed)
    }

    /// The places for children of a run at `depth`; `None` at the limit of depth.
    pub fn child_places(&self, depth: usize) -> Option<&Semaphore> {
        self.children.get(depth)
    }

    /// Keeps what the root has said last, for the case that it never gets to its answer.
    pub fn note_said(&self, text: &str) {
        text.clone_into(&mut lock(&self.partial).said);
    }

    /// Keeps what a program of the root has put down as the answer so far.
    pub fn note_draft(&self, text: &str) {
        text.clone_into(&mut lock(&self.partial).draft);
    }

    /// The answer that is being written; else the draft of it; without one, what the root has said last.
    pub fn partial(&self) -> String {
        let written = lock(&self.answer).written().to_owned();
        let partial = lock(&self.partial);
        let mut texts = [&written, &partial.draft, &partial.said].into_iter();
        let found = match &self.config.schema {
            // What is no JSON of that shape is of no use to whoever reads it.
            Some(schema) => texts.find_map(|text| schema.check(text).ok()),
            None => texts.find(|it| !it.trim().is_empty()).cloned(),
        };
        found.unwrap_or_default()
    }

    pub fn note_lost(&self, lost: Lost) {
        let mut calls = lock(&self.lost);
        calls.count += 1;
        if calls.first.len() < LOST_DESCRIBED {
            calls.first.push(lost);
        }
    }

    pub fn lost(&self) -> LostCalls {
        lock(&self.lost).clone()
    }

    /// The price of a model; a limit on cost can hold only for models that have one.
    pub fn price_of(&self, model: &dyn Model) -> Result<Option<Price>, llm::Error> {
        let price = llm::price(&self.prices, model.name());
        if price.is_none() && self.limits.max_cost.is_some() {
            let name = model.name();
            let message = format!(
                "there is a limit on cost, and the price of {name} is not known; set RLM_PRICE, or the option `price`"
            );
            return Err(llm::Error::Configuration(message));
        }
        Ok(price)
    }

    /// The model that a program asks for by name; the worker if it names none.
    pub async fn model(&self, name: Option<&str>) -> Result<Arc<dyn Model>, llm::Error> {
        match name {
            None | Some("worker") => Ok(self.choice.worker.clone()),
            Some("root") => Ok(self.choice.root.clone()),
            Some(name) => self.models.for_program(&self.choice, name).await,
        }
    }

    /// One call of a model within the limits of the tree. `is_turn` tells a run's turn from a plain call of a program.
    pub async fn call(
        &self,
        model: &Arc<dyn Model>,
        messages: Vec<Message>,
        tools: &Arc<[Tool]>,
        task: Option<Task>,
        is_turn: bool,
        stream: &mut (dyn FnMut(Delta) + Send),
    ) -> Result<Turn, CallError> {
        let mut request = Request { messages, max_output_tokens: None, tools: tools.clone(), task };
        let open = MeteredCall::reserve(self, model.as_ref(), request.bytes(), is_turn).await?;
        request.max_output_tokens = open.longest_reply();
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Text(text) => {
                open.note_written(text.len());
                stream(Delta::Append(text.to_owned()));
            }
            Piece::Unseen(bytes) => open.note_written(bytes),
            Piece::Restart => stream(Delta::Reset(String::new())),
        };
        let call = llm::Call {
            model: model.as_ref(),
            request: &request,
            number: self.calls.fetch_add(1, Ordering::Relaxed),
            permits: &self.permits,
            deadline: Some(self.budget.deadline()),
            token: &self.cancel,
            billing: &open,
        };
        let reply = self.scheduler.call(call, &mut sink).await?;
        let tokens = open.longest_reply().unwrap_or_default();
        let shortened_by = open.settle(reply.usage);
        let cut = match (reply.finish, shortened_by) {
            (Finish::Complete, _) => None,
            (Finish::Length, Some(limit)) => Some(Cut::Limit(limit)),
            (Finish::Length, None) => Some(Cut::Length { tokens }),
            (Finish::Looping, _) => Some(Cut::Looping),
            (Finish::Other(reason), _) => Some(Cut::Provider(reason)),
        };
        Ok(Turn { text: reply.text, calls: reply.calls, cut })
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
