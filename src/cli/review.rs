//! `rlm review`: findings about a repository, a folder or a file.

use super::{
    options::{CallOptions, ContextOptions, ModelOptions},
    output::{print, print_json},
    say, scope,
    task::TerminalTask,
};
use crate::{
    config::{Options, Settings},
    corpus::StopFlag,
    engine::{context_failure, internal_failure},
    failure::Failure,
    report,
    review::{self, Request, Review, baseline::Baseline, rule::Severity},
    setup,
    trace::TaskEnd,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub struct ReviewArguments {
    /// Repository, folder or file, or `-` for standard input [default: what is piped in, else the current folder]
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

    /// Show only findings on lines that have changed since a commit: `main`, `main...` (since the two have parted),
    /// `HEAD~3..`; what is not committed counts as changed
    #[arg(long, value_name = "RANGE", help_heading = "What is shown")]
    diff: Option<String>,
    /// Show only findings on lines that are not committed; as `--diff HEAD`
    #[arg(long, conflicts_with = "diff", help_heading = "What is shown")]
    uncommitted: bool,
    /// Leave out the findings of an earlier review, which `--format json` has printed
    #[arg(long, value_name = "FILE", help_heading = "What is shown")]
    baseline: Option<PathBuf>,
    /// The most findings that are shown, of each rule in turn; how many more there are is told
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "What is shown")]
    max_findings: usize,

    /// How findings are printed: `sarif` is SARIF 2.1.0, `rdjson` is what reviewdog reads
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    format: Format,
    /// As `--format json`
    #[arg(long, conflicts_with_all = ["format", "sarif"], help_heading = "Output")]
    json: bool,
    /// As `--format sarif`
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    sarif: bool,
    /// End with status 1 if a finding of this severity or a higher one is shown
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Output")]
    fail_on: Option<FailOn>,

    /// Dismiss a finding for good, by the digits behind its rule: it is noted, with the reason, in `.rlm/dismissed.json`
    #[arg(long, value_name = "ID", requires = "reason", conflicts_with_all = ["diff", "uncommitted", "baseline"], help_heading = "Dismissals")]
    dismiss: Option<String>,
    /// Why it is dismissed
    #[arg(long, value_name = "TEXT", requires = "dismiss", help_heading = "Dismissals")]
    reason: Option<String>,
}

const STATUSES: &str = "Exit status:
    0  reviewed
    1  there are findings that --fail-on names; or failed, or the output could not be written
    2  the options make no sense
    3  a part of the text was not read
  130  interrupted by Ctrl-C";

/// Status when a part of the text was not read, and after Ctrl-C.
const PARTIAL: u8 = 3;
const INTERRUPTED: u8 = 130;

/// The fewest digits that name a finding.
const LEAST_DIGITS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Rdjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Note,
    Warning,
}

impl From<FailOn> for Severity {
    fn from(it: FailOn) -> Self {
        match it {
            FailOn::Note => Self::Note,
            FailOn::Warning => Self::Warning,
        }
    }
}

