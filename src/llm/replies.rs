//! Replies that are known already: kept in the store, and served in the place of calls.
//!
//! A reply belongs to all that it depends on: the model and where it is, what is asked of it, and how long the reply may
//! be ([`Replies::key`]). What is told to a model only to say how much is left of a budget is not part of that
//! ([`Message::varying`]). Only a reply that has come to its own end is kept.
//!
//! Where several want the same at once one of them makes the call, and the others wait for it: those of this process for a
//! cell that they share, those of others for a claim in the store. If that call fails, the next one is made.

use super::{Message, Model, Reply, Request, Role, Shape, Task, TokenUsage, Tool, ToolCall};
use crate::store::{KeptReply, Key, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::OnceCell;

/// Counts changes of what a key is made of, and of the form of what is kept.
const FORM: u32 = 1;

/// What becomes of replies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReplyUse {
    /// Those that are known are served, and others are kept.
    #[default]
    Serve,
    /// All are asked for anew, and kept.
    Refresh,
    /// None is served, and none is kept.
    Off,
}

/// A reply that can be served.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownReply {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// What it took when it was made.
    pub usage: TokenUsage,
}

/// A reply to somebody who wants one.
#[derive(Debug)]
pub enum Given<T> {
    /// Somebody else has made the call.
    Served(Arc<KnownReply>),
    /// What has come of the call of whoever asked.
    Made(T),
}

/// The replies that this process knows, or is about to.
pub struct Replies {
    store: Arc<Store>,
    open: Mutex<HashMap<Wanted, Weak<Cell>>>,
}

/// A key, and whether its reply is made anew.
type Wanted = (Key, bool);

/// Where all who want a reply wait for it.
type Cell = OnceCell<Arc<KnownReply>>;

/// What a call has come to that was made to be kept: the reply, if that can be.
pub struct Made<T> {
    pub value: T,
    pub reply: Option<KnownReply>,
}

/// Why a cell stays empty.
enum Unkept<T, E> {
    Incomplete(T),
    Failed(E),
}

impl Replies {
    pub fn new(store: Store) -> Self {
        Self { store: Arc::new(store), open: Mutex::default() }
    }

    /// Knows nothing, and keeps nothing.
    pub fn off() -> Self {
        Self::new(Store::off())
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// What the reply to a request is kept under, if it is. `most_tokens` is how long it may be by the settings.
    pub fn key(&self, model: &dyn Model, request: &Request, most_tokens: u64) -> Option<Key> {
        if !self.store.is_on() {
            return None;
        }
        // Whoever adds a field says here whether replies depend on it. A budget may have shortened the reply.
        let Request { messages, max_output_tokens: _, tools, shape, task } = request;
        Some(Key::of(&Asked {
            form: FORM,
            model: model.name(),
            source: model.reply_source()?,
            most_tokens,
            messages: messages.iter().map(AskedMessage::of).collect(),
            tools,
            shape: shape.as_ref().map(Shape::schema),
            task,
        }))
    }

    /// The reply under a key: one that is known, or else the one that `make` gets, which is kept if that can be. To
    /// `renew` it, it is made in any case.
    ///
    /// # Errors
    /// That of `make`.
    pub async fn reply<T, E>(
        &self,
        key: Key,
        renew: bool,
        make: impl Future<Output = Result<Made<T>, E>>,
    ) -> Result<Given<T>, E> {
        let open = self.open((key, renew));
        let mut made = None;
        let first = async {
            let _claim = if renew { None } else { self.store.claim(key).await };
            if !renew && let Some(known) = self.known(key).await {
                return Ok(known);
            }
            let Made { value, reply } = match make.await {
                Ok(made) => made,
                Err(error) => return Err(Unkept::Failed(error)),
            };
            let Some(reply) = reply else { return Err(Unkept::Incomplete(value)) };
            self.keep(key, &reply).await;
            made = Some(value);
            Ok(Arc::new(reply))
        };
        let known = open.cell.get_or_try_init(|| first).await.cloned();
        match (known, made) {
            (Ok(_), Some(value)) | (Err(Unkept::Incomplete(value)), _) => Ok(Given::Made(value)),
            (Ok(known), None) => Ok(Given::Served(known)),
            (Err(Unkept::Failed(error)), _) => Err(error),
        }
    }

    /// The reply that is kept under a key.
    pub async fn known(&self, key: Key) -> Option<Arc<KnownReply>> {
        let kept = self.store.reply(key).await?;
        KnownReply::of(&kept).map(Arc::new)
    }

    /// Keeps a reply. When this returns it would survive the end of the process.
    pub async fn keep(&self, key: Key, reply: &KnownReply) {
        self.store.keep(key, reply.kept()).await;
    }

    fn open(&self, wanted: Wanted) -> Open<'_> {
        let mut open = self.lock();
        let known = open.get(&wanted).and_then(Weak::upgrade);
        let cell = known.unwrap_or_else(|| {
            let cell = Arc::default();
            open.insert(wanted, Arc::downgrade(&cell));
            cell
        });
        Open { replies: self, wanted, cell }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<Wanted, Weak<Cell>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A cell that somebody waits for.
struct Open<'a> {
    replies: &'a Replies,
    wanted: Wanted,
    cell: Arc<Cell>,
}

impl Drop for Open<'_> {
    /// The last one to go takes the cell along.
    fn drop(&mut self) {
        let mut open = self.replies.lock();
        if Arc::strong_count(&self.cell) == 1 {
            open.remove(&self.wanted);
        }
    }
}

