//! The allocator of the program: the system's, which asks for more when memory ends, and reports a refusal to the
//! checkpoint.
//!
//! The interpreter's process has a limit on its data. An allocation beyond it fails, and the process asks the server
//! for more ([`reservation`]). If that is refused, it fails for good, which for most allocations means the end of the
//! process; the note tells its checkpoint, and by it the model, that it was for want of memory.

use super::{checkpoint, reservation};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    ptr::{self, NonNull},
};

/// The system's allocator with other ways to fail.
pub struct NotingAllocator;

// SAFETY: every call is handed on to the system's allocator unchanged, again if it has failed; asking for more and the
// note allocate nothing.
unsafe impl GlobalAlloc for NotingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules of `GlobalAlloc`, which are those of `System`; likewise below.
        obtained(layout.size(), || unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see `alloc`.
        obtained(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: see `alloc`. What could not be made larger is still what it was.
        obtained(new_size, || unsafe { System.realloc(pointer, layout, new_size) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: see `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn obtained(bytes: usize, allocate: impl Fn() -> *mut u8) -> *mut u8 {
    match reservation::try_taking(bytes, || NonNull::new(allocate())) {
        Some(memory) => memory.as_ptr(),
        None => {
            checkpoint::note_memory();
            ptr::null_mut()
        }
    }
}
