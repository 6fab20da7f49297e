//! The body of a response, read in a way that no server can abuse.
//!
//! Three things are bounded here for all requests. Size: a reader says how much it takes, and the rest is not read.
//! Processor time: a server that sends faster than it is read would never let the reading task wait, so the task gives
//! way before each part, and whoever waits for a deadline or for a signal beside it gets a turn. Memory of all replies
//! together: [`ReplyMemory`].

use bytes::Bytes;
use reqwest::Response;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The body of a response. What it held compressed is decompressed as it is read, part by part.
pub(crate) struct Body(Response);

impl Body {
    pub(crate) fn of(response: Response) -> Self {
        Self(response)
    }

    /// The next part; nothing at the end. No part is lost when this is dropped.
    ///
    /// # Errors
    /// The connection failed.
    pub(crate) async fn part(&mut self) -> reqwest::Result<Option<Bytes>> {
        tokio::task::yield_now().await;
        self.0.chunk().await
    }

    /// Reads up to `most` bytes. What has come stays in `bytes` when this is dropped or fails.
    ///
    /// # Errors
    /// The connection failed.
    pub(crate) async fn read(&mut self, bytes: &mut Vec<u8>, most: usize) -> reqwest::Result<()> {
        while bytes.len() < most {
            let Some(part) = self.part().await? else { break };
            bytes.extend_from_slice(&part[..part.len().min(most - bytes.len())]);
        }
        Ok(())
    }
}

/// The most bytes that all replies under way may hold together. Replies of models have some ten thousand; only servers
/// that send without end come near it, and then many calls at once must not fill the machine's memory.
const MOST_HELD: usize = 64 << 20;

/// Counts the bytes that replies hold, over all calls of a process's models.
#[derive(Debug, Default)]
pub(crate) struct ReplyMemory(AtomicUsize);

/// The bytes of one reply; they count until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<ReplyMemory>,
    bytes: usize,
}

impl ReplyMemory {
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        Held { memory: self.clone(), bytes: 0 }
    }
}

impl Held {
    /// Says that the reply holds `bytes` now. Whether they fit.
    pub(crate) fn set(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if more > 0 {
            let before = self.memory.0.fetch_add(more, Ordering::Relaxed);
            self.bytes = bytes;
            return before.saturating_add(more) <= MOST_HELD;
        }
        self.memory.0.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        self.bytes = bytes;
        true
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_share_the_memory_that_they_may_hold() {
        let memory = Arc::<ReplyMemory>::default();
        let (mut one, mut other) = (memory.hold(), memory.hold());
        assert!(one.set(MOST_HELD - 10) && other.set(10));
        assert!(!other.set(11));
        assert!(one.set(5));
        assert!(other.set(11));
        drop((one, other));
        assert_eq!(memory.0.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn no_more_is_read_than_was_asked_for() {
        let response = |text: &'static str| Body::of(axum::http::Response::new(text).into());
        for (most, expected) in [(0, ""), (3, "bod"), (4, "body"), (9, "body")] {
            let mut bytes = Vec::new();
            response("body").read(&mut bytes, most).await.unwrap();
            assert_eq!(bytes, expected.as_bytes());
        }
    }
}
