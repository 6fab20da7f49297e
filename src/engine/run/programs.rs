//! The programs of a run: what they begin with, and what is seen of them when they have run.

use super::{Focus, Run};
use crate::{
    corpus::{self, ContextText, StopFlag, StopOnDrop},
    engine::{
        Interpreter, context::Context, context_failure, desk::Desk, ending::Stop, event::Event, internal_failure,
        prompt, reply, tree::Tree,
    },
    repl::{self, CellOutcome, Ended, Launch, Session, wire::Names},
    text::{cut_head, cut_middle},
};
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
    fn keep_output(&mut self, room: usize) -> usize {
        let cut = cut_head(&self.output, room);
        let (kept, omitted) = (cut.shown.len(), cut.omitted);
        self.output.truncate(kept);
        self.output_omitted += omitted;
        self.output.chars().count()
    }
}

impl Run<'_> {
    /// Runs the programs of a reply in order, until one of them gives the answer.
    pub(super) async fn run_programs(
        &mut self,
        programs: &[String],
    ) -> Result<(Vec<CellRecord>, Option<String>), Stop> {
        let mut cells = Vec::new();
        let mut room = output_chars(self.model.window());
        for program in programs {
            self.tell("its program is running");
            let started = Instant::now();
            let outcome = self.run_cell(program).await?;
            let answer = outcome.report.answer.clone();
            if let (0, Some(draft)) = (self.depth, &outcome.report.draft) {
                self.tree.note_draft(draft);
            }
            let mut record = self.record(outcome);
            self.tree.emit(Event::Cell {
                run: self.number,
                depth: self.depth,
                iteration: self.iteration,
                code: program.clone(),
                output: record.output.clone(),
                error: record.error.clone(),
                seconds: started.elapsed().as_secs_f64(),
            });
            room -= record.keep_output(room);
            cells.push(record);
            if answer.is_some() {
                return Ok((cells, answer));
            }
        }
        Ok((cells, None))
    }

    async fn run_cell(&mut self, code: &str) -> Result<CellOutcome, Stop> {
        let (session, context) = self.programs.ready().await?;
        let desk = Desk { tree: self.tree, context, depth: self.depth };
        let outcome = session.run_cell(code, &desk).await?;
        // What a program has seen of a text that has changed meanwhile is worth nothing.
        let context = context.clone();
        blocking(move || context.check()).await?;
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

    /// The answer that a final line gives, or what to tell the model about it.
    pub(super) async fn evaluate_final(&mut self, line: &str) -> Result<Result<String, String>, Stop> {
        // As an expression it would be the variable's value, which may by chance be another one's name.
        let named = reply::final_variable(line).map(|name| format!("FINAL_VAR(\"{name}\")"));
        let report = self.run_cell(named.as_deref().unwrap_or(line)).await?.report;
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
pub(super) fn output_chars(window: Option<usize>) -> usize {
    window.map_or(OUTPUT_CHARS, |tokens| OUTPUT_CHARS.min(tokens * 3 / 5))
}

/// The interpreter of a run, with the text that its programs look into. It starts when the text is there.
pub(super) struct Programs {
    context: Context,
    focus: Option<Focus>,
    interpreter: Interpreter,
    limits: repl::Limits,
    /// Whether the text is indexed before a program searches it. Prompts of child runs are short.
    indexes: bool,
    /// Ends the indexing with the run.
    indexing: Option<StopOnDrop>,
    running: Option<(Session, Arc<ContextText>)>,
}

impl Programs {
    pub fn new(tree: &Tree, context: Context, focus: Option<Focus>, output_chars: usize, depth: usize) -> Self {
        let limits = repl::Limits { cell_time: tree.limits.cell_timeout, output_chars };
        let interpreter = tree.interpreter.clone();
        Self { context, focus, interpreter, limits, indexes: depth == 0, indexing: None, running: None }
    }

    /// Waits for the text and until the interpreter is ready for a program.
    pub async fn prepare(&mut self) -> Result<(), Stop> {
        self.ready().await?.0.prepare().await?;
        Ok(())
    }

    /// The interpreter and the text. Starts the one as soon as the other is there.
    async fn ready(&mut self) -> Result<(&mut Session, &Arc<ContextText>), Stop> {
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
        let (session, text) = self.running.insert(running);
        Ok((session, text))
    }

    async fn start(&self, text: Arc<ContextText>) -> Result<Session, Stop> {
        let (context, focus) = (text.clone(), self.focus.clone());
        // Places of many files in a long text take a while to count.
        let names = blocking(move || names(&context, focus.as_ref())).await?;
        let launch = Launch {
            program: self.interpreter.program.clone(),
            names,
            context: text,
            memory_limit: self.interpreter.memory_limit,
            allow_weaker_sandbox: self.interpreter.allow_weaker_sandbox,
        };
        Ok(Session::start(launch, self.limits).await?)
    }

    /// Ends the interpreter and waits until its process is gone.
    pub async fn close(self) {
        if let Some((session, _)) = self.running {
            session.close().await;
        }
    }
}

/// Does something with the text on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, corpus::Error> + Send + 'static,
) -> Result<T, Stop> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| Stop::Failed(context_failure(&error))),
        Err(error) => Err(Stop::Failed(internal_failure(&error))),
    }
}

/// What the programs of a run find beside the context.
fn names(context: &ContextText, focus: Option<&Focus>) -> Result<Names, corpus::Error> {
    let mut files = Vec::with_capacity(context.segments().len());
    for (number, segment) in context.segments().iter().enumerate() {
        if let Some(path) = &segment.path {
            let characters = context.file_characters(number)?;
            files.push((path.clone(), characters.start, characters.end));
        }
    }
    let variables = focus.map(|focus| ("selection".to_owned(), focus.text.clone())).into_iter().collect();
    Ok(Names { files, shape: context.shape().cloned(), variables })
}
