//! The connection to a client: reads messages in order, runs their handlers at the same time, and writes what the server
//! says.
//!
//! The framework's own loop is not used: it stops at the first message that it cannot parse, goes on reading when nobody
//! hears it any more, and lets a reply overtake what was told before it.

use super::wire::{self, Message};
use futures::{
    FutureExt, Sink, SinkExt, Stream, StreamExt,
    channel::mpsc,
    future::{Either, Ready, ready},
};
use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::{
    ClientSocket,
    jsonrpc::{Request, Response},
};
use tower_service::Service;

/// Messages that were read and whose handlers did not start yet. Reading goes on only when there is room, so a client
/// that does not read what it is told is not read either.
const QUEUE: usize = 100;

/// What makes the reply to a message: its handler, or none if the message is no JSON-RPC.
type Handling<F, E> = Either<F, Ready<Result<Option<Response>, E>>>;

/// The two halves of a connection. The first ends when the client leaves; it may be dropped to leave it. The second
/// ends after that, when all replies are written, or with the first error of the output.
pub fn connect<I, O, S>(
    input: I,
    output: O,
    service: S,
    socket: ClientSocket,
) -> (impl Future<Output = ()>, impl Future<Output = io::Result<()>>)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
    S: Service<Request, Response = Option<Response>>,
{
    let (told, client_replies) = socket.split();
    let (handlers, started) = mpsc::channel(QUEUE);
    (read(input, service, client_replies, handlers), answer(output, told, started))
}

/// Hands the messages over in the order of the wire, until `exit` or the end of the input.
async fn read<I, S>(
    input: I,
    mut service: S,
    mut client_replies: impl Sink<Response> + Unpin,
    mut handlers: mpsc::Sender<Handling<S::Future, S::Error>>,
) where
    I: AsyncRead + Unpin,
    S: Service<Request, Response = Option<Response>>,
{
    let mut input = BufReader::new(input);
    while let Some(message) = wire::next_message(&mut input).await {
        let mut leaves = false;
        let handling = match message {
            Ok(Message::Request(request)) => {
                if poll_fn(|context| service.poll_ready(context)).await.is_err() {
                    return;
                }
                // Some clients leave the input open after it.
                leaves = request.method() == "exit";
                Either::Left(service.call(request))
            }
            Ok(Message::Response(reply)) => {
                if client_replies.send(reply).await.is_err() {
                    return;
                }
                continue;
            }
            Err(refusal) => Either::Right(ready(Ok(Some(refusal)))),
        };
        if handlers.send(handling).await.is_err() || leaves {
            return;
        }
    }
}

/// Runs the handlers and writes their replies, and what the server tells the client by itself.
///
/// Handlers only start runs and wait for them, so there is no reason to bound how many wait; with a bound, requests that
/// wait for a reply of the client could fill all places, and the reply would never be read.
async fn answer<F, E>(
    output: impl AsyncWrite,
    told: impl Stream<Item = Request> + Unpin,
    handlers: mpsc::Receiver<Handling<F, E>>,
) -> io::Result<()>
where
    F: Future<Output = Result<Option<Response>, E>>,
{
    let (done, replies) = mpsc::channel(0);
    let handled = handlers.buffer_unordered(usize::MAX).filter_map(|handled| ready(handled.ok().flatten()));
    // Nobody takes the replies any more after an error of the output, which is told by `write`.
    let handling = handled.map(Ok).forward(done).map(|_| Ok(()));
    tokio::try_join!(handling, write(output, told, replies)).map(|_| ())
}

