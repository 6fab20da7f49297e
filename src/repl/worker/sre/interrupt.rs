//! Leaving a search in the middle.
//!
//! The engine runs until it has found something, which for an unlucky pattern means for ever, and offers no way to stop
//! it. But it calls the haystack for every character. So the haystack counts its steps, looks for pending signals of
//! the interpreter now and then, and if one raises an exception, unwinds through the engine to [`interruptible`].

use rustpython_vm::{PyResult, builtins::PyBaseExceptionRef, vm::thread::with_current_vm};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// Steps between two looks for signals: about a millisecond.
const STEPS_PER_CHECK: u32 = 1 << 16;

thread_local! {
    static STEPS: Cell<u32> = const { Cell::new(0) };
}

struct Interrupted(PyBaseExceptionRef);

/// Called for every character that the engine looks at.
#[inline]
pub fn step() {
    let steps = STEPS.get().wrapping_add(1);
    STEPS.set(steps);
    if steps.is_multiple_of(STEPS_PER_CHECK) {
        check_signals();
    }
}

/// Looks for signals; only inside of [`interruptible`].
#[cold]
#[inline(never)]
pub fn check_signals() {
    if let Err(exception) = with_current_vm(|vm| vm.check_signals()) {
        resume_unwind(Box::new(Interrupted(exception)));
    }
}

/// Does `work`, and returns the exception of a signal that came meanwhile. The work is left half done then, so nothing
/// that it has changed may be used afterwards.
pub fn interruptible<R>(work: impl FnOnce() -> R) -> PyResult<R> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| match payload.downcast::<Interrupted>() {
        Ok(interrupted) => interrupted.0,
        Err(payload) => resume_unwind(payload),
    })
}
