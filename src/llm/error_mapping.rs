//! What went wrong, told from what the other side sent.
//!
//! Servers agree on little: the same mistake arrives as 400, 404 or 422 with texts of their own, and only the text
//! tells a prompt that is too long from one that is malformed. The texts below were collected from the servers'
//! sources and documentation; what matches none falls back to its status.

mod said;
mod waits;

pub(in crate::llm) use said::{message_in, sentences_in};

use super::{CONNECTING, Error, error_words as words, redact::Redactor, secret::Secret};
use crate::text::one_line;
use genai::webc::StreamTimeout;
use reqwest::{RequestBuilder, Url, header::HeaderMap};
use serde_json::Value;
use std::{
    error::Error as _,
    time::{Duration, SystemTime},
};

/// The other side of a call, as errors name it.
#[derive(Debug, Clone)]
pub(super) struct RemoteModel {
    pub(super) model: String,
    /// Where it is, in words for people.
    pub(super) endpoint: String,
    pub(super) key: Option<Secret>,
    /// The header that the key stands in, if it is not the usual one.
    key_header: Option<&'static str>,
    /// Headers that it wants beside the key.
    pub(super) headers: Vec<(String, String)>,
    /// The environment variable that the key came from.
    variable: Option<String>,
    redactor: Redactor,
}

/// The most bytes of what the other side said that are searched for keys and shortened. An error is one line.
const MOST_SAID: usize = 16 << 10;

/// A shorter value of a header is no key.
const SHORTEST_SECRET: usize = 8;

/// The most bytes of an error inside of a stream that are read as JSON.
const MOST_EVENT: usize = 64 << 10;

impl RemoteModel {
    /// `key` comes with the variable that holds it; `others` are keys that stand in the address.
    pub(super) fn new(
        model: impl Into<String>,
        endpoint: impl Into<String>,
        key: Option<(String, Secret)>,
        others: &[String],
    ) -> Self {
        let (variable, key) = key.unzip();
        let keys = key.iter().map(Secret::expose).chain(others.iter().map(String::as_str));
        let redactor = Redactor::new(keys);
        Self {
            model: model.into(),
            endpoint: endpoint.into(),
            key,
            key_header: None,
            headers: Vec::new(),
            variable,
            redactor,
        }
    }

    /// The same with a header for its key that is not the usual one.
    pub(super) fn with_key_in(self, header: &'static str) -> Self {
        Self { key_header: Some(header), ..self }
    }

    /// The same with headers, whose values may be keys.
    pub(super) fn with_headers(mut self, headers: Vec<(String, String)>, others: &[String]) -> Self {
        let keys = self.key.iter().map(Secret::expose).chain(others.iter().map(String::as_str));
        let values = headers.iter().map(|(_, value)| value.as_str()).filter(|value| value.len() >= SHORTEST_SECRET);
        self.redactor = Redactor::new(keys.chain(values));
        self.headers = headers;
        self
    }

    /// A request with what this server wants to be sent.
    pub(super) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match (&self.key, self.key_header) {
            (Some(key), Some(header)) => request.header(header, key.expose()),
            (Some(key), None) => request.bearer_auth(key.expose()),
            (None, _) => request,
        };
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Something that the other side said, fit to be shown.
    pub(super) fn detail(&self, said: &str) -> String {
        // Redacted before it is cut, lest half a key stay.
        let said = self.redactor.redact(&said[..said.floor_char_boundary(MOST_SAID)]);
        match one_line(&said, 300) {
            empty if empty.is_empty() => "no reason given".to_owned(),
            line => line,
        }
    }

    /// Whether a text of the other side holds a key.
    pub(super) fn repeats_key(&self, said: &str) -> bool {
        self.redactor.redact(said) != said
    }

    /// A reply that stopped before its end, or that makes no sense.
    pub(super) fn broken(&self, detail: &str) -> Error {
        Error::BrokenReply { model: self.model.clone(), detail: detail.to_owned() }
    }

