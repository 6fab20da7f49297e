//! The faults that no test notices, by the files that they are put into.

use crate::corpus::Mutant;
use rustc_hash::FxHashMap;
use std::sync::{Mutex, PoisonError};

/// What is known of them.
#[derive(Debug, Default)]
pub struct Survivors(Mutex<FxHashMap<String, Vec<Mutant>>>);

impl Survivors {
    /// Those of a file, if it was looked for them.
    pub fn of(&self, path: &str) -> Option<Vec<Mutant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// Notes those of a file.
    pub fn keep(&self, path: &str, mutants: Vec<Mutant>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), mutants);
    }
}
