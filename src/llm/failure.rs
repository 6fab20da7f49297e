//! What went wrong, told from what the other side sent.
//!
//! Servers agree on little: the same mistake arrives as 400, 404 or 422 with texts of their own, and only the text
//! tells a prompt that is too long from one that is malformed. The texts below were collected from the servers'
//! sources and documentation; what matches none falls back to its status.

use super::{Error, http::CONNECTING, secret::Secret};
use crate::text::one_line;
use genai::webc::StreamTimeout;
use reqwest::header::HeaderMap;
use std::{
    error::Error as _,
    time::{Duration, SystemTime},
};

/// The other side of a call, as errors name it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) model: String,
    /// Where it is, in words for people.
    pub(super) endpoint: String,
    pub(super) key: Option<Secret>,
    /// The environment variable that the key came from.
    pub(super) variable: Option<String>,
}

const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context_length_exceeded",
    "exceed_context_size_error",
    "context size has been exceeded",
    "available context size",
    "exceeds the context window",
    "context window exceeds",
    "exceed context limit",
    "prompt is too long",
    "input is too long",
    "input token count",
    "too large for model with",
    "request too large",
];
const UNKNOWN_MODEL: &[&str] = &[
    "model_not_found",
    "model not found",
    "model not exist",
    "model does not exist",
    "not a valid model",
    "unknown model",
    "invalid model",
    "no such model",
    "unsupported model",
];
const BAD_KEY: &[&str] =
    &["invalid_api_key", "invalid api key", "incorrect api key", "api key not valid", "invalid x-api-key"];
const NO_CREDIT: &[&str] =
    &["insufficient_quota", "credit balance is too low", "insufficient balance", "insufficient credits"];

impl Peer {
    /// Something that the other side said, fit to be shown.
    pub(super) fn detail(&self, said: &str) -> String {
        // Redacted before it is cut, lest half a key stay.
        let said = self.key.as_ref().map_or_else(|| said.to_owned(), |key| key.redact(said));
        match one_line(&said, 300) {
            empty if empty.is_empty() => "no reason given".to_owned(),
            line => line,
        }
    }

    /// From a reply whose status is not a success.
    pub(super) fn of_status(&self, status: u16, headers: Option<&HeaderMap>, body: &str) -> Error {
        let (model, detail) = (self.model.clone(), self.detail(&message_in(body)));
        let text = body.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        let retry_after = headers.and_then(|headers| retry_after(headers, SystemTime::now()));
        match status {
            401 => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            400 | 403 if says(BAD_KEY) => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            402 => Error::NoCredit { model, detail },
            400..500 if says(NO_CREDIT) => Error::NoCredit { model, detail },
            ..=500 if says(TOO_LONG) => Error::PromptTooLong { model, detail },
            400..500 if says(UNKNOWN_MODEL) => Error::UnknownModel { model, detail },
            404 if text.contains("model") => Error::UnknownModel { model, detail },
            403 => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            429 => Error::RateLimited { model, detail, retry_after },
            408 => Error::Server { model, status, detail, retry_after },
            status if status >= 500 => Error::Server { model, status, detail, retry_after },
            _ => Error::Rejected { model, detail: format!("status {status} from {}: {detail}", self.endpoint) },
        }
    }

    /// From a connection that failed; `silence` is how long it was allowed to be silent.
    pub(super) fn of_transport(&self, error: &reqwest::Error, silence: Duration) -> Error {
        let model = self.model.clone();
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        // The outermost text of `reqwest` holds the URL, and with it the query; the innermost holds the reason.
        let reason = if error.source().is_some() { cause.to_string() } else { "the request failed".to_owned() };
        let detail = self.detail(&reason);
        if error.is_connect() {
            let detail = if error.is_timeout() {
                format!("no connection within {} seconds", CONNECTING.as_secs())
            } else {
                detail
            };
            Error::Unreachable { model, endpoint: self.endpoint.clone(), detail }
        } else if error.is_timeout() {
            Error::TimedOut { model, after: silence }
        } else if error.is_builder() {
            Error::Configuration(format!("cannot make a request for {model}: {detail}"))
        } else {
            Error::BrokenReply { model, detail }
        }
    }

