//! Runs programs: what `SRE(match)` and `SRE(search)` are in CPython.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::{
    super::{code::UNLIMITED, haystack::Haystack, interrupt::Pulse, tree::Repeat},
    program::{Limits, Program, Step, StepId, Test},
    state::{Call, Entry, NONE, NOWHERE, Purpose, Snapshot, State},
};
use rustpython_vm::PyResult;
use std::{mem, ops::Range};

/// What to match, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a, H> {
    pub program: &'a Program,
    pub haystack: H,
    /// Where the text ends for this search.
    pub end: usize,
    /// Whether a match must reach up to there.
    pub is_whole: bool,
    /// Whether a match at the first place must not be empty.
    pub must_advance: bool,
}

/// One attempt to match.
pub(super) struct Run<'r, 'a, 'p, H> {
    pub request: &'r Request<'a, H>,
    pub state: &'r mut State,
    pub pulse: &'r mut Pulse<'p>,
    start: usize,
}

/// The step and the place to go on at; nothing if the attempt has failed.
pub(super) type Next = Option<(StepId, usize)>;

impl State {
    /// The end of the match at a place.
    ///
    /// # Errors
    /// The search was interrupted.
    pub fn match_at<H: Haystack>(
        &mut self,
        request: &Request<'_, H>,
        start: usize,
        pulse: &mut Pulse<'_>,
    ) -> PyResult<Option<usize>> {
        self.reset(request.program.groups);
        Run { request, state: self, pulse, start }.run()
    }

    /// The first match at a place or behind.
    ///
    /// # Errors
    /// The search was interrupted.
    pub fn search<H: Haystack>(
        &mut self,
        request: &Request<'_, H>,
        mut start: usize,
        pulse: &mut Pulse<'_>,
    ) -> PyResult<Option<Range<usize>>> {
        let mut request = *request;
        loop {
            if let Some(test) = request.program.first {
                let Some(found) = request.find(test, start, pulse)? else {
                    return Ok(None);
                };
                start = found;
            }
            if let Some(end) = self.match_at(&request, start, pulse)? {
                return Ok(Some(start..end));
            }
            if request.program.is_anchored || start == request.end {
                return Ok(None);
            }
            request.must_advance = false;
            start = request.haystack.next(start).1;
        }
    }
}

