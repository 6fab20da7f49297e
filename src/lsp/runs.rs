//! The queries that are running: how they start, how they are cancelled, and how all of them end with the server.

use super::{
    ext::{QueryParams, Scope},
    reporter::{self, Channels, Reporter, WorkDone},
    scope::{self, Scoped},
    view::View,
};
use crate::{
    config::{Environment, Options, Settings},
    corpus::StopFlag,
    engine::{Answer, Engine, Event, EventSink, Failure, Question, Started, Usage, internal_failure},
    report::{self, Circumstances},
    setup,
    text::one_line,
};
use lsp_types::ProgressToken;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_lsp::Client;

/// Characters of a question in the title of its progress.
const TITLE_CHARS: usize = 60;

/// How long the server waits for cancelled runs when it ends.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What came of a query.
pub struct Outcome {
    pub answer: Answer,
    /// The result object of `docs/protocol.md`.
    pub result: Map<String, Value>,
}

/// Who asked, which decides where the answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Request,
    Command,
}

/// Why a query cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error("queryId {0:?} is in use")]
    InUse(String),
    #[error("{0}")]
    Options(String),
}

/// All queries of one server.
pub struct Runs {
    client: Client,
    environment: Environment,
    tasks: TaskTracker,
    live: Mutex<HashMap<String, Live>>,
    total: Mutex<Usage>,
    started: AtomicU64,
    closed: AtomicBool,
    /// The scheduler, and the last engine with the settings that it was made for.
    engine: Mutex<Option<(Settings, Arc<Engine>)>>,
}

struct Live {
    query: String,
    since: Instant,
    cancel: CancellationToken,
    reporter: Arc<Reporter>,
    token: WorkDone,
}

/// One query on its way.
struct Query {
    id: String,
    params: QueryParams,
    view: View,
    settings: Settings,
    cancel: CancellationToken,
    reporter: Arc<Reporter>,
    channels: Channels,
}

impl Runs {
    pub fn new(client: Client, environment: Environment) -> Self {
        Self {
            client,
            environment,
            tasks: TaskTracker::new(),
            live: Mutex::default(),
            total: Mutex::new(Usage::none()),
            started: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            engine: Mutex::default(),
        }
    }

    /// Starts a query. It runs until it ends or `cancel` fires; the receiver gets what came of it.
    pub fn start(
        self: &Arc<Self>,
        params: QueryParams,
        door: Door,
        view: View,
        cancel: CancellationToken,
    ) -> Result<(String, oneshot::Receiver<Outcome>), StartError> {
        let settings = self.settings(&params, &view)?;
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let id = params.query_id.clone().unwrap_or_else(|| format!("query-{}", number + 1));
        let work_done = match &params.work_done_token {
            Some(token) => WorkDone::Given(token.clone()),
            None if view.client.work_done_progress => WorkDone::Created(reporter::own_token(&id)),
            None => WorkDone::Nowhere,
        };
        let channels = Channels {
            query_id: id.clone(),
            events: door == Door::Request || view.client.events,
            partial_result: params.partial_result_token.clone(),
            work_done: work_done.clone(),
        };
        let reporter = Arc::new(Reporter::default());
        let live = Live {
            query: params.query.clone(),
            since: Instant::now(),
            cancel: cancel.clone(),
            reporter: reporter.clone(),
            token: work_done,
        };
        match lock(&self.live).entry(id.clone()) {
            std::collections::hash_map::Entry::Occupied(_) => return Err(StartError::InUse(id)),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(live),
        };
        // A message of a client that is gone may still be on its way.
        if self.closed.load(Ordering::SeqCst) {
            cancel.cancel();
        }
        let query = Query { id: id.clone(), params, view, settings, cancel, reporter, channels };
        let (sender, receiver) = oneshot::channel();
        let runs = self.clone();
        self.tasks.spawn(async move {
            let outcome = runs.run(query).await;
            // A handler that is gone was cancelled and needs no outcome.
            let _ = sender.send(outcome);
        });
        Ok((id, receiver))
    }

