//! The programs of a run: what they begin with, and what is seen of them when they have run.

use crate::{
    config::{Deed, Repair, ToolSpec},
    corpus::{self, ContextText, StopFlag, StopOnDrop},
    engine::{
        Interpreter, context_failure,
        event::{Event, Origin},
        host::dispatch::HostFunctions,
        internal_failure, prompt,
        query_context::QueryContext,
        question::{
            Focus,
            session::{Exchange, Kept, Session},
        },
        run::{Run, Subject, context::Context, output::RunError, reply},
    },
    repl::{
        self, CellOutcome, Ended, Hold, Launch, ReplSession,
        wire::{Names, OwnTool},
    },
    text::{cut_head, cut_middle},
};
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

/// Characters of output that a model sees of one program, and at most of the programs of one turn together.
const OUTPUT_CHARS: usize = 20_000;

/// Characters of a program's error that a model sees.
const ERROR_CHARS: usize = 4000;

/// A program that has run, as the model and the events see it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRecord {
    pub output: String,
    pub output_omitted: usize,
    pub error: Option<String>,
    pub variables: Vec<(String, String)>,
    pub ended: Ended,
}

impl CellRecord {
    /// Keeps the first `room` characters of the output; returns how many it has.
    pub(super) fn keep_output(&mut self, room: usize) -> usize {
        let cut = cut_head(&self.output, room);
        let (kept, omitted) = (cut.shown.len(), cut.omitted);
        self.output.truncate(kept);
        self.output_omitted += omitted;
        self.output.chars().count()
    }
}

/// A program that has run, before anybody was told.
pub(super) struct Held {
    pub record: CellRecord,
    /// Which program of its turn it is, from 1.
    number: u64,
    code: String,
    seconds: f64,
}

impl Run<'_> {
    /// Runs a program, the turn's `number`th from 1; tells the answer if it gave one.
    pub(super) async fn run_program(&mut self, code: String, number: u64) -> Result<(Held, Option<String>), RunError> {
        let started = Instant::now();
        let outcome = self.run_cell(&code, number).await?;
        let answer = outcome.report.answer.clone();
        if let (0, Some(draft)) = (self.depth, &outcome.report.draft) {
            self.tree.note_draft(draft);
        }
        Ok((Held { record: self.record(outcome), number, code, seconds: started.elapsed().as_secs_f64() }, answer))
    }

    /// Tells of a program that has run.
    pub(super) fn publish(&self, Held { record, number, code, seconds }: Held) -> CellRecord {
        let (output, error) = (record.output.clone(), record.error.clone());
        self.tree.emit(Event::Cell { origin: self.origin(number), code, output, error, seconds });
        record
    }

    /// Where a program, or a call of a tool, of this turn stands.
    pub(super) fn origin(&self, cell: u64) -> Origin {
        Origin { run: self.number, depth: self.depth, iteration: self.iteration, cell }
    }

    /// Tells of a call of a tool in the same way.
    pub(super) fn publish_call(&self, number: u64, code: String, result: &str, failed: bool, seconds: f64) {
        let (output, error) = match failed {
            true => (String::new(), Some(result.to_owned())),
            false => (result.to_owned(), None),
        };
        self.tree.emit(Event::Cell { origin: self.origin(number), code, output, error, seconds });
    }

    async fn run_cell(&mut self, code: &str, number: u64) -> Result<CellOutcome, RunError> {
        let origin = self.origin(number);
        let (repl, context) = self.programs.ready().await?;
        let host = HostFunctions { tree: self.tree, context, origin };
        let outcome = repl.run_cell(code, &host).await?;
        // What a program has seen of a text that has changed meanwhile is worth nothing.
        let context = context.clone();
        blocking(move || context.check()).await?;
        match outcome.ended {
            Ended::Normally => self.programs.variables.clone_from(&outcome.report.variables),
            Ended::RolledBack(_) => {}
            Ended::Lost(_) => self.programs.variables.clear(),
        }
        Ok(outcome)
    }

    fn record(&self, outcome: CellOutcome) -> CellRecord {
        let report = outcome.report;
        let error = match outcome.ended {
            Ended::Normally => report.error,
            Ended::RolledBack(cause) | Ended::Lost(cause) => Some(prompt::ended_error(
                cause,
                self.tree.limits.cell_timeout.as_secs_f64(),
                self.tree.interpreter.memory_limit,
            )),
        };
        CellRecord {
            output: report.output,
            output_omitted: report.output_omitted,
            // An exception may hold whatever text the program had at hand.
            error: error.map(|error| cut_middle(&error, ERROR_CHARS)),
            variables: report.variables,
            ended: outcome.ended,
        }
    }

    /// The answer that a final line gives, or what to tell the model about it. It runs after the turn's programs, as one
    /// more of them.
    pub(super) async fn evaluate_final(&mut self, line: &str, number: u64) -> Result<Result<String, String>, RunError> {
        // As an expression it would be the variable's value, which may by chance be another one's name.
        let named = reply::final_variable(line).map(|name| format!("FINAL_VAR(\"{name}\")"));
        let report = self.run_cell(named.as_deref().unwrap_or(line), number).await?.report;
        if let Some(answer) = report.answer {
            return Ok(Ok(answer));
        }
        let error = cut_middle(&report.error.unwrap_or_default(), ERROR_CHARS);
        // What is no Python may still be an answer: FINAL(The parser is in a.rs:3).
        match reply::final_text(line) {
            Some(text) if error.contains("SyntaxError") => Ok(Ok(text.to_owned())),
            _ => Ok(Err(error)),
        }
    }
}

