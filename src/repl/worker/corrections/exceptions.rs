//! Exceptions with several parents, such as `class NotFound(AppError, KeyError)`.
//!
//! All built-in exceptions but those of the system are made by the same code, and the interpreter forgets that: it
//! takes the constructor of `KeyError` for another one than that of `Exception`, and refuses.
//!
//! Superfluous from RustPython 0.6.0 on.

use rustpython_vm::{
    AsObject, Py, PyResult, VirtualMachine,
    builtins::{PyList, PyType},
};

/// Gives the built-in exceptions the one constructor that they share.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    share_constructor(vm.ctx.exceptions.base_exception_type, vm)
}

fn share_constructor(class: &Py<PyType>, vm: &VirtualMachine) -> PyResult<()> {
    let subclasses = vm.call_method(class.as_object(), "__subclasses__", ())?;
    let Some(subclasses) = subclasses.downcast_ref::<PyList>() else { return Ok(()) };
    for subclass in subclasses.borrow_vec().iter().filter_map(|it| it.downcast_ref::<PyType>()) {
        let has_its_own = [vm.ctx.exceptions.os_error, vm.ctx.exceptions.base_exception_group];
        if !has_its_own.iter().any(|it| subclass.fast_issubclass(*it)) {
            subclass.slots.new.store(class.slots.new.load());
            share_constructor(subclass, vm)?;
        }
    }
    Ok(())
}
