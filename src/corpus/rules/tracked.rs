//! What git tracks, as a repository's index says: rules do not keep it out.
//!
//! An index comes with a repository, from anybody, and may have hundreds of megabytes. It is read as a stream, and of each
//! path a hash is kept. Versions 2 to 4 are understood, and an index that is split in two.

mod bitmap;
mod entries;

use entries::{Entries, Kind};
use std::io::{self, BufRead};

/// What is kept of an index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::corpus) struct Tracked {
    /// In order. Behind the path of a repository in the repository stand two slashes, behind that of a folder with tracked
    /// files one.
    hashes: Box<[u64]>,
}

/// What git tracks at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) enum Tracking {
    /// The file itself, or a repository with files of its own.
    Whole,
    /// Something in the folder.
    Inside,
    Nothing,
}

impl Tracked {
    /// Reads an index of `bytes` bytes. If it leads to another one, that is opened by `shared`, by its name.
    pub fn read<R: BufRead>(
        index: R,
        bytes: u64,
        hash_bytes: usize,
        shared: impl FnOnce(&str) -> io::Result<(R, u64)>,
    ) -> io::Result<Self> {
        let mut collected = Collected::default();
        let mut entries = Entries::begin(index, bytes, hash_bytes)?;
        while let Some(kind) = entries.next()? {
            collected.note(entries.path(), kind);
        }
        if let Some(link) = entries.link()? {
            let (index, bytes) = shared(&format!("sharedindex.{}", link.base))?;
            let mut entries = Entries::begin(index, bytes, hash_bytes)?;
            let mut removed = link.removed.into_iter().peekable();
            let mut number = 0;
            collected.path.clear();
            while let Some(kind) = entries.next()? {
                while removed.next_if(|range| range.end <= number).is_some() {}
                if !removed.peek().is_some_and(|range| range.contains(&number)) {
                    collected.note(entries.path(), kind);
                }
                number += 1;
            }
        }
        collected.hashes.sort_unstable();
        collected.hashes.dedup();
        Ok(Self { hashes: collected.hashes.into() })
    }

    /// `path` is relative to the folder of the repository.
    pub fn at(&self, path: &[u8], is_dir: bool) -> Tracking {
        let has = |hash: u64| self.hashes.binary_search(&hash).is_ok();
        let own = path.iter().fold(EMPTY, |hash, &byte| further(hash, byte));
        let inside = further(own, b'/');
        match is_dir {
            false if has(own) => Tracking::Whole,
            true if has(further(inside, b'/')) => Tracking::Whole,
            true if has(inside) => Tracking::Inside,
            _ => Tracking::Nothing,
        }
    }
}

/// Hashes of the paths that were met.
#[derive(Default)]
struct Collected {
    hashes: Vec<u64>,
    /// The path before. Its folders are known.
    path: Vec<u8>,
}

impl Collected {
    fn note(&mut self, path: &[u8], kind: Kind) {
        let common = path.iter().zip(&self.path).take_while(|(own, before)| own == before).count();
        let mut hash = EMPTY;
        for (at, &byte) in path.iter().enumerate() {
            hash = further(hash, byte);
            if byte == b'/' && at >= common {
                self.hashes.push(hash);
            }
        }
        match kind {
            Kind::File => self.hashes.push(hash),
            Kind::Repository => self.hashes.push(further(further(hash, b'/'), b'/')),
        }
        self.path.clear();
        self.path.extend_from_slice(path);
    }
}

/// FNV-1a of 64 bits: the hash of each beginning of a path comes on the way to that of the whole.
const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

fn further(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests;
