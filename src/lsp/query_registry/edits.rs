//! Changes that were asked for among the queries that are running.

use super::{Entered, Entry, Invocation, QueryRegistry, StartError, lock, own_options};
use crate::{
    lsp::{
        client_state::ClientState,
        edit::{EditOutcome, EditRun, Services},
        ext::edits::EditParams,
        task_runs::TaskRuns,
    },
    text::{capitalized, one_line},
    trace::TaskEnd,
};
use std::sync::Arc;
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

/// Characters of an instruction in the title of its progress.
const TITLE_CHARS: usize = 60;

impl QueryRegistry {
    /// Starts to have a change proposed. What comes of it is kept among the proposals.
    pub fn start_edit(
        self: &Arc<Self>,
        mut params: EditParams,
        invocation: Invocation,
        client_state: ClientState,
        cancel: CancellationToken,
    ) -> Result<(String, oneshot::Receiver<EditOutcome>), StartError> {
        let options = own_options(params.options.as_ref())?;
        if params.instruction.trim().is_empty() && !params.everywhere {
            return Err(StartError::Options("instruction: say what is to change".to_owned()));
        }
        if let Some(id) = &params.finding_id {
            let finding = self.diagnostics.board.find(id).map(|(finding, ..)| finding);
            let finding = finding.ok_or_else(|| StartError::Options(format!("there is no finding {id}")))?;
            let about = format!("{}. {}.", capitalized(&finding.sentence), capitalized(&finding.reason));
            params.instruction = format!("{}\n\nWhat was found here: {about}", params.instruction);
        }
        let entry = Entry {
            query: &params.instruction,
            query_id: params.query_id.as_ref(),
            work_done_token: params.work_done_token.as_ref(),
            partial_result_token: None,
            invocation,
        };
        let Entered { id, reporter, channels } = self.enter(&entry, &client_state, Instant::now(), &cancel)?;
        let tasks = TaskRuns::new(id.clone(), self.transcripts.clone(), self.exporter.clone());
        let run = EditRun { id: id.clone(), params, options, client_state, cancel, reporter, channels, tasks };
        Ok((id, self.spawn(|runs| async move { runs.run_edit(run).await })))
    }

    /// Has it proposed, and tells the client on the way, all of it before what is sent when this has returned.
    async fn run_edit(&self, run: EditRun) -> EditOutcome {
        let wanted = match run.params.everywhere {
            true => "the same change everywhere",
            false => &run.params.instruction,
        };
        let title = format!("RLM: {}", one_line(wanted, TITLE_CHARS));
        let services = Services {
            engines: &self.engines,
            workspace: &self.workspace,
            proposals: &self.proposals,
            vetting: &self.vetting,
            client: &self.client,
        };
        let work = async {
            let outcome = run.edit(&services).await;
            let (state, end) = match &outcome {
                EditOutcome::Proposed(_) => ("proposed", TaskEnd::Done("proposed", "")),
                EditOutcome::Failed(failure) => ("failed", TaskEnd::Failed(failure)),
                EditOutcome::Cancelled => ("cancelled", TaskEnd::Cancelled),
            };
            run.tasks.end(end).await;
            self.count_task("edit", state, run.tasks.usage());
            run.reporter.close(if matches!(outcome, EditOutcome::Proposed(_)) { "proposed" } else { "ended" });
            outcome
        };
        let (outcome, _, ()) = tokio::join!(
            work,
            run.reporter.send_events(&self.client, &run.channels),
            run.reporter.show_progress(&self.client, &run.channels, &title),
        );
        lock(&self.active).remove(&run.id);
        outcome
    }
}
