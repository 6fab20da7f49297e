//! Positions of the protocol: a line, and a column in one of three units.

use lsp_types::{Position, PositionEncodingKind, Range};
use ropey::{Rope, RopeSlice};

/// The unit of columns that client and server have agreed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PositionEncoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl PositionEncoding {
    /// The best of those that the client offers; UTF-16, which every client knows, if it offers none.
    pub fn choose(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers = |kind: &PositionEncodingKind| offered.is_some_and(|offered| offered.contains(kind));
        if offers(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offers(&PositionEncodingKind::UTF32) {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// How many columns a text takes.
    pub fn units(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        }
    }

    /// The character at `position`. A line behind the last is the end of the text, a column behind the line's end is that
    /// end, and a column inside a character is its beginning.
    pub fn char_of(self, text: &Rope, position: Position) -> usize {
        let line = position.line as usize;
        if line >= text.len_lines() {
            return text.len_chars();
        }
        let start = text.line_to_char(line);
        let line = without_break(text.line(line));
        let column = position.character as usize;
        start
            + match self {
                Self::Utf8 => line.byte_to_char(column.min(line.len_bytes())),
                Self::Utf16 => line.utf16_cu_to_char(column.min(line.len_utf16_cu())),
                Self::Utf32 => column.min(line.len_chars()),
            }
    }

    /// The characters of `range`; an end before the start counts as the start.
    pub fn chars_of(self, text: &Rope, range: Range) -> std::ops::Range<usize> {
        let start = self.char_of(text, range.start);
        start..self.char_of(text, range.end).max(start)
    }
}

/// The range of whole lines, which end with a line feed and with nothing else.
pub fn range_of_lines(text: &Rope, lines: std::ops::Range<usize>, encoding: PositionEncoding) -> Range {
    let position = |line: usize| {
        let char = start_of(text, line);
        let row = text.char_to_line(char);
        let before = text.slice(text.line_to_char(row)..char).to_string();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Position::new(number(row), number(encoding.units(&before)))
    };
    Range::new(position(lines.start), position(lines.end))
}

/// The first character of a line; the end of the text for one behind the last.
fn start_of(text: &Rope, line: usize) -> usize {
    let mut left = line;
    let mut bytes = 0;
    for chunk in text.chunks() {
        for at in memchr::memchr_iter(b'\n', chunk.as_bytes()) {
            if left == 0 {
                break;
            }
            left -= 1;
            if left == 0 {
                return text.byte_to_char(bytes + at + 1);
            }
        }
        bytes += chunk.len();
    }
    if line == 0 { 0 } else { text.len_chars() }
}

fn without_break(line: RopeSlice<'_>) -> RopeSlice<'_> {
    let breaks = line.chars_at(line.len_chars()).reversed().take_while(|it| matches!(it, '\n' | '\r')).count();
    line.slice(..line.len_chars() - breaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn char_at(encoding: PositionEncoding, text: &str, line: u32, character: u32) -> usize {
        encoding.char_of(&Rope::from_str(text), Position { line, character })
    }

    #[test]
    fn columns_count_units_of_the_encoding() {
        let text = "aé漢😀b";
        for (encoding, columns) in [
            (PositionEncoding::Utf8, [0, 1, 3, 6, 10, 11]),
            (PositionEncoding::Utf16, [0, 1, 2, 3, 5, 6]),
            (PositionEncoding::Utf32, [0, 1, 2, 3, 4, 5]),
        ] {
            for (char, column) in columns.into_iter().enumerate() {
                assert_eq!(char_at(encoding, text, 0, column), char, "{encoding:?} {column}");
            }
        }
    }

    #[test]
    fn positions_inside_a_character_fall_to_its_beginning() {
        assert_eq!(char_at(PositionEncoding::Utf8, "é漢", 0, 3), 1);
        assert_eq!(char_at(PositionEncoding::Utf16, "😀", 0, 1), 0);
    }

    #[test]
    fn positions_outside_are_clamped() {
        for encoding in [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32] {
            assert_eq!(char_at(encoding, "ab\r\ncd\rx\n", 0, 99), 2, "{encoding:?}");
            assert_eq!(char_at(encoding, "ab\r\ncd\rx\n", 1, 99), 6);
            assert_eq!(char_at(encoding, "ab\r\ncd\rx\n", 2, 1), 8);
            assert_eq!(char_at(encoding, "ab\r\ncd\rx\n", 3, 0), 9, "the empty last line");
            assert_eq!(char_at(encoding, "ab\r\ncd\rx\n", u32::MAX, u32::MAX), 9);
            assert_eq!(char_at(encoding, "", 0, 5), 0);
        }
    }

    #[test]
    fn lines_become_ranges() {
        let text = Rope::from_str("a\rb\ncd\n\u{1F600}e");
        for (lines, from, to) in
            [(0..1, (0, 0), (2, 0)), (1..2, (2, 0), (3, 0)), (2..3, (3, 0), (3, 3)), (3..3, (3, 3), (3, 3))]
        {
            let range = Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1));
            assert_eq!(range_of_lines(&text, lines, PositionEncoding::Utf16), range);
        }
    }

    #[test]
    fn unicode_line_separators_are_no_line_breaks() {
        assert_eq!(char_at(PositionEncoding::Utf32, "a\u{2028}b\u{85}c\nd", 1, 0), 6);
    }

    #[test]
    fn the_best_offered_encoding_is_chosen() {
        let (utf8, utf16, utf32) =
            (PositionEncodingKind::UTF8, PositionEncodingKind::UTF16, PositionEncodingKind::UTF32);
        assert_eq!(PositionEncoding::choose(None), PositionEncoding::Utf16);
        assert_eq!(PositionEncoding::choose(Some(&[utf16.clone(), utf32.clone()])), PositionEncoding::Utf32);
        assert_eq!(PositionEncoding::choose(Some(&[utf16, utf32, utf8])), PositionEncoding::Utf8);
    }
}
