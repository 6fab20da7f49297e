//! What one question knows of replies: which it asks for the first time, and which it has to forget.

use crate::{
    engine::question::config::RunConfig,
    llm::{Choice, Given, Made, Model, Replies, ReplyUse, Request},
    store::Key,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The replies that a question may be served.
pub struct Known {
    replies: Arc<Replies>,
    reply_use: ReplyUse,
    /// How often the question has got the reply to each request. What it asks again it wants anew: a program asks the same
    /// once more because the first reply was of no use. Another run of the question finds the second reply as well.
    given: Mutex<HashMap<Key, u32>>,
    /// The replies that were turns, each with the number of its run.
    turns: Mutex<Vec<(u64, Key)>>,
}

/// A request of a question.
pub struct AskedKey {
    /// Of the request.
    first: Key,
    /// How often it was asked before.
    number: u32,
}

impl Known {
    /// Those of a question that these models answer.
    pub fn new(replies: Arc<Replies>, config: &RunConfig, choice: &Choice) -> Self {
        let are_kept = || [&choice.root, &choice.worker].iter().any(|model| model.reply_source().is_some());
        if config.reply_use != ReplyUse::Off && are_kept() {
            replies.store().warm();
        }
        Self { replies, reply_use: config.reply_use, given: Mutex::default(), turns: Mutex::default() }
    }

    /// What the reply to a request is kept under, if it is. `most_tokens` is how long the reply may be.
    pub fn key(&self, model: &dyn Model, request: &Request, most_tokens: u64) -> Option<AskedKey> {
        if self.reply_use == ReplyUse::Off {
            return None;
        }
        let first = self.replies.key(model, request, most_tokens)?;
        let number = lock(&self.given).get(&first).copied().unwrap_or_default();
        Some(AskedKey { first, number })
    }

    /// The reply: one that is known, or that of `call`.
    ///
    /// # Errors
    /// That of `call`.
    pub async fn reply<T, E>(
        &self,
        AskedKey { first, number }: AskedKey,
        turn_of: Option<u64>,
        call: impl Future<Output = Result<Made<T>, E>>,
    ) -> Result<Given<T>, E> {
        let key = first.again(number);
        if let Some(run) = turn_of {
            lock(&self.turns).push((run, key));
        }
        let given = self.replies.reply(key, self.reply_use == ReplyUse::Refresh, call).await?;
        let mut counts = lock(&self.given);
        let count = counts.entry(first).or_default();
        *count = (*count).max(number + 1);
        Ok(given)
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
