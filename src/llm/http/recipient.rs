//! Sending bytes to a server that is none of models and that a person has named: over connections as calls have them.

use super::build;
use crate::config::Endpoint;
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use std::time::Duration;

/// Where bytes go.
pub struct Recipient {
    client: Client,
    base: Endpoint,
}

/// Why they were not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whether the same may well be taken a little later.
    pub is_transient: bool,
    pub why: String,
}

/// The most bytes of a reply that are read, so that its connection is used again.
const MOST_OF_REPLY: usize = 64 << 10;

impl Recipient {
    /// The server at a base URL. Headers, which may hold keys, go with each request.
    ///
    /// # Errors
    /// It is no such URL, a header is none, or everyone on the way could read the headers; a sentence without any of them.
    pub fn new(base: &str, headers: &[(String, String)]) -> Result<Self, String> {
        if base.contains(['?', '#']) {
            return Err("expected a base URL without a query; keys go into headers".to_owned());
        }
        let base = Endpoint::parse(&format!("{}/v1", base.trim().trim_end_matches('/')))
            .map_err(|_| "expected the base URL of a server, such as http://127.0.0.1:4318".to_owned())?;
        if !headers.is_empty() && base.is_readable_on_the_way() {
            return Err("headers may hold keys, and go only over https, or to this machine".to_owned());
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let pair = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, mut value) = pair.ok_or("one of the headers is none")?;
            value.set_sensitive(true);
            map.insert(name, value);
        }
        let builder = Client::builder().default_headers(map);
        let client = build(if base.is_loopback() { builder.no_proxy() } else { builder })?;
        Ok(Self { client, base })
    }

    /// The server, as it is shown.
    pub fn shown(&self) -> String {
        self.base.to_string()
    }

    /// Sends bytes to one of its resources below `v1/`.
    ///
    /// # Errors
    /// They have not arrived within `limit`, or were not taken.
    pub async fn post(
        &self,
        resource: &str,
        kind: &'static str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<(), Refusal> {
        let request = self.client.post(self.base.join(resource)).header(CONTENT_TYPE, kind).timeout(limit).body(body);
        let failed = |error: reqwest::Error| Refusal { is_transient: true, why: innermost(&error.without_url()) };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status();
        let mut read = 0;
        while read < MOST_OF_REPLY {
            match response.chunk().await {
                Ok(Some(part)) => read += part.len(),
                Ok(None) | Err(_) => break,
            }
        }
        match status {
            status if status.is_success() => Ok(()),
            status => {
                Err(Refusal { is_transient: is_transient(status), why: format!("it replied with status {status}") })
            }
        }
    }
}

/// As the specification of OTLP has it.
fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// What has gone wrong at the bottom, which says more than what lies around it.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_go_where_others_read_them_and_are_in_no_complaint() {
        let key = [("authorization".to_owned(), "Bearer PEARKEY9".to_owned())];
        let broken = [("x".to_owned(), "PEARKEY9\n".to_owned())];
        for (base, headers, shown) in [
            ("http://127.0.0.1:4318", &key[..], Ok("http://127.0.0.1:4318/v1")),
            ("https://h/otlp/", &key, Ok("https://h/otlp/v1")),
            ("http://collector:4318", &[], Ok("http://collector:4318/v1")),
            ("http://collector:4318", &key, Err("only over https")),
            ("http://127.0.0.1:4318", &broken, Err("one of the headers is none")),
            ("https://h/?key=PEARKEY9", &[], Err("without a query")),
            ("h:4318", &[], Err("expected the base URL of a server")),
        ] {
            match (Recipient::new(base, headers), shown) {
                (Ok(made), Ok(shown)) => assert_eq!(made.shown(), shown),
                (Err(why), Err(part)) => assert!(why.contains(part) && !why.contains("PEARKEY9"), "{base}: {why}"),
                (made, _) => panic!("{base}: {:?}", made.map(|it| it.shown())),
            }
        }
    }
}
