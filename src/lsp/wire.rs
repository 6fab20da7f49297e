//! Messages as bytes: a header that tells the length, and a body of JSON.
//!
//! What is no JSON-RPC comes with the reply that JSON-RPC 2.0 asks for, and the connection goes on after it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::{borrow::Cow, io};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tower_lsp::jsonrpc::{Error, Id, Request, Response};

/// The longest header line that is read; what is longer is no header.
const HEADER_LIMIT: u64 = 8 << 10;

/// The largest message that is accepted: an editor may open a document of this size.
const MESSAGE_LIMIT: u64 = 1 << 30;

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;

/// What a client sends.
#[derive(Debug)]
pub enum Message {
    /// A request or a notification.
    Request(Request),
    /// The reply to a request of the server.
    Response(Response),
}

/// A message of either kind as it stands in the JSON.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "jsonrpc")]
    _version: Version,
    #[serde(default)]
    method: String,
    #[serde(default, deserialize_with = "present")]
    params: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Id>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    error: Option<Error>,
}

#[derive(Deserialize)]
enum Version {
    #[serde(rename = "2.0")]
    Two,
}

/// A field that is there, even if it is null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The next message, or the reply to what is none. `None` at the end of the input.
pub async fn next_message<I: AsyncRead + Unpin>(input: &mut BufReader<I>) -> Option<Result<Message, Response>> {
    let length = next_length(input).await?;
    let mut body = Vec::new();
    let read = input.take(length).read_to_end(&mut body).await.ok()?;
    if read as u64 != length {
        return None;
    }
    Some(match serde_json::from_slice(&body) {
        Ok(Envelope { id: Some(id), result: Some(result), .. }) => Ok(Message::Response(Response::from_ok(id, result))),
        Ok(Envelope { id: Some(id), error: Some(error), .. }) => Ok(Message::Response(Response::from_error(id, error))),
        Ok(Envelope { method, params, id, .. }) => Ok(Message::Request(request(method, id, params))),
        Err(_) => Err(refusal(&body)),
    })
}

/// The length of the next body; lines that are no headers are passed over. `None` at the end of the input.
async fn next_length<I: AsyncRead + Unpin>(input: &mut BufReader<I>) -> Option<u64> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(HEADER_LIMIT).read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        match (line.trim_end(), length) {
            ("", Some(length)) => return Some(length),
            (line, _) => {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().ok().filter(|&length| length <= MESSAGE_LIMIT);
                }
            }
        }
    }
}

/// A request of these parts; without an id it is a notification.
pub fn request(method: impl Into<Cow<'static, str>>, id: Option<Id>, params: Option<Value>) -> Request {
    let mut builder = Request::build(method);
    if let Some(id) = id {
        builder = builder.id(id);
    }
    if let Some(params) = params {
        builder = builder.params(params);
    }
    builder.finish()
}

/// The reply to a body that is no message.
fn refusal(body: &[u8]) -> Response {
    let (id, code, message) = match serde_json::from_slice::<Value>(body) {
        Err(error) => (Id::Null, PARSE_ERROR, format!("the message is no JSON: {error}")),
        Ok(value) => {
            let id = value.get("id").and_then(|id| Id::deserialize(id).ok()).unwrap_or_default();
            (id, INVALID_REQUEST, "the message is no JSON-RPC 2.0 request, notification or response".to_owned())
        }
    };
    Response::from_error(id, Error { code: code.into(), message: message.into(), data: None })
}

