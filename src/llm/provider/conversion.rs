//! What goes to `genai` and what comes from it, in our types and in its own.

use crate::{
    config::Effort,
    llm::{
        CallPiece, Message, Role, ToolCall,
        stream_reader::Reported,
        tool::{acceptable, with_own_ids},
    },
};
use genai::chat::{ChatMessage, ContentPart, CustomPart, ReasoningEffort, StreamEnd, ToolChunk, Usage};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How a block of reasoning is marked that can be read.
const THINKING: &str = "thinking";

/// The fewest tokens that a model may be given to reason within.
const LEAST_BUDGET: u32 = 1024;

/// A piece of a call. `genai` names a call without an id after its number.
pub(super) fn piece(ToolChunk { tool_call }: &ToolChunk) -> CallPiece<'_> {
    let index = tool_call.call_id.strip_prefix("call_").and_then(|number| number.parse().ok());
    CallPiece {
        index,
        id: if index.is_some() { "" } else { &tool_call.call_id },
        name: &tool_call.fn_name,
        arguments: tool_call.fn_arguments.as_str().unwrap_or_default(),
    }
}

/// Bytes of calls that `genai` puts together, when another event of one has come: each has all that came of its call so
/// far.
pub(super) fn count_captured(captured: &mut HashMap<String, usize>, ToolChunk { tool_call }: &ToolChunk) -> usize {
    let text = tool_call.fn_arguments.as_str();
    let bytes = text.map_or_else(|| tool_call.fn_arguments.to_string().len(), str::len);
    captured.insert(tool_call.call_id.clone(), bytes);
    captured.values().sum::<usize>() + captured.len()
}

/// The calls that `genai` has put together. The first has what was reasoned before it, where that is to go back.
pub(super) fn captured_calls(end: &StreamEnd) -> Vec<ToolCall> {
    let calls = end.captured_tool_calls().unwrap_or_default().into_iter().map(|call| ToolCall {
        id: call.call_id.clone(),
        name: call.fn_name.clone(),
        arguments: call.fn_arguments.clone(),
        signatures: call.thought_signatures.as_ref().map(|all| all.iter().map(|it| json!(it)).collect()),
    });
    let mut calls = with_own_ids(calls.collect());
    let thoughts = thoughts(end);
    if let (Some(first), false) = (calls.first_mut(), thoughts.is_empty()) {
        first.signatures = Some(thoughts);
    }
    calls
}

/// What the model has reasoned, in the blocks of Anthropic's protocol: signed ones, and such as nobody can read.
fn thoughts(end: &StreamEnd) -> Vec<Value> {
    let parts = end.captured_content.iter().flat_map(|content| content.parts());
    let mut signature = None;
    let block = |part: &ContentPart| match part {
        ContentPart::ThoughtSignature(it) => {
            signature = Some(it.clone());
            None
        }
        ContentPart::ReasoningContent(thinking) => {
            let signature = signature.take()?;
            Some(json!({"type": THINKING, "thinking": thinking, "signature": signature}))
        }
        ContentPart::Custom(part) => Some(part.data.clone()),
        _ => None,
    };
    parts.filter_map(block).collect()
}

/// A block of reasoning as `genai` wants it.
fn thought_parts(block: &Value) -> Vec<ContentPart> {
    let text = |field: &str| block[field].as_str().map(str::to_owned);
    match (block["type"] == THINKING, text("thinking"), text("signature")) {
        (true, Some(thinking), Some(signature)) => {
            vec![ContentPart::ThoughtSignature(signature), ContentPart::ReasoningContent(thinking)]
        }
        _ => vec![ContentPart::Custom(CustomPart { model_iden: None, data: block.clone() })],
    }
}

pub(super) fn reported(usage: &Usage) -> Reported {
    let tokens = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
    Reported {
        input: tokens(usage.prompt_tokens),
        output: tokens(usage.completion_tokens),
        total: tokens(usage.total_tokens),
        cached: usage.prompt_tokens_details.as_ref().and_then(|details| tokens(details.cached_tokens)),
    }
}

pub(super) fn chat_message(message: &Message) -> ChatMessage {
    let text = message.content.as_str();
    match (message.role, &message.result_of) {
        (Role::System, _) => ChatMessage::system(text),
        (Role::Assistant, _) if message.calls.is_empty() => ChatMessage::assistant(text),
        (Role::Assistant, _) => {
            let signatures = message.calls.iter().flat_map(|call| call.signatures.iter().flatten());
            let thoughts = signatures.filter(|it| it.is_object()).flat_map(thought_parts);
            let said = (!text.trim().is_empty()).then(|| ContentPart::from_text(text));
            let calls = message.calls.iter().map(|call| ContentPart::ToolCall(chat_call(call)));
            ChatMessage::assistant(thoughts.chain(said).chain(calls).collect::<Vec<_>>())
        }
        (Role::Tool, Some((id, name))) => {
            let result = genai::chat::ToolResponse::new(id.as_str(), text).with_fn_name(acceptable(name));
            ChatMessage::tool(vec![ContentPart::ToolResponse(result)])
        }
        (Role::User | Role::Tool, _) => ChatMessage::user(text),
    }
}

fn chat_call(call: &ToolCall) -> genai::chat::ToolCall {
    genai::chat::ToolCall {
        call_id: call.id.clone(),
        fn_name: acceptable(&call.name),
        fn_arguments: call.object_of_arguments().into_owned(),
        thought_signatures: call
            .signatures
            .as_ref()
            .map(|all| all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect::<Vec<_>>())
            .filter(|all| !all.is_empty()),
    }
}

/// An effort in words, or where a model reasons within a budget that is part of its longest reply, as a budget.
pub(super) fn reasoning_effort(effort: Effort, longest_reply: Option<u32>) -> ReasoningEffort {
    match (effort, longest_reply) {
        (Effort::None, _) => ReasoningEffort::Zero,
        (_, Some(longest)) if longest < 2 * LEAST_BUDGET => ReasoningEffort::Zero,
        (Effort::Low, Some(_)) => ReasoningEffort::Budget(LEAST_BUDGET),
        (Effort::Auto | Effort::Medium, Some(longest)) => ReasoningEffort::Budget((longest / 3).max(LEAST_BUDGET)),
        (Effort::High, Some(longest)) => ReasoningEffort::Budget((longest / 3 * 2).max(LEAST_BUDGET)),
        (Effort::Low, None) => ReasoningEffort::Low,
        (Effort::Auto | Effort::Medium, None) => ReasoningEffort::Medium,
        (Effort::High, None) => ReasoningEffort::High,
    }
}
