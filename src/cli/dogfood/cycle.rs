//! `rlm dogfood cycle`: patches that prove what they claim, and what the person takes of them.

use super::{STATUSES, Work, past, repository};
use crate::{
    cli::{
        options::{CallOptions, ModelOptions},
        output::{print, print_json},
    },
    config::Options,
    dogfood::{
        checks::Check,
        cycle::{self, Approved, Plan, Wanted},
        scratch,
    },
    failure::{Failure, FailureKind},
    report, setup,
    store::{Folder, Store},
    trace::TaskEnd,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

#[derive(Debug, Args)]
#[command(after_help = STATUSES)]
pub struct CycleArguments {
    /// The repository [default: the current folder's]
    pub(super) path: Option<PathBuf>,
    #[command(flatten)]
    models: ModelOptions,
    #[command(flatten)]
    calls: CallOptions,
    /// What models that propose patches are to look at
    #[arg(long, value_name = "TEXT", help_heading = "Models")]
    instructions: Option<String>,

    /// A command that checks the project, such as `cargo test`; may be given several times [default: what
    /// `.rlm/settings.json` names, if you trust it: `rlm dogfood trust`]
    #[arg(long, value_name = "COMMAND", help_heading = "Checks")]
    check: Vec<String>,
    /// Seconds that one check may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Checks")]
    check_timeout: u64,
    /// Leave the network to checks; they run code that a model has written
    #[arg(long, help_heading = "Checks")]
    network: bool,
    /// The most proposals that are tried
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Proposals")]
    max_proposals: usize,
    /// Begin no cycle: commit what the last one has offered, by its numbers, such as `1,3`
    #[arg(long, value_name = "N,M", value_delimiter = ',', help_heading = "Proposals")]
    approve: Vec<i64>,

    /// How the cycle is printed
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
}

impl CycleArguments {
    /// The options among them, which are taken out.
    pub fn options(&mut self) -> Options {
        let take = std::mem::take::<Options>;
        take(&mut self.models.0).merged_over(take(&mut self.calls.0))
    }
}

pub async fn run(wanted: Wanted, arguments: &CycleArguments, work: Work<'_>) -> Result<ExitCode, Failure> {
    let Work { settings, stop, cancel, task } = work;
    let repository = repository(arguments.path.as_deref()).await?;
    let environment = setup::environment();
    let folder = Folder::of(&environment);
    let store = Arc::new(Store::new(folder.clone()));
    let home = scratch::home(folder.as_ref().map(Folder::path));
    let checks = checks(arguments, &repository, &store).await?;
    let tell = |what: &str| task.say(what);
    let plan = Plan {
        repository,
        checks,
        program: std::env::current_exe().map_err(|error| crate::engine::internal_failure(&error))?,
        home,
        limit: Duration::from_secs(arguments.check_timeout),
        keeps_network: arguments.network,
        allows_weak: environment.get("RLM_ALLOW_WEAK_SANDBOX").is_some_and(|value| value == "1"),
        most: arguments.max_proposals,
        instructions: arguments.instructions.clone(),
        wanted,
        store: &store,
        say: &tell,
    };
    if !arguments.approve.is_empty() {
        let kept = store.proposals(plan.repository.top.display().to_string()).await;
        let last = kept.first().map(|it| it.cycle).ok_or_else(|| Failure {
            kind: FailureKind::Configuration,
            message: "no cycle has proposed anything here, as far as the store knows".to_owned(),
            hint: Some("begin one: `rlm dogfood cycle`".to_owned()),
        })?;
        approved(&cycle::approve(&plan, last, &arguments.approve).await?);
        return Ok(ExitCode::SUCCESS);
    }
    task.begin(&settings, &store).await;
    let consult = async |snapshot| task.models(&settings, &snapshot, cancel).await;
    let cycle = cycle::run(&plan, consult, stop).await?;
    let text = report::cycle_text(&cycle);
    task.end(TaskEnd::Done("judged", &text)).await;
    if arguments.json || arguments.format == Format::Json {
        print_json(&json!(report::cycle(&cycle)));
        return Ok(ExitCode::SUCCESS);
    }
    print(&text);
    let offered: Vec<(i64, String)> =
        cycle.offered().map(|it| (i64::try_from(it.number).unwrap_or(i64::MAX), it.title.clone())).collect();
    let taken = asked(offered).await;
    if !taken.is_empty() {
        approved(&cycle::approve(&plan, cycle.number, &taken).await?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Which commands may be run: those that were given, or those that the person trusts.
async fn checks(
    arguments: &CycleArguments,
    repository: &crate::review::git::Repository,
    store: &Store,
) -> Result<Vec<Check>, Failure> {
    if !arguments.check.is_empty() {
        return arguments.check.iter().map(|it| Check::parse(it)).collect();
    }
    let refused = |message: &str, hint: String| Failure {
        kind: FailureKind::Configuration,
        message: message.to_owned(),
        hint: Some(hint),
    };
    let named = past::named(repository.top.clone()).await?;
    if named.checks.is_empty() {
        let message = "no checks are named that a proposal could be held against";
        let hint = "give them: --check \"cargo test\"; `rlm dogfood analyze` shows what the project seems to have";
        return Err(refused(message, hint.to_owned()));
    }
    if store.trusts(repository.top.display().to_string(), named.digest()).await {
        return Ok(named.checks);
    }
    let message = "the repository's settings name checks that you have not trusted, or that have changed since";
    Err(refused(message, format!("read them, and then `rlm dogfood trust`: {}", named.written().join("; "))))
}

/// What the person takes, asked one by one. Without a terminal nothing is taken.
async fn asked(offered: Vec<(i64, String)>) -> Vec<i64> {
    if offered.is_empty() || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Vec::new();
    }
    let ask = move || {
        let mut taken = Vec::new();
        for (number, title) in offered {
            let _ = write!(
                std::io::stderr(),
                "{}",
                crate::cli::terminal::for_errors(&format!("Take {number}, {title}? [y/N] "))
            );
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line);
            match read {
                Ok(1..) if matches!(line.trim(), "y" | "Y" | "yes") => taken.push(number),
                Ok(1..) => {}
                _ => break,
            }
        }
        taken
    };
    tokio::task::spawn_blocking(ask).await.unwrap_or_default()
}

fn approved(approved: &Approved) {
    let Approved { branch, commit, count } = approved;
    print(&format!(
        "committed {} as {} on the branch {branch}; your working tree and your other branches are as they were.\nLook: git show {branch}   \
         Take: git merge {branch}   Drop: git branch -D {branch}",
        crate::text::counted(*count, "improvement"),
        &commit[..commit.len().min(10)]
    ));
}
