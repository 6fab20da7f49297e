//! The allocator of the program: the system's, which leaves a note when memory ends.
//!
//! The interpreter's process has a limit on its data. An allocation beyond it fails, which for most allocations means
//! the end of the process; the note tells its checkpoint, and by it the model, that it was for want of memory.

use super::checkpoint;
use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator with a note at failure.
pub struct NotingAllocator;

// SAFETY: every call is handed on to the system's allocator unchanged; the note allocates nothing.
unsafe impl GlobalAlloc for NotingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the rules of `GlobalAlloc`, which are those of `System`; likewise below.
        noted(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see `alloc`.
        noted(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: see `alloc`.
        noted(unsafe { System.realloc(pointer, layout, new_size) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: see `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn noted(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        checkpoint::note_memory();
    }
    pointer
}
