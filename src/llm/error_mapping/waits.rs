//! How long a server asks to be left alone: in its headers, and in its words.

use regex::Regex;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

/// Nobody waits for longer than a day.
const MOST: f64 = 86_400.0;

/// A number that is larger is a point in time, in seconds since 1970.
const EPOCH: f64 = 1e9;

/// By `retry-after-ms` or `retry-after`; else by the end of a limit that is used up. Without one that is known to be, the
/// first that ends. Dates are compared with the server's own clock where it tells it.
pub(super) fn in_headers(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let now = text("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    let milliseconds =
        ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| text(name)?.parse::<f64>().ok());
    if let Some(wait) = milliseconds.and_then(|it| seconds(it / 1000.0)) {
        return Some(wait);
    }
    if let Some(wait) = text("retry-after").and_then(|value| read(value, now)) {
        return Some(wait);
    }
    let values =
        headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.trim())));
    of_limits(&values.collect::<Vec<_>>(), now)
}

/// By the ends of limits, as fields in pairs (`…-reset`, `…-remaining`) or one field tells them (`limit=9, remaining=0,
/// reset=7`). Each provider has limits and names of its own. The names are in lower case.
fn of_limits(fields: &[(String, &str)], now: SystemTime) -> Option<Duration> {
    let number = |name: &str| fields.iter().find(|(it, _)| it == name)?.1.parse::<f64>().ok();
    let is_limit = |name: &str| name.contains("ratelimit") || name.contains("rate-limit");
    let limits = || fields.iter().filter(|(name, _)| is_limit(name));
    let in_pairs = limits().filter(|(name, _)| name.contains("reset")).filter_map(|(name, value)| {
        let left =
            number(&name.replace("reset", "remaining")).or_else(|| number(&name.replace("reset-after", "remaining")));
        Some((left, read(value, now)?))
    });
    let in_one = limits().filter_map(|(_, value)| {
        let part = |names: [&str; 2]| {
            let mut parts = value.split([',', ';']).filter_map(|part| part.split_once('='));
            parts.find(|(name, _)| names.contains(&name.trim())).map(|(_, value)| value.trim())
        };
        let left = part(["remaining", "r"]).and_then(|it| it.parse::<f64>().ok());
        Some((left, read(part(["reset", "t"])?, now)?))
    });
    let all: Vec<(Option<f64>, Duration)> = in_pairs.chain(in_one).collect();
    let used_up = all.iter().filter(|(left, _)| *left == Some(0.0)).map(|(_, wait)| *wait).max();
    used_up.or_else(|| all.iter().map(|(_, wait)| *wait).min())
}

/// By the headers of another server that a gateway repeats in its body.
pub(super) fn in_repeated_headers(body: &str, now: SystemTime) -> Option<Duration> {
    let json: Value = serde_json::from_str(body).ok()?;
    let headers = ["/error/metadata/headers", "/metadata/headers", "/error/headers", "/headers"];
    let headers = headers.iter().find_map(|at| json.pointer(at)?.as_object())?;
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields: Vec<(String, String)> =
        headers.iter().map(|(name, value)| (name.to_lowercase(), shown(value).trim().to_owned())).collect();
    let retry_after = fields.iter().find(|(name, _)| name == "retry-after").and_then(|(_, value)| read(value, now));
    let fields: Vec<(String, &str)> = fields.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
    retry_after.or_else(|| of_limits(&fields, now))
}

/// A value of a header: seconds, `1m30s`, a point in time, or a date in one of two forms.
fn read(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        return match number {
            // Some servers count milliseconds.
            at if at > 1000.0 * EPOCH => seconds((at / 1000.0 - since_1970).max(0.0)),
            at if at > EPOCH => seconds((at - since_1970).max(0.0)),
            wait => seconds(wait),
        };
    }
    let until = |at: SystemTime| seconds(at.duration_since(now).unwrap_or_default().as_secs_f64());
    if let Ok(at) = httpdate::parse_http_date(value) {
        return until(at);
    }
    if let Ok(at) = humantime::parse_rfc3339_weak(value) {
        return until(at);
    }
    let (wait, rest) = span(value)?;
    rest.is_empty().then_some(wait)
}

