//! The recursive language model: a question and a text become an answer.
//!
//! The root model writes programs; they run in the interpreter ([`crate::repl`]), look into the context, and call other
//! models on its pieces, some of which are runs of their own. All runs of one question form a tree that obeys one
//! budget and one cancellation token, and whose calls are counted in one place. Every question ends with an [`Answer`],
//! whatever happens; the engine knows no protocol, opens no connection and reads no file.
//!
//! The method is that of Zhang, Kraska and Khattab, *Recursive Language Models*, arXiv 2512.24601.

mod answer;
mod budget;
mod cite;
mod consultation;
mod error;
mod event;
mod host;
mod preview;
mod prompt;
mod query_context;
mod question;
mod run;

pub use answer::{Answer, Citation, CitationState, Lost, Termination, grounding::Grounded};
pub use budget::usage::Usage;
pub use cite::Files as CitedFiles;
pub use consultation::{Consultation, Reader};
pub use event::{ContextSize, Delta, Event, EventSink, Origin, Started, SubCallState};
pub use host::{all_tools, call_program, places::Places, python as functions_in_python, tool_action, tool_call};
pub use preview::Preview;
pub use question::{
    Focus, Question,
    config::RunConfig,
    schema::AnswerSchema,
    session::{Exchange, Session},
};
pub use run::{reply, written_calls};

use crate::{
    config::{Limits, Price, Strategy},
    corpus::{self, ContextText, Snapshot, StopFlag, Tally},
    failure::{Failure, FailureKind},
    llm::{self, Choice, Model, Models, Replies, Scheduler},
    repl::Interpreters,
};
use answer::grounding;
use error::RunError;
use prompt::overview::Overview;
use query_context::{QueryContext, QueryContextParts, ledger::LostCalls};
use run::{Run, RunInputs, RunOutput, context::Context, direct, read};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long the citations of a partial answer are looked up. What was not looked at by then is not said to be there.
const PARTIAL_LOOK: Duration = Duration::from_millis(300);

/// The largest context, in characters, that is answered directly. Below some 15,000 characters programs cost more than
/// they save; up to here they are about even, and one call is quicker.
const DIRECT_CHARS: usize = 24_000;

/// Tokens of a window below which there is no room for instructions, programs and what they print.
const PROGRAMS_WINDOW: usize = 8192;

/// What all questions of a process share: what programs run on, where they look into their texts, and the replies that are
/// known.
#[derive(Clone)]
pub struct Backend {
    pub interpreters: Arc<dyn Interpreters>,
    pub places: Places,
    pub replies: Arc<Replies>,
}

/// The models and the machinery that questions are answered with. Questions share it.
pub struct Engine {
    pub models: Arc<Models>,
    pub choice: Choice,
    pub scheduler: Arc<Scheduler>,
    pub prices: Arc<BTreeMap<String, Price>>,
    pub backend: Backend,
}

impl Engine {
    /// Answers a question. What happens on the way goes to `events`; when `cancel` fires nothing further starts, open
    /// calls are closed, and what there is of an answer is returned.
    pub async fn ask(&self, question: Question, events: Arc<dyn EventSink>, cancel: CancellationToken) -> Answer {
        let started = Instant::now();
        if let Some(failure) = self.unknown_price(&question.limits).or_else(|| self.unfit_for(&question.config)) {
            return Answer::failed(failure);
        }
        let tree = self.context_of(&question, events, cancel.clone());
        // Dropping the work drops every call and every interpreter that is open.
        let (context, result) = tokio::select! {
            biased;
            () = cancel.cancelled() => (None, Err(RunError::Limit(Termination::Cancelled))),
            () = sleep_until(tree.ledger.budget.deadline()) => (None, Err(RunError::Limit(Termination::Timeout))),
            result = answer(&tree, &question) => result,
        };
        if result.as_ref().is_err_and(RunError::is_of_model) {
            tree.known.forget_turns(0).await;
        }
        let mut answer = conclude(&tree, &question, context, result).await;
        tree.progress.show_answer(&answer.text);
        if let (Some(session), true) = (&question.session, answer.termination.is_answer()) {
            session.note(&question.text, &answer.text);
        }
        answer.usage.wall_time = started.elapsed();
        answer
    }
}

impl Engine {
    fn context_of(&self, question: &Question, events: Arc<dyn EventSink>, cancel: CancellationToken) -> QueryContext {
        QueryContext::new(QueryContextParts {
            snapshot: question.snapshot.clone(),
            models: self.models.clone(),
            choice: self.choice.clone(),
            limits: question.limits.clone(),
            config: question.config.clone(),
            backend: self.backend.clone(),
            scheduler: self.scheduler.clone(),
            prices: self.prices.clone(),
            cancel,
            events,
        })
    }

    /// A limit on cost can only hold if the prices are known.
    fn unknown_price(&self, limits: &Limits) -> Option<Failure> {
        limits.max_cost?;
        let Choice { root, worker, .. } = &self.choice;
        let unknown = [root, worker].into_iter().find(|model| llm::price(&self.prices, model.name()).is_none())?;
        let name = unknown.name();
        Some(Failure {
            kind: FailureKind::UnknownPrice,
            message: format!("a limit on cost cannot hold: the price of {name} is not known"),
            hint: Some(format!("set RLM_PRICE=\"{name}=INPUT/OUTPUT\", in US dollars per million tokens")),
        })
    }

