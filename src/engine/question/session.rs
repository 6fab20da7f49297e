//! What follow-up questions have of the earlier ones: questions with their answers, and the interpreter with its variables.

use crate::{
    repl::{Hold, ReplSession, Resting},
    text::{cut_head, with_omission},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Exchanges that are kept, the latest.
const MOST_EXCHANGES: usize = 50;

/// Characters of one question, and of one answer, that are kept.
const MOST_CHARS: usize = 100_000;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub question: String,
    pub answer: String,
}

/// What questions of one session share. They are asked one after the other.
#[derive(Default)]
pub struct Session(Mutex<State>);

#[derive(Default)]
struct State {
    exchanges: Vec<Exchange>,
    /// Whether the model has failed at programs, so that it is given passages to read.
    fails_at_programs: bool,
    /// An interpreter at rest, and its variables.
    interpreter: Option<(Resting, Vec<(String, String)>)>,
}

/// An interpreter between two questions.
pub(in crate::engine) struct Kept {
    pub repl: ReplSession,
    /// Names and types of the variables that programs have made.
    pub variables: Vec<(String, String)>,
}

/// What there is of the variables of earlier questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Their names and types.
    pub variables: Vec<(String, String)>,
    /// Whether there were some, and their interpreter was ended because others needed its memory.
    pub are_gone: bool,
}

impl Session {
    /// The questions so far, with their answers.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.clone()
    }

    /// Notes a question that was answered.
    pub fn note(&self, question: &str, answer: &str) {
        let kept = |text: &str| {
            let cut = cut_head(text, MOST_CHARS);
            with_omission(cut.shown, cut.omitted)
        };
        let mut state = self.lock();
        state.exchanges.push(Exchange { question: kept(question), answer: kept(answer) });
        let surplus = state.exchanges.len().saturating_sub(MOST_EXCHANGES);
        state.exchanges.drain(..surplus);
    }

    /// The model has failed at programs.
    pub(in crate::engine) fn note_failed_at_programs(&self) {
        self.lock().fails_at_programs = true;
    }

    pub(in crate::engine) fn fails_at_programs(&self) -> bool {
        self.lock().fails_at_programs
    }

    /// The variables that are there from earlier questions.
    pub(in crate::engine) fn earlier(&self) -> Earlier {
        let state = self.lock();
        let Some((resting, variables)) = &state.interpreter else { return Earlier::default() };
        match resting.hold() {
            Some(_) => Earlier { variables: variables.clone(), are_gone: false },
            None => Earlier { variables: Vec::new(), are_gone: !variables.is_empty() },
        }
    }

    /// Keeps the interpreter, if it is still there, from being ended between the moment when its variables are told of
    /// and the first program.
    pub(in crate::engine) fn hold(&self) -> Option<Hold> {
        self.lock().interpreter.as_ref()?.0.hold()
    }

    /// Whether an interpreter waits for a further question.
    pub(in crate::engine) fn has_interpreter(&self) -> bool {
        self.hold().is_some()
    }

    /// Takes the interpreter. A question that is put away in the middle of a program does not give it back: what that
    /// was doing is not known.
    pub(in crate::engine) fn take(&self) -> Option<Kept> {
        let (resting, variables) = self.lock().interpreter.take()?;
        resting.wake().map(|repl| Kept { repl, variables })
    }

    /// Keeps an interpreter at rest, with its variables, for a further question.
    pub(in crate::engine) fn keep(&self, resting: Resting, variables: Vec<(String, String)>) {
        self.lock().interpreter = Some((resting, variables));
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_exchanges_are_kept_and_none_without_end() {
        let session = Session::default();
        for number in 0..60 {
            session.note(&format!("q{number}"), &"a".repeat(200_000));
        }
        let exchanges = session.exchanges();
        assert_eq!((exchanges.len(), exchanges[0].question.as_str()), (50, "q10"));
        assert!(exchanges[0].answer.ends_with("aaa\n… [100000 characters left out]"), "what was cut is told");
    }
}
