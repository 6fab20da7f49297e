//! What servers are known to send, and what becomes of it.

use super::*;
use crate::{
    config::Effort,
    llm::{
        Finish, Message, Reply, Request, Shape, TokenUsage, Tool, ToolCall,
        adjustments::{Adjusted, Adjustments},
        error_mapping::RemoteModel,
        server::limit_field,
    },
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The reply that these messages make.
fn read(messages: &[&str]) -> Result<Reply, Error> {
    let request = Request::default();
    let remote = RemoteModel::new("m", "e", None, &[]);
    let mut reading = StreamReader::new(&remote, &Arc::default());
    for message in messages {
        // The name of an event stands before a bar.
        let (name, data) = message.split_once('|').unwrap_or(("", message));
        let event = Event { name: name.to_owned(), data: data.to_owned() };
        if take(&event, &mut reading, &mut |_| {})? == Said::End {
            break;
        }
    }
    reading.conclude(&request, &mut |_| {})
}

fn text(messages: &[&str]) -> String {
    let reply = read(messages).unwrap();
    match reply.reasoning.as_str() {
        "" => reply.text,
        reasoning => format!("({reasoning}){}", reply.text),
    }
}

#[test]
fn texts_and_reasoning_are_taken_in_every_spelling() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}).to_string();
    let cases = [
        (delta(json!({"content": "a"})), "a"),
        (delta(json!({"content": "a", "reasoning_content": "r"})), "(r)a"),
        (delta(json!({"content": "a", "reasoning": "r", "reasoning_content": null})), "(r)a"),
        (delta(json!({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]})), "ab"),
        (
            delta(json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "r"}]},
                                     {"type": "thinking", "thinking": "s"}, {"type": "text", "text": "a"}]})),
            "(rs)a",
        ),
        (delta(json!({"content": null, "refusal": "I must decline."})), "I must decline."),
        (delta(json!({"content": {"type": "text", "text": "a"}})), "a"),
        (r#"{"choices": [{"text": "a", "index": 0}]}"#.to_owned(), "a"),
        (
            r#"{"choices": [{"index": 1, "delta": {"content": "a"}}]} {"choices": [{"index": 0, "delta": {"content": "b"}}]}
               {"choices": [{"index": 1, "delta": {"content": "c"}}]}"#.to_owned(),
            "ac",
        ),
        (delta(json!({"content": "<think>r</think>a"})), "(r)a"),
        (r#"{"choices": [{"delta": {"content": "a\ud83d"}}]}"#.to_owned(), "a\u{fffd}\u{fffd}\u{fffd}"),
        (r#"{"choices": [{"message": {"content": "a"}}], "usage": null}"#.to_owned(), "a"),
        (
            r#"[{"choices": [{"delta": {"content": "a"}}]}, {"choices": [{"delta": {"content": "b"}}]}]"#.to_owned(),
            "ab",
        ),
        (r#"{"choices": [{"delta": {"content": "a"}}]} {"choices": [{"delta": {"content": "b"}}]}"#.to_owned(), "ab"),
        (r#"{"choices": [{"delta": {"content": "a"}}], "error": null}"#.to_owned(), "a"),
        (r#"{"choices": [{"delta": {"content": "a"}}], "error": ""}"#.to_owned(), "a"),
        (
            r#"{"choices": [{"delta": {"content": "a"}}], "base_resp": {"status_code": 0, "status_msg": ""}}"#
                .to_owned(),
            "a",
        ),
        (r#"{"choices": [{"delta": {"content": "a"}}], "error_code": 0, "errors": []}"#.to_owned(), "a"),
        ("{\"choices\": [{\"delta\": {\"content\": \"a\"}}]}\n[DONE]".to_owned(), "a"),
    ];
    for (message, expected) in cases {
        assert_eq!(text(&[&message]), expected, "{message}");
    }
}

#[test]
fn what_says_nothing_is_passed_over() {
    let messages = [
        "",
        "null",
        "7",
        "{}",
        r#"{"choices": [], "prompt_filter_results": []}"#,
        r#"{"choices": null}"#,
        r#"{"choices": {}}"#,
        r#"{"choices": [{"index": 0, "finish_reason": null}]}"#,
        r#"{"choices": [{"index": 0, "delta": null, "finish_reason": ""}]}"#,
        r#"{"choices": [{"index": 0, "delta": {"content": null, "role": "assistant", "tool_calls": null}}]}"#,
        r#"{"choices": [7]}"#,
        "ping|{}",
        r#"{"choices": [{"index": 0, "delta": {"content": "a"}}]}"#,
        "[DONE]",
        r#"{"choices": [{"index": 0, "delta": {"content": "behind the end"}}]}"#,
    ];
    assert_eq!(text(&messages), "a");
}

#[test]
fn the_end_is_told_by_its_reason() {
    let part = r#"{"choices": [{"delta": {"content": "a"}}]}"#;
    for (end, expected) in [
        (r#"{"choices": [{"delta": {}, "finish_reason": "stop"}]}"#, Finish::Complete),
        (r#"{"choices": [{"delta": {}, "finish_reason": "length"}]}"#, Finish::Length),
        (r#"{"choices": [{"finish_reason": "content_filter"}]}"#, Finish::Other("content_filter".into())),
        (r#"{"choices": [{"delta": {}, "finish_reason": 7}]}"#, Finish::Complete),
    ] {
        assert_eq!(read(&[part, end]).unwrap().finish, expected, "{end}");
    }
}

#[test]
fn calls_are_taken_in_every_spelling() {
    let calls = |calls: Value| {
        let message = json!({"choices": [{"delta": {"tool_calls": calls}}]}).to_string();
        let reply = read(&[&message]).unwrap();
        reply.calls.iter().map(|it| format!("{}: {}{}", it.id, it.name, it.arguments)).collect::<Vec<_>>()
    };
    let function = json!({"name": "f", "arguments": "{\"a\": 1}"});
    assert_eq!(calls(json!([{"index": 0, "id": "x", "function": function}])), ["x: f{\"a\":1}"]);
    assert_eq!(calls(json!([{"id": "x", "function": function}])), ["x: f{\"a\":1}"]);
    assert_eq!(
        calls(json!([{"index": 0, "function": function}, {"index": 0, "function": function}])),
        ["call-0: f{\"a\":1}", "call-1: f{\"a\":1}"]
    );
    assert_eq!(
        calls(json!([{"index": 0, "id": null, "function": {"name": "f", "arguments": {"a": 1}}}])),
        ["call-0: f{\"a\":1}"]
    );
    assert_eq!(calls(json!([{"index": "0", "id": 7, "function": {"name": "f", "arguments": null}}])), ["call-0: f{}"]);
    assert_eq!(
        calls(json!([{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{}"}},
                     {"index": 0, "id": "", "function": {"name": "", "arguments": "{\"a\": 1}"}}])),
        ["x: f{\"a\":1}"]
    );
    assert_eq!(calls(json!({"id": "x", "function": function})), ["x: f{\"a\":1}"]);
    assert_eq!(calls(json!([{"id": "x", "name": "f", "arguments": {"a": 1}}])), ["x: f{\"a\":1}"]);
    assert_eq!(calls(json!([{"id": "x", "type": "function", "name": "f", "input": {"a": 1}}])), ["x: f{\"a\":1}"]);
    let older = |call: Value| json!({"choices": [{"delta": {"function_call": call}}]}).to_string();
    let pieces = [json!({"name": "f", "arguments": ""}), json!({"arguments": "{\"a\""}), json!({"arguments": ": 1}"})]
        .map(older);
    let reply = read(&[&pieces[0], &pieces[1], &pieces[2]]).unwrap();
    assert_eq!((reply.calls[0].name.as_str(), &reply.calls[0].arguments), ("f", &json!({"a": 1})));
    let whole = json!({"choices": [{"message": {"content": null, "tool_calls": [{"id": "x", "function": function}]},
                                    "finish_reason": "tool_calls"}]});
    let reply = read(&[&whole.to_string()]).unwrap();
    assert_eq!((reply.calls.len(), reply.finish), (1, Finish::Complete));
}

#[test]
fn usage_is_taken_wherever_it_stands() {
    let part = r#"{"choices": [{"delta": {"content": "a"}}], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}"#;
    let usage = r#""usage": {"prompt_tokens": 54321.0, "completion_tokens": "777",
                    "prompt_tokens_details": {"cached_tokens": 900}}"#;
    for message in [
        format!(r#"{{"choices": [], {usage}}}"#),
        format!(r#"{{{usage}}}"#),
        format!(r#"{{"choices": [{{"delta": {{}}}}], {usage}}}"#),
        format!(r#"{{"choices": [], "x_groq": {{{usage}}}}}"#),
    ] {
        let expected = TokenUsage { input: 54321, output: 777, cached_input: 900 };
        assert_eq!(read(&[part, &message, part]).unwrap().usage, expected, "{message}");
    }
}

#[test]
fn errors_are_found_in_every_spelling() {
    for (message, kind, said) in [
        (r#"{"error": {"message": "no room", "code": 503}}"#, "server", "no room"),
        (r#"{"error": "no room"}"#, "server", "no room"),
        (r#"{"error": {"message": "bad", "type": "invalid_request_error", "code": null}}"#, "rejected", "bad"),
        (r#"{"error": {"message": "x", "code": "invalid_api_key"}}"#, "unauthorized", "x"),
        (r#"{"object": "error", "message": "overloaded", "code": 503}"#, "server", "overloaded"),
        (r#"{"message": "Requested logprobs exceed the limit", "code": 400}"#, "rejected", "logprobs"),
        (r#"{"detail": [{"loc": ["body", "n"], "msg": "too large"}]}"#, "server", "body.n: too large"),
        (r#"error|{"message": "slow down", "code": 429}"#, "rateLimited", "slow down"),
        ("error|it broke", "server", "it broke"),
        (r#"{"error": {"message": "gone"}, "choices": [{"finish_reason": "error"}]}"#, "server", "gone"),
        (r#"{"choices": [{"finish_reason": "stop", "error": {"message": "gone", "code": 502}}]}"#, "server", "gone"),
        (
            r#"{"choices": null, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}"#,
            "noCredit",
            "insufficient balance",
        ),
        (r#"{"error_code": 17, "error_msg": "Open api request limit reached"}"#, "server", "request limit reached"),
        (r#"{"success": false, "errors": [{"code": 5, "message": "no room"}], "result": null}"#, "server", "no room"),
        (r#"{"code": 1302, "msg": "rate limit reached"}"#, "rateLimited", "rate limit reached"),
        (r#"{"choices": [{"delta"#, "brokenReply", "it is not JSON"),
    ] {
        let error = read(&[r#"{"choices": [{"delta": {"content": "a"}}]}"#, message]).unwrap_err();
        assert_eq!(error.kind(), kind, "{message}: {error}");
        assert!(error.to_string().contains(said), "{message}: {error}");
    }
}

#[test]
fn a_list_of_very_many_values_takes_no_memory_of_its_own() {
    let many = format!("{{\"choices\": [{{\"delta\": {{\"content\": \"a\"}}}}{}]}}", ", [0, {}]".repeat(300_000));
    assert_eq!(text(&[&many]), "a");
}

#[test]
fn a_request_has_what_all_servers_take() {
    let tool = Tool { name: "grep".into(), description: "d".into(), parameters: json!({"type": "object"}) };
    let call = ToolCall { id: "c".into(), name: "grep it".into(), arguments: json!("no object"), signatures: None };
    let messages = vec![
        Message::system("s"),
        Message::user("q"),
        Message::calling(" \n", vec![call.clone()]),
        Message::result(&call, "found"),
        Message::assistant("a"),
    ];
    let request = Request { messages, max_output_tokens: Some(7), tools: Arc::from([tool]), ..Request::default() };
    let offered = json!({"name": "grep", "description": "d", "parameters": {"type": "object"}});
    let called = json!({"type": "function", "id": "c", "function": {"name": "grep_it", "arguments": "{}"}});
    let expected = json!({
        "model": "x::m", "stream": true, "tools": [{"type": "function", "function": offered}],
        "messages": [
            {"role": "system", "content": "s"}, {"role": "user", "content": "q"},
            {"role": "assistant", "content": "", "tool_calls": [called]},
            {"role": "tool", "content": "found", "tool_call_id": "c"}, {"role": "assistant", "content": "a"}],
        "stream_options": {"include_usage": true}, "max_tokens": 7,
    });
    // The order of the fields is that in which prompt caches see them.
    assert_eq!(serde_json::to_string(&body("x::m", &request, adjusted("x::m"))).unwrap(), expected.to_string());
    for (model, is_new) in [("gpt-5.2", true), ("x::o3-high", true), ("openai/gpt-5", false), ("o", false)] {
        let body = serde_json::to_value(body(model, &request, adjusted(model))).unwrap();
        let limits = (body["max_tokens"].as_u64(), body["max_completion_tokens"].as_u64());
        assert_eq!(limits, if is_new { (None, Some(7)) } else { (Some(7), None) }, "{model}");
    }
}

/// How a model of this name is asked first.
fn adjusted(model: &str) -> Adjusted {
    Adjustments::new(limit_field(model), None, Effort::Auto, true).begin().adjusted
}

#[test]
fn a_request_names_the_shape_and_the_effort_that_are_wanted() {
    let schema = json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    let request = Request { shape: Some(Shape::new(Arc::new(schema.clone()))), ..Request::default() };
    let sent = |effort| {
        let adjusted = Adjustments::new(limit_field("m"), None, effort, true).begin().adjusted;
        serde_json::to_value(body("m", &request, adjusted)).unwrap()
    };
    let [auto, none, low] = [Effort::Auto, Effort::None, Effort::Low].map(sent);
    let format = json!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": schema}});
    assert_eq!((&auto["response_format"], auto.get("reasoning_effort")), (&format, None));
    assert_eq!(
        (&none["reasoning_effort"], &none["chat_template_kwargs"]),
        (&json!("none"), &json!({"enable_thinking": false}))
    );
    assert_eq!((&low["reasoning_effort"], low.get("chat_template_kwargs")), (&json!("low"), None));
}
