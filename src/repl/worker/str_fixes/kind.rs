//! The class of a text is as good as `str`: `type(context) == str` holds, and so does a look-up by type.
//!
//! Only `type(context) is str` remains wrong; the interpreter compares identities without asking anyone.

use super::super::text::Text;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
    common::hash::PyHash,
    function::{Either, PyComparisonValue},
    types::PyComparisonOp,
};

pub fn install(vm: &VirtualMachine) {
    let slots = &vm.ctx.types.type_type.slots;
    slots.richcompare.store(Some(compare));
    slots.hash.store(Some(hash));
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
