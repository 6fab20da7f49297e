//! What the methods of a text take: the signatures of Python's `str`.

use rustpython_vm::{
    FromArgs, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyIntRef, PyStrRef},
    sliceable::SequenceIndexOp,
};
use std::ops::Range;

/// The arguments of `find`, `count` and their relatives.
#[derive(FromArgs)]
pub struct SearchArguments {
    #[pyarg(positional)]
    needle: PyStrRef,
    #[pyarg(positional, default)]
    start: Option<PyIntRef>,
    #[pyarg(positional, default)]
    end: Option<PyIntRef>,
}

impl SearchArguments {
    pub fn needle(&self) -> &[u8] {
        self.needle.as_bytes()
    }

    pub fn chars(&self, char_len: usize) -> Range<usize> {
        char_range(self.start.as_ref(), self.end.as_ref(), char_len)
    }
}

/// The arguments of `startswith` and `endswith`.
#[derive(FromArgs)]
pub struct AffixArguments {
    #[pyarg(positional)]
    pub affix: PyObjectRef,
    #[pyarg(positional, default)]
    start: Option<PyIntRef>,
    #[pyarg(positional, default)]
    end: Option<PyIntRef>,
}

impl AffixArguments {
    pub fn chars(&self, char_len: usize) -> Range<usize> {
        char_range(self.start.as_ref(), self.end.as_ref(), char_len)
    }
}

/// The arguments of `split` and `rsplit`.
#[derive(FromArgs)]
pub struct SplitArguments {
    #[pyarg(any, default)]
    sep: Option<PyStrRef>,
    #[pyarg(any, default = -1)]
    maxsplit: isize,
}

impl SplitArguments {
    pub fn max_splits(&self) -> usize {
        usize::try_from(self.maxsplit).unwrap_or(usize::MAX)
    }

    /// The bytes of the separator; nothing stands for white space.
    pub fn separator(&self, vm: &VirtualMachine) -> PyResult<Option<&[u8]>> {
        match &self.sep {
            Some(separator) if separator.is_empty() => Err(vm.new_value_error("empty separator")),
            separator => Ok(separator.as_ref().map(|separator| separator.as_bytes())),
        }
    }
}

/// The arguments of `splitlines`.
#[derive(FromArgs)]
pub struct LineArguments {
    #[pyarg(any, default = false)]
    pub keepends: bool,
}

/// Applies Python's rules for `start` and `end` to a text of `char_len` characters. The start may lie behind the end.
fn char_range(start: Option<&PyIntRef>, end: Option<&PyIntRef>, char_len: usize) -> Range<usize> {
    let resolve = |position: &PyIntRef| match position.as_bigint().saturated_at(char_len + 1) {
        behind if behind > char_len => behind,
        // Negative positions count from the end.
        _ => position.as_bigint().saturated_at(char_len),
    };
    start.map_or(0, resolve)..end.map_or(char_len, resolve).min(char_len)
}
