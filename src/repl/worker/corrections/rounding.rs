//! `round` of floats: the original rounds a product with a power of ten, which makes 2.68 of 2.675, a number just
//! below.
//!
//! Superfluous from RustPython 0.6.0 on (#7761).

use rustpython_vm::{
    AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
    builtins::{PyFloat, PyIntRef},
    function::OptionalOption,
};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let float = vm.ctx.types.float_type;
    let name = vm.ctx.intern_str("__round__");
    let original = float.as_object().get_attr(name, vm)?;
    let round = move |number: PyRef<PyFloat>, digits: OptionalOption<PyIntRef>, vm: &VirtualMachine| -> PyResult {
        let Some(digits) = digits.flatten() else {
            return original.call((number.to_f64().round_ties_even(),), vm);
        };
        let bound = if digits.as_bigint() < &0.into() { i32::MIN } else { i32::MAX };
        let rounded = rounded(number.to_f64(), i32::try_from(digits.as_bigint()).unwrap_or(bound));
        if rounded.is_infinite() && number.to_f64().is_finite() {
            return Err(vm.new_overflow_error("rounded value too large to represent"));
        }
        Ok(PyObjectRef::from(vm.ctx.new_float(rounded)))
    };
    float.set_attr(name, vm.new_method("__round__", float, round).into());
    Ok(())
}

/// The float next to the decimal number with so many digits behind the point that is next to `number`; of two such
/// decimal numbers the even one.
fn rounded(number: f64, digits: i32) -> f64 {
    /// No float has more digits that differ from zero behind its point, nor before it.
    const MOST: i32 = 1100;
    if !number.is_finite() || number == 0.0 || digits > MOST {
        return number;
    }
    if let Ok(digits) = usize::try_from(digits) {
        return parsed(&format!("{number:.digits$}"));
    }
    let scientific = format!("{number:e}");
    let exponent: i32 = scientific.rsplit('e').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    // How many of its digits are left.
    match exponent.saturating_add(1).saturating_add(digits) {
        0 if number.abs() > parsed(&format!("5e{exponent}")) => parsed(&format!("1e{}", exponent + 1)).copysign(number),
        ..=0 => 0.0_f64.copysign(number),
        left => parsed(&format!("{number:.*e}", left.unsigned_abs() as usize - 1)),
    }
}

fn parsed(decimal: &str) -> f64 {
    decimal.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn floats_are_rounded_as_the_numbers_that_they_are() {
        for (number, digits, expected) in [
            (2.675, 2, 2.67),
            (0.125, 2, 0.12),
            (0.375, 2, 0.38),
            (1250.0, -2, 1200.0),
            (1350.0, -2, 1400.0),
            (50.0, -2, 0.0),
            (50.001, -2, 100.0),
            (-60.0, -2, -100.0),
            (4.0, -2, 0.0),
            (0.1 + 0.2, 10, 0.3),
            (1e300, 5, 1e300),
            (5e-324, 3, 0.0),
            (5e-324, 400, 5e-324),
        ] {
            assert_eq!(rounded(number, digits), expected, "{number} {digits}");
        }
    }
}
