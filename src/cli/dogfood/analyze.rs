//! `rlm dogfood analyze`: where work on a repository pays.

use super::{PARTIAL, STATUSES, Work};
use crate::{
    cli::{
        options::{CallOptions, ContextOptions, ModelOptions},
        output::{print, print_json},
        review,
    },
    config::Options,
    dogfood::analysis,
    engine::internal_failure,
    failure::Failure,
    report,
    trace::TaskEnd,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub struct AnalyzeArguments {
    /// Repository or folder [default: the current folder]
    pub(super) path: Vec<PathBuf>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Blocks,
    Markdown,
}

impl AnalyzeArguments {
    /// The options among them, which are taken out.
    pub fn options(&mut self) -> Options {
        let take = std::mem::take::<Options>;
        let options = take(&mut self.context.0).merged_over(take(&mut self.models.0));
        options.merged_over(take(&mut self.calls.0))
    }
}

pub async fn run(arguments: &AnalyzeArguments, work: Work<'_>) -> Result<ExitCode, Failure> {
    let Work { settings, stop, cancel, task } = work;
    let look = {
        let (paths, settings, stop) = (arguments.path.clone(), settings.clone(), stop.clone());
        move || review::found(&paths, &settings, &stop)
    };
    let mut request = tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))??;
    request.models = task.models(&settings, &request.snapshot, cancel).await?;
    request.instructions.clone_from(&arguments.instructions);
    let analysis = analysis::analyze(&request, arguments.max_points, stop).await?;
    let text = report::analysis_text(&analysis);
    task.end(TaskEnd::Done("analyzed", &text)).await;
    match arguments.format {
        _ if arguments.json => print_json(&json!(report::analysis(&analysis))),
        Format::Json => print_json(&json!(report::analysis(&analysis))),
        Format::Text => print(&text),
        Format::Blocks => print(&report::analysis_blocks(&analysis)),
        Format::Markdown => print(&report::analysis_markdown(&analysis)),
    }
    Ok(if analysis.is_partial { ExitCode::from(PARTIAL) } else { ExitCode::SUCCESS })
}
