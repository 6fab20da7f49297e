//! What a run begins with: what its model is told first, and what it may call. A preview shows the same.

use crate::{
    config::ToolSpec,
    engine::{
        host,
        prompt::{self, overview::Overview},
        question::{Focus, config::RunConfig, schema::AnswerSchema, session::Session},
        run::output_chars,
    },
    llm::{Model, Tool},
};
use std::sync::Arc;

/// What is known of a run before it begins.
pub struct PromptInputs<'a> {
    pub config: &'a RunConfig,
    pub model: &'a dyn Model,
    /// The model of sub-calls.
    pub worker: &'a dyn Model,
    pub by_tools: bool,
    /// 0 for the root.
    pub depth: usize,
    pub overview: &'a Overview<'a>,
    pub focus: Option<&'a Focus>,
    pub question: &'a str,
    /// What earlier questions have left.
    pub session: Option<&'a Arc<Session>>,
}

/// The beginning of a conversation.
pub struct InitialPrompt {
    pub instructions: String,
    pub opening: String,
    /// Nothing if the model writes programs.
    pub tools: Arc<[Tool]>,
}

impl InitialPrompt {
    pub fn of(it: &PromptInputs<'_>) -> Self {
        let own: Vec<&ToolSpec> = it.config.toolbox.at_depth(it.depth).collect();
        let (exchanges, mut earlier) =
            it.session.map(|session| (session.exchanges(), session.earlier())).unwrap_or_default();
        // What is given now hides what programs have made under the same name.
        earlier.variables.retain(|(name, _)| match name.as_str() {
            "history" => exchanges.is_empty(),
            "selection" => it.focus.is_none(),
            "question" => !prompt::is_long(it.question),
            name => own.iter().all(|tool| tool.name != name),
        });
        let opening = prompt::opening(&prompt::Opening {
            overview: it.overview,
            focus: it.focus,
            question: it.question,
            // A child's answer goes to a program.
            schema: it.config.schema.as_ref().filter(|_| it.depth == 0).map(AnswerSchema::text),
            window: it.model.window(),
            output_chars: output_chars(it.model.window()),
            worker_window: it.worker.window(),
            exchanges: &exchanges,
            earlier: &earlier,
        });
        Self {
            instructions: prompt::instructions(it.by_tools, &own),
            opening,
            tools: if it.by_tools { host::all_tools(&own).into() } else { Arc::default() },
        }
    }

    /// All of it as one text, for counting.
    pub fn text(&self) -> String {
        let tools = self.tools.iter().map(|tool| tool.description.clone() + &tool.parameters.to_string());
        [self.instructions.clone(), self.opening.clone()].into_iter().chain(tools).collect()
    }
}
