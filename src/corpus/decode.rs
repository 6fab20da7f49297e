//! Bytes of a file into UTF-8.
//!
//! What is UTF-8 already passes through unchanged, line ends included. A byte order mark is taken off, UTF-16 with one
//! is converted, and bytes that are no UTF-8 become U+FFFD; all of that is told to whoever reads the text, since byte
//! offsets in the text then differ from those in the file.

use std::{borrow::Cow, ops::AddAssign};

/// How many leading bytes decide whether a file is binary, as for `ripgrep`.
pub(super) const BINARY_PROBE: usize = 8 << 10;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const REPLACEMENT: &str = "\u{fffd}";

/// What differs between a file's bytes and its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// The file was UTF-16 and is UTF-8 in the text.
    pub was_utf16: bool,
    /// The file began with a byte order mark, which the text does not have.
    pub had_mark: bool,
    /// So many invalid sequences became U+FFFD.
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

/// How a file's text is encoded, as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
    Binary,
}

impl Encoding {
    /// `head` is the beginning of a file: all of it, or at least [`BINARY_PROBE`] bytes.
    pub fn of(head: &[u8]) -> Self {
        match head {
            // The mark of UTF-32 begins like that of UTF-16.
            [0xff, 0xfe, 0, 0, ..] => Self::Binary,
            [0xff, 0xfe, ..] => Self::Utf16LittleEndian,
            [0xfe, 0xff, ..] => Self::Utf16BigEndian,
            _ if head.iter().take(BINARY_PROBE).any(|&byte| byte == 0) => Self::Binary,
            _ => Self::Utf8,
        }
    }
}

/// The text of a whole file, or nothing if it is binary.
pub(super) fn decode(bytes: &[u8]) -> Option<(Cow<'_, str>, Changes)> {
    match Encoding::of(bytes) {
        Encoding::Binary => None,
        Encoding::Utf8 => {
            let mut decoder = Utf8Decoder::default();
            let (text, mut changes) = decoder.decode(bytes);
            let (rest, more) = decoder.finish();
            changes += more;
            Some((if rest.is_empty() { text } else { Cow::Owned(text.into_owned() + rest) }, changes))
        }
        Encoding::Utf16LittleEndian => Some(decode_utf16(&bytes[2..], u16::from_le_bytes)),
        Encoding::Utf16BigEndian => Some(decode_utf16(&bytes[2..], u16::from_be_bytes)),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (Cow<'_, str>, Changes) {
    let (units, odd) = bytes.as_chunks::<2>();
    let mut changes = Changes { was_utf16: true, had_mark: true, replaced: usize::from(!odd.is_empty()) };
    let mut text = String::with_capacity(bytes.len() / 2);
    for decoded in char::decode_utf16(units.iter().map(|&pair| unit(pair))) {
        changes.replaced += usize::from(decoded.is_err());
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !odd.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    (Cow::Owned(text), changes)
}

/// Decodes a file that comes in pieces, which may end in the middle of a character.
#[derive(Debug, Default)]
pub(super) struct Utf8Decoder {
    begun: bool,
    /// The beginning of a character whose rest is in the next piece.
    carry: Vec<u8>,
}

impl Utf8Decoder {
    /// The text of the next piece.
    pub fn decode<'a>(&mut self, piece: &'a [u8]) -> (Cow<'a, str>, Changes) {
        let mut changes = Changes::default();
        let mut bytes = Cow::Borrowed(piece);
        if !self.carry.is_empty() {
            let mut joined = std::mem::take(&mut self.carry);
            joined.extend_from_slice(piece);
            bytes = Cow::Owned(joined);
        }
        if !self.begun && !bytes.is_empty() {
            self.begun = true;
            if bytes.starts_with(UTF8_MARK) {
                changes.had_mark = true;
                bytes = match bytes {
                    Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[UTF8_MARK.len()..]),
                    Cow::Owned(bytes) => Cow::Owned(bytes[UTF8_MARK.len()..].to_vec()),
                };
            }
        }
        let text = match bytes {
            Cow::Borrowed(bytes) => self.text_of(bytes, &mut changes),
            Cow::Owned(bytes) => Cow::Owned(self.text_of(&bytes, &mut changes).into_owned()),
        };
        (text, changes)
    }

    /// What is left at the end of the file.
    pub fn finish(self) -> (&'static str, Changes) {
        if self.carry.is_empty() {
            return ("", Changes::default());
        }
        (REPLACEMENT, Changes { replaced: 1, ..Changes::default() })
    }

    fn text_of<'a>(&mut self, bytes: &'a [u8], changes: &mut Changes) -> Cow<'a, str> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Cow::Borrowed(text),
            Err(error) => error,
        };
        if error.error_len().is_none() {
            let (text, rest) = bytes.split_at(error.valid_up_to());
            self.carry = rest.to_vec();
            // The part before the error was found valid just now, so nothing is replaced here.
            return String::from_utf8_lossy(text);
        }
        let mut text = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let cut_off = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && cut_off {
                self.carry = invalid.to_vec();
            } else {
                text.push_str(REPLACEMENT);
                changes.replaced += 1;
            }
        }
        Cow::Owned(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str, changes: Changes) {
        let decoded = decode(bytes);
        let (got, got_changes) = decoded.expect("the bytes are no binary");
        assert_eq!(got, text, "{bytes:?}");
        assert_eq!(got_changes, changes, "{bytes:?}");

        // The same comes out if the bytes arrive in pieces of any size.
        if Encoding::of(bytes) != Encoding::Utf8 {
            return;
        }
        for size in 1..=4 {
            let (mut whole, mut all, mut decoder) = (String::new(), Changes::default(), Utf8Decoder::default());
            for piece in bytes.chunks(size) {
                let (piece, changes) = decoder.decode(piece);
                whole.push_str(&piece);
                all += changes;
            }
            let (rest, changes) = decoder.finish();
            whole.push_str(rest);
            all += changes;
            if !got_changes.had_mark || size >= 3 {
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
    }

    #[test]
    fn a_nul_byte_near_the_beginning_makes_a_file_binary() {
        assert_eq!(decode(b"a\0b"), None);
        assert_eq!(decode(b"\xff\xfe\0\0a\0\0\0"), None);
        let late = [b"a".repeat(BINARY_PROBE), b"\0".to_vec()].concat();
        assert!(decode(&late).is_some());
    }
}
