//! Where a run stands between two turns: how many it has taken, and how often in a row nothing has come of them.

use crate::{
    engine::{answer::Termination, error::RunError},
    failure::{Failure, FailureKind},
};
use std::time::Duration;

/// Empty replies in a row after which a run is given up.
const EMPTY_REPLIES: usize = 3;

/// Replies in a row that loop, decline or are cut off after which a run is given up.
const WASTED_REPLIES: usize = 3;

/// Turns in a row that fail, or say and do the same, after which a model that may be asked in another way is given up.
const FRUITLESS_TURNS: u64 = 3;

/// Gives up after this many rejected answers in a row.
const REFUSED_ANSWERS: usize = 3;

/// What the next reply without a program is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prose {
    /// A remark; the model is told how to answer.
    #[default]
    Remark,
    /// The answer: the reply before had no program either.
    Answer,
}

/// The state of a run.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    iteration: u64,
    prose: Prose,
    /// In a row.
    empty_replies: usize,
    wasted_replies: usize,
    refused_answers: usize,
    failed_turns: u64,
    /// What was said and came of it last, and how often in a row.
    last_turn: (String, u64),
    /// Whether the model was told that its time is nearly over.
    is_hurried: bool,
}

impl RunState {
    /// The number of the turn under way, from 1.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    pub fn prose(&self) -> Prose {
        self.prose
    }

    pub fn begin_turn(&mut self) {
        self.iteration += 1;
    }

    /// A reply had nothing in it.
    ///
    /// # Errors
    /// `failure`, if that happened too often in a row.
    pub fn note_empty(&mut self, failure: impl Into<Failure>) -> Result<(), RunError> {
        self.empty_replies += 1;
        if self.empty_replies >= EMPTY_REPLIES { Err(RunError::Failed(failure.into())) } else { Ok(()) }
    }

    /// A reply has come.
    pub fn note_reply(&mut self) {
        self.empty_replies = 0;
    }

    /// A reply of `model` was worth nothing.
    ///
    /// # Errors
    /// That happened too often in a row.
    pub fn note_waste(&mut self, model: &str, why: &str) -> Result<(), RunError> {
        self.wasted_replies += 1;
        if self.wasted_replies < WASTED_REPLIES {
            return Ok(());
        }
        Err(given_up(format!("{model} gave {WASTED_REPLIES} replies in a row without an answer; of the last: {why}")))
    }

    /// A reply was worth something.
    pub fn note_worth(&mut self) {
        self.wasted_replies = 0;
    }

    /// What a turn has said and what came of it, in a run whose model may be asked in another way.
    ///
    /// # Errors
    /// It is the same thing over and over, or programs fail and fail without ever having looked into the text.
    pub fn note_turn(&mut self, model: &str, said: String, has_looked: bool) -> Result<(), RunError> {
        match self.last_turn.0 == said {
            true => self.last_turn.1 += 1,
            false => self.last_turn = (said, 1),
        }
        match () {
            () if self.last_turn.1 >= FRUITLESS_TURNS => {
                Err(given_up(format!("{model} wrote the same turn {FRUITLESS_TURNS} times")))
            }
            () if !has_looked && self.failed_turns >= FRUITLESS_TURNS => {
                Err(given_up(format!("{FRUITLESS_TURNS} programs of {model} failed in a row")))
            }
            () => Ok(()),
        }
    }

    /// A reply held no program. Says what the prose of this one is.
    pub fn note_prose(&mut self) -> Prose {
        std::mem::replace(&mut self.prose, Prose::Answer)
    }

    /// The next reply is the answer, with a program or without.
    pub fn expect_answer(&mut self) {
        self.prose = Prose::Answer;
    }

    /// A reply held a program, or was cut before it could.
    pub fn note_programs(&mut self) {
        self.prose = Prose::Remark;
    }

    /// Programs or calls went on with the work.
    pub fn note_work(&mut self) {
        self.refused_answers = 0;
    }

    /// An answer of `model` was rejected.
    ///
    /// # Errors
    /// That happened too often in a row.
    pub fn note_refused(&mut self, model: &str, why: &str) -> Result<(), RunError> {
        self.refused_answers += 1;
        if self.refused_answers < REFUSED_ANSWERS {
            return Ok(());
        }
        Err(given_up(format!("{model} gave {REFUSED_ANSWERS} unusable answers; the last: {why}")))
    }

    /// Programs or calls of a turn have run, and one of them has failed or none.
    ///
    /// # Errors
    /// `most` turns in a row had one that failed.
    pub fn note_ran(&mut self, has_failed: bool, most: u64) -> Result<(), RunError> {
        self.failed_turns = if has_failed { self.failed_turns + 1 } else { 0 };
        if self.failed_turns >= most { Err(RunError::Limit(Termination::Errors)) } else { Ok(()) }
    }

    /// Whether the model is to be told now, and once, that most of its time is over.
    pub fn hurries(&mut self, left: Duration, all: Duration) -> bool {
        let begins = !self.is_hurried && is_late(left, all);
        self.is_hurried |= begins;
        begins
    }
}

