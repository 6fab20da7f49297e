//! `json.loads`.
//!
//! The interpreter's own ends the process at a number that is none, such as `1.` or `-e`, and at brackets that lie too
//! deep in each other; it takes `.5` and `01` for numbers and has no room for unpaired surrogates. Models write such
//! things, and programs read what models write.
//!
//! Superfluous from RustPython 0.6.0 on (#7632, #7675, #7982).

use super::{json_string::JsonText, str_methods::with_map};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyStr, PyStrRef},
    function::OptionalArg,
};
use std::collections::HashMap;

/// Must run before `json` is imported, because that keeps the functions it finds.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let module = vm.import("_json", 0)?;
    module.set_attr("make_scanner", vm.new_function("make_scanner", make_scanner), vm)?;
    let scan_string = |string: PyStrRef, start: usize, strict: OptionalArg<bool>, vm: &VirtualMachine| {
        let at = with_map(&string, |map| map.byte_of(start));
        let JsonText { text, end } = read_text(&string, at, strict.unwrap_or(true), vm)?;
        Ok::<_, PyBaseExceptionRef>((vm.ctx.new_str(text), char_of(&string, end)))
    };
    module.set_attr("scanstring", vm.new_function("scanstring", scan_string), vm)
}

/// What a `JSONDecoder` wants to be done with values.
struct Hooks {
    strict: bool,
    object: Option<PyObjectRef>,
    pairs: Option<PyObjectRef>,
    /// Absent where numbers become what they are.
    float: Option<PyObjectRef>,
    int: PyObjectRef,
    constant: PyObjectRef,
}

/// `_json.make_scanner(decoder)`: a function that reads the value at a place of a string, and tells where it ends.
fn make_scanner(decoder: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let hook = |name: &'static str| decoder.get_attr(name, vm).map(|hook| vm.option_if_none(hook));
    let hooks = Hooks {
        strict: decoder.get_attr("strict", vm)?.try_to_bool(vm)?,
        object: hook("object_hook")?,
        pairs: hook("object_pairs_hook")?,
        float: hook("parse_float")?.filter(|hook| !hook.is(vm.ctx.types.float_type)),
        int: decoder.get_attr("parse_int", vm)?,
        constant: decoder.get_attr("parse_constant", vm)?,
    };
    let scan_once = move |string: PyStrRef, start: isize, vm: &VirtualMachine| {
        let Ok(start) = usize::try_from(start) else {
            return Err(vm.new_value_error("idx cannot be negative"));
        };
        let at = with_map(&string, |map| (start <= map.char_len()).then(|| map.byte_of(start)));
        let mut reader = Reader { string: &string, bytes: string.as_bytes(), hooks: &hooks, keys: HashMap::new(), vm };
        let value = at.map_or(Ok(None), |at| reader.value(at))?;
        // The decoder makes an error of its own of an end of the iteration.
        let (value, end) = value.ok_or_else(|| vm.new_stop_iteration(Some(vm.ctx.new_int(start).into())))?;
        Ok((value, char_of(&string, end)))
    };
    Ok(vm.new_function("scan_once", scan_once).into())
}

fn char_of(string: &Py<PyStr>, byte: usize) -> usize {
    with_map(string, |map| map.char_of(byte))
}

/// A `json.JSONDecodeError` at a byte.
fn decode_error(message: &str, string: &Py<PyStr>, byte: usize, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let make = || {
        let class = vm.import("json.decoder", 0)?.get_attr("decoder", vm)?.get_attr("JSONDecodeError", vm)?;
        class.call((message, string.to_owned(), char_of(string, byte)), vm)
    };
    match make().map(|error| error.downcast()) {
        Ok(Ok(error)) => error,
        Ok(Err(_)) => vm.new_value_error(message.to_owned()),
        Err(error) => error,
    }
}

/// The text whose characters begin at a byte, behind the quotation mark.
fn read_text(string: &Py<PyStr>, start: usize, strict: bool, vm: &VirtualMachine) -> PyResult<JsonText> {
    JsonText::read(string.as_wtf8(), start, strict).map_err(|(message, at)| decode_error(message, string, at, vm))
}

struct Reader<'a> {
    string: &'a Py<PyStr>,
    bytes: &'a [u8],
    hooks: &'a Hooks,
    /// Keys of objects are shared, since rows of tables repeat them.
    keys: HashMap<&'a [u8], PyStrRef>,
    vm: &'a VirtualMachine,
}

impl<'a> Reader<'a> {
    /// The value that begins at a byte, and where it ends.
    fn value(&mut self, at: usize) -> PyResult<Option<(PyObjectRef, usize)>> {
        let vm = self.vm;
        let rest = &self.bytes[at..];
        let found = match rest.first() {
            Some(b'"') => {
                let JsonText { text, end } = read_text(self.string, at + 1, self.hooks.strict, vm)?;
                (vm.ctx.new_str(text).into(), end)
            }
            Some(b'{') => {
                let place = " while decoding a JSON object from a unicode string";
                vm.with_recursion(place, || self.object(at + 1))?
            }
            Some(b'[') => {
                let place = " while decoding a JSON array from a unicode string";
                vm.with_recursion(place, || self.array(at + 1))?
            }
            Some(b'n') if rest.starts_with(b"null") => (vm.ctx.none(), at + 4),
            Some(b't') if rest.starts_with(b"true") => (vm.ctx.new_bool(true).into(), at + 4),
            Some(b'f') if rest.starts_with(b"false") => (vm.ctx.new_bool(false).into(), at + 5),
            _ => match number_len(rest) {
                Some((len, is_float)) => (self.number(&rest[..len], is_float)?, at + len),
                None => {
                    let named = ["NaN", "Infinity", "-Infinity"].into_iter().find(|it| rest.starts_with(it.as_bytes()));
                    let Some(name) = named else { return Ok(None) };
                    (self.hooks.constant.call((name,), vm)?, at + name.len())
                }
            },
        };
        Ok(Some(found))
    }

