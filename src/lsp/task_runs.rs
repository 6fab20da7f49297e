//! The runs of one review or change in an editor: of each folder whose text models have read one.

use super::{client_state::ClientState, kept_request::KeptRequest, transcripts::Transcripts};
use crate::{
    config::Settings,
    engine::{Engine, EventSink, Usage},
    trace::{Exporter, Recording, Task, TaskEnd, TaskRun},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The runs that were begun.
pub struct TaskRuns {
    /// By which the client knows the request.
    query_id: String,
    transcripts: Arc<Transcripts>,
    exporter: Option<Arc<Exporter>>,
    begun: Mutex<Vec<Arc<TaskRun>>>,
}

impl TaskRuns {
    pub fn new(query_id: String, transcripts: Arc<Transcripts>, exporter: Option<Arc<Exporter>>) -> Self {
        Self { query_id, transcripts, exporter, begun: Mutex::default() }
    }

    /// Begins one; its events go on to `follower`.
    pub async fn begin(
        &self,
        engine: &Engine,
        settings: &Settings,
        title: &str,
        state: &ClientState,
        follower: Arc<dyn EventSink>,
    ) -> Arc<TaskRun> {
        let task = Task {
            title: title.to_owned(),
            request: KeptRequest::of_task(title, state.place()).written(),
            store: (!settings.no_cache).then(|| engine.backend.replies.store().clone()),
        };
        let recording = Recording::new(settings.trace_content, None, self.exporter.clone());
        let run = TaskRun::begin(task, recording, follower).await;
        run.number.into_iter().for_each(|number| self.transcripts.note(&self.query_id, number));
        self.lock().push(run.clone());
        run
    }

    /// Ends those that have not ended.
    pub async fn end(&self, end: TaskEnd<'_>) {
        let begun = self.lock().clone();
        for run in begun {
            run.end(end).await;
        }
    }

    /// What all of them have used; nothing if no model took part.
    pub fn usage(&self) -> Option<Usage> {
        let begun = self.lock();
        let mut sum = begun.first().map(|_| Usage::none())?;
        begun.iter().for_each(|run| sum += run.usage());
        Some(sum)
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<TaskRun>>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
