//! The bytes behind one or more texts: a memory-mapped file, one that is fetched where it is looked at, or a string on
//! the heap.
//!
//! A mapped text costs address space and page cache, but no memory of the worker's own, whatever its size.

use super::{super::wire::Place, pages::Pages};
use crate::text::CharIndex;
use memmap2::{Mmap, MmapOptions};
use rustix::fd::OwnedFd;
use std::{
    fmt,
    fs::File,
    io::{self, Read},
    str,
    sync::Arc,
};

enum Bytes {
    Mapped(Mmap),
    Fetched(&'static Pages),
    Heap(String),
}

/// An immutable UTF-8 text with its character index. All views of it share it.
pub struct TextStore {
    bytes: Bytes,
    index: CharIndex,
}

impl TextStore {
    /// Maps the text that lies at `place` in `file`, and indexes its characters, which `counts` may have counted
    /// already.
    ///
    /// The engine has checked that it is UTF-8, so it is not validated again, which would take longer than everything
    /// else.
    ///
    /// # Errors
    /// The file is shorter than the place says, or the system does not map it.
    pub fn map(file: &File, place: Place, counts: Option<File>) -> io::Result<Arc<Self>> {
        // The sandbox allows `fstat`, which takes a descriptor, and not `statx`, which takes a path as well.
        let size = u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0);
        if size < place.offset.saturating_add(place.bytes as u64) {
            let message = format!("the text's file ends before its {} bytes", place.bytes);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        if place.bytes == 0 {
            // An empty range cannot be mapped.
            return Ok(Self::from_string(String::new()));
        }
        // SAFETY: the bytes under a map must not change. Those of sealed files cannot. A huge file of the workspace is
        // mapped where it lies, and whoever may write to it can break this, and what `as_str` says of it; a copy of
        // gigabytes, or a look at every byte again and again, are the only ways to rule that out. So this process may
        // then do anything at all. That is no more than a program may do anyway that has found a fault of the
        // interpreter: nothing trusts this process, the walls around it are built for native code, its end is expected
        // at any time, and the server throws its results away when the file has changed.
        let map = unsafe { MmapOptions::new().offset(place.offset).len(place.bytes).map(file)? };
        let index = match counts {
            _ if place.is_ascii => CharIndex::ascii(place.bytes),
            Some(mut counts) => {
                let mut bytes = Vec::new();
                counts.read_to_end(&mut bytes)?;
                CharIndex::of_counts(bytes.as_chunks().0.iter().map(|&count| u16::from_ne_bytes(count)), place.bytes)
            }
            None => CharIndex::new(&map),
        };
        Ok(Arc::new(Self { bytes: Bytes::Mapped(map), index }))
    }

    /// A text of `bytes` bytes that is fetched over a socket, into the file. Its parts have these bytes and characters.
    /// The server checks that they are UTF-8 when it fetches them.
    ///
    /// # Errors
    /// The lengths do not fit, or the system refuses to map this much.
    pub fn fetched(file: &File, bytes: usize, parts: &[(usize, usize)], socket: OwnedFd) -> io::Result<Arc<Self>> {
        if parts.iter().map(|&(bytes, _)| bytes).sum::<usize>() != bytes {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the parts are not as long as the text"));
        }
        if bytes == 0 {
            return Ok(Self::from_string(String::new()));
        }
        let pages = Pages::map(file, bytes, socket)?;
        Ok(Arc::new(Self { bytes: Bytes::Fetched(pages), index: CharIndex::of_parts(parts) }))
    }

    /// A text on the heap, for what programs derive from others and for small texts.
    pub fn from_string(text: String) -> Arc<Self> {
        let index = CharIndex::new(text.as_bytes());
        Arc::new(Self { bytes: Bytes::Heap(text), index })
    }

    pub fn as_str(&self) -> &str {
        match &self.bytes {
            // SAFETY: the server has checked that the bytes are UTF-8, and they do not change; what if they do, see
            // `map`.
            Bytes::Mapped(map) => unsafe { str::from_utf8_unchecked(map) },
            // SAFETY: the server checks each part that it fetches, before this process can read it, and nobody else
            // writes to the file; this process has it only to read.
            Bytes::Fetched(pages) => unsafe { str::from_utf8_unchecked(pages.as_bytes()) },
            Bytes::Heap(text) => text,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    pub fn index(&self) -> &CharIndex {
        &self.index
    }
}

impl fmt::Debug for TextStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.bytes {
            Bytes::Mapped(_) => "mapped",
            Bytes::Fetched(_) => "fetched",
            Bytes::Heap(_) => "heap",
        };
        write!(f, "TextStore({kind}, {} bytes)", self.as_bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    fn file(content: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    fn place(offset: u64, bytes: usize) -> Place {
        Place { offset, bytes, is_ascii: false }
    }

    #[test]
    fn a_mapped_text_is_what_lies_at_its_place() {
        let store = TextStore::map(&file("xaé漢😀 and more"), place(1, 10), None).unwrap();
        assert_eq!(store.as_str(), "aé漢😀");
        assert_eq!(store.index().char_len(), 4);
        let text = "aé漢😀\n".repeat(3000);
        let counts: Vec<u8> = CharIndex::new(text.as_bytes()).counts().flat_map(u16::to_ne_bytes).collect();
        let mut counted = tempfile::tempfile().unwrap();
        counted.write_all(&counts).unwrap();
        counted.rewind().unwrap();
        let store = TextStore::map(&file(&text), place(0, text.len()), Some(counted)).unwrap();
        assert_eq!(*store.index(), CharIndex::new(text.as_bytes()));
    }

    #[test]
    fn an_empty_file_is_an_empty_text() {
        assert_eq!(TextStore::map(&file(""), place(0, 0), None).unwrap().as_str(), "");
    }

    #[test]
    fn a_file_that_is_too_short_is_refused_instead_of_mapped() {
        let error = TextStore::map(&file("abc"), place(1, 3), None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
