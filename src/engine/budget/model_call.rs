//! The way from a run to a model: a reply that is known is served; any other call is made within the limits of the
//! question, scheduled, metered.

mod siblings;

pub use siblings::Siblings;

use super::{
    Exceeded,
    metered_call::{MeteredCall, Terms},
};
use crate::{
    engine::{
        detail::{Caller, Detail, Replied},
        error::CallError,
        event::Event,
        query_context::QueryContext,
    },
    llm::{
        self, Finish, Given, KnownReply, Made, Message, Model, Piece, PieceSink, Request, Shape, Task, Tool, ToolCall,
    },
};
use std::sync::Arc;
use tokio::time::{Duration, Instant};

/// The part of the time that programs of the built-in model keep to themselves, and the most of it.
const KEPT_PART: u32 = 8;
const MOST_KEPT: Duration = Duration::from_secs(3);

/// What a model wrote in one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// Why it is not all that the model wanted to write.
    pub cut: Option<Cut>,
}

/// Why a reply ends before its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// A limit of the run left no room for more.
    #[error("{0}")]
    Limit(Exceeded),
    /// It is as long as a reply may be.
    #[error("a reply may have {tokens} tokens")]
    Length { tokens: u32 },
    #[error("it repeated itself")]
    Looping,
    /// In the provider's words.
    #[error("the provider ended it with `{0}`")]
    Provider(String),
    /// The call failed while it was being written.
    #[error("it broke off: {0}")]
    Broken(String),
}

/// What a model is asked in one call.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub messages: Vec<Message>,
    pub tools: Arc<[Tool]>,
    pub task: Option<Task>,
    pub caller: Caller,
    /// The longest reply, if it is to be shorter than others.
    pub reply_tokens: Option<u32>,
    /// The shape of the reply, for servers that can hold a model to one.
    pub shape: Option<Shape>,
    /// The batch that it belongs to.
    pub siblings: Option<Arc<Siblings>>,
}

impl Asked {
    /// A turn of the root without tools.
    pub fn turn(messages: Vec<Message>) -> Self {
        Self { messages, caller: Caller { turn_of: Some(0), sub_call: None }, ..Self::default() }
    }
}

impl QueryContext {
    /// One reply of a model within the limits of the tree. `turn_of` is the run whose turn it is, if it is no plain call of
    /// a program.
    pub async fn call(
        &self,
        model: &Arc<dyn Model>,
        messages: Vec<Message>,
        tools: &Arc<[Tool]>,
        task: Option<Task>,
        turn_of: Option<u64>,
        pieces: PieceSink<'_>,
    ) -> Result<Turn, CallError> {
        let asked = Asked {
            messages,
            tools: tools.clone(),
            task,
            caller: Caller { turn_of, sub_call: None },
            ..Asked::default()
        };
        self.ask(model, asked, pieces).await
    }

    /// The same with all that can be asked for.
    pub async fn ask(&self, model: &Arc<dyn Model>, asked: Asked, pieces: PieceSink<'_>) -> Result<Turn, CallError> {
        let Asked { messages, tools, task, caller, reply_tokens, shape, siblings } = asked;
        let request = Request { messages, max_output_tokens: None, tools, shape, task };
        let most = reply_tokens.map_or(self.limits.reply_tokens, |most| self.limits.reply_tokens.min(most.into()));
        let key = self.known.key(model.as_ref(), &request, most);
        let call = async {
            let terms = Terms { caller, ..Terms::default() };
            match &siblings {
                Some(siblings) => Box::pin(siblings.call(self, model, request, reply_tokens, terms)).await,
                None => Box::pin(self.make_call(model, request, terms, reply_tokens, &mut *pieces)).await,
            }
        };
        let Some(key) = key else {
            if !model.prefers_programs() {
                self.known.note_passing();
            }
            let Made { value, .. } = call.await?;
            self.tell_usage();
            return Ok(value);
        };
        let kept_under = key.key();
        let given = self.known.reply(key, caller.turn_of, call).await?;
        let turn = match given {
            Given::Made(turn) => turn,
            Given::Served(known) => {
                let KnownReply { text, calls, usage } = known.as_ref();
                if !text.is_empty() {
                    pieces(Piece::Text(text));
                }
                let price = llm::price(&self.prices, model.name());
                self.note(|| Detail::CallServed {
                    call: self.ledger.number_call(),
                    caller,
                    model: model.name().to_owned(),
                    saved: *usage,
                    reply: text.clone(),
                    calls: calls.clone(),
                    key: kept_under,
                });
                self.ledger.meter.count_served(*usage, price.map(|price| price.of(usage.input, usage.output)));
                Turn { text: text.clone(), calls: calls.clone(), cut: None }
            }
        };
        self.tell_usage();
        Ok(turn)
    }

