//! The protocol of OpenAI's chat completions, as the servers that claim it speak it.
//!
//! A request has what all of them take, and nothing else. Of what comes back every field may be missing, `null`, or of
//! another kind than the documentation has; only what says something is taken.

use super::{
    Error, Said,
    events::Event,
    offer::{self, OfferedTool},
};
use crate::{
    config::Effort,
    llm::{
        CallPiece, Message, PieceSink, Request, Shape,
        adjustments::{Adjusted, LimitField},
        json::{self, Field},
        stream_reader::{Reported, StreamReader},
        tool::{MOST_CALLS, acceptable},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// The most parts of a text that comes as a list, and the most chunks in one list.
const MOST_PARTS: usize = 1000;

#[derive(Serialize)]
pub(super) struct Body<'a> {
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
pub(super) fn body<'a>(model: &'a str, request: &'a Request, adjusted: Adjusted) -> Body<'a> {
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

/// One JSON text of a server: a chunk of a stream, a whole completion, or an error.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    error: Field<'a>,
    object: Field<'a>,
    choices: Field<'a>,
    message: Field<'a>,
    detail: Field<'a>,
    usage: Field<'a>,
    #[serde(rename = "usageMetadata")]
    usage_metadata: Field<'a>,
    timings: Field<'a>,
    x_groq: Field<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Field<'a>,
    message: Field<'a>,
    finish_reason: Field<'a>,
    usage: Field<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Field<'a>,
    reasoning_content: Field<'a>,
    reasoning: Field<'a>,
    refusal: Field<'a>,
    tool_calls: Field<'a>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    text: Field<'a>,
    thinking: Field<'a>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    index: Field<'a>,
    id: Field<'a>,
    function: Field<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    arguments: Field<'a>,
}

/// Tokens, in the words of all who count them.
#[derive(Deserialize)]
struct Usage<'a> {
    #[serde(borrow)]
    prompt_tokens: Field<'a>,
    input_tokens: Field<'a>,
    #[serde(rename = "promptTokenCount")]
    prompt_token_count: Field<'a>,
    #[serde(rename = "inputTokens")]
    camel_input: Field<'a>,
    completion_tokens: Field<'a>,
    output_tokens: Field<'a>,
    #[serde(rename = "candidatesTokenCount")]
    candidates_token_count: Field<'a>,
    #[serde(rename = "outputTokens")]
    camel_output: Field<'a>,
    total_tokens: Field<'a>,
    #[serde(rename = "totalTokenCount")]
    total_token_count: Field<'a>,
    prompt_tokens_details: Field<'a>,
    input_tokens_details: Field<'a>,
    cached_tokens: Field<'a>,
    prompt_cache_hit_tokens: Field<'a>,
    cache_read_input_tokens: Field<'a>,
    #[serde(rename = "cachedContentTokenCount")]
    cached_content_token_count: Field<'a>,
}

impl Usage<'_> {
    fn reported(&self) -> Reported {
        let first = |fields: &[Field<'_>]| fields.iter().find_map(|field| json::count(*field));
        let of_details = |field| json::count(json::object::<UsageDetails<'_>>(field)?.cached_tokens);
        let input = [self.prompt_tokens, self.input_tokens, self.prompt_token_count, self.camel_input];
        let output = [self.completion_tokens, self.output_tokens, self.candidates_token_count, self.camel_output];
        let cached = [
            self.cached_tokens,
            self.prompt_cache_hit_tokens,
            self.cache_read_input_tokens,
            self.cached_content_token_count,
        ];
        let cached = of_details(self.prompt_tokens_details)
            .filter(|cached| *cached > 0)
            .or_else(|| of_details(self.input_tokens_details))
            .filter(|cached| *cached > 0)
            .or_else(|| first(&cached));
        Reported {
            input: first(&input),
            output: first(&output),
            total: first(&[self.total_tokens, self.total_token_count]),
            cached,
        }
    }
}

#[derive(Deserialize)]
struct UsageDetails<'a> {
    #[serde(borrow)]
    cached_tokens: Field<'a>,
}

/// What llama.cpp's server counts where it is not asked for more.
#[derive(Deserialize)]
struct Timings<'a> {
    #[serde(borrow)]
    prompt_n: Field<'a>,
    cache_n: Field<'a>,
    predicted_n: Field<'a>,
}

impl Timings<'_> {
    fn reported(&self) -> Reported {
        let cached = json::count(self.cache_n);
        let input = json::count(self.prompt_n).map(|read| read + cached.unwrap_or_default());
        Reported { input, output: json::count(self.predicted_n), total: None, cached }
    }
}

#[derive(Deserialize)]
struct GroqUsage<'a> {
    #[serde(borrow)]
    usage: Field<'a>,
}

