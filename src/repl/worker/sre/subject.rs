//! The object that a program searches, and how its positions are counted.

use super::{
    super::{text::Text, text_view::CharMap},
    char_cursor::CharCursor,
    haystack::{Narrow, Wide},
    translate::Alphabet,
};
use crate::text::CharIndex;
use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
    builtins::{PyBytes, PyBytesRef, PyStr, PyStrRef},
    common::wtf8::Wtf8,
    protocol::PyBuffer,
};
use std::ops::Range;

/// A string or bytes with the index of its characters. The matches of one search share it, so that a string is counted
/// once.
#[derive(Debug)]
pub struct Subject {
    object: PyObjectRef,
    content: Content,
    char_cursor: CharCursor,
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
    Narrow(Narrow<'a>),
    Wide(Wide<'a>),
}

/// All of a subject.
pub enum Whole<'a> {
    Characters(&'a Wtf8),
    Bytes(&'a [u8]),
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
            return Ok(Self { object, content, char_cursor: CharCursor::default() });
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
        Ok(Self { object, content: Content::Bytes(bytes), char_cursor: CharCursor::default() })
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

    /// All of it as it lies in memory.
    pub fn whole(&self) -> Whole<'_> {
        match &self.content {
            Content::Indexed(string) | Content::Counted(string, _) => Whole::Characters(string.as_wtf8()),
            Content::Bytes(bytes) => Whole::Bytes(bytes.as_bytes()),
        }
    }

    /// All of it for the engine.
    pub fn haystack(&self) -> Haystacks<'_> {
        match &self.content {
            Content::Indexed(string) | Content::Counted(string, _) => {
                let bytes = string.as_bytes();
                if self.len() == bytes.len() {
                    return Haystacks::Narrow(Narrow { bytes, alphabet: Alphabet::Ascii });
                }
                Haystacks::Wide(Wide { bytes, has_surrogates: !string.is_utf8() })
            }
            Content::Bytes(bytes) => Haystacks::Narrow(Narrow { bytes: bytes.as_bytes(), alphabet: Alphabet::Bytes }),
        }
    }

    /// What converts between positions and places; nothing if they are the same.
    fn map(&self) -> Option<CharMap<'_>> {
        match &self.content {
            Content::Indexed(string) => Text::of(string.as_object()).map(|text| text.view().map()),
            Content::Counted(string, index) => Some(CharMap::indexed(string.as_bytes(), index)),
            Content::Bytes(_) => None,
        }
    }

    /// The byte that a position begins at.
    pub fn byte_of(&self, position: usize) -> usize {
        self.map().map_or(position, |map| self.char_cursor.byte_of(&map, position))
    }

    /// The positions of a range of bytes.
    pub fn positions_of(&self, bytes: &Range<usize>) -> Range<usize> {
        let position_of = |byte| self.map().map_or(byte, |map| self.char_cursor.char_of(&map, byte));
        position_of(bytes.start)..position_of(bytes.end)
    }

    /// A range of bytes as an object of its own.
    pub fn part(&self, bytes: Range<usize>, vm: &VirtualMachine) -> PyObjectRef {
        match self.whole() {
            Whole::Bytes(whole) => vm.ctx.new_bytes(whole[bytes].to_vec()).into(),
            Whole::Characters(whole) => match Text::of(&self.object) {
                Some(text) => text.part(&text.as_str()[bytes], vm),
                None => vm.ctx.new_str(&whole[bytes]).into(),
            },
        }
    }

    /// Everything as an object of its own.
    pub fn copy(&self, vm: &VirtualMachine) -> PyObjectRef {
        self.part(0..self.byte_len(), vm)
    }

    pub fn byte_len(&self) -> usize {
        match self.whole() {
            Whole::Characters(whole) => whole.len(),
            Whole::Bytes(whole) => whole.len(),
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