/// How many characters of output a model with such a window sees at once: those of a fifth of it, at three to a token.
pub fn output_chars(window: Option<usize>) -> usize {
    window.map_or(OUTPUT_CHARS, |tokens| OUTPUT_CHARS.min(tokens * 3 / 5))
}

/// The interpreter of a run, with the text that its programs look into. It starts when the text is there.
pub(super) struct LazyInterpreter {
    context: Context,
    /// What programs find beside the text and its files.
    beside: Names,
    interpreter: Interpreter,
    limits: repl::Limits,
    /// Whether the text is indexed before a program searches it. Prompts of child runs are short.
    indexes: bool,
    /// Where the interpreter comes from and goes to, if there may be further questions.
    session: Option<Arc<Session>>,
    /// Keeps that interpreter until it is taken.
    _hold: Option<Hold>,
    /// The variables as they were last.
    variables: Vec<(String, String)>,
    lost_variables: bool,
    /// Ends the indexing with the run.
    indexing: Option<StopOnDrop>,
    running: Option<(ReplSession, Arc<ContextText>)>,
}

impl LazyInterpreter {
    /// Those of a run that is about to begin. `hold` keeps the interpreter whose variables its model was told of.
    pub fn new(
        tree: &QueryContext,
        subject: &Subject<'_>,
        output_chars: usize,
        depth: usize,
        hold: Option<Hold>,
    ) -> Self {
        let limits = repl::Limits { cell_time: tree.limits.cell_timeout, output_chars };
        Self {
            context: subject.context.clone(),
            beside: beside(tree, subject, depth),
            interpreter: tree.interpreter.clone(),
            limits,
            indexes: depth == 0,
            session: subject.session.cloned(),
            _hold: hold,
            variables: Vec::new(),
            lost_variables: false,
            indexing: None,
            running: None,
        }
    }

    /// The text, as soon as it is there.
    pub async fn context(&self) -> Result<Arc<ContextText>, RunError> {
        self.context.text().await
    }

    /// The text, there or still to come.
    pub fn context_on_its_way(&self) -> Context {
        self.context.clone()
    }

    /// The text, if it is there.
    pub fn text(&self) -> Option<Arc<ContextText>> {
        self.context.if_ready()
    }

    /// Waits for the text and until the interpreter is ready for a program. One of an earlier question is, and stays
    /// what it is until there is a program.
    pub async fn prepare(&mut self) -> Result<(), RunError> {
        // It gets ready while the text is still being read.
        self.interpreter.fork_server.warm()?;
        if self.running.is_none() && self.session.as_ref().is_some_and(|session| session.has_interpreter()) {
            return self.context.text().await.map(drop);
        }
        self.ready().await?.0.prepare().await?;
        Ok(())
    }

