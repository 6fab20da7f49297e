//! An index that several threads may ask for at once.

use super::index::Index;
use crate::corpus::{error::Error, stop::StopFlag};
use std::{
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    time::Duration,
};

/// How often a thread that waits for another's index looks whether it is stopped.
const LOOK: Duration = Duration::from_millis(50);

/// The index of one text, built once when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct SharedIndex {
    built: OnceLock<Arc<Index>>,
    being_built: Mutex<bool>,
    ended: Condvar,
}

impl SharedIndex {
    /// The index, if it was built already.
    pub fn get(&self) -> Option<&Arc<Index>> {
        self.built.get()
    }

    /// The index, built by this thread or by another one that is at it; an error if it is stopped.
    /// If the other thread is stopped, this one goes on in its place.
    pub fn get_or_build(
        &self,
        build: impl FnOnce() -> Result<Index, Error>,
        stop: &StopFlag,
    ) -> Result<&Arc<Index>, Error> {
        let mut being_built = self.being_built.lock().unwrap_or_else(PoisonError::into_inner);
        while *being_built && self.get().is_none() {
            if stop.is_raised() {
                return Err(Error::Stopped);
            }
            being_built = self.ended.wait_timeout(being_built, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        if self.get().is_none() {
            *being_built = true;
            drop(being_built);
            let _ended = Ended(self);
            let index = build()?;
            let _ = self.built.set(Arc::new(index));
        }
        self.get().ok_or(Error::Stopped)
    }
}

/// Wakes those who wait, however the building ends.
struct Ended<'a>(&'a SharedIndex);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        *self.0.being_built.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.ended.notify_all();
    }
}
