//! `join`: the original does not say which item is no string.
//!
//! Superfluous from RustPython 0.6.0 on.

use super::amend;
use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyList, PyStr, PyStrRef},
};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("join", vm, |original| {
        move |string: PyStrRef, items: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            let items = vm.ctx.types.list_type.as_object().call((items,), vm)?;
            let stranger = items.downcast_ref::<PyList>().and_then(|items| {
                let items = items.borrow_vec();
                let (at, item) = items.iter().enumerate().find(|(_, item)| item.downcast_ref::<PyStr>().is_none())?;
                Some((at, item.class().name().to_string()))
            });
            match stranger {
                None => original.call((string, items), vm),
                Some((at, class)) => {
                    Err(vm.new_type_error(format!("sequence item {at}: expected str instance, {class} found")))
                }
            }
        }
    })
}
