//! A huge file that is read where it lies: a copy of it would take longer than everything else together.
//!
//! Nothing keeps others from writing to such a file meanwhile, so it is never mapped here, where a truncated file would
//! end the process, but read piece by piece. It is read once from end to end, in parallel, to check that it is UTF-8,
//! to count characters and lines, and to take the hash of every block. Afterwards its fingerprint tells whether it may
//! have changed. If so it is hashed again: a log that has only grown is still the same text up to where it ended, and
//! anything else is an error, since what was read before and what is read now would be two texts.

use super::{
    decode::{BINARY_PROBE, Decoder},
    error::Error,
    exclusion::Reason,
    fingerprint::{ClockTick, Fingerprint},
    source::{Reading, Source, unreadable},
    stop::StopFlag,
    text_source::{Access, TextSource},
    threads::on_threads,
};
use crate::text::{Bytes, CharIndex, LineIndex, STRIDE, StrideCounts};
use std::{
    borrow::Cow,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that are read, counted and hashed at once.
const BLOCK: usize = 1 << 20;

/// The longest rest of a character that a block may begin with.
const LONGEST_REST: usize = 3;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file whose text is exactly its bytes, but for a byte order mark.
#[derive(Debug)]
struct InPlace {
    file: File,
    path: PathBuf,
    /// Where the text begins in the file.
    start: u64,
    len: usize,
    /// The hash of each block.
    hashes: Vec<u64>,
    seen: Mutex<Seen>,
    /// Whether it was asked for by name.
    is_named: bool,
}

/// When the file was last known to be what it was at first.
#[derive(Debug, Clone, Copy)]
struct Seen {
    fingerprint: Fingerprint,
    is_settled: bool,
}

/// The text of a file that was read from end to end.
#[derive(Debug)]
pub(super) struct InPlaceText {
    file: InPlace,
    chars: CharIndex,
    lines: LineIndex,
    pub had_mark: bool,
}

/// Reads a huge file from end to end. Nothing if it has to be converted, and an error of its own if it is binary,
/// cannot be read, or changes meanwhile.
pub(super) fn scan(source: &Source, path: PathBuf, stop: &StopFlag) -> Result<Option<InPlaceText>, Reason> {
    let read_at = ClockTick::now();
    let (file, fingerprint) = source.open_file()?;
    let mut head = vec![0; BINARY_PROBE];
    let read = file.read_at(&mut head, 0).map_err(unreadable)?;
    head.truncate(read);
    match Decoder::of(&head, source.is_named()) {
        None => return Err(Reason::Binary),
        Some(Decoder::Utf16(_)) => return Ok(None),
        Some(Decoder::Utf8(_)) => {}
    }
    if source.has_secret_head(&head) {
        return Err(Reason::Secret);
    }
    let had_mark = head.starts_with(MARK);
    let start = if had_mark { MARK.len() as u64 } else { 0 };
    let Ok(len) = usize::try_from(fingerprint.bytes.saturating_sub(start)) else { return Ok(None) };

    let seen = Mutex::new(Seen { fingerprint, is_settled: fingerprint.is_settled(read_at) });
    let text = InPlace { file, path, start, len, hashes: Vec::new(), seen, is_named: source.is_named() };
    let Some(blocks) = text.count(stop).map_err(unreadable)? else { return Ok(None) };
    let (hashes, counts): (Vec<_>, Vec<_>) = blocks.into_iter().map(|block| (block.hash, block.counts)).unzip();
    let text = InPlace { hashes, ..text };
    text.check().map_err(|error| Reason::Unreadable { error: error.to_string() })?;
    let (chars, lines) = StrideCounts::indexes(&counts, len);
    Ok(Some(InPlaceText { file: text, chars, lines, had_mark }))
}

/// What is known of a block.
#[derive(Debug)]
struct Block {
    hash: u64,
    counts: StrideCounts,
    /// Bytes at its beginning that belong to a character of the block before.
    rest: usize,
    /// Bytes behind its end that belong to its last character.
    beyond: usize,
}

impl InPlaceText {
    /// By what to tell later whether the file is still the same.
    pub fn reading(&self) -> Reading {
        let Seen { fingerprint, is_settled } = *self.file.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Reading::File { fingerprint, is_settled, is_named: self.file.is_named }
    }
}

impl Bytes for InPlaceText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.file.len
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        self.file.bytes(range).map(Cow::Owned)
    }
}

impl TextSource for InPlaceText {
    fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        let changed = |_| Error::Changed { path: self.file.path.clone() };
        String::from_utf8(self.file.bytes(range)?).map(Cow::Owned).map_err(changed)
    }

    fn check(&self) -> Result<(), Error> {
        self.file.check()
    }

    fn chars(&self) -> &CharIndex {
        &self.chars
    }

    fn lines(&self) -> &LineIndex {
        &self.lines
    }

    fn access(&self) -> Access<'_> {
        Access::File(&self.file.file, self.file.start)
    }
}