    /// From anything that `genai` reports; `silence` is how long the server was allowed to be silent.
    pub(super) fn of_genai(&self, error: genai::Error, silence: Duration) -> Error {
        use genai::Error as G;
        let model = self.model.clone();
        match error {
            G::HttpError { status, headers, body, .. } => self.of_status(status.as_u16(), Some(&headers), &body),
            G::WebModelCall { webc_error, .. } | G::WebAdapterCall { webc_error, .. } => match webc_error {
                genai::webc::Error::ResponseFailedStatus { status, body, headers } => {
                    self.of_status(status.as_u16(), Some(&headers), &body)
                }
                genai::webc::Error::Reqwest(error) => self.of_transport(&error, silence),
                other => Error::BrokenReply { model, detail: self.detail(&other.to_string()) },
            },
            G::WebStream { error, cause, .. } => self.of_stream(error, &cause, silence),
            G::ChatResponse { body, .. } => self.of_event(&body),
            G::StreamParse { serde_error, .. } => {
                Error::BrokenReply { model, detail: self.detail(&format!("it is not JSON ({serde_error})")) }
            }
            other => Error::Rejected { model, detail: self.detail(&other.to_string()) },
        }
    }

    fn of_stream(&self, error: genai::BoxError, cause: &str, silence: Duration) -> Error {
        let error = match error.downcast::<genai::Error>() {
            Ok(inner) => return self.of_genai(*inner, silence),
            Err(other) => other,
        };
        if error.is::<StreamTimeout>() {
            return Error::TimedOut { model: self.model.clone(), after: silence };
        }
        match error.downcast_ref::<reqwest::Error>() {
            Some(error) => self.of_transport(error, silence),
            None => Error::BrokenReply { model: self.model.clone(), detail: self.detail(cause) },
        }
    }

    /// From an error that came as a part of a reply whose status had promised success.
    fn of_event(&self, body: &serde_json::Value) -> Error {
        let inner = body.get("error").unwrap_or(body);
        let code = inner.get("code").and_then(serde_json::Value::as_u64).filter(|code| (400..600).contains(code));
        let text = body.to_string();
        let status = match code {
            Some(code) => code as u16,
            None if text.contains("rate_limit") => 429,
            None if text.contains("overloaded") => 529,
            None => 500,
        };
        self.of_status(status, None, &text)
    }
}

/// The sentence meant for people in the body of an error, or the whole body.
fn message_in(body: &str) -> String {
    let read = || -> Option<String> {
        let json: serde_json::Value = serde_json::from_str(body).ok()?;
        let at = ["/error/message", "/message", "/detail", "/error"];
        at.iter().find_map(|at| json.pointer(at)?.as_str()).map(str::to_owned)
    };
    read().unwrap_or_else(|| body.to_owned())
}

/// How long to wait, by `retry-after-ms` or `retry-after`, in seconds or as a date. A date is compared with the
/// server's own clock where it tells it.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    const MOST: f64 = 86_400.0;
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |number: &str| number.parse::<f64>().ok().filter(|it| *it >= 0.0).map(|it| it.min(MOST));
    if let Some(milliseconds) = text("retry-after-ms").and_then(seconds) {
        return Some(Duration::from_secs_f64(milliseconds / 1000.0));
    }
    let value = text("retry-after")?;
    if let Some(seconds) = seconds(value) {
        return Some(Duration::from_secs_f64(seconds));
    }
    let now = text("date").and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    let wait = httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default();
    Some(wait.min(Duration::from_secs_f64(MOST)))
}

#[cfg(test)]
mod tests;
