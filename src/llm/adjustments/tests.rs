//! Refusals as servers word them, and what is made of each.

use super::*;
use crate::llm::Shape;
use std::sync::Arc;

fn request(bytes: usize) -> Request {
    let messages = vec![Message::system("x".repeat(bytes)), Message::user("q"), Message::assistant("a")];
    Request { messages, max_output_tokens: Some(8192), ..Request::default() }
}

/// What a refusal of a request with some 2,500 tokens demands.
fn demand(said: &str) -> Option<Demand> {
    let adjustments = Adjustments::new(LimitField::MaxTokens, None, Effort::Auto, true);
    Demand::of(said, &request(10_000), adjustments.begin(), true)
}

fn always(tokens: u32) -> Option<Demand> {
    Some(Demand::ShorterReply { tokens, always: true })
}

fn this_time(tokens: u32) -> Option<Demand> {
    Some(Demand::ShorterReply { tokens, always: false })
}

#[test]
fn fields_that_a_server_does_not_know_are_named_by_it() {
    let other = Some(Demand::Limit(LimitField::MaxCompletionTokens));
    for (said, expected) in [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            other,
        ),
        ("this model is not supported MaxTokens, please use MaxCompletionTokens", other),
        (r#"{"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}"#, other),
        ("Unrecognized request argument supplied: stream_options", Some(Demand::NoUsage)),
        (r#"{"message": "Unknown field", "param": "stream_options"}"#, Some(Demand::NoUsage)),
        ("json: unknown field \"stream_options\"", Some(Demand::NoUsage)),
        ("`stream_options` is only valid for models of the second generation", Some(Demand::NoUsage)),
        ("Unsupported value: 'stream' does not support true with this model.", Some(Demand::NoStream)),
        ("Your organization must be verified to stream this model.", Some(Demand::NoStream)),
    ] {
        assert_eq!(demand(said), expected, "{said}");
    }
}

#[test]
fn instructions_go_elsewhere_where_there_is_no_place_for_them() {
    for said in [
        "Jinja Exception: System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Unexpected message role: system",
        "Only user and assistant roles are supported!",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "'system' role is not one of ['user', 'assistant']",
        "messages[0]: role must be one of [user, assistant]",
    ] {
        assert_eq!(demand(said), Some(Demand::NoSystem), "{said}");
    }
}

#[test]
fn the_longest_reply_is_read_from_a_refusal() {
    for (said, expected) in [
        (
            "max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.",
            always(4096),
        ),
        (
            "`max_tokens` must be less than or equal to `4096`, the maximum value for `max_tokens` is less than the \
             `context_window` for this model",
            always(4096),
        ),
        (
            "max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for claude-3-haiku-20240307",
            always(4096),
        ),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]", always(4096)),
        ("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 2000]", always(2000)),
        ("The maximum tokens you requested exceeds the model limit of 4096.", always(4096)),
        (
            "maxOutputTokens value of 8192 but the supported range is from 1 (inclusive) to 4097 (exclusive).",
            always(4096),
        ),
        (
            "This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford 2314.",
            always(2314),
        ),
        ("max_tokens is too large", always(4096)),
        ("Das Feld `max_tokens` darf h\u{f6}chstens 4096 betragen.", always(4096)),
        (
            "API \u{8c03}\u{7528}\u{53c2}\u{6570}\u{6709}\u{8bef}\u{3002}max_tokens\u{53c2}\u{6570}\u{975e}\u{6cd5}\u{3002}",
            always(4096),
        ),
        (
            r#"{"error": {"message": "Param Incorrect", "type": "upstream_error", "code": "400", "param": "max_tokens is too large: 8192. This model supports at most 4000 completion tokens, whereas you provided 8192."}}"#,
            always(4000),
        ),
        ("field MaxTokens invalid, should be in [1, 4096]", always(4096)),
        (
            "The parameter max_tokens specified in the request is not valid: integer above maximum value, expected a value \
             <= 4096, but got 8192 instead. Request id: 0217724325966514087c9e55f8",
            always(4096),
        ),
        (
            "This model's maximum context length is 8192 tokens. However, you requested 10692 tokens (2500 in the messages, \
             8192 in the completion). Please reduce the length of the messages or completion.",
            this_time(5692),
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 4096 tokens \
             and your request has 2500 input tokens (8192 > 4096 - 2500).",
            this_time(1596),
        ),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 2500 `inputs` tokens and 8192 `max_new_tokens`",
            this_time(1596),
        ),
        (
            "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 10692 \
             tokens: 2500 tokens from the input messages and 8192 tokens for the completion.",
            this_time(1596),
        ),
        (
            "This endpoint's maximum context length is 9000 tokens. However, you requested about 10692 tokens (2500 of text \
             input, 8192 in the output).",
            this_time(6500),
        ),
        (
            "input length and `max_tokens` exceed context limit: 190000 + 8192 > 196000, decrease input length or \
             `max_tokens` and try again",
            this_time(6000),
        ),
        ("This model's maximum context length is 2048 tokens. However, your messages resulted in 2500 tokens.", None),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 8192 `max_new_tokens`",
            None,
        ),
        ("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 509178 tokens.", None),
        ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", None),
        ("content must be a string", None),
    ] {
        assert_eq!(demand(said), expected, "{said}");
    }
}

