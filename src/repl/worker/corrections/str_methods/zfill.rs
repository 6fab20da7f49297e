//! `zfill`: the original takes the length in bytes for the width.
//!
//! Superfluous from RustPython 0.6.0 on (its issue #7528).

use super::amend;
use rustpython_vm::{PyResult, VirtualMachine, builtins::PyStrRef};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
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
