//! What programs can do with a [`Text`]: the methods of `str` that depend on its index or would copy it.
//!
//! Everything that is not here is inherited from `str` and right, but works on a copy of the characters or in time
//! proportional to them.

use super::{
    text::iterator::TextIterator,
    text::{Text, new_string, reserve},
    text_arguments::{AffixArguments, LineArguments, SearchArguments, SplitArguments},
    text_search::{count, ends_with, first_position, last_position, or_error, or_minus_one, starts_with},
    text_split::{is_python_space, lines, parts, parts_from_end, words, words_from_end},
};
use memchr::memmem;
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func,
    builtins::{PyStrRef, PyType, PyTypeRef},
    convert::ToPyObject,
    function::{FuncArgs, OptionalOption},
    literal::escape::{Escape, UnicodeEscape},
    protocol::{PyMappingMethods, PySequenceMethods},
    pyclass,
    types::{AsMapping, AsSequence, Constructor, Iterable, Representable},
};
use std::sync::LazyLock;

#[pyclass(with(AsMapping, AsSequence, Constructor, Iterable, Representable), flags(_MATCH_SELF))]
impl Text {
    /// Where this text begins in the one it was cut from, in characters.
    #[pygetset]
    fn start(&self) -> usize {
        self.view().place().start
    }

    /// Where this text ends in the one it was cut from, in characters.
    #[pygetset]
    fn end(&self) -> usize {
        self.view().place().end
    }

    #[pymethod]
    fn find(&self, arguments: SearchArguments) -> isize {
        or_minus_one(first_position(&self.view().map(), &arguments))
    }

    #[pymethod]
    fn rfind(&self, arguments: SearchArguments) -> isize {
        or_minus_one(last_position(&self.view().map(), &arguments))
    }

