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
mod event;
mod host;
mod preview;
mod prompt;
mod query_context;
mod question;
mod run;

pub use answer::{Answer, Citation, CitationState, Failure, Lost, Termination};
pub use budget::usage::Usage;
pub use event::{ContextSize, Delta, Event, EventSink, Origin, Started, SubCallState};
pub use host::{all_tools, places::Places, python as functions_in_python, tool_call};
pub use preview::Preview;
pub use question::{
    Focus, Question,
    config::RunConfig,
    session::{Exchange, Session},
};
pub use run::reply;

use crate::{
    config::{Limits, Price, Strategy},
    corpus::{self, ContextText, Snapshot, StopFlag, Tally},
    llm::{self, Choice, Model, Models, Scheduler},
    repl::ForkServer,
};
use prompt::overview::Overview;
use query_context::{LostCalls, QueryContext, QueryContextParts};
use run::{
    Run, Subject,
    context::Context,
    direct,
    output::{RunError, RunOutput},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long the citations of a partial answer are looked up. What was not looked at by then is not said to be there.
const PARTIAL_LOOK: Duration = Duration::from_millis(300);

/// The largest context, in characters, that is answered directly. Below some 15,000 characters programs cost more than
/// they save; up to here they are about even, and one call is quicker.
const DIRECT_CHARS: usize = 24_000;

/// What the interpreters of a process are started from.
#[derive(Debug, Clone)]
pub struct Interpreter {
    pub fork_server: Arc<ForkServer>,
    /// Bytes that one interpreter may use beside the context and itself.
    pub memory_limit: u64,
    /// Whether programs may run on a kernel without landlock.
    pub allow_weaker_sandbox: bool,
    /// Where programs look into their texts.
    pub places: Places,
}

/// The models and the machinery that questions are answered with. Questions share it.
pub struct Engine {
    pub models: Arc<Models>,
    pub choice: Choice,
    pub scheduler: Arc<Scheduler>,
    pub prices: Arc<BTreeMap<String, Price>>,
    pub interpreter: Interpreter,
}

impl Engine {
    /// Answers a question. What happens on the way goes to `events`; when `cancel` fires nothing further starts, open
    /// calls are closed, and what there is of an answer is returned.
    pub async fn ask(&self, question: Question, events: Arc<dyn EventSink>, cancel: CancellationToken) -> Answer {
        let started = Instant::now();
        if let Some(failure) = self.unknown_price(&question.limits) {
            return Answer::failed(failure);
        }
        let tree = QueryContext::new(QueryContextParts {
            models: self.models.clone(),
            choice: self.choice.clone(),
            limits: question.limits.clone(),
            config: question.config.clone(),
            interpreter: self.interpreter.clone(),
            scheduler: self.scheduler.clone(),
            prices: self.prices.clone(),
            cancel: cancel.clone(),
            events,
        });
        let asking = Asking { tree: &tree, question: &question };
        // Dropping the work drops every call and every interpreter that is open.
        let (context, result) = tokio::select! {
            biased;
            () = cancel.cancelled() => (None, Err(RunError::Limit(Termination::Cancelled))),
            () = sleep_until(tree.budget.deadline()) => (None, Err(RunError::Limit(Termination::Timeout))),
            result = asking.answer() => result,
        };
        let mut answer = conclude(&tree, &question, context, result).await;
        tree.show_answer(&answer.text);
        if let (Some(session), true) = (&question.session, answer.termination.is_answer()) {
            session.note(&question.text, &answer.text);
        }
        answer.usage.wall_time = started.elapsed();
        answer
    }
}

impl Engine {
    /// A limit on cost can only hold if the prices are known.
    fn unknown_price(&self, limits: &Limits) -> Option<Failure> {
        limits.max_cost?;
        let Choice { root, worker, .. } = &self.choice;
        let unknown = [root, worker].into_iter().find(|model| llm::price(&self.prices, model.name()).is_none())?;
        let name = unknown.name();
        Some(Failure {
            kind: "unknownPrice",
            message: format!("a limit on cost cannot hold: the price of {name} is not known"),
            hint: Some(format!("set RLM_PRICE=\"{name}=INPUT/OUTPUT\", in US dollars per million tokens")),
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
    let (text, termination, failure) = match result {
        Ok(ending) => (ending.text, ending.termination, None),
        Err(RunError::Limit(limit)) => (tree.partial(), limit, None),
        Err(RunError::Failed(failure)) => (tree.partial(), Termination::Failed, Some(failure)),
    };
    // A text that was never asked for is not read now only to check a partial answer.
    let context = context.or_else(|| question.snapshot.context_if_built());
    let (snapshot, answer) = (question.snapshot.clone(), text.clone());
    let stop = StopFlag::default();
    let ended = stop.raise_on_drop();
    let looks = tokio::task::spawn_blocking(move || {
        let citations = context.map(|context| cite::citations(&answer, &context, &stop)).unwrap_or_default();
        (citations, context_size(&snapshot), input_warnings(&snapshot))
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
    let (citations, context, warnings) = looked.unwrap_or_default();
    let LostCalls { first: lost, count: lost_count } = tree.lost();
    let usage = tree.meter.usage();
    Answer { text, termination, citations, context, warnings, lost, lost_count, usage, failure }
}

struct Asking<'a> {
    tree: &'a QueryContext,
    question: &'a Question,
}

impl Asking<'_> {
    async fn answer(&self) -> (Option<Arc<ContextText>>, Result<RunOutput, RunError>) {
        let snapshot = &self.question.snapshot;
        self.tree.progress("reading the context".to_owned());
        let context = Context::read(snapshot.clone());
        let text = match is_read_first(self.question) {
            true => match context.text().await {
                Ok(text) => Some(text),
                Err(stop) => return (None, Err(stop)),
            },
            false => None,
        };
        self.tree.emit(Event::Started(Started {
            question: self.question.text.clone(),
            model: self.tree.choice.root.name().to_owned(),
            worker: self.tree.choice.worker.name().to_owned(),
            why: self.tree.choice.why.clone(),
            context: context_size(snapshot),
        }));
        let result = match &text {
            Some(text) if is_direct(self.question.config.strategy, self.tree.choice.root.as_ref(), text) => {
                direct::answer(self.tree, self.question, text).await
            }
            _ => self.answer_by_programs(&context, text.as_deref()).await,
        };
        (context.if_ready(), result)
    }

    async fn answer_by_programs(&self, context: &Context, text: Option<&ContextText>) -> Result<RunOutput, RunError> {
        let Question { text: question, focus, snapshot, session, .. } = self.question;
        let root = self.tree.choice.root.clone();
        let overview = text.map_or_else(|| Overview::of_snapshot(snapshot), Overview::of_text);
        let (context, focus) = (context.clone(), focus.as_ref());
        let task = prompt::task(question, focus);
        let subject = Subject { context, overview: &overview, focus, question, task, session: session.as_ref() };
        Run::new(self.tree, 0, root, subject)?.finish().await
    }
}

/// Whether the text is read before the first call: if that takes no time, so that the model is told exact sizes or is
/// given the text itself.
fn is_read_first(question: &Question) -> bool {
    question.snapshot.is_quick_to_read() || question.config.strategy == Strategy::Direct
}

/// Whether the text goes into one prompt, instead of being looked at by programs.
fn is_direct(strategy: Strategy, root: &dyn Model, context: &ContextText) -> bool {
    match strategy {
        Strategy::Direct => true,
        Strategy::Rlm => false,
        Strategy::Auto => {
            // A character of source is about a third of a token; half of the window is left for the rest.
            let window = root.window().map_or(DIRECT_CHARS, |tokens| tokens * 3 / 2);
            !root.prefers_programs() && context.char_len() <= DIRECT_CHARS.min(window)
        }
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
    Failure { kind: "internal", message: error.to_string(), hint: None }
}

/// What a failure to read the context means to a person.
pub fn context_failure(error: &corpus::Error) -> Failure {
    Failure { kind: error.kind(), message: error.to_string(), hint: error.hint() }
}