impl InPlace {
    /// The bytes `range`, which need not begin or end with characters.
    fn bytes(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let bytes = self.read_block(range).map_err(|error| self.failure(error))?;
        self.check()?;
        Ok(bytes)
    }

    /// Makes sure that the text is still the one that was read at first.
    fn check(&self) -> Result<(), Error> {
        let now = ClockTick::now();
        let fingerprint = stamp_of(&self.file).map_err(|error| self.failure(error))?;
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if fingerprint == seen.fingerprint && seen.is_settled {
            return Ok(());
        }
        if fingerprint.bytes < self.start + self.len as u64
            || !self.has_its_hashes().map_err(|error| self.failure(error))?
        {
            return Err(Error::Changed { path: self.path.clone() });
        }
        // What happened before it was hashed made no difference. What happens from now on changes the fingerprint.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Seen { fingerprint, is_settled: fingerprint.is_settled(now) };
        Ok(())
    }

    fn failure(&self, error: io::Error) -> Error {
        match error.kind() {
            // It has become shorter.
            io::ErrorKind::UnexpectedEof => Error::Changed { path: self.path.clone() },
            _ => Error::Unreadable { path: self.path.clone(), error: error.to_string() },
        }
    }

    /// Reads all blocks. Nothing if the file is no UTF-8, or nobody wants it any more.
    fn count(&self, stop: &StopFlag) -> io::Result<Option<Vec<Block>>> {
        let blocks = self.each_block(|range, bytes| {
            let block = Block::of(bytes, range.len(), range.start > 0);
            block.filter(|_| !stop.is_raised())
        })?;
        let fits = |blocks: &Vec<Block>| {
            let joints_fit = blocks.windows(2).all(|pair| pair[0].beyond == pair[1].rest);
            joints_fit && blocks.last().is_none_or(|last| last.beyond == 0)
        };
        Ok(blocks.filter(fits))
    }

    fn has_its_hashes(&self) -> io::Result<bool> {
        let same = self.each_block(|range, bytes| {
            (xxh3_64(&bytes[..range.len()]) == self.hashes[range.start / BLOCK]).then_some(())
        });
        match same {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            same => Ok(same?.is_some()),
        }
    }

    /// Does something with every block, in parallel, until it returns nothing. What comes first after the block is
    /// there as well.
    fn each_block<T: Send>(
        &self,
        work: impl Fn(Range<usize>, &[u8]) -> Option<T> + Sync,
    ) -> io::Result<Option<Vec<T>>> {
        let next = AtomicUsize::new(0);
        let run = || -> io::Result<Option<Vec<(usize, T)>>> {
            let mut done = Vec::new();
            let mut buffer = vec![0; BLOCK + LONGEST_REST];
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let start = number.saturating_mul(BLOCK);
                if start >= self.len {
                    return Ok(Some(done));
                }
                let range = start..(start + BLOCK).min(self.len);
                let bytes = &mut buffer[..(range.end + LONGEST_REST).min(self.len) - start];
                self.file.read_exact_at(bytes, self.start + start as u64)?;
                let Some(result) = work(range, bytes) else {
                    next.store(usize::MAX / 2 / BLOCK, Ordering::Relaxed);
                    return Ok(None);
                };
                done.push((number, result));
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let all: Vec<_> = on_threads(threads, run).into_iter().collect::<io::Result<_>>()?;
        let Some(parts) = all.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let mut done: Vec<(usize, T)> = parts.into_iter().flatten().collect();
        done.sort_unstable_by_key(|&(number, _)| number);
        Ok(Some(done.into_iter().map(|(_, result)| result).collect()))
    }

    fn read_block(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, self.start + range.start as u64)?;
        Ok(bytes)
    }
}

impl Block {
    /// `bytes` are those of the block, `len` of them, and up to three more. Nothing if they are no UTF-8.
    fn of(bytes: &[u8], len: usize, has_before: bool) -> Option<Self> {
        const { assert!(BLOCK.is_multiple_of(STRIDE)) };
        let is_rest = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let rest = if has_before { bytes.iter().take(LONGEST_REST).take_while(is_rest).count().min(len) } else { 0 };
        let valid = match simdutf8::compat::from_utf8(&bytes[rest..]) {
            Ok(_) => bytes.len(),
            Err(error) => rest + error.valid_up_to(),
        };
        if valid < len {
            return None;
        }
        let beyond = bytes[len..].iter().take_while(is_rest).count();
        let counts = StrideCounts::of(&bytes[..len]);
        Some(Self { hash: xxh3_64(&bytes[..len]), counts, rest, beyond: beyond.min(valid - len) })
    }
}

fn stamp_of(file: &File) -> io::Result<Fingerprint> {
    Ok(Fingerprint::from(&file.metadata()?))
}

#[cfg(test)]
mod tests;
