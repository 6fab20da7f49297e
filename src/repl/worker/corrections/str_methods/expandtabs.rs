//! `expandtabs(0)`: the original ends the process.
//!
//! Superfluous from RustPython 0.6.0 on (#8562).

use super::amend;
use rustpython_vm::{FromArgs, PyResult, VirtualMachine, builtins::PyStrRef, common::wtf8::Wtf8Buf};

#[derive(FromArgs)]
struct TabArguments {
    #[pyarg(any, default = 8)]
    tabsize: isize,
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("expandtabs", vm, |original| {
        move |string: PyStrRef, arguments: TabArguments, vm: &VirtualMachine| -> PyResult {
            if arguments.tabsize > 0 {
                return original.call((string, arguments.tabsize), vm);
            }
            let without: Wtf8Buf = string.as_wtf8().code_points().filter(|point| *point != '\t').collect();
            Ok(vm.ctx.new_str(without).into())
        }
    })
}
