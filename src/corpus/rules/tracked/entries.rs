//! The entries of an index, one after the other.

use super::bitmap::set_bits;
use std::{
    io::{self, BufRead, Read, Take},
    ops::Range,
};

/// The largest index that is read, and the most bytes of all its paths together: four million files or so.
const MOST_BYTES: u64 = 256 << 20;

/// The most bytes of bitmaps: a bit for each entry, twice.
const MOST_LINK_BYTES: u32 = 1 << 20;

/// Longer paths no system opens.
const LONGEST_PATH: usize = 4 << 10;

/// Where among the numbers of a file, which come first in an entry, its kind stands.
const MODE: Range<usize> = 24..28;
const NUMBERS: usize = 40;

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file or a link.
    File,
    /// Another repository, of which git knows the commit.
    Repository,
}

/// The other part of an index that is split.
#[derive(Debug)]
pub(super) struct Link {
    /// By this the other part is named.
    pub base: String,
    /// Which of its entries do not count any more, by their numbers.
    pub removed: Vec<Range<u64>>,
}

/// An index that is read.
pub(super) struct Entries<R> {
    input: Take<R>,
    version: u32,
    hash_bytes: usize,
    /// How many entries are to come.
    left: u32,
    path: Vec<u8>,
    /// The most bytes that all further paths may have.
    path_bytes: u64,
}

impl<R: BufRead> Entries<R> {
    /// Reads the beginning of an index of `bytes` bytes.
    pub fn begin(index: R, bytes: u64, hash_bytes: usize) -> io::Result<Self> {
        if bytes > MOST_BYTES {
            return Err(damaged("it is too large"));
        }
        // Its own hash comes last, and is not looked at.
        let mut input = index.take(bytes.saturating_sub(hash_bytes as u64));
        let [signature, version, left] = numbers(&mut input)?;
        if signature != u32::from_be_bytes(*b"DIRC") || !(2..=4).contains(&version) {
            return Err(damaged("it is of another kind"));
        }
        Ok(Self { input, version, hash_bytes, left, path: Vec::new(), path_bytes: MOST_BYTES })
    }

    /// The path of the entry that was read last.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Reads the next entry that stands for something.
    pub fn next(&mut self) -> io::Result<Option<Kind>> {
        while self.left > 0 {
            self.left -= 1;
            let mode = self.entry()?;
            self.path_bytes =
                self.path_bytes.checked_sub(self.path.len() as u64).ok_or_else(|| damaged("too many paths"))?;
            match mode >> 12 {
                // In place of one in the other part of the index, which has its path.
                _ if self.path.is_empty() => {}
                // A folder of which no file is checked out.
                0o4 => {}
                0o16 => return Ok(Some(Kind::Repository)),
                _ => return Ok(Some(Kind::File)),
            }
        }
        Ok(None)
    }

    /// Reads an entry and says what it is.
    fn entry(&mut self) -> io::Result<u32> {
        let mut head = [0; NUMBERS + 32 + 2];
        let head = &mut head[..NUMBERS + self.hash_bytes + 2];
        self.input.read_exact(head)?;
        let mode = head[MODE].iter().fold(0, |mode, &byte| mode << 8 | u32::from(byte));
        let is_extended = head[head.len() - 2] & 0x40 != 0;
        let mut length = head.len();
        if is_extended {
            self.input.read_exact(&mut [0; 2])?;
            length += 2;
        }
        let kept = match self.version {
            4 => {
                let removed = varint(&mut self.input)?;
                let kept = usize::try_from(removed).ok().and_then(|removed| self.path.len().checked_sub(removed));
                kept.ok_or_else(|| damaged("a path is shorter than nothing"))?
            }
            _ => 0,
        };
        self.path.truncate(kept);
        let read = (&mut self.input).take(LONGEST_PATH as u64 + 1).read_until(0, &mut self.path)?;
        if self.path.pop() != Some(0) || self.path.len() > LONGEST_PATH {
            return Err(damaged("a path has no end"));
        }
        if self.version < 4 {
            // Entries have multiples of eight bytes.
            let length = length + read - 1;
            let filling = ((length + 8) & !7) - length - 1;
            self.input.read_exact(&mut [0; 8][..filling])?;
        }
        Ok(mode)
    }

    /// What stands behind the entries, if it leads to another index.
    pub fn link(mut self) -> io::Result<Option<Link>> {
        while self.input.limit() >= 8 {
            let [name, length] = numbers(&mut self.input)?;
            let mut extension = (&mut self.input).take(u64::from(length));
            if name != u32::from_be_bytes(*b"link") {
                io::copy(&mut extension, &mut io::sink())?;
                continue;
            }
            if length > MOST_LINK_BYTES {
                return Err(damaged("a bitmap is too large"));
            }
            let mut base = vec![0; self.hash_bytes];
            extension.read_exact(&mut base)?;
            if base.iter().all(|&byte| byte == 0) {
                return Ok(None);
            }
            let mut bitmaps = Vec::new();
            extension.read_to_end(&mut bitmaps)?;
            let removed = if bitmaps.is_empty() { Some(Vec::new()) } else { set_bits(&bitmaps) };
            let removed = removed.ok_or_else(|| damaged("a bitmap is cut"))?;
            return Ok(Some(Link { base: base.iter().map(|byte| format!("{byte:02x}")).collect(), removed }));
        }
        Ok(None)
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn numbers<const N: usize>(input: &mut impl Read) -> io::Result<[u32; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut bytes = [0; 4];
        input.read_exact(&mut bytes)?;
        *number = u32::from_be_bytes(bytes);
    }
    Ok(numbers)
}

/// A number in pieces of seven bits, of which each further one begins where all shorter ones end.
fn varint(input: &mut impl Read) -> io::Result<u64> {
    let mut value = 0_u64;
    for _ in 0..5 {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        value = value << 7 | u64::from(byte[0] & 0x7f);
        if byte[0] & 0x80 == 0 {
            return Ok(value);
        }
        value += 1;
    }
    Err(damaged("a number has no end"))
}