    /// The call itself.
    async fn make_call(
        &self,
        model: &Arc<dyn Model>,
        mut request: Request,
        terms: Terms,
        reply_tokens: Option<u32>,
        pieces: PieceSink<'_>,
    ) -> Result<Made<Turn>, CallError> {
        let (caller, is_spare) = (terms.caller, terms.is_spare);
        let is_turn = caller.turn_of.is_some();
        let deadline = if is_turn { self.ledger.budget.deadline() } else { self.deadline_of_calls() };
        let open = MeteredCall::reserve(self, model.as_ref(), request.bytes(), terms).await?;
        self.note(|| Detail::CallBegan {
            call: open.number,
            caller,
            model: model.name().to_owned(),
            prompt: request.messages.last().filter(|_| caller.turn_of.is_none()).map(|it| it.content.clone()),
            is_spare,
            asked: llm::asked(model.name(), &request),
        });
        let within =
            |longest: Option<u32>| reply_tokens.map_or(longest, |most| Some(longest.unwrap_or(most).min(most)));
        request.max_output_tokens = within(open.longest_reply());
        let mut sink = |piece: Piece<'_>| {
            match piece {
                Piece::Text(text) => {
                    open.note_written(text.len());
                    open.note_text(text);
                }
                Piece::Unseen(bytes) => open.note_written(bytes),
                Piece::Waits { time, why } => self.say(format!("waiting {} s: {why}", time.as_secs_f64().ceil())),
                Piece::Restart | Piece::WasReasoning => {}
            }
            pieces(piece);
        };
        let call = llm::Call {
            model: model.as_ref(),
            request: &request,
            number: open.number,
            permits: &self.permits,
            deadline: Some(deadline),
            token: &self.cancel,
            billing: &open,
        };
        let reply = match self.scheduler.call(call, &mut sink).await {
            Ok(reply) => reply,
            Err(error) => {
                open.note_end(Some(error.to_string()), None);
                return Err(error.into());
            }
        };
        let replied = self.takes_details().then(|| Replied {
            text: reply.text.clone(),
            calls: reply.calls.clone(),
            finish: reply.finish.clone(),
            usage: reply.usage,
        });
        open.note_end(unfinished(&reply.finish), replied);
        let longest = open.longest_reply();
        let tokens = within(longest).unwrap_or_default();
        // A reply that was to be short was not made shorter by a limit of the run.
        let shortened_by = open.settle(reply.usage).filter(|_| longest.is_some_and(|longest| longest <= tokens));
        let known = (reply.finish == Finish::Complete).then(|| KnownReply::of_reply(&reply));
        if known.is_none() {
            self.known.note_passing();
        }
        let cut = match (reply.finish, shortened_by) {
            (Finish::Complete, _) => None,
            (Finish::Length, Some(limit)) => Some(Cut::Limit(limit)),
            (Finish::Length, None) => Some(Cut::Length { tokens }),
            (Finish::Looping, _) => Some(Cut::Looping),
            (Finish::Other(reason), _) => Some(Cut::Provider(reason)),
        };
        Ok(Made { value: Turn { text: reply.text, calls: reply.calls, cut }, reply: known })
    }

    /// When the calls of programs end. Those of the built-in model need some of the time that is left to put together what
    /// was found, which is their answer; nobody else will.
    fn deadline_of_calls(&self) -> Instant {
        let kept = match self.choice.root.prefers_programs() {
            true => (self.limits.timeout / KEPT_PART).min(MOST_KEPT),
            false => Duration::ZERO,
        };
        self.ledger.budget.deadline() - kept
    }

    /// Tells of a turn of a root that answers in one prompt.
    pub fn publish_turn(&self, turn: &Turn) {
        self.emit(Event::Turn {
            run: 0,
            depth: 0,
            iteration: self.ledger.budget.iterations(),
            text: turn.text.clone(),
            cut: turn.cut.as_ref().map(ToString::to_string),
        });
    }
}

/// Why a reply is not whole, for a trace.
fn unfinished(finish: &Finish) -> Option<String> {
    match finish {
        Finish::Complete => None,
        Finish::Length => Some("the reply is as long as it may be".to_owned()),
        Finish::Looping => Some(Cut::Looping.to_string()),
        Finish::Other(reason) => Some(Cut::Provider(reason.clone()).to_string()),
    }
}
