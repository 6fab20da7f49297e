//! The object that a program searches, and how its positions are counted.

use super::{
    super::{
        text::{Text, new_string},
        text_view::CharMap,
    },
    haystack::{Bytes, Characters},
};
use crate::text::CharIndex;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
    builtins::{PyBytes, PyBytesRef, PyStr, PyStrRef},
    common::wtf8::Wtf8Buf,
    function::ArgBytesLike,
    protocol::PyBuffer,
};
use std::ops::Range;

/// A string or bytes with the index of its characters. The matches of one search share it, so that a string is counted
/// once.
#[derive(Debug)]
pub struct Subject {
    object: PyObjectRef,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A text, which has an index already, or an ASCII string, which needs none.
    Indexed(PyStrRef),
    /// Another string.
    Counted(PyStrRef, CharIndex),
    /// Bytes; of other buffers a copy, because they may change while they are searched.
    Bytes(PyBytesRef),
}

/// What the engine is given.
pub enum Haystacks<'a> {
    Characters(Characters<'a>),
    Bytes(Bytes<'a>),
}

impl Subject {
    /// # Errors
    /// The object is neither a string nor bytes, or not what the pattern is made for.
    pub fn new(object: PyObjectRef, pattern_is_bytes: Option<bool>, vm: &VirtualMachine) -> PyResult<Self> {
        if let Ok(string) = object.clone().downcast::<PyStr>() {
            if pattern_is_bytes == Some(true) {
                return Err(vm.new_type_error("cannot use a bytes pattern on a string-like object"));
            }
            if string.isascii() || Text::of(&object).is_some() {
                return Ok(Self { object, content: Content::Indexed(string) });
            }
            let index = CharIndex::new(string.as_bytes());
            return Ok(Self { object, content: Content::Counted(string, index) });
        }
        let Ok(buffer) = PyBuffer::try_from_borrowed_object(vm, &object) else {
            let class = object.class().name().to_string();
            return Err(vm.new_type_error(format!("expected string or bytes-like object, got '{class}'")));
        };
        if pattern_is_bytes == Some(false) {
            return Err(vm.new_type_error("cannot use a string pattern on a bytes-like object"));
        }
        let bytes = object.clone().downcast_exact::<PyBytes>(vm).map(|bytes| bytes.into_pyref());
        let bytes = bytes.unwrap_or_else(|_| buffer.contiguous_or_collect(|bytes| vm.ctx.new_bytes(bytes.to_vec())));
        Ok(Self { object, content: Content::Bytes(bytes) })
    }

    /// The object as the program gave it.
    pub fn object(&self) -> &PyObjectRef {
        &self.object
    }

    /// The length in positions.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Indexed(string) => string.char_len(),
            Content::Counted(_, index) => index.char_len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }

    pub fn haystack(&self) -> Haystacks<'_> {
        match &self.content {
            Content::Indexed(string) => {
                let map = Text::of(string.as_object());
                let map = map.map_or_else(|| CharMap::ascii(string.as_bytes()), |text| text.view().map());
                Haystacks::Characters(Characters { text: string.as_wtf8(), map })
            }
            Content::Counted(string, index) => {
                let map = CharMap::indexed(string.as_bytes(), index);
                Haystacks::Characters(Characters { text: string.as_wtf8(), map })
            }
            Content::Bytes(bytes) => Haystacks::Bytes(Bytes(bytes.as_bytes())),
        }
    }

    /// The positions `range` as an object of their own.
    pub fn substring(&self, range: Range<usize>, vm: &VirtualMachine) -> PyObjectRef {
        if let Some(text) = Text::of(&self.object) {
            return text.slice(range, vm);
        }
        match self.haystack() {
            Haystacks::Characters(Characters { text, map }) => vm.ctx.new_str(&text[map.bytes_of(range)]).into(),
            Haystacks::Bytes(Bytes(bytes)) => vm.ctx.new_bytes(bytes[range].to_vec()).into(),
        }
    }

    /// The empty string or bytes: what a group stands for that did not take part in a match.
    pub fn empty(&self, vm: &VirtualMachine) -> PyObjectRef {
        match self.content {
            Content::Bytes(_) => vm.ctx.new_bytes(Vec::new()).into(),
            _ => vm.ctx.empty_str.to_owned().into(),
        }
    }
}

/// A string or bytes made of parts of a subject and of other objects of its kind.
pub struct Builder<'a> {
    subject: &'a Subject,
    content: Built,
    /// How many parts there are, for the messages of errors.
    parts: usize,
}

enum Built {
    Characters(Wtf8Buf),
    Bytes(Vec<u8>),
}

impl<'a> Builder<'a> {
    pub fn new(subject: &'a Subject) -> Self {
        let content = match subject.content {
            Content::Bytes(_) => Built::Bytes(Vec::new()),
            _ => Built::Characters(Wtf8Buf::new()),
        };
        Self { subject, content, parts: 0 }
    }

    /// Appends the positions `range` of the subject.
    pub fn push_range(&mut self, range: Range<usize>) {
        self.parts += usize::from(!range.is_empty());
        match (&mut self.content, self.subject.haystack()) {
            (Built::Characters(built), Haystacks::Characters(Characters { text, map })) => {
                built.push_wtf8(&text[map.bytes_of(range)]);
            }
            (Built::Bytes(built), Haystacks::Bytes(Bytes(bytes))) => built.extend_from_slice(&bytes[range]),
            _ => unreachable!("the content is of the subject's kind"),
        }
    }

    /// Appends a string to a string or bytes to bytes.
    pub fn push(&mut self, object: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
        let expected = match &mut self.content {
            Built::Characters(built) => {
                let string = object.downcast_ref::<PyStr>();
                string.map(|string| built.push_wtf8(string.as_wtf8())).ok_or("str instance")
            }
            Built::Bytes(built) => {
                let bytes = ArgBytesLike::try_from_borrowed_object(vm, object);
                bytes
                    .map(|bytes| bytes.with_ref(|bytes| built.extend_from_slice(bytes)))
                    .map_err(|_| "a bytes-like object")
            }
        };
        let item = self.parts;
        self.parts += 1;
        expected.map_err(|expected| {
            let class = object.class().name().to_string();
            vm.new_type_error(format!("sequence item {item}: expected {expected}, {class} found"))
        })
    }

    pub fn finish(self, vm: &VirtualMachine) -> PyObjectRef {
        match self.content {
            Built::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
            Built::Characters(built) => match built.into_string() {
                Ok(string) => new_string(string, vm),
                Err(with_surrogates) => vm.ctx.new_str(with_surrogates).into(),
            },
        }
    }
}
