//! Sparse tables over a text: how many marks (starts of characters, line feeds) lie before a byte, and where the
//! n-th mark is.
//!
//! One count is kept per [`STRIDE`] bytes, so the table of a 1 GB text takes 2 MB. A look-up reads the table and counts
//! inside at most one stride, which costs about 100 ns. A text that is fetched in parts has a table for each of them, which is
//! made when a place inside of the part is first asked for.

use std::{borrow::Cow, convert::Infallible, marker::PhantomData, ops::Range, sync::OnceLock, thread};

/// Bytes between two counts.
pub const STRIDE: usize = 4096;

/// Texts below this size are counted on the calling thread.
const PARALLEL_THRESHOLD: usize = 8 << 20;

/// A text that is looked at in small parts, so that it need not lie in memory.
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
    table: Table,
    total: usize,
    kind: PhantomData<M>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Table {
    Whole(Strides),
    /// In the order of the text, and none of them empty.
    Parts(Vec<Part>),
}

/// `before[k]` is the number of marks before byte `k * STRIDE` of a text or of a part of it.
type Strides = Vec<usize>;

/// A part of a text of which it is known how many marks it has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    bytes: Range<usize>,
    marks: Range<usize>,
    strides: OnceLock<Strides>,
}

impl<M: Mark> Marks<M> {
    fn new(text: &[u8]) -> Self {
        let counts =
            if text.len() < PARALLEL_THRESHOLD { count_strides::<M>(text) } else { count_in_parallel::<M>(text) };
        Self::of_counts(counts)
    }

    /// `counts` are the marks of one stride after the other.
    fn of_counts(counts: impl IntoIterator<Item = u16>) -> Self {
        let (strides, total) = add_up(counts);
        Self { table: Table::Whole(strides), total, kind: PhantomData }
    }

    /// `parts` are the bytes and marks of one part after the other.
    fn of_parts(parts: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let (mut byte, mut total) = (0, 0);
        let parts = parts.into_iter().filter(|&(bytes, _)| bytes > 0).map(|(bytes, marks)| {
            let part = Part { bytes: byte..byte + bytes, marks: total..total + marks, strides: OnceLock::new() };
            (byte, total) = (part.bytes.end, part.marks.end);
            part
        });
        Self { table: Table::Parts(parts.collect()), total, kind: PhantomData }
    }

    /// How many marks lie before `byte`.
    fn before<B: Bytes + ?Sized>(&self, text: &B, byte: usize) -> Result<usize, B::Error> {
        if byte >= text.byte_len() {
            return Ok(self.total);
        }
        match &self.table {
            Table::Whole(strides) => marks_before::<M, B>(strides, text, 0, byte),
            Table::Parts(parts) => {
                let part = &parts[parts.partition_point(|part| part.bytes.end <= byte)];
                let inside = byte - part.bytes.start;
                if inside == 0 || part.marks.is_empty() {
                    return Ok(part.marks.start);
                }
                if part.marks.len() == part.bytes.len() {
                    return Ok(part.marks.start + inside);
                }
                let strides = part.strides::<M, B>(text)?;
                Ok(part.marks.start + marks_before::<M, B>(strides, text, part.bytes.start, byte)?)
            }
        }
    }

    /// Where mark number `n`, counted from 0, is; the text's length if there are fewer.
    fn position<B: Bytes + ?Sized>(&self, text: &B, n: usize) -> Result<usize, B::Error> {
        if n >= self.total {
            return Ok(text.byte_len());
        }
        match &self.table {
            Table::Whole(strides) => position_in::<M, B>(strides, text, 0..text.byte_len(), n),
            Table::Parts(parts) => {
                let part = &parts[parts.partition_point(|part| part.marks.end <= n)];
                let inside = n - part.marks.start;
                if part.marks.len() == part.bytes.len() {
                    return Ok(part.bytes.start + inside);
                }
                position_in::<M, B>(part.strides::<M, B>(text)?, text, part.bytes.clone(), inside)
            }
        }
    }
}

impl Part {
    fn strides<M: Mark, B: Bytes + ?Sized>(&self, text: &B) -> Result<&Strides, B::Error> {
        match self.strides.get() {
            Some(strides) => Ok(strides),
            None => {
                let bytes = text.bytes(self.bytes.clone())?;
                Ok(self.strides.get_or_init(|| add_up(count_strides::<M>(&bytes)).0))
            }
        }
    }
}

/// The marks before each stride, and all of them.
fn add_up(counts: impl IntoIterator<Item = u16>) -> (Strides, usize) {
    let mut total = 0;
    let before = counts.into_iter().map(|count| {
        let here = total;
        total += usize::from(count);
        here
    });
    (before.collect(), total)
}

/// How many marks lie between `start`, where the first stride begins, and `byte`.
fn marks_before<M: Mark, B: Bytes + ?Sized>(
    strides: &Strides,
    text: &B,
    start: usize,
    byte: usize,
) -> Result<usize, B::Error> {
    let stride = (byte - start) / STRIDE;
    Ok(strides[stride] + M::count(&text.bytes(start + stride * STRIDE..byte)?))
}

/// Where mark number `n` of the part `part` is, which begins with the first stride; its end if there are fewer.
fn position_in<M: Mark, B: Bytes + ?Sized>(
    strides: &Strides,
    text: &B,
    part: Range<usize>,
    n: usize,
) -> Result<usize, B::Error> {
    const STEP: usize = 64;
    let stride = strides.partition_point(|&before| before <= n) - 1;
    let mut to_skip = n - strides[stride];
    let start = part.start + stride * STRIDE;
    let bytes = text.bytes(start..(start + STRIDE).min(part.end))?;
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
    Ok(marks.map(|(at, _)| start + offset + at).nth(to_skip).unwrap_or(part.end))
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
        (CharIndex::of_marks(chars, byte_len), LineIndex { marks: lines, lines: None })
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
