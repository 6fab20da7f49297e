//! Shards of a folder that are kept open, and reading from them.
//!
//! A part of a shard cannot be compared with the hash. What can be told is whether the file is still what it was when
//! it was opened: it has the size that the manifest says, and nobody wrote to it since. A shard that is put in its
//! place has another file behind it, and the open one stays what it was.

use super::{
    super::{Trouble, count::Hasher, manifest::Hash},
    is_not_a_file,
};
use std::{
    collections::{HashMap, VecDeque},
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    sync::{Arc, Mutex, PoisonError},
};

/// The most files that are kept open: far fewer than a process may have.
const MOST: usize = 256;

/// Bytes of a shard that are looked through at a time: what stays in the processor's cache.
const BLOCK: usize = 256 << 10;

/// Open shards by their numbers.
#[derive(Debug, Default)]
pub(in super::super) struct OpenFiles(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    files: HashMap<usize, Arc<OpenFile>>,
    /// In the order in which they were opened.
    order: VecDeque<usize>,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    /// When it was last written to.
    changed: (i64, i64),
}

/// Why a shard could not be read.
#[derive(Debug)]
pub(in super::super) enum ReadError {
    Trouble(Trouble),
    Io(io::Error),
}

/// A shard to read from.
pub(in super::super) struct Wanted<'a> {
    pub shard: usize,
    /// How many bytes it should have.
    pub size: usize,
    pub open: &'a dyn Fn() -> io::Result<File>,
}

impl OpenFiles {
    /// Fills `bytes` with the part of a shard that begins at `start`.
    pub fn read(&self, wanted: &Wanted<'_>, start: usize, bytes: &mut [u8]) -> Result<(), ReadError> {
        let open = self.open(wanted)?;
        let read = open.file.read_exact_at(bytes, start as u64).map_err(ReadError::from);
        read.and_then(|()| open.check(wanted.size)).inspect_err(|_| self.forget(wanted.shard))
    }

    /// Shows all of a shard to `visit` in pieces that overlap by `overlap` bytes, and tells its hash. `visit` gets each
    /// piece with the place of its beginning.
    pub fn scan(
        &self,
        wanted: &Wanted<'_>,
        overlap: usize,
        buffer: &mut Vec<u8>,
        visit: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Hash, ReadError> {
        let open = self.open(wanted)?;
        let mut hasher = Hasher::default();
        let mut kept = 0;
        let mut at = 0;
        buffer.resize(overlap + BLOCK, 0);
        while at < wanted.size {
            let fresh = kept..kept + BLOCK.min(wanted.size - at);
            let read = open.file.read_exact_at(&mut buffer[fresh.clone()], at as u64);
            read.map_err(ReadError::from).inspect_err(|_| self.forget(wanted.shard))?;
            hasher.add(&buffer[fresh.clone()]);
            visit(at - kept, &buffer[..fresh.end]);
            at += fresh.len();
            let next_kept = overlap.min(fresh.end);
            buffer.copy_within(fresh.end - next_kept..fresh.end, 0);
            kept = next_kept;
        }
        open.check(wanted.size).inspect_err(|_| self.forget(wanted.shard))?;
        Ok(hasher.finish())
    }

    fn open(&self, wanted: &Wanted<'_>) -> Result<Arc<OpenFile>, ReadError> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = table.files.get(&wanted.shard) {
            return Ok(open.clone());
        }
        let open = Arc::new(OpenFile::open(wanted)?);
        if table.order.len() >= MOST
            && let Some(oldest) = table.order.pop_front()
        {
            table.files.remove(&oldest);
        }
        table.files.insert(wanted.shard, open.clone());
        table.order.push_back(wanted.shard);
        Ok(open)
    }

    /// What turned out to be no good is opened anew when it is wanted again.
    fn forget(&self, shard: usize) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.files.remove(&shard);
        table.order.retain(|&open| open != shard);
    }
}

impl OpenFile {
    fn open(wanted: &Wanted<'_>) -> Result<Self, ReadError> {
        let file = (wanted.open)()?;
        let metadata = file.metadata()?;
        let open = Self { file, changed: (metadata.mtime(), metadata.mtime_nsec()) };
        open.check(wanted.size)?;
        Ok(open)
    }

    /// Whether it is still what it was when it was opened.
    fn check(&self, size: usize) -> Result<(), ReadError> {
        let metadata = self.file.metadata()?;
        if metadata.len() != size as u64 {
            let found = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
            return Err(ReadError::Trouble(Trouble::Size { found, expected: size }));
        }
        if (metadata.mtime(), metadata.mtime_nsec()) != self.changed {
            return Err(ReadError::Trouble(Trouble::Changed));
        }
        Ok(())
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            _ if is_not_a_file(&error) => Self::Trouble(Trouble::NotAFile),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Trouble(Trouble::Missing),
            // It became shorter after it was opened.
            io::ErrorKind::UnexpectedEof => Self::Trouble(Trouble::Changed),
            _ => Self::Io(error),
        }
    }
}
