//! Cycles among the queries that are running.

use super::{Entered, Entry, Invocation, QueryRegistry, StartError, dogfood::folder, lock, own_options};
use crate::{
    failure::Failure,
    lsp::{
        client_state::ClientState,
        cycle::{CycleOutcome, CycleRun},
        ext::{DogfoodParams, DogfoodResult},
        task_runs::TaskRuns,
    },
    trace::TaskEnd,
};
use std::sync::Arc;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

impl QueryRegistry {
    /// Starts a cycle. It runs until it ends or `cancel` fires; the receiver gets what came of it.
    pub fn start_cycle(
        self: &Arc<Self>,
        params: DogfoodParams,
        invocation: Invocation,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<(String, oneshot::Receiver<CycleOutcome>), StartError> {
        let run = Arc::new(self.entered(params, invocation, client_state, cancel)?);
        Ok((run.id.clone(), self.spawn(|runs| async move { runs.run_cycle(run).await })))
    }

    /// Commits what the person takes of a cycle.
    ///
    /// # Errors
    /// It cannot be begun, or it was not offered, or does not hold together.
    pub async fn approve_cycle(
        self: &Arc<Self>,
        params: DogfoodParams,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<Result<DogfoodResult, Failure>, StartError> {
        let (cycle, numbers) = (params.cycle, params.approve.clone().unwrap_or_default());
        let run = Arc::new(self.entered(params, Invocation::Command, client_state, cancel)?);
        let approved = match cycle {
            Some(cycle) => run.approve(self.engines.clone(), &self.client, cycle, numbers).await,
            None => Err(super::dogfood::no_cycle()),
        };
        lock(&self.active).remove(&run.id);
        Ok(approved)
    }

    fn entered(
        &self,
        params: DogfoodParams,
        invocation: Invocation,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<CycleRun, StartError> {
        let options = own_options(params.options.as_ref())?;
        let folder = folder(&params, &client_state).map_err(|failure| StartError::Options(failure.message))?;
        let entry = Entry {
            query: "cycle",
            query_id: params.query_id.as_ref(),
            work_done_token: params.work_done_token.as_ref(),
            partial_result_token: None,
            invocation,
        };
        let Entered { id, reporter, channels } = self.enter(&entry, &client_state, Instant::now(), &cancel)?;
        let tasks = TaskRuns::new(id.clone(), self.transcripts.clone(), self.exporter.clone());
        Ok(CycleRun { id, params, options, folder, client_state, cancel, reporter, channels, tasks })
    }

    /// Runs it, and tells the client on the way, all of it before what is sent when this has returned.
    async fn run_cycle(&self, run: Arc<CycleRun>) -> CycleOutcome {
        let work = async {
            let outcome = run.run(self.engines.clone(), &self.client).await;
            let (state, end) = match &outcome {
                CycleOutcome::Judged(_) => ("judged", TaskEnd::Done("judged", "")),
                CycleOutcome::Failed(failure) => ("failed", TaskEnd::Failed(failure)),
                CycleOutcome::Cancelled => ("cancelled", TaskEnd::Cancelled),
            };
            run.tasks.end(end).await;
            self.count_task("cycle", state, run.tasks.usage());
            run.reporter.close(if matches!(outcome, CycleOutcome::Judged(_)) { "judged" } else { "ended" });
            outcome
        };
        let (outcome, _, ()) = tokio::join!(
            work,
            run.reporter.send_events(&self.client, &run.channels),
            run.reporter.show_progress(&self.client, &run.channels, "RLM: cycle"),
        );
        lock(&self.active).remove(&run.id);
        outcome
    }
}
