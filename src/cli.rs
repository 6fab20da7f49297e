//! The terminal: commands, options, and what they print.
//!
//! Answers go to standard output and nothing else does; everything about the work goes to standard error, and most of
//! it only if that is a terminal. `documents::STATUSES` says what the exit status tells. Whatever else happened, it is 1
//! if something could not be written that the person has asked for (`output`).

mod asking;
mod chat;
mod conversation;
mod doctor;
mod documents;
mod dogfood;
mod exporter;
mod models;
mod on_demand;
mod options;
mod output;
mod preview;
mod progress;
mod query;
mod render;
mod replay;
mod request;
mod review;
mod runs;
mod scope;
mod screen;
mod shards;
mod store;
mod task;
mod terminal;
mod trace;
mod view;

use crate::lsp::{self, ExitReason};
use clap::{CommandFactory, Parser, Subcommand};
use on_demand::OnDemand;
use std::{ffi::OsString, io::Write, net::SocketAddr, process::ExitCode};
use tokio::net::TcpListener;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Asks questions of whole repositories and of files of any size.
#[derive(Debug, Parser)]
#[command(name = "rlm", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "With no model configured the built-in one, extractive, answers: it quotes what it finds, and \
needs no network. `rlm models` shows what is configured and how to choose.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer a question about a repository, a file, or standard input
    Query(OnDemand<query::QueryArguments>),
    /// Hold a conversation about a repository or a file
    Chat(OnDemand<chat::ChatArguments>),
    /// Keep texts as shards in a folder or an object store, and look into them
    Shards(shards::ShardsArguments),
    /// Show what a question would read, send and cost, and what is left out and why; calls no model
    Preview(OnDemand<preview::PreviewArguments>),
    /// Review a repository, a folder or a file: findings with their places and reasons
    Review(OnDemand<review::ReviewArguments>),
    /// Find where work on a repository pays, and have patches proposed that prove what they claim
    Dogfood(Box<dogfood::DogfoodArguments>),
    /// Show which models were detected, which are configured, and whether their servers answer and list them
    Models(OnDemand<models::ModelsArguments>),
    /// Show which questions were asked, how they have ended and what they took
    Runs(OnDemand<runs::RunsArguments>),
    /// Show what a run did: as a tree, as a page, or beside another run
    Trace(trace::TraceArguments),
    /// Show or clear the store of models' replies, of runs and of their traces, which saves calls that were made before
    Store(store::StoreArguments),
    /// Check the set-up and say how to mend it
    Doctor(OnDemand<doctor::DoctorArguments>),
    /// Run the language server on standard input and output
    Lsp {
        /// Serve numbers for Prometheus at http://ADDRESS/metrics; the address is one of this machine alone, such as 127.0.0.1:9464
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<SocketAddr>,
        /// Tell a collector of OpenTelemetry of every run, without any text: its address, such as http://127.0.0.1:4318, or `env` for
        /// that in OTEL_EXPORTER_OTLP_ENDPOINT
        #[arg(long, value_name = "URL")]
        otlp: Option<String>,
    },
    /// Print the completions of commands and options for a shell
    Completions(OnDemand<documents::CompletionsArguments>),
    /// Print the manual page: rlm man | man -l -
    Man,
}

/// Exit status for options that make no sense.
const WRONG_USAGE: u8 = 2;

/// The terminal's entry. Returns the process's exit status.
pub fn main() -> ExitCode {
    let words = match runs::resumed(std::env::args_os().collect()) {
        Ok(words) => words,
        Err(problem) => return wrong_usage(&problem),
    };
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return not_a_command(&error),
    };
    terminal::guard_panics();
    start_logging();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("rlm: cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let status = runtime.block_on(async {
        match arguments.command {
            Command::Query(arguments) => query::run(*arguments.0, words.get(2..).unwrap_or_default(), query_of).await,
            Command::Chat(arguments) => chat::run(*arguments.0, words.get(2..).unwrap_or_default(), query_of).await,
            Command::Shards(arguments) => shards::run(arguments).await,
            Command::Preview(arguments) => preview::run(*arguments.0).await,
            Command::Review(arguments) => review::run(*arguments.0).await,
            Command::Dogfood(arguments) => dogfood::run(*arguments).await,
            Command::Models(arguments) => models::run(*arguments.0).await,
            Command::Runs(arguments) => runs::run(&arguments.0),
            Command::Trace(arguments) => trace::run(arguments, query_of).await,
            Command::Store(arguments) => store::run(&arguments),
            Command::Doctor(arguments) => doctor::run(*arguments.0).await,
            Command::Completions(arguments) => documents::completions(*arguments.0, Arguments::command()),
            Command::Man => documents::man(Arguments::command()),
            Command::Lsp { metrics, otlp } => serve(metrics, otlp.as_deref()).await,
        }
    });
    // A thread that still reads standard input must not hold the process.
    runtime.shutdown_background();
    output::conclude(status)
}