    fn inner_value(&mut self, at: usize) -> PyResult<(PyObjectRef, usize)> {
        self.vm.check_signals()?;
        self.value(at)?.ok_or_else(|| self.error("Expecting value", at))
    }

    fn array(&mut self, start: usize) -> PyResult<(PyObjectRef, usize)> {
        let mut values = Vec::new();
        let mut at = self.behind_space(start);
        if self.bytes.get(at) != Some(&b']') {
            loop {
                let (value, end) = self.inner_value(at)?;
                values.push(value);
                at = self.behind_space(end);
                match self.next_item(at, b']', "Illegal trailing comma before end of array")? {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
        Ok((self.vm.ctx.new_list(values).into(), at + 1))
    }

    fn object(&mut self, start: usize) -> PyResult<(PyObjectRef, usize)> {
        let mut pairs = Vec::new();
        let mut at = self.behind_space(start);
        if self.bytes.get(at) != Some(&b'}') {
            loop {
                if self.bytes.get(at) != Some(&b'"') {
                    return Err(self.error("Expecting property name enclosed in double quotes", at));
                }
                let (key, end) = self.key(at + 1)?;
                at = self.behind_space(end);
                if self.bytes.get(at) != Some(&b':') {
                    return Err(self.error("Expecting ':' delimiter", at));
                }
                let (value, end) = self.inner_value(self.behind_space(at + 1))?;
                pairs.push((key, value));
                at = self.behind_space(end);
                match self.next_item(at, b'}', "Illegal trailing comma before end of object")? {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
        Ok((self.finished(pairs)?, at + 1))
    }

    /// Where the next item begins, if the one that ended at `at` was not the last.
    fn next_item(&self, at: usize, closing: u8, trailing_comma: &str) -> PyResult<Option<usize>> {
        match self.bytes.get(at) {
            Some(&byte) if byte == closing => Ok(None),
            Some(b',') => match self.behind_space(at + 1) {
                next if self.bytes.get(next) == Some(&closing) => Err(self.error(trailing_comma, at)),
                next => Ok(Some(next)),
            },
            _ => Err(self.error("Expecting ',' delimiter", at)),
        }
    }

    fn key(&mut self, start: usize) -> PyResult<(PyStrRef, usize)> {
        let JsonText { text, end } = read_text(self.string, start, self.hooks.strict, self.vm)?;
        let key = self.keys.entry(&self.bytes[start..end]).or_insert_with(|| self.vm.ctx.new_str(text));
        Ok((key.clone(), end))
    }

    fn finished(&self, pairs: Vec<(PyStrRef, PyObjectRef)>) -> PyResult {
        let vm = self.vm;
        if let Some(hook) = &self.hooks.pairs {
            let pairs = pairs.into_iter().map(|pair| vm.new_tuple(pair).into()).collect();
            return hook.call((vm.ctx.new_list(pairs),), vm);
        }
        let dict = vm.ctx.new_dict();
        for (key, value) in pairs {
            dict.set_item(&*key, value, vm)?;
        }
        match &self.hooks.object {
            Some(hook) => hook.call((dict,), vm),
            None => Ok(dict.into()),
        }
    }

    fn number(&self, digits: &[u8], is_float: bool) -> PyResult {
        let vm = self.vm;
        let digits = String::from_utf8_lossy(digits);
        match &self.hooks.float {
            None if is_float => Ok(vm.ctx.new_float(digits.parse().unwrap_or(f64::NAN)).into()),
            Some(hook) if is_float => hook.call((digits.into_owned(),), vm),
            _ => match digits.parse::<i64>() {
                Ok(number) if self.hooks.int.is(vm.ctx.types.int_type) => Ok(vm.ctx.new_int(number).into()),
                _ => self.hooks.int.call((digits.into_owned(),), vm),
            },
        }
    }

    fn behind_space(&self, at: usize) -> usize {
        at + self.bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
    }

    fn error(&self, message: &str, at: usize) -> PyBaseExceptionRef {
        decode_error(message, self.string, at, self.vm)
    }
}

/// How long the number at the beginning of `bytes` is, and whether it is one with a fraction or an exponent.
fn number_len(bytes: &[u8]) -> Option<(usize, bool)> {
    let digits = |at: usize| bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = match digits(sign) {
        0 => return None,
        _ if bytes[sign] == b'0' => sign + 1,
        count => sign + count,
    };
    let fraction = match bytes.get(whole) {
        Some(b'.') if digits(whole + 1) > 0 => whole + 1 + digits(whole + 1),
        _ => whole,
    };
    let end = match bytes.get(fraction) {
        Some(b'e' | b'E') => {
            let sign = usize::from(matches!(bytes.get(fraction + 1), Some(b'+' | b'-')));
            match digits(fraction + 1 + sign) {
                0 => fraction,
                count => fraction + 1 + sign + count,
            }
        }
        _ => fraction,
    };
    Some((end, end > whole))
}

#[cfg(test)]
mod tests {
    use super::number_len;

    #[test]
    fn numbers_end_where_json_lets_them() {
        let lengths =
            ["0", "-12,", "1.", "1.5e", "1e+5]", "-0.25E-1", "01", "-", ".5", "e"].map(|it| number_len(it.as_bytes()));
        let expected = [(1, false), (3, false), (1, false), (3, true), (4, true), (8, true), (1, false)].map(Some);
        assert_eq!(lengths[..7], expected);
        assert_eq!(lengths[7..], [None; 3]);
    }
}