fn given_up(message: String) -> RunError {
    let hint = Some("another model may do better (--model), or passages in one prompt (--strategy read)".to_owned());
    RunError::Failed(Failure { kind: FailureKind::NoAnswer, message, hint })
}

/// Whether four fifths of the time are over.
fn is_late(left: Duration, all: Duration) -> bool {
    left <= all / 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm;

    fn empty() -> llm::Error {
        llm::Error::EmptyReply {
            model: "m".to_owned(),
            finish: llm::Finish::Complete,
            usage: llm::TokenUsage::default(),
            reasoning: String::new(),
        }
    }

    #[test]
    fn the_second_reply_in_a_row_without_a_program_is_the_answer() {
        let mut state = RunState::default();
        assert_eq!((state.note_prose(), state.note_prose()), (Prose::Remark, Prose::Answer));
        state.note_programs();
        assert_eq!((state.prose(), state.note_prose()), (Prose::Remark, Prose::Remark));
    }

    #[test]
    fn three_times_nothing_in_a_row_ends_a_run() {
        let mut state = RunState::default();
        assert!(state.note_empty(empty()).is_ok() && state.note_empty(empty()).is_ok());
        state.note_reply();
        assert!(state.note_empty(empty()).is_ok() && state.note_empty(empty()).is_ok());
        assert!(
            matches!(state.note_empty(empty()), Err(RunError::Failed(failure)) if failure.kind == FailureKind::EmptyReply)
        );
    }

    #[test]
    fn three_rejected_answers_without_work_between_them_end_a_run() {
        let mut state = RunState::default();
        assert!(state.note_refused("m", "a").is_ok() && state.note_refused("m", "b").is_ok());
        state.note_work();
        assert!(state.note_refused("m", "c").is_ok() && state.note_refused("m", "d").is_ok());
        let Err(RunError::Failed(failure)) = state.note_refused("m", "e") else { panic!("the run goes on") };
        assert_eq!(
            (failure.kind.name(), failure.message.as_str()),
            ("noAnswer", "m gave 3 unusable answers; the last: e")
        );
    }

    #[test]
    fn three_replies_that_are_worth_nothing_end_a_run() {
        let mut state = RunState::default();
        assert!(state.note_waste("m", "a").is_ok() && state.note_waste("m", "b").is_ok());
        state.note_worth();
        assert!(state.note_waste("m", "c").is_ok() && state.note_waste("m", "d").is_ok());
        let Err(RunError::Failed(failure)) = state.note_waste("m", "it repeated itself") else { panic!("it goes on") };
        assert!(
            failure.kind == FailureKind::NoAnswer && failure.message.ends_with("it repeated itself"),
            "{failure:?}"
        );
    }

    #[test]
    fn the_same_turn_three_times_and_failures_without_a_look_end_a_run() {
        let mut state = RunState::default();
        for said in ["a", "a", "b", "a", "a"] {
            assert!(state.note_turn("m", said.to_owned(), true).is_ok());
        }
        assert!(state.note_turn("m", "a".to_owned(), true).is_err());
        let mut state = RunState::default();
        for said in ["a", "b", "c"] {
            assert!(state.note_ran(true, 5).is_ok());
            assert_eq!(state.note_turn("m", said.to_owned(), true), Ok(()));
        }
        assert!(state.note_turn("m", "d".to_owned(), false).is_err());
    }

    #[test]
    fn failed_turns_are_counted_in_a_row() {
        let mut state = RunState::default();
        for has_failed in [true, false, true] {
            assert!(state.note_ran(has_failed, 2).is_ok());
        }
        assert_eq!(state.note_ran(true, 2), Err(RunError::Limit(Termination::Errors)));
    }

    #[test]
    fn a_model_is_hurried_once_when_four_fifths_of_the_time_are_over() {
        let mut state = RunState::default();
        let told = [100, 21, 20, 10, 0].map(|left| state.hurries(Duration::from_secs(left), Duration::from_secs(100)));
        assert_eq!(told, [false, false, true, false, false]);
    }
}