/// Appends a message with its header to what is to be written.
pub fn put(message: &impl Serialize, frames: &mut Vec<u8>) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    frames.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    frames.extend_from_slice(&body);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// What is read from an input, one line for each message, as it would be written again.
    async fn read(input: &str) -> Vec<String> {
        let mut input = BufReader::new(input.as_bytes());
        let mut messages = Vec::new();
        while let Some(message) = next_message(&mut input).await {
            let json = match message {
                Ok(Message::Request(request)) => serde_json::to_string(&request).map(|json| format!("request {json}")),
                Ok(Message::Response(reply)) => serde_json::to_string(&reply).map(|json| format!("response {json}")),
                Err(refusal) => serde_json::to_string(&refusal).map(|json| format!("refusal {json}")),
            };
            messages.push(json.expect("a message is JSON"));
        }
        messages
    }

    #[tokio::test]
    async fn a_message_is_a_request_or_a_response() {
        for (kind, body) in [
            ("request", r#"{"jsonrpc":"2.0","method":"shutdown","id":1}"#),
            ("request", r#"{"jsonrpc":"2.0","method":"x","params":{"b":1,"a":[null]},"id":"one"}"#),
            ("request", r#"{"jsonrpc":"2.0","method":"x","params":null,"id":null}"#),
            ("request", r#"{"jsonrpc":"2.0","method":"exit"}"#),
            ("request", r#"{"jsonrpc":"2.0","method":"","id":1}"#),
            ("response", r#"{"jsonrpc":"2.0","result":null,"id":7}"#),
            ("response", r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":7}"#),
        ] {
            assert_eq!(read(&frame(body)).await, [format!("{kind} {body}")]);
        }
        // Some clients name both; what is there counts.
        for (body, meant) in [
            (r#"{"jsonrpc":"2.0","id":7,"result":1,"error":null}"#, r#"response {"jsonrpc":"2.0","result":1,"id":7}"#),
            (r#"{"jsonrpc":"2.0","result":1}"#, r#"request {"jsonrpc":"2.0","method":""}"#),
        ] {
            assert_eq!(read(&frame(body)).await, [meant]);
        }
    }

    #[tokio::test]
    async fn other_headers_do_not_matter() {
        let body = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let good = frame(body);
        for input in [
            good.replace("\r\n\r\n", "\r\nContent-Type: application/json; charset=latin1\r\n\r\n"),
            good.replace("Content-Length:", "content-length: 9\r\n: \r\nCONTENT-LENGTH:"),
            format!("garbage\r\n\r\nContent-Length: 99999999999999\r\n\r\n{good}"),
        ] {
            assert_eq!(read(&input).await, [format!("request {body}")], "{input}");
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_refused_and_the_rest_goes_on() {
        let good = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        for (bad, code, id) in [
            ("{nonsense", PARSE_ERROR, "null"),
            ("", PARSE_ERROR, "null"),
            (r#"{"jsonrpc":"2.0","method":"x"} {}"#, PARSE_ERROR, "null"),
            ("[1]", INVALID_REQUEST, "null"),
            (r#"{"id":5,"method":"x"}"#, INVALID_REQUEST, "5"),
            (r#"{"jsonrpc":"1.0","id":"five","method":"x"}"#, INVALID_REQUEST, r#""five""#),
            (r#"{"jsonrpc":"2.0","id":5,"method":7}"#, INVALID_REQUEST, "5"),
            (r#"{"jsonrpc":"2.0","id":{"a":1},"method":"x"}"#, INVALID_REQUEST, "null"),
            (r#"{"jsonrpc":"2.0","id":5,"method":"x","method":"y"}"#, INVALID_REQUEST, "5"),
        ] {
            let read = read(&format!("{}garbage\r\n{}", frame(bad), frame(good))).await;
            let [refusal, rest] = &read[..] else { panic!("{bad}: {read:?}") };
            assert!(
                refusal.starts_with(&format!(r#"refusal {{"jsonrpc":"2.0","error":{{"code":{code},"#)),
                "{refusal}"
            );
            assert!(refusal.ends_with(&format!(r#""id":{id}}}"#)), "{refusal}");
            assert_eq!(rest, &format!("request {good}"));
        }
    }

    #[tokio::test]
    async fn input_that_ends_inside_a_message_ends_the_connection() {
        for input in ["Content-Length: 10\r\n\r\n{", "Content-Length: 10\r\n", "Content-Length: 99999999999999\r\n\r\n"]
        {
            assert!(read(input).await.is_empty(), "{input}");
        }
    }
}
