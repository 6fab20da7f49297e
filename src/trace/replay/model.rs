//! Models that reply what they have replied.

use super::recorded::{Failed, Outcome, Recorded, RecordedModel};
use crate::{
    engine::Clock,
    llm::{self, Choice, EXTRACTIVE, Error, Model, Piece, PieceSink, Reply, Request, extractive::Extractive},
    store::Key,
    text::one_line,
};
use futures::{FutureExt, future::BoxFuture};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// How long what came before is waited for where nothing else happens. Only where a replay parts from its trace is anything missing.
const STALL: Duration = Duration::from_millis(500);

/// A moment that no run reaches.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Characters of what was asked that are told.
const ASKED_CHARS: usize = 200;

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    clock: Arc<Clock>,
    began: Instant,
    /// How the run has ended; empty if that is not known.
    termination: String,
    /// Ends the replay.
    pub cancel: CancellationToken,
    /// Whether what was never asked may be asked now.
    goes_on: bool,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    outcomes: Vec<Outcome>,
    /// The places of what came of each request, in its order.
    left: HashMap<Key, VecDeque<usize>>,
    cut_off: HashMap<Key, usize>,
    /// Places whose time has not come yet.
    waiting: BTreeSet<usize>,
    has_come: Vec<bool>,
    /// The first place that has not come.
    next: usize,
    parting: Option<String>,
}

/// A model of a replay.
#[derive(Debug)]
struct ReplayedModel {
    facts: RecordedModel,
    replay: Arc<Replay>,
    /// Who is asked what was never asked.
    other: Option<Arc<dyn Model>>,
}