    /// A model that only quotes cannot write what a schema asks for, which is known before it is asked.
    fn unfit_for(&self, config: &RunConfig) -> Option<Failure> {
        let root = &self.choice.root;
        (config.schema.is_some() && !root.satisfies_schemas()).then(|| Failure {
            kind: FailureKind::Unsuitable,
            message: format!("{} quotes what it finds, and cannot write JSON that satisfies a schema", root.name()),
            hint: Some("choose a model that can: --model; `rlm models` shows which there are".to_owned()),
        })
    }
}

/// Puts the answer together, partial or not.
async fn conclude(
    tree: &QueryContext,
    question: &Question,
    context: Option<Arc<ContextText>>,
    result: Result<RunOutput, RunError>,
) -> Answer {
    let partial = || tree.progress.partial(question.config.schema.as_ref());
    let (output, failure) = match result {
        Ok(ending) => (ending, None),
        Err(RunError::Limit(limit)) => (RunOutput::new(partial(), limit), None),
        Err(RunError::Failed(failure)) => (RunOutput::new(partial(), Termination::Failed), Some(failure)),
    };
    let RunOutput { text, termination, passages, says_so, found_nothing, warnings: told } = output;
    let (model, has_looked) = (tree.choice.root.name().to_owned(), tree.has_looked());
    let (is_shaped, is_answer) = (question.config.schema.is_some(), termination.is_answer());
    // A text that was never asked for is not read now only to check a partial answer.
    let context = context.or_else(|| question.snapshot.context_if_built());
    let snapshot = question.snapshot.clone();
    let written = text.clone();
    let stop = StopFlag::default();
    let ended = stop.raise_on_drop();
    let looks = tokio::task::spawn_blocking(move || {
        let cited = |text: &str| context.as_ref().map(|it| cite::citations(text, it, &stop)).unwrap_or_default();
        let mut citations = cited(&text);
        let grounded = Grounded::of(&citations, has_looked);
        let mut text = text;
        if let (Some(context), false, true) = (&context, is_shaped, is_answer) {
            text = cite::marked(text, context, &stop);
        }
        if grounded == Grounded::None && is_answer && says_so && !is_shaped {
            text = grounding::ungrounded(&text, &model, passages.as_deref());
            citations = cited(&text);
        }
        let mut warnings = input_warnings(&snapshot);
        warnings.extend(told);
        if grounded == Grounded::None && is_answer && (!says_so || is_shaped) {
            warnings.push(grounding::warning(&model));
        }
        Looked { text, grounded, citations, context: context_size(&snapshot), warnings }
    });
    let mut looks = std::pin::pin!(looks);
    let looked = match termination.is_answer() {
        true => looks.await,
        // Whoever ended the run does not wait for what a partial answer cites.
        false => match tokio::time::timeout(PARTIAL_LOOK, &mut looks).await {
            Ok(looked) => looked,
            Err(_) => {
                drop(ended);
                looks.await
            }
        },
    };
    let Looked { text, grounded, citations, context, warnings } =
        looked.unwrap_or_else(|_| Looked { text: written, ..Looked::default() });
    let warnings = warnings.into_iter().chain(tree.known.take_notice()).collect();
    let LostCalls { first: lost, count: lost_count } = tree.ledger.lost();
    let usage = tree.ledger.meter.usage();
    let found_nothing = found_nothing || termination.is_answer() && tree.choice.root.found_nothing(&text);
    Answer {
        text,
        termination,
        grounded,
        found_nothing,
        citations,
        context,
        warnings,
        lost,
        lost_count,
        usage,
        failure,
    }
}

/// An answer whose citations have been looked up.
#[derive(Default)]
struct Looked {
    text: String,
    grounded: Grounded,
    citations: Vec<Citation>,
    context: ContextSize,
    warnings: Vec<String>,
}

async fn answer(tree: &QueryContext, question: &Question) -> (Option<Arc<ContextText>>, Result<RunOutput, RunError>) {
    let snapshot = &question.snapshot;
    tree.say("reading the context".to_owned());
    let root = tree.choice.root.clone();
    if root.searches_question() {
        snapshot.expect(&question.text);
    }
    let context = Context::read(snapshot.clone());
    let root = tree.choice.root.clone();
    let text = match is_read_first(question, root.as_ref()) {
        true => match context.text().await {
            Ok(text) => Some(text),
            Err(stop) => return (None, Err(stop)),
        },
        false => None,
    };
    tree.emit(Event::Started(Started {
        question: question.text.clone(),
        model: root.name().to_owned(),
        worker: tree.choice.worker.name().to_owned(),
        why: tree.choice.why.clone(),
        context: context_size(snapshot),
    }));
    let result = match (&text, strategy(question, root.as_ref(), text.as_deref())) {
        (Some(text), Strategy::Direct) => {
            tree.note_look();
            direct::answer(tree, question, text).await
        }
        (Some(text), Strategy::Read) => return (Some(text.clone()), read::answer(tree, question, text, None).await),
        _ => {
            let overview = text.as_deref().map_or_else(|| Overview::of_snapshot(snapshot), Overview::of_text);
            let task = prompt::task(&question.text, question.focus.as_ref());
            let context = context.clone();
            let inputs = RunInputs { question, task, context, overview: &overview, model: root.clone(), depth: 0 };
            match Run::new(tree, inputs) {
                Ok(run) => run.finish().await,
                Err(stop) => Err(stop),
            }
        }
    };
    let result = match result {
        Err(stop) if question.config.strategy == Strategy::Auto => read_instead(tree, question, &context, stop).await,
        result => result,
    };
    (context.if_ready(), result)
}