    #[pymethod]
    fn index(&self, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<usize> {
        or_error(first_position(&self.view().map(), &arguments), vm)
    }

    #[pymethod]
    fn rindex(&self, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<usize> {
        or_error(last_position(&self.view().map(), &arguments), vm)
    }

    #[pymethod]
    fn count(&self, arguments: SearchArguments) -> usize {
        count(&self.view().map(), &arguments)
    }

    #[pymethod]
    fn startswith(&self, arguments: AffixArguments, vm: &VirtualMachine) -> PyResult<bool> {
        starts_with(&self.view().map(), &arguments, vm)
    }

    #[pymethod]
    fn endswith(&self, arguments: AffixArguments, vm: &VirtualMachine) -> PyResult<bool> {
        ends_with(&self.view().map(), &arguments, vm)
    }

    #[pymethod]
    fn split(&self, arguments: SplitArguments, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let max_splits = arguments.max_splits();
        match arguments.separator(vm)? {
            None => self.list(words(self.as_str(), max_splits), vm),
            Some(separator) => self.list(parts(self.as_str(), separator, max_splits), vm),
        }
    }

    #[pymethod]
    fn rsplit(&self, arguments: SplitArguments, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let max_splits = arguments.max_splits();
        let mut list = match arguments.separator(vm)? {
            None => self.list(words_from_end(self.as_str(), max_splits), vm)?,
            Some(separator) => self.list(parts_from_end(self.as_str(), separator, max_splits), vm)?,
        };
        list.reverse();
        Ok(list)
    }

    #[pymethod]
    fn splitlines(&self, arguments: LineArguments, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        self.list(lines(self.as_str(), arguments.keepends), vm)
    }

    #[pymethod]
    fn partition(&self, sep: PyStrRef, vm: &VirtualMachine) -> PyResult {
        let empty = &self.as_str()[..0];
        match self.cut_at(&sep, memmem::find, vm)? {
            Some((before, after)) => Ok((self.part(before, vm), sep, self.part(after, vm)).to_pyobject(vm)),
            None => Ok((self.part(self.as_str(), vm), empty, empty).to_pyobject(vm)),
        }
    }

    #[pymethod]
    fn rpartition(&self, sep: PyStrRef, vm: &VirtualMachine) -> PyResult {
        let empty = &self.as_str()[..0];
        match self.cut_at(&sep, memmem::rfind, vm)? {
            Some((before, after)) => Ok((self.part(before, vm), sep, self.part(after, vm)).to_pyobject(vm)),
            None => Ok((empty, empty, self.part(self.as_str(), vm)).to_pyobject(vm)),
        }
    }

    #[pymethod]
    fn strip(&self, chars: OptionalOption<PyStrRef>, vm: &VirtualMachine) -> PyObjectRef {
        self.part(self.as_str().trim_matches(strip_predicate(chars.flatten())), vm)
    }

    #[pymethod]
    fn lstrip(&self, chars: OptionalOption<PyStrRef>, vm: &VirtualMachine) -> PyObjectRef {
        self.part(self.as_str().trim_start_matches(strip_predicate(chars.flatten())), vm)
    }

    #[pymethod]
    fn rstrip(&self, chars: OptionalOption<PyStrRef>, vm: &VirtualMachine) -> PyObjectRef {
        self.part(self.as_str().trim_end_matches(strip_predicate(chars.flatten())), vm)
    }

    #[pymethod]
    fn removeprefix(&self, prefix: PyStrRef, vm: &VirtualMachine) -> PyObjectRef {
        let rest = prefix.to_str().and_then(|prefix| self.as_str().strip_prefix(prefix));
        self.part(rest.unwrap_or(self.as_str()), vm)
    }

    #[pymethod]
    fn removesuffix(&self, suffix: PyStrRef, vm: &VirtualMachine) -> PyObjectRef {
        let rest = suffix.to_str().and_then(|suffix| self.as_str().strip_suffix(suffix));
        self.part(rest.unwrap_or(self.as_str()), vm)
    }

    #[pymethod]
    fn lower(&self, vm: &VirtualMachine) -> PyResult {
        self.mapped(str::make_ascii_lowercase, str::to_lowercase, vm)
    }

    #[pymethod]
    fn upper(&self, vm: &VirtualMachine) -> PyResult {
        self.mapped(str::make_ascii_uppercase, str::to_uppercase, vm)
    }

    /// A text says that it is a `str`; see also `text_class`.
    #[pygetset]
    fn __class__(&self, vm: &VirtualMachine) -> PyTypeRef {
        vm.ctx.types.str_type.to_owned()
    }

    /// What `pickle` keeps of a text: an ordinary string.
    #[pymethod]
    fn __reduce_ex__(&self, _protocol: PyObjectRef, vm: &VirtualMachine) -> PyObjectRef {
        let copy = vm.ctx.new_str(self.as_str());
        (vm.ctx.types.str_type.to_owned(), (copy,)).to_pyobject(vm)
    }

    /// `str(text)` is the text itself instead of a copy; see also `text_class`.
    #[pymethod]
    fn __str__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __copy__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __deepcopy__(zelf: PyRef<Self>, _memo: PyObjectRef) -> PyRef<Self> {
        zelf
    }
}

impl Text {
    /// The parts before and behind the separator, if it occurs.
    fn cut_at(
        &self,
        separator: &PyStrRef,
        find: fn(&[u8], &[u8]) -> Option<usize>,
        vm: &VirtualMachine,
    ) -> PyResult<Option<(&str, &str)>> {
        if separator.is_empty() {
            return Err(vm.new_value_error("empty separator"));
        }
        let text = self.as_str();
        let at = find(text.as_bytes(), separator.as_bytes());
        Ok(at.map(|at| (&text[..at], &text[at + separator.byte_len()..])))
    }

    /// A copy with every letter changed, `in_place` if all are ASCII.
    fn mapped(&self, in_place: fn(&mut str), copy: fn(&str) -> String, vm: &VirtualMachine) -> PyResult {
        let mut room = reserve(self.as_str().len(), vm)?;
        if self.view().is_ascii() {
            room.push_str(self.as_str());
            in_place(&mut room);
            return Ok(new_string(room, vm));
        }
        // The room was there a moment ago, so the copy finds it too.
        drop(room);
        Ok(new_string(copy(self.as_str()), vm))
    }
}

/// Which characters `strip` and its relatives remove.
pub(super) fn strip_predicate(chars: Option<PyStrRef>) -> impl Fn(char) -> bool {
    move |char| match &chars {
        None => is_python_space(char),
        Some(chars) => chars.as_wtf8().code_points().any(|it| it == char),
    }
}

impl Representable for Text {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let escape = UnicodeEscape::new_repr(zelf.as_str().as_ref());
        let len = escape.layout().len.ok_or_else(|| vm.new_overflow_error("string is too long to generate repr"))?;
        let mut repr = reserve(len, vm)?;
        escape.str_repr().write(&mut repr).map_err(|_| vm.new_memory_error("the string's repr cannot be written"))?;
        Ok(repr)
    }
}

impl AsMapping for Text {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            length: atomic_func!(|text, _vm| Ok(Text::mapping_downcast(text).view().char_len())),
            subscript: atomic_func!(|text, key, vm| Text::mapping_downcast(text).subscript(key, vm)),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl AsSequence for Text {
    /// Only `length` and `item` depend on the index; `concat`, `repeat` and `contains` are those of `str`.
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|text, _vm| Ok(Text::sequence_downcast(text).view().char_len())),
            item: atomic_func!(|text, position, vm| Text::sequence_downcast(text).item(position, vm)),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl Iterable for Text {
    fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        Ok(TextIterator::new(zelf).into_pyobject(vm))
    }
}

impl Constructor for Text {
    type Args = FuncArgs;

    /// `type(context)(x)` makes an ordinary string.
    fn slot_new(_class: PyTypeRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
        vm.ctx.types.str_type.as_object().call(arguments, vm)
    }

    fn py_new(_class: &Py<PyType>, _arguments: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("texts are made by the host"))
    }
}
