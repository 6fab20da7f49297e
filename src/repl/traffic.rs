//! How much of what programs hand over lies in the server's memory at a time, for all sessions together.
//!
//! A frame may be long, and a program may have many calls open. The bounds for one session would let many sessions fill
//! the server's memory, so a few long frames at a time are put together, while others wait in their sockets; and what
//! open calls were given is counted. A call beyond that is refused and does not wait, because it may be needed by one
//! that is open.

use super::wire::{Call, Raised};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Frames of at most so many bytes are put together at any time.
pub const SHORT_FRAME: usize = 256 << 10;

/// So many longer ones at a time.
const LONG_FRAMES: usize = 2;

/// Bytes that open calls may have been given.
const MOST_BYTES: usize = 96 << 20;

/// What sessions of one server have under way.
#[derive(Debug)]
pub struct Traffic {
    long_frames: Arc<Semaphore>,
    bytes: Arc<AtomicUsize>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { long_frames: Arc::new(Semaphore::new(LONG_FRAMES)), bytes: Arc::default() }
    }
}

impl Traffic {
    /// Waits until one more long frame may be put together.
    pub async fn long_frame(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.long_frames.clone().acquire_owned().await.ok()
    }

    /// Counts what a call was given for as long as it is open.
    ///
    /// # Errors
    /// Other calls have too much already.
    pub fn count(&self, call: &Call) -> Result<Counted, Raised> {
        let bytes = bytes_of(&call.arguments);
        let room = |counted: usize| counted.checked_add(bytes).filter(|&counted| counted <= MOST_BYTES);
        match self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room) {
            Ok(_) => Ok(Counted { counter: self.bytes.clone(), bytes }),
            Err(_) => {
                let most = MOST_BYTES >> 20;
                let message =
                    format!("open calls have been given {most} MiB, the most at a time; hand over less at once");
                Err(Raised::new("RuntimeError", message))
            }
        }
    }
}

/// What an open call was given.
#[derive(Debug)]
pub struct Counted {
    counter: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// About the memory that a value takes.
fn bytes_of(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(bytes_of).sum(),
            Value::Object(map) => map.iter().map(|(key, value)| key.len() + bytes_of(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(megabytes: usize) -> Call {
        Call { id: 1, name: String::new(), arguments: json!([["x".repeat(megabytes << 20)], null]), cell: 1 }
    }

    #[test]
    fn calls_have_so_much_together_and_give_it_back() {
        let traffic = Traffic::default();
        let open = [traffic.count(&call(40)).expect("there is room"), traffic.count(&call(40)).expect("there is room")];
        assert!(traffic.count(&call(20)).is_err_and(|raised| raised.message.contains("96 MiB")));
        let small = traffic.count(&call(10)).expect("there is room for less");
        drop(open);
        let again = traffic.count(&call(60)).expect("there is room again");
        drop((small, again));
        assert_eq!(traffic.bytes.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn long_frames_wait_for_each_other() {
        let traffic = Traffic::default();
        let first = [traffic.long_frame().await, traffic.long_frame().await];
        assert!(traffic.long_frames.try_acquire().is_err());
        drop(first);
        assert!(traffic.long_frame().await.is_some());
    }
}
