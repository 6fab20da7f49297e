//! What a person sees on the terminal while a question is being answered.

use super::{
    options::spelled,
    output::{print_part, print_rendered},
    say,
    screen::Screen,
    view::View,
};
use crate::{
    corpus::{Exclusion, Snapshot},
    engine::{Answer, Citation, CitationState, Delta, Event, SubCallState, Termination, Usage},
    text::{counted, cut_head, visible_line},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Characters of a program's output that `--verbose` shows.
const VERBOSE_OUTPUT: usize = 2000;

/// How often the progress moves.
const TICK: Duration = Duration::from_millis(100);

/// Files and folders that `--verbose` names as left out.
const VERBOSE_LEFT_OUT: usize = 100;

/// Citations that do not hold and are named.
const NAMED_MISSING: usize = 5;

/// The terminal of one question.
pub struct Display {
    bar: ProgressBar,
    quiet: bool,
    verbose: bool,
    view: View,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was streamed.
    screen: Screen,
    message: String,
    usage: Usage,
    sub_calls: (u64, u64),
}

impl Display {
    pub fn new(quiet: bool, verbose: bool, view: View) -> Self {
        let shows_bar = !quiet && std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if shows_bar { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() },
        );
        let style = ProgressStyle::with_template("{spinner:.cyan} {elapsed} {wide_msg}");
        bar.set_style(style.expect("the template is right"));
        bar.enable_steady_tick(TICK);
        let screen = view.look.clone().map_or_else(Screen::default, Screen::rendered);
        Self { bar, quiet, verbose, view, state: Mutex::new(State { screen, ..State::default() }) }
    }

    /// Lets what the answer cites lead to the files that the question is about.
    pub fn link_to(&self, snapshot: Arc<Snapshot>) {
        if let Some(look) = &self.view.look {
            look.links().lead_into(snapshot);
        }
    }

    /// Says which models answer, and why those.
    pub fn model(&self, root: &str, worker: &str, why: &str) {
        if self.quiet || !(self.verbose || std::io::stderr().is_terminal()) {
            return;
        }
        let worker = if worker == root { String::new() } else { format!(", sub-calls by {worker}") };
        self.line(&format!("rlm: answered by {root}{worker} ({why})"));
    }

    /// Says what a person should know, also if nobody looks at the progress.
    pub fn warn(&self, warnings: &[String]) {
        if !self.quiet {
            warnings.iter().for_each(|warning| self.line(&format!("rlm: warning: {warning}")));
        }
    }

    /// Says what was not read, and why.
    pub fn left_out(&self, exclusions: &[Exclusion]) {
        if !self.quiet {
            let warnings = exclusions.iter().filter(|it| it.reason.is_warning());
            warnings.for_each(|it| self.line(&format!("rlm: {}: {}", it.path, it.reason)));
        }
        if !self.verbose || exclusions.is_empty() {
            return;
        }
        let mut lines = vec![format!("── left out: {} ──", counted(exclusions.len(), "path"))];
        lines.extend(exclusions.iter().take(VERBOSE_LEFT_OUT).map(|it| format!("{}: {}", it.path, it.reason)));
        if let more @ 1.. = exclusions.len().saturating_sub(VERBOSE_LEFT_OUT) {
            lines.push(format!("… and {more} more"));
        }
        self.line(&lines.join("\n"));
    }

    pub fn show(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started(started) => {
                let size = &started.context;
                let left_out = match size.left_out.total() {
                    0 => String::new(),
                    _ => format!(", {}", size.left_out),
                };
                let length = match size.characters {
                    Some(characters) => counted(characters, "character"),
                    None => counted(size.bytes, "byte"),
                };
                state.message = format!("{}, {length}{left_out}", counted(size.files, "file"));
                // What a store says its files are may be something else than the files that lie around it.
                if let Some(store) = size.store.as_ref().filter(|_| !self.quiet) {
                    self.line(&format!("rlm: the text is that of the shard store {store}"));
                }
            }
            Event::Progress { message, usage } => {
                message.clone_into(&mut state.message);
                state.usage = *usage;
            }
            Event::SubCall { state: SubCallState::Started, .. } => state.sub_calls.1 += 1,
            Event::SubCall { .. } => state.sub_calls.0 += 1,
            Event::Delta(delta) if self.view.streams => self.stream(&mut state.screen, delta),
            Event::Turn { depth, iteration, text, cut, .. } if self.verbose => {
                let cut = cut.as_ref().map(|why| format!("\n── cut off: {why} ──")).unwrap_or_default();
                self.line(&format!("── turn {iteration}{} ──\n{}{cut}", at_depth(*depth), text.trim()));
            }
            Event::Cell { output, error, seconds, origin, .. } if self.verbose => {
                let shown = cut_head(output.trim_end(), VERBOSE_OUTPUT);
                let more =
                    if shown.omitted > 0 { format!("\n… {} more characters", shown.omitted) } else { String::new() };
                let error = error.as_ref().map(|error| format!("\n{error}")).unwrap_or_default();
                self.line(&format!(
                    "── output{} ({seconds:.2} s) ──\n{}{more}{error}",
                    at_depth(origin.depth),
                    shown.shown
                ));
            }
            Event::Summary { depth, text, .. } if self.verbose => {
                self.line(&format!("── summary{} ──\n{}", at_depth(*depth), text.trim()));
            }
            Event::Delta(_) | Event::Turn { .. } | Event::Cell { .. } | Event::Summary { .. } => {}
        }
        self.bar.set_message(visible_line(&status_line(&state)).into_owned());
    }

    /// Prints what is new of the answer. Where that is a part of a line it is the progress from the first word on, since
    /// a bar would draw over it; below whole lines the bar stays.
    fn stream(&self, screen: &mut Screen, delta: &Delta) {
        let text = screen.take(delta);
        if self.view.look.is_some() {
            if !text.is_empty() {
                self.bar.suspend(|| print_rendered(&text));
            }
            return;
        }
        if !text.is_empty() {
            self.bar.finish_and_clear();
            print_part(&text);
        }
        if let Some(end) = screen.interrupt() {
            // What looked like the answer was none: the work goes on, and its progress is of interest again.
            print_part(end);
            self.bar.reset();
            self.bar.enable_steady_tick(TICK);
        }
    }

    /// Whether the person agrees to spend that much on a question. This blocks.
    pub fn confirms(&self, cost: f64) -> bool {
        self.bar.suspend(|| agrees_to_pay("question", cost))
    }

    /// Prints the answer, as far as it was not streamed.
    pub fn answer(&self, text: &str) {
        self.bar.finish_and_clear();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = state.screen.finish(text);
        self.view.show(&rest);
    }

    /// Says how the run ended, and what it used.
    pub fn ending(&self, answer: &Answer) {
        self.bar.finish_and_clear();
        if let Some(failure) = &answer.failure {
            say(&format!("rlm: error: {}", failure.message));
            if let Some(hint) = &failure.hint {
                say(&format!("     {hint}"));
            }
        } else if let Some(explanation) = answer.termination.explanation() {
            let partial = match (answer.text.is_empty(), answer.termination) {
                (true, _) => "there is no partial answer",
                (false, Termination::Cancelled) => "the answer above is partial: it was cut off",
                (false, _) => "the answer above is partial",
            };
            let limit = answer.termination.limit().map(|it| format!(" ({})", spelled(it))).unwrap_or_default();
            say(&format!("rlm: {explanation}{limit}; {partial}"));
        }
        for warning in answer.remarks().into_iter().chain(answer.loss()) {
            say(&format!("rlm: {warning}"));
        }
        if !self.quiet && !answer.citations.is_empty() {
            say(&citations(&answer.citations));
        }
        let is_over = answer.termination != Termination::Failed;
        if is_over && !self.quiet && std::io::stderr().is_terminal() {
            say(&summary(&answer.usage));
        }
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }
}

