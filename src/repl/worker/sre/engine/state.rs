//! What a search remembers: where groups lie, which repetitions are open, and what remains to be tried. In CPython
//! these are `SRE_STATE` and the macros around its stack.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::program::StepId;
use std::ops::Range;

/// The mark of a group that is not set.
pub(super) const UNSET: usize = usize::MAX;

/// Stands for no repetition, and for no place of its last round.
pub(super) const NONE: u32 = u32::MAX;
pub(super) const NOWHERE: usize = usize::MAX;

/// The memory of a search, which the next one uses again.
#[derive(Debug, Default)]
pub struct State {
    /// Where groups start and end, in turn.
    marks: Vec<usize>,
    /// How many of the marks hold; those behind were set by attempts that failed.
    valid: u32,
    /// The number of the group that was closed last, or 0.
    last_group: u32,
    /// Marks that wait to be brought back, one snapshot behind the other.
    saved: Vec<usize>,
    /// The repetitions that are open or may be opened again.
    pub(super) rounds: Vec<Rounds>,
    /// The innermost repetition whose body is being matched.
    pub(super) repeat: u32,
    /// What to do when an attempt fails, the next at the end.
    pub(super) stack: Vec<Entry>,
    /// Parts that are being matched for themselves, the innermost at the end.
    pub(super) calls: Vec<Call>,
}

/// A repetition: what CPython calls a repeat context.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// How often the body has been matched, less one: the first round begins at the `Until`.
    pub count: i64,
    /// Where the last round began, if one more at the same place would change nothing.
    pub last: usize,
    /// The repetition around it.
    pub outer: u32,
}

/// How things were before an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot {
    pub at: usize,
    pub repeat: u32,
    valid: u32,
    last_group: u32,
    /// Whether the marks were saved. Outside of repetitions it is enough to forget the later ones.
    is_saved: bool,
}

/// What to do when an attempt fails.
#[derive(Debug)]
pub(super) enum Entry {
    /// Tries the alternative with the number `next`, if one is left.
    Branch { snapshot: Snapshot, step: StepId, next: Option<u32> },
    /// Gives a character back, down to the place `floor`.
    Fewer { snapshot: Snapshot, step: StepId, floor: usize },
    /// Takes one more character; `left` says how many there may be.
    More { snapshot: Snapshot, step: StepId, left: Option<u32> },
    /// Goes on behind a repetition instead of through its body once more.
    Leave { snapshot: Snapshot, step: StepId, last: usize },
    /// Goes through the body of a repetition once more instead of on behind it.
    Enter { snapshot: Snapshot, step: StepId },
    /// Takes back a round of a repetition, and fails.
    Uncount { repeat: u32, last: usize },
    /// Closes the last repetition, and fails.
    Close,
    /// Ends the innermost call without success.
    Call,
}

/// A part that is matched for itself: once it has succeeded, nothing in it is tried again.
#[derive(Debug)]
pub(super) struct Call {
    pub purpose: Purpose,
    /// The step that called.
    pub step: StepId,
    pub snapshot: Snapshot,
    /// How high the stacks were before.
    stack: usize,
    saved: usize,
    rounds: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Atomic,
    Assert,
    AssertNot,
    /// A round that there must be, behind `count` others.
    Required {
        count: i64,
    },
    /// A round that there may be.
    Optional {
        count: i64,
    },
}

impl State {
    /// Forgets everything, for a pattern with a number of groups.
    pub(super) fn reset(&mut self, groups: usize) {
        self.marks.resize(2 * groups, UNSET);
        self.valid = 0;
        self.last_group = 0;
        self.saved.clear();
        self.rounds.clear();
        self.repeat = NONE;
        self.stack.clear();
        self.calls.clear();
    }

    /// Where a group lies, if it took part. The first group has the number 0.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let (start, end) = (2 * number, 2 * number + 1);
        let range = *self.marks.get(start)?..*self.marks.get(end).filter(|_| end < self.valid as usize)?;
        (range.start != UNSET && range.end != UNSET && range.start <= range.end).then_some(range)
    }

    /// The number of the group that was closed last; the first one has the number 1.
    pub fn last_group(&self) -> Option<usize> {
        (self.last_group > 0).then_some(self.last_group as usize)
    }

    pub(super) fn set_mark(&mut self, number: u32, at: usize) {
        if number % 2 == 1 {
            self.last_group = number / 2 + 1;
        }
        if number >= self.valid {
            self.marks[self.valid as usize..number as usize].fill(UNSET);
            self.valid = number + 1;
        }
        self.marks[number as usize] = at;
    }

    pub(super) fn snapshot(&mut self, at: usize, with_marks: bool) -> Snapshot {
        let is_saved = with_marks && self.valid > 0;
        if is_saved {
            self.saved.extend_from_slice(&self.marks[..self.valid as usize]);
        }
        Snapshot { at, repeat: self.repeat, valid: self.valid, last_group: self.last_group, is_saved }
    }

    /// Brings back how things were, and keeps the snapshot, which must be the last one, for the next attempt.
    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        self.repeat = snapshot.repeat;
        self.valid = snapshot.valid;
        self.last_group = snapshot.last_group;
        if snapshot.is_saved {
            let valid = self.valid as usize;
            self.marks[..valid].copy_from_slice(&self.saved[self.saved.len() - valid..]);
        }
    }

    pub(super) fn discard(&mut self, snapshot: &Snapshot) {
        if snapshot.is_saved {
            self.saved.truncate(self.saved.len() - snapshot.valid as usize);
        }
    }

    /// Pushes an entry with the last snapshot. Behind the last of several attempts it serves to bring back the marks,
    /// and there may be none.
    pub(super) fn push(&mut self, snapshot: &Snapshot, entry: Entry, is_last: bool) {
        if !is_last || snapshot.is_saved {
            self.stack.push(entry);
        }
    }

    /// Opens a repetition.
    pub(super) fn open(&mut self) {
        let number = u32::try_from(self.rounds.len()).expect("memory ends before");
        self.rounds.push(Rounds { count: -1, last: NOWHERE, outer: self.repeat });
        self.repeat = number;
        self.stack.push(Entry::Close);
    }

    /// The innermost repetition.
    pub(super) fn current(&mut self) -> &mut Rounds {
        &mut self.rounds[self.repeat as usize]
    }

    /// Begins to match a part for itself.
    pub(super) fn call(&mut self, purpose: Purpose, step: StepId, at: usize, with_marks: bool) {
        let (stack, saved, rounds) = (self.stack.len(), self.saved.len(), self.rounds.len());
        let snapshot = self.snapshot(at, with_marks);
        self.calls.push(Call { purpose, step, snapshot, stack, saved, rounds });
        self.stack.push(Entry::Call);
    }

    /// Ends the innermost call with success: what was left to try in it is forgotten. Nothing if there is no call.
    pub(super) fn end_call(&mut self) -> Option<Call> {
        let call = self.calls.pop()?;
        self.stack.truncate(call.stack);
        self.saved.truncate(call.saved);
        self.rounds.truncate(call.rounds);
        self.repeat = call.snapshot.repeat;
        Some(call)
    }
}
