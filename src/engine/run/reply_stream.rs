//! A reply while it is being written: its programs, as soon as each is whole.
//!
//! One side puts in what arrives, the other takes programs out and runs them. A call that breaks and is made again after a
//! program has run must not begin anew, or that program would run twice: then what has come counts, and the new attempt
//! is not waited for ([`ReplyStream::broken`]).

use crate::engine::{
    event::Delta,
    run::reply::{Reply, Scanner},
};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What has come of a reply.
#[derive(Default)]
pub struct ReplyStream {
    state: Mutex<State>,
    /// A program is whole, or the reply has ended.
    changed: Notify,
    broke: Notify,
}

#[derive(Default)]
struct State {
    scanner: Scanner,
    text: String,
    /// Bytes of `text` that the scanner has taken.
    scanned: usize,
    /// Programs that were taken out.
    taken: usize,
    ended: bool,
    broken: bool,
}

impl State {
    fn scan(&mut self) {
        while let Some(length) = self.text[self.scanned..].find('\n') {
            let end = self.scanned + length + 1;
            self.scanner.line(&self.text[self.scanned..end]);
            self.scanned = end;
        }
    }
}

impl ReplyStream {
    /// Takes what arrives.
    pub fn push(&self, delta: &Delta) {
        let mut state = self.lock();
        if state.broken || state.ended {
            return;
        }
        match delta {
            Delta::Append(piece) => {
                state.text.push_str(piece);
                state.scan();
                self.changed.notify_one();
            }
            Delta::Reset(_) if state.taken > 0 => {
                state.broken = true;
                self.broke.notify_one();
            }
            Delta::Reset(text) => {
                *state = State { text: text.clone(), ..State::default() };
                state.scan();
            }
        }
    }

    /// Ends the reply: nothing more comes. Gives it taken apart.
    pub fn end(&self) -> Reply {
        let mut state = self.lock();
        let rest = state.text[state.scanned..].to_owned();
        if !rest.is_empty() {
            state.scanner.line(&rest);
            state.scanned = state.text.len();
        }
        state.ended = true;
        self.changed.notify_one();
        state.scanner.reply()
    }

    /// The next program; nothing when the reply has ended and all were taken.
    pub async fn next(&self) -> Option<String> {
        loop {
            {
                let mut state = self.lock();
                if let Some(program) = state.scanner.programs().get(state.taken).cloned() {
                    state.taken += 1;
                    return Some(program);
                }
                if state.ended {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Waits until the reply has ended.
    pub async fn ended(&self) {
        while !self.lock().ended {
            self.changed.notified().await;
        }
    }

    /// Waits until the reply begins anew although one of its programs was taken.
    pub async fn broken(&self) {
        while !self.lock().broken {
            self.broke.notified().await;
        }
    }

    /// Whether a program was taken.
    pub fn has_begun(&self) -> bool {
        self.lock().taken > 0
    }

    /// What has come so far.
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn append(reply_stream: &ReplyStream, text: &str) {
        reply_stream.push(&Delta::Append(text.to_owned()));
    }

    #[tokio::test]
    async fn a_program_comes_when_its_fence_is_closed_and_the_rest_at_the_end() {
        let reply_stream = ReplyStream::default();
        append(&reply_stream, "Look:\n```repl\na\n``");
        assert_eq!(reply_stream.next().now_or_never(), None);
        append(&reply_stream, "`\nand ```repl\n");
        assert_eq!(reply_stream.next().await.as_deref(), Some("a\n"));
        append(&reply_stream, "\n```py\nb\n```");
        assert_eq!(reply_stream.next().now_or_never(), None, "more could follow on that line");
        let reply = reply_stream.end();
        assert_eq!((reply.programs.len(), reply.prose.as_str()), (2, "Look:\nand ```repl"));
        assert_eq!(reply_stream.next().await.as_deref(), Some("b\n"));
        assert_eq!(reply_stream.next().await, None);
    }

    #[tokio::test]
    async fn a_reply_begins_anew_as_long_as_no_program_was_taken() {
        let reply_stream = ReplyStream::default();
        append(&reply_stream, "```repl\na\n```\n");
        reply_stream.push(&Delta::Reset(String::new()));
        append(&reply_stream, "```repl\nb\n```\n");
        assert_eq!(reply_stream.next().await.as_deref(), Some("b\n"));
        assert_eq!(reply_stream.broken().now_or_never(), None);
        reply_stream.push(&Delta::Reset(String::new()));
        reply_stream.broken().await;
        append(&reply_stream, "```repl\nc\n```\n");
        assert_eq!(reply_stream.end().programs, ["b\n"]);
    }
}
