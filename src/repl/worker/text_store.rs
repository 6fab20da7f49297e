//! The bytes behind one or more texts: a memory-mapped file, or a string on the heap.
//!
//! A mapped text costs address space and page cache, but no memory of the worker's own, whatever its size.

use crate::text::CharIndex;
use memmap2::{Mmap, MmapOptions};
use std::{fmt, fs::File, io, str, sync::Arc};

enum Bytes {
    Mapped(Mmap),
    Heap(String),
}

/// An immutable UTF-8 text with its character index. All views of it share it.
pub struct TextStore {
    bytes: Bytes,
    index: CharIndex,
}

impl TextStore {
    /// Maps the first `len` bytes of `file` and indexes their characters.
    ///
    /// The engine wrote the file itself as checked UTF-8 and sealed it: nobody can change or truncate it while it is
    /// mapped. So it is not validated again, which would take longer than everything else.
    ///
    /// # Errors
    /// The file is shorter than `len`, or the system does not map it.
    pub fn map(file: File, len: usize) -> io::Result<Arc<Self>> {
        // The sandbox allows `fstat`, which takes a descriptor, and not `statx`, which takes a path as well.
        let size = u64::try_from(rustix::fs::fstat(&file)?.st_size).unwrap_or(0);
        if size < len as u64 {
            let message = format!("the text's file ends before its {len} bytes");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        if len == 0 {
            // An empty range cannot be mapped.
            return Ok(Self::from_string(String::new()));
        }
        // SAFETY: the file is sealed, so the bytes under the map never change.
        let map = unsafe { MmapOptions::new().len(len).map(&file)? };
        let index = CharIndex::new(&map);
        Ok(Arc::new(Self { bytes: Bytes::Mapped(map), index }))
    }

    /// A text on the heap, for what programs derive from others and for small texts.
    pub fn from_string(text: String) -> Arc<Self> {
        let index = CharIndex::new(text.as_bytes());
        Arc::new(Self { bytes: Bytes::Heap(text), index })
    }

    pub fn as_str(&self) -> &str {
        match &self.bytes {
            // SAFETY: see `map`; the engine checked the text when it wrote the file.
            Bytes::Mapped(map) => unsafe { str::from_utf8_unchecked(map) },
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
            Bytes::Heap(_) => "heap",
        };
        write!(f, "TextStore({kind}, {} bytes)", self.as_bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(content: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_mapped_text_is_the_beginning_of_its_file() {
        let store = TextStore::map(file("aé漢😀 and more"), 10).unwrap();
        assert_eq!(store.as_str(), "aé漢😀");
        assert_eq!(store.index().char_len(), 4);
    }

    #[test]
    fn an_empty_file_is_an_empty_text() {
        assert_eq!(TextStore::map(file(""), 0).unwrap().as_str(), "");
    }

    #[test]
    fn a_file_that_is_too_short_is_refused_instead_of_mapped() {
        let error = TextStore::map(file("abc"), 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
