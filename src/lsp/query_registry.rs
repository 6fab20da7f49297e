//! The queries that are running: how they start, how they are cancelled, and how all of them end with the server.

mod cycles;
mod dogfood;
mod edits;
mod reviews;

use super::{
    client_state::{ClientState, LatestState},
    contents::Contents,
    diagnostics::Diagnostics,
    engines::Engines,
    ext::{KeptRun, KeptRuns, KeptSession, KeptSessions, QueryParams, RunningQuery, Status},
    kept_request::KeptRequest,
    metrics::Metrics,
    proposals::Proposals,
    query::{Outcome, Prepared, Query, QueryRequest},
    reporter::{self, Channels, Reporter, WorkDone},
    sessions::{self, Sessions},
    transcripts::Transcripts,
};
use crate::{
    config::{Environment, Options},
    corpus::{StopFlag, Workspace},
    dogfood::vetting::Vetting,
    engine::{Answer, Usage},
    report,
    store::{self, Client as Asker},
    text::one_line,
    trace::Exporter,
};
use lsp_types::ProgressToken;
use serde_json::Value;
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

/// The most runs that a client is told of.
const MOST_RUNS: usize = 100;

/// The states of runs of which nobody has noted an end, and those that need not go on.
const RUNNING: &str = "running";
const STOPPED: &str = "stopped";
const ANSWERED: [&str; 3] = ["final", "direct", "forced"];

/// How long the server waits for cancelled runs and for its client when it ends.
pub const LAST_WAIT: Duration = Duration::from_secs(5);

/// Who asked, which decides where the answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invocation {
    Request,
    Command,
}

/// Why a query cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error("queryId {0:?} is in use")]
    InUse(String),
    #[error("another question of the session {0:?} is being answered")]
    SessionInUse(String),
    #[error("resume: {0}")]
    Resume(String),
    #[error("{0}")]
    Options(String),
}

/// All queries of one server.
pub struct QueryRegistry {
    client: Client,
    engines: Arc<Engines>,
    workspace: Arc<Workspace>,
    sessions: Arc<Sessions>,
    tasks: TaskTracker,
    active: Mutex<HashMap<String, ActiveQuery>>,
    total: Mutex<Usage>,
    metrics: Metrics,
    /// Who tells a collector of each run.
    exporter: Option<Arc<Exporter>>,
    started: AtomicU64,
    closed: AtomicBool,
    pub diagnostics: Arc<Diagnostics>,
    pub transcripts: Arc<Transcripts>,
    pub proposals: Proposals,
    vetting: Vetting,
    pub contents: Contents,
    pub latest: Arc<LatestState>,
    /// Whether the client is told of them.
    pushes: AtomicBool,
    ended: CancellationToken,
}

/// A query or a review that has its place among those that run.
pub struct Entered {
    pub id: String,
    pub reporter: Arc<Reporter>,
    pub channels: Channels,
}

/// What is to be known of a query or a review that wants to run.
struct Entry<'a> {
    /// What it is about, as it is shown.
    query: &'a str,
    query_id: Option<&'a String>,
    work_done_token: Option<&'a ProgressToken>,
    partial_result_token: Option<&'a ProgressToken>,
    invocation: Invocation,
}

struct ActiveQuery {
    query: String,
    since: Instant,
    cancel: CancellationToken,
    reporter: Arc<Reporter>,
    token: WorkDone,
}

impl QueryRegistry {
    pub fn new(client: Client, environment: Environment, exporter: Option<Arc<Exporter>>) -> Self {
        Self {
            client,
            engines: Arc::new(Engines::new(environment)),
            workspace: Arc::default(),
            sessions: Arc::default(),
            tasks: TaskTracker::new(),
            active: Mutex::default(),
            total: Mutex::new(Usage::none()),
            metrics: Metrics::default(),
            exporter,
            started: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            diagnostics: Arc::default(),
            transcripts: Arc::default(),
            proposals: Proposals::default(),
            vetting: Vetting::default(),
            contents: Contents::default(),
            latest: Arc::default(),
            pushes: AtomicBool::new(false),
            ended: CancellationToken::new(),
        }
    }

