//! `rlm shards`: texts that lie as shards in a folder or an object store.

mod ingest;
mod look;
mod size;

use crate::{
    cli::{on_demand::OnDemand, output::print_json, say},
    corpus::shards::ShardError,
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

const STORE_HELP: &str = "STORE is a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix, which holds \
the store and nothing else: where anything else lies, nothing is written. Credentials come from the environment: \
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT (with AWS_ALLOW_HTTP=true for http://), \
GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY, …";

#[derive(Debug, Args)]
#[command(after_help = STORE_HELP)]
pub struct ShardsArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a repository, a file, or standard input to a store
    Ingest(OnDemand<ingest::IngestArguments>),
    /// Show what a store holds
    Info(look::InfoArguments),
    /// Print a part of the text
    Slice(look::SliceArguments),
    /// Find a text, as it is written
    Find(look::FindArguments),
    /// Find the lines that match a regular expression
    Grep(look::GrepArguments),
}

/// What a command came to: what it prints, or why it failed.
type Outcome = Result<ExitCode, Failure>;

/// Why a command failed.
enum Failure {
    Shards(ShardError),
    /// Options that make no sense.
    Usage(String),
}

impl From<ShardError> for Failure {
    fn from(error: ShardError) -> Self {
        Self::Shards(error)
    }
}

pub async fn run(arguments: ShardsArguments) -> ExitCode {
    let json = match &arguments.command {
        Command::Ingest(OnDemand(arguments)) => arguments.json,
        Command::Info(arguments) => arguments.json,
        Command::Slice(_) => false,
        Command::Find(arguments) => arguments.json,
        Command::Grep(arguments) => arguments.json,
    };
    // All of it waits for disks and servers.
    let work = tokio::task::spawn_blocking(move || match arguments.command {
        Command::Ingest(OnDemand(arguments)) => ingest::run(*arguments),
        Command::Info(arguments) => look::info(&arguments),
        Command::Slice(arguments) => look::slice(&arguments),
        Command::Find(arguments) => look::find(&arguments),
        Command::Grep(arguments) => look::grep(&arguments),
    });
    match work.await {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => fail(&failure, json),
        Err(error) => {
            say(&format!("rlm: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells why a command failed: on standard error, and for scripts as JSON.
fn fail(failure: &Failure, json: bool) -> ExitCode {
    match failure {
        Failure::Usage(problem) => {
            say(&format!("rlm: {problem}"));
            ExitCode::from(super::WRONG_USAGE)
        }
        Failure::Shards(error) => {
            say(&format!("rlm: {error}"));
            if let Some(hint) = error.hint() {
                say(&format!("  {hint}"));
            }
            if json {
                let error = json!({"kind": error.kind(), "message": error.to_string(), "hint": error.hint()});
                print_json(&json!({"error": error}));
            }
            ExitCode::FAILURE
        }
    }
}
