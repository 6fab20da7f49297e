//! Methods of `str`. Each correction handles the cases in which the original is wrong and leaves the rest to it.

mod char_index;
mod expandtabs;
mod join;
mod precision;
mod replace;
mod search;
mod split_strip;
mod subscript;
mod translate;
mod unicode;
mod zfill;

pub use char_index::with_map;

use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine, function::IntoPyNativeFn};
use std::sync::Once;

/// Installs the corrections. All interpreters of a process share the class `str`, so that is corrected only once.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    static ONCE: Once = Once::new();
    let mut outcome = Ok(());
    ONCE.call_once(|| outcome = correct(vm));
    outcome
}

fn correct(vm: &VirtualMachine) -> PyResult<()> {
    subscript::install(vm);
    unicode::install(vm)?;
    translate::install(vm)?;
    precision::install(vm)?;
    search::install(vm)?;
    split_strip::install(vm)?;
    replace::install(vm)?;
    zfill::install(vm)?;
    expandtabs::install(vm)?;
    join::install(vm)
}

/// Replaces the method `name` of `str` by what `amend` makes of it.
fn amend<F, Kind>(name: &'static str, vm: &VirtualMachine, amend: impl FnOnce(PyObjectRef) -> F) -> PyResult<()>
where
    F: IntoPyNativeFn<Kind>,
{
    let str_type = vm.ctx.types.str_type;
    let interned = vm.ctx.intern_str(name);
    let original = str_type.as_object().get_attr(interned, vm)?;
    str_type.set_attr(interned, vm.new_method(name, str_type, amend(original)).into());
    Ok(())
}
