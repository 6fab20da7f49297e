//! What the engine searches in: the characters of a string, or bytes.
//!
//! The engine counts in positions (characters of strings, bytes of bytes) and moves a cursor from one to the next.
//! Placing a cursor anywhere goes through the index of the text.

use super::{super::text_view::CharMap, bookmark::Bookmark, interrupt::step, translate::Alphabet};
use rustpython_sre_engine::{StrDrive, StringCursor};
use rustpython_vm::common::wtf8::Wtf8;
use std::ops::Range;

/// Moves up to this many positions are made step by step instead of through the index.
const NEARBY: usize = 64;

/// Something that the engine can search, and whose bytes can be searched without the engine.
pub trait Haystack: StrDrive {
    fn bytes(&self) -> &[u8];
    /// Nothing for strings with lone surrogates, which automata cannot search.
    fn alphabet(&self) -> Option<Alphabet>;
    fn byte_of(&self, position: usize) -> usize;
    fn position_of(&self, byte: usize) -> usize;
    /// The cursor of `position`, which begins at `byte`.
    fn cursor_at(&self, byte: usize, position: usize) -> StringCursor;

    fn bytes_of(&self, positions: Range<usize>) -> Range<usize> {
        self.byte_of(positions.start)..self.byte_of(positions.end)
    }
}

/// The characters of a string.
#[derive(Debug, Clone, Copy)]
pub struct Characters<'a> {
    pub text: &'a Wtf8,
    pub has_surrogates: bool,
    pub map: CharMap<'a>,
    pub bookmark: &'a Bookmark,
}

impl Haystack for Characters<'_> {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn alphabet(&self) -> Option<Alphabet> {
        let alphabet = if self.map.is_ascii() { Alphabet::Ascii } else { Alphabet::Unicode };
        (!self.has_surrogates).then_some(alphabet)
    }

    fn byte_of(&self, position: usize) -> usize {
        self.bookmark.byte_of(&self.map, position)
    }

    fn position_of(&self, byte: usize) -> usize {
        self.bookmark.char_of(&self.map, byte)
    }

    fn cursor_at(&self, byte: usize, position: usize) -> StringCursor {
        let mut cursor = (&self.text[byte..]).create_cursor(0);
        cursor.position = position;
        cursor
    }
}

impl StrDrive for Characters<'_> {
    fn count(&self) -> usize {
        self.map.char_len()
    }

    fn create_cursor(&self, position: usize) -> StringCursor {
        self.cursor_at(self.byte_of(position), position)
    }

    fn adjust_cursor(&self, cursor: &mut StringCursor, position: usize) {
        step();
        // A cursor at position 0 may never have been placed.
        match position.checked_sub(cursor.position) {
            Some(distance) if distance <= NEARBY && cursor.position > 0 => Self::skip(cursor, distance),
            _ => *cursor = self.create_cursor(position),
        }
    }

    fn advance(cursor: &mut StringCursor) -> u32 {
        <&Wtf8>::advance(cursor)
    }

    fn peek(cursor: &StringCursor) -> u32 {
        step();
        <&Wtf8>::peek(cursor)
    }

    fn skip(cursor: &mut StringCursor, distance: usize) {
        <&Wtf8>::skip(cursor, distance);
    }

    fn back_advance(cursor: &mut StringCursor) -> u32 {
        step();
        <&Wtf8>::back_advance(cursor)
    }

    fn back_peek(cursor: &StringCursor) -> u32 {
        <&Wtf8>::back_peek(cursor)
    }

    fn back_skip(cursor: &mut StringCursor, distance: usize) {
        <&Wtf8>::back_skip(cursor, distance);
    }
}

/// The bytes of a bytes object.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Haystack for Bytes<'_> {
    fn bytes(&self) -> &[u8] {
        self.0
    }

    fn alphabet(&self) -> Option<Alphabet> {
        Some(Alphabet::Bytes)
    }

    fn byte_of(&self, position: usize) -> usize {
        position
    }

    fn position_of(&self, byte: usize) -> usize {
        byte
    }

    fn cursor_at(&self, byte: usize, _position: usize) -> StringCursor {
        self.0.create_cursor(byte)
    }
}

impl StrDrive for Bytes<'_> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn create_cursor(&self, position: usize) -> StringCursor {
        self.0.create_cursor(position)
    }

    fn adjust_cursor(&self, cursor: &mut StringCursor, position: usize) {
        step();
        self.0.adjust_cursor(cursor, position);
    }

    fn advance(cursor: &mut StringCursor) -> u32 {
        // The driver of the engine reads the byte behind the one it leaves, which may lie outside.
        let byte = <&[u8]>::peek(cursor);
        <&[u8]>::skip(cursor, 1);
        byte
    }

    fn peek(cursor: &StringCursor) -> u32 {
        step();
        <&[u8]>::peek(cursor)
    }

    fn skip(cursor: &mut StringCursor, distance: usize) {
        <&[u8]>::skip(cursor, distance);
    }

    fn back_advance(cursor: &mut StringCursor) -> u32 {
        step();
        <&[u8]>::back_advance(cursor)
    }

    fn back_peek(cursor: &StringCursor) -> u32 {
        <&[u8]>::back_peek(cursor)
    }

    fn back_skip(cursor: &mut StringCursor, distance: usize) {
        <&[u8]>::back_skip(cursor, distance);
    }
}