/// In a sentence, such as "try again in 1m20.5s", or in a field of JSON. The text is in lower case.
pub(super) fn in_words(text: &str) -> Option<Duration> {
    static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
        let words = r"(?:try again|retry|wait|available|reset|estimated_time)[^0-9{}\[\]]{0,40}?([0-9].{0,60})";
        Regex::new(words).expect("it is right")
    });
    static FIELD: LazyLock<Regex> = LazyLock::new(|| {
        let field =
            r#"(?:retry_after|retryafter|retry_after_seconds|estimated_time)"?\s*[:=]\s*"?([0-9]+(?:\.[0-9]+)?)"#;
        Regex::new(field).expect("it is right")
    });
    static MILLISECONDS: LazyLock<Regex> = LazyLock::new(|| {
        let field = r#"(?:retry_?after_?(?:ms|millis)|retry_?delay_?ms)"?\s*[:=]\s*"?([0-9]+(?:\.[0-9]+)?)"#;
        Regex::new(field).expect("it is right")
    });
    static CHINESE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("([0-9]+(?:\\.[0-9]+)?)\\s*\u{79d2}").expect("it is right"));
    let number = |field: &Regex| field.captures(text)?[1].parse::<f64>().ok();
    // A number behind which letters go on is part of a name.
    let is_time = |(wait, rest): (Duration, &str)| (!rest.starts_with(char::is_alphanumeric)).then_some(wait);
    let told = SENTENCE.captures_iter(text).find_map(|captures| is_time(span(captures.get(1)?.as_str())?));
    told.or_else(|| seconds(number(&FIELD)?))
        .or_else(|| seconds(number(&MILLISECONDS)? / 1000.0))
        .or_else(|| seconds(number(&CHINESE)?))
}

/// The time that a text begins with, in units, and the rest of the text.
fn span(text: &str) -> Option<(Duration, &str)> {
    let (mut total, mut rest) = (None, text);
    while let Some((time, behind)) = part(rest) {
        (total, rest) = (Some(total.unwrap_or(0.0) + time), behind);
    }
    Some((seconds(total?)?, rest))
}

/// A number with its unit, in seconds.
fn part(text: &str) -> Option<(f64, &str)> {
    const UNITS: [(&[&str], f64); 5] = [
        (&["ms", "millisecond", "milliseconds"], 0.001),
        (&["s", "sec", "secs", "second", "seconds"], 1.0),
        (&["m", "min", "mins", "minute", "minutes"], 60.0),
        (&["h", "hour", "hours"], 3600.0),
        (&["d", "day", "days"], 86_400.0),
    ];
    let text = text.trim_start();
    let digits = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let behind = text[digits..].trim_start();
    let unit = behind.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(behind.len());
    let (unit, rest) = behind.split_at(unit);
    let length = UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, length)| length)?;
    Some((number * length, rest))
}

