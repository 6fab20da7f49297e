//! How long a server asks to be left alone: in its headers, and in its words.

use regex::Regex;
use reqwest::header::HeaderMap;
use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

/// Nobody waits for longer than a day.
const MOST: f64 = 86_400.0;

/// A number that is larger is a point in time, in seconds since 1970.
const EPOCH: f64 = 1e9;

/// The limits whose headers tell when they are over, as OpenAI, Groq, Anthropic and others name them.
const LIMITS: &[[&str; 2]] = &[
    ["x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"],
    ["x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"],
    ["anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"],
    ["anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"],
    ["anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"],
    ["anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"],
    ["x-ratelimit-reset", "x-ratelimit-remaining"],
    ["ratelimit-reset", "ratelimit-remaining"],
    ["x-rate-limit-reset", "x-rate-limit-remaining"],
];

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
    let ends = |[reset, remaining]: &[&str; 2]| {
        let left = text(remaining).and_then(|it| it.parse::<f64>().ok());
        Some((left, text(reset).and_then(|value| read(value, now))?))
    };
    let all: Vec<(Option<f64>, Duration)> = LIMITS.iter().filter_map(ends).collect();
    let used_up = all.iter().filter(|(left, _)| *left == Some(0.0)).map(|(_, wait)| *wait).max();
    used_up.or_else(|| all.iter().map(|(_, wait)| *wait).min())
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
    let told = SENTENCE.captures_iter(text).find_map(|captures| span(captures.get(1)?.as_str()));
    told.map(|(wait, _)| wait).or_else(|| seconds(FIELD.captures(text)?[1].parse().ok()?))
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
        let cases: [(Headers, Option<f64>); 20] = [
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
            (r#"{"error": "model x is currently loading", "estimated_time": 20.0}"#, Some(20.0)),
            ("try again later (code 503)", None),
            ("limit 3, used 3", None),
            ("", None),
        ] {
            assert_eq!(in_words(text).map(|it| it.as_secs_f64()), expected, "{text}");
        }
    }
}
