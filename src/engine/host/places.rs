//! How many looks into texts work at a time.
//!
//! A look uses all processors and memory of its own, so more of them at once are no faster. A run that waits for a place
//! gives up when it ends; one that is stopped gives its place back as soon as its look has noticed.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most looks at a time of all runs together, and of one question's, so that one cannot keep all places.
const MOST: usize = 2;
const MOST_OF_ONE: usize = 1;

/// The places of one question's runs, which all questions of a process share.
#[derive(Debug, Clone)]
pub struct Places {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// Held while a look works.
#[derive(Debug)]
pub struct Place {
    _own: OwnedSemaphorePermit,
    _one_of_all: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(MOST)), own: Arc::new(Semaphore::new(MOST_OF_ONE)) }
    }
}

impl Places {
    /// Those of another question.
    pub fn of_question(&self) -> Self {
        Self { all: self.all.clone(), own: Arc::new(Semaphore::new(MOST_OF_ONE)) }
    }

    /// Waits for a place.
    pub async fn take(&self) -> Option<Place> {
        // Neither semaphore is ever closed.
        let own = self.own.clone().acquire_owned().await.ok()?;
        let one_of_all = self.all.clone().acquire_owned().await.ok()?;
        Some(Place { _own: own, _one_of_all: one_of_all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn one_question_does_not_keep_all_places() {
        let shared = Places::default();
        let (one, other, third) = (shared.of_question(), shared.of_question(), shared.of_question());
        let held: Vec<Place> = (0..MOST_OF_ONE).filter_map(|_| one.take().now_or_never().flatten()).collect();
        assert_eq!(held.len(), MOST_OF_ONE);
        assert!(one.take().now_or_never().is_none());
        let of_other = other.take().now_or_never().flatten().expect("there is one left");
        assert!(third.take().now_or_never().is_none());
        drop(held);
        assert!(third.take().now_or_never().is_some());
        drop(of_other);
        assert_eq!(shared.all.available_permits(), MOST);
    }
}
