//! What programs share with the interpreter and with the prelude, and the names they are given, kept so that each cell
//! begins with it whole.
//!
//! A program can replace `print` or `context`, take `sys.stdout` away, or reach into the prelude's globals. That is its
//! own affair until it ends; then the report is made, and the next program shall find what it expects. What programs
//! have made themselves is none of this: it is theirs to bind anew and to delete, in every question of a session.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef},
    object::Traverse,
    scope::Scope,
};
use std::ptr;

/// The entries of namespaces. They stand in no object of Python, where a program could find them.
pub struct BuiltinsGuard {
    /// Those of the interpreter, as they were before the first program.
    interpreter: Vec<Namespace>,
    /// What the namespace of the programs holds without anything being given.
    bare: Vec<Entry>,
    /// The prelude's, and those that the programs are given for the question that is being answered.
    given: Vec<Namespace>,
    /// `sys.settrace` and `sys.setprofile`.
    tracers: [PyObjectRef; 2],
}

/// A name and its value.
type Entry = (PyObjectRef, PyObjectRef);

impl BuiltinsGuard {
    /// Keeps what there is before anything is given.
    pub fn new(programs: &Scope, vm: &VirtualMachine) -> PyResult<Self> {
        let modules = vm.sys_module.get_attr("modules", vm)?;
        let mut interpreter = vec![Namespace::of(vm.builtins.dict()), Namespace::of(vm.sys_module.dict())];
        interpreter.extend(modules.downcast::<PyDict>().ok().map(Namespace::of));
        let tracers = [vm.sys_module.get_attr("settrace", vm)?, vm.sys_module.get_attr("setprofile", vm)?];
        Ok(Self { interpreter, bare: entries(&programs.globals), given: Vec::new(), tracers })
    }

    /// Keeps what is given for a question, in the place of what was given for the one before.
    pub fn give(&mut self, programs: &Scope, prelude: &Scope, scaffold: &PyDictRef) {
        let own = self.bare.iter().cloned().chain(entries(scaffold));
        self.given = vec![
            Namespace::new(programs.globals.clone(), own.collect()),
            Namespace::of(prelude.globals.clone()),
            Namespace::of(scaffold.clone()),
        ];
    }

    /// Puts back what is missing or was replaced; what programs have added stays.
    pub fn restore(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.tracers.iter().try_for_each(|tracer| tracer.call((vm.ctx.none(),), vm).map(drop))?;
        self.interpreter.iter().chain(&self.given).try_for_each(|namespace| namespace.restore(vm))
    }
}

/// A namespace and the entries that it must have.
struct Namespace {
    dict: PyDictRef,
    /// In the order of the addresses of their names.
    entries: Vec<Entry>,
}

impl Namespace {
    /// All that it has now.
    fn of(dict: PyDictRef) -> Self {
        let entries = entries(&dict);
        Self::new(dict, entries)
    }

    fn new(dict: PyDictRef, mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|(name, _)| address(name));
        Self { dict, entries }
    }

    fn restore(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.is_whole() {
            return Ok(());
        }
        for (name, value) in &self.entries {
            if !self.dict.get_item_opt(&**name, vm)?.is_some_and(|found| found.is(value)) {
                self.dict.set_item(&**name, value.clone(), vm)?;
            }
        }
        Ok(())
    }

    /// Whether all entries are there, under the very objects that are their names; others may be as well. Looks into
    /// none of the objects: to take hold of one is to write to it, and what is written to is copied after each
    /// checkpoint.
    fn is_whole(&self) -> bool {
        let mut found = 0;
        let mut expected = None;
        let mut is_name = true;
        self.dict.traverse(&mut |object: &PyObject| {
            if is_name {
                let at = self.entries.binary_search_by_key(&address(object), |(name, _)| address(name));
                expected = at.ok().map(|at| &*self.entries[at].1);
            } else if expected.is_some_and(|expected| ptr::eq(expected, object)) {
                found += 1;
            }
            is_name = !is_name;
        });
        found == self.entries.len()
    }
}

fn entries(dict: &PyDictRef) -> Vec<Entry> {
    dict.clone().into_iter().collect()
}

fn address(object: &PyObject) -> usize {
    ptr::from_ref(object).addr()
}
