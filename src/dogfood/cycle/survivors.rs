//! The faults that no test notices, by the files that they are put into.

use crate::{corpus::Mutant, text::one_line};
use rustc_hash::FxHashMap;
use std::sync::{Mutex, PoisonError};

/// Characters of a line that are shown.
const LINE_CHARS: usize = 80;

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

/// A fault that no test notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnnoticedFault {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// What stands there, and what could stand there unnoticed.
    pub was: String,
    pub becomes: String,
    /// The line as it is, cut if it is long.
    pub text: String,
}

impl UnnoticedFault {
    pub fn new(path: &str, text: &str, mutant: &Mutant) -> Self {
        Self {
            path: path.to_owned(),
            line: mutant.line,
            was: text[mutant.bytes.clone()].to_owned(),
            becomes: mutant.replacement.clone(),
            text: one_line(text.lines().nth(mutant.line - 1).unwrap_or_default(), LINE_CHARS),
        }
    }

    /// In a sentence without its file.
    pub fn sentence(&self) -> String {
        format!("`{}` in place of `{}` in line {}: `{}`", self.becomes, self.was, self.line, self.text)
    }
}
