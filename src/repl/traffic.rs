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

/// Frames of up to this many bytes are put together at any time.
pub const SHORT_FRAME: usize = 256 << 10;

/// The most longer ones at a time.
const LONG_FRAMES: usize = 2;

/// Bytes that open calls may have been given.
const MOST_BYTES: usize = 96 << 20;

/// Bytes that may wait until the processes of sessions read them: long answers up to here, and short ones a little
/// longer, so that a session that reads nothing does not keep others from small answers.
const MOST_UNREAD: usize = 32 << 20;
const MOST_UNREAD_SHORT: usize = 48 << 20;

/// An answer of up to this many bytes is short.
const SHORT_ANSWER: usize = 64 << 10;

/// What sessions of one server have under way.
#[derive(Debug)]
pub struct Traffic {
    long_frames: Arc<Semaphore>,
    bytes: Arc<AtomicUsize>,
    unread: Arc<AtomicUsize>,
}

impl Default for Traffic {
    fn default() -> Self {
        let long_frames = Arc::new(Semaphore::new(LONG_FRAMES));
        Self { long_frames, bytes: Arc::default(), unread: Arc::default() }
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

impl Traffic {
    /// What waits for one process.
    pub fn unread(&self) -> Unread {
        Unread { all: self.unread.clone(), own: 0 }
    }

    /// Whether an answer of this many bytes may wait to be read. One may be as long as a frame if no others wait.
    ///
    /// # Errors
    /// Those that wait are too long together.
    pub fn has_room(&self, bytes: usize) -> Result<(), Raised> {
        let most = if bytes <= SHORT_ANSWER { MOST_UNREAD_SHORT } else { MOST_UNREAD };
        let unread = self.unread.load(Ordering::Relaxed);
        match unread == 0 || unread.saturating_add(bytes) <= most {
            true => Ok(()),
            false => {
                let message = format!(
                    "answers that no program has read yet have more than {} MiB together; read those that are there, or \
                     ask for less at once",
                    MOST_UNREAD >> 20
                );
                Err(Raised::new("RuntimeError", message))
            }
        }
    }
}

/// Bytes that wait for one process. They count with those of all others.
#[derive(Debug)]
pub struct Unread {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Unread {
    pub fn add(&mut self, bytes: usize) {
        self.own += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn remove(&mut self, bytes: usize) {
        self.own -= bytes;
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub fn clear(&mut self) {
        self.remove(self.own);
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.clear();
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

    #[test]
    fn answers_that_nobody_reads_have_a_bound_together() {
        let traffic = Traffic::default();
        let (mut one, mut other) = (traffic.unread(), traffic.unread());
        assert!(traffic.has_room(60 << 20).is_ok(), "nothing else waits");
        one.add(20 << 20);
        assert!(traffic.has_room(10 << 20).is_ok());
        other.add(10 << 20);
        assert!(traffic.has_room(10 << 20).is_err_and(|raised| raised.message.contains("32 MiB")));
        other.add(5 << 20);
        assert!(traffic.has_room(100).is_ok() && traffic.has_room(1 << 20).is_err());
        other.add(13 << 20);
        assert!(traffic.has_room(100).is_err());
        drop(one);
        assert!(traffic.has_room(4 << 20).is_ok());
        other.clear();
        assert_eq!(traffic.unread.load(Ordering::Relaxed), 0);
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
