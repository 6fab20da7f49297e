//! Texts that are kept from one snapshot to the next, from which files that have not changed are taken.

use super::{context::ContextText, source::Source};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most bytes of texts that are kept; one longer text is kept as well.
const TEXTS: usize = 1 << 30;

/// Texts that were read.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<Vec<Arc<ContextText>>>);

impl Texts {
    /// The text that has most of these sources.
    pub fn nearest(&self, sources: &[Arc<Source>]) -> Option<Arc<ContextText>> {
        let texts = self.lock().clone();
        let nearest = texts.into_iter().map(|text| (text.kept(sources).iter().flatten().count(), text));
        nearest.filter(|(count, _)| *count > 0).max_by_key(|(count, _)| *count).map(|(_, text)| text)
    }

    /// Keeps a text, instead of the one that it was made from.
    pub fn keep(&self, text: &Arc<ContextText>, earlier: Option<&Arc<ContextText>>) {
        let mut texts = self.lock();
        texts.retain(|known| !Arc::ptr_eq(known, text) && !earlier.is_some_and(|earlier| Arc::ptr_eq(known, earlier)));
        texts.push(text.clone());
        let mut bytes: usize = texts.iter().map(|text| text.stored_bytes()).sum();
        while bytes > TEXTS && texts.len() > 1 {
            bytes -= texts.remove(0).stored_bytes();
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<ContextText>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
