//! `rlm query`: one question, one answer.

use super::{
    options::{CommonOptions, Subject},
    progress::Display,
    scope, terminal,
    trace::TraceFile,
};
use crate::{
    config::Settings,
    corpus::StopFlag,
    engine::{self, Answer, Event, EventSink, Manner, Question, Started, Termination},
    report::{self, Circumstances},
    setup::{self, EndSignals},
};
use clap::Args;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub struct QueryArguments {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    common: CommonOptions,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Write what happens as JSON Lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    trace: Option<PathBuf>,
    /// Show nothing but the answer and errors
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every turn and program, and what was left out
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
}

/// Status when a limit ended the run.
const ENDED_BY_LIMIT: u8 = 3;
/// Status after Ctrl-C, as shells have it (128 + SIGINT).
const INTERRUPTED: u8 = 130;

pub async fn run(arguments: QueryArguments) -> ExitCode {
    let QueryArguments { subject, common, json, trace, quiet, verbose } = arguments;
    let (settings, manner) = match common.resolve() {
        Ok(resolved) => resolved,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let trace = match trace.map(TraceFile::create).transpose() {
        Ok(trace) => trace,
        Err(error) => return super::wrong_usage(&error),
    };
    let signals = match EndSignals::listen() {
        Ok(signals) => signals,
        Err(error) => return super::no_signals(&error),
    };
    let cancel = CancellationToken::new();
    let interrupts = tokio::spawn(cancel_on_signal(signals, cancel.clone()));
    let display = Display::new(quiet, verbose, json);
    let teller = Arc::new(Teller { display, trace, started: Mutex::default() });
    let answer = ask(subject, &settings, manner, teller.clone(), cancel).await;
    interrupts.abort();
    teller.finish(answer, json)
}

/// Everything between the options and the answer.
async fn ask(
    Subject { question, path, as_json }: Subject,
    settings: &Settings,
    manner: Manner,
    teller: Arc<Teller>,
    cancel: CancellationToken,
) -> Answer {
    // Reading a huge repository ends with the question, however that ends.
    let stop = StopFlag::default();
    let _stop = stop.raise_on_drop();
    let walk = {
        let settings = settings.clone();
        tokio::task::spawn_blocking(move || scope::asked_about(&path, as_json, &settings, &stop))
    };
    let (environment, scheduler) = (setup::environment(), setup::scheduler(settings));
    let (engine, snapshot) = tokio::select! {
        biased;
        () = cancel.cancelled() => return Answer::without_text(Termination::Cancelled),
        both = async { tokio::join!(setup::engine(settings, &environment, scheduler), walk) } => both,
    };
    let engine = match engine {
        Ok(engine) => engine,
        Err(failure) => return Answer::failed(failure),
    };
    teller.display.model(engine.choice.root.name(), engine.choice.worker.name(), &engine.choice.why);
    let snapshot = match snapshot {
        Ok(Ok(snapshot)) => snapshot,
        Ok(Err(error)) => return Answer::failed(engine::context_failure(&error)),
        Err(error) => return Answer::failed(engine::internal_failure(&error)),
    };
    let question = Question {
        text: question,
        snapshot: snapshot.clone(),
        focus: None,
        manner: Arc::new(manner),
        limits: settings.limits.clone(),
        dialogue: None,
    };
    let answer = engine.ask(question, teller.clone(), cancel).await;
    // What is binary or unreadable shows only when it is read.
    teller.display.left_out(&snapshot.exclusions());
    answer
}

/// The first signal stops the run, the second the program.
async fn cancel_on_signal(mut signals: EndSignals, cancel: CancellationToken) {
    signals.next().await;
    cancel.cancel();
    let status = signals.next().await;
    std::process::exit(i32::from(status));
}

/// Tells the terminal and the trace what happens.
struct Teller {
    display: Display,
    trace: Option<TraceFile>,
    started: Mutex<Option<Started>>,
}

impl EventSink for Teller {
    fn emit(&self, event: Event) {
        if let Some(trace) = &self.trace {
            trace.write(report::event(&event));
        }
        self.display.show(&event);
        if let Event::Started(started) = event {
            *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        }
    }
}

impl Teller {
    fn finish(&self, answer: Answer, json: bool) -> ExitCode {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let trace = self.trace.as_ref().map(TraceFile::shown_path);
        let circumstances = started.map_or_else(Circumstances::default, |it| Circumstances {
            model: it.model,
            worker: it.worker,
            trace: None,
        });
        let object = report::answer(&answer, &Circumstances { trace, ..circumstances });
        if let Some(trace) = &self.trace {
            trace.finish(&object);
        }
        if json {
            print_json(&serde_json::Value::Object(object));
        } else {
            self.display.answer(&answer.text);
        }
        self.display.ending(&answer);
        status(&answer)
    }
}

fn status(answer: &Answer) -> ExitCode {
    match answer.termination {
        Termination::Failed => ExitCode::FAILURE,
        Termination::Cancelled => ExitCode::from(INTERRUPTED),
        termination if termination.is_answer() => ExitCode::SUCCESS,
        _ => ExitCode::from(ENDED_BY_LIMIT),
    }
}

/// Prints a line to standard output. A reader that has gone away is no error.
pub fn print(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{}", terminal::for_output(line)).and_then(|()| output.flush());
}

/// Prints a JSON value on a line of standard output.
pub fn print_json(value: &serde_json::Value) {
    print(&terminal::json_for_output(value));
}

/// Whether standard output is a terminal.
pub fn to_terminal() -> bool {
    std::io::stdout().is_terminal()
}
