//! A reply while it is being written: its programs, as soon as each is whole, and what can be shown of its answer.
//!
//! One side puts in what arrives, the other takes programs out and runs them. A call that breaks and is made again after a
//! program has run must not begin anew, or that program would run twice: then what has come counts, and the new attempt
//! is not waited for ([`ReplyStream::broken`]).

use super::{
    answer_preview::AnswerPreview,
    reply::{Reply, Scanner},
};
use crate::{engine::event::Delta, llm::Piece};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

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
    /// Whether programs wait for the end of the reply, or of the reasoning before it.
    holds: bool,
    /// How often what had come turned out to be reasoning.
    reasonings: usize,
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
        (self.line, self.taken) = (0, 0);
    }
}

impl ReplyStream {
    /// For a reply whose prose is the answer, or not. Its programs wait for its end if the model has reasoned before without
    /// a mark at the beginning (`holds`).
    pub fn new(prose: bool, holds: bool) -> Self {
        let state = State {
            scanner: Scanner::default(),
            preview: AnswerPreview::new(prose),
            text: String::new(),
            line: 0,
            taken: 0,
            holds,
            reasonings: 0,
            ended: false,
            broken: false,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), broke: Notify::new() }
    }

    /// Takes what arrives; gives what changes in what is shown of the answer.
    pub fn push(&self, piece: Piece<'_>) -> Option<Delta> {
        let mut state = self.lock();
        if state.broken || state.ended {
            return None;
        }
        match piece {
            Piece::Text(text) => {
                let shown = state.take(text);
                self.changed.notify_one();
                (!shown.is_empty()).then_some(Delta::Append(shown))
            }
            Piece::Unseen(_) | Piece::Waits { .. } => None,
            Piece::Restart if state.taken > 0 => {
                state.broken = true;
                self.broke.notify_one();
                None
            }
            Piece::Restart => {
                state.restart();
                Some(Delta::Reset(String::new()))
            }
            Piece::WasReasoning => {
                state.restart();
                state.holds = false;
                state.reasonings += 1;
                self.changed.notify_one();
                Some(Delta::Reset(String::new()))
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
        if !state.ended {
            state.scanner.end();
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
                let next = state.scanner.programs().get(state.taken).filter(|_| !state.holds || state.ended).cloned();
                if next.is_some() {
                    state.taken += 1;
                    return next;
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

    /// Waits for the rest of a reply whose answer is there, as long as some of it comes at least every `silence`. Says whether
    /// what has run turned out to be reasoning, of which there was `known` before.
    pub async fn settled(&self, known: usize, silence: Duration, most: Duration) -> bool {
        let settled = async {
            while !self.lock().ended && self.reasonings() == known {
                if timeout(silence, self.changed.notified()).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(most, settled).await;
        self.reasonings() != known
    }

    /// How often what had come turned out to be reasoning.
    pub fn reasonings(&self) -> usize {
        self.lock().reasonings
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
        reply_stream.push(Piece::Text(text));
    }

    #[tokio::test]
    async fn a_program_comes_when_its_fence_is_closed_and_the_rest_at_the_end() {
        let reply_stream = ReplyStream::new(false, false);
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
        let reply_stream = ReplyStream::new(false, false);
        append(&reply_stream, "```repl\na\n```\n");
        reply_stream.push(Piece::Restart);
        append(&reply_stream, "```repl\nb\n```\n");
        assert_eq!(reply_stream.next().await.as_deref(), Some("b\n"));
        assert_eq!(reply_stream.broken().now_or_never(), None);
        reply_stream.push(Piece::Restart);
        reply_stream.broken().await;
        append(&reply_stream, "```repl\nc\n```\n");
        assert_eq!(reply_stream.end().programs, ["b\n"]);
    }

    #[tokio::test]
    async fn what_turns_out_to_be_reasoning_is_forgotten() {
        let reply_stream = ReplyStream::new(false, false);
        append(&reply_stream, "```repl\na\n```\n");
        assert_eq!(reply_stream.next().await.as_deref(), Some("a\n"));
        reply_stream.push(Piece::WasReasoning);
        append(&reply_stream, "```repl\nb\n```\n");
        assert_eq!((reply_stream.reasonings(), reply_stream.broken().now_or_never()), (1, None));
        assert_eq!(reply_stream.next().await.as_deref(), Some("b\n"));
        let held = ReplyStream::new(false, true);
        append(&held, "```repl\na\n```\n");
        assert_eq!(held.next().now_or_never(), None);
        held.push(Piece::WasReasoning);
        append(&held, "```repl\nb\n```\n");
        assert_eq!(held.next().now_or_never().flatten().as_deref(), Some("b\n"));
        let held = ReplyStream::new(false, true);
        append(&held, "```repl\na\n```\n");
        held.end();
        assert_eq!(held.next().await.as_deref(), Some("a\n"));
    }
}
