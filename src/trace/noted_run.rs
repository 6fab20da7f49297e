//! A run under way, as the store and the folder of traces know it.

use super::{folder::TraceFolder, recording::Recording};
use crate::{
    engine::{Answer, Usage},
    store::{BegunRun, Claim, EndedRun, Store},
    text::{one_line, visible_path},
};
use serde_json::json;
use std::{io, sync::Arc};

/// Characters of a question that a list of runs shows.
const QUESTION_CHARS: usize = 70;

/// A run that was noted.
pub struct NotedRun {
    store: Arc<Store>,
    pub number: i64,
    _claim: Option<Claim>,
    /// Why it has no trace, if it has none.
    problem: Option<String>,
}

impl NotedRun {
    /// Notes that a run begins, if there is a store, and begins its trace. `request` is what makes it again.
    pub async fn begin(store: &Arc<Store>, question: &str, request: String, recording: &Recording) -> Option<Self> {
        let folder = TraceFolder::of(store.folder()?);
        let number = store.begin_run(BegunRun { question: one_line(question, QUESTION_CHARS), request }).await?;
        let claim = store.claim_run(number).await;
        let path = folder.path_of(number);
        let begun = tokio::task::spawn_blocking(move || folder.begin(number)).await;
        let problem = match begun.map_err(io::Error::other).flatten() {
            Ok(file) => {
                recording.add(file);
                None
            }
            Err(error) => Some(format!("this run has no trace: cannot write {}: {error}", visible_path(&path))),
        };
        Some(Self { store: store.clone(), number, _claim: claim, problem })
    }

    /// What the person has to know of its trace.
    pub fn take_problem(&mut self) -> Option<String> {
        self.problem.take()
    }

    /// Notes how a question has ended.
    pub async fn end(self, answer: &Answer, model: &str) {
        self.end_as(json!(answer.termination).as_str().unwrap_or_default(), model, &answer.usage).await;
    }

    /// Notes that it has ended, how in a word, and what it took.
    pub async fn end_as(self, state: &str, model: &str, usage: &Usage) {
        let ended = EndedRun {
            state: state.to_owned(),
            model: model.to_owned(),
            calls: usage.calls,
            cached_calls: usage.cached_calls,
            tokens: usage.tokens.input + usage.tokens.output,
            cost: usage.cost,
        };
        self.store.end_run(self.number, ended).await;
    }
}
