//! Ollama's own protocol: a JSON object on each line, the last of which says that the reply is done.

use super::{
    Error, Said,
    events::Event,
    offer::{self, OfferedTool},
};
use crate::{
    config::Effort,
    llm::{
        CallPiece, Message, PieceSink, Reply, Request, Role, Shape,
        adjustments::Adjusted,
        json::{self, Field},
        stream_reader::{Reported, StreamReader},
        tool::{MOST_CALLS, acceptable},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OfferedTool<'a>>,
    messages: Vec<SentMessage<'a>>,
    /// The schema that the text must satisfy.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
}

/// Whether the model reasons, or how much.
#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Not(bool),
    So(&'static str),
}

#[derive(Serialize)]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<usize>,
}

#[derive(Serialize)]
struct SentMessage<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<SentCall<'a>>,
}

#[derive(Serialize)]
struct SentCall<'a> {
    function: SentFunction<'a>,
}

#[derive(Serialize)]
struct SentFunction<'a> {
    name: String,
    arguments: Cow<'a, Value>,
}

/// What is asked for, streamed, in a window of so many tokens, in the way that the server is known to take.
pub(super) fn body<'a>(model: &'a str, request: &'a Request, adjusted: Adjusted, window: Option<usize>) -> Body<'a> {
    let options = Options { num_predict: request.max_output_tokens, num_ctx: window };
    Body {
        model,
        stream: true,
        options: (options.num_predict.is_some() || options.num_ctx.is_some()).then_some(options),
        tools: offer::tools(&request.tools),
        messages: request.messages.iter().map(sent).collect(),
        format: request.shape.as_ref().map(Shape::schema),
        think: adjusted.effort.map(|effort| match effort {
            Effort::None => Think::Not(false),
            effort => Think::So(offer::word(effort)),
        }),
    }
}

/// More bytes than a token of a text has on average, whatever the text.
const MOST_BYTES_PER_TOKEN: usize = 12;

/// Tokens by which a prompt that was cut may be shorter than the window.
const SLACK: u64 = 8;

/// A reply whose prompt was read as a whole. Ollama cuts what does not fit the window, and says so only by the number of
/// tokens that it has read: all that fit, or far fewer than the prompt has, since it leaves out whole messages.
///
/// # Errors
/// The prompt was cut: the reply answers another question than was asked.
pub(super) fn checked(request: &Request, reply: Reply, window: usize, model: &str) -> Result<Reply, Error> {
    let read = reply.usage.input;
    // Of a conversation an old Ollama counts only what it did not know yet.
    let is_first = request.messages.iter().all(|it| it.role != Role::Assistant);
    let is_full = read + SLACK >= window as u64;
    let is_short = is_first && read > 0 && read < (request.bytes() / MOST_BYTES_PER_TOKEN) as u64;
    if !is_full && !is_short {
        return Ok(reply);
    }
    let detail = format!("Ollama has cut it: it has read {read} tokens, and the window has {window}");
    Err(Error::PromptTooLong { model: model.to_owned(), detail })
}

fn sent(message: &Message) -> SentMessage<'_> {
    let calls = message.calls.iter().map(|call| SentCall {
        function: SentFunction { name: acceptable(&call.name), arguments: call.object_of_arguments() },
    });
    SentMessage { role: offer::role(message), content: message.said(), tool_calls: calls.collect() }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    error: Field<'a>,
    message: Field<'a>,
    done: Field<'a>,
    done_reason: Field<'a>,
    prompt_eval_count: Field<'a>,
    prompt_eval_cached_count: Field<'a>,
    eval_count: Field<'a>,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    content: Field<'a>,
    thinking: Field<'a>,
    tool_calls: Field<'a>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    function: Field<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    arguments: Field<'a>,
}

