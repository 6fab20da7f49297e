//! What becomes of the parts of a reply.

use super::*;
use crate::llm::Message;

fn request() -> Request {
    Request { messages: vec![Message::user("question")], ..Request::default() }
}

/// What came of a reply that these steps have read, and what was streamed of it.
fn read(
    steps: impl FnOnce(&mut StreamReader<'_>, PieceSink<'_>) -> Result<(), Error>,
) -> (Result<Reply, Error>, String) {
    let remote = RemoteModel::new("m", "e", None, &[]);
    let mut streamed = String::new();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Text(text) => streamed.push_str(text),
        Piece::Unseen(_) => {}
        Piece::WasReasoning => streamed.clear(),
        Piece::Restart | Piece::Waits { .. } => unreachable!("a model never restarts by itself"),
    };
    let mut reading = StreamReader::new(&remote, &Arc::default());
    let reply = steps(&mut reading, &mut sink).and_then(|()| reading.conclude(&request(), &mut sink));
    (reply, streamed)
}

/// The reply that consists of these texts and ends for this reason.
fn texts(parts: &[&str], reason: &str) -> (Result<Reply, Error>, String) {
    read(|reading, pieces| {
        for part in parts {
            reading.text(part, &mut *pieces);
            assert_eq!(reading.check()?, Progress::GoesOn);
        }
        reading.finish(reason);
        Ok(())
    })
}

#[test]
fn reasons_for_the_end_are_mapped() {
    let cases = [
        ("", Finish::Complete),
        ("stop", Finish::Complete),
        ("end_turn", Finish::Complete),
        ("eos", Finish::Complete),
        ("EOS_TOKEN", Finish::Complete),
        ("length", Finish::Length),
        ("max_tokens", Finish::Length),
        ("MAX_TOKENS", Finish::Length),
        ("content_filter", Finish::Other("content_filter".into())),
        ("tool_calls", Finish::Other("tool_calls".into())),
    ];
    for (reason, expected) in cases {
        let (reply, streamed) = texts(&["he", "llo"], reason);
        assert_eq!((reply.as_ref().unwrap().finish.clone(), streamed.as_str()), (expected, "hello"), "{reason:?}");
    }
}

#[test]
fn a_reply_that_ends_because_something_failed_is_broken() {
    for reason in ["error", "network_error", "insufficient_system_resource"] {
        let error = texts(&["he"], reason).0.unwrap_err();
        assert_eq!(error.to_string(), format!("the reply of m broke off: the server ended it with `{reason}`"));
        assert!(error.is_transient());
    }
    let said = r#"{"message": "Too many tokens, please wait before trying again."}"#;
    assert!(matches!(texts(&[said], "error_finish").0, Err(Error::RateLimited { .. })));
}

#[test]
fn calls_of_tools_are_a_reply_without_a_text() {
    let piece = |id, name, arguments| CallPiece { index: Some(0), id, name, arguments };
    let reply = read(|reading, pieces| {
        reading.call(piece("a", "grep", "{\"pat"), &mut *pieces)?;
        reading.call(piece("", "", "tern\": \"x\"}"), &mut *pieces)?;
        reading.finish("tool_calls");
        Ok(())
    });
    let reply = reply.0.unwrap();
    assert_eq!((reply.text.as_str(), &reply.finish, reply.calls.len()), ("", &Finish::Complete, 1));
    assert_eq!(reply.calls[0].arguments, serde_json::json!({"pattern": "x"}));
    let (many, _) = read(|reading, pieces| {
        let ids: Vec<String> = (0..200).map(|number| format!("id{number}")).collect();
        ids.iter().try_for_each(|id| reading.call(CallPiece { id, name: "f", ..CallPiece::default() }, &mut *pieces))
    });
    assert!(many.unwrap_err().to_string().contains("more tools than 128"));
}

