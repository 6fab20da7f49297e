//! The precision of `format(string, ".5")`: the original cuts behind the padding instead of before it, and at byte 5
//! instead of character 5, which panics inside a character.
//!
//! Superfluous from RustPython 0.6.0 on (#7769).

use super::amend;
use rustpython_vm::{PyResult, VirtualMachine, builtins::PyStrRef, common::wtf8::Wtf8Buf};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    amend("__format__", vm, |original| {
        move |string: PyStrRef, spec: PyStrRef, vm: &VirtualMachine| -> PyResult {
            let Some((rest, precision)) = spec.to_str().and_then(split_precision) else {
                return original.call((string, spec), vm);
            };
            let cut: Wtf8Buf = string.as_wtf8().code_points().take(precision).collect();
            original.call((vm.ctx.new_str(cut), vm.ctx.new_str(rest)), vm)
        }
    })
}

/// Splits a format specification such as `*<8.3s` into `*<8` and 3.
fn split_precision(spec: &str) -> Option<(&str, usize)> {
    let (rest, precision) = spec.strip_suffix('s').unwrap_or(spec).rsplit_once('.')?;
    Some((rest, precision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::split_precision;

    #[test]
    fn the_precision_is_told_from_a_dot_as_filler() {
        assert_eq!(split_precision("*<8.3s"), Some(("*<8", 3)));
        assert_eq!(split_precision(".200"), Some(("", 200)));
        assert_eq!(split_precision(".<10"), None);
        assert_eq!(split_precision(".<10.2"), Some((".<10", 2)));
        assert_eq!(split_precision(">8"), None);
    }
}