    /// The question that is meant by a request, which may be to go on with a run.
    pub async fn meant(&self, params: QueryParams, client_state: &ClientState) -> Result<QueryParams, StartError> {
        let Some(number) = params.resume else { return Ok(params) };
        let unknown = || StartError::Resume(format!("there is no run {number} of these folders that can go on"));
        let store = self.engines.store().ok_or_else(unknown)?;
        let run = store.noted_run(number).await.ok_or_else(unknown)?;
        let request = KeptRequest::read(&run.begun.request).filter(|it| it.place == client_state.place());
        let request = request.ok_or_else(unknown)?;
        if store.is_run_open(number) {
            return Err(StartError::Resume(format!("run {number} is still at work")));
        }
        request.params(params).map_err(StartError::Resume)
    }

    /// Starts a query. It runs until it ends or `cancel` fires; the receiver gets what came of it.
    pub fn start(
        self: &Arc<Self>,
        params: QueryParams,
        invocation: Invocation,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<(String, oneshot::Receiver<Outcome>), StartError> {
        let since = Instant::now();
        let options = own_options(params.options.as_ref())?;
        let place = client_state.place();
        let held = |id: &String| self.sessions.hold(id, &place).ok_or_else(|| StartError::SessionInUse(id.clone()));
        let session = params.session_id.as_ref().map(held).transpose()?;
        let entry = Entry {
            query: &params.query,
            query_id: params.query_id.as_ref(),
            work_done_token: params.work_done_token.as_ref(),
            partial_result_token: params.partial_result_token.as_ref(),
            invocation,
        };
        let Entered { id, reporter, channels } = self.enter(&entry, &client_state, since, &cancel)?;
        let request = QueryRequest { params, options, client_state, since, cancel, session };
        let (transcripts, exporter) = (self.transcripts.clone(), self.exporter.clone());
        let query = Query { id: id.clone(), request, reporter, channels, transcripts, exporter };
        Ok((id, self.spawn(|runs| async move { runs.run(query).await })))
    }

    /// Runs it to its end. A handler that is gone was cancelled and needs no outcome.
    fn spawn<T, F>(self: &Arc<Self>, work: impl FnOnce(Arc<Self>) -> F) -> oneshot::Receiver<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let work = work(self.clone());
        self.tasks.spawn(async move {
            let _ = sender.send(work.await);
        });
        receiver
    }

