//! The interpreter of a run: it starts when there is a text and a program, with what its programs find.

use crate::{
    corpus::{ContextText, StopFlag, StopOnDrop},
    engine::{
        Backend,
        error::RunError,
        host::{dispatch::HostFunctions, recorded::Recording},
        origin::Origin,
        query_context::QueryContext,
        question::{
            Focus,
            session::{Kept, Session, memory::QuestionPrograms},
        },
        run::{
            RunInputs,
            context::Context,
            looking,
            names::{beside, blocking, names},
            notes,
        },
    },
    repl::{self, CellOutcome, Ended, Hold, Interpreter, wire::Names},
};
use std::sync::Arc;

/// The interpreter of a run, with the text that its programs look into. It starts when the text is there.
pub(super) struct LazyInterpreter {
    context: Context,
    /// What programs find beside the text and its files.
    beside: Names,
    backend: Backend,
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
    /// The programs of this question, if they are kept, and what it is about.
    programs: Option<QuestionPrograms>,
    focus: Option<Focus>,
    /// Ends the indexing with the run.
    indexing: Option<StopOnDrop>,
    running: Option<(Box<dyn Interpreter>, Arc<ContextText>)>,
}

impl LazyInterpreter {
    /// Those of a run that is about to begin. `hold` keeps the interpreter whose variables its model was told of.
    pub fn new(tree: &QueryContext, inputs: &RunInputs<'_>, output_chars: usize, hold: Option<Hold>) -> Self {
        let limits = repl::Limits { cell_time: tree.limits.cell_timeout, output_chars };
        Self {
            context: inputs.context.clone(),
            beside: beside(tree, inputs.question, inputs.depth),
            backend: tree.backend.clone(),
            limits,
            indexes: inputs.depth == 0,
            session: inputs.question.session.clone(),
            _hold: hold,
            variables: Vec::new(),
            lost_variables: false,
            programs: notes::begin(inputs),
            focus: inputs.question.focus.clone(),
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
        self.backend.interpreters.warm()?;
        if self.running.is_none() && self.session.as_ref().is_some_and(|session| session.has_interpreter()) {
            return self.context.text().await.map(drop);
        }
        self.ready().await?.0.prepare().await?;
        Ok(())
    }

    /// The interpreter and the text. Starts the one as soon as the other is there.
    async fn ready(&mut self) -> Result<(&mut dyn Interpreter, &Arc<ContextText>), RunError> {
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
        let (interpreter, text) = self.running.insert(running);
        Ok((interpreter.as_mut(), text))
    }

    async fn start(&mut self, text: Arc<ContextText>) -> Result<Box<dyn Interpreter>, RunError> {
        let (context, beside) = (text.clone(), self.beside.clone());
        // Places of many files in a long text take a while to count.
        let names = blocking(move || names(&context, beside)).await?;
        let interpreters = &self.backend.interpreters;
        if let Some(Kept { repl, variables }) = self.session.as_ref().and_then(|session| session.take()) {
            if let Some(renewed) = interpreters.renew(repl, text.clone(), names.clone(), self.limits).await {
                self.variables = variables;
                return Ok(renewed);
            }
            self.lost_variables = !variables.is_empty();
        }
        self.session.iter().for_each(|session| session.lose_variables());
        Ok(interpreters.start(text, names, self.limits).await?)
    }

    /// Runs a program.
    pub async fn run_cell(&mut self, tree: &QueryContext, code: &str, origin: Origin) -> Result<CellOutcome, RunError> {
        let (interpreter, context) = self.ready().await?;
        let host = HostFunctions { tree, context, origin };
        if origin.depth == 0 {
            let own: Vec<&str> = tree.config.toolbox.at_depth(0).map(|it| it.name.as_str()).collect();
            if looking::looks(code, &own) {
                tree.note_look();
            }
        }
        let recording = Recording::new(host);
        let outcome = interpreter.run_cell(code, &recording).await?;
        let calls = recording.take_calls();
        drop(recording);
        // What a program has seen of a text that has changed meanwhile is worth nothing.
        let context = context.clone();
        blocking(move || context.check()).await?;
        match outcome.ended {
            Ended::Normally => {
                self.variables.clone_from(&outcome.report.variables);
                if let Some(noted) = &mut self.programs {
                    noted.push(notes::program(code, &outcome.report, calls));
                }
            }
            Ended::RolledBack(_) => {}
            Ended::Lost(_) => {
                self.variables.clear();
                self.programs.iter_mut().for_each(QuestionPrograms::clear);
                self.session.iter().for_each(|session| session.lose_variables());
            }
        }
        Ok(outcome)
    }

    /// Whether the variables of earlier questions, of which the model was told, turned out to be gone; said once.
    pub fn take_loss(&mut self) -> bool {
        std::mem::take(&mut self.lost_variables)
    }
}

impl Drop for LazyInterpreter {
    /// Keeps the interpreter for further questions, if there may be any, unless a program is left in the middle.
    fn drop(&mut self) {
        let (Some((interpreter, context)), Some(session)) = (self.running.take(), self.session.take()) else { return };
        let resting = if interpreter.is_idle() { interpreter.rest() } else { None };
        match resting {
            Some(resting) => {
                let programs = self.programs.take().map(|it| notes::placed(it, self.focus.as_ref(), &context));
                session.keep(resting, std::mem::take(&mut self.variables), programs);
            }
            None => session.lose_variables(),
        }
    }
}