/// Takes what a message says into the reply.
///
/// # Errors
/// It is an error, or no JSON.
pub(super) fn take(event: &Event, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<Said, Error> {
    let data = event.data.trim();
    if data == "[DONE]" {
        return Ok(Said::End);
    }
    if event.name == "error" {
        return Err(reading.said_error(data));
    }
    // A body that is no stream may hold several texts.
    for chunk in serde_json::Deserializer::from_str(data).into_iter::<&RawValue>() {
        let chunk = chunk.map_err(|error| reading.broken(&format!("it is not JSON ({error})")))?;
        match chunk.get().starts_with('[') {
            false => take_chunk(chunk, reading, &mut *pieces)?,
            true => {
                let chunks = json::items(Some(chunk), MOST_PARTS).into_iter();
                chunks.into_iter().try_for_each(|chunk| take_chunk(chunk, reading, &mut *pieces))?;
            }
        }
    }
    Ok(Said::Part)
}

/// What is no object says nothing.
fn take_chunk(json: &RawValue, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<(), Error> {
    let Some(chunk) = json::object::<Chunk<'_>>(Some(json)) else { return Ok(()) };
    let choice = json::items(chunk.choices, 1).first().and_then(|first| json::object::<Choice<'_>>(Some(first)));
    if chunk.is_error() {
        return Err(reading.said_error(json.get()));
    }
    let of_choice = choice.as_ref().and_then(|choice| choice.usage);
    if let Some(choice) = choice {
        // A whole completion has a message where a chunk has a part of one.
        let is_whole = choice.delta.is_none() && choice.message.is_some();
        if let Some(delta) = json::object(choice.delta.or(choice.message)) {
            take_delta(&delta, reading, pieces)?;
        }
        match json::text(choice.finish_reason) {
            Some(reason) => reading.finish(&reason),
            None if is_whole => reading.finish("stop"),
            None => {}
        }
    }
    let of_groq = json::object::<GroqUsage<'_>>(chunk.x_groq).and_then(|it| it.usage);
    if let Some(timings) = json::object::<Timings<'_>>(chunk.timings) {
        reading.usage(timings.reported());
    }
    for usage in [of_groq, of_choice, chunk.usage_metadata, chunk.usage] {
        if let Some(usage) = json::object::<Usage<'_>>(usage) {
            reading.usage(usage.reported());
        }
    }
    Ok(())
}

impl Chunk<'_> {
    /// Errors come as a field, by the kind of the object, or as an object that has nothing but a sentence.
    fn is_error(&self) -> bool {
        let says_something = |field: &&RawValue| !matches!(field.get(), "null" | "false" | "\"\"" | "{}" | "[]" | "0");
        let is_bare = self.choices.is_none() && self.usage.is_none() && self.x_groq.is_none();
        self.error.as_ref().is_some_and(says_something)
            || json::text(self.object).is_some_and(|kind| kind == "error")
            || (is_bare && (json::text(self.message).is_some() || self.detail.is_some()))
    }
}

fn take_delta(delta: &Delta<'_>, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<(), Error> {
    let reasoning = json::text(delta.reasoning_content).or_else(|| json::text(delta.reasoning));
    if let Some(reasoning) = reasoning.filter(|it| !it.is_empty()) {
        reading.reasoning(&reasoning, &mut *pieces);
    }
    match json::text(delta.content) {
        Some(text) => reading.text(&text, &mut *pieces),
        None => take_parts(delta.content, reading, &mut *pieces),
    }
    // What a model says in place of an answer is what it has said.
    if let Some(refusal) = json::text(delta.refusal).filter(|it| !it.is_empty()) {
        reading.text(&refusal, &mut *pieces);
    }
    for call in json::items(delta.tool_calls, MOST_CALLS + 1) {
        let Some(call) = json::object::<Call<'_>>(Some(call)) else { continue };
        let function: Option<Function<'_>> = json::object(call.function);
        let text = |field| json::text(field).unwrap_or_default();
        let (id, name) = (text(call.id), text(function.as_ref().and_then(|it| it.name)));
        let arguments = function.and_then(|it| it.arguments);
        // Most servers send the arguments as a text that holds JSON, some send the JSON itself.
        let arguments = match arguments {
            Some(raw) if !raw.get().starts_with('"') => raw.get().to_owned(),
            field => text(field),
        };
        let index = json::count(call.index);
        reading.call(CallPiece { index, id: &id, name: &name, arguments: &arguments }, &mut *pieces)?;
    }
    Ok(())
}

/// A text that comes as a list of parts, some of which are reasoning.
fn take_parts(content: Field<'_>, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) {
    for part in json::items(content, MOST_PARTS) {
        let Some(part) = json::object::<Part<'_>>(Some(part)) else { continue };
        if let Some(text) = json::text(part.text) {
            reading.text(&text, &mut *pieces);
        }
        match json::text(part.thinking) {
            Some(thinking) => reading.reasoning(&thinking, &mut *pieces),
            None => {
                let thoughts = json::items(part.thinking, MOST_PARTS);
                let texts = thoughts.into_iter().filter_map(|it| json::text(json::object::<Part<'_>>(Some(it))?.text));
                texts.for_each(|text| reading.reasoning(&text, &mut *pieces));
            }
        }
    }
}

#[cfg(test)]
mod tests;
