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
pub(super) const PARALLEL_THRESHOLD: usize = 8 << 20;

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
pub(super) trait Mark {
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
pub(super) struct CharStart;

impl Mark for CharStart {
    fn is_mark(byte: u8) -> bool {
        byte & 0b1100_0000 != 0b1000_0000
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineFeed;

impl Mark for LineFeed {
    fn is_mark(byte: u8) -> bool {
        byte == b'\n'
    }
}

/// The marks of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks<M> {
    pub(super) table: Table,
    pub(super) total: usize,
    kind: PhantomData<M>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Table {
    Whole(Strides),
    /// In the order of the text, and none of them empty.
    Parts(Vec<Part>),
}

/// `before[k]` is the number of marks before byte `k * STRIDE` of a text or of a part of it.
pub(super) type Strides = Vec<usize>;

/// A part of a text of which it is known how many marks it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    bytes: Range<usize>,
    marks: Range<usize>,
    strides: OnceLock<Strides>,
}

impl<M: Mark> Marks<M> {
    pub(super) fn new(text: &[u8]) -> Self {
        let counts =
            if text.len() < PARALLEL_THRESHOLD { count_strides::<M>(text) } else { count_in_parallel::<M>(text) };
        Self::of_counts(counts)
    }

    /// `counts` are the marks of one stride after the other.
    pub(super) fn of_counts(counts: impl IntoIterator<Item = u16>) -> Self {
        let (strides, total) = add_up(counts);
        Self { table: Table::Whole(strides), total, kind: PhantomData }
    }

    /// `parts` are the bytes and marks of one part after the other.
    pub(super) fn of_parts(parts: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let (mut byte, mut total) = (0, 0);
        let parts = parts.into_iter().filter(|&(bytes, _)| bytes > 0).map(|(bytes, marks)| {
            let part = Part { bytes: byte..byte + bytes, marks: total..total + marks, strides: OnceLock::new() };
            (byte, total) = (part.bytes.end, part.marks.end);
            part
        });
        Self { table: Table::Parts(parts.collect()), total, kind: PhantomData }
    }

    /// How many marks lie before `byte`.
    pub(super) fn before<B: Bytes + ?Sized>(&self, text: &B, byte: usize) -> Result<usize, B::Error> {
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
    pub(super) fn position<B: Bytes + ?Sized>(&self, text: &B, n: usize) -> Result<usize, B::Error> {
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

pub(super) fn count_strides<M: Mark>(text: &[u8]) -> Vec<u16> {
    // A stride has 4096 bytes, so its count always fits.
    text.chunks(STRIDE).map(|stride| M::count(stride) as u16).collect()
}

pub(super) fn count_in_parallel<M: Mark>(text: &[u8]) -> Vec<u16> {
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
