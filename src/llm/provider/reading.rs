//! One reply while it is being read.

use super::{Habits, thinking::Thinking};
use crate::llm::{
    Assembling, CallPiece, Error, Finish, Piece, PieceSink, Reply, Request, TokenUsage, ToolCall, failure::Peer,
    http::Timeouts, looping::Watch, with_own_ids,
};
use futures::{Stream, StreamExt};
use genai::chat::{ChatStreamEvent, StopReason, StreamEnd, ToolChunk, Usage};
use std::{collections::HashMap, time::Duration};
use tokio::time::timeout;

/// The longest reply, text and reasoning together, in bytes. No model writes as much; a broken server might.
const MOST_BYTES: usize = 16 << 20;

/// What has been read of a reply, and what may still come.
pub(super) struct Reading<'a> {
    peer: &'a Peer,
    timeouts: Timeouts,
    habits: Habits,
    thinking: Thinking,
    text: String,
    reasoning: String,
    calls: Assembling,
    /// Bytes of each call that `genai` puts together, by its id.
    captured: HashMap<String, usize>,
    /// Bytes of calls that have come.
    call_bytes: usize,
    watches: [Watch; 2],
}

impl<'a> Reading<'a> {
    pub(super) fn new(peer: &'a Peer, timeouts: Timeouts, habits: Habits) -> Self {
        let (text, reasoning) = (String::new(), String::new());
        Self {
            peer,
            timeouts,
            habits,
            thinking: Thinking::default(),
            text,
            reasoning,
            calls: Assembling::default(),
            captured: HashMap::new(),
            call_bytes: 0,
            watches: Default::default(),
        }
    }

