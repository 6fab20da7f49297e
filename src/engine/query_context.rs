//! What all runs of one question share. It does not change, other than its ledger and its progress.

pub mod known;
pub mod ledger;
pub mod progress;

use crate::{
    config::{Limits, Price, Protocol, Settings},
    corpus::Snapshot,
    engine::{
        Backend,
        budget::clock::Clock,
        detail::{Detail, ModelFacts, Place},
        event::{Event, EventSink},
        host::places::Places,
        origin::Origin,
        question::config::RunConfig,
    },
    failure::Failure,
    llm::{self, Choice, Model, Models, RunPermits, Scheduler},
};
use known::Known;
use ledger::Ledger;
use progress::Progress;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Child runs that may be open at each depth. A run waits only for runs below it, so the deepest always go on; the bound
/// is on processes, not on model calls. Each adds 3.3 MB before its programs take any, which makes some 210 MB a depth.
const CHILDREN_PER_DEPTH: usize = 64;

/// One question's runs, from the root down.
pub struct QueryContext {
    /// What the question is about.
    pub snapshot: Arc<Snapshot>,
    pub choice: Choice,
    pub limits: Limits,
    pub config: Arc<RunConfig>,
    pub backend: Backend,
    /// Where its programs and tools look into their texts.
    pub places: Places,
    pub scheduler: Arc<Scheduler>,
    /// Model calls of these runs that may be open at once.
    pub permits: RunPermits,
    pub cancel: CancellationToken,
    pub ledger: Ledger,
    pub progress: Progress,
    /// Replies that need no call.
    pub known: Known,
    pub prices: Arc<BTreeMap<String, Price>>,
    clock: Arc<Clock>,
    models: Arc<Models>,
    children: Vec<Semaphore>,
    /// Whether a server did not take tools, so that runs go on with programs.
    gave_up_tools: AtomicBool,
    /// Whether the root has looked into the text.
    has_looked: AtomicBool,
}

/// What it is made of.
pub struct QueryContextParts {
    pub snapshot: Arc<Snapshot>,
    pub models: Arc<Models>,
    pub choice: Choice,
    pub limits: Limits,
    pub config: Arc<RunConfig>,
    pub backend: Backend,
    pub scheduler: Arc<Scheduler>,
    pub prices: Arc<BTreeMap<String, Price>>,
    pub clock: Arc<Clock>,
    pub cancel: CancellationToken,
    pub events: Arc<dyn EventSink>,
}

impl QueryContext {
    pub fn new(parts: QueryContextParts) -> Self {
        let depths = parts.limits.max_depth;
        Self {
            snapshot: parts.snapshot,
            models: parts.models,
            places: parts.backend.places.of_question(),
            permits: RunPermits::new(parts.limits.concurrency),
            children: (0..depths).map(|_| Semaphore::new(CHILDREN_PER_DEPTH)).collect(),
            ledger: Ledger::new(parts.limits.clone(), parts.clock.clone()),
            clock: parts.clock,
            known: Known::new(parts.backend.replies.clone(), &parts.config, &parts.choice),
            choice: parts.choice,
            progress: Progress::new(parts.events, parts.config.schema.is_some()),
            limits: parts.limits,
            config: parts.config,
            backend: parts.backend,
            scheduler: parts.scheduler,
            prices: parts.prices,
            cancel: parts.cancel,
            gave_up_tools: AtomicBool::new(false),
            has_looked: AtomicBool::new(false),
        }
    }

    /// The same for the built-in model: its calls cost nothing and are in no books, and it has nothing of the person's.
    pub async fn for_built_in(&self, events: Arc<dyn EventSink>) -> Result<Self, llm::Error> {
        let model = self.models.named(llm::EXTRACTIVE).await?;
        let Settings { limits, .. } = Settings::default();
        Ok(Self::new(QueryContextParts {
            snapshot: self.snapshot.clone(),
            models: self.models.clone(),
            choice: Choice::new(model.clone(), model, String::new()),
            limits: Limits {
                timeout: self.ledger.budget.left().time,
                cell_timeout: self.limits.cell_timeout,
                ..limits
            },
            config: Arc::new(RunConfig::for_built_in()),
            backend: self.backend.clone(),
            scheduler: self.scheduler.clone(),
            prices: self.prices.clone(),
            clock: self.clock.clone(),
            cancel: self.cancel.clone(),
            events,
        }))
    }

    /// The root has looked into the text, or was given it.
    pub fn note_look(&self) {
        self.has_looked.store(true, Ordering::Relaxed);
    }

    pub fn has_looked(&self) -> bool {
        self.has_looked.load(Ordering::Relaxed)
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
        self.progress.emit(event);
    }

    pub fn takes_details(&self) -> bool {
        self.progress.takes_details()
    }

    /// Tells a detail, which is put together only if somebody wants it.
    pub fn note(&self, detail: impl FnOnce() -> Detail) {
        if self.takes_details() {
            self.progress.note(detail());
        }
    }

    /// Tells what the root was shown that it has not looked up itself.
    pub fn note_shown(&self, iteration: u64, function: &'static str, places: impl FnOnce() -> Vec<Place>) {
        let origin = Origin { run: 0, depth: 0, iteration, cell: 0 };
        self.note(|| Detail::Look {
            origin,
            function,
            arguments: String::new(),
            seconds: 0.0,
            places: places(),
            error: None,
        });
    }

    /// Says what is done now, and what was used so far.
    pub fn say(&self, message: String) {
        self.progress.note_doing(&message);
        self.emit(Event::Progress { message, usage: self.ledger.meter.usage() });
    }

    /// Says what was used so far, while the same is done as before.
    pub fn tell_usage(&self) {
        self.emit(Event::Progress { message: self.progress.doing(), usage: self.ledger.meter.usage() });
    }

    /// The places for children of a run at `depth`; `None` at the limit of depth.
    pub fn child_places(&self, depth: usize) -> Option<&Semaphore> {
        self.children.get(depth)
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

    /// Tells what depends on a model.
    pub fn note_model(&self, model: &dyn Model) {
        self.note(|| Detail::Model(ModelFacts::of(model, llm::price(&self.prices, model.name()))));
    }

    /// The model that a program asks for by name; the worker if it names none.
    pub async fn model(&self, name: Option<&str>) -> Result<Arc<dyn Model>, llm::Error> {
        match name {
            None | Some("worker") => Ok(self.choice.worker.clone()),
            Some("root") => Ok(self.choice.root.clone()),
            Some(name) => {
                let model = self.models.for_program(&self.choice, name).await?;
                self.note_model(model.as_ref());
                Ok(model)
            }
        }
    }
}
