//! `rlm query`: one question, one answer.

use super::{
    asking::{Asking, Teller},
    conversation::{CONTINUE, Conversation},
    documents, exporter,
    options::{CommonOptions, Subject},
    progress::Display,
    request::Request,
    scope,
    view::{self, View, ViewOptions},
};
use crate::{
    engine::{Answer, Termination},
    setup,
    store::{Folder, Store},
    trace::{Recording, TraceFile},
};
use clap::Args;
use std::{ffi::OsString, path::PathBuf, process::ExitCode};
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
    /// Tell a collector of OpenTelemetry of the run, without any text: its address, such as http://127.0.0.1:4318, or `env` for
    /// that in OTEL_EXPORTER_OTLP_ENDPOINT
    #[arg(long, value_name = "URL", help_heading = "Output")]
    otlp: Option<String>,
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
    /// Follow up the last conversation of this folder, about the same text and with the same options unless others are given
    #[arg(
        long = "continue",
        value_name = "NAME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        hide_possible_values = true
    )]
    continues: Option<String>,
}

/// Status when there is nothing of what was asked for.
const NOTHING_FOUND: u8 = 1;
/// Status when a limit ended the run.
const ENDED_BY_LIMIT: u8 = 3;
/// Status after Ctrl-C, as shells have it (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// A question, its paths and whether they hold JSON; and its options.
pub type Parts = ((String, Vec<PathBuf>, bool), CommonOptions);

impl QueryArguments {
    /// The paths and options of these arguments, below others.
    pub fn under(self, path: Vec<PathBuf>, common: CommonOptions) -> (Vec<PathBuf>, CommonOptions) {
        (if path.is_empty() { self.subject.path } else { path }, common.over(self.common))
    }

    /// What it is made of.
    pub fn parts(self) -> Parts {
        let Subject { question, path, as_json } = self.subject;
        ((question, path, as_json), self.common)
    }

    /// What a conversation was begun with, where this says nothing else about it.
    fn over(mut self, earlier: Self) -> Self {
        self.common = self.common.over(earlier.common);
        if self.subject.path.is_empty() {
            self.subject.path = earlier.subject.path;
            self.subject.as_json |= earlier.subject.as_json;
        }
        self
    }
}

/// `words` are what stands behind `rlm query`; `parse` reads such words.
pub async fn run(
    mut arguments: QueryArguments,
    words: &[OsString],
    parse: impl Fn(&[String]) -> Option<QueryArguments>,
) -> ExitCode {
    let environment = setup::environment();
    let mut conversation = None;
    if let Some(name) = arguments.continues.take() {
        let store = Store::new(Folder::of(&environment));
        match Conversation::go_on(&store, &name, words) {
            Ok((earlier, request)) => {
                let Some(begun) = parse(&request.arguments) else {
                    return super::wrong_usage(&format!("{CONTINUE}: the words of its first question make no sense"));
                };
                arguments = arguments.over(begun);
                if arguments.subject.path.is_empty() && !request.is_piped {
                    // What is piped in now is not what the conversation is about.
                    arguments.subject.path.push(".".into());
                }
                conversation = Some(earlier);
            }
            Err(problem) => return super::wrong_usage(&problem),
        }
    }
    let QueryArguments { subject, common, json, view, trace, otlp, quiet, verbose, resume: _, continues: _ } =
        arguments;
    let (settings, config) = match common.resolve() {
        Ok(resolved) => resolved,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let is_piped = scope::reads_standard_input(&subject.path);
    // What came before a follow-up is not in its trace, so that it cannot be asked again by that.
    let again = conversation.is_none().then(|| Request::of(words, is_piped)).flatten();
    let exporter = match exporter::named(otlp.as_deref(), &environment) {
        Ok(exporter) => exporter,
        Err(problem) => return super::wrong_usage(&problem),
    };
    let recording = Recording::new(settings.trace_content, again.map(|it| it.written()), exporter.clone());
    match trace.map(TraceFile::create).transpose() {
        Ok(trace) => trace.into_iter().for_each(|trace| recording.add(trace)),
        Err(error) => return super::wrong_usage(&error),
    }
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
    let mut view = match View::of(&view, !json && settings.schema.is_none(), &environment) {
        Ok(view) => view,
        Err(problem) => return super::wrong_usage(&problem),
    };
    view.streams &= !json;
    let teller = Teller::new(Display::new(quiet, verbose, view), recording);
    let (conversation, words) = match conversation {
        Some(earlier) => {
            let words = earlier.words(words);
            (earlier, words)
        }
        None => (Conversation::begin(words, is_piped), words.to_vec()),
    };
    let asking = Asking {
        question: subject.question,
        path: subject.path,
        as_json: subject.as_json,
        settings,
        config,
        backend: setup::backend(&environment),
        session: Some(conversation.session),
        request: Request::of(&words, is_piped),
        is_last: true,
        teller: teller.clone(),
        cancel,
    };
    let (answer, run) = asking.answer().await;
    let is_stopped = !answer.termination.is_answer() && answer.termination != Termination::Failed;
    teller.finish(&answer, json);
    exporter::end(exporter.as_ref(), answer.termination == Termination::Cancelled).await;
    if let (Some(run), true, false) = (run, is_stopped, quiet) {
        super::say(&format!("rlm: to go on: rlm query --resume {run}"));
    }
    status(&answer)
}

/// What the process exits with after this answer.
pub fn status(answer: &Answer) -> ExitCode {
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
