//! What lets the class of a text pass for `str`: `type(context) == str` holds, and so does a look-up by type.
//!
//! Only `type(context) is str` remains wrong; the interpreter compares identities without asking anyone.

use super::text::Text;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
    builtins::{PyStr, PyTypeRef},
    common::hash::PyHash,
    function::{Either, FuncArgs, PyComparisonValue},
    types::{Constructor, PyComparisonOp},
};

/// Changes the classes `str` and `type`, which all interpreters of a process share.
pub fn install(vm: &VirtualMachine) {
    vm.ctx.types.str_type.slots.new.store(Some(new_str));
    let slots = &vm.ctx.types.type_type.slots;
    slots.richcompare.store(Some(compare));
    slots.hash.store(Some(hash));
}

/// `str(text)` copies the characters of any subclass of `str`; a [`Text`] can stand for itself.
fn new_str(class: PyTypeRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
    match arguments.args.as_slice() {
        [only] if arguments.kwargs.is_empty() && class.is(vm.ctx.types.str_type) && Text::of(only).is_some() => {
            Ok(only.clone())
        }
        _ => PyStr::slot_new(class, arguments, vm),
    }
}

/// The class that a class is taken for.
fn taken_for<'a>(class: &'a PyObject, vm: &VirtualMachine) -> &'a PyObject {
    if class.is(Text::class(&vm.ctx)) { vm.ctx.types.str_type.as_object() } else { class }
}

fn compare(
    class: &PyObject,
    other: &PyObject,
    operator: PyComparisonOp,
    vm: &VirtualMachine,
) -> PyResult<Either<PyObjectRef, PyComparisonValue>> {
    // Anything else is for the other side to say, and at last for the identities.
    let answer = match operator {
        PyComparisonOp::Eq if taken_for(class, vm).is(taken_for(other, vm)) => PyComparisonValue::Implemented(true),
        PyComparisonOp::Ne if taken_for(class, vm).is(taken_for(other, vm)) => PyComparisonValue::Implemented(false),
        _ => PyComparisonValue::NotImplemented,
    };
    Ok(Either::B(answer))
}

fn hash(class: &PyObject, vm: &VirtualMachine) -> PyResult<PyHash> {
    Ok(taken_for(class, vm).get_id() as PyHash)
}
