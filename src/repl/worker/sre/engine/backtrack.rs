//! Going back to the last choice when an attempt has failed: what stands behind the jumps of `SRE(match)` in CPython.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::{
    super::haystack::Haystack,
    program::{Step, StepId},
    run::{Next, Run},
    state::{Entry, Purpose},
};
use rustpython_vm::PyResult;

impl<H: Haystack> Run<'_, '_, '_, H> {
    /// Where to go on; nothing if nothing is left to try.
    pub fn backtrack(&mut self) -> PyResult<Next> {
        while let Some(entry) = self.state.stack.pop() {
            let next = match entry {
                Entry::Branch { snapshot, step, next } => {
                    self.state.restore(&snapshot);
                    match next {
                        Some(number) => Some(self.try_branch(snapshot, step, number)),
                        None => {
                            self.state.discard(&snapshot);
                            None
                        }
                    }
                }
                Entry::Fewer { mut snapshot, step, floor } => {
                    self.state.restore(&snapshot);
                    let place = match snapshot.at {
                        at if at == floor => None,
                        at => self.last_fit(step + 1, floor, self.request.haystack.before(at).1)?,
                    };
                    match place {
                        Some(at) => {
                            snapshot.at = at;
                            self.state.push(&snapshot, Entry::Fewer { snapshot, step, floor }, at == floor);
                            Some((step + 1, at))
                        }
                        None => {
                            self.state.discard(&snapshot);
                            None
                        }
                    }
                }
                Entry::More { mut snapshot, step, left } => {
                    self.state.restore(&snapshot);
                    let place = match self.one_more(step, snapshot.at, left) {
                        Some((at, left)) => self.first_fit(step, at, left)?,
                        None => None,
                    };
                    match place {
                        Some((at, left)) => {
                            snapshot.at = at;
                            self.state.push(&snapshot, Entry::More { snapshot, step, left }, left == Some(0));
                            Some((step + 1, at))
                        }
                        None => {
                            self.state.discard(&snapshot);
                            None
                        }
                    }
                }
                Entry::Leave { snapshot, step, last } => {
                    self.state.restore(&snapshot);
                    self.state.discard(&snapshot);
                    let rounds = self.state.current();
                    rounds.last = last;
                    rounds.count -= 1;
                    self.state.repeat = rounds.outer;
                    Some((step + 1, snapshot.at))
                }
                Entry::Enter { snapshot, step } => {
                    self.state.restore(&snapshot);
                    self.state.discard(&snapshot);
                    self.enter(step, snapshot.at)
                }
                Entry::Uncount { repeat, last } => {
                    let rounds = &mut self.state.rounds[repeat as usize];
                    rounds.count -= 1;
                    rounds.last = last;
                    None
                }
                Entry::Close => {
                    self.state.rounds.pop();
                    None
                }
                Entry::Call => self.call_failed(),
            };
            if next.is_some() {
                return Ok(next);
            }
        }
        Ok(None)
    }

    /// Goes through the body of a lazy repetition once more, if it may be repeated and the last round has changed
    /// something.
    fn enter(&mut self, step: StepId, at: usize) -> Next {
        let Step::Until { body, limits, .. } = self.request.program.steps[step as usize] else {
            unreachable!("the step ends a repetition");
        };
        let repeat = self.state.repeat;
        let rounds = self.state.current();
        let (count, last) = (rounds.count + 1, rounds.last);
        if !limits.allow_more(count) || at == last {
            return None;
        }
        rounds.count = count;
        rounds.last = at;
        self.state.stack.push(Entry::Uncount { repeat, last });
        Some((body, at))
    }

    /// A part that was matched for itself does not match: that is what some have hoped for.
    fn call_failed(&mut self) -> Next {
        let call = self.state.calls.pop()?;
        match call.purpose {
            Purpose::Atomic | Purpose::Assert | Purpose::Required { .. } => None,
            Purpose::AssertNot | Purpose::Optional { .. } => {
                self.state.restore(&call.snapshot);
                self.state.discard(&call.snapshot);
                Some((self.behind(&call), call.snapshot.at))
            }
        }
    }
}
