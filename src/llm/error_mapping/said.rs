//! Finding the sentence for people in what a server sends with a refusal.

use crate::text::one_line;
use serde_json::Value;

/// Problems of a request that are told one by one.
const MOST_PROBLEMS: usize = 5;

/// Characters of a page that are taken. It is cut again where it is shown, when no key stands in it any more.
const PAGE_CHARS: usize = 2000;

/// The sentence meant for people in the body of an error, or the whole body.
pub(in crate::llm) fn message_in(body: &str) -> String {
    if is_page(body) {
        return page(body);
    }
    let read = || -> Option<String> {
        let json: Value = serde_json::from_str(body).ok()?;
        // Some servers put their error into a list of one.
        let json = json.get(0).unwrap_or(&json);
        let at = ["/error/message", "/message", "/detail/message", "/detail", "/error", "/error/error", "/msg"];
        let sentence = at.iter().find_map(|at| json.pointer(at)?.as_str()).map(str::to_owned);
        sentence.or_else(|| problems(json.pointer("/detail").or_else(|| json.pointer("/error/detail"))?))
    };
    read().unwrap_or_else(|| body.to_owned())
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
}