/// What was found of the citations, and which of them do not hold.
fn citations(citations: &[Citation]) -> String {
    let of = |state: CitationState| citations.iter().filter(move |it| it.state == state);
    let count = |state| of(state).count();
    let mut parts = Vec::new();
    if let quoted @ 1.. = count(CitationState::Quoted) {
        parts.push(format!("{quoted} quoted (the lines say what is quoted)"));
    }
    if let found @ 1.. = count(CitationState::Found) {
        parts.push(format!("{found} found (the lines exist; nothing is quoted)"));
    }
    if let missing @ 1.. = count(CitationState::Missing) {
        let mut places: Vec<_> =
            of(CitationState::Missing).map(|it| format!("{}:{}", it.path, it.first_line)).collect();
        places.truncate(NAMED_MISSING);
        let more = if missing > places.len() { ", …" } else { "" };
        parts.push(format!("{missing} missing (no such lines, or not what is quoted): {}{more}", places.join(", ")));
    }
    format!("rlm: citations: {}", parts.join(", "))
}

fn at_depth(depth: usize) -> String {
    if depth == 0 { String::new() } else { format!(" at depth {depth}") }
}

fn status_line(state: &State) -> String {
    let mut parts = vec![state.message.clone()];
    if state.sub_calls.1 > 0 {
        parts.push(format!("{}/{} sub-calls", state.sub_calls.0, state.sub_calls.1));
    }
    parts.extend(spending(&state.usage));
    parts.extend(savings(&state.usage));
    parts.join(" · ")
}

/// Tokens and money, if there were any.
fn spending(usage: &Usage) -> Vec<String> {
    let mut parts = Vec::new();
    let tokens = usage.tokens.input + usage.tokens.output;
    if tokens > 0 {
        parts.push(match tokens {
            0..1000 => counted(tokens, "token"),
            1000..1_000_000 => format!("{:.1} k tokens", tokens as f64 / 1e3),
            _ => format!("{:.2} M tokens", tokens as f64 / 1e6),
        });
    }
    if let Some(cost) = usage.cost.filter(|&cost| cost > 0.0) {
        parts.push(format!("${cost:.4}"));
    }
    parts
}

/// What was not spent, since replies were known.
fn savings(usage: &Usage) -> Option<String> {
    let calls = Some(usage.cached_calls).filter(|&calls| calls > 0)?;
    let tokens = usage.saved_tokens.input + usage.saved_tokens.output;
    let cost = usage.saved_cost.filter(|&cost| cost > 0.0).map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
    Some(format!("{} known before ({} saved{cost})", counted(calls, "reply"), counted(tokens, "token")))
}

fn summary(usage: &Usage) -> String {
    let mut parts = vec![
        format!("{:.1} s", usage.wall_time.as_secs_f64()),
        counted(usage.iterations, "turn"),
        counted(usage.sub_calls, "sub-call"),
    ];
    parts.extend(spending(usage));
    parts.extend(savings(usage));
    if usage.retries > 0 {
        parts.push(format!("{} retries", usage.retries));
    }
    format!("rlm: {}", parts.join(" · "))
}

/// Whether the person agrees to spend that much on a `what`; nobody does where there is no terminal to ask at. This blocks.
pub fn agrees_to_pay(what: &str, cost: f64) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    say(&format!("rlm: this {what} may cost about ${cost:.2}. Begin? [y/N]"));
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.is_ok() && ["y", "yes"].iter().any(|yes| line.trim().eq_ignore_ascii_case(yes))
}