/// By what a request is known again that is made once more, of the same model wherever that is.
pub fn asked(model: &str, request: &Request) -> Key {
    let Request { messages, max_output_tokens: _, tools, shape: _, task: _ } = request;
    let messages: Vec<_> = messages.iter().map(AskedMessage::of).collect();
    Key::of(&(model, messages, tools.as_ref()))
}

/// What a reply depends on.
#[derive(Serialize)]
struct Asked<'a> {
    form: u32,
    model: &'a str,
    source: Key,
    most_tokens: u64,
    messages: Vec<AskedMessage<'a>>,
    tools: &'a [Tool],
    shape: Option<&'a Value>,
    task: &'a Option<Task>,
}

#[derive(Serialize)]
struct AskedMessage<'a> {
    role: Role,
    content: Cow<'a, str>,
    calls: &'a [ToolCall],
    result_of: &'a Option<(String, String)>,
}

impl<'a> AskedMessage<'a> {
    fn of(message: &'a Message) -> Self {
        let Message { role, content: _, calls, result_of, varying: _ } = message;
        Self { role: *role, content: message.meaning(), calls, result_of }
    }
}

/// The form in which a reply is kept.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    calls: Cow<'a, [ToolCall]>,
}

impl KnownReply {
    /// What of a reply is kept.
    pub fn of_reply(reply: &Reply) -> Self {
        Self { text: reply.text.clone(), calls: reply.calls.clone(), usage: reply.usage }
    }

    /// What is kept in another form counts as not known.
    fn of(kept: &KeptReply) -> Option<Self> {
        let Written { text, calls } = serde_json::from_str(&kept.reply).ok()?;
        let usage =
            TokenUsage { input: kept.input_tokens, output: kept.output_tokens, cached_input: kept.cached_input_tokens };
        Some(Self { text: text.into_owned(), calls: calls.into_owned(), usage })
    }

    fn kept(&self) -> KeptReply {
        let written = Written { text: Cow::Borrowed(&self.text), calls: Cow::Borrowed(&self.calls) };
        KeptReply {
            // Texts and JSON can be written as JSON.
            reply: serde_json::to_string(&written).unwrap_or_default(),
            input_tokens: self.usage.input,
            output_tokens: self.usage.output,
            cached_input_tokens: self.usage.cached_input,
        }
    }
}

#[cfg(test)]
mod tests;
