//! `rlm preview`: what a question would read, send and cost. No model is called.

use crate::{
    cli::{
        options::{CommonOptions, Subject},
        output::{print, print_json},
        say, scope,
    },
    corpus::StopFlag,
    engine::{self, Question},
    failure::Failure,
    report, setup,
};
use clap::Args;
use serde_json::json;
use std::{process::ExitCode, sync::Arc};

#[derive(Debug, Args)]
pub struct PreviewArguments {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    common: CommonOptions,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Name everything that is left out, however much it is
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
}

pub async fn run(arguments: PreviewArguments) -> ExitCode {
    let PreviewArguments { subject, common, json, verbose } = arguments;
    let Subject { question, path, as_json } = subject;
    let (settings, config) = match common.resolve() {
        Ok(resolved) => resolved,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let limits = settings.limits.clone();
    let look = async {
        let walk = {
            let settings = settings.clone();
            tokio::task::spawn_blocking(move || scope::asked_about(&path, as_json, &settings, &StopFlag::default()))
        };
        let (environment, scheduler) = (setup::environment(), setup::scheduler(&settings));
        let backend = setup::backend(&environment);
        let (engine, snapshot) = tokio::join!(setup::engine(&settings, &environment, scheduler, backend), walk);
        let snapshot = snapshot.map_err(|error| engine::internal_failure(&error))?;
        let snapshot = snapshot.map_err(|error| engine::context_failure(&error))?;
        let (config, limits) = (Arc::new(config), settings.limits);
        let question = Question { text: question, snapshot, focus: None, config, limits, session: None };
        let preview = engine?.preview(&question).await?;
        Ok::<_, Failure>((preview, question.snapshot.exclusions()))
    };
    match look.await {
        Ok((preview, left_out)) if json => print_json(&json!(report::preview(&preview, &left_out, &limits))),
        Ok((preview, left_out)) => {
            print(&report::preview_text(&preview, &left_out, &limits, verbose));
        }
        Err(failure) => {
            say(&format!("rlm: error: {}", failure.message));
            if let Some(hint) = failure.hint {
                say(&format!("     {hint}"));
            }
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
