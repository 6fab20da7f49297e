//! Corrections of the interpreter: whatever is here only because RustPython 0.5.0 is wrong, or too slow to use.
//!
//! The first lines of each file say what is wrong and which change of RustPython makes the file superfluous.
//! `tests/data/corrections.toml` has a program for each file that comes out wrong without it; when it comes out right, the
//! test that runs these programs asks for the file to be deleted. What programs of models need of their own, such as
//! texts that share memory or searches that can be interrupted, is not here.

mod dicts;
mod exceptions;
mod json_decoder;
mod json_encoder;
mod json_string;
mod rounding;
mod sorting;
mod str_methods;

use rustpython_vm::{PyResult, VirtualMachine};

/// Corrections that are written in Python. They run behind the stand-ins for modules of the operating system.
pub const IN_PYTHON: [(&str, &str); 2] =
    [("<csv>", include_str!("corrections/csv_reader.py")), ("<xml>", include_str!("corrections/xml_parser.py"))];

/// Installs the corrections. All interpreters of a process share the built-in classes.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    str_methods::install(vm)?;
    json_encoder::install(vm)?;
    json_decoder::install(vm)?;
    sorting::install(vm)?;
    rounding::install(vm)?;
    exceptions::install(vm)?;
    dicts::install(vm);
    Ok(())
}
