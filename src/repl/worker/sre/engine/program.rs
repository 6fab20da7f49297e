//! What the engine runs: steps that follow one another unless they say otherwise, in place of CPython's opcodes.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::{
    super::{
        case::Case,
        code::UNLIMITED,
        tree::{Anchor, Repeat},
    },
    set::Set,
};

/// The number of a step.
pub type StepId = u32;

/// A pattern for the engine.
#[derive(Debug)]
pub struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) sets: Vec<Set>,
    /// How many groups there are, group 0 not counted.
    pub(super) groups: usize,
    /// What every match begins with; nothing if a match may be empty.
    pub(super) first: Option<Test>,
    /// Whether every match begins where the text does.
    pub(super) is_anchored: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Failure,
    /// The end of the pattern, or of a part that is matched for itself.
    Success,
    One(Test),
    At(Anchor),
    Mark(u32),
    Jump(StepId),
    /// Where the alternatives begin.
    Branch(Box<[StepId]>),
    /// As many characters as possible, or as few.
    Characters {
        test: Test,
        limits: Limits,
        kind: Repeat,
    },
    /// Opens a repetition, whose body follows; `until` is the step behind that, where all decisions are made.
    Repeat {
        until: StepId,
    },
    Until {
        body: StepId,
        limits: Limits,
        is_lazy: bool,
    },
    /// A repetition that gives nothing back; the body follows and ends with a success.
    Possessive {
        limits: Limits,
        behind: StepId,
    },
    /// Likewise with a body, each time.
    Atomic {
        behind: StepId,
    },
    Assert {
        back: u32,
        negated: bool,
        behind: StepId,
    },
    Reference {
        group: u32,
        case: Case,
    },
    /// Goes on behind if the group has matched, else elsewhere.
    Conditional {
        group: u32,
        otherwise: StepId,
    },
}

/// How often something may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub min: u32,
    pub max: u32,
}

impl Limits {
    /// Whether something that was repeated `count` times may be repeated once more.
    pub fn allow_more(self, count: i64) -> bool {
        self.max == UNLIMITED || count < i64::from(self.max)
    }
}

/// What a character must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Anything,
    NoLineFeed,
    Literal(u32),
    /// One of the sets of the program.
    Set(u32),
}

impl Program {
    #[inline]
    pub(super) fn passes(&self, test: Test, char: u32) -> bool {
        match test {
            Test::Anything => true,
            Test::NoLineFeed => char != u32::from('\n'),
            Test::Literal(literal) => char == literal,
            Test::Set(number) => self.sets[number as usize].contains(char),
        }
    }

    /// The test that is the whole of a step.
    pub(super) fn test_at(&self, step: StepId) -> Option<Test> {
        match self.steps[step as usize] {
            Step::One(test) => Some(test),
            _ => None,
        }
    }
}
