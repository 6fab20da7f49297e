//! The transport's way in, made tolerant, and its way out, watched.
//!
//! The framework stops reading at the first message that it cannot parse. Here every message is looked at before it gets
//! there; one that is no JSON-RPC is replaced by a request for [`MALFORMED`], which the message order answers with the error that
//! JSON-RPC 2.0 asks for, and the connection goes on.

use serde_json::{Value, json};
use std::{
    future::{Future, pending},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, duplex},
    sync::oneshot,
};
use tower_lsp::jsonrpc::{Error, Id, Request, Response};

/// The method that stands for a message that is none. Its params are the JSON-RPC error code and a message.
pub const MALFORMED: &str = "rlm/malformed";

/// Bytes on the way to the framework.
const BUFFER: usize = 64 << 10;

/// The longest header line that is read; what is longer is no header.
const HEADER_LIMIT: u64 = 8 << 10;

/// The largest message that is accepted: an editor may open a document of this size.
const MESSAGE_LIMIT: usize = 1 << 30;

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;

/// What the framework reads, and the work that fills it, which ends with the input.
pub fn tolerant<I>(input: I) -> (DuplexStream, impl Future<Output = ()>)
where
    I: AsyncRead + Unpin,
{
    let (inside, mut outside) = duplex(BUFFER);
    let work = async move {
        let mut input = BufReader::new(input);
        while let Some(body) = next_body(&mut input).await {
            let body = checked(body);
            let header = format!("Content-Length: {}\r\n\r\n", body.len());
            // The framework has stopped reading after `exit`.
            if outside.write_all(header.as_bytes()).await.is_err() || outside.write_all(&body).await.is_err() {
                return;
            }
        }
    };
    (inside, work)
}

/// The next message's body; lines that are no headers are passed over. `None` at the end of the input.
async fn next_body<I: AsyncRead + Unpin>(input: &mut BufReader<I>) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(HEADER_LIMIT).read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        match (line.trim_end(), length) {
            ("", Some(length)) => {
                let mut body = Vec::new();
                let read = input.take(length).read_to_end(&mut body).await.ok()?;
                return (read as u64 == length).then_some(body);
            }
            (line, _) => {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    let value = value.trim().parse::<u64>().ok();
                    length = value.filter(|&length| length <= MESSAGE_LIMIT as u64);
                }
            }
        }
    }
}

/// The message itself if it is one, else the request that stands for it.
fn checked(body: Vec<u8>) -> Vec<u8> {
    let is_message =
        serde_json::from_slice::<Request>(&body).is_ok() || serde_json::from_slice::<Response>(&body).is_ok();
    if is_message {
        return body;
    }
    let (id, code, message) = match serde_json::from_slice::<Value>(&body) {
        Err(error) => (Value::Null, PARSE_ERROR, format!("the message is no JSON: {error}")),
        Ok(value) => {
            let id = value.get("id").filter(|id| id.is_i64() || id.is_string()).cloned().unwrap_or_default();
            (id, INVALID_REQUEST, "the message is no JSON-RPC 2.0 request, notification or response".to_owned())
        }
    };
    json!({"jsonrpc": "2.0", "id": id, "method": MALFORMED, "params": [code, message]}).to_string().into_bytes()
}

/// The answer to a message that was replaced.
pub fn malformed_response(request: &Request) -> Response {
    let params = request.params().cloned().unwrap_or_default();
    let (code, message) = serde_json::from_value(params).unwrap_or((INVALID_REQUEST, String::new()));
    let error = Error { code: code.into(), message: message.into(), data: None };
    Response::from_error(request.id().cloned().unwrap_or(Id::Null), error)
}

/// What the framework writes to, and the first error of it. The framework itself goes on reading after one, as if
/// somebody heard it.
pub fn watched<O: AsyncWrite + Send + 'static>(output: O) -> (Watched, impl Future<Output = io::Error>) {
    let (failed, failure) = oneshot::channel();
    let error = async move {
        match failure.await {
            Ok(error) => error,
            Err(_) => pending().await,
        }
    };
    (Watched { output: Box::pin(output), failed: Some(failed) }, error)
}

/// An output that tells of its first error.
pub struct Watched {
    output: Pin<Box<dyn AsyncWrite + Send>>,
    failed: Option<oneshot::Sender<io::Error>>,
}

impl Watched {
    fn checked<T>(&mut self, written: io::Result<T>) -> Poll<io::Result<T>> {
        if let Err(error) = &written
            && let Some(failed) = self.failed.take()
        {
            let again = error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error);
            // Nobody waits for it when the server is about to end.
            let _ = failed.send(again);
        }
        Poll::Ready(written)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.output.as_mut().poll_write(context, bytes));
        self.checked(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = ready!(self.output.as_mut().poll_flush(context));
        self.checked(written)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = ready!(self.output.as_mut().poll_shutdown(context));
        self.checked(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_error_of_the_output_is_told() {
        let (ours, theirs) = duplex(16);
        let (mut output, failed) = watched(ours);
        output.write_all(b"heard").await.expect("there is room");
        drop(theirs);
        for _ in 0..2 {
            output.write_all(b"unheard").await.expect_err("the other end is closed");
        }
        assert_eq!(failed.await.kind(), io::ErrorKind::BrokenPipe);
    }

    async fn through(input: &str) -> String {
        let (mut inside, work) = tolerant(input.as_bytes());
        let mut output = String::new();
        let (_, read) = tokio::join!(work, inside.read_to_string(&mut output));
        read.expect("the other end was closed properly");
        output
    }

    fn message(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn messages_pass_unchanged() {
        let good = [r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#, r#"{"jsonrpc":"2.0","id":7,"result":null}"#];
        let input: String = good.iter().map(|body| message(body)).collect();
        assert_eq!(through(&input).await, input);
        let with_type = input.replace("\r\n\r\n", "\r\nContent-Type: application/json; charset=latin1\r\n\r\n");
        assert_eq!(through(&with_type).await, input, "other headers do not matter");
    }

    #[tokio::test]
    async fn what_is_no_message_becomes_a_request_for_an_error_and_the_rest_goes_on() {
        let good = message(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        for (bad, code, id) in [
            (message("{nonsense"), PARSE_ERROR, "null"),
            (message(""), PARSE_ERROR, "null"),
            (message("[1]"), INVALID_REQUEST, "null"),
            (message(r#"{"id":5,"method":"x"}"#), INVALID_REQUEST, "5"),
            (message(r#"{"jsonrpc":"2.0","id":{"a":1},"method":"x"}"#), INVALID_REQUEST, "null"),
        ] {
            let output = through(&format!("{bad}garbage\r\n{good}")).await;
            assert!(output.contains(MALFORMED) && output.contains(&code.to_string()), "{output}");
            assert!(output.contains(&format!("\"id\":{id},")), "{output}");
            assert!(output.ends_with(&good), "{output}");
        }
    }

    #[tokio::test]
    async fn input_that_ends_inside_a_message_ends_the_connection() {
        for input in ["Content-Length: 10\r\n\r\n{", "Content-Length: 10\r\n", "Content-Length: 99999999999999\r\n\r\n"]
        {
            assert_eq!(through(input).await, "", "{input}");
        }
    }
}
