//! The strings within JSON, for [`json_decoder`](super::json_decoder).
//!
//! Superfluous from RustPython 0.6.0 on (#7675).

use rustpython_vm::common::wtf8::{CodePoint, Wtf8, Wtf8Buf};

/// A string, and the byte behind its closing quotation mark.
#[derive(Debug, PartialEq)]
pub struct JsonText {
    pub text: Wtf8Buf,
    pub end: usize,
}

impl JsonText {
    /// Reads the string whose characters begin at the byte `start`. An error says what is wrong at which byte.
    pub fn read(json: &Wtf8, start: usize, strict: bool) -> Result<Self, (&'static str, usize)> {
        let unterminated = ("Unterminated string starting at", start.saturating_sub(1));
        let bytes = json.as_bytes();
        let mut text = Wtf8Buf::new();
        let mut at = start;
        loop {
            let is_special = |byte: &u8| matches!(byte, b'"' | b'\\') || (strict && *byte < 0x20);
            let plain = bytes[at..].iter().position(is_special).ok_or(unterminated)?;
            text.push_wtf8(&json[at..at + plain]);
            at += plain;
            match (bytes[at], bytes.get(at + 1)) {
                (b'"', _) => return Ok(Self { text, end: at + 1 }),
                (b'\\', None) => return Err(unterminated),
                (b'\\', Some(b'u')) => {
                    let (point, end) = escaped_point(bytes, at + 2).ok_or(("Invalid \\uXXXX escape", at + 1))?;
                    text.push(point);
                    at = end;
                }
                (b'\\', Some(escape)) => {
                    text.push_char(escaped_char(*escape).ok_or(("Invalid \\escape", at))?);
                    at += 2;
                }
                _ => return Err(("Invalid control character at", at)),
            }
        }
    }
}

fn escaped_char(escape: u8) -> Option<char> {
    Some(match escape {
        b'"' | b'\\' | b'/' => char::from(escape),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// The character of `\uXXXX` whose digits begin at `at`, or of two such escapes that are a pair of surrogates.
fn escaped_point(bytes: &[u8], at: usize) -> Option<(CodePoint, usize)> {
    let first = hexadecimal(bytes, at)?;
    if (0xd800..0xdc00).contains(&first) && bytes.get(at + 4..at + 6) == Some(b"\\u") {
        let second = hexadecimal(bytes, at + 6).filter(|second| (0xdc00..0xe000).contains(second));
        if let Some(second) = second {
            let pair = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return CodePoint::from_u32(pair).map(|point| (point, at + 10));
        }
    }
    CodePoint::from_u32(first).map(|point| (point, at + 4))
}

fn hexadecimal(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, &digit| Some(number * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, (&'static str, usize)> {
        JsonText::read(json.as_ref(), 1, true).map(|it| it.text.to_string())
    }

    #[test]
    fn escapes_become_characters() {
        assert_eq!(read(r#""a\n\u00e9\ud83d\ude00\"\/é" rest"#).unwrap(), "a\né😀\"/é");
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(read(r#""ab"#), Err(("Unterminated string starting at", 0)));
        assert_eq!(read(r#""ab\"#), Err(("Unterminated string starting at", 0)));
        assert_eq!(read(r#""a\x""#), Err(("Invalid \\escape", 2)));
        assert_eq!(read(r#""\u12""#), Err(("Invalid \\uXXXX escape", 2)));
        assert_eq!(read("\"a\n\""), Err(("Invalid control character at", 2)));
    }

    #[test]
    fn unpaired_surrogates_stay() {
        let text = JsonText::read(r#""\ud83dx""#.as_ref(), 1, true).unwrap().text;
        assert_eq!(text.code_points().map(CodePoint::to_u32).collect::<Vec<_>>(), [0xd83d, 0x78]);
    }
}
