//! `rlm dogfood`: where work on a repository pays.

use super::{
    options::{CallOptions, ContextOptions, ModelOptions},
    output::{print, print_json},
    review, say,
};
use crate::{
    config::{Options, Settings},
    corpus::StopFlag,
    dogfood::analysis::{self, Analysis},
    engine::internal_failure,
    failure::Failure,
    report, setup,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
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
    Analyze(Box<AnalyzeArguments>),
}

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
struct AnalyzeArguments {
    /// Repository or folder [default: the current folder]
    path: Vec<PathBuf>,
    #[command(flatten)]
    context: ContextOptions,
    #[command(flatten)]
    models: ModelOptions,
    #[command(flatten)]
    calls: CallOptions,
    /// What models that review are to look at, beside what `.rlm/review.md` says
    #[arg(long, value_name = "TEXT", help_heading = "Models")]
    instructions: Option<String>,
    /// The most points that are shown; how many more there are of which kind is told
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Output")]
    max_points: usize,
    /// How points are printed: `blocks` has the fields SUGGESTION, DESCRIPTION, RELEVANT_FILES and PRIORITY
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    format: Format,
    /// As `--format json`
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    json: bool,
}

const STATUSES: &str = "Exit status:
    0  analysed
    1  failed, or the output could not be written
    2  the options make no sense
    3  a part of the text was not read
  130  interrupted by Ctrl-C";

/// Status when a part of the text was not read, and after Ctrl-C.
const PARTIAL: u8 = 3;
const INTERRUPTED: u8 = 130;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Blocks,
    Markdown,
}

pub async fn run(arguments: DogfoodArguments) -> ExitCode {
    let Action::Analyze(mut arguments) = arguments.action;
    let take = std::mem::take::<Options>;
    let options = take(&mut arguments.context.0).merged_over(take(&mut arguments.models.0));
    let options = options.merged_over(take(&mut arguments.calls.0));
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
    let done = tokio::select! {
        biased;
        () = cancel.cancelled() => return ExitCode::from(INTERRUPTED),
        done = analyze(&arguments, settings, &stop, &cancel) => done,
    };
    match done {
        Ok(analysis) => shown(&arguments, &analysis),
        Err(failure) => {
            say(&format!("rlm: error: {}", failure.message));
            if let Some(hint) = failure.hint {
                say(&format!("     {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

async fn analyze(
    arguments: &AnalyzeArguments,
    settings: Settings,
    stop: &StopFlag,
    cancel: &CancellationToken,
) -> Result<Analysis, Failure> {
    let look = {
        let (paths, settings, stop) = (arguments.path.clone(), settings.clone(), stop.clone());
        move || review::found(&paths, &settings, &stop)
    };
    let mut request = tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))??;
    request.models = review::models(&settings, &request.snapshot, cancel).await?;
    request.instructions.clone_from(&arguments.instructions);
    analysis::analyze(&request, arguments.max_points, stop).await
}

fn shown(arguments: &AnalyzeArguments, analysis: &Analysis) -> ExitCode {
    match arguments.format {
        _ if arguments.json => print_json(&json!(report::analysis(analysis))),
        Format::Json => print_json(&json!(report::analysis(analysis))),
        Format::Text => print(&report::analysis_text(analysis)),
        Format::Blocks => print(&report::analysis_blocks(analysis)),
        Format::Markdown => print(&report::analysis_markdown(analysis)),
    }
    if analysis.is_partial { ExitCode::from(PARTIAL) } else { ExitCode::SUCCESS }
}
