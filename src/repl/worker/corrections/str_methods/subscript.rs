//! `string[key]` for strings that are not ASCII: the original counts a wrong length for slices with a step, on which
//! later operations panic, and walks through the whole string for every other slice.
//!
//! Superfluous from RustPython 0.6.0 on (#8526).

use super::char_index::with_map;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::PyStr,
    common::wtf8::Wtf8Buf,
    convert::ToPyObject,
    protocol::PyMapping,
    sliceable::{SaturatedSlice, SequenceIndex, SequenceIndexOp},
    types::AsMapping,
};

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
