//! Strings and bytes that are put together from parts: what `sub` and templates make.

use super::{
    super::text::new_string,
    subject::{Subject, Whole},
};
use rustpython_vm::{
    PyObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine, builtins::PyStr, common::wtf8::Wtf8Buf,
    function::ArgBytesLike,
};
use std::ops::Range;

/// A string or bytes made of parts of a subject and of other objects of its kind.
pub struct Builder<'a> {
    subject: &'a Subject,
    content: Content,
    /// How many parts there are, for the messages of errors.
    parts: usize,
}

enum Content {
    Characters(Wtf8Buf),
    Bytes(Vec<u8>),
}

impl<'a> Builder<'a> {
    pub fn new(subject: &'a Subject) -> Self {
        let content = match subject.whole() {
            Whole::Bytes(_) => Content::Bytes(Vec::new()),
            Whole::Characters(_) => Content::Characters(Wtf8Buf::new()),
        };
        Self { subject, content, parts: 0 }
    }

    /// Appends a range of bytes of the subject.
    pub fn push_range(&mut self, range: Range<usize>) {
        self.parts += usize::from(!range.is_empty());
        match (&mut self.content, self.subject.whole()) {
            (Content::Characters(built), Whole::Characters(text)) => built.push_wtf8(&text[range]),
            (Content::Bytes(built), Whole::Bytes(bytes)) => built.extend_from_slice(&bytes[range]),
            _ => unreachable!("the content is of the subject's kind"),
        }
    }

    /// Appends a string to a string or bytes to bytes.
    pub fn push(&mut self, object: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
        let outcome = match &mut self.content {
            Content::Characters(built) => {
                let string = object.downcast_ref::<PyStr>();
                string.map(|string| built.push_wtf8(string.as_wtf8())).ok_or("str instance")
            }
            Content::Bytes(built) => {
                let bytes = ArgBytesLike::try_from_borrowed_object(vm, object);
                bytes
                    .map(|bytes| bytes.with_ref(|bytes| built.extend_from_slice(bytes)))
                    .map_err(|_| "a bytes-like object")
            }
        };
        let item = self.parts;
        self.parts += 1;
        outcome.map_err(|expected| {
            let class = object.class().name().to_string();
            vm.new_type_error(format!("sequence item {item}: expected {expected}, {class} found"))
        })
    }

    pub fn finish(self, vm: &VirtualMachine) -> PyObjectRef {
        match self.content {
            Content::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
            Content::Characters(built) => match built.into_string() {
                Ok(string) => new_string(string, vm),
                Err(with_surrogates) => vm.ctx.new_str(with_surrogates).into(),
            },
        }
    }
}
