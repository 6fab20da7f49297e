//! Cutting a text into lines, words and parts by the rules of Python's `str`.
//!
//! Everything here is lazy, so that the parts of a text of gigabytes never stand in a list twice, and knows nothing of
//! the interpreter.

use memchr::memmem;
use std::iter;

/// Whether `str.isspace` holds for `char`. Rust's white space lacks the separators U+001C to U+001F.
pub fn is_python_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{1c}'..='\u{1f}')
}

/// The lines of `str.splitlines`, with or without their line breaks.
pub fn lines(text: &str, keep_ends: bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (end, break_len) = next_line_break(rest.as_bytes());
        let line = &rest[..if keep_ends { end + break_len } else { end }];
        rest = &rest[end + break_len..];
        Some(line)
    })
}

/// Where the first line of `bytes` ends, and how many bytes its line break takes.
fn next_line_break(bytes: &[u8]) -> (usize, usize) {
    // Every line break begins with one of these bytes, so that all others are passed over quickly.
    let may_begin_break = |byte: u8| matches!(byte, 0x0a..=0x0d | 0x1c..=0x1e | 0xc2 | 0xe2);
    let candidates = bytes.iter().enumerate().filter(|&(_, &byte)| may_begin_break(byte));
    candidates
        .map(|(at, _)| (at, line_break_len(&bytes[at..])))
        .find(|&(_, break_len)| break_len > 0)
        .unwrap_or((bytes.len(), 0))
}

/// The length of the line break at the beginning of `bytes`, or 0.
fn line_break_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [0x0a..=0x0d | 0x1c..=0x1e, ..] => 1,
        // U+0085, U+2028 and U+2029.
        [0xc2, 0x85, ..] => 2,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// The words of `str.split()` with at most `max_splits` cuts. As in Python, the part that is not cut any more keeps
/// the white space at its end.
pub fn words(text: &str, max_splits: usize) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_start_matches(is_python_space);
    let mut splits_left = max_splits;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if splits_left == 0 {
            return Some(std::mem::take(&mut rest));
        }
        splits_left -= 1;
        let (word, tail) = rest.split_at(rest.find(is_python_space).unwrap_or(rest.len()));
        rest = tail.trim_start_matches(is_python_space);
        Some(word)
    })
}

/// The words of `str.rsplit()`, the last one first.
pub fn words_from_end(text: &str, max_splits: usize) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_end_matches(is_python_space);
    let mut splits_left = max_splits;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if splits_left == 0 {
            return Some(std::mem::take(&mut rest));
        }
        splits_left -= 1;
        let space = rest.char_indices().rfind(|&(_, char)| is_python_space(char));
        let (head, word) = rest.split_at(space.map_or(0, |(at, char)| at + char.len_utf8()));
        rest = head.trim_end_matches(is_python_space);
        Some(word)
    })
}

/// The parts of `str.split(separator)` with at most `max_splits` cuts. The separator must not be empty.
pub fn parts<'a>(text: &'a str, separator: &'a [u8], max_splits: usize) -> impl Iterator<Item = &'a str> {
    let mut cuts = memmem::find_iter(text.as_bytes(), separator).take(max_splits);
    let mut start = Some(0);
    iter::from_fn(move || {
        let from = start?;
        let cut = cuts.next();
        start = cut.map(|at| at + separator.len());
        Some(&text[from..cut.unwrap_or(text.len())])
    })
}

/// The parts of `str.rsplit(separator)`, the last one first. The separator must not be empty.
pub fn parts_from_end<'a>(text: &'a str, separator: &'a [u8], max_splits: usize) -> impl Iterator<Item = &'a str> {
    let mut cuts = memmem::rfind_iter(text.as_bytes(), separator).take(max_splits);
    let mut end = Some(text.len());
    iter::from_fn(move || {
        let to = end?;
        let cut = cuts.next();
        end = cut;
        Some(&text[cut.map_or(0, |at| at + separator.len())..to])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        parts.collect()
    }

    #[test]
    fn lines_end_at_every_line_break_of_python() {
        let text = "a\r\nb\u{2028}c\u{85}\rd\u{1c}é";
        assert_eq!(all(lines(text, false)), ["a", "b", "c", "", "d", "é"]);
        assert_eq!(all(lines(text, true)).concat(), text);
        assert_eq!(all(lines("a\n", false)), ["a"]);
        assert_eq!(all(lines("", false)), [""; 0]);
    }

    #[test]
    fn words_honour_the_limit_and_the_separators_of_information() {
        assert_eq!(all(words(" a \u{1c}b  c ", usize::MAX)), ["a", "b", "c"]);
        assert_eq!(all(words(" a \u{1c}b  c ", 1)), ["a", "b  c "]);
        assert_eq!(all(words(" a b ", 0)), ["a b "]);
        assert_eq!(all(words("  ", usize::MAX)), [""; 0]);
        assert_eq!(all(words_from_end(" a  b\u{3000}c ", 1)), ["c", " a  b"]);
        assert_eq!(all(words_from_end("é a", usize::MAX)), ["a", "é"]);
    }

    #[test]
    fn parts_lie_between_separators() {
        assert_eq!(all(parts(",a,,b", b",", usize::MAX)), ["", "a", "", "b"]);
        assert_eq!(all(parts("a,b,c", b",", 1)), ["a", "b,c"]);
        assert_eq!(all(parts("abc", b",", usize::MAX)), ["abc"]);
        assert_eq!(all(parts("", b",", usize::MAX)), [""]);
        assert_eq!(all(parts_from_end("a,b,c", b",", 1)), ["c", "a,b"]);
        assert_eq!(all(parts_from_end("aaa", b"aa", usize::MAX)), ["", "a"]);
    }
}
