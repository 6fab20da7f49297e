//! Ending the walk through a repository, or the reading of it, before it is done.

use super::error::Error;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Tells a reader of files that nobody wants them any more. Clones share one flag.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

/// Raises its flag when it is dropped: what happens when the work that wants the files ends, however it does.
#[derive(Debug)]
#[must_use]
pub struct StopOnDrop(StopFlag);

impl StopFlag {
    /// Nothing further is read. What is being read at the moment, a few megabytes, is not interrupted.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn raise_on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// It is raised.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_raised() { Err(Error::Stopped) } else { Ok(()) }
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.raise();
    }
}
