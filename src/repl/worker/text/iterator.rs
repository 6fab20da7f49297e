//! Going through a text character by character.
//!
//! Native functions such as `set` and `list` run through an iterator without a look at anything else. This one looks
//! for an interrupt now and then, so that they do not run through gigabytes regardless of time and memory.

use super::Text;
use rustpython_vm::{
    Py, PyPayload, PyRef, PyResult, VirtualMachine,
    convert::ToPyObject,
    protocol::PyIterReturn,
    pyclass,
    types::{IterNext, Iterable, SelfIter},
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes lie between two looks for an interrupt.
const BYTES_PER_CHECK: usize = 64 << 10;

#[pyclass(module = false, name = "str_iterator")]
#[derive(Debug, PyPayload)]
pub struct TextIterator {
    text: PyRef<Text>,
    /// Where the next character begins.
    byte: AtomicUsize,
}

impl TextIterator {
    pub fn new(text: PyRef<Text>) -> Self {
        Self { text, byte: AtomicUsize::new(0) }
    }
}

#[pyclass(with(IterNext, Iterable))]
impl TextIterator {}

impl SelfIter for TextIterator {}

impl IterNext for TextIterator {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let start = zelf.byte.load(Ordering::Relaxed);
        let Some(char) = zelf.text.as_str()[start..].chars().next() else {
            return Ok(PyIterReturn::StopIteration(None));
        };
        let end = start + char.len_utf8();
        if start / BYTES_PER_CHECK != end / BYTES_PER_CHECK {
            vm.check_signals()?;
        }
        zelf.byte.store(end, Ordering::Relaxed);
        Ok(PyIterReturn::Return(char.to_pyobject(vm)))
    }
}
