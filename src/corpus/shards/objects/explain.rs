//! What an object store's refusal means, in a line for a person.
//!
//! Of what a server says only its code and its message are shown: the rest may repeat parts of the request, which was signed
//! with a key.

use super::Scheme;
use crate::text::one_line;
use object_store::Error;
use std::error::Error as _;

/// The most characters that are shown of what a server or the client says.
const LONGEST: usize = 300;

/// The reason, and what can be done about it.
pub(super) fn explain(error: &Error, bucket: &str, scheme: Scheme) -> (String, Option<String>) {
    let (whole, last) = texts(error);
    let said = said(&whole, &last);
    if is_no_bucket(error) {
        return (format!("there is no bucket `{bucket}`"), Some("make the bucket, or name another".to_owned()));
    }
    if is_redirect(&whole) {
        let remedy =
            "is its address right, and its region? (AWS_ENDPOINT for a server of one's own, AWS_REGION)".to_owned();
        return ("the store answers with a redirect, and none is followed".to_owned(), Some(remedy));
    }
    match error {
        _ if is_refusal(error, &whole) => {
            let remedy = format!("are {} right, and may they do this?", scheme.credentials());
            (format!("the store refused the credentials ({said})"), Some(remedy))
        }
        _ if is_no_answer(&whole) => {
            let remedy = "is it up, and is its address right? (AWS_ENDPOINT for a server of one's own)".to_owned();
            (format!("the store does not answer ({said})"), Some(remedy))
        }
        _ if whole.to_ascii_lowercase().contains("credential") || whole.contains("169.254.169.254") => {
            (said, Some(format!("set {}", scheme.credentials())))
        }
        _ => (said, None),
    }
}

/// Whether the bucket itself is missing, which stores tell in the same breath as a missing object.
pub(super) fn is_no_bucket(error: &Error) -> bool {
    let (whole, _) = texts(error);
    ["NoSuchBucket", "ContainerNotFound", "specified bucket does not exist"].iter().any(|it| whole.contains(it))
}

/// Whether the store did not take the credentials. Of a listing only the text tells.
fn is_refusal(error: &Error, whole: &str) -> bool {
    matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
        || ["status code: 401", "status code: 403"].iter().any(|it| whole.contains(it))
}

/// Whether the last that came was a redirect: its status, or the words for one that does not say where to.
fn is_redirect(whole: &str) -> bool {
    whole.contains("status code: 30") || whole.contains("Received redirect without LOCATION")
}

fn is_no_answer(whole: &str) -> bool {
    let whole = whole.to_ascii_lowercase();
    ["connect", "dns", "timed out", "connection reset", "connection closed"].iter().any(|it| whole.contains(it))
}

/// The texts of an error and of all that it came from, and the last of them, which says most.
fn texts(error: &Error) -> (String, String) {
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        texts.push(inner.to_string());
        source = inner.source();
    }
    (texts.join(": "), texts.pop().unwrap_or_default())
}

/// The code and the message of a reply in XML, else the last thing that was said, without the parameters of addresses.
fn said(whole: &str, last: &str) -> String {
    let element = |name: &str| {
        let (_, rest) = whole.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let text = match (element("Code"), element("Message")) {
        (Some(code), Some(message)) if !message.is_empty() => format!("{code}: {message}"),
        (Some(code), _) => code,
        _ => {
            let words = last.split_whitespace().map(|word| word.split(['?', '<']).next().unwrap_or(word));
            words.collect::<Vec<_>>().join(" ")
        }
    };
    one_line(&text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn error(kind: fn(String, Box<dyn std::error::Error + Send + Sync>) -> Error, text: &str) -> Error {
        kind("manifest.json".to_owned(), text.into())
    }

    fn check(error: &Error, expected: &Expect) {
        let (reason, remedy) = explain(error, "b", Scheme::S3);
        expected.assert_eq(&format!("{reason} / {}", remedy.unwrap_or_default()));
    }

    #[test]
    fn refusals_are_told_without_what_they_repeat() {
        let denied = |path, source| Error::PermissionDenied { path, source };
        let refused = "status 403: <Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message><AWSAccessKeyId>\
             SECRET</AWSAccessKeyId></Error>";
        check(
            &error(denied, refused),
            &expect![
                "the store refused the credentials (InvalidAccessKeyId: No such key.) / are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION right, and may they do this?"
            ],
        );
        let absent = |path, source| Error::NotFound { path, source };
        check(
            &error(absent, "<Error><Code>NoSuchBucket</Code></Error>"),
            &expect!["there is no bucket `b` / make the bucket, or name another"],
        );
        let other = |_, source| Error::Generic { store: "S3", source };
        check(
            &error(other, "error sending request: tcp connect error: connection refused"),
            &expect![
                "the store does not answer (error sending request: tcp connect error: connection refused) / is it up, and is its address right? (AWS_ENDPOINT for a server of one's own)"
            ],
        );
        check(
            &error(other, "Server returned non-2xx status code: 307 Temporary Redirect: "),
            &expect![
                "the store answers with a redirect, and none is followed / is its address right, and its region? (AWS_ENDPOINT for a server of one's own, AWS_REGION)"
            ],
        );
        check(&error(other, "at http://x/y?sig=SECRET failed"), &expect!["at http://x/y failed / "]);
    }
}
