//! The strings of `json.dumps`.
//!
//! The interpreter's own writes two control characters with three digits instead of four, which no reader accepts, and
//! refuses unpaired surrogates.
//!
//! Superfluous from RustPython 0.6.0 on (#7673).

use rustpython_vm::{
    PyResult, VirtualMachine,
    builtins::PyStrRef,
    common::wtf8::{CodePoint, Wtf8, Wtf8Buf},
};

/// Must run before `json` is imported, because that keeps the functions it finds.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let module = vm.import("_json", 0)?;
    let ascii = |string: PyStrRef| quote(string.as_wtf8(), |char| !matches!(char, 0x20..=0x7e));
    module.set_attr("encode_basestring_ascii", vm.new_function("encode_basestring_ascii", ascii), vm)?;
    let unicode = |string: PyStrRef| quote(string.as_wtf8(), |char| char < 0x20);
    module.set_attr("encode_basestring", vm.new_function("encode_basestring", unicode), vm)
}

/// A string in JSON, with those characters escaped that must be or for which `escapes` holds.
fn quote(string: &Wtf8, escapes: fn(u32) -> bool) -> Wtf8Buf {
    let mut quoted = Wtf8Buf::with_capacity(string.len() + 2);
    quoted.push_char('"');
    let mut copied = 0;
    for (at, point) in string.code_point_indices() {
        if point == '"' || point == '\\' || escapes(point.to_u32()) {
            quoted.push_wtf8(&string[copied..at]);
            push_escape(&mut quoted, point);
            copied = at + point.len_wtf8();
        }
    }
    quoted.push_wtf8(&string[copied..]);
    quoted.push_char('"');
    quoted
}

fn push_escape(quoted: &mut Wtf8Buf, point: CodePoint) {
    match point.to_char() {
        Some(char @ ('"' | '\\')) => quoted.push_str(&format!("\\{char}")),
        Some('\n') => quoted.push_str("\\n"),
        Some('\r') => quoted.push_str("\\r"),
        Some('\t') => quoted.push_str("\\t"),
        Some('\u{8}') => quoted.push_str("\\b"),
        Some('\u{c}') => quoted.push_str("\\f"),
        Some(char) => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                quoted.push_str(&format!("\\u{unit:04x}"));
            }
        }
        None => quoted.push_str(&format!("\\u{:04x}", point.to_u32())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_have_four_digits() {
        let text = Wtf8::new("\u{b}\u{1b}\n\"\\\u{7f}é😀");
        assert_eq!(&*quote(text, |char| char < 0x20), "\"\\u000b\\u001b\\n\\\"\\\\\u{7f}é😀\"");
        let ascii = quote(text, |char| !matches!(char, 0x20..=0x7e));
        assert_eq!(&*ascii, "\"\\u000b\\u001b\\n\\\"\\\\\\u007f\\u00e9\\ud83d\\ude00\"");
    }

    #[test]
    fn unpaired_surrogates_are_escaped() {
        let mut text = Wtf8Buf::from("a");
        text.push(CodePoint::from_u32(0xdc80).unwrap());
        assert_eq!(&*quote(&text, |char| char > 0x7e), "\"a\\udc80\"");
    }
}
