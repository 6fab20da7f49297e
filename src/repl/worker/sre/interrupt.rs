//! Leaving a search in the middle.
//!
//! An unlucky pattern runs for ever. So whoever searches counts its steps, looks for pending signals of the interpreter
//! now and then, and ends with the exception that one raises.

use rustpython_vm::PyResult;

/// Steps between two looks for signals: about a millisecond.
const STEPS_PER_CHECK: usize = 1 << 16;

/// The steps of one search.
pub struct Pulse<'a> {
    check: &'a dyn Fn() -> PyResult<()>,
    left: usize,
}

impl<'a> Pulse<'a> {
    /// `check` looks for signals.
    pub fn new(check: &'a dyn Fn() -> PyResult<()>) -> Self {
        Self { check, left: STEPS_PER_CHECK }
    }

    /// Called for every few characters that are looked at.
    ///
    /// # Errors
    /// A signal has raised an exception. The search is left half done then.
    #[inline]
    pub fn step(&mut self, steps: usize) -> PyResult<()> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => self.check(),
        }
    }

    /// Called where many steps were taken at once.
    #[cold]
    pub fn check(&mut self) -> PyResult<()> {
        self.left = STEPS_PER_CHECK;
        (self.check)()
    }
}