    /// From a reply whose status is not a success.
    pub(super) fn of_status(&self, status: u16, headers: Option<&HeaderMap>, body: &str) -> Error {
        let (model, detail) = (self.model.clone(), self.detail(&said::message_in(body)));
        let text = body.to_lowercase();
        let says = |phrases: &[&str]| words::any_in(phrases, &text);
        let in_headers = headers.and_then(|headers| waits::in_headers(headers, SystemTime::now()));
        let retry_after = in_headers
            .or_else(|| waits::in_words(&text))
            .or_else(|| waits::in_repeated_headers(body, SystemTime::now()));
        match status {
            300..400 => Error::Rejected { model, detail: self.redirect(status, headers) },
            401 => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            400 | 403 if says(words::BAD_KEY) => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            402 => Error::NoCredit { model, detail },
            400..500 if says(words::NO_CREDIT) => Error::NoCredit { model, detail },
            413 => Error::PromptTooLong { model, detail },
            ..=500 if says(words::TOO_LONG) => Error::PromptTooLong { model, detail },
            400..=500 if status != 429 && says(words::LIKELY_TOO_LONG) && !says(words::RATE) => {
                Error::PromptTooLong { model, detail }
            }
            400 | 403 | 500 if says(words::RATE) => Error::RateLimited { model, detail, retry_after },
            400..500 if says(words::UNKNOWN_MODEL) => Error::UnknownModel { model, detail },
            404 if text.contains("model") => Error::UnknownModel { model, detail },
            // What stands before a server refuses with a page, and knows nothing of keys.
            403 if !said::is_page(body) => Error::Unauthorized { model, variable: self.variable.clone(), detail },
            429 => Error::RateLimited { model, detail, retry_after },
            // A template or a server that cannot do what the request asks for will not do it later either.
            500 | 501 if says(words::CANNOT) => {
                Error::Rejected { model, detail: format!("status {status} from {}: {detail}", self.endpoint) }
            }
            409 | 423 | 425 if words::is_busy(body) => Error::Server { model, status, detail, retry_after },
            408 => Error::Server { model, status, detail, retry_after },
            status if status >= 500 => Error::Server { model, status, detail, retry_after },
            _ => Error::Rejected { model, detail: format!("status {status} from {}: {detail}", self.endpoint) },
        }
    }

    /// Where a redirect leads is told without its path and its query, in which the key may stand.
    fn redirect(&self, status: u16, headers: Option<&HeaderMap>) -> String {
        let target = || Url::parse(headers?.get("location")?.to_str().ok()?).ok();
        let target = target().map(|url| format!(" to {}", self.detail(&url.origin().ascii_serialization())));
        let (endpoint, target) = (&self.endpoint, target.unwrap_or_default());
        format!("status {status} from {endpoint}: it redirects{target}, and redirects are not followed")
    }

    /// From a page of the web in place of a reply.
    pub(super) fn of_page(&self, page: &str) -> Error {
        let detail = format!("{} answered with {}", self.endpoint, self.detail(&said::page(page)));
        Error::Rejected { model: self.model.clone(), detail }
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
            self.broken(&detail)
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
                other => self.broken(&self.detail(&other.to_string())),
            },
            G::WebStream { error, cause, .. } => self.of_stream(error, &cause, silence),
            G::ChatResponse { body, .. } => self.of_event(&body.to_string()),
            G::StreamParse { serde_error, .. } => self.broken(&self.detail(&format!("it is not JSON ({serde_error})"))),
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
            None => self.broken(&self.detail(cause)),
        }
    }

    /// From an error that came as a part of a reply whose status had promised success: JSON, or any text.
    pub(super) fn of_event(&self, said: &str) -> Error {
        let json = || serde_json::from_str::<Value>(said).ok().filter(Value::is_object);
        let body = if said.len() <= MOST_EVENT { json() } else { None };
        let said = &said[..said.floor_char_boundary(MOST_EVENT)];
        let code = body.as_ref().and_then(said::code_in);
        let status = code.unwrap_or_else(|| words::status_of(&said.to_lowercase()));
        self.of_status(status, None, said)
    }
}

#[cfg(test)]
mod tests;
