//! Where a search was last.
//!
//! A search asks for places that lie close to each other: the end of a match, the start of the next. A few steps from
//! the last place cost a tenth of a look into the index.

use super::super::text_view::CharMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many characters, or bytes, away a place may be to be walked to.
const MAX_STEPS: usize = 256;

/// A place in a text, in bytes and in characters.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    byte: usize,
    char: usize,
}

/// Converts between the bytes and the characters of one text, beginning at the place of the last conversion. The
/// threads of a program share it.
#[derive(Debug, Default)]
pub struct CharCursor {
    last: Mutex<Spot>,
}

impl CharCursor {
    /// Where a character starts; the text's end if there are fewer characters.
    pub fn byte_of(&self, map: &CharMap<'_>, char: usize) -> usize {
        if map.is_ascii() || char >= map.char_len() {
            return map.byte_of(char);
        }
        let mut last = self.lock();
        let byte = walk(map.bytes(), *last, char).unwrap_or_else(|| map.byte_of(char));
        *last = Spot { byte, char };
        byte
    }

    /// The number of the character that starts at `byte`.
    pub fn char_of(&self, map: &CharMap<'_>, byte: usize) -> usize {
        if map.is_ascii() {
            return byte;
        }
        let mut last = self.lock();
        let char = match byte.abs_diff(last.byte) {
            MAX_STEPS.. => map.char_of(byte),
            _ if byte < last.byte => last.char - count_chars(&map.bytes()[byte..last.byte]),
            _ => last.char + count_chars(&map.bytes()[last.byte..byte]),
        };
        *last = Spot { byte, char };
        char
    }

    fn lock(&self) -> MutexGuard<'_, Spot> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes from a place to a character that lies nearby, and returns its byte.
fn walk(bytes: &[u8], from: Spot, char: usize) -> Option<usize> {
    if from.char.abs_diff(char) > MAX_STEPS {
        return None;
    }
    let mut byte = from.byte;
    for _ in from.char..char {
        byte += 1;
        byte += bytes[byte..].iter().take_while(|&&byte| !starts_char(byte)).count();
    }
    for _ in char..from.char {
        byte -= 1 + bytes[..byte].iter().rev().take_while(|&&byte| !starts_char(byte)).count();
    }
    Some(byte)
}

fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| starts_char(byte)).count()
}

/// Whether a byte is no continuation byte of UTF-8.
fn starts_char(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::CharIndex;

    #[test]
    fn every_way_leads_to_the_same_place() {
        let text = "aé漢😀e\u{301}\n".repeat(300);
        let index = CharIndex::new(text.as_bytes());
        let map = CharMap::indexed(text.as_bytes(), &index);
        let places: Vec<(usize, usize)> = text.char_indices().map(|(byte, _)| byte).enumerate().collect();
        let char_cursor = CharCursor::default();
        for stride in [1, 2, 7, 255, 256, 257, 1000] {
            let there = places.iter().step_by(stride);
            for &(char, byte) in there.clone().chain(there.rev()) {
                assert_eq!(char_cursor.byte_of(&map, char), byte);
                assert_eq!(char_cursor.char_of(&map, byte), char);
            }
            let &(char, byte) = &places[places.len() / 2 + stride];
            assert_eq!(char_cursor.char_of(&map, byte), char);
        }
        assert_eq!(char_cursor.byte_of(&map, places.len() + 5), text.len());
    }
}
