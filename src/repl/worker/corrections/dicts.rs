//! `reversed` of dicts and their views: where an entry was deleted, the original gives another one twice, and goes on
//! for ever if that was the first.
//!
//! Superfluous from RustPython 0.6.0 on (#8384).

use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) {
    let types = &vm.ctx.types;
    for class in [types.dict_type, types.dict_keys_type, types.dict_values_type, types.dict_items_type] {
        let method = vm.new_method("__reversed__", class, reversed);
        class.set_attr(vm.ctx.intern_str("__reversed__"), method.into());
    }
}

fn reversed(entries: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let list = vm.ctx.types.list_type.as_object().call((entries,), vm)?;
    vm.call_method(&list, "__reversed__", ())
}
