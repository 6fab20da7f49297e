//! Sparse tables over a text: how many marks (starts of characters, line feeds) lie before a byte, and where the
//! n-th mark is.
//!
//! One count is kept per [`STRIDE`] bytes, so the table of a 1 GB text takes 2 MB. A look-up reads the table and counts
//! inside at most one stride, which costs about 100 ns.

use std::{borrow::Cow, convert::Infallible, marker::PhantomData, ops::Range, thread};

/// Bytes between two counts.
pub const STRIDE: usize = 4096;

/// Texts below this size are counted on the calling thread.
const PARALLEL_THRESHOLD: usize = 8 << 20;

/// A text that is looked at in small parts, each inside of one stride, so that it need not lie in memory.
pub trait Bytes {
    /// Why a part cannot be had.
    type Error;

    fn byte_len(&self) -> usize;

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Self::Error>;
}

impl Bytes for [u8] {
    type Error = Infallible;

    fn byte_len(&self) -> usize {
        self.len()
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Infallible> {
        Ok(Cow::Borrowed(&self[range]))
    }
}

/// A kind of byte that is counted.
trait Mark {
    fn is_mark(byte: u8) -> bool;

    /// Blocks of a fixed size with a byte-sized counter, which cannot overflow, make the compiler use vector
    /// instructions.
    fn count(bytes: &[u8]) -> usize {
        let (blocks, rest) = bytes.as_chunks::<128>();
        let count = |bytes: &[u8]| -> u8 { bytes.iter().map(|&byte| u8::from(Self::is_mark(byte))).sum() };
        let in_blocks: usize = blocks.iter().map(|block| usize::from(count(block))).sum();
        in_blocks + usize::from(count(rest))
    }
}

/// Every byte that begins a character, that is, that is no continuation byte of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CharStart;

impl Mark for CharStart {
    fn is_mark(byte: u8) -> bool {
        byte & 0b1100_0000 != 0b1000_0000
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LineFeed;

impl Mark for LineFeed {
    fn is_mark(byte: u8) -> bool {
        byte == b'\n'
    }
}

/// The marks of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marks<M> {
    /// `before[k]` is the number of marks before byte `k * STRIDE`.
    before: Vec<usize>,
    total: usize,
    kind: PhantomData<M>,
}

impl<M: Mark> Marks<M> {
    fn new(text: &[u8]) -> Self {
        let counts =
            if text.len() < PARALLEL_THRESHOLD { count_strides::<M>(text) } else { count_in_parallel::<M>(text) };
        Self::of_counts(counts)
    }

    /// `counts` are the marks of one stride after the other.
    fn of_counts(counts: impl IntoIterator<Item = u16>) -> Self {
        let mut total = 0;
        let before = counts
            .into_iter()
            .map(|count| {
                let here = total;
                total += usize::from(count);
                here
            })
            .collect();
        Self { before, total, kind: PhantomData }
    }

    /// How many marks lie before `byte`.
    fn before<B: Bytes + ?Sized>(&self, text: &B, byte: usize) -> Result<usize, B::Error> {
        if byte >= text.byte_len() {
            return Ok(self.total);
        }
        let stride = byte / STRIDE;
        Ok(self.before[stride] + M::count(&text.bytes(stride * STRIDE..byte)?))
    }

    /// Where mark number `n`, counted from 0, is; the text's length if there are fewer.
    fn position<B: Bytes + ?Sized>(&self, text: &B, n: usize) -> Result<usize, B::Error> {
        const STEP: usize = 64;
        if n >= self.total {
            return Ok(text.byte_len());
        }
        let stride = self.before.partition_point(|&before| before <= n) - 1;
        let mut to_skip = n - self.before[stride];
        let start = stride * STRIDE;
        let bytes = text.bytes(start..(start + STRIDE).min(text.byte_len()))?;
        let mut offset = 0;
        for step in bytes.chunks(STEP) {
            let count = M::count(step);
            if to_skip < count {
                break;
            }
            to_skip -= count;
            offset += step.len();
        }
        let marks = bytes[offset..].iter().enumerate().filter(|&(_, &byte)| M::is_mark(byte));
        Ok(marks.map(|(at, _)| start + offset + at).nth(to_skip).unwrap_or(text.byte_len()))
    }
}

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
        (CharIndex::of_marks(chars, byte_len), LineIndex { marks: lines })
    }
}

fn count_strides<M: Mark>(text: &[u8]) -> Vec<u16> {
    // A stride has 4096 bytes, so its count always fits.
    text.chunks(STRIDE).map(|stride| M::count(stride) as u16).collect()
}

fn count_in_parallel<M: Mark>(text: &[u8]) -> Vec<u16> {
    let parts: Vec<Vec<u16>> = thread::scope(|scope| {
        let workers = stride_aligned_parts(text.len()).into_iter().map(|part| {
            let worker = thread::Builder::new().spawn_scoped(scope, {
                let part = part.clone();
                move || count_strides::<M>(&text[part])
            });
            (part, worker)
        });
        let workers: Vec<_> = workers.collect();
        let counted = workers.into_iter().map(|(part, worker)| match worker {
            Ok(worker) => worker.join().expect("counting does not panic"),
            // A system that gives no thread still gets its count.
            Err(_) => count_strides::<M>(&text[part]),
        });
        counted.collect()
    });
    parts.concat()
}

/// Splits `0..len` into one part for each core; each begins at a multiple of the tables' stride.
pub fn stride_aligned_parts(len: usize) -> Vec<Range<usize>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let part_len = len.div_ceil(cores).next_multiple_of(STRIDE).max(STRIDE);
    (0..len).step_by(part_len).map(|start| start..(start + part_len).min(len)).collect()
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

    /// How many characters each stride has, one after the other; nothing for an ASCII text.
    pub fn counts(&self) -> impl Iterator<Item = u16> {
        let marks = self.marks.iter();
        marks.flat_map(|marks| {
            let ends = marks.before.iter().skip(1).chain([&marks.total]);
            marks.before.iter().zip(ends).map(|(start, end)| (end - start) as u16)
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
        match &self.marks {
            None => char.min(self.char_len),
            Some(marks) => {
                let Ok(byte) = marks.position(text, char);
                byte
            }
        }
    }
}

/// Converts between bytes and lines of one text. A line ends with a line feed, as for `ripgrep` and for editors; lines
/// are counted from 0 here and from 1 wherever people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    marks: Marks<LineFeed>,
}

impl LineIndex {
    pub fn new(text: &[u8]) -> Self {
        Self { marks: Marks::new(text) }
    }

    /// The number of lines; text behind the last line feed is a line, nothing behind it is none.
    pub fn line_count<B: Bytes + ?Sized>(&self, text: &B) -> Result<usize, B::Error> {
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
    use super::*;

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
    fn parallel_and_serial_counts_agree() {
        let text = "aé漢😀\n".repeat(PARALLEL_THRESHOLD / 11 + 7);
        let bytes = text.as_bytes();
        assert_eq!(count_strides::<CharStart>(bytes), count_in_parallel::<CharStart>(bytes));
        assert_eq!(count_strides::<LineFeed>(bytes), count_in_parallel::<LineFeed>(bytes));
    }
}
