//! What one question knows of replies: which it asks for the first time, and which it has to forget.

use crate::{
    engine::question::config::RunConfig,
    llm::{Choice, Given, Made, Model, Replies, ReplyUse, Request},
    store::Key,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The replies that a question may be served.
pub struct Known {
    replies: Arc<Replies>,
    reply_use: ReplyUse,
    /// How each request was asked.
    asked: Mutex<HashMap<Key, Count>>,
    /// The replies that were turns, each with the number of its run.
    turns: Mutex<Vec<(u64, Key)>>,
    /// Whether a reply was used that is not kept, so that it may be another one the next time.
    has_passing: AtomicBool,
}

/// How a request was asked in one question.
#[derive(Default)]
struct Count {
    /// How often it has got a reply, or may still get one. What a question asks again it wants anew: a program asks the same
    /// once more because the first reply was of no use. Each reply has a place of its own, in the order in which they were
    /// asked for, so that the same question finds all of them another time, however long each of them takes then.
    asked: u32,
    /// The number of the one that is open, for which those wait that ask meanwhile.
    open: Option<u32>,
}

/// A request that a question has asked, counted from 0.
pub struct AskedKey<'a> {
    known: &'a Known,
    /// Of the request.
    first: Key,
    number: u32,
    /// The one that it waits for.
    waits_for: Option<u32>,
    has_reply: bool,
}

impl AskedKey<'_> {
    /// What the reply is kept under.
    pub fn key(&self) -> Key {
        self.first.again(self.number)
    }
}

impl Drop for AskedKey<'_> {
    /// One that has got no reply has not been asked, unless others were asked after it.
    fn drop(&mut self) {
        let mut asked = lock(&self.known.asked);
        let Some(count) = asked.get_mut(&self.first) else { return };
        count.open = count.open.filter(|&open| open != self.number);
        if !self.has_reply && count.asked == self.number + 1 {
            count.asked = self.number;
        }
    }
}

impl Known {
    /// Those of a question that these models answer.
    pub fn new(replies: Arc<Replies>, config: &RunConfig, choice: &Choice) -> Self {
        let are_kept = || [&choice.root, &choice.worker].iter().any(|model| model.reply_source().is_some());
        if config.reply_use != ReplyUse::Off && are_kept() {
            replies.store().warm();
        }
        Self {
            replies,
            reply_use: config.reply_use,
            asked: Mutex::default(),
            turns: Mutex::default(),
            has_passing: AtomicBool::new(false),
        }
    }

    /// What the reply to a request is kept under, if it is. `most_tokens` is how long the reply may be.
    pub fn key(&self, model: &dyn Model, request: &Request, most_tokens: u64) -> Option<AskedKey<'_>> {
        if self.reply_use == ReplyUse::Off {
            return None;
        }
        let first = self.replies.key(model, request, most_tokens)?;
        let mut asked = lock(&self.asked);
        let count = asked.entry(first).or_default();
        let (number, waits_for) = (count.asked, count.open);
        count.asked += 1;
        count.open.get_or_insert(number);
        Some(AskedKey { known: self, first, number, waits_for, has_reply: false })
    }

    /// Whether the reply to a request is known, if that is asked for the first time. It does not count as asked.
    pub async fn is_known(&self, model: &dyn Model, request: &Request, most_tokens: u64) -> bool {
        if self.reply_use != ReplyUse::Serve {
            return false;
        }
        match self.replies.key(model, request, most_tokens) {
            Some(key) => self.replies.known(key).await.is_some(),
            None => false,
        }
    }

    /// The reply: one that is known, or that of `call`.
    ///
    /// # Errors
    /// That of `call`.
    pub async fn reply<T, E>(
        &self,
        mut asked: AskedKey<'_>,
        turn_of: Option<u64>,
        call: impl Future<Output = Result<Made<T>, E>>,
    ) -> Result<Given<T>, E> {
        let (key, renew) = (asked.key(), self.reply_use == ReplyUse::Refresh);
        if let Some(run) = turn_of {
            lock(&self.turns).push((run, key));
        }
        let given = match asked.waits_for {
            None => self.replies.reply(key, renew, call).await?,
            Some(open) => {
                let known = if renew { None } else { self.replies.known(key).await };
                match known {
                    Some(known) => Given::Served(known),
                    None => {
                        let given = self.replies.reply(asked.first.again(open), renew, call).await?;
                        if let Given::Served(known) = &given {
                            self.replies.keep(key, known).await;
                        }
                        given
                    }
                }
            }
        };
        asked.has_reply = true;
        Ok(given)
    }

    /// A reply was used that is not kept.
    pub fn note_passing(&self) {
        self.has_passing.store(true, Ordering::Relaxed);
    }

    /// Whether all that was replied would be replied again.
    pub fn is_whole(&self) -> bool {
        !self.has_passing.load(Ordering::Relaxed)
    }

    /// Has the turns of a run forgotten, which has failed: they would lead to the same failure each time.
    pub async fn forget_turns(&self, run: u64) {
        let turns: Vec<Key> = lock(&self.turns).extract_if(.., |(of, _)| *of == run).map(|(_, key)| key).collect();
        self.replies.store().forget(turns).await;
    }

    /// What of the store does not work, in one sentence, for the first question that asks.
    pub fn take_notice(&self) -> Option<String> {
        self.replies.store().take_notice()
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
