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
mod coverage;
mod detail;
mod error;
mod event;
mod expectation;
mod host;
mod known_answer;
mod origin;
mod preview;
mod prompt;
mod query_context;
mod question;
mod run;
mod similar;
mod strategy;
mod text_key;
mod tracked_call;

pub use answer::{Answer, Citation, CitationState, Earlier, EarlierState, Lost, Termination, grounding::Grounded};
pub use budget::{clock::Clock, usage::Usage};
pub use cite::Files as CitedFiles;
pub use consultation::{Agreement, Consultation, Planned, Reader};
pub use detail::{CallEnded, Caller, Detail, FileSize, ModelFacts, Place, Replied};
pub use error::{context_failure, internal_failure};
pub use event::{ContextSize, Delta, Event, EventSink, Started, SubCallState};
pub use expectation::{Expectation, Spread, not_confirmed};
pub use host::{all_tools, call_program, places::Places, python as functions_in_python, tool_action, tool_call};
pub use known_answer::kept_text;
pub use origin::Origin;
pub use preview::Preview;
pub use question::{
    Focus, Question,
    config::RunConfig,
    schema::AnswerSchema,
    session::{Keeping, Session, memory::Exchange},
};
pub use run::{reply, written_calls};

use crate::{
    config::{Limits, Price, Strategy},
    corpus::{ContextText, Snapshot, StopFlag, Tally},
    failure::{Failure, FailureKind},
    llm::{self, Choice, Models, Replies, ReplyUse, Scheduler},
    repl::Interpreters,
};
use answer::{grounding, kept::KeptForm};
use error::RunError;
use known_answer::{Asked, Known};
use prompt::overview::Overview;
use query_context::{QueryContext, QueryContextParts, ledger::LostCalls};
use run::{Run, RunInputs, RunOutput, bring_back, built_in, context::Context, direct, read};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use strategy::{decide, is_read_first, strategy};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long the citations of a partial answer are looked up. What was not looked at by then is not said to be there.
const PARTIAL_LOOK: Duration = Duration::from_millis(300);

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
    /// By which limits on time are kept.
    pub clock: Arc<Clock>,
}

