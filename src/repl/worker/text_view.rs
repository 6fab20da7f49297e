//! A window on a [`TextStore`] that is addressed by characters, as Python's strings are.
//!
//! Everything here is independent of the interpreter, so that it can be tested without one.

use super::text_store::TextStore;
use crate::text::CharIndex;
use std::{ops::Range, str, sync::Arc};

/// Converts between the bytes and the characters of a window on a text. Both count from the window's beginning.
#[derive(Debug, Clone, Copy)]
pub struct CharMap<'a> {
    /// The whole text that `index` describes.
    whole: &'a [u8],
    /// Absent if the text is known to be ASCII, where characters and bytes coincide.
    index: Option<&'a CharIndex>,
    first_byte: usize,
    byte_len: usize,
    first_char: usize,
    char_len: usize,
}

impl<'a> CharMap<'a> {
    pub fn ascii(text: &'a [u8]) -> Self {
        let len = text.len();
        Self { whole: text, index: None, first_byte: 0, byte_len: len, first_char: 0, char_len: len }
    }

    /// A map of a whole text.
    pub fn indexed(text: &'a [u8], index: &'a CharIndex) -> Self {
        let char_len = index.char_len();
        Self { whole: text, index: Some(index), first_byte: 0, byte_len: text.len(), first_char: 0, char_len }
    }

    /// The bytes of the window.
    pub fn bytes(&self) -> &'a [u8] {
        &self.whole[self.first_byte..self.first_byte + self.byte_len]
    }

    pub fn char_len(&self) -> usize {
        self.char_len
    }

    /// Whether bytes and characters coincide.
    pub fn is_ascii(&self) -> bool {
        self.byte_len == self.char_len
    }

    /// Where a character starts; the window's end if there are fewer characters.
    pub fn byte_of(&self, char: usize) -> usize {
        match self.index {
            _ if char >= self.char_len => self.byte_len,
            Some(index) if !self.is_ascii() => index.byte_of_char(self.whole, self.first_char + char) - self.first_byte,
            _ => char,
        }
    }

    /// The number of the character that starts at `byte`.
    pub fn char_of(&self, byte: usize) -> usize {
        match self.index {
            Some(index) if !self.is_ascii() => index.char_of_byte(self.whole, self.first_byte + byte) - self.first_char,
            _ => byte,
        }
    }

    pub fn bytes_of(&self, chars: Range<usize>) -> Range<usize> {
        self.byte_of(chars.start)..self.byte_of(chars.end)
    }

    /// The bytes of `chars`, or nothing for Python's "the start lies behind the end".
    pub fn window(&self, chars: Range<usize>) -> Option<Range<usize>> {
        (chars.start <= chars.end).then(|| self.bytes_of(chars))
    }
}

/// Part of a text. Cloning and slicing are cheap and share the store.
#[derive(Debug, Clone)]
pub struct TextView {
    store: Arc<TextStore>,
    bytes: Range<usize>,
    first_char: usize,
    char_len: usize,
}

impl TextView {
    pub fn whole(store: Arc<TextStore>) -> Self {
        let (bytes, char_len) = (0..store.as_bytes().len(), store.index().char_len());
        Self { store, bytes, first_char: 0, char_len }
    }

    pub fn as_str(&self) -> &str {
        &self.store.as_str()[self.bytes.clone()]
    }

    pub fn char_len(&self) -> usize {
        self.char_len
    }

    pub fn is_ascii(&self) -> bool {
        self.char_len == self.bytes.len()
    }

    /// Where the view lies in its store, in characters.
    pub fn place(&self) -> Range<usize> {
        self.first_char..self.first_char + self.char_len
    }

    pub fn map(&self) -> CharMap<'_> {
        CharMap {
            whole: self.store.as_bytes(),
            index: Some(self.store.index()),
            first_byte: self.bytes.start,
            byte_len: self.bytes.len(),
            first_char: self.first_char,
            char_len: self.char_len,
        }
    }

    /// The characters `chars` of the view; what lies behind its end is left out.
    pub fn slice(&self, chars: Range<usize>) -> Self {
        let end = chars.end.min(self.char_len);
        let chars = chars.start.min(end)..end;
        let bytes = self.map().bytes_of(chars.clone());
        self.slice_at(bytes, chars)
    }

    /// The part of the view that `part` is, which must point into it.
    pub fn slice_of(&self, part: &str) -> Self {
        let start = part.as_ptr().addr() - self.as_str().as_ptr().addr();
        let bytes = start..start + part.len();
        let map = self.map();
        let chars = map.char_of(bytes.start)..map.char_of(bytes.end);
        self.slice_at(bytes, chars)
    }

    fn slice_at(&self, bytes: Range<usize>, chars: Range<usize>) -> Self {
        Self {
            store: Arc::clone(&self.store),
            bytes: self.bytes.start + bytes.start..self.bytes.start + bytes.end,
            first_char: self.first_char + chars.start,
            char_len: chars.len(),
        }
    }

    pub fn char_at(&self, char: usize) -> Option<char> {
        self.as_str()[self.map().byte_of(char)..].chars().next()
    }

    /// Every `step`-th character of `chars`; a negative step begins at the end of the range.
    pub fn stepped(&self, chars: Range<usize>, step: isize) -> String {
        let text = &self.as_str()[self.map().bytes_of(chars)];
        let stride = step.unsigned_abs();
        match step {
            ..0 => text.chars().rev().step_by(stride).collect(),
            0.. => text.chars().step_by(stride).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(text: &str) -> TextView {
        TextView::whole(TextStore::from_string(text.to_owned()))
    }

    #[test]
    fn a_slice_of_a_slice_keeps_its_own_numbering() {
        let text = view(&"aé漢😀".repeat(5000));
        let inner = text.slice(10_001..15_003).slice(1..9);
        assert_eq!(inner.as_str(), "漢😀aé漢😀aé");
        assert_eq!(inner.map().bytes_of(2..4), 7..10);
        assert_eq!(inner.map().char_of(10), 4);
        assert_eq!(inner.char_at(2), Some('a'));
        assert_eq!(inner.stepped(0..8, -3), "é漢😀");
    }

    #[test]
    fn a_slice_knows_its_place_in_the_whole_text() {
        let text = view(&"aé漢😀".repeat(5000));
        let inner = text.slice(10_001..15_003).slice(1..9);
        assert_eq!(inner.place(), 10_002..10_010);
        let part = &inner.as_str()["漢😀".len()..];
        assert_eq!(inner.slice_of(part).place(), 10_004..10_010);
        assert_eq!(text.slice(19_990..30_000).place(), 19_990..20_000);
    }

    #[test]
    fn a_range_whose_start_lies_behind_its_end_is_no_window() {
        let text = view("aé");
        assert_eq!(text.map().window(2..2), Some(3..3));
        assert_eq!(text.map().window(Range { start: 3, end: 2 }), None);
    }

    #[test]
    fn maps_with_and_without_an_index_agree_on_ascii() {
        let text = "only ascii here";
        let index = CharIndex::new(text.as_bytes());
        let (plain, indexed) = (CharMap::ascii(text.as_bytes()), CharMap::indexed(text.as_bytes(), &index));
        for at in 0..=text.len() + 2 {
            assert_eq!(plain.byte_of(at), indexed.byte_of(at));
        }
        assert_eq!(plain.bytes_of(3..99), 3..text.len());
    }
}
