//! `split` and `strip` and their relatives: the originals do not know all white space.
//!
//! Superfluous from RustPython 0.6.0 on (#8211).

use super::amend;
use crate::repl::worker::{
    text_arguments::SplitArguments,
    text_methods::strip_predicate,
    text_split::{words, words_from_end},
};
use rustpython_vm::{
    AsObject, PyResult, VirtualMachine,
    builtins::PyStrRef,
    function::{FuncArgs, OptionalOption},
};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    fix_words("split", |text, max_splits| words(text, max_splits).collect(), vm)?;
    fix_words("rsplit", |text, max_splits| in_order(words_from_end(text, max_splits)), vm)?;
    fix_strip("strip", |text, strips| text.trim_matches(strips), vm)?;
    fix_strip("lstrip", |text, strips| text.trim_start_matches(strips), vm)?;
    fix_strip("rstrip", |text, strips| text.trim_end_matches(strips), vm)
}

fn in_order<'a>(from_end: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<_> = from_end.collect();
    words.reverse();
    words
}

/// Without a separator, `split` and `rsplit` know only the white space of ASCII.
fn fix_words(
    name: &'static str,
    words: for<'a> fn(&'a str, usize) -> Vec<&'a str>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    amend(name, vm, |original| {
        move |string: PyStrRef, mut arguments: FuncArgs, vm: &VirtualMachine| -> PyResult {
            let parsed: SplitArguments = arguments.clone().bind(vm)?;
            match (string.to_str(), parsed.separator(vm)?) {
                (Some(text), None) => {
                    let words = words(text, parsed.max_splits()).into_iter();
                    Ok(vm.ctx.new_list(words.map(|word| vm.ctx.new_str(word).into()).collect()).into())
                }
                _ => {
                    arguments.prepend_arg(string.into());
                    original.call(arguments, vm)
                }
            }
        }
    })
}

/// `strip` and its relatives do not know the white space U+001C to U+001F, and `strip` leaves an ASCII string alone if
/// there is anything else than ASCII among the characters to remove.
fn fix_strip(
    name: &'static str,
    trim: for<'a> fn(&'a str, &dyn Fn(char) -> bool) -> &'a str,
    vm: &VirtualMachine,
) -> PyResult<()> {
    amend(name, vm, |original| {
        move |string: PyStrRef, chars: OptionalOption<PyStrRef>, vm: &VirtualMachine| -> PyResult {
            let chars = chars.flatten();
            let Some(text) = string.to_str() else {
                return original.call((string, chars), vm);
            };
            let trimmed = trim(text, &strip_predicate(chars));
            if trimmed.len() == text.len() && string.class().is(vm.ctx.types.str_type) {
                return Ok(string.into());
            }
            Ok(vm.ctx.new_str(trimmed).into())
        }
    })
}
