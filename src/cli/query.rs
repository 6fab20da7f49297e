//! `rlm query`: one question, one answer.

use super::{
    documents,
    options::{CommonOptions, Subject},
    output::print_json,
    progress::Display,
    runs::NotedRun,
    scope,
    trace::TraceFile,
    view::{self, View, ViewOptions},
};
use crate::{
    config::{Limits, Settings},
    corpus::StopFlag,
    engine::{self, Answer, Event, EventSink, Question, RunConfig, Started, Termination},
    report::{self, Circumstances},
    setup,
};
use clap::Args;
use serde_json::json;
use std::{
    ffi::OsString,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
#[command(after_help = documents::statuses(), args_override_self = true)]
pub struct QueryArguments {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    common: CommonOptions,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    view: ViewOptions,
    /// Write what happens as JSON Lines, to a new file or over an earlier trace
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    trace: Option<PathBuf>,
    /// Show nothing but the answer and errors
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    quiet: bool,
    /// Show every turn and program, and what was left out
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
    /// Go on with a stopped run, by its number in `rlm runs`; options given here replace those of the run
    // The words of that run take the place of this one before the command line is read.
    #[arg(long, value_name = "RUN")]
    resume: Option<String>,
}

/// Status when there is nothing of what was asked for.
const NOTHING_FOUND: u8 = 1;
/// Status when a limit ended the run.
const ENDED_BY_LIMIT: u8 = 3;
/// Status after Ctrl-C, as shells have it (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// `words` are what stands behind `rlm query`.
pub async fn run(arguments: QueryArguments, words: &[OsString]) -> ExitCode {
    let QueryArguments { subject, common, json, view, trace, quiet, verbose, resume: _ } = arguments;
    let (settings, config) = match common.resolve() {
        Ok(resolved) => resolved,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let trace = match trace.map(TraceFile::create).transpose() {
        Ok(trace) => trace,
        Err(error) => return super::wrong_usage(&error),
    };
    let cancel = CancellationToken::new();
    let cancelling = cancel.clone();
    let end = move || {
        cancelling.cancel();
        // Ctrl-C in a pager is for the pager.
        view::wait_for_pager();
    };
    if let Err(error) = setup::end_on_signal(end) {
        return super::no_signals(&error);
    }
    // An answer that satisfies a schema is JSON as well.
    let mut view = match View::of(&view, !json && settings.schema.is_none(), &setup::environment()) {
        Ok(view) => view,
        Err(problem) => return super::wrong_usage(&problem),
    };
    view.streams &= !json;
    let display = Display::new(quiet, verbose, view);
    let teller = Arc::new(Teller { display, trace, started: Mutex::default() });
    let (answer, run) = ask(subject, words, &settings, config, teller.clone(), cancel).await;
    let is_stopped = !answer.termination.is_answer() && answer.termination != Termination::Failed;
    let status = teller.finish(answer, json);
    if let (Some(run), true, false) = (run, is_stopped, quiet) {
        super::say(&format!("rlm: to go on: rlm query --resume {run}"));
    }
    status
}

/// Everything between the options and the answer, which comes with the number of its run.
async fn ask(
    Subject { question, path, as_json }: Subject,
    words: &[OsString],
    settings: &Settings,
    config: RunConfig,
    teller: Arc<Teller>,
    cancel: CancellationToken,
) -> (Answer, Option<i64>) {
    let is_piped = scope::reads_standard_input(&path);
    // Reading a huge repository ends with the question, however that ends.
    let stop = StopFlag::default();
    let _stop = stop.raise_on_drop();
    let walk = {
        let settings = settings.clone();
        tokio::task::spawn_blocking(move || scope::asked_about(&path, as_json, &settings, &stop))
    };
    let (environment, scheduler) = (setup::environment(), setup::scheduler(settings));
    let backend = setup::backend(&environment);
    let since = Instant::now();
    let (engine, snapshot) = tokio::select! {
        biased;
        () = cancel.cancelled() => return (Answer::without_text(Termination::Cancelled), None),
        // A server may keep the list of its models to itself for longer than the question may take.
        () = sleep(settings.limits.timeout) => return (Answer::without_text(Termination::Timeout), None),
        both = async { tokio::join!(setup::engine(settings, &environment, scheduler, backend), walk) } => both,
    };
    let engine = match engine {
        Ok(engine) => engine,
        Err(failure) => return (Answer::failed(failure), None),
    };
    teller.display.model(engine.choice.root.name(), engine.choice.worker.name(), &engine.choice.why);
    teller.display.warn(&engine.models.take_warnings());
    let snapshot = match snapshot {
        Ok(Ok(snapshot)) => snapshot,
        Ok(Err(error)) => return (Answer::failed(engine::context_failure(&error)), None),
        Err(error) => return (Answer::failed(engine::internal_failure(&error)), None),
    };
    // The process ends soon after the answer, and frees what it knows of a large tree sooner than its owners would.
    std::mem::forget(snapshot.clone());
    teller.display.link_to(snapshot.clone());
    let question = Question {
        text: question,
        snapshot: snapshot.clone(),
        focus: None,
        config: Arc::new(config),
        limits: Limits { timeout: settings.limits.timeout.saturating_sub(since.elapsed()), ..settings.limits.clone() },
        session: None,
    };
    let replies = engine.backend.replies.clone();
    let noted = match settings.no_cache {
        true => None,
        false => NotedRun::begin(&replies, &question.text, words, is_piped).await,
    };
    let answer = engine.ask(question, teller.clone(), cancel).await;
    let run = match noted {
        Some(noted) => Some(noted.end(&answer, engine.choice.root.name()).await),
        None => None,
    };
    // What is binary or unreadable shows only when it is read.
    teller.display.left_out(&snapshot.exclusions());
    (answer, run)
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
            trace.write::<()>(&report::event(event.clone()));
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
            print_json(&json!(object));
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
        // As `grep` has it, which a part that was not read does not change.
        _ if answer.found_nothing && answer.context.cut == 0 => ExitCode::from(NOTHING_FOUND),
        // An answer about a text of which a part was not read is a partial one.
        termination if termination.is_answer() && answer.context.cut == 0 => ExitCode::SUCCESS,
        _ => ExitCode::from(ENDED_BY_LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_tells_an_answer_from_a_partial_one() {
        for (termination, cut, expected) in [
            (Termination::Final, 0, 0),
            (Termination::Direct, 1, ENDED_BY_LIMIT),
            (Termination::Forced, 2, ENDED_BY_LIMIT),
            (Termination::Timeout, 0, ENDED_BY_LIMIT),
            (Termination::Cancelled, 1, INTERRUPTED),
            (Termination::Failed, 1, 1),
        ] {
            let mut answer = Answer::without_text(termination);
            answer.context.cut = cut;
            assert_eq!(status(&answer), ExitCode::from(expected), "{termination:?} {cut}");
        }
    }
}
