//! What programs share with the interpreter and with the prelude, kept so that each cell begins with it whole.
//!
//! A program can replace `print`, take `sys.stdout` away, or reach into the prelude's globals. That is its own affair until
//! it ends; then the report is made, and the next program shall find what it expects.

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef},
    scope::Scope,
};

/// The entries of namespaces. They stand in no object of Python, where a program could find them.
pub struct Surroundings {
    namespaces: Vec<(PyDictRef, Vec<(PyObjectRef, PyObjectRef)>)>,
    /// `sys.settrace` and `sys.setprofile`.
    tracers: [PyObjectRef; 2],
}

impl Surroundings {
    /// Keeps what there is now.
    pub fn new(prelude: &Scope, vm: &VirtualMachine) -> PyResult<Self> {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let scaffold = prelude.globals.get_item("scaffold", vm)?;
        let mut namespaces = vec![vm.builtins.dict(), vm.sys_module.dict(), prelude.globals.clone()];
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
        for (dict, entries) in &self.namespaces {
            for (name, value) in entries {
                if !dict.get_item_opt(&**name, vm)?.is_some_and(|found| found.is(value)) {
                    dict.set_item(&**name, value.clone(), vm)?;
                }
            }
        }
        Ok(())
    }
}
