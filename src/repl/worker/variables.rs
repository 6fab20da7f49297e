//! The variables that programs have made, as the model is told of them.

use rustpython_vm::{
    PyObject, VirtualMachine,
    builtins::{PyDict, PyStr},
    object::Traverse,
};
use std::collections::HashSet;

/// The name of a variable, and that of its type.
pub type Variable = (String, String);

/// The names that are not of the programs' own making.
#[derive(Default)]
pub struct Given(HashSet<String>);

impl Given {
    /// Those in a namespace, and the one of the answer.
    pub fn new(scaffold: &PyDict) -> Self {
        let mut names = HashSet::from(["answer".to_owned()]);
        let mut is_name = true;
        scaffold.traverse(&mut |object: &PyObject| {
            names.extend(name(object).filter(|_| is_name).map(str::to_owned));
            is_name = !is_name;
        });
        Self(names)
    }

    /// The first `most` variables in a namespace of programs. Takes hold of none of the objects: to do so is to write
    /// to them, and what is written to is copied after each checkpoint.
    pub fn others(&self, programs: &PyDict, most: usize, vm: &VirtualMachine) -> Vec<Variable> {
        let mut variables = Vec::new();
        let mut last = None;
        let mut is_name = true;
        programs.traverse(&mut |object: &PyObject| {
            if is_name {
                let name = name(object).filter(|name| !name.starts_with('_') && !self.0.contains(*name));
                last = name.filter(|_| variables.len() < most).map(str::to_owned);
            } else if let Some(name) = last.take()
                && !object.class().fast_issubclass(vm.ctx.types.module_type)
            {
                variables.push((name, object.class().name().to_string()));
            }
            is_name = !is_name;
        });
        variables
    }
}

fn name(object: &PyObject) -> Option<&str> {
    object.downcast_ref::<PyStr>()?.to_str()
}
