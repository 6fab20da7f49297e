//! `rlm dogfood history`, `stats` and `trust`: what was proposed, what is left of it, and which checks are trusted.

use super::{STATUSES, repository};
use crate::{
    cli::output::{print, print_json},
    dogfood::{
        history,
        trust::{self, Named},
    },
    engine::internal_failure,
    failure::{Failure, FailureKind},
    report, setup,
    store::{Folder, Store},
    text::visible_path,
};
use clap::Args;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub struct HistoryArguments {
    /// The repository [default: the current folder's]
    path: Option<PathBuf>,
    /// How many cycles are shown, the latest first
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub struct PlaceArguments {
    /// The repository [default: the current folder's]
    path: Option<PathBuf>,
}

pub async fn history(arguments: &HistoryArguments) -> Result<ExitCode, Failure> {
    let repository = repository(arguments.path.as_deref()).await?;
    let store = store()?;
    let entries = history::entries(&repository, &store, arguments.count).await;
    match arguments.json {
        true => print_json(&json!(report::history(&entries))),
        false => print(&report::history_text(&entries)),
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn stats(arguments: &PlaceArguments) -> Result<ExitCode, Failure> {
    let repository = repository(arguments.path.as_deref()).await?;
    print(&report::share_text(&history::share(&repository).await?));
    Ok(ExitCode::SUCCESS)
}

pub async fn trust(arguments: &PlaceArguments) -> Result<ExitCode, Failure> {
    let repository = repository(arguments.path.as_deref()).await?;
    let store = store()?;
    let named = named(repository.top.clone()).await?;
    if named.is_empty() {
        return Err(Failure {
            kind: FailureKind::Configuration,
            message: format!("{} names no commands in .rlm/settings.json", visible_path(&repository.top)),
            hint: Some(
                "write {\"dogfood\": {\"checks\": [\"cargo test\"]}} there, or give `rlm dogfood cycle --check`"
                    .to_owned(),
            ),
        });
    }
    if !store.trust(repository.top.display().to_string(), named.digest()).await {
        return Err(Failure {
            kind: FailureKind::Storage,
            message: "it cannot be kept that these commands are trusted".to_owned(),
            hint: store.take_notice(),
        });
    }
    let written: String = named.written().iter().map(|it| format!("\n    {it}")).collect();
    print(&format!("trusted from now on, as long as they are written so:{written}"));
    Ok(ExitCode::SUCCESS)
}

/// The commands that the settings of a repository name.
pub async fn named(top: PathBuf) -> Result<Named, Failure> {
    let named = tokio::task::spawn_blocking(move || trust::named(&top)).await;
    named.map_err(|error| internal_failure(&error))?
}

/// The store, without which nothing of a cycle is known afterwards.
pub fn store() -> Result<Store, Failure> {
    let folder = Folder::of(&setup::environment()).ok_or_else(|| Failure {
        kind: FailureKind::Storage,
        message: "there is no store, which keeps what was proposed and which checks are trusted".to_owned(),
        hint: Some("RLM_STORE says `off`, or neither it nor HOME says where one could be".to_owned()),
    })?;
    Ok(Store::new(Some(folder)))
}
