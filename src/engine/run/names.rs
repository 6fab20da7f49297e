//! What the programs of a run find by name: the places of the files, variables, earlier questions, tools.

use crate::{
    config::{Deed, Repair, ToolSpec},
    corpus::{self, ContextText},
    engine::{
        context_failure,
        error::RunError,
        internal_failure, prompt,
        query_context::QueryContext,
        question::{Question, session::memory::Exchange},
    },
    repl::wire::{Names, OwnTool},
};
use serde_json::Value;

/// Does something with the text on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, corpus::Error> + Send + 'static,
) -> Result<T, RunError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| RunError::Failed(context_failure(&error))),
        Err(error) => Err(RunError::Failed(internal_failure(&error))),
    }
}

/// What the programs of a run find beside the text and its files.
pub(super) fn beside(tree: &QueryContext, question: &Question, depth: usize) -> Names {
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
pub(super) fn names(context: &ContextText, beside: Names) -> Result<Names, corpus::Error> {
    let mut files = Vec::with_capacity(context.segments().len());
    for (number, segment) in context.segments().iter().enumerate() {
        if let Some(path) = &segment.path {
            let characters = context.file_characters(number)?;
            files.push((path.clone(), characters.start, characters.end));
        }
    }
    Ok(Names { files, shape: context.shape().cloned(), ..beside })
}
