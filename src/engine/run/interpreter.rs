//! The interpreter of a run: it starts when there is a text and a program, with what its programs find.

use crate::{
    config::{Deed, Repair, ToolSpec},
    corpus::{self, ContextText, StopFlag, StopOnDrop},
    engine::{
        Backend, context_failure,
        error::RunError,
        event::Origin,
        host::dispatch::HostFunctions,
        internal_failure, prompt,
        query_context::QueryContext,
        question::session::{Exchange, Kept, Session},
        run::{RunInputs, context::Context, looking},
    },
    repl::{
        self, CellOutcome, Ended, Hold, Interpreter,
        wire::{Names, OwnTool},
    },
};
use serde_json::Value;
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
            beside: beside(tree, inputs),
            backend: tree.backend.clone(),
            limits,
            indexes: inputs.depth == 0,
            session: inputs.question.session.clone(),
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
        let outcome = interpreter.run_cell(code, &host).await?;
        // What a program has seen of a text that has changed meanwhile is worth nothing.
        let context = context.clone();
        blocking(move || context.check()).await?;
        match outcome.ended {
            Ended::Normally => self.variables.clone_from(&outcome.report.variables),
            Ended::RolledBack(_) => {}
            Ended::Lost(_) => self.variables.clear(),
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
        if let (Some((interpreter, _)), Some(session)) = (self.running.take(), self.session.take())
            && interpreter.is_idle()
            && let Some(resting) = interpreter.rest()
        {
            session.keep(resting, std::mem::take(&mut self.variables));
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
fn beside(tree: &QueryContext, inputs: &RunInputs<'_>) -> Names {
    let (question, depth) = (inputs.question, inputs.depth);
    let mut variables: Vec<(String, String)> = Vec::new();
    variables.extend(question.focus.as_ref().map(|focus| ("selection".to_owned(), focus.text.clone())));
    if prompt::is_long(&question.text) {
        variables.push(("question".to_owned(), question.text.clone()));
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
    let history = question.session.as_ref().map(|it| it.exchanges()).unwrap_or_default();
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