/// The language server.
async fn serve(metrics: Option<SocketAddr>, otlp: Option<&str>) -> ExitCode {
    let metrics = metrics.map(listener).transpose();
    let observers = metrics.and_then(|metrics| {
        let exporter = exporter::named(otlp, &crate::setup::environment())?;
        Ok(lsp::Observers { metrics, exporter })
    });
    let observers = match observers {
        Ok(observers) => observers,
        Err(problem) => return wrong_usage(&problem),
    };
    match lsp::serve_stdio(observers).await {
        Ok(ExitReason::Proper) => ExitCode::SUCCESS,
        Ok(ExitReason::HungUp) => ExitCode::FAILURE,
        Ok(ExitReason::Told(status)) => ExitCode::from(status),
        Ok(ExitReason::Unheard(error)) => {
            output::note(Err(error));
            ExitCode::FAILURE
        }
        Err(error) => no_signals(&error),
    }
}

/// Where numbers are served. Nobody is asked for a key there, so that it is on this machine alone.
fn listener(address: SocketAddr) -> Result<TcpListener, String> {
    if !address.ip().is_loopback() {
        return Err(format!("--metrics {address}: give an address of this machine alone, such as 127.0.0.1:9464"));
    }
    let listening = std::net::TcpListener::bind(address).and_then(|it| {
        it.set_nonblocking(true)?;
        TcpListener::from_std(it)
    });
    listening.map_err(|error| format!("--metrics {address}: {error}"))
}

/// What these words behind `rlm query` mean.
fn query_of(words: &[String]) -> Option<query::QueryArguments> {
    let command = ["rlm", "query"].into_iter().chain(words.iter().map(String::as_str));
    match Arguments::try_parse_from(command).ok()?.command {
        Command::Query(arguments) => Some(*arguments.0),
        _ => None,
    }
}

/// Help and versions go to standard output like everything else that was asked for; mistakes go to standard error.
fn not_a_command(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let is_plain = |argument: OsString| argument.to_str().is_some_and(|it| terminal::for_errors(it) == it);
        if std::env::args_os().all(is_plain) {
            // A reader that has gone away is no error.
            let _ = error.print();
        } else {
            // It would repeat an argument that does something to the terminal. Without colours it can be shown as it
            // is.
            say(error.to_string().trim_end());
        }
        return ExitCode::from(WRONG_USAGE);
    }
    output::note(error.print().and_then(|()| std::io::stdout().flush()));
    output::conclude(ExitCode::SUCCESS)
}

/// Writes a line to standard error. A reader that has gone away is no error.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", terminal::for_errors(line));
}

fn wrong_usage(problem: &str) -> ExitCode {
    say(&format!("rlm: {problem}"));
    ExitCode::from(WRONG_USAGE)
}

fn no_signals(error: &std::io::Error) -> ExitCode {
    say(&format!("rlm: cannot handle signals: {error}"));
    ExitCode::FAILURE
}

/// Logs go to standard error, and only if `RLM_LOG` asks for them (e.g. `RLM_LOG=debug`). Only what this program itself
/// has to say is logged: other crates log requests, settings and messages whole, and keys stand in them.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("RLM_LOG").unwrap_or_else(|_| "off".into());
    let own = tracing_subscriber::filter::filter_fn(|event| {
        event.target().split("::").next().is_some_and(|krate| krate == env!("CARGO_CRATE_NAME"))
    });
    let output = tracing_subscriber::fmt::layer()
        .with_writer(terminal::LogWriter)
        // To tell of a failure it would write to where it has failed, and panic.
        .log_internal_errors(false)
        // Colours are escape sequences as well.
        .with_ansi(false)
        .with_filter(own);
    tracing_subscriber::registry().with(output).with(filter).init();
}
