//! The memory that the system's allocator has from the system and keeps for later.

/// Has the allocator return what it has no use for.
pub fn give_back_free() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes the allocator's own locks, and touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// The most arenas of this process.
const MOST_ARENAS: i32 = 4;

/// Has threads share a few arenas. By default each thread takes one of its own, eight for each processor, and what a search
/// has left free in one is no use to the next search, whose threads have others.
pub fn share_arenas() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it sets a number of the allocator's, before there is a second thread.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, MOST_ARENAS);
    }
}
