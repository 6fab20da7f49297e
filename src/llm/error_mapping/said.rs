//! Finding the sentence for people in what a server sends with a refusal.

use crate::text::one_line;
use serde_json::Value;

/// Problems of a request that are told one by one.
const MOST_PROBLEMS: usize = 5;

/// Characters of a page that are taken. It is cut again where it is shown, when no key stands in it any more.
const PAGE_CHARS: usize = 2000;

/// Where servers put it.
const PLACES: [&str; 13] = [
    "/error/message",
    "/message",
    "/detail/message",
    "/detail",
    "/error",
    "/error/error",
    "/msg",
    "/base_resp/status_msg",
    "/error_msg",
    "/errors/0/message",
    "/errors/0",
    "/error/msg",
    "/error_description",
];

/// The sentence meant for people in the body of an error, or the whole body.
pub(in crate::llm) fn message_in(body: &str) -> String {
    if is_page(body) {
        return page(body);
    }
    let read = || -> Option<String> {
        let json: Value = serde_json::from_str(body).ok()?;
        // Some servers put their error into a list of one.
        let json = json.get(0).unwrap_or(&json);
        let sentence = PLACES.iter().find_map(|at| json.pointer(at)?.as_str().filter(|it| !it.trim().is_empty()));
        let sentence = sentence.map(str::to_owned);
        let sentence =
            sentence.or_else(|| problems(json.pointer("/detail").or_else(|| json.pointer("/error/detail"))?))?;
        Some(match behind(json) {
            Some(reason) => format!("{sentence}: {reason}"),
            None => sentence,
        })
    };
    read().unwrap_or_else(|| body.to_owned())
}

/// What a gateway repeats of what another server has told it: its own sentence says only that something went wrong there.
fn behind(json: &Value) -> Option<String> {
    let raw = json.pointer("/error/metadata/raw")?;
    let text = raw.as_str().map_or_else(|| raw.to_string(), str::to_owned);
    let inner = serde_json::from_str::<Value>(&text).ok();
    let sentence = inner.as_ref().and_then(|it| PLACES.iter().find_map(|at| it.pointer(at)?.as_str()));
    Some(sentence.map_or(text, str::to_owned)).filter(|it| !it.trim().is_empty())
}

/// All that a body in JSON says in more than a word, wherever it stands.
pub(in crate::llm) fn sentences_in(body: &str) -> String {
    fn add(value: &Value, told: &mut Vec<String>) {
        match value {
            Value::String(text) if text.trim().contains(' ') && told.len() < MOST_PROBLEMS => told.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|it| add(it, told)),
            Value::Object(fields) => fields.values().for_each(|it| add(it, told)),
            _ => {}
        }
    }
    let mut told = Vec::new();
    if let Ok(json) = serde_json::from_str(body) {
        add(&json, &mut told);
    }
    told.join("; ")
}

/// What a list of problems says, each with the field that it is about.
fn problems(details: &Value) -> Option<String> {
    let problem = |detail: &Value| {
        let sentence = detail.get("msg").or_else(|| detail.get("message"))?.as_str()?;
        let step = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        let place: Vec<String> = detail.get("loc").and_then(Value::as_array)?.iter().map(step).collect();
        Some(format!("{}: {sentence}", place.join(".")))
    };
    let told: Vec<String> = details.as_array()?.iter().take(MOST_PROBLEMS).filter_map(problem).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The status that an error inside of a stream tells, as a number or as text.
pub(super) fn code_in(body: &Value) -> Option<u16> {
    let places = ["/error/code", "/error/status", "/error/status_code", "/code", "/status", "/status_code"];
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    };
    let code = places.iter().filter_map(|at| number(body.pointer(at)?)).find(|code| (400..600).contains(code));
    code.and_then(|code| u16::try_from(code).ok())
}

/// Whether a body is a page of the web.
pub(super) fn is_page(body: &str) -> bool {
    let start: String = body.trim_start_matches('\u{feff}').trim_start().chars().take(9).collect();
    let start = start.to_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

/// A page in words: its title, or the beginning of its text.
pub(super) fn page(body: &str) -> String {
    let lower = body.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let start = at + lower[at..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(body[start..end].to_owned())
    });
    let text = title.unwrap_or_else(|| {
        let text = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        text.collect::<Vec<_>>().join(" ")
    });
    match one_line(&text, PAGE_CHARS) {
        empty if empty.is_empty() => "a web page".to_owned(),
        title => format!("a web page ({title})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_sentence_is_found_wherever_it_stands() {
        let cases = [
            (r#"{"error": {"message": "a"}}"#, "a"),
            (r#"[{"error": {"message": "a"}}]"#, "a"),
            (r#"{"error": "a"}"#, "a"),
            (r#"{"message": "a", "code": 3}"#, "a"),
            (r#"{"detail": "a"}"#, "a"),
            (r#"{"detail": [{"loc": ["body", "n", 0], "msg": "too large"}, {"msg": 3}]}"#, "body.n.0: too large"),
            (r#"{"base_resp": {"status_code": 1008, "status_msg": "a"}}"#, "a"),
            (r#"{"error_code": 17, "error_msg": "a"}"#, "a"),
            (r#"{"success": false, "errors": [{"code": 5, "message": "a"}]}"#, "a"),
            (
                r#"{"error": {"message": "it failed", "metadata": {"raw": "{\"error\": {\"message\": \"a\"}}"}}}"#,
                "it failed: a",
            ),
            (r#"{"error": {"message": "it failed", "metadata": {"raw": "a"}}}"#, "it failed: a"),
            (r#"{"other": 1}"#, r#"{"other": 1}"#),
            ("plain", "plain"),
            ("", ""),
            ("<!DOCTYPE html><TITLE lang=en>Who are\n you?</TITLE><p>x", "a web page (Who are you?)"),
            ("\n<html><h1>Not Found</h1><hr>nginx</html>", "a web page (Not Found nginx)"),
            ("<html>", "a web page"),
            ("<error>x</error>", "<error>x</error>"),
        ];
        for (body, expected) in cases {
            assert_eq!(message_in(body), expected, "{body}");
        }
    }

    #[test]
    fn a_code_may_be_a_number_or_a_text() {
        for (body, expected) in [
            (json!({"error": {"code": 429}}), Some(429)),
            (json!({"error": {"code": "invalid_value", "status": 503}}), Some(503)),
            (json!({"code": "400"}), Some(400)),
            (json!({"code": 200}), None),
            (json!({"code": 1261}), None),
            (json!({"error": "x"}), None),
        ] {
            assert_eq!(code_in(&body), expected, "{body}");
        }
    }

    #[test]
    fn sentences_are_found_in_every_field() {
        let body = r#"{"error": {"message": "Param Incorrect", "code": "400", "param": "max is 7", "more": ["a b"]}}"#;
        let mut told: Vec<String> = sentences_in(body).split("; ").map(str::to_owned).collect();
        told.sort();
        assert_eq!(told, ["Param Incorrect", "a b", "max is 7"]);
        assert_eq!(sentences_in("no JSON"), "");
    }
}
