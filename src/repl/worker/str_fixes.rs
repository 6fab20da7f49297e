//! Replaces functions of the built-in `str` and of `_json` that are wrong, wasteful or dangerous in RustPython 0.5.0.
//!
//! Each correction handles the cases in which the original is wrong and leaves the rest to it.

mod cuts;
mod edges;
mod format;
mod index;
mod json;
mod json_reading;
mod json_text;
mod kind;
mod letters;
mod search;
mod subscript;
mod translate;

use super::text::Text;
use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyStr, PyTypeRef},
    function::{FuncArgs, IntoPyNativeFn},
    types::Constructor,
};
use std::sync::Once;

/// Installs the corrections. All interpreters of a process share the class `str`, so that is corrected only once.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    static STR: Once = Once::new();
    let mut outcome = Ok(());
    STR.call_once(|| outcome = fix_str(vm));
    outcome?;
    json::install(vm)?;
    json_reading::install(vm)
}

fn fix_str(vm: &VirtualMachine) -> PyResult<()> {
    vm.ctx.types.str_type.slots.new.store(Some(new_str));
    subscript::install(vm);
    kind::install(vm);
    letters::install(vm)?;
    translate::install(vm)?;
    format::install(vm)?;
    search::install(vm)?;
    cuts::install(vm)?;
    edges::install(vm)
}

/// `str(text)` copies the characters of any subclass of `str`; a [`Text`] can stand for itself.
fn new_str(class: PyTypeRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
    match arguments.args.as_slice() {
        [only] if arguments.kwargs.is_empty() && class.is(vm.ctx.types.str_type) && Text::of(only).is_some() => {
            Ok(only.clone())
        }
        _ => PyStr::slot_new(class, arguments, vm),
    }
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
