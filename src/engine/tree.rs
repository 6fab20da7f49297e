//! What all runs of one question share: models, limits, books, events, and the way to a model.

use super::{
    Interpreter,
    answer::Lost,
    budget::{Budget, Exceeded},
    event::{Delta, Event, EventSink},
    meter::{CallRecord, Meter},
};
use crate::{
    config::{Limits, Price},
    llm::{self, Choice, Finish, Gate, Message, Model, Models, Piece, Request, Scheduler},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Child runs that may be open at each depth. A run waits only for runs below it, so the deepest always go on; the bound
/// is on processes, not on model calls.
const CHILDREN_PER_DEPTH: usize = 32;

/// One question's runs, from the root down.
pub struct Tree {
    pub choice: Choice,
    pub limits: Limits,
    pub budget: Budget,
    pub meter: Meter,
    pub interpreter: Interpreter,
    models: Arc<Models>,
    scheduler: Arc<Scheduler>,
    prices: Arc<BTreeMap<String, Price>>,
    /// Model calls of this tree that may be open at once.
    gate: Gate,
    children: Vec<Semaphore>,
    cancel: CancellationToken,
    events: Arc<dyn EventSink>,
    runs: AtomicU64,
    calls: AtomicU64,
    sub_calls: AtomicU64,
    lost: Mutex<Vec<Lost>>,
    partial: Mutex<String>,
}

/// What a model wrote in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub text: String,
    pub finish: Finish,
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
pub struct TreeParts {
    pub models: Arc<Models>,
    pub choice: Choice,
    pub limits: Limits,
    pub interpreter: Interpreter,
    pub scheduler: Arc<Scheduler>,
    pub prices: Arc<BTreeMap<String, Price>>,
    pub cancel: CancellationToken,
    pub events: Arc<dyn EventSink>,
}

impl Tree {
    pub fn new(parts: TreeParts) -> Self {
        let depths = parts.limits.max_depth;
        Self {
            models: parts.models,
            choice: parts.choice,
            budget: Budget::new(parts.limits.clone()),
            gate: Gate::new(parts.limits.concurrency),
            children: (0..depths).map(|_| Semaphore::new(CHILDREN_PER_DEPTH)).collect(),
            limits: parts.limits,
            meter: Meter::default(),
            interpreter: parts.interpreter,
            scheduler: parts.scheduler,
            prices: parts.prices,
            cancel: parts.cancel,
            events: parts.events,
            runs: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            sub_calls: AtomicU64::new(0),
            lost: Mutex::default(),
            partial: Mutex::default(),
        }
    }

    pub fn emit(&self, event: Event) {
        self.events.emit(event);
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

    /// Keeps what the root has said so far, for the case that it never gets to its answer.
    pub fn note_partial(&self, text: &str) {
        text.clone_into(&mut self.partial.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn partial(&self) -> String {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn note_lost(&self, lost: Lost) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).push(lost);
    }

    pub fn lost(&self) -> Vec<Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        is_turn: bool,
        stream: &mut (dyn FnMut(Delta) + Send),
    ) -> Result<Turn, CallError> {
        let price = llm::price(&self.prices, model.name());
        let bytes = messages.iter().map(|message| message.content.len()).sum();
        let reservation = self.budget.reserve(bytes, price).await?;
        let request = Request { messages, max_output_tokens: Some(reservation.reply_tokens()) };
        let mut sink = |piece: Piece<'_>| match piece {
            Piece::Text(text) => stream(Delta::Append(text.to_owned())),
            Piece::Restart => stream(Delta::Reset(String::new())),
        };
        let call = llm::Call {
            model: model.as_ref(),
            request: &request,
            number: self.calls.fetch_add(1, Ordering::Relaxed),
            gate: &self.gate,
            deadline: Some(self.budget.deadline()),
            token: &self.cancel,
        };
        let llm::Outcome { result, report } = self.scheduler.call(call, &mut sink).await;
        let cost = price.map(|price| price.of(report.usage.input, report.usage.output));
        reservation.settle(report.usage, cost);
        self.meter.count_call(CallRecord {
            is_turn,
            attempts: report.attempts,
            tokens: report.usage,
            cost,
            time: report.model_time,
        });
        let reply = result?;
        Ok(Turn { text: reply.text, finish: reply.finish })
    }
}
