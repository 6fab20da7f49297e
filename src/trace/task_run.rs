//! A review, a change or a cycle under way: its models' work is a run as that of a question is, noted in the store, with a trace.
//!
//! What it took, and with which models, is taken from the events that it tells, so that a task which is cut off anywhere is in
//! the books with what it had used by then.

use super::{noted_run::NotedRun, recording::Recording};
use crate::{
    engine::{ContextSize, Detail, Event, EventSink, Started, Usage},
    failure::Failure,
    report,
    store::Store,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is to be known of a task that begins.
pub struct Task {
    /// What it is, for people.
    pub title: String,
    /// What makes it again, for a run of an editor; else empty.
    pub request: String,
    /// The store that notes it, if it is noted.
    pub store: Option<Arc<Store>>,
}

/// How a task has ended.
#[derive(Debug, Clone, Copy)]
pub enum TaskEnd<'a> {
    /// In a word, and what came of it, for people.
    Done(&'static str, &'a str),
    Failed(&'a Failure),
    Cancelled,
}

/// A task under way. Events pass through it to whoever follows the task.
pub struct TaskRun {
    recording: Recording,
    follower: Arc<dyn EventSink>,
    noted: Mutex<Option<NotedRun>>,
    /// The number of the run, if it is noted.
    pub number: Option<i64>,
    told: Mutex<Told>,
}

/// What events have told.
#[derive(Default)]
struct Told {
    started: Option<Started>,
    usage: Usage,
    warnings: Vec<String>,
    has_ended: bool,
}

impl TaskRun {
    /// Begins one.
    pub async fn begin(task: Task, recording: Recording, follower: Arc<dyn EventSink>) -> Arc<Self> {
        let Task { title, request, store } = task;
        let mut noted = match &store {
            Some(store) => NotedRun::begin(store, &title, request, &recording).await,
            None => None,
        };
        let warnings = noted.as_mut().and_then(NotedRun::take_problem).into_iter().collect();
        let number = noted.as_ref().map(|it| it.number);
        let told = Told { usage: Usage::none(), warnings, ..Told::default() };
        Arc::new(Self { recording, follower, noted: Mutex::new(noted), number, told: Mutex::new(told) })
    }

    /// Says that no model takes part.
    pub fn begin_without_models(&self, title: &str, why: &str) {
        self.emit(Event::Started(Started {
            question: title.to_owned(),
            model: String::new(),
            worker: String::new(),
            why: why.to_owned(),
            context: ContextSize::default(),
        }));
    }

    /// Says what is done now, where no model does it.
    pub fn say(&self, message: &str) {
        let usage = lock(&self.told).usage;
        self.emit(Event::Progress { message: message.to_owned(), usage });
    }

    /// What it has used so far.
    pub fn usage(&self) -> Usage {
        lock(&self.told).usage
    }

    /// Ends it. Only the first end counts.
    pub async fn end(&self, end: TaskEnd<'_>) {
        let (started, usage, warnings) = {
            let mut told = lock(&self.told);
            if std::mem::replace(&mut told.has_ended, true) {
                return;
            }
            (told.started.take(), told.usage, std::mem::take(&mut told.warnings))
        };
        let (state, answer, failure) = match end {
            TaskEnd::Done(state, answer) => (state, answer, None),
            TaskEnd::Failed(failure) => ("failed", "", Some(failure)),
            TaskEnd::Cancelled => ("cancelled", "", None),
        };
        let (model, worker) = started.map(|it| (it.model, it.worker)).unwrap_or_default();
        let mut result = json!({"termination": state, "answer": answer, "usage": report::usage(&usage), "model": model,
            "worker": worker, "warnings": warnings});
        if let Some(Failure { kind, message, hint }) = failure {
            result["error"] = json!({"kind": kind, "message": message, "hint": hint});
        }
        if !model.is_empty() {
            self.recording.detail(&Detail::RunEnded { run: 0, error: failure.map(|it| it.message.clone()) });
        }
        self.recording.finish::<Value>(result);
        // Whoever follows the run believes that it is over when it is noted so.
        let noted = lock(&self.noted).take();
        if let Some(noted) = noted {
            noted.end_as(state, &model, &usage).await;
        }
    }
}

impl EventSink for TaskRun {
    fn emit(&self, event: Event) {
        self.recording.event(&event);
        match event {
            Event::Started(started) => lock(&self.told).started = Some(started),
            event => {
                if let Event::Progress { usage, .. } = &event {
                    lock(&self.told).usage = *usage;
                }
                self.follower.emit(event);
            }
        }
    }

    fn takes_details(&self) -> bool {
        self.recording.is_on()
    }

    fn note(&self, detail: Detail) {
        self.recording.detail(&detail);
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
