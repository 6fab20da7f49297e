//! The index of ordinary strings, which have none of their own.
//!
//! The interpreter walks through a string that is not ASCII to find a character. A program that searches or cuts a long
//! string in a loop would wait for minutes; so the index of the long string that was asked last is kept.
//!
//! Superfluous from RustPython 0.6.0 on (#8522), whose strings keep an index.

use crate::{repl::worker::text_view::CharMap, text::CharIndex};
use rustpython_vm::{
    AsObject, Py,
    builtins::{PyStr, PyStrRef},
};
use std::sync::{Arc, Mutex, PoisonError};

/// The indexes of strings of at least this many bytes are worth keeping.
const MIN_KEPT_BYTES: usize = 4 << 10;

/// The string is kept with its index. So nobody modifies it in place, as the interpreter does with a string that has
/// only one owner.
static LAST: Mutex<Option<(PyStrRef, Arc<CharIndex>)>> = Mutex::new(None);

/// Hands over a map of the string's characters.
pub fn with_map<R>(string: &Py<PyStr>, look_up: impl FnOnce(CharMap<'_>) -> R) -> R {
    let bytes = string.as_bytes();
    if string.isascii() {
        look_up(CharMap::ascii(bytes))
    } else if bytes.len() < MIN_KEPT_BYTES {
        look_up(CharMap::indexed(bytes, &CharIndex::new(bytes)))
    } else {
        look_up(CharMap::indexed(bytes, &index_of(string)))
    }
}

fn index_of(string: &Py<PyStr>) -> Arc<CharIndex> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((kept, index)) if kept.is(string) => Arc::clone(index),
        _ => {
            let index = Arc::new(CharIndex::new(string.as_bytes()));
            let previous = last.replace((string.to_owned(), Arc::clone(&index)));
            // Letting go of a string may run code of the program, which must find the lock free.
            drop(last);
            drop(previous);
            index
        }
    }
}
