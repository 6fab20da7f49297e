//! What is asked for, in the protocol of OpenAI's chat completions.

use crate::{
    config::Effort,
    llm::{
        Message, Request, Shape,
        adjustments::{Adjusted, LimitField},
        server::offer::{self, OfferedTool},
        tool::acceptable,
    },
};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
pub struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OfferedTool<'a>>,
    messages: Vec<SentMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    /// What llama.cpp, vLLM and SGLang tell the model's template.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_template_kwargs: Option<TemplateFields>,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: NamedSchema<'a>,
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a Value,
}

#[derive(Serialize)]
struct TemplateFields {
    enable_thinking: bool,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct SentMessage<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<SentCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct SentCall<'a> {
    r#type: &'static str,
    id: &'a str,
    function: SentFunction,
}

#[derive(Serialize)]
struct SentFunction {
    name: String,
    arguments: String,
}

/// What is asked for, in the way that the server is known to take.
pub fn body<'a>(model: &'a str, request: &'a Request, adjusted: Adjusted) -> Body<'a> {
    let limit = |field| request.max_output_tokens.filter(|_| adjusted.limit_field == field);
    Body {
        model,
        stream: adjusted.streams,
        tools: offer::tools(&request.tools),
        messages: request.messages.iter().map(sent).collect(),
        stream_options: adjusted.asks_for_usage.then_some(StreamOptions { include_usage: true }),
        max_tokens: limit(LimitField::MaxTokens),
        max_completion_tokens: limit(LimitField::MaxCompletionTokens),
        response_format: request.shape.as_ref().map(response_format),
        reasoning_effort: adjusted.effort.map(offer::word),
        chat_template_kwargs: (adjusted.effort == Some(Effort::None) && adjusted.sets_template)
            .then_some(TemplateFields { enable_thinking: false }),
    }
}

fn response_format(shape: &Shape) -> ResponseFormat<'_> {
    let json_schema = NamedSchema { name: "answer", strict: shape.is_strict(), schema: shape.schema() };
    ResponseFormat { r#type: "json_schema", json_schema }
}

fn sent(message: &Message) -> SentMessage<'_> {
    let call_id = message.result_of.as_ref().map(|(id, _)| id.as_str());
    let role = offer::role(message);
    let calls = message.calls.iter().map(|call| SentCall {
        r#type: "function",
        id: &call.id,
        function: SentFunction { name: acceptable(&call.name), arguments: call.object_of_arguments().to_string() },
    });
    let tool_call_id = call_id.filter(|_| role == "tool");
    SentMessage { role, content: message.said(), tool_calls: calls.collect(), tool_call_id }
}
