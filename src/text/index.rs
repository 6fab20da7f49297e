//! Converting between bytes, characters and lines of a text.

use super::marks::{Bytes, CharStart, LineFeed, Marks, Table, count_strides};

/// The marks of a part of a text that begins with a stride: of each stride its characters and its line feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StrideCounts {
    chars: Vec<u16>,
    lines: Vec<u16>,
}

impl StrideCounts {
    pub fn of(part: &[u8]) -> Self {
        Self { chars: count_strides::<CharStart>(part), lines: count_strides::<LineFeed>(part) }
    }

    /// The indexes of the text of `byte_len` bytes that the parts make up.
    pub fn indexes(parts: &[Self], byte_len: usize) -> (CharIndex, LineIndex) {
        let chars = Marks::of_counts(parts.iter().flat_map(|part| part.chars.iter().copied()));
        let lines = Marks::of_counts(parts.iter().flat_map(|part| part.lines.iter().copied()));
        (CharIndex::of_marks(chars, byte_len), LineIndex { marks: lines, lines: None })
    }
}

/// Converts between bytes and characters (Unicode scalar values) of one UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharIndex {
    /// Absent for an ASCII text, where characters and bytes coincide.
    marks: Option<Marks<CharStart>>,
    char_len: usize,
}

impl CharIndex {
    /// Counts the characters of `text`, which must be valid UTF-8.
    pub fn new(text: &[u8]) -> Self {
        Self::of_marks(Marks::new(text), text.len())
    }

    fn of_marks(marks: Marks<CharStart>, byte_len: usize) -> Self {
        let char_len = marks.total;
        Self { marks: (char_len < byte_len).then_some(marks), char_len }
    }

    /// The index of an ASCII text.
    pub fn ascii(byte_len: usize) -> Self {
        Self { marks: None, char_len: byte_len }
    }

    /// The index of a text of `byte_len` bytes, of which the characters of each stride were counted.
    pub fn of_counts(counts: impl IntoIterator<Item = u16>, byte_len: usize) -> Self {
        Self::of_marks(Marks::of_counts(counts), byte_len)
    }

    /// The index of a text that is fetched in parts, of which these are the bytes and characters.
    pub fn of_parts(parts: &[(usize, usize)]) -> Self {
        let byte_len = parts.iter().map(|&(bytes, _)| bytes).sum();
        Self::of_marks(Marks::of_parts(parts.iter().copied()), byte_len)
    }

    /// How many characters each stride has, one after the other; nothing for an ASCII text, or one that comes in parts.
    pub fn counts(&self) -> impl Iterator<Item = u16> {
        let whole = self.marks.iter().filter_map(|marks| match &marks.table {
            Table::Whole(strides) => Some((strides, &marks.total)),
            Table::Parts(_) => None,
        });
        whole.flat_map(|(strides, total)| {
            let ends = strides.iter().skip(1).chain([total]);
            strides.iter().zip(ends).map(|(start, end)| (end - start) as u16)
        })
    }

    pub fn char_len(&self) -> usize {
        self.char_len
    }

    pub fn is_ascii(&self) -> bool {
        self.marks.is_none()
    }

    /// The number of the character that starts at `byte`; the text's length in characters at its end.
    pub fn char_of_byte(&self, text: &[u8], byte: usize) -> usize {
        let Ok(char) = self.find_char(text, byte);
        char
    }

    /// As [`Self::char_of_byte`], for a text that need not lie in memory.
    pub fn find_char<B: Bytes + ?Sized>(&self, text: &B, byte: usize) -> Result<usize, B::Error> {
        match &self.marks {
            None => Ok(byte.min(self.char_len)),
            Some(marks) => marks.before(text, byte),
        }
    }

    /// Where character number `char` starts; the text's length in bytes if there are fewer characters.
    pub fn byte_of_char(&self, text: &[u8], char: usize) -> usize {
        let Ok(byte) = self.find_byte(text, char);
        byte
    }

    /// As [`Self::byte_of_char`], for a text that need not lie in memory.
    pub fn find_byte<B: Bytes + ?Sized>(&self, text: &B, char: usize) -> Result<usize, B::Error> {
        match &self.marks {
            None => Ok(char.min(self.char_len)),
            Some(marks) => marks.position(text, char),
        }
    }
}

/// Converts between bytes and lines of one text. A line ends with a line feed, as for `ripgrep` and for editors; lines
/// are counted from 0 here and from 1 wherever people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    marks: Marks<LineFeed>,
    /// The number of lines, if that is known without a look at the end of the text.
    lines: Option<usize>,
}

impl LineIndex {
    pub fn new(text: &[u8]) -> Self {
        Self { marks: Marks::new(text), lines: None }
    }

    /// The index of a text of so many lines that is fetched in parts, of which these are the bytes and line feeds.
    pub fn of_parts(parts: impl IntoIterator<Item = (usize, usize)>, lines: usize) -> Self {
        Self { marks: Marks::of_parts(parts), lines: Some(lines) }
    }

    /// The number of lines; text behind the last line feed is a line, nothing behind it is none.
    pub fn line_count<B: Bytes + ?Sized>(&self, text: &B) -> Result<usize, B::Error> {
        if let Some(lines) = self.lines {
            return Ok(lines);
        }
        let open_line = match text.byte_len().checked_sub(1) {
            Some(last) => text.bytes(last..last + 1)?.first() != Some(&b'\n'),
            None => false,
        };
        Ok(self.marks.total + usize::from(open_line))
    }