    /// The interpreter and the text. Starts the one as soon as the other is there.
    async fn ready(&mut self) -> Result<(&mut ReplSession, &Arc<ContextText>), RunError> {
        let running = match self.running.take() {
            Some(running) => running,
            None => {
                let text = self.context.text().await?;
                if self.indexes {
                    let (stop, text) = (StopFlag::default(), text.clone());
                    self.indexing = Some(stop.raise_on_drop());
                    tokio::task::spawn_blocking(move || text.prepare_search(&stop));
                }
                (self.start(text.clone()).await?, text)
            }
        };
        let (repl, text) = self.running.insert(running);
        Ok((repl, text))
    }

    async fn start(&mut self, text: Arc<ContextText>) -> Result<ReplSession, RunError> {
        let (context, beside) = (text.clone(), self.beside.clone());
        // Places of many files in a long text take a while to count.
        let names = blocking(move || names(&context, beside)).await?;
        let launch = Launch {
            fork_server: self.interpreter.fork_server.clone(),
            names,
            context: text,
            memory_limit: self.interpreter.memory_limit,
            allow_weaker_sandbox: self.interpreter.allow_weaker_sandbox,
        };
        if let Some(Kept { mut repl, variables }) = self.session.as_ref().and_then(|session| session.take()) {
            // An interpreter that cannot go on, for whatever reason, is no reason not to answer.
            if let Ok(true) = repl.renew(launch.clone(), self.limits).await {
                self.variables = variables;
                return Ok(repl);
            }
            self.lost_variables = !variables.is_empty();
        }
        Ok(ReplSession::start(launch, self.limits).await?)
    }

    /// Whether the variables of earlier questions, of which the model was told, turned out to be gone; said once.
    pub fn take_loss(&mut self) -> bool {
        std::mem::take(&mut self.lost_variables)
    }
}

impl Drop for LazyInterpreter {
    /// Keeps the interpreter for further questions, if there may be any, unless a program is left in the middle.
    fn drop(&mut self) {
        if let (Some((repl, _)), Some(session)) = (self.running.take(), self.session.take())
            && repl.is_idle()
        {
            session.keep(Kept { repl, variables: std::mem::take(&mut self.variables) });
        }
    }
}

/// Does something with the text on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, corpus::Error> + Send + 'static,
) -> Result<T, RunError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| RunError::Failed(context_failure(&error))),
        Err(error) => Err(RunError::Failed(internal_failure(&error))),
    }
}

/// What the programs of a run find beside the text and its files.
fn beside(tree: &QueryContext, subject: &Subject<'_>, depth: usize) -> Names {
    let mut variables: Vec<(String, String)> = Vec::new();
    variables.extend(subject.focus.map(|focus: &Focus| ("selection".to_owned(), focus.text.clone())));
    if prompt::is_long(subject.question) {
        variables.push(("question".to_owned(), subject.question.to_owned()));
    }
    let tool = |spec: &ToolSpec| match &spec.deed {
        Deed::Command { parameters, .. } => OwnTool {
            name: spec.name.clone(),
            description: spec.description.clone(),
            parameters: parameter_names(parameters),
            value: None,
        },
        Deed::Value(value) => OwnTool {
            name: spec.name.clone(),
            description: spec.description.clone(),
            parameters: Vec::new(),
            value: Some(value.clone()),
        },
    };
    let history = subject.session.map(|it| it.exchanges()).unwrap_or_default();
    Names {
        variables,
        history: history.into_iter().map(|Exchange { question, answer }| (question, answer)).collect(),
        tools: tree.config.toolbox.at_depth(depth).map(tool).collect(),
        gives_json: depth == 0 && tree.config.schema.is_some(),
        collapses_doubled_calls: tree.config.repairs(Repair::DoubledCalls),
        fills_placeholders: tree.config.repairs(Repair::Placeholders),
        ..Names::default()
    }
}

/// The names of a tool's parameters in the order in which a program may give them without: those that are required first.
fn parameter_names(schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let mut names: Vec<String> = Vec::new();
    for name in required.chain(properties) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The same with the places of the files.
fn names(context: &ContextText, beside: Names) -> Result<Names, corpus::Error> {
    let mut files = Vec::with_capacity(context.segments().len());
    for (number, segment) in context.segments().iter().enumerate() {
        if let Some(path) = &segment.path {
            let characters = context.file_characters(number)?;
            files.push((path.clone(), characters.start, characters.end));
        }
    }
    Ok(Names { files, shape: context.shape().cloned(), ..beside })
}
