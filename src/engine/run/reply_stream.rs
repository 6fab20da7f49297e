//! A reply while it is being written: its programs, as soon as each is whole, and what can be shown of its answer.
//!
//! One side puts in what arrives, the other takes programs out and runs them. A call that breaks and is made again after a
//! program has run must not begin anew, or that program would run twice: then what has come counts, and the new attempt
//! is not waited for ([`ReplyStream::broken`]).

use super::{
    answer_preview::AnswerPreview,
    reply::{Reply, Scanner},
};
use crate::engine::event::Delta;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What has come of a reply.
pub struct ReplyStream {
    state: Mutex<State>,
    /// A program is whole, or the reply has ended.
    changed: Notify,
    broke: Notify,
}

struct State {
    scanner: Scanner,
    preview: AnswerPreview,
    text: String,
    /// Where the line under way begins in `text`.
    line: usize,
    /// Programs that were taken out.
    taken: usize,
    ended: bool,
    broken: bool,
}

impl State {
    /// Takes what arrives; gives what can be shown of it.
    fn take(&mut self, piece: &str) -> String {
        let mut shown = String::new();
        for part in piece.split_inclusive('\n') {
            self.text.push_str(part);
            let before = self.scanner.inside();
            self.preview.write(part, before, &mut shown);
            if part.ends_with('\n') {
                self.end_line(&mut shown);
            }
        }
        shown
    }

    fn end_line(&mut self, shown: &mut String) {
        let before = self.scanner.inside();
        self.scanner.line(&self.text[self.line..]);
        self.line = self.text.len();
        self.preview.end_line(before, self.scanner.inside(), shown);
    }

    /// Begins anew with the same reply.
    fn restart(&mut self) {
        (self.scanner, self.preview) = (Scanner::default(), self.preview.anew());
        self.text.clear();
        self.line = 0;
    }
}

impl ReplyStream {
    /// For a reply whose prose is the answer, or not.
    pub fn new(prose: bool) -> Self {
        let state = State {
            scanner: Scanner::default(),
            preview: AnswerPreview::new(prose),
            text: String::new(),
            line: 0,
            taken: 0,
            ended: false,
            broken: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), broke: Notify::new() }
    }

    /// Takes what arrives; gives what changes in what is shown of the answer.
    pub fn push(&self, delta: &Delta) -> Option<Delta> {
        let mut state = self.lock();
        if state.broken || state.ended {
            return None;
        }
        match delta {
            Delta::Append(piece) => {
                let shown = state.take(piece);
                self.changed.notify_one();
                (!shown.is_empty()).then_some(Delta::Append(shown))
            }
            Delta::Reset(_) if state.taken > 0 => {
                state.broken = true;
                self.broke.notify_one();
                None
            }
            Delta::Reset(text) => {
                state.restart();
                Some(Delta::Reset(state.take(text)))
            }
        }
    }

    /// Ends the reply: nothing more comes. Gives it taken apart.
    pub fn end(&self) -> Reply {
        let mut state = self.lock();
        if state.line < state.text.len() {
            let State { scanner, text, line, .. } = &mut *state;
            scanner.line(&text[*line..]);
            *line = text.len();
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
        let reply_stream = ReplyStream::new(false);
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
        let reply_stream = ReplyStream::new(false);
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