    /// The line that `byte` lies in.
    pub fn line_of_byte<B: Bytes + ?Sized>(&self, text: &B, byte: usize) -> Result<usize, B::Error> {
        self.marks.before(text, byte)
    }

    /// Where line `line` starts; the text's length if there are fewer lines.
    pub fn byte_of_line<B: Bytes + ?Sized>(&self, text: &B, line: usize) -> Result<usize, B::Error> {
        match line.checked_sub(1) {
            None => Ok(0),
            Some(previous) => Ok((self.marks.position(text, previous)? + 1).min(text.byte_len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::marks::{PARALLEL_THRESHOLD, STRIDE, count_in_parallel},
        *,
    };

    fn check_chars(text: &str) {
        let bytes = text.as_bytes();
        let index = CharIndex::new(bytes);
        assert_eq!(index.char_len(), text.chars().count());
        assert_eq!(index.is_ascii(), text.is_ascii());
        for (char, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(index.char_of_byte(bytes, byte), char);
            assert_eq!(index.byte_of_char(bytes, char), byte);
        }
        assert_eq!(index.char_of_byte(bytes, bytes.len()), index.char_len());
        assert_eq!(index.byte_of_char(bytes, index.char_len() + 7), bytes.len());
    }

    #[test]
    fn characters_are_those_of_the_standard_library() {
        check_chars("");
        check_chars("plain ascii");
        check_chars(&"aé漢😀e\u{301}\r\n".repeat(3000));
        check_chars(&"😀".repeat(2048));
        check_chars(&("a".repeat(4095) + "😀" + &"b".repeat(4096)));
    }

    #[test]
    fn lines_begin_behind_line_feeds() {
        for text in ["", "a", "a\n", "\n\n", "a\nb\r\nc", &"line\n".repeat(5000), &("x".repeat(9000) + "\ny")] {
            let bytes = text.as_bytes();
            let index = LineIndex::new(bytes);
            let starts: Vec<usize> =
                text.split_inclusive('\n').scan(0, |at, line| Some((*at, *at += line.len()).0)).collect();
            assert_eq!(index.line_count(bytes), Ok(starts.len()), "{text:.20?}");
            for (line, &start) in starts.iter().enumerate() {
                assert_eq!(index.byte_of_line(bytes, line), Ok(start));
                assert_eq!(index.line_of_byte(bytes, start), Ok(line));
            }
            assert_eq!(index.byte_of_line(bytes, starts.len() + 3), Ok(bytes.len()));
        }
    }

    #[test]
    fn a_text_may_be_counted_in_parts() {
        let text = "aé漢😀e\u{301}\r\n".repeat(3000);
        let bytes = text.as_bytes();
        let parts: Vec<StrideCounts> = bytes.chunks(2 * STRIDE).map(StrideCounts::of).collect();
        let (chars, lines) = StrideCounts::indexes(&parts, bytes.len());
        assert_eq!((chars, lines), (CharIndex::new(bytes), LineIndex::new(bytes)));
    }

    #[test]
    fn parts_of_a_text_are_counted_when_they_are_asked_for() {
        let text = "aé漢😀e\u{301}\r\n".repeat(3000) + &"plain\n".repeat(1000) + "no end";
        let (bytes, whole, lines) = (text.as_bytes(), CharIndex::new(text.as_bytes()), LineIndex::new(text.as_bytes()));
        for size in [7, 5000, 1 << 20] {
            let borders = (0..=text.len().div_ceil(size)).map(|n| text.floor_char_boundary(n * size));
            let borders: Vec<usize> = borders.collect();
            let parts = || borders.windows(2).map(|part| &text[part[0]..part[1]]);
            let chars: Vec<(usize, usize)> = parts().map(|part| (part.len(), part.chars().count())).collect();
            let in_parts = CharIndex::of_parts(&chars);
            assert_eq!((in_parts.char_len(), in_parts.is_ascii()), (whole.char_len(), false));
            let feeds =
                LineIndex::of_parts(parts().map(|part| (part.len(), part.matches('\n').count())), text.lines().count());
            assert_eq!(feeds.line_count(bytes), lines.line_count(bytes));
            for (char, (byte, _)) in
                text.char_indices().enumerate().step_by(61).chain([(whole.char_len(), (text.len(), ' '))])
            {
                assert_eq!(in_parts.char_of_byte(bytes, byte), char);
                assert_eq!(in_parts.byte_of_char(bytes, char), byte);
                let line = lines.line_of_byte(bytes, byte).unwrap();
                assert_eq!(feeds.line_of_byte(bytes, byte), Ok(line));
                assert_eq!(feeds.byte_of_line(bytes, line), lines.byte_of_line(bytes, line));
            }
        }
        assert!(CharIndex::of_parts(&[(3, 3), (0, 0), (4, 4)]).is_ascii());
    }

    #[test]
    fn parallel_and_serial_counts_agree() {
        let text = "aé漢😀\n".repeat(PARALLEL_THRESHOLD / 11 + 7);
        let bytes = text.as_bytes();
        assert_eq!(count_strides::<CharStart>(bytes), count_in_parallel::<CharStart>(bytes));
        assert_eq!(count_strides::<LineFeed>(bytes), count_in_parallel::<LineFeed>(bytes));
    }
}
