//! What requests have in common, whichever protocol a server speaks.

use crate::{
    config::Effort,
    llm::{Message, Role, Tool},
};
use serde::Serialize;
use serde_json::Value;

/// A tool that the model may call.
#[derive(Serialize)]
pub(super) struct OfferedTool<'a> {
    r#type: &'static str,
    function: Offered<'a>,
}

#[derive(Serialize)]
struct Offered<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

pub(super) fn tools(tools: &[Tool]) -> Vec<OfferedTool<'_>> {
    tools.iter().map(offered).collect()
}

fn offered(Tool { name, description, parameters }: &Tool) -> OfferedTool<'_> {
    OfferedTool { r#type: "function", function: Offered { name, description, parameters } }
}

/// Who speaks. A result that belongs to no call is something that the user says.
pub(super) fn role(message: &Message) -> &'static str {
    match (message.role, &message.result_of) {
        (Role::System, _) => "system",
        (Role::Assistant, _) => "assistant",
        (Role::Tool, Some(_)) => "tool",
        (Role::User | Role::Tool, _) => "user",
    }
}

/// The word for an effort that a person has chosen.
pub(super) fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Auto => "auto",
        Effort::None => "none",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}