    /// The next event of the stream.
    ///
    /// # Errors
    /// The stream failed, was silent for too long, or ended without having said that this was the end.
    pub(super) async fn next_event(
        &self,
        stream: &mut (impl Stream<Item = genai::Result<ChatStreamEvent>> + Unpin),
    ) -> Result<ChatStreamEvent, Error> {
        let silence = self.silence();
        let next = match self.has_begun() {
            false => stream.next().await,
            true => timeout(silence, stream.next()).await.map_err(|_| self.timed_out(silence))?,
        };
        match next {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.peer.of_genai(error, silence)),
            None => Err(self.broken(match !self.has_begun() && self.reasoning.is_empty() {
                true => "what came was no stream of events, or it ended before its first one",
                false => "the stream stopped without the mark of its end",
            })),
        }
    }

    /// Takes an event in; gives the reply if that was the last one.
    ///
    /// # Errors
    /// The reply is empty, too long, or its end was not meant as one.
    pub(super) fn take(
        &mut self,
        event: ChatStreamEvent,
        request: &Request,
        pieces: PieceSink<'_>,
    ) -> Result<Option<Reply>, Error> {
        match event {
            ChatStreamEvent::Chunk(chunk) => {
                let split = self.thinking.split(&chunk.content);
                self.keep(&split.reasoning, &split.text, pieces);
            }
            ChatStreamEvent::ReasoningChunk(chunk) => {
                self.reasoning.push_str(&chunk.content);
                pieces(Piece::Unseen(chunk.content.len()));
            }
            ChatStreamEvent::End(end) => return self.finish(end, request, pieces).map(Some),
            ChatStreamEvent::ToolCallChunk(chunk) => {
                let before = self.call_bytes;
                self.take_call(&chunk)?;
                pieces(Piece::Unseen(self.call_bytes.saturating_sub(before)));
            }
            ChatStreamEvent::Start | ChatStreamEvent::Heartbeat | ChatStreamEvent::ThoughtSignatureChunk(_) => {}
        }
        if self.text.len() + self.reasoning.len() + self.call_bytes > MOST_BYTES {
            return Err(self.broken("it is longer than 16 MiB"));
        }
        let [of_text, of_reasoning] = &mut self.watches;
        if of_text.is_loop(&self.text, false) || of_reasoning.is_loop(&self.reasoning, true) {
            return self.conclude(Finish::Looping, None, Vec::new(), request).map(Some);
        }
        Ok(None)
    }

    fn has_begun(&self) -> bool {
        !self.text.is_empty() || self.call_bytes > 0
    }

    fn take_call(&mut self, ToolChunk { tool_call }: &ToolChunk) -> Result<(), Error> {
        if !self.habits.streams_calls {
            // Each event has all that came of its call so far.
            let text = tool_call.fn_arguments.as_str();
            let bytes = text.map_or_else(|| tool_call.fn_arguments.to_string().len(), str::len);
            self.captured.insert(tool_call.call_id.clone(), bytes);
            self.call_bytes = self.captured.values().sum::<usize>() + self.captured.len();
            return Ok(());
        }
        let arguments = tool_call.fn_arguments.as_str().unwrap_or_default();
        self.call_bytes += tool_call.fn_name.len() + arguments.len() + 1;
        match self.calls.push(CallPiece { id: &tool_call.call_id, name: &tool_call.fn_name, arguments }) {
            true => Ok(()),
            false => Err(self.broken("it calls more tools than 128")),
        }
    }

    fn keep(&mut self, reasoning: &str, text: &str, pieces: PieceSink<'_>) {
        self.reasoning.push_str(reasoning);
        if !text.is_empty() {
            self.text.push_str(text);
            pieces(Piece::Text(text));
        }
    }

    fn finish(&mut self, end: StreamEnd, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let rest = self.thinking.rest();
        self.keep(&rest.reasoning, &rest.text, pieces);
        let calls = match self.habits.streams_calls {
            true => std::mem::take(&mut self.calls).finish(),
            false => captured_calls(&end),
        };
        let finish = match end.captured_stop_reason {
            // Some servers name another reason, or none, when tools are called.
            Some(StopReason::ToolCall(_)) if !calls.is_empty() => Finish::Complete,
            None if self.habits.ends_with_reason => return Err(self.broken("the connection closed before its end")),
            None | Some(StopReason::Completed(_) | StopReason::StopSequence(_)) => Finish::Complete,
            Some(StopReason::MaxTokens(_)) => Finish::Length,
            Some(other) => Finish::Other(other.raw().to_owned()),
        };
        self.conclude(finish, end.captured_usage.as_ref(), calls, request)
    }

    fn conclude(
        &mut self,
        finish: Finish,
        usage: Option<&Usage>,
        calls: Vec<ToolCall>,
        request: &Request,
    ) -> Result<Reply, Error> {
        let estimate = TokenUsage::estimated(request, self.text.len() + self.reasoning.len() + self.call_bytes);
        let usage = usage.map_or(estimate, |usage| told(usage, estimate));
        if self.text.trim().is_empty() && calls.is_empty() {
            let reasoning = std::mem::take(&mut self.reasoning);
            return Err(Error::EmptyReply { model: self.peer.model.clone(), finish, usage, reasoning });
        }
        let (text, reasoning) = (std::mem::take(&mut self.text), std::mem::take(&mut self.reasoning));
        Ok(Reply { text, calls, reasoning, finish, usage })
    }

    fn silence(&self) -> Duration {
        if self.has_begun() { self.timeouts.between } else { self.timeouts.first_text }
    }

    fn timed_out(&self, after: Duration) -> Error {
        Error::TimedOut { model: self.peer.model.clone(), after }
    }

    fn broken(&self, detail: &str) -> Error {
        Error::BrokenReply { model: self.peer.model.clone(), detail: detail.to_owned() }
    }
}

/// The calls that `genai` has put together.
fn captured_calls(end: &StreamEnd) -> Vec<ToolCall> {
    let calls = end.captured_tool_calls().unwrap_or_default().into_iter().map(|call| ToolCall {
        id: call.call_id.clone(),
        name: call.fn_name.clone(),
        arguments: call.fn_arguments.clone(),
        signatures: call.thought_signatures.clone(),
    });
    with_own_ids(calls.collect())
}