/// Writes messages as they come until there are no more replies. A reply comes after everything that was told before its
/// handler was done.
async fn write(
    output: impl AsyncWrite,
    mut told: impl Stream<Item = Request> + Unpin,
    mut replies: mpsc::Receiver<Response>,
) -> io::Result<()> {
    let mut output = pin!(output);
    loop {
        let mut frames = Vec::new();
        tokio::select! {
            Some(message) = told.next() => wire::put(&message, &mut frames)?,
            reply = replies.next() => {
                let Some(reply) = reply else { return Ok(()) };
                while let Some(Some(earlier)) = told.next().now_or_never() {
                    wire::put(&earlier, &mut frames)?;
                }
                wire::put(&reply, &mut frames)?;
            }
        }
        output.write_all(&frames).await?;
        output.flush().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{future::pending, sink, stream};
    use std::{
        convert::Infallible,
        task::{Context, Poll},
    };
    use tokio::io::duplex;
    use tower_lsp::jsonrpc::Id;

    /// Replies with the method of the request; never to one that is named `wait`.
    struct Echo;

    impl Service<Request> for Echo {
        type Response = Option<Response>;
        type Error = Infallible;
        type Future = futures::future::BoxFuture<'static, Result<Option<Response>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            let (method, id, _) = request.into_parts();
            match &*method {
                "wait" => pending().boxed(),
                _ => ready(Ok(id.map(|id| Response::from_ok(id, method.into())))).boxed(),
            }
        }
    }

    fn frames(messages: &[impl serde::Serialize]) -> Vec<u8> {
        let mut frames = Vec::new();
        messages.iter().for_each(|message| wire::put(message, &mut frames).expect("a message is JSON"));
        frames
    }

    fn reply(id: i64) -> Response {
        Response::from_ok(Id::Number(id), "x".into())
    }

    fn requests(ids: std::ops::Range<i64>) -> Vec<Request> {
        ids.map(|id| Request::build("x").id(id).finish()).collect()
    }

    /// Everything that is written to a client that sends this and then leaves.
    async fn written(input: &[u8]) -> Vec<u8> {
        let (handlers, started) = mpsc::channel(QUEUE);
        let mut output = Vec::new();
        let reading = read(input, Echo, sink::drain(), handlers);
        let (answered, ()) = tokio::join!(answer(&mut output, stream::pending(), started), reading);
        answered.expect("a vector takes everything");
        output
    }

    #[tokio::test]
    async fn every_request_has_a_reply_before_the_connection_ends() {
        let replies: Vec<Response> = (0..300).map(reply).collect();
        assert_eq!(written(&frames(&requests(0..300))).await, frames(&replies));
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_in_its_place_and_nothing_is_read_after_exit() {
        let exit = frames(&[Request::build("exit").finish()]);
        let input = [&frames(&requests(0..1)), &b"Content-Length: 2\r\n\r\n[]"[..], &exit, &frames(&requests(1..2))];
        let output = String::from_utf8(written(&input.concat()).await).expect("JSON is text");
        let bodies: Vec<&str> = output.split("Content-Length: ").skip(1).collect();
        assert!(bodies.len() == 2 && bodies[0].contains(r#""id":0"#) && bodies[1].contains("-32600"), "{output}");
    }

    #[tokio::test]
    async fn a_reply_never_overtakes_what_was_told_before() {
        let told = || ["a", "b", "c"].map(|method| Request::build(method).finish());
        let expected = [frames(&told()), frames(&[reply(1)])].concat();
        for _ in 0..20 {
            let (mut replies, written_replies) = mpsc::channel(1);
            replies.try_send(reply(1)).expect("there is room");
            drop(replies);
            let mut output = Vec::new();
            write(&mut output, stream::iter(told()), written_replies).await.expect("a vector takes everything");
            assert_eq!(output, expected);
        }
    }

    #[tokio::test]
    async fn the_first_error_of_the_output_ends_it_whatever_handlers_wait_for() {
        let (ours, theirs) = duplex(16);
        drop(theirs);
        let (mut handlers, started) = mpsc::channel(QUEUE);
        for request in [Request::build("wait").id(1).finish(), Request::build("x").id(2).finish()] {
            let handling: Handling<_, Infallible> = Either::Left(Echo.call(request));
            handlers.try_send(handling).expect("there is room");
        }
        let error = answer(ours, stream::pending(), started).await.expect_err("nobody hears it");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_not_read_for_ever() {
        let (ours, _theirs) = duplex(16);
        let input = frames(&requests(0..10_000));
        let mut left = &input[..];
        let (handlers, started) = mpsc::channel(QUEUE);
        {
            let reading = read(&mut left, Echo, sink::drain(), handlers);
            let both = async { tokio::join!(answer(ours, stream::pending(), started), reading) };
            assert!(both.now_or_never().is_none(), "replies have no room");
        }
        assert!(left.len() > input.len() / 2, "{} of {} bytes are unread", left.len(), input.len());
    }
}
