//! One question of the terminal: from its settings to its answer, and what the person sees meanwhile.

use super::{
    output::{failure, print_json},
    progress::Display,
    request::Request,
    scope,
};
use crate::{
    config::{Limits, Settings},
    corpus::StopFlag,
    engine::{self, Answer, Backend, Detail, Event, EventSink, Question, RunConfig, Session, Started, Termination},
    failure::Failure,
    report::{self, Circumstances},
    setup,
    trace::{NotedRun, Recording},
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// A question, and what it is asked with.
pub struct Asking {
    pub question: String,
    pub path: Vec<PathBuf>,
    pub as_json: bool,
    pub settings: Settings,
    pub config: RunConfig,
    pub backend: Result<Backend, Failure>,
    pub session: Option<Arc<Session>>,
    /// What asks it again, if it is noted among the runs.
    pub request: Option<Request>,
    /// Whether the process ends soon after the answer.
    pub is_last: bool,
    pub teller: Arc<Teller>,
    pub cancel: CancellationToken,
}

impl Asking {
    /// Everything between the options and the answer, which comes with the number of its run.
    pub async fn answer(self) -> (Answer, Option<i64>) {
        let Self { question, path, as_json, settings, config, backend, session, request, is_last, teller, cancel } =
            self;
        // Reading a huge repository ends with the question, however that ends.
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        let walk = {
            let settings = settings.clone();
            tokio::task::spawn_blocking(move || scope::asked_about(&path, as_json, &settings, &stop))
        };
        let (environment, scheduler) = (setup::environment(), setup::scheduler(&settings));
        let since = Instant::now();
        let (engine, snapshot) = tokio::select! {
            biased;
            () = cancel.cancelled() => return (Answer::without_text(Termination::Cancelled), None),
            // A server may keep the list of its models to itself for longer than the question may take.
            () = sleep(settings.limits.timeout) => return (Answer::without_text(Termination::Timeout), None),
            both = async { tokio::join!(setup::engine(&settings, &environment, scheduler, backend), walk) } => both,
        };
        let engine = match engine {
            Ok(engine) => engine,
            Err(failure) => return (Answer::failed(failure), None),
        };
        teller.display.model(engine.choice.root.name(), engine.choice.worker.name(), &engine.choice.why);
        teller.display.warn(&engine.models.take_warnings());
        let snapshot = match snapshot {
            Ok(Ok(snapshot)) => snapshot,
            Ok(Err(error)) => return (Answer::failed(engine::context_failure(&error)), None),
            Err(error) => return (Answer::failed(engine::internal_failure(&error)), None),
        };
        if is_last {
            // The end of the process frees what it knows of a large tree sooner than its owners would.
            std::mem::forget(snapshot.clone());
        }
        teller.display.link_to(snapshot.clone());
        let question = Question {
            text: question,
            snapshot: snapshot.clone(),
            focus: None,
            config: Arc::new(config),
            limits: Limits {
                timeout: settings.limits.timeout.saturating_sub(since.elapsed()),
                ..settings.limits.clone()
            },
            session,
        };
        if let Some(cost) = engine.cost_to_confirm(&question).await {
            let asker = teller.clone();
            let confirmed = tokio::task::spawn_blocking(move || asker.display.confirms(cost));
            let is_confirmed = tokio::select! {
                biased;
                () = cancel.cancelled() => return (Answer::without_text(Termination::Cancelled), None),
                confirmed = confirmed => confirmed.unwrap_or_default(),
            };
            if !is_confirmed {
                return (Answer::failed(engine::not_confirmed("question", cost)), None);
            }
        }
        let replies = engine.backend.replies.clone();
        let noted = match settings.no_cache {
            true => None,
            false => {
                let request = request.as_ref().map(Request::written).unwrap_or_default();
                NotedRun::begin(replies.store(), &question.text, request, &teller.recording).await
            }
        };
        let mut answer = engine.ask(question, teller.clone(), cancel).await;
        let run = match noted {
            Some(mut noted) => {
                answer.warnings.extend(noted.take_problem());
                let number = noted.number;
                // Whoever follows the run believes that it is over when it is noted so.
                teller.record(&answer);
                noted.end(&answer, engine.choice.root.name()).await;
                Some(number)
            }
            None => None,
        };
        // What is binary or unreadable shows only when it is read.
        teller.display.left_out(&snapshot.exclusions());
        (answer, run)
    }
}

/// Tells the terminal and the trace what happens.
pub struct Teller {
    display: Display,
    recording: Recording,
    started: Mutex<Option<Started>>,
}

impl Teller {
    pub fn new(display: Display, recording: Recording) -> Arc<Self> {
        Arc::new(Self { display, recording, started: Mutex::default() })
    }

    /// Ends the trace. Returns the result as it stands there.
    fn record(&self, answer: &Answer) -> report::types::Answer {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let trace = self.recording.shown_path();
        let circumstances = started.map_or_else(Circumstances::default, |it| Circumstances {
            model: it.model,
            worker: it.worker,
            trace: None,
        });
        let object = report::answer(answer, &Circumstances { trace, ..circumstances });
        if let Some(problem) = self.recording.finish(&object) {
            failure(problem);
        }
        object
    }

    /// Prints the answer, or the rest of it, and how it came about.
    pub fn finish(&self, answer: &Answer, json: bool) {
        let object = self.record(answer);
        if json {
            print_json(&json!(object));
        } else {
            self.display.answer(&answer.text);
        }
        self.display.ending(answer);
    }
}

impl EventSink for Teller {
    fn emit(&self, event: Event) {
        self.recording.event(&event);
        self.display.show(&event);
        if let Event::Started(started) = event {
            *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        }
    }

    fn takes_details(&self) -> bool {
        self.recording.is_on()
    }

    fn note(&self, detail: Detail) {
        self.recording.detail(&detail);
    }
}
