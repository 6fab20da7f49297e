//! Where a text lies: in a file that belongs to nobody else, cannot change any more, and is mapped into memory.
//!
//! On Linux that is a memfd sealed against every change, so even a process that gets the descriptor cannot touch it. A
//! text above [`MEMORY_LIMIT`] goes to a temporary file without a name instead, so that the kernel can put it on the
//! disk; after it was written only a read-only descriptor is left. The interpreter's process maps the same file.

use super::{
    error::Error,
    text_source::{Access, TextSource},
};
use crate::text::{Bytes, CharIndex, LineIndex};
use memmap2::{Mmap, MmapOptions};
use std::{
    borrow::Cow,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    sync::OnceLock,
};

/// A text above this many bytes is not kept in memory.
const MEMORY_LIMIT: u64 = 1 << 30;

/// A text that is being written.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    in_memory: bool,
    /// A second descriptor of the file on the disk that can only read.
    reader: Option<File>,
}

impl Draft {
    /// A draft of about `expected` bytes.
    pub fn new(expected: u64) -> io::Result<Self> {
        if expected <= MEMORY_LIMIT
            && let Some(file) = memory_file()
        {
            return Ok(Self { file, in_memory: true, reader: None });
        }
        let (file, reader) = nameless_file()?;
        Ok(Self { file, in_memory: false, reader: Some(reader) })
    }

    /// Writes `text` so that it begins at byte `offset`. Every byte up to the end must be written exactly once.
    pub fn write(&self, offset: u64, text: &str) -> io::Result<()> {
        self.file.write_all_at(text.as_bytes(), offset)
    }

    /// Closes the draft, which is `len` bytes long, for every change.
    pub fn seal(self, len: u64) -> io::Result<StoredText> {
        self.file.set_len(len)?;
        let file = match self.reader {
            Some(reader) => reader,
            None => self.file,
        };
        if self.in_memory {
            seal_memory_file(&file)?;
        }
        if len == 0 {
            return Ok(StoredText::new(file, None));
        }
        // SAFETY: the bytes cannot change while they are mapped. A memfd is sealed against writing, shrinking and
        // growing. A temporary file has no name by which another process could open it, the descriptor that could
        // write to it was dropped above, and the one that is left (and handed out) can only read.
        let map = unsafe { MmapOptions::new().map_copy_read_only(&file)? };
        Ok(StoredText::new(file, Some(map)))
    }
}

/// A file without a name that holds `bytes`, at its beginning.
pub(super) fn file_of(bytes: &[u8]) -> io::Result<File> {
    let file = scratch(0)?;
    file.write_all_at(bytes, 0)?;
    Ok(file)
}

/// A file without a name, of this length and without content.
pub(super) fn scratch(bytes: u64) -> io::Result<File> {
    let file = match memory_file() {
        Some(file) => file,
        None => nameless_file()?.0,
    };
    file.set_len(bytes)?;
    Ok(file)
}

/// A text that cannot change, and the file it lies in.
#[derive(Debug)]
pub(super) struct StoredText {
    file: File,
    /// Nothing for an empty text, which cannot be mapped.
    map: Option<Mmap>,
    /// Counted when they are first asked for.
    chars: OnceLock<CharIndex>,
    lines: OnceLock<LineIndex>,
}

impl StoredText {
    fn new(file: File, map: Option<Mmap>) -> Self {
        Self { file, map, chars: OnceLock::new(), lines: OnceLock::new() }
    }

    pub fn as_str(&self) -> &str {
        // SAFETY: `Draft` takes nothing but `str`s, wrote each whole and in its own place, and the bytes have not
        // changed since, see `seal`.
        unsafe { std::str::from_utf8_unchecked(self.map.as_deref().unwrap_or_default()) }
    }

    fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl Bytes for StoredText {
    type Error = Error;

    fn byte_len(&self) -> usize {
        self.as_str().len()
    }

    fn bytes(&self, range: Range<usize>) -> Result<Cow<'_, [u8]>, Error> {
        Ok(Cow::Borrowed(&self.as_bytes()[range]))
    }
}

impl TextSource for StoredText {
    fn read(&self, range: Range<usize>) -> Result<Cow<'_, str>, Error> {
        Ok(Cow::Borrowed(&self.as_str()[range]))
    }

    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    fn chars(&self) -> &CharIndex {
        self.chars.get_or_init(|| CharIndex::new(self.as_bytes()))
    }

    fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.as_bytes()))
    }

    fn access(&self) -> Access<'_> {
        Access::File(&self.file, 0)
    }

    fn in_memory(&self) -> Option<&str> {
        Some(self.as_str())
    }

    // What is near is looked at, which takes less than to count all lines.

    fn line_start(&self, byte: usize) -> Result<usize, Error> {
        Ok(memchr::memrchr(b'\n', &self.as_bytes()[..byte]).map_or(0, |line_feed| line_feed + 1))
    }

    fn next_line(&self, byte: usize) -> Result<usize, Error> {
        let line_feed = memchr::memchr(b'\n', &self.as_bytes()[byte..]);
        Ok(line_feed.map_or(self.byte_len(), |line_feed| byte + line_feed + 1))
    }

    fn line_feeds(&self, range: Range<usize>) -> Result<usize, Error> {
        Ok(memchr::memchr_iter(b'\n', &self.as_bytes()[range]).count())
    }
}

#[cfg(target_os = "linux")]
fn memory_file() -> Option<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let descriptor = memfd_create("rlm-context", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).ok()?;
    Some(File::from(descriptor))
}

#[cfg(target_os = "linux")]
fn seal_memory_file(file: &File) -> io::Result<()> {
    use rustix::fs::{SealFlags, fcntl_add_seals};
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(file, seals).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn memory_file() -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn seal_memory_file(_file: &File) -> io::Result<()> {
    Ok(())
}

/// A file in the directory for temporary files that has no name any more, and a descriptor of it that can only read.
fn nameless_file() -> io::Result<(File, File)> {
    // It is created under a random name, and only its owner may read it.
    let named = tempfile::Builder::new().prefix("rlm-context-").tempfile()?;
    let reader = File::open(named.path())?;
    let identity = |file: &File| file.metadata().map(|it| (it.dev(), it.ino()));
    if identity(&reader)? != identity(named.as_file())? {
        return Err(io::Error::other("another program has replaced a temporary file"));
    }
    let (file, name) = named.into_parts();
    name.close()?;
    Ok((file, reader))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn check(expected: u64) {
        let draft = Draft::new(expected).unwrap();
        draft.write(3, "déf").unwrap();
        draft.write(0, "abc").unwrap();
        let stored = draft.seal(7).unwrap();
        assert_eq!(stored.as_str(), "abcdéf");

        let mut file = stored.file.try_clone().unwrap();
        assert!(file.write_all(b"x").is_err(), "the file must not be writable");
        assert!(file.set_len(0).is_err(), "the file must not shrink");
        assert!(file.set_len(100).is_err(), "the file must not grow");
        assert_eq!(stored.as_str(), "abcdéf");
    }

    #[test]
    fn a_text_in_memory_cannot_be_changed() {
        check(10);
    }

    #[test]
    fn a_text_on_the_disk_cannot_be_changed() {
        check(MEMORY_LIMIT + 1);
    }

    #[test]
    fn an_empty_text_is_a_text() {
        assert_eq!(Draft::new(0).unwrap().seal(0).unwrap().as_str(), "");
    }
}
