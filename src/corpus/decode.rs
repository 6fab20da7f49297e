//! Bytes of a file into UTF-8.
//!
//! UTF-8 passes through unchanged, line ends included. The decoder removes a byte order mark, converts UTF-16, and
//! turns bytes that are not UTF-8 into U+FFFD. It reports each of these to the reader of the text, since byte offsets
//! in the text then differ from those in the file.
//!
//! A NUL byte near its beginning makes a file binary, as for `ripgrep`, unless the file is UTF-16. What a person has named is
//! read all the same if most of its beginning is text.

mod probe;
mod utf16;
mod utf8;

use probe::{is_mostly_text, unmarked_utf16};
use std::{borrow::Cow, ops::AddAssign};
use utf8::Utf8Decoder;
use utf16::Utf16Decoder;

/// How many leading bytes decide whether a file is binary, as for `ripgrep`.
pub(super) const BINARY_PROBE: usize = 8 << 10;

const REPLACEMENT: &str = "\u{fffd}";

/// What differs between a file's bytes and its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// The file was UTF-16 and is UTF-8 in the text.
    pub was_utf16: bool,
    /// The file began with a byte order mark, which the text does not have.
    pub had_mark: bool,
    /// The number of invalid sequences that became U+FFFD.
    pub replaced: usize,
}

impl Changes {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Changes {
    fn add_assign(&mut self, other: Self) {
        self.was_utf16 |= other.was_utf16;
        self.had_mark |= other.had_mark;
        self.replaced += other.replaced;
    }
}

/// Decodes a file that comes in pieces, which may end in the middle of a character.
#[derive(Debug)]
pub(super) enum Decoder {
    Utf8(Utf8Decoder),
    Utf16(Utf16Decoder),
}

impl Decoder {
    /// `head` is the beginning of a file: all of it, or at least [`BINARY_PROBE`] bytes. Nothing if the file is binary.
    pub fn of(head: &[u8], is_named: bool) -> Option<Self> {
        let probe = &head[..head.len().min(BINARY_PROBE)];
        match head {
            // The mark of UTF-32 begins like that of UTF-16.
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Utf16(Utf16Decoder::new(u16::from_le_bytes))),
            [0xfe, 0xff, ..] => Some(Self::Utf16(Utf16Decoder::new(u16::from_be_bytes))),
            _ if !probe.contains(&0) => Some(Self::Utf8(Utf8Decoder::default())),
            _ => match unmarked_utf16(probe) {
                Some(unit) => Some(Self::Utf16(Utf16Decoder::unmarked(unit))),
                None => (is_named && is_mostly_text(probe)).then(|| Self::Utf8(Utf8Decoder::default())),
            },
        }
    }

    /// The text of the next piece.
    pub fn decode<'a>(&mut self, piece: &'a [u8]) -> (Cow<'a, str>, Changes) {
        match self {
            Self::Utf8(decoder) => decoder.decode(piece),
            Self::Utf16(decoder) => {
                let (text, changes) = decoder.decode(piece);
                (Cow::Owned(text), changes)
            }
        }
    }

    /// What is left at the end of the file.
    pub fn finish(self) -> (&'static str, Changes) {
        match self {
            Self::Utf8(decoder) => decoder.finish(),
            Self::Utf16(decoder) => decoder.finish(),
        }
    }
}

