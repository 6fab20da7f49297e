//! Sparse tables over a text: how many marks (starts of characters, line feeds) lie before a byte, and where the
//! n-th mark is.
//!
//! One count is kept per [`STRIDE`] bytes, so the table of a 1 GB text takes 2 MB. A look-up reads the table and counts
//! inside at most one stride, which costs about 100 ns.

use std::{marker::PhantomData, ops::Range, thread};

/// Bytes between two counts.
const STRIDE: usize = 4096;

/// Texts below this size are counted on the calling thread.
const PARALLEL_THRESHOLD: usize = 8 << 20;

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
        let mut total = 0;
        let before = counts
            .iter()
            .map(|&count| {
                let here = total;
                total += usize::from(count);
                here
            })
            .collect();
        Self { before, total, kind: PhantomData }
    }

    /// How many marks lie before `byte`.
    fn before(&self, text: &[u8], byte: usize) -> usize {
        if byte >= text.len() {
            return self.total;
        }
        let stride = byte / STRIDE;
        self.before[stride] + M::count(&text[stride * STRIDE..byte])
    }

    /// Where mark number `n`, counted from 0, is; the text's length if there are fewer.
    fn position(&self, text: &[u8], n: usize) -> usize {
        const STEP: usize = 64;
        if n >= self.total {
            return text.len();
        }
        let stride = self.before.partition_point(|&before| before <= n) - 1;
        let mut to_skip = n - self.before[stride];
        let mut offset = stride * STRIDE;
        for step in text[offset..].chunks(STEP) {
            let count = M::count(step);
            if to_skip < count {
                break;
            }
            to_skip -= count;
            offset += step.len();
        }
        let marks = text[offset..].iter().enumerate().filter(|&(_, &byte)| M::is_mark(byte));
        marks.map(|(at, _)| offset + at).nth(to_skip).unwrap_or(text.len())
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
        let marks = Marks::new(text);
        let char_len = marks.total;
        Self { marks: (char_len < text.len()).then_some(marks), char_len }
    }

    pub fn char_len(&self) -> usize {
        self.char_len
    }

    pub fn is_ascii(&self) -> bool {
        self.marks.is_none()
    }

    /// The number of the character that starts at `byte`; the text's length in characters at its end.
    pub fn char_of_byte(&self, text: &[u8], byte: usize) -> usize {
        match &self.marks {
            None => byte.min(self.char_len),
            Some(marks) => marks.before(text, byte),
        }
    }

    /// Where character number `char` starts; the text's length in bytes if there are fewer characters.
    pub fn byte_of_char(&self, text: &[u8], char: usize) -> usize {
        match &self.marks {
            None => char.min(self.char_len),
            Some(marks) => marks.position(text, char),
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
    pub fn line_count(&self, text: &[u8]) -> usize {
        let open_line = text.last().is_some_and(|&byte| byte != b'\n');
        self.marks.total + usize::from(open_line)
    }

    /// The line that `byte` lies in.
    pub fn line_of_byte(&self, text: &[u8], byte: usize) -> usize {
        self.marks.before(text, byte)
    }

    /// Where line `line` starts; the text's length if there are fewer lines.
    pub fn byte_of_line(&self, text: &[u8], line: usize) -> usize {
        match line.checked_sub(1) {
            None => 0,
            Some(previous) => (self.marks.position(text, previous) + 1).min(text.len()),
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
            assert_eq!(index.line_count(bytes), starts.len(), "{text:.20?}");
            for (line, &start) in starts.iter().enumerate() {
                assert_eq!(index.byte_of_line(bytes, line), start);
                assert_eq!(index.line_of_byte(bytes, start), line);
            }
            assert_eq!(index.byte_of_line(bytes, starts.len() + 3), bytes.len());
        }
    }

    #[test]
    fn parallel_and_serial_counts_agree() {
        let text = "aé漢😀\n".repeat(PARALLEL_THRESHOLD / 11 + 7);
        let bytes = text.as_bytes();
        assert_eq!(count_strides::<CharStart>(bytes), count_in_parallel::<CharStart>(bytes));
        assert_eq!(count_strides::<LineFeed>(bytes), count_in_parallel::<LineFeed>(bytes));
    }
}
