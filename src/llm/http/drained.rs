//! Replies that were read to their end, kept until their connections have come free.
//!
//! A reply is whole at the mark of its end. The last bytes of the body often come a moment later, and a connection
//! whose body is dropped before them is closed, so that the next call would have to open a new one. So a body is
//! dropped at the next call that comes late enough, when those bytes lie in the connection's buffer.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long the last bytes of a body may take after the mark of its end.
const SETTLING: Duration = Duration::from_millis(5);
/// How many are kept. As many calls as this may end at once with all their connections used again.
const MOST: usize = 64;

/// Replies that were read to their end, the oldest first.
pub(crate) struct Drained<Reply>(Mutex<VecDeque<(Instant, Reply)>>);

impl<Reply> Default for Drained<Reply> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Reply> Drained<Reply> {
    pub(crate) fn keep(&self, reply: Reply) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back((Instant::now(), reply));
    }

    /// Drops those that have settled; says whether there were any.
    pub(crate) fn release(&self) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = kept.partition_point(|(since, _)| since.elapsed() >= SETTLING);
        kept.drain(..settled).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn replies_are_dropped_once_they_have_settled_and_when_there_are_too_many() {
        let (drained, reply) = (Drained::default(), Arc::new(()));
        drained.keep(reply.clone());
        assert!(!drained.release());
        tokio::time::sleep(SETTLING).await;
        drained.keep(reply.clone());
        assert!(drained.release());
        assert_eq!(Arc::strong_count(&reply), 2);
        for _ in 0..1000 {
            drained.keep(reply.clone());
        }
        assert_eq!(Arc::strong_count(&reply), MOST + 1);
    }
}
