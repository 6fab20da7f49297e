//! Corner cases: replacing the empty string in strings that are not ASCII, widths of such strings, tabs of no width,
//! and what is said of items that are no strings.

use super::amend;
use rustpython_vm::{
    AsObject, FromArgs, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyList, PyStr, PyStrRef},
    common::wtf8::{CodePoint, Wtf8, Wtf8Buf},
};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    fix_replace(vm)?;
    fix_zfill(vm)?;
    fix_expandtabs(vm)?;
    fix_join(vm)
}

#[derive(FromArgs)]
struct ReplaceArguments {
    #[pyarg(positional)]
    old: PyStrRef,
    #[pyarg(positional)]
    new: PyStrRef,
    #[pyarg(any, default = -1)]
    count: isize,
}

/// `replace("", new)` cuts characters apart and makes strings that are not Unicode.
fn fix_replace(vm: &VirtualMachine) -> PyResult<()> {
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

/// `zfill` takes the length in bytes for the width.
fn fix_zfill(vm: &VirtualMachine) -> PyResult<()> {
    amend("zfill", vm, |original| {
        move |string: PyStrRef, width: isize, vm: &VirtualMachine| -> PyResult {
            if string.isascii() {
                return original.call((string, width), vm);
            }
            let zeros = usize::try_from(width).unwrap_or(0).saturating_sub(string.char_len());
            let sign = usize::from(matches!(string.as_bytes().first(), Some(b'+' | b'-')));
            let (sign, digits) = (&string.as_wtf8()[..sign], &string.as_wtf8()[sign..]);
            let mut filled = sign.to_owned();
            filled.extend(std::iter::repeat_n('0', zeros));
            filled.push_wtf8(digits);
            Ok(vm.ctx.new_str(filled).into())
        }
    })
}

#[derive(FromArgs)]
struct TabArguments {
    #[pyarg(any, default = 8)]
    tabsize: isize,
}

/// `expandtabs(0)` panics.
fn fix_expandtabs(vm: &VirtualMachine) -> PyResult<()> {
    amend("expandtabs", vm, |original| {
        move |string: PyStrRef, arguments: TabArguments, vm: &VirtualMachine| -> PyResult {
            if arguments.tabsize > 0 {
                return original.call((string, arguments.tabsize), vm);
            }
            let without: Wtf8Buf = string.as_wtf8().code_points().filter(|point| *point != '\t').collect();
            Ok(vm.ctx.new_str(without).into())
        }
    })
}

/// `join` does not say which item is no string.
fn fix_join(vm: &VirtualMachine) -> PyResult<()> {
    amend("join", vm, |original| {
        move |string: PyStrRef, items: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            let items = vm.ctx.types.list_type.as_object().call((items,), vm)?;
            let stranger = items.downcast_ref::<PyList>().and_then(|items| {
                let items = items.borrow_vec();
                let (at, item) = items.iter().enumerate().find(|(_, item)| item.downcast_ref::<PyStr>().is_none())?;
                Some((at, item.class().name().to_string()))
            });
            match stranger {
                None => original.call((string, items), vm),
                Some((at, class)) => {
                    Err(vm.new_type_error(format!("sequence item {at}: expected str instance, {class} found")))
                }
            }
        }
    })
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
