//! `rlm dogfood`: where work on a repository pays, and patches that prove what they claim.

mod analyze;
mod cycle;
mod past;

use super::{on_demand::OnDemand, say, task::TerminalTask};
use crate::{
    config::{Options, Settings},
    corpus::StopFlag,
    dogfood::cycle::Wanted,
    failure::{Failure, FailureKind},
    review::{folder_of, git::Repository},
    setup,
    text::visible_path,
    trace::TaskEnd,
};
use clap::{Args, Subcommand};
use std::{path::Path, process::ExitCode};
use tokio_util::sync::CancellationToken;

/// What is done with a repository.
#[derive(Debug, Args)]
pub struct DogfoodArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show where work pays: findings, and what can be measured, each with its evidence and its priority
    Analyze(OnDemand<analyze::AnalyzeArguments>),
    /// Have patches proposed, try each alone behind walls, and offer those that prove what they claim
    Cycle(OnDemand<cycle::CycleArguments>),
    /// Have missing tests written, and offer those that notice a fault which no other test notices
    Tests(OnDemand<cycle::CycleArguments>),
    /// Show what was proposed, what became of it and why, and how it fared since
    History(past::HistoryArguments),
    /// Show which share of the lines comes from cycles, as git blames them
    Stats(past::PlaceArguments),
    /// Trust the commands that the repository's `.rlm/settings.json` names, exactly as they are now: checks of cycles, and formatters
    /// and checks of changes in editors
    Trust(past::PlaceArguments),
}

const STATUSES: &str = "Exit status:
    0  done
    1  failed, or the output could not be written
    2  the options make no sense
    3  a part of the text was not read
  130  interrupted by Ctrl-C";

/// Status when a part of the text was not read, and after Ctrl-C.
const PARTIAL: u8 = 3;
const INTERRUPTED: u8 = 130;

pub async fn run(arguments: DogfoodArguments) -> ExitCode {
    match arguments.action {
        Action::Analyze(OnDemand(mut arguments)) => {
            let (options, task) = (arguments.options(), TerminalTask::new("analysis", &arguments.path));
            act(options, &task, async |work| analyze::run(&arguments, work).await).await
        }
        Action::Cycle(OnDemand(mut arguments)) => {
            let (options, task) = (arguments.options(), TerminalTask::new("cycle", arguments.path.as_slice()));
            act(options, &task, async |work| cycle::run(Wanted::Patches, &arguments, work).await).await
        }
        Action::Tests(OnDemand(mut arguments)) => {
            let (options, task) = (arguments.options(), TerminalTask::new("missing tests", arguments.path.as_slice()));
            act(options, &task, async |work| cycle::run(Wanted::Tests, &arguments, work).await).await
        }
        Action::History(arguments) => without_models(async |_| past::history(&arguments).await).await,
        Action::Stats(arguments) => without_models(async |_| past::stats(&arguments).await).await,
        Action::Trust(arguments) => without_models(async |_| past::trust(&arguments).await).await,
    }
}

/// What an action works with.
pub struct Work<'a> {
    settings: Settings,
    stop: &'a StopFlag,
    cancel: &'a CancellationToken,
    task: &'a TerminalTask,
}

/// Does something that is no run.
async fn without_models(action: impl AsyncFnOnce(Work<'_>) -> Result<ExitCode, Failure>) -> ExitCode {
    act(Options::default(), &TerminalTask::new("", &[]), action).await
}

/// Does something that Ctrl-C ends.
async fn act(
    options: Options,
    task: &TerminalTask,
    action: impl AsyncFnOnce(Work<'_>) -> Result<ExitCode, Failure>,
) -> ExitCode {
    let settings = match setup::settings(options) {
        Ok(settings) => settings,
        Err(error) => return super::wrong_usage(&super::options::refused(&error)),
    };
    let cancel = CancellationToken::new();
    let cancelling = cancel.clone();
    if let Err(error) = setup::end_on_signal(move || cancelling.cancel()) {
        return super::no_signals(&error);
    }
    let stop = StopFlag::default();
    let _stop = stop.raise_on_drop();
    let work = Work { settings, stop: &stop, cancel: &cancel, task };
    let done = tokio::select! {
        biased;
        () = cancel.cancelled() => {
            task.end(TaskEnd::Cancelled).await;
            return ExitCode::from(INTERRUPTED);
        }
        done = action(work) => done,
    };
    match done {
        Ok(status) => status,
        Err(failure) => {
            task.end(TaskEnd::Failed(&failure)).await;
            say(&format!("rlm: error: {}", failure.message));
            if let Some(hint) = failure.hint {
                say(&format!("     {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// The repository that a path lies in.
async fn repository(path: Option<&Path>) -> Result<Repository, Failure> {
    let path = path.unwrap_or(Path::new("."));
    Repository::around(&folder_of(path)).await.ok_or_else(|| Failure {
        kind: FailureKind::Git,
        message: format!("{} lies in no repository of git, or there is no git", visible_path(path)),
        hint: Some("`rlm dogfood analyze` needs none".to_owned()),
    })
}