    /// Does what follows a query; the server waits for it when it ends.
    pub fn deliver(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Cancels the query of this name; says whether it was running.
    pub fn cancel(&self, query_id: &str) -> bool {
        lock(&self.live).get(query_id).inspect(|live| live.cancel.cancel()).is_some()
    }

    /// Cancels the query that shows its progress on this token.
    pub fn cancel_by_token(&self, token: &ProgressToken) {
        let shows = |live: &&Live| matches!(&live.token, WorkDone::Given(it) | WorkDone::Created(it) if it == token);
        lock(&self.live).values().filter(shows).for_each(|live| live.cancel.cancel());
    }

    /// Cancels all queries; returns how many there were.
    pub fn cancel_all(&self) -> usize {
        lock(&self.live).values().inspect(|live| live.cancel.cancel()).count()
    }

    /// Cancels all queries, and those that come later as soon as they begin.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.cancel_all();
    }

    /// Cancels all queries and waits until their processes and connections are gone.
    pub async fn end_all(&self) {
        self.close();
        self.tasks.close();
        if tokio::time::timeout(LAST_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("some queries did not end in time");
        }
    }

    /// What `rlm/status` returns.
    pub async fn status(&self, view: &View) -> Value {
        let engine = match self.options(None, view).and_then(|options| options.resolve().map_err(|it| it.to_string())) {
            Ok(settings) => self.engine(&settings).await.map_err(|failure| failure.message),
            Err(error) => Err(error),
        };
        let (model, worker, why) = match &engine {
            Ok(engine) => {
                let choice = &engine.choice;
                (Some(choice.root.name()), Some(choice.worker.name()), choice.why.as_str())
            }
            Err(error) => (None, None, error.as_str()),
        };
        let runs: Vec<Value> = lock(&self.live)
            .iter()
            .map(|(id, live)| {
                json!({"queryId": id, "query": live.query, "seconds": live.since.elapsed().as_secs_f64(),
                       "message": live.reporter.status().message})
            })
            .collect();
        json!({"version": env!("CARGO_PKG_VERSION"), "model": model, "worker": worker, "why": why, "runs": runs,
               "usage": report::usage(&lock(&self.total))})
    }

    async fn run(&self, query: Query) -> Outcome {
        let title = format!("RLM: {}", one_line(&query.params.query, TITLE_CHARS));
        let work = async {
            let outcome = self.work(&query).await;
            query.reporter.close();
            outcome
        };
        let (outcome, sent) = {
            let telling = async { tokio::join!(work, query.reporter.send_events(&self.client, &query.channels)) };
            let showing = query.reporter.show_progress(&self.client, &query.channels, &title);
            tokio::select! {
                told = telling => told,
                () = showing => unreachable!("progress is shown until it is dropped"),
            }
        };
        lock(&self.live).remove(&query.id);
        *lock(&self.total) += outcome.answer.usage;
        let done = Map::from_iter([("kind".to_owned(), json!("done")), ("result".to_owned(), json!(outcome.result))]);
        reporter::send_event(&self.client, &query.channels, sent, done).await;
        let ending = if outcome.answer.termination.is_answer() { "answered" } else { "ended" };
        reporter::end_progress(&self.client, &query.channels, ending).await;
        outcome
    }

