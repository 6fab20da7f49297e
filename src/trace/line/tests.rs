//! What the page says of the lines of a trace, and what stays of them without content.

use super::*;
use crate::llm::TokenUsage;
use serde_json::json;

#[test]
fn the_page_tells_of_every_kind_and_field() {
    let page = include_str!("../../../docs/trace.md");
    let (caller, tokens) = (Caller { turn_of: Some(0), sub_call: None }, TokenUsage::default());
    let origin = Origin { run: 0, depth: 0, iteration: 1, cell: 1 };
    let (call, model, text) = (1, "m".to_owned(), Some("t".to_owned()));
    let place = Place { path: "a".to_owned(), first_line: 1, last_line: 2 };
    let files = vec![FileSize { path: "a".to_owned(), lines: None, hash: None }];
    let (key, calls) = (llm::asked("m", &llm::Request::default()), vec![ToolCall::default()]);
    let replied = Replied {
        text: "t".to_owned(),
        calls: calls.clone(),
        finish: llm::Finish::Complete,
        usage: TokenUsage::default(),
    };
    let ended = |caller| CallEnded {
        call: 1,
        attempts: 1,
        tokens: TokenUsage::default(),
        cost: None,
        seconds: 1.0,
        caller,
        reply: Some(replied.clone()),
        error: Some("t".to_owned()),
    };
    let facts = ModelFacts {
        name: "m".to_owned(),
        window: None,
        parameters: None,
        slots: None,
        takes_shapes: false,
        calls_tools: None,
        source: None,
        price: None,
    };
    let details = [
        Detail::Decision { run: 0, choice: "rlm", why: "so".to_owned() },
        Detail::RunBegan { run: 0, depth: 0, sub_call: None, model: model.clone() },
        Detail::RunEnded { run: 0, error: text.clone() },
        Detail::ProgramBegan { origin, code: "c".to_owned() },
        Detail::ProgramEnded { origin, error: text.clone(), seconds: 1.0 },
        Detail::CallBegan { call, caller, model: model.clone(), prompt: text.clone(), is_spare: true, asked: key },
        Detail::Model(facts),
        Detail::AttemptFailed { call, error: llm::Error::Configuration("w".to_owned()), written: "w".to_owned() },
        Detail::CallEnded(ended(caller)),
        Detail::CallEnded(ended(Caller { turn_of: None, sub_call: Some(1) })),
        Detail::CallServed { call, caller, model, saved: tokens, reply: "t".to_owned(), calls, key },
        Detail::Look {
            origin,
            function: "grep",
            arguments: "[]".to_owned(),
            seconds: 1.0,
            places: vec![place],
            error: text,
        },
        Detail::Files { files, more: 0 },
    ];
    let header = Line::Trace {
        version: VERSION,
        program: "p",
        started: "s".to_owned(),
        run: None,
        content: "full",
        request: Some("r"),
    };
    for line in details.iter().map(Line::from).chain([header]) {
        let line = json!(line);
        let kind = line["kind"].as_str().expect("a text");
        assert!(page.contains(&format!("| `{kind}` |")), "{kind}");
        for field in line.as_object().expect("an object").keys() {
            let is_told = [format!("`{field}`"), format!("`{field}?`")].iter().any(|it| page.contains(it));
            assert!(is_told, "{field} of {kind}");
        }
    }
}

#[test]
fn without_content_only_lengths_stay_of_texts() {
    let mut line = json!({"kind": "done", "result": {"answer": "secret", "warnings": ["secret"], "error":
        {"kind": "empty", "message": "secret"}, "citations": [{"path": "a.rs"}], "usage": {"calls": 3}}});
    leave_out_content(&mut line);
    assert!(!line.to_string().contains("secret"), "{line}");
    assert_eq!(line["result"]["answer"], "(6 characters)");
    assert_eq!((&line["result"]["usage"]["calls"], &line["result"]["error"]["kind"]), (&json!(3), &json!("empty")));
}
