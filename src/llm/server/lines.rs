//! Splitting bytes that arrive in any pieces into lines.
//!
//! A line may end with a line feed, a carriage return, or both. Each byte is looked at once, however a line is cut into
//! pieces.

use super::{MOST_BYTES, TooLong};
use memchr::memchr2;

/// The line that is under way.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    /// The last line ended with a carriage return: a line feed behind it belongs to that end.
    after_return: bool,
}

impl Lines {
    /// The next line, without its end, and takes it off `bytes`. When there is none all bytes are taken.
    ///
    /// # Errors
    /// The line is longer than any that makes sense.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, TooLong> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
            *bytes = &bytes[1..];
        }
        let end = memchr2(b'\n', b'\r', bytes);
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        if self.line.len() + piece.len() > MOST_BYTES {
            return Err(TooLong);
        }
        self.line.extend_from_slice(piece);
        let Some(end) = end else {
            *bytes = &[];
            return Ok(None);
        };
        self.after_return = bytes[end] == b'\r';
        *bytes = &bytes[end + 1..];
        Ok(Some(std::mem::take(&mut self.line)))
    }

    /// Bytes of the line that is under way.
    pub(super) fn bytes(&self) -> usize {
        self.line.len()
    }

    /// What has come of a line that does not end.
    pub(super) fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.line.is_empty()).then(|| std::mem::take(&mut self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            let mut bytes = *piece;
            while let Some(line) = lines.next(&mut bytes).unwrap() {
                found.push(String::from_utf8(line).unwrap());
            }
            assert!(bytes.is_empty());
        }
        found.extend(lines.rest().map(|line| String::from_utf8(line).unwrap()));
        found
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        for (text, expected) in [
            ("a\nb\n", vec!["a", "b"]),
            ("a\r\nb\r\n", vec!["a", "b"]),
            ("a\rb\r", vec!["a", "b"]),
            ("a\n\n\nb", vec!["a", "", "", "b"]),
            ("\r\r\n\n", vec!["", "", ""]),
            ("", vec![]),
            ("é", vec!["é"]),
        ] {
            assert_eq!(lines(&[text.as_bytes()]), expected, "{text:?} at once");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(lines(&bytes), expected, "{text:?} byte by byte");
            let with_gaps: Vec<&[u8]> = bytes.iter().flat_map(|byte| [*byte, &[][..]]).collect();
            assert_eq!(lines(&with_gaps), expected, "{text:?} with empty pieces");
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let (mut lines, block) = (Lines::default(), vec![b'x'; 1 << 20]);
        for _ in 0..MOST_BYTES >> 20 {
            assert_eq!(lines.next(&mut block.as_slice()), Ok(None));
        }
        assert_eq!(lines.next(&mut b"x".as_slice()), Err(TooLong));
    }
}
