//! The order of what the server writes.
//!
//! The framework takes replies and what the server says by itself from two queues, and a reply may overtake what was said
//! before it. So whoever must not be overtaken sends a mark behind its messages and waits until the mark comes by: it is
//! taken out here, where the framework takes the messages over, which it then writes in the order in which it got them.

use futures::Stream;
use lsp_types::notification::Notification;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::sync::oneshot;
use tower_lsp::{Client, ClientSocket, Loopback, jsonrpc::Request};

/// What never reaches the client.
enum Mark {}

impl Notification for Mark {
    type Params = u64;
    const METHOD: &'static str = "rlm/mark";
}

/// The marks that are on their way.
#[derive(Debug, Clone, Default)]
pub struct Outbox(Arc<Mutex<Marks>>);

#[derive(Debug, Default)]
struct Marks {
    waiting: HashMap<u64, oneshot::Sender<()>>,
    sent: u64,
    /// Nothing is written any more.
    closed: bool,
}

impl Outbox {
    /// Waits until nothing that was sent before can be overtaken by what is sent from now on.
    pub async fn flush(&self, client: &Client) {
        let (number, passed) = {
            let mut marks = self.lock();
            if marks.closed {
                return;
            }
            let (sender, passed) = oneshot::channel();
            let number = marks.sent;
            marks.sent += 1;
            marks.waiting.insert(number, sender);
            (number, passed)
        };
        client.send_notification::<Mark>(number).await;
        // A mark that was lost went with the connection, and then there is nothing to wait for.
        let _ = passed.await;
    }

    /// The socket, with the marks taken out of what it sends.
    pub fn attach(&self, socket: ClientSocket) -> MarkedSocket {
        MarkedSocket { socket, outbox: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The framework's socket to the client.
pub struct MarkedSocket {
    socket: ClientSocket,
    outbox: Outbox,
}

impl Loopback for MarkedSocket {
    type RequestStream = Unmarked<<ClientSocket as Loopback>::RequestStream>;
    type ResponseSink = <ClientSocket as Loopback>::ResponseSink;

    fn split(self) -> (Self::RequestStream, Self::ResponseSink) {
        let (messages, responses) = Loopback::split(self.socket);
        (Unmarked { messages, outbox: self.outbox }, responses)
    }
}

/// What the server says by itself, without the marks.
pub struct Unmarked<S> {
    messages: S,
    outbox: Outbox,
}

impl<S: Stream<Item = Request> + Unpin> Stream for Unmarked<S> {
    type Item = Request;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Request>> {
        loop {
            let message = ready!(Pin::new(&mut self.messages).poll_next(context));
            match message {
                Some(mark) if mark.method() == Mark::METHOD => {
                    let number = mark.params().and_then(serde_json::Value::as_u64);
                    let waiting = number.and_then(|number| self.outbox.lock().waiting.remove(&number));
                    // Whoever was dropped waits no more.
                    waiting.map(|sender| sender.send(()));
                }
                other => return Poll::Ready(other),
            }
        }
    }
}

impl<S> Drop for Unmarked<S> {
    fn drop(&mut self) {
        let mut marks = self.outbox.lock();
        marks.closed = true;
        marks.waiting.clear();
    }
}