fn seconds(number: f64) -> Option<Duration> {
    (number >= 0.0).then(|| Duration::from_secs_f64(number.min(MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn headers_of_every_kind_are_read() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            let pair = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
            pairs.iter().map(pair).collect()
        };
        let now = httpdate::parse_http_date("Sat, 21 Nov 2026 10:00:00 GMT").unwrap();
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(Headers, Option<f64>); 25] = [
            (&[("retry-after", "2")], Some(2.0)),
            (&[("retry-after", " 1.5 ")], Some(1.5)),
            (&[("retry-after", "7s")], Some(7.0)),
            (&[("retry-after-ms", "250"), ("retry-after", "9")], Some(0.25)),
            (&[("retry-after", "Sat, 21 Nov 2026 10:00:07 GMT")], Some(7.0)),
            (&[("retry-after", "Sat, 21 Nov 2026 09:00:00 GMT")], Some(0.0)),
            (&[("retry-after", "Sat, 21 Nov 2026 10:00:07 GMT"), ("date", "Sat, 21 Nov 2026 10:00:04 GMT")], Some(3.0)),
            (&[("retry-after", "1e300"), ("date", "x")], Some(86_400.0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "soon")], None),
            (&[("x-ratelimit-reset-requests", "21s")], Some(21.0)),
            (&[("x-ratelimit-reset-requests", "6m0s"), ("x-ratelimit-reset-tokens", "1.5s")], Some(1.5)),
            (
                &[
                    ("x-ratelimit-reset-requests", "6m0s"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-tokens", "120ms"),
                    ("x-ratelimit-remaining-tokens", "9"),
                ],
                Some(360.0),
            ),
            (&[("anthropic-ratelimit-requests-reset", "2026-11-21T10:00:30Z")], Some(30.0)),
            (&[("ratelimit-reset", "12"), ("ratelimit-remaining", "0")], Some(12.0)),
            (&[("x-ratelimit-reset", "1795255209")], Some(9.0)),
            (&[("x-ratelimit-reset", "1795255209000")], Some(9.0)),
            (&[("x-ratelimit-reset-tokens", "1h2m3s")], Some(3723.0)),
            (
                &[
                    ("x-ratelimit-reset-requests-day", "40000"),
                    ("x-ratelimit-remaining-requests-day", "12"),
                    ("x-ratelimit-reset-tokens-minute", "21.5"),
                    ("x-ratelimit-remaining-tokens-minute", "0"),
                ],
                Some(21.5),
            ),
            (&[("ratelimitbysize-reset", "38"), ("ratelimitbysize-remaining", "0")], Some(38.0)),
            (&[("ratelimit", "limit=100, remaining=0, reset=3")], Some(3.0)),
            (&[("ratelimit", "\"default\";r=0;t=7"), ("ratelimit-policy", "\"default\";q=9;w=60")], Some(7.0)),
            (&[("x-ratelimit-limit", "9"), ("x-ratelimit-remaining", "0")], None),
            (&[], None),
        ];
        for (pairs, expected) in cases {
            assert_eq!(in_headers(&headers(pairs), now).map(|it| it.as_secs_f64()), expected, "{pairs:?}");
        }
    }

    #[test]
    fn words_and_fields_of_a_body_are_read() {
        for (text, expected) in [
            ("rate limit reached. please try again in 21s. visit the page", Some(21.0)),
            ("please try again in 1m20.5s.", Some(80.5)),
            ("please try again in 6ms.", Some(0.006)),
            ("please retry in 42.5s", Some(42.5)),
            (r#"{"@type": "retryinfo", "retrydelay": "42s"}"#, Some(42.0)),
            ("please retry after 26 seconds.", Some(26.0)),
            ("wait 2 minutes and go on", Some(120.0)),
            (r#"{"retry_after": 21}"#, Some(21.0)),
            (r#"{"retryafterms": "1500"}"#, Some(1.5)),
            ("\u{8bf7}\u{5728} 5 \u{79d2}\u{540e}\u{91cd}\u{8bd5}", Some(5.0)),
            (r#"{"error": "model x is currently loading", "estimated_time": 20.0}"#, Some(20.0)),
            ("try again later (code 503)", None),
            ("limit 3, used 3", None),
            ("server overloaded, please retry shortly (ref: 06d81c91-9772-4081)", None),
            ("", None),
        ] {
            assert_eq!(in_words(text).map(|it| it.as_secs_f64()), expected, "{text}");
        }
    }

    #[test]
    fn headers_that_a_gateway_repeats_are_read() {
        let now = httpdate::parse_http_date("Sat, 21 Nov 2026 10:00:00 GMT").unwrap();
        let wait = |body: &str| in_repeated_headers(body, now).map(|it| it.as_secs_f64());
        let limits =
            r#"{"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795255209000"}"#;
        assert_eq!(wait(&format!(r#"{{"error": {{"code": 429, "metadata": {{"headers": {limits}}}}}}}"#)), Some(9.0));
        assert_eq!(wait(r#"{"error": {"headers": {"Retry-After": 4, "X-RateLimit-Reset": 9}}}"#), Some(4.0));
        assert_eq!(wait(r#"{"error": {"metadata": {}}}"#), None);
    }
}