/// Takes what a line says into the reply.
///
/// # Errors
/// It is an error, or no JSON.
pub(super) fn take(event: &Event, reading: &mut StreamReader<'_>, pieces: PieceSink<'_>) -> Result<Said, Error> {
    let line: Line<'_> =
        serde_json::from_str(&event.data).map_err(|error| reading.broken(&format!("it is not JSON ({error})")))?;
    if line.error.is_some() {
        return Err(reading.said_error(&event.data));
    }
    if let Some(written) = json::object::<Written<'_>>(line.message) {
        if let Some(thinking) = json::text(written.thinking).filter(|it| !it.is_empty()) {
            reading.reasoning(&thinking, &mut *pieces);
        }
        if let Some(text) = json::text(written.content) {
            reading.text(&text, &mut *pieces);
        }
        for call in json::items(written.tool_calls, MOST_CALLS + 1) {
            let Some(call) = json::object::<Call<'_>>(Some(call)) else { continue };
            let Some(function) = json::object::<Function<'_>>(call.function) else { continue };
            let (id, name) = (json::text(call.id).unwrap_or_default(), json::text(function.name).unwrap_or_default());
            let arguments = function.arguments.map_or("{}", |it| it.get());
            reading.call(CallPiece { index: None, id: &id, name: &name, arguments }, &mut *pieces)?;
        }
    }
    if line.done.is_none_or(|done| done.get() != "true") {
        return Ok(Said::Part);
    }
    reading.usage(Reported {
        input: json::count(line.prompt_eval_count),
        output: json::count(line.eval_count),
        total: None,
        cached: json::count(line.prompt_eval_cached_count),
    });
    reading.finish(json::text(line.done_reason).as_deref().unwrap_or("stop"));
    Ok(Said::End)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        Finish, Reply, TokenUsage, Tool,
        adjustments::{Adjustments, LimitField},
        error_mapping::RemoteModel,
    };
    use serde_json::json;
    use std::sync::Arc;

    fn read(lines: &[Value]) -> Result<Reply, Error> {
        let request = Request::default();
        let remote = RemoteModel::new("m", "e", None, &[]);
        let mut reading = StreamReader::new(&remote, &Arc::default());
        for line in lines {
            let event = Event { name: String::new(), data: line.to_string() };
            if take(&event, &mut reading, &mut |_| {})? == Said::End {
                break;
            }
        }
        reading.conclude(&request, &mut |_| {})
    }

    #[test]
    fn all_that_stands_in_a_line_is_taken() {
        let reply = read(&[
            json!({"message": {"role": "assistant", "content": ""}, "done": false}),
            json!({"message": {"thinking": "hm", "content": "a "}}),
            json!({"message": {"content": "b"}, "done": true, "done_reason": "length", "prompt_eval_count": 10,
                   "prompt_eval_cached_count": 6, "eval_count": 20}),
            json!({"message": {"content": "behind the end"}}),
        ]);
        let reply = reply.unwrap();
        assert_eq!((reply.text.as_str(), reply.reasoning.as_str(), reply.finish), ("a b", "hm", Finish::Length));
        assert_eq!(reply.usage, TokenUsage { input: 10, output: 20, cached_input: 6 });
    }

    #[test]
    fn calls_come_whole_with_or_without_ids() {
        let call = |name: &str, arguments: Value| json!({"function": {"name": name, "arguments": arguments}});
        let calls =
            [call("grep", json!({"a": 1})), call("grep", json!({})), json!({"id": "x", "function": {"name": "f"}})];
        let reply = read(&[json!({"message": {"tool_calls": calls}, "done": true})]).unwrap();
        let shown: Vec<_> = reply.calls.iter().map(|it| format!("{}{}", it.name, it.arguments)).collect();
        assert_eq!(shown, ["grep{\"a\":1}", "grep{}", "f{}"]);
        assert_eq!(reply.calls[2].id, "x");
        assert_eq!(reply.finish, Finish::Complete);
    }

    #[test]
    fn an_error_is_one() {
        let error = read(&[json!({"error": "model runner has unexpectedly stopped"})]).unwrap_err();
        assert_eq!((error.kind().name(), error.is_transient()), ("server", true), "{error}");
        assert!(error.to_string().ends_with("model runner has unexpectedly stopped"), "{error}");
    }

    #[test]
    fn a_prompt_that_was_cut_is_noticed() {
        let request = |text: &str| Request { messages: vec![Message::user(text)], ..Request::default() };
        let reply = |input| Reply {
            text: "x".to_owned(),
            calls: Vec::new(),
            reasoning: String::new(),
            finish: Finish::Complete,
            usage: TokenUsage { input, output: 1, cached_input: 0 },
        };
        let (short, long) = (request("what?"), request(&"word ".repeat(4000)));
        assert!(checked(&short, reply(9), 4096, "m").is_ok() && checked(&long, reply(4001), 8192, "m").is_ok());
        for (request, read) in [(&short, 4096), (&long, 4090), (&long, 900)] {
            let error = checked(request, reply(read), 4096, "m").unwrap_err();
            assert!(matches!(&error, Error::PromptTooLong { detail, .. } if detail.contains("has cut it")), "{error}");
        }
    }

    #[test]
    fn a_request_has_what_ollama_takes() {
        let tool = Tool { name: "grep".into(), description: "d".into(), parameters: json!({"type": "object"}) };
        let call = crate::llm::ToolCall {
            id: "c".into(),
            name: "grep it".into(),
            arguments: json!({"a": 1}),
            signatures: None,
        };
        let messages = vec![
            Message::system("s"),
            Message::user("q"),
            Message::calling(" ", vec![call.clone()]),
            Message::result(&call, "found"),
        ];
        let request = Request { messages, max_output_tokens: Some(7), tools: Arc::from([tool]), ..Request::default() };
        let function = json!({"name": "grep", "description": "d", "parameters": {"type": "object"}});
        let expected = json!({
            "model": "m", "stream": true, "options": {"num_predict": 7},
            "tools": [{"type": "function", "function": function}],
            "messages": [
                {"role": "system", "content": "s"}, {"role": "user", "content": "q"},
                {"role": "assistant", "tool_calls": [{"function": {"name": "grep_it", "arguments": {"a": 1}}}]},
                {"role": "tool", "content": "found"}],
        });
        let sent = |effort, request: &Request, window| {
            let adjusted = Adjustments::new(LimitField::MaxTokens, None, effort, true).begin().adjusted;
            serde_json::to_value(body("m", request, adjusted, window)).unwrap()
        };
        assert_eq!(sent(Effort::Auto, &request, None), expected);
        let with_window = sent(Effort::Auto, &request, Some(8192));
        assert_eq!(with_window["options"], json!({"num_predict": 7, "num_ctx": 8192}));
        let schema = json!({"type": "array"});
        let shaped = Request { shape: Some(Shape::new(Arc::new(schema.clone()))), ..request };
        let sent = [Effort::None, Effort::High].map(|effort| sent(effort, &shaped, None));
        assert_eq!(
            (&sent[0]["format"], &sent[0]["think"], &sent[1]["think"]),
            (&schema, &json!(false), &json!("high"))
        );
    }
}