#[test]
fn what_was_learnt_holds_for_all_calls_and_each_thing_is_learnt_once() {
    let adjustments = Adjustments::new(LimitField::MaxTokens, None, Effort::Auto, true);
    let (first, second) = (adjustments.begin(), adjustments.begin());
    let said = "System role not supported";
    let asked = adjustments.learn(said, &request(10), first).unwrap();
    let sent = asked.request(&request(10)).into_owned();
    assert_eq!(sent.messages[0], Message::user("xxxxxxxxxx\n\nq"));
    assert_eq!(sent.messages.len(), 2);
    // A call that was under way is asked anew in the way that was learnt meanwhile.
    assert_eq!(adjustments.learn("anything", &request(10), second), Some(asked));
    assert_eq!(adjustments.learn(said, &request(10), asked), None);
    assert_eq!(adjustments.begin(), asked);
    adjustments.learn("maximum context length is 4096 tokens", &request(10), asked);
    assert_eq!(adjustments.window(), Some(4096));
}

#[test]
fn a_shape_and_an_effort_that_are_refused_are_left_out() {
    let shape = Some(Shape::new(Arc::new(serde_json::json!({"type": "array"}))));
    let request = Request { shape, ..request(10) };
    let adjustments = Adjustments::new(LimitField::MaxTokens, None, Effort::None, true);
    let asked = adjustments.begin();
    let of = |said| Demand::of(said, &request, asked, true);
    for (said, expected) in [
        ("This response_format type is unavailable now", Demand::NoShape),
        (
            "Invalid schema for response_format 'answer': schema must be a JSON Schema of 'type: \"object\"'",
            Demand::NoShape,
        ),
        ("Failed to initialize samplers: failed to parse grammar", Demand::NoShape),
        ("invalid format: expected \"json\" or a JSON schema", Demand::NoShape),
        ("output_config.format: Extra inputs are not permitted", Demand::NoShape),
        ("Unrecognized request argument supplied: chat_template_kwargs", Demand::NoTemplate),
        ("Unsupported value: 'reasoning_effort' does not support 'none' with this model.", Demand::NoEffort),
        ("\"llama3.2\" does not support thinking", Demand::NoEffort),
        ("`max_tokens` must be greater than `thinking.budget_tokens`", Demand::NoEffort),
    ] {
        assert_eq!(of(said), Some(expected), "{said}");
    }
    let asked = adjustments.learn("failed to parse grammar", &request, asked).unwrap();
    assert_eq!((asked.request(&request).shape.clone(), adjustments.takes_shapes()), (None, false));
    let asked = adjustments.learn("unknown field reasoning_effort", &request, asked).unwrap();
    assert_eq!(asked.adjusted.effort, None);
    // Nothing of this was asked for any more.
    for said in ["unknown field response_format", "unknown field reasoning_effort"] {
        assert_eq!(adjustments.learn(said, &request, asked), None, "{said}");
    }
}

#[test]
fn only_what_a_request_says_is_changed_where_its_fields_are_written_elsewhere() {
    let asked = Adjustments::new(LimitField::Absent, None, Effort::Auto, false).begin();
    let of = |said| Demand::of(said, &request(10), asked, false);
    assert_eq!(of("Unrecognized request argument supplied: stream_options"), None);
    assert_eq!(of("System role not supported"), Some(Demand::NoSystem));
}
