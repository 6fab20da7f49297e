//! UTF-8 that comes in pieces.

use super::{Changes, REPLACEMENT};
use std::borrow::Cow;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Decodes what is meant to be UTF-8, with a byte order mark or without.
#[derive(Debug, Default)]
pub(in crate::corpus) struct Utf8Decoder {
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
            if bytes.starts_with(MARK) {
                changes.had_mark = true;
                bytes = match bytes {
                    Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[MARK.len()..]),
                    Cow::Owned(bytes) => Cow::Owned(bytes[MARK.len()..].to_vec()),
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
