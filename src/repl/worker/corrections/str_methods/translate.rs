//! `translate` with a table that has no entry for a character: the original knows only the `KeyError` of a dict.
//!
//! Superfluous from RustPython 0.6.0 on.

use super::amend;
use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyInt, PyStr, PyStrRef},
    common::wtf8::{CodePoint, Wtf8Buf},
    convert::ToPyObject,
};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("translate", vm, |_| {
        |string: PyStrRef, table: PyObjectRef, vm: &VirtualMachine| -> PyResult<Wtf8Buf> {
            let mut translated = Wtf8Buf::with_capacity(string.byte_len());
            for point in string.as_wtf8().code_points() {
                match table.get_item(&*point.to_u32().to_pyobject(vm), vm) {
                    Ok(replacement) => push(&mut translated, &replacement, vm)?,
                    Err(error) if error.fast_isinstance(vm.ctx.exceptions.lookup_error) => translated.push(point),
                    Err(error) => return Err(error),
                }
            }
            Ok(translated)
        }
    })
}

fn push(translated: &mut Wtf8Buf, replacement: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    if let Some(string) = replacement.downcast_ref::<PyStr>() {
        translated.push_wtf8(string.as_wtf8());
    } else if let Some(number) = replacement.downcast_ref::<PyInt>() {
        let point = u32::try_from(number.as_bigint()).ok().and_then(CodePoint::from_u32);
        translated.push(point.ok_or_else(|| vm.new_value_error("character mapping must be in range(0x110000)"))?);
    } else if !vm.is_none(replacement) {
        return Err(vm.new_type_error("character mapping must return integer, None or str"));
    }
    Ok(())
}