pub async fn run(mut arguments: ReviewArguments) -> ExitCode {
    let take = std::mem::take::<Options>;
    let options = take(&mut arguments.context.0).merged_over(take(&mut arguments.models.0));
    let options = options.merged_over(take(&mut arguments.calls.0));
    let settings = match setup::settings(options) {
        Ok(settings) => settings,
        Err(error) => return super::wrong_usage(&super::options::refused(&error)),
    };
    if let Some(id) = &arguments.dismiss
        && (id.len() < LEAST_DIGITS || !id.bytes().all(|it| it.is_ascii_hexdigit()))
    {
        return super::wrong_usage(&format!(
            "--dismiss: `{id}` is not the beginning of a finding's name: {LEAST_DIGITS} or more of the digits behind its rule"
        ));
    }
    if arguments.reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return super::wrong_usage("--reason: the reason is empty");
    }
    let cancel = CancellationToken::new();
    let cancelling = cancel.clone();
    if let Err(error) = setup::end_on_signal(move || cancelling.cancel()) {
        return super::no_signals(&error);
    }
    let stop = StopFlag::default();
    let _stop = stop.raise_on_drop();
    let task = TerminalTask::new("review", &arguments.path);
    let done = tokio::select! {
        biased;
        () = cancel.cancelled() => {
            task.end(TaskEnd::Cancelled).await;
            return ExitCode::from(INTERRUPTED);
        }
        done = act(&arguments, settings, &stop, &cancel, &task) => done,
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

async fn act(
    arguments: &ReviewArguments,
    settings: Settings,
    stop: &StopFlag,
    cancel: &CancellationToken,
    task: &TerminalTask,
) -> Result<ExitCode, Failure> {
    let mut request = request(arguments, settings.clone(), stop).await?;
    request.models = task.models(&settings, &request.snapshot, cancel).await?;
    if let (Some(id), Some(reason)) = (&arguments.dismiss, &arguments.reason) {
        let finding = review::dismiss(&request, &id.to_ascii_lowercase(), reason.trim(), stop).await?;
        let done = format!("dismissed for good: {}: {}", finding.place, finding.sentence);
        task.end(TaskEnd::Done("reviewed", &done)).await;
        print(&done);
        return Ok(ExitCode::SUCCESS);
    }
    let review = review::review(&request, stop).await?;
    let text = report::review_text(&review);
    task.end(TaskEnd::Done("reviewed", &text)).await;
    match arguments.format() {
        Format::Text => print(&text),
        Format::Json => print_json(&json!(report::review(&review))),
        Format::Sarif => print_json(&report::sarif(&review, request.baseline.is_some())),
        Format::Rdjson => print_json(&report::rdjson(&review)),
    }
    Ok(status(&review, arguments.fail_on))
}

impl ReviewArguments {
    fn format(&self) -> Format {
        match (self.json, self.sarif) {
            (true, _) => Format::Json,
            (_, true) => Format::Sarif,
            _ => self.format,
        }
    }

    fn range(&self) -> Option<String> {
        if self.uncommitted { Some("HEAD".to_owned()) } else { self.diff.clone() }
    }
}

/// What is to be reviewed, with its text looked for on the disk.
async fn request(arguments: &ReviewArguments, settings: Settings, stop: &StopFlag) -> Result<Request, Failure> {
    let (paths, baseline, stop) = (arguments.path.clone(), arguments.baseline.clone(), stop.clone());
    let (range, most, instructions) = (arguments.range(), arguments.max_findings, arguments.instructions.clone());
    let look = move || {
        let baseline = baseline.as_deref().map(Baseline::read).transpose()?;
        Ok(Request { range, baseline, instructions, most, ..found(&paths, &settings, &stop)? })
    };
    tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))?
}

/// What lies at these paths, to be reviewed as a whole and without models. Blocks.
pub(super) fn found(paths: &[PathBuf], settings: &Settings, stop: &StopFlag) -> Result<Request, Failure> {
    let is_input = scope::reads_standard_input(paths);
    let snapshot = scope::snapshot(paths, settings, stop).map_err(|error| context_failure(&error))?;
    let named = match paths {
        [] => Some(Path::new(".")),
        [only] => Some(only.as_path()),
        _ => None,
    };
    let folder = named.map_or_else(|| PathBuf::from("."), review::folder_of);
    Ok(Request {
        folder: (!is_input && snapshot.store().is_none()).then_some(folder),
        root: named.filter(|path| !is_input && path.is_dir()).map(Path::to_owned),
        is_narrowed: !settings.include.is_empty() || !settings.exclude.is_empty(),
        snapshot,
        range: None,
        only: None,
        baseline: None,
        models: None,
        instructions: None,
        most: usize::MAX,
    })
}

fn status(review: &Review, fail_on: Option<FailOn>) -> ExitCode {
    let fails = |least: FailOn| review.findings.iter().any(|it| it.severity >= least.into());
    match () {
        () if fail_on.is_some_and(fails) => ExitCode::FAILURE,
        () if review.is_partial() => ExitCode::from(PARTIAL),
        () => ExitCode::SUCCESS,
    }
}
