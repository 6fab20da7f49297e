//! Reviews among the queries that are running.

use super::{Entered, Entry, Invocation, QueryRegistry, StartError, lock, own_options};
use crate::{
    config::Options,
    lsp::{
        capabilities::ClientAbilities,
        client_state::ClientState,
        ext::ReviewParams,
        reporter,
        review::{ReviewOutcome, ReviewRun},
        task_runs::TaskRuns,
    },
    report,
    trace::TaskEnd,
};
use std::sync::{Arc, atomic::Ordering};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

impl QueryRegistry {
    /// Starts a review. It runs until it ends or `cancel` fires; the receiver gets what came of it.
    pub fn start_review(
        self: &Arc<Self>,
        params: ReviewParams,
        invocation: Invocation,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<(String, oneshot::Receiver<ReviewOutcome>), StartError> {
        let options = own_options(params.options.as_ref())?;
        let entry = Entry {
            query: "review",
            query_id: params.query_id.as_ref(),
            work_done_token: params.work_done_token.as_ref(),
            partial_result_token: params.partial_result_token.as_ref(),
            invocation,
        };
        let Entered { id, reporter, channels } = self.enter(&entry, &client_state, Instant::now(), &cancel)?;
        self.push_diagnostics(client_state.client);
        let tasks = TaskRuns::new(id.clone(), self.transcripts.clone(), self.exporter.clone());
        let run = ReviewRun { id: id.clone(), params, options, client_state, cancel, reporter, channels, tasks };
        Ok((id, self.spawn(|runs| async move { runs.run_review(run).await })))
    }

    /// Whether documents are reviewed when they are saved.
    pub async fn reviews_on_save(&self, client_state: &ClientState) -> bool {
        let settings = self.engines.settings(Options::default(), &client_state.settings).await;
        settings.is_ok_and(|it| it.review_on_save)
    }

    /// Tells the client of each change of the findings, from the first review on.
    fn push_diagnostics(&self, abilities: ClientAbilities) {
        if !self.pushes.swap(true, Ordering::Relaxed) {
            let pushing = self.diagnostics.clone().push(self.client.clone(), abilities);
            let ended = self.ended.clone();
            self.tasks.spawn(async move { ended.run_until_cancelled(pushing).await });
        }
    }

    /// Reviews and tells the client on the way, all of it before what is sent when this has returned.
    async fn run_review(&self, run: ReviewRun) -> ReviewOutcome {
        let work = async {
            let outcome = run.review(&self.engines, &self.workspace, &self.diagnostics.board, &self.client).await;
            let (state, end) = match &outcome {
                ReviewOutcome::Reviewed(_) => ("reviewed", TaskEnd::Done("reviewed", "")),
                ReviewOutcome::Failed(failure) => ("failed", TaskEnd::Failed(failure)),
                ReviewOutcome::Cancelled => ("cancelled", TaskEnd::Cancelled),
            };
            run.tasks.end(end).await;
            self.count_task("review", state, run.tasks.usage());
            if let ReviewOutcome::Reviewed(_) = outcome {
                let diagnostics = self.diagnostics.clone();
                // A page that cannot be written is logged, and its finding is told all the same.
                let _ = tokio::task::spawn_blocking(move || diagnostics.write_pages()).await;
            }
            run.reporter.close(if matches!(outcome, ReviewOutcome::Reviewed(_)) { "reviewed" } else { "ended" });
            outcome
        };
        let (outcome, sent, ()) = tokio::join!(
            work,
            run.reporter.send_events(&self.client, &run.channels),
            run.reporter.show_progress(&self.client, &run.channels, "RLM: review"),
        );
        lock(&self.active).remove(&run.id);
        if let ReviewOutcome::Reviewed(result) = &outcome {
            for (number, finding) in (0..).zip(&result.review.findings) {
                let event = report::types::Event::Finding { finding: finding.clone() };
                reporter::send_event(&self.client, &run.channels, sent + number, event).await;
            }
        }
        outcome
    }
}