impl Replay {
    /// One that stands at its beginning. With `goes_on` other models may be asked what the trace does not have.
    pub fn new(recorded: &Recorded, clock: Arc<Clock>, goes_on: bool) -> Arc<Self> {
        let mut left: HashMap<Key, VecDeque<usize>> = HashMap::new();
        for (place, outcome) in recorded.outcomes.iter().enumerate() {
            left.entry(outcome.asked).or_default().push_back(place);
        }
        let state = State {
            has_come: vec![false; recorded.outcomes.len()],
            outcomes: recorded.outcomes.clone(),
            left,
            cut_off: recorded.cut_off.clone(),
            waiting: BTreeSet::new(),
            next: 0,
            parting: None,
        };
        let began = Instant::now();
        clock.set(Some(began));
        Arc::new(Self {
            clock,
            began,
            termination: recorded.termination.clone(),
            cancel: CancellationToken::new(),
            goes_on,
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    /// The models of the run. Those of `others` are asked what the trace does not have, if there are any.
    pub fn choice(self: &Arc<Self>, recorded: &Recorded, others: Option<&Choice>) -> Choice {
        let root = self.model(recorded, &recorded.model, others.map(|it| &it.root));
        let worker = match recorded.worker == recorded.model && others.is_none() {
            true => root.clone(),
            false => self.model(recorded, &recorded.worker, others.map(|it| &it.worker)),
        };
        Choice::new(root, worker, recorded.why.clone())
    }

    /// All models that the run has called, which programs may name.
    pub fn models(self: &Arc<Self>, recorded: &Recorded) -> Vec<Arc<dyn Model>> {
        recorded.models.iter().map(|it| self.model(recorded, &it.name, None)).collect()
    }

    fn model(self: &Arc<Self>, recorded: &Recorded, name: &str, other: Option<&Arc<dyn Model>>) -> Arc<dyn Model> {
        if name == EXTRACTIVE {
            return Arc::new(Extractive);
        }
        let known = recorded.models.iter().rev().find(|it| it.name == name).cloned();
        let facts = known.unwrap_or_else(|| RecordedModel { name: name.to_owned(), ..RecordedModel::default() });
        Arc::new(ReplayedModel { facts, replay: self.clone(), other: other.cloned() })
    }

    /// Where it has asked what was never asked, if it has.
    pub fn parting(&self) -> Option<String> {
        self.lock().parting.clone()
    }

    /// How many replies were not asked for.
    pub fn left(&self) -> usize {
        self.lock().has_come.iter().filter(|it| !**it).count()
    }

    /// What comes of a request; nothing if the trace does not have it.
    async fn outcome(&self, asked: Key) -> Option<Outcome> {
        let place = {
            let mut state = self.lock();
            let place = state.left.get_mut(&asked).and_then(VecDeque::pop_front)?;
            state.waiting.insert(place);
            place
        };
        self.changed.notify_waiters();
        loop {
            // Registered before the state is read, so that no word is missed in between.
            let changed = self.changed.notified();
            if self.goes_on || self.lock().next == place {
                break;
            }
            tokio::select! {
                () = changed => {}
                () = sleep(STALL) => if self.lock().waiting.first() == Some(&place) { break },
            }
        }
        // What the one before has led to comes first.
        tokio::task::yield_now().await;
        let outcome = {
            let mut state = self.lock();
            state.waiting.remove(&place);
            state.has_come[place] = true;
            while state.has_come.get(state.next) == Some(&true) {
                state.next += 1;
            }
            state.outcomes[place].clone()
        };
        self.clock.set(Some(self.began + outcome.at));
        self.changed.notify_waiters();
        Some(outcome)
    }

    /// Waits until all has come that the trace has, and ends as the run has ended.
    async fn end(&self) {
        loop {
            let changed = self.changed.notified();
            if self.left() == 0 {
                break;
            }
            tokio::select! {
                () = changed => {}
                () = sleep(STALL) => if self.lock().waiting.is_empty() { break },
            }
        }
        // What came last has led to what it leads to.
        sleep(STALL).await;
        match self.termination.as_str() {
            "timeout" => self.clock.set(Some(self.began + NEVER)),
            "cancelled" | "" => self.cancel.cancel(),
            // Another call ends it.
            _ => {}
        }
    }

    fn part(&self, model: &str, request: &Request) {
        let last = request.messages.last().map(|it| it.content.as_str()).unwrap_or_default();
        let parting = format!("{model} is asked what it was not asked then: {}", one_line(last, ASKED_CHARS));
        self.lock().parting.get_or_insert(parting);
        self.cancel.cancel();
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model for ReplayedModel {
    fn name(&self) -> &str {
        &self.facts.name
    }

    fn window(&self) -> Option<usize> {
        self.facts.window
    }

    fn parameters(&self) -> Option<u64> {
        self.facts.parameters
    }

    fn slots(&self) -> Option<usize> {
        self.facts.slots
    }

    fn takes_shapes(&self) -> bool {
        self.facts.takes_shapes
    }

    fn calls_tools(&self) -> Option<bool> {
        self.facts.calls_tools
    }

    fn reply_source(&self) -> Option<Key> {
        self.facts.source
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        async move {
            let asked = llm::asked(self.name(), request);
            if let Some(outcome) = self.replay.outcome(asked).await {
                return match outcome.reply {
                    Ok(reply) => {
                        if !reply.text.is_empty() {
                            pieces(Piece::Text(&reply.text));
                        }
                        Ok(reply)
                    }
                    Err(Failed { error, written }) => {
                        if !written.is_empty() {
                            pieces(Piece::Text(&written));
                        }
                        Err(error.without_wait())
                    }
                };
            }
            if let (Some(other), true) = (&self.other, self.replay.goes_on) {
                self.replay.clock.set(None);
                return other.call(request, pieces).await;
            }
            let was_cut_off = {
                let mut state = self.replay.lock();
                state.cut_off.get_mut(&asked).is_some_and(|it| std::mem::replace(it, it.saturating_sub(1)) > 0)
            };
            let ends_here = matches!(self.replay.termination.as_str(), "timeout" | "cancelled" | "");
            match was_cut_off || ends_here && self.replay.left() == 0 {
                true => self.replay.end().await,
                false => self.replay.part(self.name(), request),
            }
            std::future::pending().await
        }
        .boxed()
    }
}