/// What comes of giving a model passages that has given no answer otherwise, if it was the model that failed.
async fn read_instead(
    tree: &QueryContext,
    question: &Question,
    context: &Context,
    stop: RunError,
) -> Result<RunOutput, RunError> {
    let why = match &stop {
        RunError::Failed(failure) => match failure.kind {
            FailureKind::NoAnswer | FailureKind::ReplyCut | FailureKind::EmptyReply => failure.message.clone(),
            _ => return Err(stop),
        },
        RunError::Limit(limit @ Termination::Errors) => limit.explanation().unwrap_or_default().to_owned(),
        RunError::Limit(_) => return Err(stop),
    };
    let Ok(text) = context.text().await else { return Err(stop) };
    if tree.choice.root.prefers_programs() {
        return Err(stop);
    }
    if let Some(session) = &question.session {
        session.note_failed_at_programs();
    }
    tree.known.forget_turns(0).await;
    tree.say(format!("{why}; it is given passages instead"));
    let warning = format!("{why}; so it was given passages of the built-in search to read");
    read::answer(tree, question, &text, Some(warning)).await.map_err(|_| stop)
}

/// Whether the text is read before the first call: if that takes no time, so that the model is told exact sizes or is
/// given the text itself, or a part of it.
fn is_read_first(question: &Question, root: &dyn Model) -> bool {
    question.snapshot.is_quick_to_read() || matches!(strategy(question, root, None), Strategy::Direct | Strategy::Read)
}

/// How a question is answered: never [`Strategy::Auto`]. The text is not there if it takes long to read.
fn strategy(question: &Question, root: &dyn Model, context: Option<&ContextText>) -> Strategy {
    match question.config.strategy {
        Strategy::Auto if root.prefers_programs() => Strategy::Rlm,
        // The built-in model quotes in any case.
        Strategy::Read if root.prefers_programs() => Strategy::Rlm,
        Strategy::Auto => {
            let has_failed = question.session.as_ref().is_some_and(|session| session.fails_at_programs());
            // A character of source is about a third of a token; half of the window is left for the rest.
            let most = root.window().map_or(DIRECT_CHARS, |tokens| tokens * 3 / 2).min(DIRECT_CHARS);
            match () {
                () if has_failed || llm::is_too_small_for_programs(root.parameters()) => Strategy::Read,
                () if context.is_some_and(|context| context.char_len() <= most) => Strategy::Direct,
                () if root.window().is_some_and(|window| window < PROGRAMS_WINDOW) => Strategy::Read,
                () => Strategy::Rlm,
            }
        }
        named => named,
    }
}

/// How large the context of a snapshot is, as far as that is known, with what was left out of it.
pub fn context_size(snapshot: &Snapshot) -> ContextSize {
    let (left_out, store) = (Tally::of(&snapshot.exclusions()), snapshot.store().map(str::to_owned));
    let cut = snapshot.incomplete().iter().filter(|it| it.flaw.is_cut()).count();
    match snapshot.context_if_built() {
        Some(context) => ContextSize {
            files: context.segments().len(),
            bytes: context.byte_len() as u64,
            characters: Some(context.char_len()),
            left_out,
            cut,
            store,
        },
        None => {
            let (files, bytes) = (snapshot.files().len(), snapshot.bytes());
            ContextSize { files, bytes, characters: None, left_out, cut, store }
        }
    }
}

/// Up to this many inputs that were not read whole are named one by one.
const INPUTS_TOLD: usize = 5;

/// What a person must know of the input: what is missing from it, or may not fit together.
pub fn input_warnings(snapshot: &Snapshot) -> Vec<String> {
    let incomplete = snapshot.incomplete();
    let mut warnings: Vec<String> = incomplete.iter().take(INPUTS_TOLD).map(ToString::to_string).collect();
    if let more @ 1.. = incomplete.len().saturating_sub(INPUTS_TOLD) {
        warnings.push(format!("{more} more files were cut, or written to while they were read"));
    }
    warnings
}

/// A failure that only a fault of the program can cause.
pub fn internal_failure(error: &dyn std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Internal, message: error.to_string(), hint: None }
}

/// What a failure to read the context means to a person.
pub fn context_failure(error: &corpus::Error) -> Failure {
    Failure { kind: error.kind(), message: error.to_string(), hint: error.hint() }
}