/// The text of a whole file, or nothing if it is binary.
pub(super) fn decode(bytes: &[u8], is_named: bool) -> Option<(Cow<'_, str>, Changes)> {
    let mut decoder = Decoder::of(bytes, is_named)?;
    let (text, mut changes) = decoder.decode(bytes);
    let (rest, more) = decoder.finish();
    changes += more;
    Some((if rest.is_empty() { text } else { Cow::Owned(text.into_owned() + rest) }, changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str, changes: Changes) {
        let decoded = decode(bytes, false);
        let (got, got_changes) = decoded.expect("the bytes are no binary");
        assert_eq!(got, text, "{bytes:?}");
        assert_eq!(got_changes, changes, "{bytes:?}");

        // The same comes out if the bytes arrive in pieces of any size.
        for size in 1..=4 {
            let mut decoder = Decoder::of(bytes, false).expect("the bytes are no binary");
            let (mut whole, mut all) = (String::new(), Changes::default());
            for piece in bytes.chunks(size) {
                let (piece, changes) = decoder.decode(piece);
                whole.push_str(&piece);
                all += changes;
            }
            let (rest, changes) = decoder.finish();
            whole.push_str(rest);
            all += changes;
            // The first piece of a file is never shorter than the mark of UTF-8.
            if bytes.get(..3) != Some(b"\xef\xbb\xbf") || size >= 3 {
                assert_eq!((whole.as_str(), all), (text, got_changes), "pieces of {size}");
            }
        }
    }

    #[test]
    fn utf8_passes_unchanged() {
        for text in ["", "plain\n", "aé漢😀\r\nb", "\u{fffd}", "late\u{feff}mark"] {
            check(text.as_bytes(), text, Changes::default());
        }
    }

    #[test]
    fn a_byte_order_mark_is_taken_off() {
        check(b"\xef\xbb\xbfa", "a", Changes { had_mark: true, ..Changes::default() });
        check(b"\xef\xbb\xbf", "", Changes { had_mark: true, ..Changes::default() });
    }

    #[test]
    fn invalid_bytes_become_replacement_characters_as_in_the_standard_library() {
        let all: [&[u8]; 7] =
            [b"\xff", b"a\xc3(b", b"\xe6\xbc", b"ok \xf0\x9f\x98", b"\xc3\xa9\x80", b"\xed\xa0\x80", b"l\xe9x"];
        for bytes in all {
            let text = String::from_utf8_lossy(bytes);
            let replaced = text.matches(REPLACEMENT).count();
            check(bytes, &text, Changes { replaced, ..Changes::default() });
        }
    }

    #[test]
    fn utf16_with_a_mark_is_converted() {
        let changes = Changes { was_utf16: true, had_mark: true, replaced: 0 };
        check(b"\xff\xfea\0\n\0", "a\n", changes);
        check(b"\xfe\xff\0a\xd8\x3d\xde\x00", "a😀", changes);
        check(b"\xff\xfe\x3d\xd8a\0b", "\u{fffd}a\u{fffd}", Changes { replaced: 2, ..changes });
        check(b"\xff\xfea\0\x3d\xd8b", "a\u{fffd}\u{fffd}", Changes { replaced: 2, ..changes });
        check(b"\xff\xfe", "", changes);
    }

    #[test]
    fn a_nul_byte_near_the_beginning_makes_a_file_binary() {
        assert_eq!(decode(b"a\0b", false), None);
        assert_eq!(decode(b"\xff\xfe\0\0a\0\0\0", true), None);
        let late = [b"a".repeat(BINARY_PROBE), b"\0".to_vec()].concat();
        assert!(decode(&late, false).is_some());
    }

    #[test]
    fn utf16_without_a_mark_is_recognised() {
        let changes = Changes { was_utf16: true, ..Changes::default() };
        let texts =
            ["the lantern height is nine\r\n", "a\tb\n", "größer als 1 €\n", "две строки и пробел, ещё слова\n", "x"];
        let long = "これは長い文章です。二つの文字コードで書かれています。\n".repeat(9);
        for text in texts.into_iter().chain([long.as_str()]) {
            check(&text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), text, changes);
            check(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(), text, changes);
        }
        let numbers: Vec<u8> = (0..400_u16).flat_map(|it| (it * 37 % 300).to_le_bytes()).collect();
        for bytes in
            [&b"a\0b\0\0\0"[..], b"\x01\0\x02\0", b"a\0b\0c", b"key\0value\0", b"\x7fELF\x02\x01\x01\0", &numbers]
        {
            assert_eq!(decode(bytes, false), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_named_is_read_if_most_of_it_is_text() {
        for text in ["export const key = `${a}\0${b}`;\n", "a\0b", "one\0two\0three\0", "é\0\u{1b}[1m\n"] {
            assert_eq!(decode(text.as_bytes(), true), Some((Cow::Borrowed(text), Changes::default())));
            assert_eq!(decode(text.as_bytes(), false), None);
        }
        assert!(decode(b"caf\xe9 or cafe\0\n", true).is_some());
        let elf = [&b"\x7fELF\x02\x01\x01"[..], &[0; 9], b"\x03\0>\0\x01\0\0\0"].concat();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0\\r\xa8f";
        let noise: Vec<u8> = (0..2000_u32).map(|it| (it.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for bytes in [&elf[..], png, &noise, &[0; 40]] {
            assert_eq!(decode(bytes, true), None, "{bytes:?}");
        }
    }
}