    /// From the question to the answer.
    async fn work(&self, query: &Query) -> Outcome {
        let started = Arc::new(StartedNote::new(query.reporter.clone()));
        // Reading a huge repository ends with the query, however that ends.
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        let snapshot = tokio::select! {
            biased;
            () = query.cancel.cancelled() => return conclude(query, Answer::cancelled(), &started, None),
            snapshot = snapshot(query.params.scope.clone(), query.view.clone(), query.settings.clone(), stop) => snapshot,
        };
        let (engine, scoped) = match (self.engine(&query.settings).await, snapshot) {
            (Ok(engine), Ok(scoped)) => (engine, scoped),
            (Err(failure), _) | (_, Err(failure)) => return conclude(query, Answer::failed(failure), &started, None),
        };
        let Scoped { snapshot, focus } = scoped;
        let question = Question {
            text: query.params.query.clone(),
            snapshot: snapshot.clone(),
            focus,
            strategy: query.settings.strategy,
            limits: query.settings.limits.clone(),
        };
        let answer = engine.ask(question, started.clone(), query.cancel.clone()).await;
        conclude(query, answer, &started, Some(&snapshot))
    }

    /// The engine for these settings; the last one if it fits, so that its connections are used again.
    async fn engine(&self, settings: &Settings) -> Result<Arc<Engine>, Failure> {
        let last = lock(&self.engine).clone();
        if let Some((known, engine)) = &last
            && setup::same_engine(known, settings)
        {
            return Ok(engine.clone());
        }
        let scheduler = last.map(|(_, engine)| engine.scheduler.clone());
        let scheduler = scheduler.unwrap_or_else(|| setup::scheduler(settings));
        let engine = setup::engine(settings, &self.environment, scheduler).await?;
        *lock(&self.engine) = Some((settings.clone(), engine.clone()));
        Ok(engine)
    }

    fn settings(&self, params: &QueryParams, view: &View) -> Result<Settings, StartError> {
        let options = self.options(params.options.as_ref(), view).map_err(StartError::Options)?;
        options.resolve().map_err(|error| StartError::Options(error.to_string()))
    }

    /// The environment, the client's settings, and the request's options over both.
    fn options(&self, own: Option<&Value>, view: &View) -> Result<Options, String> {
        if let Some(error) = &view.settings_error {
            return Err(format!("the client's settings: {error}"));
        }
        let environment = Options::from_environment(&self.environment).map_err(|error| error.to_string())?;
        let own = own.map(Options::from_json).transpose().map_err(|error| error.to_string())?.unwrap_or_default();
        Ok(own.merged_over((*view.options).clone()).merged_over(environment))
    }
}

async fn snapshot(scope: Scope, view: View, settings: Settings, stop: StopFlag) -> Result<Scoped, Failure> {
    let taken = tokio::task::spawn_blocking(move || scope::resolve(&scope, &view, &settings, &stop)).await;
    taken.unwrap_or_else(|error| Err(internal_failure(&error)))
}

/// Puts the result object together.
fn conclude(
    query: &Query,
    answer: Answer,
    started: &StartedNote,
    snapshot: Option<&crate::corpus::Snapshot>,
) -> Outcome {
    let circumstances = lock(&started.started).clone().map_or_else(Circumstances::default, |it| Circumstances {
        model: it.model,
        worker: it.worker,
        context: it.context,
        trace: None,
    });
    let mut result = report::answer(&answer, &circumstances);
    result.insert("queryId".to_owned(), json!(query.id));
    result.insert("sessionId".to_owned(), Value::Null);
    if let (Some(snapshot), Some(Value::Array(citations))) = (snapshot, result.get_mut("citations")) {
        for citation in citations {
            let path = citation["path"].as_str().unwrap_or_default();
            if let Some(uri) = scope::uri_of(snapshot, path).filter(|_| citation["verified"] == true) {
                citation["uri"] = json!(uri);
            }
        }
    }
    Outcome { answer, result }
}

/// Remembers what the run began with, and passes every event on.
struct StartedNote {
    reporter: Arc<Reporter>,
    started: Mutex<Option<Started>>,
}

impl StartedNote {
    fn new(reporter: Arc<Reporter>) -> Self {
        Self { reporter, started: Mutex::default() }
    }
}

impl EventSink for StartedNote {
    fn emit(&self, event: Event) {
        if let Event::Started(started) = &event {
            *lock(&self.started) = Some(started.clone());
        }
        self.reporter.emit(event);
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
