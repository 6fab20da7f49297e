//! A review, an analysis or a cycle of the terminal as a run: its models, its trace, and how it ends.

use super::{exporter, progress::agrees_to_pay, say};
use crate::{
    config::Settings,
    corpus::Snapshot,
    engine::{Agreement, Event, EventSink, Question, RunConfig},
    failure::Failure,
    review::Reviewers,
    setup,
    store::Store,
    text::visible_path,
    trace::{Exporter, Recording, Task, TaskEnd, TaskRun},
};
use std::{io::IsTerminal, path::PathBuf, sync::Arc};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// Something that is done with models and is no question. It becomes a run when it is known that there is something to note.
pub struct TerminalTask {
    title: String,
    run: OnceCell<(Arc<TaskRun>, Option<Arc<Exporter>>)>,
}

impl TerminalTask {
    /// One that is called so, and is about what lies at these paths.
    pub fn new(what: &str, paths: &[PathBuf]) -> Self {
        let named: Vec<String> = paths.iter().map(|path| visible_path(path)).collect();
        let place = std::env::current_dir().map(|it| visible_path(&it)).unwrap_or_default();
        let title =
            if named.is_empty() { format!("{what} of {place}") } else { format!("{what} of {}", named.join(" ")) };
        Self { title, run: OnceCell::new() }
    }

    /// Notes that it begins, if that was not done.
    pub async fn begin(&self, settings: &Settings, store: &Arc<Store>) -> Arc<TaskRun> {
        let begin = async || {
            let store = (!settings.no_cache).then(|| store.clone());
            let task = Task { title: self.title.clone(), request: String::new(), store };
            let exporter = exporter::named(None, &setup::environment()).unwrap_or_else(|problem| {
                say(&format!("rlm: warning: {problem}"));
                None
            });
            let recording = Recording::new(settings.trace_content, None, exporter.clone());
            (TaskRun::begin(task, recording, Arc::new(Progress)).await, exporter)
        };
        self.run.get_or_init(begin).await.0.clone()
    }

    /// The models that work on it, if one is configured that can.
    ///
    /// # Errors
    /// No model can be called, or a limit on cost cannot hold.
    pub async fn models(
        &self,
        settings: &Settings,
        snapshot: &Arc<Snapshot>,
        cancel: &CancellationToken,
    ) -> Result<Option<Reviewers>, Failure> {
        let (environment, scheduler) = (setup::environment(), setup::scheduler(settings));
        let engine = setup::engine(settings, &environment, scheduler, setup::backend(&environment)).await?;
        if !engine.choice.root.satisfies_schemas() {
            if let Some((run, _)) = self.run.get() {
                run.begin_without_models(&self.title, "no model is configured that can write");
            }
            return Ok(None);
        }
        let question = Question {
            text: self.title.clone(),
            snapshot: snapshot.clone(),
            focus: None,
            config: Arc::new(RunConfig::of(settings)?),
            limits: settings.limits.clone(),
            session: None,
        };
        let agreement: Agreement = Arc::new(|what, cost| {
            let asked = tokio::task::spawn_blocking(move || agrees_to_pay(what, cost));
            Box::pin(async move { asked.await.unwrap_or_default() })
        });
        let run = self.begin(settings, engine.backend.replies.store()).await;
        let consultation = Arc::new(engine.consult(&question, run, cancel.clone())?);
        Ok(Some(Reviewers { consultation, agreement }))
    }

    /// Says what is done now, where no model does it.
    pub fn say(&self, message: &str) {
        if let Some((run, _)) = self.run.get() {
            run.say(message);
        }
    }

    /// Ends the run, if there is one. Only the first end counts.
    pub async fn end(&self, end: TaskEnd<'_>) {
        if let Some((run, exporter)) = self.run.get() {
            run.end(end).await;
            exporter::end(exporter.as_ref(), matches!(end, TaskEnd::Cancelled)).await;
        }
    }
}

/// Shows on a terminal what is done now.
struct Progress;

impl EventSink for Progress {
    fn emit(&self, event: Event) {
        if let Event::Progress { message, usage } = event
            && std::io::stderr().is_terminal()
        {
            let calls = if usage.calls > 0 { format!(" ({} calls)", usage.calls) } else { String::new() };
            say(&format!("rlm: {message}{calls}"));
        }
    }
}
