//! Dogfooding in an editor without models: an analysis, and what became of cycles.

use super::{QueryRegistry, own_options};
use crate::{
    config::in_editor,
    corpus::StopFlag,
    dogfood::{analysis, history},
    engine::internal_failure,
    failure::{Failure, FailureKind},
    lsp::{
        client_state::ClientState,
        cycle::repository,
        ext::{DogfoodAction, DogfoodParams, DogfoodResult, Scope},
        scope,
        uri::{file_path, of_path},
    },
    report,
    review::Request,
    store::Store,
};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};

/// Points and cycles that are shown, if the client does not say.
const MOST: usize = 10;

impl QueryRegistry {
    /// What is wanted of a repository.
    ///
    /// # Errors
    /// No folder is open, or it cannot be read, or it is no repository and has to be one.
    pub async fn dogfood(&self, params: DogfoodParams, state: ClientState) -> Result<DogfoodResult, Failure> {
        let folder = folder(&params, &state)?;
        match params.action {
            DogfoodAction::Analyze => self.analyze(folder, &params, state).await,
            DogfoodAction::History => {
                let repository = repository(&folder).await?;
                let off = Arc::new(Store::off());
                let store = self.engines.store().unwrap_or(&off);
                let entries = history::entries(&repository, store, MOST).await;
                let markdown = format!("# Cycles\n\n```text\n{}\n```\n", report::history_text(&entries));
                Ok(DogfoodResult { markdown, report: json!(report::history(&entries)) })
            }
            DogfoodAction::Stats => {
                let share = history::share(&repository(&folder).await?).await?;
                Ok(DogfoodResult { markdown: report::share_text(&share), report: Value::Null })
            }
            DogfoodAction::Cycle | DogfoodAction::Approve => Err(internal_failure(&"a cycle is a run of its own")),
        }
    }

    async fn analyze(
        &self,
        folder: PathBuf,
        params: &DogfoodParams,
        state: ClientState,
    ) -> Result<DogfoodResult, Failure> {
        let options = own_options(params.options.as_ref()).map_err(|error| Failure {
            kind: FailureKind::Configuration,
            message: error.to_string(),
            hint: None,
        })?;
        let settings = self.engines.settings(options, &state.settings).await?;
        let stop = StopFlag::default();
        let _stop = stop.raise_on_drop();
        let uri = of_path(&folder).ok_or_else(|| internal_failure(&"the folder has no URI"))?;
        let resolved = {
            let (settings, workspace, stop) = (settings.clone(), self.workspace.clone(), stop.clone());
            let wanted = Scope::Folder { uri };
            tokio::task::spawn_blocking(move || scope::resolve(&wanted, &state, &settings, &workspace, &stop))
        };
        let scoped = resolved.await.map_err(|error| internal_failure(&error))??;
        let request = Request {
            snapshot: scoped.snapshot,
            folder: Some(folder.clone()),
            root: Some(folder),
            is_narrowed: !settings.include.is_empty() || !settings.exclude.is_empty(),
            range: None,
            only: None,
            baseline: None,
            models: None,
            instructions: None,
            most: usize::MAX,
        };
        let analysis = analysis::analyze(&request, params.max_points.unwrap_or(MOST), &stop).await?;
        let markdown = in_editor(&report::analysis_markdown(&analysis));
        Ok(DogfoodResult { markdown, report: json!(report::analysis(&analysis)) })
    }
}

/// That nobody has said of which cycle something is taken.
pub fn no_cycle() -> Failure {
    Failure {
        kind: FailureKind::Configuration,
        message: "`approve` needs the number of a `cycle`".to_owned(),
        hint: None,
    }
}

/// The folder that is meant.
///
/// # Errors
/// None is open.
pub fn folder(params: &DogfoodParams, state: &ClientState) -> Result<PathBuf, Failure> {
    let open = || state.folders.iter().find(|it| it.path.exists()).map(|it| it.path.clone());
    params.folder.as_ref().and_then(file_path).or_else(open).ok_or_else(|| Failure {
        kind: FailureKind::NoFolder,
        message: "no folder is open".to_owned(),
        hint: Some("open the folder of a repository".to_owned()),
    })
}
