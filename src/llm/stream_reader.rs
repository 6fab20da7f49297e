//! One reply while it is being read, whatever protocol it comes by.
//!
//! The protocols differ in how they say things; what is said is always the same: a piece of text, of reasoning, or of a
//! call of a tool, why the model stopped, how many tokens it took. What is made of these is decided here: that a reply
//! is not longer than any model writes, that a model which repeats itself is stopped, and that an empty reply is none.

use super::{
    Assembling, CallPiece, Error, Finish, Piece, PieceSink, Reply, Request, TokenUsage, ToolCall,
    error_mapping::RemoteModel,
    http::{Held, ReplyMemory},
    repetition::RepetitionGuard,
    thinking::Thinking,
};
use std::sync::Arc;

/// The longest reply, text, reasoning and calls together, in bytes. No model writes as much; a broken server might.
const MOST_BYTES: usize = 16 << 20;

/// What has been read of a reply, and what may still come.
pub(super) struct StreamReader<'a> {
    remote: &'a RemoteModel,
    held: Held,
    thinking: Thinking,
    text: String,
    reasoning: String,
    calls: Assembling,
    /// Bytes of calls that have come.
    call_bytes: usize,
    finish: Option<Finish>,
    /// The number of this reply, where a server writes several.
    number: Option<u64>,
    reported: Reported,
    watches: [RepetitionGuard; 2],
}

/// The tokens of a call as far as the provider tells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) total: Option<u64>,
    /// The part of the input that came from the provider's prompt cache.
    pub(super) cached: Option<u64>,
}

/// What may follow after a part of a reply was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Progress {
    GoesOn,
    /// The model repeats itself: the reply ends here.
    Loops,
}

impl<'a> StreamReader<'a> {
    pub(super) fn new(remote: &'a RemoteModel, memory: &Arc<ReplyMemory>) -> Self {
        Self {
            remote,
            held: memory.hold(),
            thinking: Thinking::default(),
            text: String::new(),
            reasoning: String::new(),
            calls: Assembling::default(),
            call_bytes: 0,
            finish: None,
            number: None,
            reported: Reported::default(),
            watches: Default::default(),
        }
    }

    /// Takes a piece of the text. Reasoning that stands in it is taken apart.
    pub(super) fn text(&mut self, part: &str, pieces: PieceSink<'_>) {
        let split = self.thinking.split(part);
        split.add_to(&mut self.text, &mut self.reasoning, pieces);
    }

    /// Takes a piece of reasoning that the provider sends apart.
    pub(super) fn reasoning(&mut self, part: &str, pieces: PieceSink<'_>) {
        self.reasoning.push_str(part);
        pieces(Piece::Unseen(part.len()));
    }

    /// Takes a piece of a call.
    ///
    /// # Errors
    /// There are more calls than a reply may have.
    pub(super) fn call(&mut self, piece: CallPiece<'_>, pieces: PieceSink<'_>) -> Result<(), Error> {
        let bytes = piece.name.len() + piece.arguments.len() + 1;
        if !self.calls.push(piece) {
            return Err(self.broken("it calls more tools than 128"));
        }
        self.count_calls(self.call_bytes + bytes, pieces);
        Ok(())
    }

    /// Says how many bytes of calls have come, where somebody else puts them together.
    pub(super) fn count_calls(&mut self, bytes: usize, pieces: PieceSink<'_>) {
        pieces(Piece::Unseen(bytes.saturating_sub(self.call_bytes)));
        self.call_bytes = bytes;
    }

