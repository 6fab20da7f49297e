//! Tree-sitter grammars whose parse tables are compressed until a language is used.
//!
//! The tables of 21 grammars are 35 MB, and few processes use more than three or four of them; compressed they are 2.7 MB.
//! `build.rs` takes them out of the grammars, and each function here unpacks those of its language when it is first
//! called, at some 700 MB a second. They stay until the process ends.

use flate2::{Decompress, FlushDecompress, Status};
use std::sync::OnceLock;
use tree_sitter::{Language, ffi::TSLanguage};

/// A grammar that lacks its parse tables.
struct Packed {
    /// The tables one after the other, compressed.
    tables: &'static [u8],
    /// How many words the tables are.
    words: usize,
    /// Completes the grammar with its tables.
    complete: unsafe extern "C" fn(*const u32) -> *const TSLanguage,
    language: OnceLock<Language>,
}

impl Packed {
    fn language(&self) -> Language {
        let unpack = || {
            let tables = Box::leak(unpacked(self.tables, self.words));
            // SAFETY: `complete` was generated for tables of these lengths (see `build.rs`), which live as long as the
            // process, and is called once. It returns a static grammar.
            unsafe { Language::from_raw((self.complete)(tables.as_ptr())) }
        };
        self.language.get_or_init(unpack).clone()
    }
}

fn unpacked(compressed: &[u8], words: usize) -> Box<[u32]> {
    let mut tables = vec![0_u32; words].into_boxed_slice();
    // SAFETY: any bytes are words, and words are aligned better than bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(tables.as_mut_ptr().cast::<u8>(), size_of_val(&*tables)) };
    let status = Decompress::new(false).decompress(compressed, bytes, FlushDecompress::Finish);
    assert!(matches!(status, Ok(Status::StreamEnd)), "the tables of a grammar are what the build has packed");
    tables
}

macro_rules! grammar {
    ($name:ident, $words:literal, $tables:literal, $complete:ident) => {
        #[doc = concat!("The grammar `", stringify!($name), "`.")]
        pub fn $name() -> Language {
            unsafe extern "C" {
                fn $complete(tables: *const u32) -> *const TSLanguage;
            }
            static PACKED: Packed = Packed {
                tables: include_bytes!(concat!(env!("OUT_DIR"), "/", $tables)),
                words: $words,
                complete: $complete,
                language: OnceLock::new(),
            };
            PACKED.language()
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/grammars.rs"));