impl Engine {
    /// Answers a question. What happens on the way goes to `events`; when `cancel` fires nothing further starts, open
    /// calls are closed, and what there is of an answer is returned.
    pub async fn ask(&self, question: Question, events: Arc<dyn EventSink>, cancel: CancellationToken) -> Answer {
        let started = Instant::now();
        if let Some(failure) = self.unknown_price(&question.limits).or_else(|| self.unfit_for(&question.config)) {
            return Answer::failed(failure);
        }
        let store = self.backend.replies.store();
        if let Some(session) = &question.session {
            if question.config.reply_use == ReplyUse::Off {
                session.stop_keeping();
            }
            session.recall(store).await;
        }
        let asked = Asked::of(self, &question);
        let tree = self.context_of(&question, events, cancel.clone());
        // Dropping the work drops every call and every interpreter that is open.
        let answered = tokio::select! {
            biased;
            () = cancel.cancelled() => Answered::ended(Termination::Cancelled),
            () = tree.ledger.budget.out_of_time() => Answered::ended(Termination::Timeout),
            answered = answer(&tree, &question, asked) => answered,
        };
        let (context, result, earlier) = match answered {
            Answered::Run { context, result, earlier } => (context, result, earlier),
            Answered::Known(mut answer, form) => {
                tree.progress.show_answer(&answer.text);
                if let Some(session) = &question.session {
                    session.note(&question.text, &answer.text);
                    form.programs.into_iter().for_each(|(programs, variables)| session.adopt(programs, variables));
                    session.save(store, None).await;
                }
                answer.warnings.extend(tree.known.take_notice());
                answer.usage.wall_time = started.elapsed();
                return *answer;
            }
        };
        if result.as_ref().is_err_and(RunError::is_of_model) {
            tree.known.forget_turns(0).await;
        }
        let mut answer = conclude(&tree, &question, context, result).await;
        tree.progress.show_answer(&answer.text);
        let is_answer = answer.termination.is_answer();
        let is_kept =
            question.session.as_ref().is_some_and(|it| it.has_unsigned_programs()) || asked.is_some() && is_answer;
        let text = match question.snapshot.context_if_built() {
            Some(context) if is_kept => text_key::of(context).await,
            _ => None,
        };
        if let Some(session) = &question.session {
            if is_answer {
                session.note(&question.text, &answer.text);
            }
            answer.warnings.extend(session.take_loss().map(|loss| loss.sentence()));
            session.save(store, text).await;
        }
        if let (Some(asked), Some(text)) = (asked, text) {
            let context = question.snapshot.context_if_built();
            let (strategy, _) = strategy(&question, self.choice.root.as_ref(), context.map(|it| it.char_len()));
            asked.keep(&tree, &question, &answer, text, strategy).await;
        }
        answer.earlier = earlier;
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
            clock: self.clock.clone(),
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
    let wants_files = tree.takes_details();
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
        let files = context.as_deref().filter(|_| wants_files).map(coverage::files);
        Looked { text, grounded, citations, context: context_size(&snapshot), warnings, files }
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
    let Looked { text, grounded, citations, context, warnings, files } =
        looked.unwrap_or_else(|_| Looked { text: written, ..Looked::default() });
    files.into_iter().for_each(|files| tree.note(|| files));
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
        seconds_ago: None,
        earlier: None,
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
    /// For a trace.
    files: Option<Detail>,
}

/// What came of a question.
enum Answered {
    /// Its answer was known.
    Known(Box<Answer>, Box<KeptForm>),
    /// The root has run; the text, if it is there; and what was answered before.
    Run { context: Option<Arc<ContextText>>, result: Result<RunOutput, RunError>, earlier: Option<Earlier> },
}

impl Answered {
    fn ended(limit: Termination) -> Self {
        Self::Run { context: None, result: Err(RunError::Limit(limit)), earlier: None }
    }
}

async fn answer(tree: &QueryContext, question: &Question, key: Option<Asked>) -> Answered {
    let snapshot = &question.snapshot;
    tree.say("reading the context".to_owned());
    let root = tree.choice.root.clone();
    let asked = match root.searches_question() {
        true => built_in::standing_alone(question),
        false => question.text.clone(),
    };
    if root.searches_question() {
        snapshot.expect(&asked);
    }
    let context = Context::read(snapshot.clone());
    let text = match is_read_first(question, root.as_ref()) {
        true => match context.text().await {
            Ok(text) => Some(text),
            Err(stop) => return Answered::Run { context: None, result: Err(stop), earlier: None },
        },
        false => None,
    };
    let known = match key {
        Some(key) => key.look(tree, question, &context).await,
        None => Known::Nothing,
    };
    tree.emit(Event::Started(Started {
        question: question.text.clone(),
        model: root.name().to_owned(),
        worker: tree.choice.worker.name().to_owned(),
        why: tree.choice.why.clone(),
        context: context_size(snapshot),
    }));
    for model in [root.as_ref(), tree.choice.worker.as_ref()] {
        tree.note_model(model);
    }
    let earlier = match known {
        Known::Answer(answer, form) => {
            let why = "the same was answered before, about the same text".to_owned();
            tree.note(|| Detail::Decision { run: 0, choice: "known answer", why });
            return Answered::Known(answer, form);
        }
        Known::Earlier(earlier) => Some(earlier),
        Known::Nothing => None,
    };
    let result = run(tree, question, &asked, &context, text).await;
    Answered::Run { context: context.if_ready(), result, earlier }
}

/// Has the model answer, in the way that is fit for it. `asked` is the question as it stands by itself, and `text` is there
/// if it was read first.
async fn run(
    tree: &QueryContext,
    question: &Question,
    asked: &str,
    context: &Context,
    text: Option<Arc<ContextText>>,
) -> Result<RunOutput, RunError> {
    let root = tree.choice.root.clone();
    let result = match (&text, decide(tree, question, root.as_ref(), text.as_deref())) {
        (Some(text), Strategy::Direct) => {
            tree.note_look();
            direct::answer(tree, question, text).await
        }
        (Some(text), Strategy::Read) => return read::answer(tree, question, text, None).await,
        _ => {
            let overview = text.as_deref().map_or_else(|| Overview::of_snapshot(&question.snapshot), Overview::of_text);
            bring_back::variables(tree, question, context).await?;
            let task = prompt::task(asked, question.focus.as_ref());
            let context = context.clone();
            let inputs = RunInputs { question, task, context, overview: &overview, model: root.clone(), depth: 0 };
            match Run::new(tree, inputs) {
                Ok(run) => run.finish(None).await,
                Err(stop) => Err(stop),
            }
        }
    };
    match result {
        Err(stop) if question.config.strategy == Strategy::Auto => read_instead(tree, question, context, stop).await,
        result => result,
    }
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
    tree.note(|| Detail::Decision { run: 0, choice: Strategy::Read.name(), why: why.clone() });
    tree.say(format!("{why}; it is given passages instead"));
    let warning = format!("{why}; so it was given passages of the built-in search to read");
    read::answer(tree, question, &text, Some(warning)).await.map_err(|_| stop)
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
