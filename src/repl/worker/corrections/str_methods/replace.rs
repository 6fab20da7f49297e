//! `replace("", new)`: the original inserts between bytes instead of characters, and makes strings that are not Unicode.
//!
//! Superfluous from RustPython 0.6.0 on (#8561).

use super::amend;
use rustpython_vm::{
    FromArgs, PyResult, VirtualMachine,
    builtins::PyStrRef,
    common::wtf8::{CodePoint, Wtf8, Wtf8Buf},
};

#[derive(FromArgs)]
struct ReplaceArguments {
    #[pyarg(positional)]
    old: PyStrRef,
    #[pyarg(positional)]
    new: PyStrRef,
    #[pyarg(any, default = -1)]
    count: isize,
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("replace", vm, |original| {
        move |string: PyStrRef, arguments: ReplaceArguments, vm: &VirtualMachine| -> PyResult {
            let ReplaceArguments { old, new, count } = arguments;
            if !old.is_empty() {
                return original.call((string, old, new, count), vm);
            }
            let places = usize::try_from(count).unwrap_or(usize::MAX);
            Ok(vm.ctx.new_str(insert_between(string.as_wtf8(), new.as_wtf8(), places)).into())
        }
    })
}

/// The string with `new` at the first `places` of the places before, between and behind its characters.
fn insert_between(string: &Wtf8, new: &Wtf8, places: usize) -> Wtf8Buf {
    let mut result = Wtf8Buf::new();
    let mut places_left = places;
    for point in string.code_points().map(Some).chain([None::<CodePoint>]) {
        if places_left > 0 {
            result.push_wtf8(new);
            places_left -= 1;
        }
        if let Some(point) = point {
            result.push(point);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insertions_go_between_characters() {
        let insert =
            |string: &str, places| insert_between(string.as_ref(), "-".as_ref(), places).into_string().unwrap();
        assert_eq!(insert("aé漢", usize::MAX), "-a-é-漢-");
        assert_eq!(insert("aé漢", 2), "-a-é漢");
        assert_eq!(insert("", usize::MAX), "-");
        assert_eq!(insert("é", 0), "é");
    }
}
