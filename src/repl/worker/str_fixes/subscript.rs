//! `string[key]` for strings that are not ASCII.
//!
//! The original counts a wrong length for slices with a step, on which later operations panic, and walks through the
//! whole string for every other slice. A program that cuts a long string into pieces would wait for minutes; so the
//! index of the long string that was cut last is kept.

use super::super::text_view::CharMap;
use crate::text::CharIndex;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyStr, PyStrRef},
    common::wtf8::Wtf8Buf,
    convert::ToPyObject,
    protocol::PyMapping,
    sliceable::{SaturatedSlice, SequenceIndex, SequenceIndexOp},
    types::AsMapping,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The indexes of strings of at least this many bytes are worth keeping.
const MIN_KEPT_BYTES: usize = 4 << 10;

/// The string is kept with its index. So nobody modifies it in place, as the interpreter does with a string that has
/// only one owner.
static LAST: Mutex<Option<(PyStrRef, Arc<CharIndex>)>> = Mutex::new(None);

pub fn install(vm: &VirtualMachine) {
    vm.ctx.types.str_type.slots.as_mapping.subscript.store(Some(subscript));
}

fn subscript(mapping: PyMapping<'_>, key: &PyObject, vm: &VirtualMachine) -> PyResult {
    let string = PyStr::mapping_downcast(mapping);
    match SequenceIndex::try_from_borrowed_object(vm, key, "string")? {
        SequenceIndex::Int(position) => item(string, position, vm),
        SequenceIndex::Slice(slice) => Ok(cut(string, slice, vm)),
    }
}

fn item(string: &Py<PyStr>, position: isize, vm: &VirtualMachine) -> PyResult {
    let char = position.wrapped_at(string.char_len()).and_then(|char| {
        let start = with_map(string, |map| map.byte_of(char));
        string.as_wtf8()[start..].code_points().next()
    });
    char.map(|char| char.to_pyobject(vm)).ok_or_else(|| vm.new_index_error("string index out of range"))
}

fn cut(string: &Py<PyStr>, slice: SaturatedSlice, vm: &VirtualMachine) -> PyObjectRef {
    let (chars, step, _) = slice.adjust_indices(string.char_len());
    if step == 1 && chars.len() == string.char_len() && string.class().is(vm.ctx.types.str_type) {
        return string.to_owned().into();
    }
    let part = &string.as_wtf8()[with_map(string, |map| map.bytes_of(chars))];
    let stride = step.unsigned_abs();
    match step {
        1 => vm.ctx.new_str(part).into(),
        ..0 => vm.ctx.new_str(part.code_points().rev().step_by(stride).collect::<Wtf8Buf>()).into(),
        0.. => vm.ctx.new_str(part.code_points().step_by(stride).collect::<Wtf8Buf>()).into(),
    }
}

/// Hands over a map of the string's characters.
fn with_map<R>(string: &Py<PyStr>, look_up: impl FnOnce(CharMap<'_>) -> R) -> R {
    let bytes = string.as_bytes();
    if string.isascii() {
        look_up(CharMap::ascii(bytes))
    } else if bytes.len() < MIN_KEPT_BYTES {
        look_up(CharMap::indexed(bytes, &CharIndex::new(bytes)))
    } else {
        look_up(CharMap::indexed(bytes, &index_of(string)))
    }
}

fn index_of(string: &Py<PyStr>) -> Arc<CharIndex> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((kept, index)) if kept.is(string) => Arc::clone(index),
        _ => {
            let index = Arc::new(CharIndex::new(string.as_bytes()));
            let previous = last.replace((string.to_owned(), Arc::clone(&index)));
            // Letting go of a string may run code of the program, which must find the lock free.
            drop(last);
            drop(previous);
            index
        }
    }
}
