//! `find` and its relatives: the originals walk to the start of the search, and find the empty string between bytes.
//!
//! Superfluous from RustPython 0.6.0 on (#8530).

use super::{amend, char_index::with_map};
use crate::repl::worker::{
    text_arguments::{AffixArguments, SearchArguments},
    text_search::{count, ends_with, first_position, last_position, or_error, or_minus_one, starts_with},
};
use rustpython_vm::{PyResult, VirtualMachine, builtins::PyStrRef};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("find", vm, |_| {
        |string: PyStrRef, it: SearchArguments| with_map(&string, |map| or_minus_one(first_position(&map, &it)))
    })?;
    amend("rfind", vm, |_| {
        |string: PyStrRef, it: SearchArguments| with_map(&string, |map| or_minus_one(last_position(&map, &it)))
    })?;
    amend("index", vm, |_| {
        |string: PyStrRef, it: SearchArguments, vm: &VirtualMachine| {
            or_error(with_map(&string, |map| first_position(&map, &it)), vm)
        }
    })?;
    amend("rindex", vm, |_| {
        |string: PyStrRef, it: SearchArguments, vm: &VirtualMachine| {
            or_error(with_map(&string, |map| last_position(&map, &it)), vm)
        }
    })?;
    amend("count", vm, |_| |string: PyStrRef, it: SearchArguments| with_map(&string, |map| count(&map, &it)))?;
    amend("startswith", vm, |_| {
        |string: PyStrRef, it: AffixArguments, vm: &VirtualMachine| with_map(&string, |map| starts_with(&map, &it, vm))
    })?;
    amend("endswith", vm, |_| {
        |string: PyStrRef, it: AffixArguments, vm: &VirtualMachine| with_map(&string, |map| ends_with(&map, &it, vm))
    })
}
