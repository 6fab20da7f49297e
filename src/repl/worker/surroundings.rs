//! What programs share with the interpreter and with the prelude, and the names they are given, kept so that each cell begins
//! with it whole.
//!
//! A program can replace `print` or `context`, take `sys.stdout` away, or reach into the prelude's globals. That is its own
//! affair until it ends; then the report is made, and the next program shall find what it expects.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef},
    object::Traverse,
    scope::Scope,
};
use std::ptr;

/// The entries of namespaces. They stand in no object of Python, where a program could find them.
pub struct Surroundings {
    namespaces: Vec<(PyDictRef, Vec<(PyObjectRef, PyObjectRef)>)>,
    /// `sys.settrace` and `sys.setprofile`.
    tracers: [PyObjectRef; 2],
}

impl Surroundings {
    /// Keeps what there is now.
    pub fn new(programs: &Scope, prelude: &Scope, vm: &VirtualMachine) -> PyResult<Self> {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let scaffold = prelude.globals.get_item("scaffold", vm)?;
        let (programs, prelude) = (programs.globals.clone(), prelude.globals.clone());
        let mut namespaces = vec![vm.builtins.dict(), vm.sys_module.dict(), programs, prelude];
        namespaces.extend([modules, scaffold].into_iter().filter_map(|dict| dict.downcast::<PyDict>().ok()));
        let namespaces = namespaces.into_iter().map(|dict| {
            let entries = dict.clone().into_iter().collect();
            (dict, entries)
        });
        let tracers = [vm.sys_module.get_attr("settrace", vm)?, vm.sys_module.get_attr("setprofile", vm)?];
        Ok(Self { namespaces: namespaces.collect(), tracers })
    }

    /// Puts back what is missing or was replaced; what programs have added stays.
    pub fn restore(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.tracers.iter().try_for_each(|tracer| tracer.call((vm.ctx.none(),), vm).map(drop))?;
        for (dict, entries) in self.namespaces.iter().filter(|(dict, entries)| !begins_with(dict, entries)) {
            for (name, value) in entries {
                if !dict.get_item_opt(&**name, vm)?.is_some_and(|found| found.is(value)) {
                    dict.set_item(&**name, value.clone(), vm)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether these are the first entries of a namespace, in this order. Looks at none of the objects: to take hold of one is to
/// write to it, and what is written to is copied after each checkpoint.
fn begins_with(dict: &PyDict, entries: &[(PyObjectRef, PyObjectRef)]) -> bool {
    let mut expected = entries.iter().flat_map(|(name, value)| [&**name, &**value]);
    let mut is_same = true;
    dict.traverse(&mut |found: &PyObject| {
        is_same = is_same && expected.next().is_none_or(|expected| ptr::eq(expected, found));
    });
    is_same && expected.next().is_none()
}