/// What the provider says; where it says only a part, the rest is worked out or estimated.
fn told(usage: &Usage, estimate: TokenUsage) -> TokenUsage {
    let tokens = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok());
    let (input, output) = (tokens(usage.prompt_tokens), tokens(usage.completion_tokens));
    let rest = |known: u64| tokens(usage.total_tokens).map(|total| total.saturating_sub(known));
    let (input, output) = match (input, output) {
        (Some(input), Some(output)) => (input, output),
        (Some(input), None) => (input, rest(input).unwrap_or(estimate.output)),
        (None, Some(output)) => (rest(output).unwrap_or(estimate.input), output),
        (None, None) => {
            let output = estimate.output.min(rest(0).unwrap_or(u64::MAX));
            (rest(output).unwrap_or(estimate.input), output)
        }
    };
    let cached = usage.prompt_tokens_details.as_ref().and_then(|details| tokens(details.cached_tokens));
    TokenUsage { input, output, cached_input: cached.unwrap_or_default().min(input) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Message;
    use genai::chat::StreamChunk;
    use std::sync::Arc;

    fn chunk(text: &str) -> ChatStreamEvent {
        ChatStreamEvent::Chunk(StreamChunk { content: text.to_owned() })
    }

    fn end(reason: Option<&str>, usage: Option<Usage>) -> ChatStreamEvent {
        let captured_stop_reason = reason.map(|it| StopReason::from(it.to_owned()));
        ChatStreamEvent::End(StreamEnd { captured_stop_reason, captured_usage: usage, ..StreamEnd::default() })
    }

    fn request() -> Request {
        Request { messages: vec![Message::user("12345678")], max_output_tokens: None, tools: Arc::default() }
    }

    fn read(events: Vec<ChatStreamEvent>, ends_with_reason: bool) -> (Result<Reply, Error>, String) {
        let peer = Peer { model: "m".into(), endpoint: "e".into(), key: None, variable: None };
        let request = request();
        let habits = Habits { ends_with_reason, caches_on_request: false, streams_calls: true };
        let mut reading = Reading::new(&peer, Timeouts::default(), habits);
        let mut streamed = String::new();
        for event in events {
            let mut sink = |piece: Piece<'_>| match piece {
                Piece::Text(text) => streamed.push_str(text),
                Piece::Unseen(_) => {}
                Piece::Restart => unreachable!("a model never restarts by itself"),
            };
            match reading.take(event, &request, &mut sink) {
                Ok(None) => {}
                Ok(Some(reply)) => return (Ok(reply), streamed),
                Err(error) => return (Err(error), streamed),
            }
        }
        panic!("the events hold no end");
    }

    #[test]
    fn reasons_for_the_end_are_mapped() {
        let cases = [
            (None, Finish::Complete),
            (Some("stop"), Finish::Complete),
            (Some("end_turn"), Finish::Complete),
            (Some("length"), Finish::Length),
            (Some("max_tokens"), Finish::Length),
            (Some("content_filter"), Finish::Other("content_filter".into())),
            (Some("tool_calls"), Finish::Other("tool_calls".into())),
        ];
        for (reason, expected) in cases {
            let (reply, streamed) = read(vec![chunk("he"), chunk("llo"), end(reason, None)], false);
            assert_eq!((reply.as_ref().unwrap().finish.clone(), streamed.as_str()), (expected, "hello"), "{reason:?}");
        }
    }

    #[test]
    fn calls_of_tools_are_a_reply_without_a_text() {
        let piece = |id: &str, name: &str, arguments: &str| {
            let tool_call = genai::chat::ToolCall {
                call_id: id.to_owned(),
                fn_name: name.to_owned(),
                fn_arguments: arguments.into(),
                thought_signatures: None,
            };
            ChatStreamEvent::ToolCallChunk(ToolChunk { tool_call })
        };
        let pieces =
            vec![piece("a", "grep", "{\"pat"), piece("call_0", "", "tern\": \"x\"}"), end(Some("tool_calls"), None)];
        let reply = read(pieces, true).0.unwrap();
        assert_eq!((reply.text.as_str(), &reply.finish, reply.calls.len()), ("", &Finish::Complete, 1));
        assert_eq!(reply.calls[0].arguments, serde_json::json!({"pattern": "x"}));
        let many = (0..200).map(|number| piece(&format!("id{number}"), "f", "")).collect();
        assert!(read(many, false).0.unwrap_err().to_string().contains("more tools than 128"));
    }

    #[test]
    fn an_end_that_gives_no_reason_is_none_where_reasons_are_given() {
        let (reply, _) = read(vec![chunk("half an ans"), end(None, None)], true);
        assert_eq!(reply.unwrap_err().to_string(), "the reply of m broke off: the connection closed before its end");
    }

    #[test]
    fn usage_is_taken_from_the_provider_and_estimated_without() {
        let usage = |prompt, completion, total| Usage {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: total,
            ..Usage::default()
        };
        // The prompt has 8 bytes and the reply 5, which are 2 tokens each.
        for (told, input, output) in [
            (Some(usage(Some(7), Some(3), Some(10))), 7, 3),
            (Some(usage(Some(7), None, Some(10))), 7, 3),
            (Some(usage(None, Some(3), Some(10))), 7, 3),
            (Some(usage(None, None, Some(10))), 8, 2),
            (Some(usage(Some(7), Some(-3), None)), 7, 2),
            (Some(usage(None, None, None)), 2, 2),
            (None, 2, 2),
        ] {
            let (reply, _) = read(vec![chunk("hello"), end(Some("stop"), told.clone())], false);
            assert_eq!(reply.unwrap().usage, TokenUsage { input, output, cached_input: 0 }, "{told:?}");
        }
    }

    #[test]
    fn an_empty_reply_is_an_error_that_says_why_and_what_was_spent() {
        let (reply, _) = read(vec![chunk(" \n"), end(Some("length"), None)], false);
        let error = reply.unwrap_err();
        assert_eq!(error.to_string(), "m gave an empty reply: the limit on output tokens cut it off");
        let request = Request { messages: Vec::new(), ..request() };
        assert_eq!((error.is_transient(), error.spent(&request, 0).input), (false, 2));
    }

    #[test]
    fn reasoning_inside_the_text_is_kept_apart_and_does_not_stream() {
        let (reply, streamed) = read(vec![chunk("<thi"), chunk("nk>hm</think>\n\nyes"), end(None, None)], false);
        let reply = reply.unwrap();
        assert_eq!((reply.text.as_str(), reply.reasoning.as_str(), streamed.as_str()), ("yes", "hm", "yes"));
    }

    #[test]
    fn a_reply_that_repeats_itself_is_stopped() {
        let endless = || std::iter::repeat_with(|| chunk("Let me look at it again. "));
        let (reply, _) = read(endless().take(1000).collect(), false);
        let reply = reply.unwrap();
        assert!(reply.finish == Finish::Looping && reply.text.len() < 10_000, "{} bytes", reply.text.len());
        let thinking = std::iter::once(chunk("<think>")).chain(endless().take(1000));
        let error = read(thinking.collect(), false).0.unwrap_err();
        assert_eq!(error.to_string(), "m gave an empty reply: it repeated itself, and was stopped");
        assert!(!error.is_transient());
    }

    #[test]
    fn a_reply_without_end_is_cut_off() {
        let endless = std::iter::repeat_with(|| chunk(&"x".repeat(1 << 20))).take(17).collect();
        let (reply, _) = read(endless, false);
        assert_eq!(reply.unwrap_err().to_string(), "the reply of m broke off: it is longer than 16 MiB");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_after_the_first_text_ends_the_call() {
        let peer = Peer { model: "m".into(), endpoint: "e".into(), key: None, variable: None };
        let habits = Habits { ends_with_reason: false, caches_on_request: false, streams_calls: true };
        let mut reading = Reading::new(&peer, Timeouts::default(), habits);
        reading.text.push('x');
        let mut silent = futures::stream::pending();
        let error = reading.next_event(&mut silent).await.unwrap_err();
        assert_eq!(error, Error::TimedOut { model: "m".into(), after: Duration::from_secs(60) });
    }
}