    /// Takes the reason for which the model stopped. An empty one is none.
    pub(super) fn finish(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.finish = Some(Finish::of(&self.remote.detail(reason)));
        }
    }

    /// Whether what has this number belongs to this reply: it has that of what came first.
    pub(super) fn is_of_this_reply(&mut self, number: Option<u64>) -> bool {
        number.is_none_or(|number| *self.number.get_or_insert(number) == number)
    }

    /// Takes what the provider says about tokens. What it has said before stays where it says nothing, or nothing but
    /// zero.
    pub(super) fn usage(&mut self, reported: Reported) {
        let known = |now: Option<u64>, before| now.filter(|&now| now > 0).or(before);
        let before = self.reported;
        self.reported = Reported {
            input: known(reported.input, before.input),
            output: known(reported.output, before.output),
            total: known(reported.total, before.total),
            cached: known(reported.cached, before.cached),
        };
    }

    /// Looks at what has come so far.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn check(&mut self) -> Result<Progress, Error> {
        let bytes = self.bytes();
        if bytes > MOST_BYTES {
            return Err(self.broken("it is longer than 16 MiB"));
        }
        if !self.held.set(bytes) {
            return Err(self.too_long_together());
        }
        let [of_text, of_reasoning] = &mut self.watches;
        if of_text.is_loop(&self.text, false) || of_reasoning.is_loop(&self.reasoning, true) {
            self.finish = Some(Finish::Looping);
            return Ok(Progress::Loops);
        }
        Ok(Progress::GoesOn)
    }

    /// Bytes that have come.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.reasoning.len() + self.call_bytes + self.thinking.held()
    }

    /// Whether there is a text, or a call.
    pub(super) fn has_begun(&self) -> bool {
        !self.text.is_empty() || self.call_bytes > 0
    }

    /// Whether anything has come that the model wrote.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_begun() && self.reasoning.is_empty()
    }

    /// Whether the model has said why it stopped.
    pub(super) fn has_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// The reply, when all of it has come.
    ///
    /// # Errors
    /// It is empty, or what makes it has failed.
    pub(super) fn conclude(mut self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let calls = self.take_calls();
        self.conclude_with(calls, request, pieces)
    }

    /// The calls that have come; none of a model that repeats itself.
    pub(super) fn take_calls(&mut self) -> Vec<ToolCall> {
        match self.finish {
            Some(Finish::Looping) => Vec::new(),
            _ => std::mem::take(&mut self.calls).finish(),
        }
    }

    /// The same with calls that somebody else has put together.
    ///
    /// # Errors
    /// The reply is empty, or what makes it has failed.
    pub(super) fn conclude_with(
        mut self,
        calls: Vec<ToolCall>,
        request: &Request,
        pieces: PieceSink<'_>,
    ) -> Result<Reply, Error> {
        let rest = self.thinking.rest();
        rest.add_to(&mut self.text, &mut self.reasoning, pieces);
        let finish = match self.finish.take().unwrap_or(Finish::Complete) {
            // Some servers name another reason, or none, when tools are called.
            Finish::Other(reason) if Finish::is_tool_use(&reason) && !calls.is_empty() => Finish::Complete,
            Finish::Other(reason) if Finish::is_failure(&reason) => {
                // Some gateways send the error as the text of the reply.
                return Err(match self.text.trim().starts_with('{') && calls.is_empty() {
                    true => self.said_error(self.text.trim()),
                    false => self.broken(&format!("the server ended it with `{reason}`")),
                });
            }
            finish => finish,
        };
        let estimate = TokenUsage::estimated(request, self.text.len() + self.reasoning.len() + self.call_bytes);
        let usage = self.reported.completed(estimate);
        if self.text.trim().is_empty() && calls.is_empty() {
            return Err(Error::EmptyReply {
                model: self.remote.model.clone(),
                finish,
                usage,
                reasoning: self.reasoning,
            });
        }
        Ok(Reply { text: self.text, calls, reasoning: self.reasoning, finish, usage })
    }

    /// That the reply stopped before its end, or makes no sense.
    pub(super) fn broken(&self, detail: &str) -> Error {
        self.remote.broken(detail)
    }

    /// That no memory is left for it.
    pub(super) fn too_long_together(&self) -> Error {
        self.broken("it is long, and others fill the memory that replies may take together")
    }

    /// The error that the server has sent in place of a part.
    pub(super) fn said_error(&self, said: &str) -> Error {
        self.remote.of_event(said)
    }
}

impl Reported {
    /// What is missing is worked out from the total, or estimated.
    fn completed(self, estimate: TokenUsage) -> TokenUsage {
        let rest = |known: u64| self.total.map(|total| total.saturating_sub(known));
        let (input, output) = match (self.input, self.output) {
            (Some(input), Some(output)) => (input, output),
            (Some(input), None) => (input, rest(input).unwrap_or(estimate.output)),
            (None, Some(output)) => (rest(output).unwrap_or(estimate.input), output),
            (None, None) => {
                let output = estimate.output.min(rest(0).unwrap_or(u64::MAX));
                (rest(output).unwrap_or(estimate.input), output)
            }
        };
        TokenUsage { input, output, cached_input: self.cached.unwrap_or_default().min(input) }
    }
}

#[cfg(test)]
mod tests;
