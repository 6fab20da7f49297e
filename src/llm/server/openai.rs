//! The protocol of OpenAI's chat completions, as the servers that claim it speak it.
//!
//! A request has what all of them take, and nothing else. Of what comes back every field may be missing, `null`, or of
//! another kind than the documentation has; only what says something is taken.

mod request;

pub(super) use request::body;

use super::{Error, Said, events::Event};
use crate::llm::{
    CallPiece, PieceSink,
    json::{self, Field},
    stream_reader::{Reported, StreamReader},
    tool::MOST_CALLS,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The mark of the end.
const END: &str = "[DONE]";

/// The most parts of a text that comes as a list, and the most chunks in one list.
const MOST_PARTS: usize = 1000;

/// One JSON text of a server: a chunk of a stream, a whole completion, or an error.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    error: Field<'a>,
    object: Field<'a>,
    choices: Field<'a>,
    message: Field<'a>,
    detail: Field<'a>,
    /// MiniMax says in every chunk whether all is well.
    base_resp: Field<'a>,
    error_code: Field<'a>,
    errors: Field<'a>,
    /// How a server that knows no `error` tells that something is wrong, beside a `code`.
    msg: Field<'a>,
    usage: Field<'a>,
    #[serde(rename = "usageMetadata")]
    usage_metadata: Field<'a>,
    timings: Field<'a>,
    x_groq: Field<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    index: Field<'a>,
    delta: Field<'a>,
    message: Field<'a>,
    /// The text, in the older protocol of completions.
    text: Field<'a>,
    finish_reason: Field<'a>,
    /// Why what the choice is made by has failed, at a gateway.
    error: Field<'a>,
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
    /// The older form of a call.
    function_call: Field<'a>,
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

/// What is called. Some servers have it in the call itself.
#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    arguments: Field<'a>,
    parameters: Field<'a>,
    input: Field<'a>,
}

/// What MiniMax says of a request: 0 is well.
#[derive(Deserialize)]
struct BaseResp<'a> {
    #[serde(borrow)]
    status_code: Field<'a>,
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
    // Where events are not kept apart by an empty line the mark of the end stands behind the last chunk.
    let (data, is_end) = match event.data.trim() {
        data if event.name == "error" => return Err(reading.said_error(data)),
        data => data.strip_suffix(END).map_or((data, false), |before| (before, true)),
    };
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
    Ok(if is_end { Said::End } else { Said::Part })
}

/// What is no object says nothing.
fn take_chunk(json: &RawValue, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<(), Error> {
    let Some(chunk) = json::object::<Chunk<'_>>(Some(json)) else { return Ok(()) };
    let choice = json::items(chunk.choices, 1).first().and_then(|first| json::object::<Choice<'_>>(Some(first)));
    if chunk.is_error() {
        return Err(reading.said_error(json.get()));
    }
    let of_choice = choice.as_ref().and_then(|choice| choice.usage);
    // Some servers write several replies, in turn.
    let choice = choice.filter(|choice| reading.is_of_this_reply(json::count(choice.index)));
    if let Some(choice) = choice {
        // A whole completion has a message where a chunk has a part of one.
        let is_whole = choice.delta.is_none() && choice.message.is_some();
        if let Some(text) = json::text(choice.text) {
            reading.text(&text, &mut *pieces);
        }
        if let Some(delta) = json::object(choice.delta.or(choice.message)) {
            take_delta(&delta, reading, pieces)?;
        }
        if let Some(error) = choice.error.filter(says_something) {
            return Err(reading.said_error(error.get()));
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
        let is_bare = json::items(self.choices, 1).is_empty() && self.usage.is_none() && self.x_groq.is_none();
        let is_refused = json::object::<BaseResp<'_>>(self.base_resp)
            .is_some_and(|it| json::count(it.status_code).is_some_and(|code| code != 0));
        let fields = [self.error, self.error_code, self.errors];
        is_refused
            || fields.iter().flatten().any(says_something)
            || json::text(self.object).is_some_and(|kind| kind == "error")
            || (is_bare
                && (json::text(self.message).or_else(|| json::text(self.msg)).is_some() || self.detail.is_some()))
    }
}

fn says_something(field: &&RawValue) -> bool {
    !matches!(field.get(), "null" | "false" | "\"\"" | "{}" | "[]" | "0")
}

fn take_delta(delta: &Delta<'_>, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<(), Error> {
    let reasoning = json::text(delta.reasoning_content).or_else(|| json::text(delta.reasoning));
    if let Some(reasoning) = reasoning.filter(|it| !it.is_empty()) {
        reading.reasoning(&reasoning, &mut *pieces);
    }
    match (json::text(delta.content), delta.content) {
        (Some(text), _) => reading.text(&text, &mut *pieces),
        (None, Some(one)) if one.get().starts_with('{') => take_part(one, reading, &mut *pieces),
        (None, several) => {
            json::items(several, MOST_PARTS).into_iter().for_each(|part| take_part(part, reading, &mut *pieces));
        }
    }
    // What a model says in place of an answer is what it has said.
    if let Some(refusal) = json::text(delta.refusal).filter(|it| !it.is_empty()) {
        reading.text(&refusal, &mut *pieces);
    }
    // A call alone is no list to some.
    let calls = match delta.tool_calls {
        Some(one) if one.get().starts_with('{') => vec![one],
        several => json::items(several, MOST_CALLS + 1),
    };
    for json in calls {
        let Some(call) = json::object::<Call<'_>>(Some(json)) else { continue };
        let function = json::object(call.function).or_else(|| json::object(Some(json)));
        take_call(call.index, call.id, function, reading, &mut *pieces)?;
    }
    match json::object(delta.function_call) {
        Some(function) => take_call(None, None, Some(function), reading, pieces),
        None => Ok(()),
    }
}

fn take_call(
    index: Field<'_>,
    id: Field<'_>,
    function: Option<Function<'_>>,
    reading: &mut StreamReader<'_>,
    pieces: PieceSink<'_>,
) -> Result<(), Error> {
    let text = |field| json::text(field).unwrap_or_default();
    let (id, name) = (text(id), text(function.as_ref().and_then(|it| it.name)));
    let arguments = function.and_then(|it| it.arguments.or(it.parameters).or(it.input));
    // Most servers send the arguments as a text that holds JSON, some send the JSON itself.
    let arguments = match arguments {
        Some(raw) if !raw.get().starts_with('"') => raw.get().to_owned(),
        field => text(field),
    };
    reading.call(CallPiece { index: json::count(index), id: &id, name: &name, arguments: &arguments }, pieces)
}

/// A part of a text, which may be reasoning.
fn take_part(json: &RawValue, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) {
    let Some(part) = json::object::<Part<'_>>(Some(json)) else { return };
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

#[cfg(test)]
mod tests;