    /// Gives a query its name, and its place among those that run.
    fn enter(
        &self,
        entry: &Entry<'_>,
        client_state: &ClientState,
        since: Instant,
        cancel: &CancellationToken,
    ) -> Result<Entered, StartError> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let id = entry.query_id.cloned().unwrap_or_else(|| format!("query-{}", number + 1));
        let work_done = match entry.work_done_token {
            Some(token) => WorkDone::Given(token.clone()),
            None if client_state.client.work_done_progress => WorkDone::Created(reporter::own_token(&id)),
            None => WorkDone::Nowhere,
        };
        let channels = Channels {
            query_id: id.clone(),
            events: entry.invocation == Invocation::Request || client_state.client.events,
            partial_result: entry.partial_result_token.cloned(),
            work_done: work_done.clone(),
        };
        let reporter = Arc::new(Reporter::default());
        let active = ActiveQuery {
            query: entry.query.to_owned(),
            since,
            cancel: cancel.clone(),
            reporter: reporter.clone(),
            token: work_done,
        };
        match lock(&self.active).entry(id.clone()) {
            std::collections::hash_map::Entry::Occupied(_) => return Err(StartError::InUse(id)),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(active),
        };
        // A message of a client that is gone may still be on its way.
        if self.closed.load(Ordering::SeqCst) {
            cancel.cancel();
        }
        Ok(Entered { id, reporter, channels })
    }

    /// What a query would read, send and cost. No model is called.
    pub async fn preview(
        &self,
        params: QueryParams,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<Result<report::types::Preview, Answer>, StartError> {
        let options = own_options(params.options.as_ref())?;
        let request = QueryRequest { params, options, client_state, since: Instant::now(), cancel, session: None };
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        let work = async {
            let Prepared { engine, question, warnings, .. } =
                request.prepare(&self.engines, &self.workspace, stop).await?;
            let mut preview = engine.preview(&question).await.map_err(Answer::failed)?;
            preview.warnings.splice(0..0, warnings);
            Ok(report::preview(&preview, &question.snapshot.exclusions(), &question.limits))
        };
        Ok(work.await)
    }

    /// Where what outlives the server lies.
    pub fn store_folder(&self) -> Option<store::Folder> {
        self.engines.store()?.folder().cloned()
    }

    /// Does what follows a query; the server waits for it when it ends.
    pub fn deliver(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// What there is of the answer of a query that is running, as a document.
    pub fn draft(&self, query_id: &str) -> Option<String> {
        let active = lock(&self.active);
        let ActiveQuery { query, reporter, .. } = active.get(query_id)?;
        Some(format!("# {query}\n\n{}\n\n*{}*\n", reporter.answer(), reporter.status().line()))
    }

    /// Cancels the query of this name; says whether it was running.
    pub fn cancel(&self, query_id: &str) -> bool {
        lock(&self.active).get(query_id).inspect(|active| active.cancel.cancel()).is_some()
    }

    /// Cancels the query that shows its progress on this token.
    pub fn cancel_by_token(&self, token: &ProgressToken) {
        let shows =
            |active: &&ActiveQuery| matches!(&active.token, WorkDone::Given(it) | WorkDone::Created(it) if it == token);
        lock(&self.active).values().filter(shows).for_each(|active| active.cancel.cancel());
    }

    /// Lets go of what does not fit the client's settings any more.
    pub async fn reconsider(&self, client_state: &ClientState) {
        self.engines.reconsider(&client_state.settings).await;
    }

    /// Ends a session, or only puts it away if it may be gone on with; says whether there was one.
    pub async fn end_session(&self, id: &str, keep: bool, client_state: &ClientState) -> bool {
        if keep {
            return self.sessions.put_away(id);
        }
        let was_there = self.sessions.end(id);
        let was_kept = match self.engines.store() {
            Some(store) => store.forget_conversation(sessions::name(id, &client_state.place())).await,
            None => false,
        };
        was_there || was_kept
    }

    /// What `rlm/sessions` returns: the sessions that can be gone on with, the latest first.
    pub async fn kept_sessions(&self, client_state: &ClientState) -> KeptSessions {
        let Some(store) = self.engines.store() else { return KeptSessions { sessions: Vec::new() } };
        let kept = store.conversations(Asker::Editor, client_state.place()).await;
        let now = store::now();
        let sessions = kept.into_iter().map(|it| KeptSession {
            session_id: it.name,
            title: it.title,
            questions: it.questions,
            seconds_ago: u64::try_from(now - it.used).unwrap_or_default(),
        });
        KeptSessions { sessions: sessions.collect() }
    }

    /// What `rlm/runs` returns: the runs that were asked for in the client's folders, the latest first.
    pub async fn kept_runs(&self, client_state: &ClientState) -> KeptRuns {
        let Some(store) = self.engines.store() else { return KeptRuns { runs: Vec::new() } };
        let (place, now) = (client_state.place(), store::now());
        let runs = store.noted_runs().await.into_iter().filter_map(|it| {
            let request = KeptRequest::read(&it.begun.request).filter(|request| request.place == place)?;
            let (state, calls, cost_usd) = match it.ended {
                Some((_, ended)) => (ended.state, ended.calls, ended.cost),
                None if store.is_run_open(it.number) => (RUNNING.to_owned(), 0, None),
                None => (STOPPED.to_owned(), 0, None),
            };
            let can_go_on = !request.is_task && state != RUNNING && !ANSWERED.contains(&state.as_str());
            let seconds_ago = u64::try_from(now - it.started).unwrap_or_default();
            let KeptRequest { query, session_id, .. } = request;
            Some(KeptRun { run: it.number, session_id, query, state, can_go_on, seconds_ago, calls, cost_usd })
        });
        KeptRuns { runs: runs.take(MOST_RUNS).collect() }
    }

    /// Cancels all queries; returns how many there were.
    pub fn cancel_all(&self) -> usize {
        lock(&self.active).values().inspect(|active| active.cancel.cancel()).count()
    }

    /// Cancels all queries, and those that come later as soon as they begin.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.cancel_all();
    }

    /// Cancels all queries and waits until their processes and connections are gone.
    pub async fn end_all(&self) {
        self.close();
        self.ended.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_WAIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("some queries did not end in time");
        }
        self.sessions.end_all();
        self.vetting.end().await;
    }

    /// Counts a review or a change in whose runs models took part.
    fn count_task(&self, kind: &'static str, state: &'static str, usage: Option<Usage>) {
        if let Some(usage) = usage {
            *lock(&self.total) += usage;
            self.metrics.count_task(kind, state, usage);
        }
    }

    /// What Prometheus is told.
    pub fn numbers(&self) -> String {
        let running = lock(&self.active).len();
        self.metrics.text(running, self.exporter.as_ref().map(|it| it.dropped()))
    }

    /// What `rlm/status` returns.
    pub async fn status(&self, client_state: &ClientState) -> Status {
        let engine = async {
            let settings = self.engines.settings(Options::default(), &client_state.settings).await?;
            self.engines.engine(&settings).await
        };
        let engine = engine.await.map_err(|failure| failure.message);
        let (model, worker, why) = match engine {
            Ok(engine) => {
                let choice = &engine.choice;
                let (root, worker) = (choice.root.name().to_owned(), choice.worker.name().to_owned());
                (Some(root), Some(worker), choice.why.clone())
            }
            Err(error) => (None, None, error),
        };
        let active = lock(&self.active);
        let runs = active.iter().map(|(id, active)| RunningQuery {
            query_id: id.clone(),
            query: active.query.clone(),
            seconds: active.since.elapsed().as_secs_f64(),
            message: active.reporter.status().message,
        });
        let usage = report::usage(&lock(&self.total));
        Status { version: env!("CARGO_PKG_VERSION"), model, worker, why, runs: runs.collect(), usage }
    }

    /// Answers a query and tells the client on the way, all of it before what is sent when this has returned.
    async fn run(&self, mut query: Query) -> Outcome {
        let title = format!("RLM: {}", one_line(&query.request.params.query, TITLE_CHARS));
        let work = async {
            let outcome = query.answer(&self.engines, &self.workspace, &self.client).await;
            query.reporter.close(if outcome.answer.termination.is_answer() { "answered" } else { "ended" });
            outcome
        };
        let (outcome, sent, ()) = tokio::join!(
            work,
            query.reporter.send_events(&self.client, &query.channels),
            query.reporter.show_progress(&self.client, &query.channels, &title),
        );
        lock(&self.active).remove(&query.id);
        // Whoever hears of the end may go on with the session.
        drop(query.request.session.take());
        *lock(&self.total) += outcome.answer.usage;
        self.metrics.count(outcome.answer.termination, outcome.answer.usage);
        let done = report::types::Event::Done { result: outcome.result.clone() };
        reporter::send_event(&self.client, &query.channels, sent, done).await;
        outcome
    }
}

/// The options of a request.
fn own_options(options: Option<&Value>) -> Result<Options, StartError> {
    let options = options.map(Options::from_json).transpose().map(Option::unwrap_or_default);
    let checked = options.and_then(|options| options.clone().resolve().map(|_| options));
    checked.map_err(|error| StartError::Options(error.to_string()))
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
