//! The object that a program searches, and how its positions are counted.

use super::{
    super::{text::Text, text_view::CharMap},
    bookmark::Bookmark,
    haystack::{Bytes, Characters, Haystack},
};
use crate::text::CharIndex;
use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
    builtins::{PyBytes, PyBytesRef, PyStr, PyStrRef},
    protocol::PyBuffer,
};
use std::ops::Range;

/// A string or bytes with the index of its characters. The matches of one search share it, so that a string is counted
/// once.
#[derive(Debug)]
pub struct Subject {
    object: PyObjectRef,
    content: Content,
    bookmark: Bookmark,
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
            let content = if string.isascii() || Text::of(&object).is_some() {
                Content::Indexed(string)
            } else {
                let index = CharIndex::new(string.as_bytes());
                Content::Counted(string, index)
            };
            return Ok(Self { object, content, bookmark: Bookmark::default() });
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
        Ok(Self { object, content: Content::Bytes(bytes), bookmark: Bookmark::default() })
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
        let (string, map) = match &self.content {
            Content::Indexed(string) => match Text::of(string.as_object()) {
                Some(text) => (string, text.view().map()),
                None => (string, CharMap::ascii(string.as_bytes())),
            },
            Content::Counted(string, index) => (string, CharMap::indexed(string.as_bytes(), index)),
            Content::Bytes(bytes) => return Haystacks::Bytes(Bytes(bytes.as_bytes())),
        };
        Haystacks::Characters(Characters {
            text: string.as_wtf8(),
            has_surrogates: !string.is_utf8(),
            map,
            bookmark: &self.bookmark,
        })
    }

    /// The positions `range` as an object of their own.
    pub fn substring(&self, range: Range<usize>, vm: &VirtualMachine) -> PyObjectRef {
        match self.haystack() {
            Haystacks::Bytes(Bytes(bytes)) => vm.ctx.new_bytes(bytes[range].to_vec()).into(),
            Haystacks::Characters(haystack) => {
                let bytes = haystack.bytes_of(range);
                match Text::of(&self.object) {
                    Some(text) => text.part(&text.as_str()[bytes], vm),
                    None => vm.ctx.new_str(&haystack.text[bytes]).into(),
                }
            }
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