#[test]
fn usage_is_taken_from_the_provider_and_estimated_without() {
    let usage = |input, output, total| Reported { input, output, total, cached: None };
    // The prompt has 8 bytes and the reply 5, which are 2 tokens each.
    for (reported, input, output) in [
        (vec![usage(Some(7), Some(3), Some(10))], 7, 3),
        (vec![usage(Some(7), None, Some(10))], 7, 3),
        (vec![usage(None, Some(3), Some(10))], 7, 3),
        (vec![usage(None, None, Some(10))], 8, 2),
        (vec![usage(Some(7), None, None)], 7, 2),
        (vec![usage(None, None, None)], 2, 2),
        (vec![], 2, 2),
        (vec![usage(Some(0), Some(0), Some(0)), usage(Some(7), Some(3), None)], 7, 3),
        (vec![usage(Some(7), Some(3), None), usage(Some(0), None, None)], 7, 3),
    ] {
        let (reply, _) = read(|reading, pieces| {
            reading.text("hello", pieces);
            reported.iter().for_each(|it| reading.usage(*it));
            Ok(())
        });
        assert_eq!(reply.unwrap().usage, TokenUsage { input, output, cached_input: 0 }, "{reported:?}");
    }
}

#[test]
fn an_empty_reply_is_an_error_that_says_why_and_what_was_spent() {
    let (reply, _) = texts(&[" \n"], "length");
    let error = reply.unwrap_err();
    assert_eq!(error.to_string(), "m gave an empty reply: the limit on output tokens cut it off");
    let request = Request { messages: Vec::new(), ..request() };
    assert_eq!((error.is_transient(), error.spent(&request, 0).input), (false, 2));
}

#[test]
fn reasoning_inside_the_text_is_kept_apart_and_does_not_stream() {
    let (reply, streamed) = texts(&["<thi", "nk>hm</think>\n\nyes"], "");
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.reasoning.as_str(), streamed.as_str()), ("yes", "hm", "yes"));
    let (reply, streamed) = texts(&["hm", "\n</think>", "\n\nyes"], "");
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.reasoning.as_str(), streamed.as_str()), ("yes", "hm\n", "yes"));
}

/// What came of a reply that begins so and then says this until it is stopped.
fn endless(start: &str, part: &str) -> Result<Reply, Error> {
    let (reply, _) = read(|reading, pieces| {
        reading.text(start, &mut *pieces);
        for _ in 0..1_000_000 {
            reading.text(part, &mut *pieces);
            if reading.check()? == Progress::Loops {
                return Ok(());
            }
        }
        panic!("it is not stopped")
    });
    reply
}

#[test]
fn a_reply_that_repeats_itself_is_stopped() {
    let reply = endless("", "Let me look at it again. ").unwrap();
    assert!(reply.finish == Finish::Looping && reply.text.len() < 10_000, "{} bytes", reply.text.len());
    let error = endless("<think>", "Let me look at it again. ").unwrap_err();
    assert_eq!(error.to_string(), "m gave an empty reply: it repeated itself, and was stopped");
    assert!(!error.is_transient());
}

#[test]
fn a_reply_without_end_is_cut_off() {
    for part in ["x".repeat(1 << 20), " ".repeat(1 << 20), "\n".repeat(1000)] {
        let error = endless("", &part).unwrap_err();
        assert_eq!(error.to_string(), "the reply of m broke off: it is longer than 16 MiB");
    }
}

#[test]
fn replies_that_are_too_long_together_are_cut_off() {
    let (remote, memory) = (RemoteModel::new("m", "e", None, &[]), Arc::default());
    let mut readings: Vec<_> = (0..5).map(|_| StreamReader::new(&remote, &memory)).collect();
    let mut long = |reading: &mut StreamReader<'_>| {
        reading.text(&"x".repeat(15 << 20), &mut |_| {});
        reading.check()
    };
    let outcomes: Vec<_> = readings.iter_mut().map(&mut long).collect();
    assert!(outcomes[..4].iter().all(Result::is_ok));
    assert!(outcomes[4].as_ref().unwrap_err().to_string().contains("together"), "{outcomes:?}");
    drop(readings);
    assert!(long(&mut StreamReader::new(&remote, &memory)).is_ok());
}
