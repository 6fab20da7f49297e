//! The memory that this process may take, and how it asks the server for more.
//!
//! All interpreters of a server share one budget of memory. A session begins with little. Where the kernel refuses
//! memory to it, because it has come to its limit, it asks the server, and raises the limit by what it gets. So the
//! limits of all sessions together stay within the budget. At the end of each program it gives back what it does not
//! use, and asks whether there is room for a checkpoint, which may come to hold as much as the session once more.
//!
//! The allocator asks, on whatever thread it is called. So nothing here allocates, and no lock is taken but the one
//! below. A copy of the process has the same socket; only one of them uses it at a time, and each knows its own answers
//! by their numbers.

use super::super::memory::{FIRST_BYTES, Reply, Request, Wish};
use rustix::{
    fd::{BorrowedFd, IntoRawFd, OwnedFd},
    io,
    mm::{MapFlags, ProtFlags, mmap_anonymous, munmap},
    net::{RecvFlags, SendFlags, recv, send},
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::gettid,
};
use std::{
    ptr,
    sync::atomic::{AtomicI32, AtomicU64, Ordering},
    thread,
};

/// The socket to the server. It is never closed, so the number stays its own. −1 in a process that is no session.
static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// The thread that asks, by its number; 0 if none does.
static ASKING: AtomicI32 = AtomicI32::new(0);

/// The number of the last request; its upper half counts the processes that have taken over.
static LAST: AtomicU64 = AtomicU64::new(0);
const TAKEN_OVER: u64 = 1 << 32;

/// Bytes that the process has been given beyond the first.
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// Bytes that the allocator had from the system when the session began.
static AT_FIRST: AtomicU64 = AtomicU64::new(0);

/// How often more is asked for one allocation at most. Once is enough where what was given back was really free.
const MOST_TRIES: usize = 64;

/// What is kept beyond what is used, so that the next program need not ask at once: a quarter, within these bounds.
const LEAST_SPARE: u64 = 2 << 20;
const MOST_SPARE: u64 = 64 << 20;

/// Begins to count for a session, which asks over this socket.
pub fn begin(socket: OwnedFd) {
    AT_FIRST.store(allocated().unwrap_or_default(), Ordering::Relaxed);
    SOCKET.store(socket.into_raw_fd(), Ordering::Release);
}

/// Tries something that takes this many bytes. As long as it fails, more is asked for; when that is refused, the last
/// try counts.
pub fn try_taking<T>(bytes: usize, try_it: impl Fn() -> Option<T>) -> Option<T> {
    let mut result = try_it();
    for _ in 0..MOST_TRIES {
        if result.is_some() || !grow(bytes) {
            break;
        }
        result = try_it();
    }
    result
}

/// Makes sure that the process may take this many bytes in one piece, for what takes memory without the allocator.
pub fn ensure(bytes: usize) -> bool {
    try_taking(bytes, || may_take(bytes).then_some(())).is_some()
}

/// Asks for at least this many more bytes; says whether they were granted.
fn grow(bytes: usize) -> bool {
    let Some(_asking) = Asking::begin() else { return false };
    let granted = exchange(Wish::More, bytes as u64);
    if granted == 0 || !change_limit(|limit| limit.saturating_add(granted)) {
        return false;
    }
    GIVEN.fetch_add(granted, Ordering::Relaxed);
    granted >= bytes as u64
}

/// Whether the process has more than it began with.
pub fn has_grown() -> bool {
    GIVEN.load(Ordering::Relaxed) > 0
}

/// Gives back what is not used. Says whether a checkpoint may be made, if one is wanted.
pub fn settle(wants_checkpoint: bool) -> bool {
    let Some(_asking) = Asking::begin() else { return true };
    let given = GIVEN.load(Ordering::Relaxed);
    if given > 0 {
        super::arenas::give_back_free();
    }
    let wanted = allocated().map_or(given, |allocated| {
        let used = allocated.saturating_sub(AT_FIRST.load(Ordering::Relaxed));
        (used + (used / 4).clamp(LEAST_SPARE, MOST_SPARE)).saturating_sub(FIRST_BYTES)
    });
    let kept = if wanted < given && change_limit(|limit| limit - (given - wanted)) { wanted } else { given };
    GIVEN.store(kept, Ordering::Relaxed);
    exchange(if wants_checkpoint { Wish::Checkpoint } else { Wish::Settle }, kept) > 0
}

/// Goes on in place of a process that has died, with the memory that a checkpoint was given.
pub fn take_over() {
    // Whichever thread of the other process was asking is not in this one.
    ASKING.store(0, Ordering::Relaxed);
    let last = LAST.load(Ordering::Relaxed);
    LAST.store((last / TAKEN_OVER + 1) * TAKEN_OVER, Ordering::Relaxed);
    if let Some(_asking) = Asking::begin() {
        exchange(Wish::TakeOver, 0);
    }
}

/// The right to ask.
struct Asking;

impl Asking {
    /// Waits for other threads. Nothing in a process that has nobody to ask, or if the thread asks already: then what
    /// it runs out of is the stack for asking.
    fn begin() -> Option<Self> {
        if SOCKET.load(Ordering::Acquire) < 0 {
            return None;
        }
        let own = gettid().as_raw_nonzero().get();
        loop {
            match ASKING.compare_exchange(0, own, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Self),
                Err(other) if other == own => return None,
                Err(_) => thread::yield_now(),
            }
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ASKING.store(0, Ordering::Release);
    }
}

/// Asks, and waits for the answer. A server that is gone grants nothing.
fn exchange(wish: Wish, bytes: u64) -> u64 {
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    // SAFETY: the descriptor is never closed once it is stored, and there is one, as those who ask have seen.
    let socket = unsafe { BorrowedFd::borrow_raw(SOCKET.load(Ordering::Acquire)) };
    let request = Request { number, wish, bytes }.to_bytes();
    if io::retry_on_intr(|| send(socket, &request, SendFlags::NOSIGNAL)) != Ok(request.len()) {
        return 0;
    }
    loop {
        let mut packet = [0; Reply::BYTES];
        match io::retry_on_intr(|| recv(socket, packet.as_mut_slice(), RecvFlags::empty())) {
            Ok((_, Reply::BYTES)) => {}
            _ => return 0,
        }
        let reply = Reply::from_bytes(packet);
        // What a process that has died had asked for means nothing here.
        if reply.number == number {
            return reply.bytes;
        }
    }
}

/// Changes the limit that the kernel keeps, below its maximum.
fn change_limit(change: impl FnOnce(u64) -> u64) -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Data);
    // Without a limit nobody would have asked.
    let Some(current) = current else { return true };
    let changed = maximum.unwrap_or(u64::MAX).min(change(current));
    setrlimit(Resource::Data, Rlimit { current: Some(changed), maximum }).is_ok()
}

/// Whether the kernel would give this much in one piece.
fn may_take(bytes: usize) -> bool {
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: a mapping at a place of the system's choice touches no other, and nobody knows of it before it is gone
    // again.
    unsafe { mmap_anonymous(ptr::null_mut(), bytes, protection, flags).and_then(|start| munmap(start, bytes)) }.is_ok()
}

/// Bytes that the allocator has from the system, if it tells.
fn allocated() -> Option<u64> {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it only reads what the allocator knows of itself. The numbers have 32 bits and no sign.
        let known = unsafe { libc::mallinfo() };
        Some([known.arena, known.hblkhd].iter().map(|&bytes| u64::from(bytes.cast_unsigned())).sum())
    }
    #[cfg(not(target_env = "gnu"))]
    {
        None
    }
}
