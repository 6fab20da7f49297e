//! [`Text`]: a subclass of Python's `str` whose characters lie in a [`TextStore`].
//!
//! The object begins with an ordinary `PyStr`, so every native function that expects a `str` takes a `Text` for one.
//! That `PyStr` borrows its bytes from the store: see [`borrow_as_pystr`] and the implementation of `Drop`. What
//! programs can do with a text stands in `text_methods`.

pub mod iterator;

use super::{text_store::TextStore, text_view::TextView};
use iterator::TextIterator;
use rustpython_vm::{
    Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::PyStr,
    class::PyClassImpl,
    common::{
        str::{StrData, StrKind},
        wtf8::Wtf8,
    },
    convert::ToPyObject,
    pyclass,
    sliceable::{SaturatedSlice, SequenceIndex, SequenceIndexOp},
};
use std::{fmt, mem, ops::Range, sync::Arc};

/// Slices of at least this many bytes share the store; smaller ones become ordinary `str` objects.
const MIN_SHARED_BYTES: usize = 64 << 10;

/// How many objects are made between two looks for an interrupt.
const OBJECTS_PER_CHECK: usize = 4096;

/// A string that shares a [`TextStore`] and knows its place in it.
#[pyclass(module = false, name = "str", base = PyStr)]
#[repr(C)]
pub struct Text {
    /// Borrows from `view`; must stay the first field, because natives cast a `Text` to a `PyStr`.
    base: PyStr,
    view: TextView,
}

impl Text {
    /// Creates the Python classes. Texts can be made only afterwards; further calls do nothing.
    pub fn init() {
        Self::make_static_type();
        TextIterator::make_static_type();
    }

    pub fn new(view: TextView) -> Self {
        Self { base: borrow_as_pystr(&view), view }
    }

    pub fn from_store(store: Arc<TextStore>) -> Self {
        Self::new(TextView::whole(store))
    }

    /// The characters `chars` of a text as a `Text` of any size, so that it has `start` and `end`; what lies behind the
    /// text's end is left out.
    pub fn piece(view: &TextView, chars: Range<usize>, vm: &VirtualMachine) -> PyRef<Self> {
        Self::new(view.slice(chars)).into_ref(&vm.ctx)
    }

    /// The text that `object` is, unless it is an ordinary string or something else.
    pub fn of(object: &PyObject) -> Option<&Py<Self>> {
        object.downcast_ref::<Self>()
    }

    pub fn view(&self) -> &TextView {
        &self.view
    }

    pub fn as_str(&self) -> &str {
        self.view.as_str()
    }

    /// The characters `chars`, shared if they are many and copied otherwise.
    pub fn slice(&self, chars: Range<usize>, vm: &VirtualMachine) -> PyObjectRef {
        let part = self.view.slice(chars);
        match part.as_str() {
            small if small.len() < MIN_SHARED_BYTES => vm.ctx.new_str(small).into(),
            _ => Self::new(part).into_pyobject(vm),
        }
    }

    /// The part of this text that `part` is, which must point into it; shared or copied as by `slice`.
    pub(super) fn part(&self, part: &str, vm: &VirtualMachine) -> PyObjectRef {
        if part.len() < MIN_SHARED_BYTES {
            return vm.ctx.new_str(part).into();
        }
        Self::new(self.view.slice_of(part)).into_pyobject(vm)
    }

    /// Makes objects of many parts and can be interrupted meanwhile.
    pub(super) fn list<'a>(
        &self,
        parts: impl Iterator<Item = &'a str>,
        vm: &VirtualMachine,
    ) -> PyResult<Vec<PyObjectRef>> {
        let mut objects = Vec::new();
        for part in parts {
            if objects.len() % OBJECTS_PER_CHECK == 0 {
                vm.check_signals()?;
            }
            objects.push(self.part(part, vm));
        }
        Ok(objects)
    }

    /// `text[key]`.
    pub(super) fn subscript(&self, key: &PyObject, vm: &VirtualMachine) -> PyResult {
        match SequenceIndex::try_from_borrowed_object(vm, key, "string")? {
            SequenceIndex::Int(position) => self.item(position, vm),
            SequenceIndex::Slice(slice) => self.extended_slice(slice, vm),
        }
    }

    pub(super) fn item(&self, position: isize, vm: &VirtualMachine) -> PyResult {
        let char = position.wrapped_at(self.view.char_len()).and_then(|char| self.view.char_at(char));
        char.map(|char| char.to_pyobject(vm)).ok_or_else(|| vm.new_index_error("string index out of range"))
    }

    fn extended_slice(&self, slice: SaturatedSlice, vm: &VirtualMachine) -> PyResult {
        let (chars, step, _) = slice.adjust_indices(self.view.char_len());
        match step {
            1 => Ok(self.slice(chars, vm)),
            _ => Ok(new_string(self.view.stepped(chars, step), vm)),
        }
    }
}

/// Makes a `PyStr` over bytes that it does not own.
///
/// The result must never be dropped: see `Drop for Text`, of which it is a private field, and the only place that it
/// gets to. It must never be modified either; RustPython modifies a string in place only if its class is exactly `str`,
/// which `Text` is not, and programs cannot derive classes from it.
fn borrow_as_pystr(view: &TextView) -> PyStr {
    let kind = if view.is_ascii() { StrKind::Ascii } else { StrKind::Utf8 };
    let text: *const Wtf8 = Wtf8::new(view.as_str());
    // SAFETY: a box may be made of a pointer to a valid value that nothing else frees or writes to while the box is
    // there.
    // - Valid: the bytes are WTF-8, being UTF-8, and they outlive the `PyStr`, because its owner also owns the view.
    //   Kind and length are those of the text.
    // - Not freed: the box is forgotten instead of dropped.
    // - Not written to, neither through the box (a `StrData` has no method that does) nor otherwise (a store is
    //   immutable). So it does not matter that others read the same bytes while the box claims them for itself: what a
    //   compiler may assume of that claim is that nobody else changes them.
    let data = unsafe { StrData::new_with_char_len(Box::from_raw(text.cast_mut()), kind, view.char_len()) };
    PyStr::from(data)
}

impl Drop for Text {
    fn drop(&mut self) {
        // The bytes belong to the store. Dropping a `Text` is the only way in which its fields are dropped, since
        // nothing can be moved out of a type that implements `Drop`.
        mem::forget(mem::take(&mut self.base));
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.view).finish()
    }
}

/// A `Text` with a store of its own if it is long, so that its slices are cheap, and an ordinary `str` otherwise.
pub(super) fn new_string(text: String, vm: &VirtualMachine) -> PyObjectRef {
    if text.len() < MIN_SHARED_BYTES {
        return vm.ctx.new_str(text).into();
    }
    Text::from_store(TextStore::from_string(text)).into_pyobject(vm)
}

/// Room for `len` bytes, or Python's MemoryError where an ordinary allocation would end the process.
pub(super) fn reserve(len: usize, vm: &VirtualMachine) -> PyResult<String> {
    let mut room = String::new();
    let reserved = room.try_reserve_exact(len);
    reserved.map_err(|_| vm.new_memory_error(format!("not enough memory for a string of {len} bytes")))?;
    Ok(room)
}