impl<H: Haystack> Run<'_, '_, '_, H> {
    fn run(&mut self) -> PyResult<Option<usize>> {
        let request = self.request;
        let steps = &request.program.steps;
        let (mut step, mut at) = (0, self.start);
        loop {
            self.pulse.step(1)?;
            let next = match &steps[step as usize] {
                Step::Failure => None,
                Step::Success => match self.state.end_call() {
                    Some(call) => self.returned(&call, at),
                    None if self.is_accepted(at) => return Ok(Some(at)),
                    None => None,
                },
                Step::One(test) => request.one(*test, at).map(|behind| (step + 1, behind)),
                Step::At(anchor) => request.is_at(*anchor, at).then_some((step + 1, at)),
                Step::Mark(number) => {
                    self.state.set_mark(*number, at);
                    Some((step + 1, at))
                }
                Step::Jump(target) => Some((*target, at)),
                Step::Branch(alternatives) => match self.viable(alternatives, 0, at) {
                    Some(first) => {
                        let snapshot = self.snapshot(at);
                        Some(self.try_branch(snapshot, step, first))
                    }
                    None => None,
                },
                Step::Characters { test, limits, kind } => self.characters(step, *test, *limits, *kind, at)?,
                Step::Repeat { until } => {
                    self.state.open();
                    Some((*until, at))
                }
                Step::Until { body, limits, is_lazy } => Some(self.until(step, *body, *limits, *is_lazy, at)),
                Step::Possessive { .. } => self.round(step, 0, at, NOWHERE),
                Step::Atomic { .. } => {
                    self.state.call(Purpose::Atomic, step, at, false);
                    Some((step + 1, at))
                }
                Step::Assert { back, negated, behind } => {
                    self.pulse.step(*back as usize)?;
                    match request.back(at, *back) {
                        Some(place) => {
                            let purpose = if *negated { Purpose::AssertNot } else { Purpose::Assert };
                            let with_marks = *negated && self.state.repeat != NONE;
                            self.state.call(purpose, step, at, with_marks);
                            Some((step + 1, place))
                        }
                        None => negated.then_some((*behind, at)),
                    }
                }
                Step::Reference { group, case } => match self.state.group(*group as usize) {
                    Some(range) => {
                        self.pulse.step(range.len())?;
                        request.again(range, *case, at).map(|behind| (step + 1, behind))
                    }
                    None => None,
                },
                Step::Conditional { group, otherwise } => {
                    let has_matched = self.state.group(*group as usize).is_some();
                    Some((if has_matched { step + 1 } else { *otherwise }, at))
                }
            };
            (step, at) = match next {
                Some(next) => next,
                None => match self.backtrack()? {
                    Some(next) => next,
                    None => return Ok(None),
                },
            };
        }
    }

    /// Whether a match of the whole pattern may end at a place.
    fn is_accepted(&self, at: usize) -> bool {
        let Request { end, is_whole, must_advance, .. } = *self.request;
        !(is_whole && at != end || must_advance && at == self.start)
    }

    /// How things are before one of several attempts. The marks are needed behind it only in a repetition.
    fn snapshot(&mut self, at: usize) -> Snapshot {
        self.state.snapshot(at, self.state.repeat != NONE)
    }

    /// The first alternative from a number on that does not fail at its first character.
    fn viable(&self, alternatives: &[StepId], from: u32, at: usize) -> Option<u32> {
        let may_match = |&step: &StepId| match self.request.program.test_at(step) {
            Some(test) => self.request.one(test, at).is_some(),
            None => true,
        };
        (from..).zip(&alternatives[from as usize..]).find(|&(_, step)| may_match(step)).map(|(number, _)| number)
    }

    /// Goes on with one of the alternatives of a step.
    pub fn try_branch(&mut self, snapshot: Snapshot, step: StepId, number: u32) -> (StepId, usize) {
        let Step::Branch(alternatives) = &self.request.program.steps[step as usize] else {
            unreachable!("the step is a branch");
        };
        let next = self.viable(alternatives, number + 1, snapshot.at);
        self.state.push(&snapshot, Entry::Branch { snapshot, step, next }, next.is_none());
        (alternatives[number as usize], snapshot.at)
    }

    fn characters(&mut self, step: StepId, test: Test, limits: Limits, kind: Repeat, at: usize) -> PyResult<Next> {
        let Some(floor) = self.request.exactly(test, at, limits.min, self.pulse)? else {
            return Ok(None);
        };
        let left = (limits.max != UNLIMITED).then(|| limits.max - limits.min);
        match kind {
            Repeat::Possessive => Ok(Some((step + 1, self.request.up_to(test, floor, left, self.pulse)?))),
            Repeat::Greedy => {
                let most = self.request.up_to(test, floor, left, self.pulse)?;
                let Some(at) = self.last_fit(step + 1, floor, most)? else {
                    return Ok(None);
                };
                let snapshot = self.snapshot(at);
                self.state.push(&snapshot, Entry::Fewer { snapshot, step, floor }, at == floor);
                Ok(Some((step + 1, at)))
            }
            Repeat::Lazy => {
                let Some((at, left)) = self.first_fit(step, floor, left)? else {
                    return Ok(None);
                };
                let snapshot = self.snapshot(at);
                self.state.push(&snapshot, Entry::More { snapshot, step, left }, left == Some(0));
                Ok(Some((step + 1, at)))
            }
        }
    }

    /// The last place from `at` back to `floor` where a step does not fail at its first character.
    pub fn last_fit(&mut self, step: StepId, floor: usize, at: usize) -> PyResult<Option<usize>> {
        match self.request.program.test_at(step) {
            Some(test) => self.request.find_back(test, floor, at, self.pulse),
            None => Ok(Some(at)),
        }
    }

    /// The first place from `at` on, over the characters of a step, where the next step does not fail at its first
    /// character, and how many characters are left from there.
    pub fn first_fit(
        &mut self,
        step: StepId,
        mut at: usize,
        mut left: Option<u32>,
    ) -> PyResult<Option<(usize, Option<u32>)>> {
        let Some(next) = self.request.program.test_at(step + 1) else {
            return Ok(Some((at, left)));
        };
        while self.request.one(next, at).is_none() {
            let Some(further) = self.one_more(step, at, left) else {
                return Ok(None);
            };
            (at, left) = further;
            self.pulse.step(1)?;
        }
        Ok(Some((at, left)))
    }

    /// The place behind one more of the characters of a step, and how many are left.
    pub fn one_more(&self, step: StepId, at: usize, left: Option<u32>) -> Option<(usize, Option<u32>)> {
        let Step::Characters { test, .. } = self.request.program.steps[step as usize] else {
            unreachable!("the step matches characters");
        };
        let left = match left {
            Some(left) => Some(left.checked_sub(1)?),
            None => None,
        };
        Some((self.request.one(test, at)?, left))
    }

    /// The end of a repetition's body, and its beginning: `MAX_UNTIL` and `MIN_UNTIL`.
    fn until(&mut self, step: StepId, body: StepId, limits: Limits, is_lazy: bool, at: usize) -> (StepId, usize) {
        let repeat = self.state.repeat;
        let rounds = self.state.current();
        let (outer, count) = (rounds.outer, rounds.count + 1);
        if count < i64::from(limits.min) {
            rounds.count = count;
            let last = rounds.last;
            self.state.stack.push(Entry::Uncount { repeat, last });
            return (body, at);
        }
        if is_lazy {
            let snapshot = self.state.snapshot(at, outer != NONE);
            self.state.stack.push(Entry::Enter { snapshot, step });
        } else if limits.allow_more(count) && at != rounds.last {
            rounds.count = count;
            let last = mem::replace(&mut rounds.last, at);
            let snapshot = self.state.snapshot(at, true);
            self.state.stack.push(Entry::Leave { snapshot, step, last });
            return (body, at);
        }
        self.state.repeat = outer;
        (step + 1, at)
    }

    /// Begins a round of a possessive repetition behind `count` others, the last of which began at `last`, or goes on
    /// behind it.
    fn round(&mut self, step: StepId, count: i64, at: usize, last: usize) -> Next {
        let Step::Possessive { limits, behind } = self.request.program.steps[step as usize] else {
            unreachable!("the step is a possessive repetition");
        };
        if count < i64::from(limits.min) {
            self.state.call(Purpose::Required { count }, step, at, false);
        } else if limits.allow_more(count) && at != last {
            self.state.call(Purpose::Optional { count }, step, at, true);
        } else {
            return Some((behind, at));
        }
        Some((step + 1, at))
    }

    /// Goes on behind a call that has succeeded up to a place.
    fn returned(&mut self, call: &Call, at: usize) -> Next {
        match call.purpose {
            Purpose::Atomic => Some((self.behind(call), at)),
            Purpose::Assert => Some((self.behind(call), call.snapshot.at)),
            Purpose::AssertNot => None,
            Purpose::Required { count } => self.round(call.step, count + 1, at, NOWHERE),
            Purpose::Optional { count } => self.round(call.step, count + 1, at, call.snapshot.at),
        }
    }

    /// The step behind the one that called.
    pub fn behind(&self, call: &Call) -> StepId {
        match self.request.program.steps[call.step as usize] {
            Step::Atomic { behind } | Step::Assert { behind, .. } | Step::Possessive { behind, .. } => behind,
            _ => unreachable!("only these steps call"),
        }
    }
}
