//! The order of the fields of the public JSON, and which may be missing.

use super::*;
use crate::{corpus::Tally, engine::Started};
use serde_json::json;

const ORIGIN: Origin = Origin { run: 1, depth: 2, iteration: 3, cell: 4 };

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn events_have_their_fields_in_order_and_none_that_says_nothing() {
    let usage = engine::Usage { calls: 3, sub_calls: 1, ..engine::Usage::default() };
    let cell = |error| engine::Event::Cell { origin: ORIGIN, code: text("c"), output: text("o"), error, seconds: 0.5 };
    let call = |state| engine::Event::SubCall { id: 7, origin: ORIGIN, label: text("l"), state };
    let context = engine::ContextSize {
        files: 2,
        bytes: 9,
        left_out: Tally(vec![("ignored", 3), ("binary", 1)]),
        ..engine::ContextSize::default()
    };
    let started = Started { question: text("q"), model: text("m"), worker: text("w"), why: text("y"), context };
    for (event, expected) in [
        (
            engine::Event::Started(started),
            r#"{"kind":"started","query":"q","model":"m","worker":"w","why":"y","context":{"files":2,"bytes":9,"characters":null,"skipped":4,"skippedFor":[{"reason":"ignored","count":3},{"reason":"binary","count":1}],"store":null,"cut":0}}"#,
        ),
        (
            engine::Event::Turn { run: 1, depth: 2, iteration: 3, text: text("t"), cut: None },
            r#"{"kind":"turn","run":1,"depth":2,"iteration":3,"text":"t"}"#,
        ),
        (
            engine::Event::Turn { run: 1, depth: 2, iteration: 3, text: text("t"), cut: Some(text("it looped")) },
            r#"{"kind":"turn","run":1,"depth":2,"iteration":3,"text":"t","cut":"it looped"}"#,
        ),
        (
            cell(None),
            r#"{"kind":"cell","run":1,"depth":2,"iteration":3,"cell":4,"code":"c","output":"o","seconds":0.5}"#,
        ),
        (
            cell(Some(text("e"))),
            r#"{"kind":"cell","run":1,"depth":2,"iteration":3,"cell":4,"code":"c","output":"o","error":"e","seconds":0.5}"#,
        ),
        (
            engine::Event::Summary { run: 1, depth: 2, text: text("t") },
            r#"{"kind":"summary","run":1,"depth":2,"text":"t"}"#,
        ),
        (
            call(SubCallState::Ended),
            r#"{"kind":"subcall","id":7,"depth":3,"run":1,"iteration":3,"cell":4,"label":"l","state":"ended"}"#,
        ),
        (
            call(SubCallState::Failed(text("e"))),
            r#"{"kind":"subcall","id":7,"depth":3,"run":1,"iteration":3,"cell":4,"label":"l","state":"failed","error":"e"}"#,
        ),
        (engine::Event::Delta(Delta::Append(text("d"))), r#"{"kind":"delta","text":"d"}"#),
        (engine::Event::Delta(Delta::Reset(text("d"))), r#"{"kind":"delta","text":"d","reset":true}"#),
        (
            engine::Event::Progress { message: text("m"), usage },
            r#"{"kind":"progress","message":"m","calls":3,"subCalls":1,"cachedCalls":0,"inputTokens":0,"outputTokens":0,"costUsd":null}"#,
        ),
    ] {
        assert_eq!(json!(self::event::<()>(event)).to_string(), expected);
    }
}

#[test]
fn an_answer_has_its_fields_in_order_and_warnings_and_an_error_only_if_there_are_any() {
    let mut told = engine::Answer::without_text(engine::Termination::Final);
    told.usage = engine::Usage::default();
    let keys = |told: &engine::Answer| -> Vec<String> {
        let value = json!(answer(told, &Circumstances::default()));
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let always = [
        "answer",
        "termination",
        "grounded",
        "citations",
        "lost",
        "lostCount",
        "usage",
        "model",
        "worker",
        "context",
        "trace",
    ];
    assert_eq!(keys(&told), always);
    told.warnings = vec![text("w")];
    told.failure =
        Some(crate::failure::Failure { kind: crate::failure::FailureKind::Internal, message: text("m"), hint: None });
    assert_eq!(keys(&told), [&always[..], &["warnings", "error"]].concat());
}
