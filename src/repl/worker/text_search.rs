//! Searching in a text and asking how it begins and ends, by the rules of Python's `str`: for texts and for the
//! interpreter's ordinary strings.

use super::{
    text_arguments::{AffixArguments, SearchArguments},
    text_view::CharMap,
};
use memchr::memmem;
use rustpython_vm::{
    PyObject, PyResult, VirtualMachine,
    builtins::{PyStr, PyTuple},
};

/// The character at which the needle occurs first.
pub fn first_position(map: &CharMap<'_>, arguments: &SearchArguments) -> Option<usize> {
    let bytes = map.window(arguments.chars(map.char_len()))?;
    let at = memmem::find(&map.bytes()[bytes.clone()], arguments.needle())?;
    Some(map.char_of(bytes.start + at))
}

/// The character at which the needle occurs last.
pub fn last_position(map: &CharMap<'_>, arguments: &SearchArguments) -> Option<usize> {
    let bytes = map.window(arguments.chars(map.char_len()))?;
    let at = memmem::rfind(&map.bytes()[bytes.clone()], arguments.needle())?;
    Some(map.char_of(bytes.start + at))
}

/// How often the needle occurs. The empty one occurs between all characters.
pub fn count(map: &CharMap<'_>, arguments: &SearchArguments) -> usize {
    let chars = arguments.chars(map.char_len());
    match map.window(chars.clone()) {
        None => 0,
        Some(_) if arguments.needle().is_empty() => chars.len() + 1,
        Some(bytes) => memmem::find_iter(&map.bytes()[bytes], arguments.needle()).count(),
    }
}

/// Python's notation of a position that may not exist.
pub fn or_minus_one(position: Option<usize>) -> isize {
    position.map_or(-1, |position| position as isize)
}

pub fn or_error(position: Option<usize>, vm: &VirtualMachine) -> PyResult<usize> {
    position.ok_or_else(|| vm.new_value_error("substring not found"))
}

pub fn starts_with(map: &CharMap<'_>, arguments: &AffixArguments, vm: &VirtualMachine) -> PyResult<bool> {
    any_affix(map, arguments, "startswith", <[u8]>::starts_with, vm)
}

pub fn ends_with(map: &CharMap<'_>, arguments: &AffixArguments, vm: &VirtualMachine) -> PyResult<bool> {
    any_affix(map, arguments, "endswith", <[u8]>::ends_with, vm)
}

fn any_affix(
    map: &CharMap<'_>,
    arguments: &AffixArguments,
    method: &str,
    holds: fn(&[u8], &[u8]) -> bool,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    let window = map.window(arguments.chars(map.char_len())).map(|bytes| &map.bytes()[bytes]);
    let affix_holds = |affix: &PyObject| match affix.downcast_ref::<PyStr>() {
        Some(affix) => Ok(window.is_some_and(|window| holds(window, affix.as_bytes()))),
        None => {
            let class = affix.class().name().to_string();
            Err(vm.new_type_error(format!("{method} first arg must be str or a tuple of str, not {class}")))
        }
    };
    let Some(affixes) = arguments.affix.downcast_ref::<PyTuple>() else {
        return affix_holds(&arguments.affix);
    };
    for affix in affixes.iter() {
        if affix_holds(affix)? {
            return Ok(true);
        }
    }
    Ok(false)
}
