//! What servers are known to send, and what becomes of it.

use super::*;
use expect_test::{Expect, expect};
use reqwest::header::{HeaderName, HeaderValue};

fn remote() -> RemoteModel {
    let key = Secret::new("sk-secret").map(|key| ("RLM_API_KEY".to_owned(), key));
    RemoteModel::new("m", "http://h:1/v1", key, &["PEARKEY9".to_owned()])
}

#[test]
fn a_status_and_its_body_become_the_kind_a_person_can_act_on() {
    let cases = [
        (401, r#"{"error":{"message":"Incorrect API key provided"}}"#, "unauthorized"),
        (403, "forbidden", "unauthorized"),
        (400, r#"{"error":{"message":"API key not valid. Please pass a valid API key."}}"#, "unauthorized"),
        (402, "", "noCredit"),
        (429, r#"{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}"#, "noCredit"),
        (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, "noCredit"),
        (404, r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#, "unknownModel"),
        (404, r#"{"error":"model 'x' not found"}"#, "unknownModel"),
        (400, r#"{"error":{"message":"x is not a valid model ID","code":400}}"#, "unknownModel"),
        (400, r#"{"error":{"message":"Model Not Exist"}}"#, "unknownModel"),
        (404, "<html>nginx</html>", "rejected"),
        (403, "<!doctype html><title>Checking your browser</title>", "rejected"),
        (413, "<html>Request Entity Too Large</html>", "promptTooLong"),
        (429, "", "rateLimited"),
        (429, r#"{"error":{"message":"Request too large for gpt-4 on tokens per min (TPM)"}}"#, "promptTooLong"),
        (400, r#"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#, "promptTooLong"),
        (400, r#"{"error":{"type":"exceed_context_size_error","message":"…","n_ctx":512}}"#, "promptTooLong"),
        (500, "Context size has been exceeded.", "promptTooLong"),
        (400, r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#, "promptTooLong"),
        (400, r#"{"message": "Too many tokens, please wait before trying again."}"#, "rateLimited"),
        (
            400,
            "\u{60a8}\u{7684}\u{8d26}\u{6237}\u{5df2}\u{8fbe}\u{5230}\u{901f}\u{7387}\u{9650}\u{5236}",
            "rateLimited",
        ),
        (500, "oops", "server"),
        (503, "Loading model", "server"),
        (529, "overloaded_error", "server"),
        (408, "", "server"),
        (409, r#"{"message": "the model is warming up"}"#, "server"),
        (409, "conflict", "rejected"),
        (400, "bad request", "rejected"),
        (301, "", "rejected"),
    ];
    for (status, body, kind) in cases {
        let error = remote().of_status(status, None, body);
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        let transient = matches!(kind, "rateLimited" | "server");
        assert_eq!(error.is_transient(), transient, "{status} {body}");
    }
}

#[test]
fn an_error_inside_a_stream_is_told_by_its_code_or_its_type() {
    let cases = [
        (r#"{"message":"Rate limited upstream","code":429}"#, "rateLimited"),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "server"),
        (r#"{"type":"rate_limit_error"}"#, "rateLimited"),
        (r#"{"message":"boom","type":"server_error"}"#, "server"),
        (r#"{"object":"error","message":"come back tomorrow","code":503}"#, "server"),
        (r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#, "unauthorized"),
        (r#"{"error":{"message":"content must be a string","type":"invalid_request_error"}}"#, "rejected"),
        (r#"{"error":{"message":"Insufficient credits.","code":402}}"#, "noCredit"),
        (r#"{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}"#, "noCredit"),
        ("no JSON at all", "server"),
        (r#"{"message":"maximum context length is 5","code":"400"}"#, "promptTooLong"),
    ];
    for (body, kind) in cases {
        let error = remote().of_event(body);
        assert_eq!(error.kind(), kind, "{body}: {error}");
    }
}

fn shown(error: &Error) -> String {
    format!("{error}\n→ {}\n", error.hint().unwrap_or_else(|| "-".to_owned()))
}

#[test]
fn errors_read_well() {
    let check = |error: Error, expected: Expect| expected.assert_eq(&shown(&error));
    check(
        remote().of_status(
            401,
            None,
            r#"{"error":{"message":"Incorrect API key provided: sk-secret.\nSee the page."}}"#,
        ),
        expect![[r#"
            m refused the API key: Incorrect API key provided: [key]. See the page.
            → check the key in RLM_API_KEY
        "#]],
    );
    check(
        RemoteModel::new("m", "http://h:1/v1", None, &[]).of_status(401, None, ""),
        expect![[r#"
            m refused the API key: no reason given
            → the server wants a key: set RLM_API_KEY
        "#]],
    );
    check(
        remote().of_status(404, None, r#"{"error":"model 'm' not found"}"#),
        expect![[r#"
            m is not known to its server: model 'm' not found
            → check the model's name; `rlm models` shows what there is
        "#]],
    );
    check(
        remote().of_status(404, None, "<html><h1>Not Found</h1></html>"),
        expect![[r#"
            m did not accept the request: status 404 from http://h:1/v1: a web page (Not Found)
            → check the model's name and the endpoint's base URL with `rlm doctor`
        "#]],
    );
    check(
        Error::MissingKey { model: "anthropic::claude".into(), variable: "ANTHROPIC_API_KEY".into() },
        expect![[r#"
            anthropic::claude needs an API key, and ANTHROPIC_API_KEY is not set
            → set ANTHROPIC_API_KEY, or choose another model with --model
        "#]],
    );
    check(
        Error::TimedOut { model: "m".into(), after: Duration::from_millis(1500) },
        expect![[r#"
            m was silent for 1.5 seconds
            → the server took the call and stayed silent; `rlm doctor` checks it
        "#]],
    );
}

#[test]
fn no_key_and_no_page_of_text_ever_stands_in_an_error() {
    // The key lies across the place where the text is cut.
    let body = format!("{}Authorization: Bearer sk-secret{}", "x ".repeat(130), " y".repeat(5000));
    let in_address = format!("{}/v1?api-key=PEARKEY9", "x ".repeat(10));
    for (status, body) in [400, 401, 404, 429, 500].into_iter().flat_map(|it| [(it, &body), (it, &in_address)]) {
        let error = remote().of_status(status, None, body);
        let all = format!("{error} {error:?} {:?}", error.hint());
        assert!(!all.contains("sk-se") && !all.contains("PEARKEY"), "{all}");
        assert!(error.to_string().chars().count() < 400, "{error}");
    }
    let shown = format!("{:?}", remote());
    assert!(!shown.contains("sk-se") && !shown.contains("PEARKEY"), "{shown}");
}

#[test]
fn a_redirect_is_told_without_what_it_carries() {
    let location = "https://user:PEARKEY9@other.example:7/v1/models?api-key=PEARKEY9#sk-secret";
    let headers = HeaderMap::from_iter([(HeaderName::from_static("location"), HeaderValue::from_static(location))]);
    let error = remote().of_status(307, Some(&headers), "to https://other.example:7/v1/models?api-key=PEARKEY9");
    assert_eq!(
        error.to_string(),
        "m did not accept the request: status 307 from http://h:1/v1: it redirects to https://other.example:7, and \
         redirects are not followed"
    );
    let error = remote().of_status(302, None, "");
    assert!(error.to_string().ends_with("http://h:1/v1: it redirects, and redirects are not followed"), "{error}");
}
