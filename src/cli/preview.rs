//! `rlm preview`: what a question would read, send and cost. No model is called.

use super::{
    options::{CommonOptions, refused},
    query::print,
    say, scope,
};
use crate::{
    config::Limits,
    corpus::{Exclusion, StopFlag},
    engine::{self, Failure, Preview, Question},
    report, setup,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

#[derive(Debug, Args)]
pub struct PreviewArguments {
    /// What you want to know
    question: String,
    /// Repository, file, shard store (folder or s3://bucket/prefix), or `-` for standard input [default: the current folder]
    path: Vec<PathBuf>,

    #[command(flatten)]
    common: CommonOptions,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Name everything that is left out, however much it is
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
}

/// Of so many files and folders it is told without `--verbose` why they are left out.
const LEFT_OUT: usize = 20;

pub async fn run(arguments: PreviewArguments) -> ExitCode {
    let PreviewArguments { question, path, common, json, verbose } = arguments;
    let settings = match setup::settings(common.into_options()) {
        Ok(settings) => settings,
        Err(error) => {
            say(&format!("rlm: {}", refused(&error)));
            return ExitCode::from(super::WRONG_USAGE);
        }
    };
    let limits = settings.limits.clone();
    let look = async {
        let walk = {
            let settings = settings.clone();
            tokio::task::spawn_blocking(move || scope::snapshot(&path, &settings, &StopFlag::default()))
        };
        let (environment, scheduler) = (setup::environment(), setup::scheduler(&settings));
        let (engine, snapshot) = tokio::join!(setup::engine(&settings, &environment, scheduler), walk);
        let snapshot = snapshot.map_err(|error| engine::internal_failure(&error))?;
        let snapshot = snapshot.map_err(|error| engine::context_failure(&error))?;
        let (strategy, limits) = (settings.strategy, settings.limits);
        let question = Question { text: question, snapshot, focus: None, strategy, limits };
        let preview = engine?.preview(&question).await?;
        Ok::<_, Failure>((preview, question.snapshot.exclusions()))
    };
    match look.await {
        Ok((preview, left_out)) if json => print(&report::preview(&preview, &left_out).to_string()),
        Ok((preview, left_out)) => {
            let shown = if verbose { left_out.len() } else { LEFT_OUT };
            print(&describe(&preview, &limits, &left_out, shown));
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

/// The preview in words.
fn describe(preview: &Preview, limits: &Limits, left_out: &[Exclusion], shown: usize) -> String {
    let Preview { context, context_tokens, first_prompt_tokens, .. } = preview;
    let dollars = |cost: Option<f64>| cost.map_or_else(String::new, |cost| format!(", ${cost:.4}"));
    let length = match context.characters {
        Some(characters) => format!("{characters} characters"),
        None => "not read yet: binary files still count".to_owned(),
    };
    let worker = if preview.worker == preview.model { "also reads the parts" } else { &preview.worker };
    let mut lines = vec![
        format!("model    {} ({}); worker: {worker}", preview.model, preview.why),
        format!("context  {} files, {} bytes ({length}), about {context_tokens} tokens", context.files, context.bytes),
    ];
    let first = format!("about {first_prompt_tokens} tokens{}", dollars(preview.first_prompt_cost));
    lines.push(match preview.is_direct {
        true => format!("sends    the whole text in one prompt: {first}"),
        false => format!("sends    a first prompt without the text: {first}; what else is up to the model's programs"),
    });
    if !preview.is_direct {
        let whole = dollars(preview.whole_text_cost);
        lines.push(format!("         reading the whole text once would be about {context_tokens} tokens{whole}"));
        let mut most = vec![format!("{} calls", limits.max_calls), format!("{} s", limits.timeout.as_secs())];
        most.extend(limits.max_tokens.map(|tokens| format!("{tokens} tokens")));
        most.extend(limits.max_cost.map(|cost| format!("${cost}")));
        lines.push(format!("at most  {}", most.join(", ")));
    }
    if !left_out.is_empty() {
        lines.push(context.left_out.to_string());
        lines.extend(left_out.iter().take(shown).map(|it| format!("  {}: {}", it.path, it.reason)));
    }
    if let more @ 1.. = left_out.len().saturating_sub(shown) {
        lines.push(format!("  … and {more} more (--verbose names all)"));
    }
    lines.join("\n")
}
