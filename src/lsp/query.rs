//! One query on its way: from its params to what came of it.

use crate::{
    config::{Options, Settings, TraceContent, in_editor},
    corpus::{Snapshot, StopFlag, Workspace},
    engine::{
        Answer, CitationState, Detail, Engine, Event, EventSink, Question, RunConfig, Started, Termination,
        internal_failure, not_confirmed,
    },
    failure::Failure,
    lsp::{
        client_requests,
        client_state::ClientState,
        engines::Engines,
        ext::{QueryParams, QueryResult},
        kept_request::KeptRequest,
        reporter::{Channels, Reporter},
        scope::{self, Scoped},
        sessions::SessionGuard,
        settings::complaint,
        transcripts::Transcripts,
    },
    report::{self, Circumstances},
    trace::{Exporter, NotedRun, Recording},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;

/// A question as a client has put it, at its place in the order of messages.
pub struct QueryRequest {
    pub params: QueryParams,
    /// The options of the request.
    pub options: Options,
    pub client_state: ClientState,
    pub since: Instant,
    pub cancel: CancellationToken,
    pub session: Option<SessionGuard>,
}

/// A query that was accepted.
pub struct Query {
    pub id: String,
    pub request: QueryRequest,
    pub reporter: Arc<Reporter>,
    pub channels: Channels,
    pub transcripts: Arc<Transcripts>,
    pub exporter: Option<Arc<Exporter>>,
}

/// What came of a query.
pub struct Outcome {
    pub answer: Answer,
    /// The result object of `docs/protocol.md`.
    pub result: QueryResult,
}

/// What the engine needs, and warnings for the client.
pub struct Prepared {
    pub engine: Arc<Engine>,
    pub question: Question,
    pub warnings: Vec<String>,
    /// Whether the run is noted in the store, and what its trace has of texts.
    pub is_noted: bool,
    pub trace_content: TraceContent,
}

impl Query {
    /// From the question to the answer.
    pub async fn answer(&self, engines: &Engines, workspace: &Arc<Workspace>, client: &Client) -> Outcome {
        // Reading a huge repository ends with the query, however that ends.
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        let Prepared { engine, question, mut warnings, is_noted, trace_content } =
            match self.request.prepare(engines, workspace, stop).await {
                Ok(prepared) => prepared,
                Err(answer) => return self.conclude(answer, None, None, None),
            };
        let snapshot = question.snapshot.clone();
        if let Some(cost) = engine.cost_to_confirm(&question).await {
            let asked = async { Ok(client_requests::confirm(client, "question", cost).await) };
            let refused = match self.request.within(None, asked).await {
                Ok(true) => None,
                Ok(false) => Some(Answer::failed(not_confirmed("question", cost))),
                Err(answer) => Some(answer),
            };
            if let Some(answer) = refused {
                return self.conclude(answer, None, None, None);
            }
        }
        let QueryRequest { params, client_state, .. } = &self.request;
        let request = KeptRequest::of(params, client_state.place()).map(|it| it.written());
        let recording = Recording::new(trace_content, request.clone(), self.exporter.clone());
        let replies = engine.backend.replies.clone();
        let mut noted = match is_noted {
            true => NotedRun::begin(replies.store(), &question.text, request.unwrap_or_default(), &recording).await,
            false => None,
        };
        if let Some(noted) = &noted {
            self.transcripts.note(&self.id, noted.number);
        }
        let note = Arc::new(StartedNote { reporter: self.reporter.clone(), recording, started: Mutex::default() });
        let mut answer = engine.ask(question, note.clone(), self.request.cancel.clone()).await;
        let told = snapshot.exclusions().into_iter().filter(|it| it.reason.is_warning());
        warnings.extend(told.map(|it| format!("{}: {}", it.path, it.reason)));
        warnings.extend(noted.as_mut().and_then(NotedRun::take_problem));
        answer.warnings.splice(0..0, warnings);
        let outcome = self.conclude(answer, note.started(), Some(&snapshot), noted.as_ref().map(|it| it.number));
        note.recording.finish(&outcome.result);
        if let Some(noted) = noted {
            noted.end(&outcome.answer, engine.choice.root.name()).await;
        }
        outcome
    }

    /// Puts the result object together.
    fn conclude(
        &self,
        mut answer: Answer,
        started: Option<Started>,
        snapshot: Option<&Snapshot>,
        run: Option<i64>,
    ) -> Outcome {
        answer.usage.wall_time = self.request.since.elapsed();
        let circumstances = started.map_or_else(Circumstances::default, |it| Circumstances {
            model: it.model,
            worker: it.worker,
            trace: None,
        });
        let mut told = report::answer(&answer, &circumstances);
        for citation in &mut told.citations {
            let uri = snapshot.and_then(|snapshot| scope::uri_of(snapshot, &citation.path));
            citation.uri = uri.filter(|_| citation.state != CitationState::Missing).map(|it| it.to_string());
        }
        told.warnings = told.warnings.iter().map(|it| in_editor(it)).collect();
        let session_id = self.request.session.as_ref().map(|it| it.id().to_owned());
        let result = QueryResult { answer: told, query_id: self.id.clone(), session_id, run };
        Outcome { answer, result }
    }
}

impl QueryRequest {
    /// Finds the settings, the models and the text. All of it may take long: the client has to reply, a server has to
    /// say what it has, and a folder may be huge. When the query is cancelled or its time is up nothing of it is waited
    /// for.
    pub async fn prepare(
        &self,
        engines: &Engines,
        workspace: &Arc<Workspace>,
        stop: StopFlag,
    ) -> Result<Prepared, Answer> {
        let own_limit = self.options.timeout.map(Duration::from_secs_f64);
        let mut settings = self.within(own_limit, self.settings(engines)).await?;
        let limit = settings.limits.timeout;
        let work = async {
            let scoped = self.scoped(settings.clone(), workspace.clone(), stop);
            tokio::try_join!(engines.engine(&settings), scoped)
        };
        let (engine, scoped) = self.within(Some(limit), work).await?;
        // What preparing took is part of the query's time.
        settings.limits.timeout = limit.saturating_sub(self.since.elapsed());
        let Scoped { snapshot, focus, mut warnings } = scoped;
        if !self.options.unknown.is_empty() {
            warnings.push(complaint(&self.options.unknown));
        }
        warnings.extend(engine.models.take_warnings());
        let config = Arc::new(RunConfig::of(&settings).map_err(Answer::failed)?);
        let (is_noted, trace_content) = (!settings.no_cache, settings.trace_content);
        let (text, limits) = (self.params.query.clone(), settings.limits);
        let session = self.session.as_ref().map(|session| session.session.clone());
        let question = Question { text, snapshot, focus, config, limits, session };
        Ok(Prepared { engine, question, warnings, is_noted, trace_content })
    }

    /// The result of `work`, or the answer of a query that ends without it. `limit` counts from the query's start.
    async fn within<T>(
        &self,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Answer> {
        let time_is_up = async {
            match limit {
                Some(limit) => sleep_until(self.since + limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Answer::without_text(Termination::Cancelled)),
            () = time_is_up => Err(Answer::without_text(Termination::Timeout)),
            result = work => result.map_err(Answer::failed),
        }
    }

    async fn settings(&self, engines: &Engines) -> Result<Settings, Failure> {
        engines.settings(self.options.clone(), &self.client_state.settings).await
    }

    async fn scoped(&self, settings: Settings, workspace: Arc<Workspace>, stop: StopFlag) -> Result<Scoped, Failure> {
        let (scope, client_state) = (self.params.scope.clone(), self.client_state.clone());
        let taken =
            tokio::task::spawn_blocking(move || scope::resolve(&scope, &client_state, &settings, &workspace, &stop))
                .await;
        taken.unwrap_or_else(|error| Err(internal_failure(&error)))
    }
}

/// Remembers what the run began with, and passes everything on to the client and to the trace.
struct StartedNote {
    reporter: Arc<Reporter>,
    recording: Recording,
    started: Mutex<Option<Started>>,
}

impl StartedNote {
    fn started(&self) -> Option<Started> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventSink for StartedNote {
    fn emit(&self, event: Event) {
        if let Event::Started(started) = &event {
            *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Some(started.clone());
        }
        self.recording.event(&event);
        self.reporter.emit(event);
    }

    fn takes_details(&self) -> bool {
        self.recording.is_on()
    }

    fn note(&self, detail: Detail) {
        self.recording.detail(&detail);
    }
}
