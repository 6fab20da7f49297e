//! What a run begins with: what its model is told first, and what it may call. A preview shows the same.

use super::{inputs::PromptInputs, opening};
use crate::{
    config::ToolSpec,
    engine::{
        host,
        question::session::{Earlier, memory::Exchange},
    },
    llm::Tool,
};
use std::sync::Arc;

/// The beginning of a conversation.
pub struct InitialPrompt {
    pub instructions: String,
    pub opening: String,
    /// Nothing if the model writes programs.
    pub tools: Arc<[Tool]>,
}

impl InitialPrompt {
    pub fn of(inputs: &PromptInputs<'_>) -> Self {
        let question = inputs.question;
        let own: Vec<&ToolSpec> = question.config.toolbox.at_depth(inputs.depth).collect();
        let (exchanges, mut earlier): (Vec<Exchange>, Earlier) =
            question.session.as_ref().map(|it| (it.exchanges(), it.earlier())).unwrap_or_default();
        // What is given now hides what programs have made under the same name.
        earlier.variables.retain(|(name, _)| match name.as_str() {
            "history" => exchanges.is_empty(),
            "selection" => question.focus.is_none(),
            "question" => !super::is_long(&question.text),
            name => own.iter().all(|tool| tool.name != name),
        });
        Self {
            instructions: super::instructions(inputs.by_tools, &own),
            opening: opening(inputs, &exchanges, &earlier),
            tools: if inputs.by_tools { host::all_tools(&own).into() } else { Arc::default() },
        }
    }

    /// All of it as one text, for counting.
    pub fn text(&self) -> String {
        let tools = self.tools.iter().map(|tool| tool.description.clone() + &tool.parameters.to_string());
        [self.instructions.clone(), self.opening.clone()].into_iter().chain(tools).collect()
    }
}
