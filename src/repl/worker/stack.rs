//! The stack of the interpreter's first thread, which is as large as deep programs need it, and counts as memory only
//! as far as it was needed.
//!
//! Nobody may touch the lower part of it at first. Where a program gets there, the processor stops the thread, and the
//! handler of such [faults](super::faults) opens the next piece. The kernel counts what is open for the limit on
//! memory, so that a session pays for a deep stack as for anything else.

use super::{checkpoint, process, reservation};
use rustix::{
    io,
    mm::{Advice, MprotectFlags, madvise, mprotect},
};
use std::{
    hint::black_box,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes below the present end of the stack that stay open, and bytes that are opened at once.
const OPEN: usize = 1 << 20;
const PIECE: usize = 1 << 20;

/// The largest page of any system.
const PAGE: usize = 64 << 10;

/// The status with which the process ends if there is no memory for its stack.
const ENDED_WITHOUT_STACK: i32 = 135;

/// The closed part, from its lowest byte to where the open part begins. Nothing is closed if they are equal.
static LOWEST: AtomicUsize = AtomicUsize::new(0);
static OPEN_FROM: AtomicUsize = AtomicUsize::new(0);

/// Begins to look after the stack of the thread that calls this. The lowest pages stay as they are: there the
/// interpreter notices that the stack ends.
pub fn begin() -> io::Result<()> {
    let lowest = lowest_byte()?.next_multiple_of(PAGE) + PAGE;
    LOWEST.store(lowest, Ordering::Relaxed);
    OPEN_FROM.store(lowest, Ordering::Relaxed);
    close();
    Ok(())
}

/// Closes what is not needed now. To be called by the thread whose stack it is.
pub fn close() {
    let here = 0_u8;
    let here = ptr::from_ref(black_box(&here)).addr();
    let (open_from, wanted) = (OPEN_FROM.load(Ordering::Relaxed), here.saturating_sub(OPEN) / PAGE * PAGE);
    if open_from == 0 || wanted <= open_from {
        return;
    }
    let (start, len) = (ptr::without_provenance_mut(open_from), wanted - open_from);
    // SAFETY: nothing of this thread lies below the present end of its stack, and no other thread uses it.
    let closed = unsafe { madvise(start, len, Advice::LinuxDontNeed).and_then(|()| protect(open_from, wanted, false)) };
    if closed.is_ok() {
        OPEN_FROM.store(wanted, Ordering::Relaxed);
    }
}

/// Opens the piece with this address, which the thread whose stack it is has reached. Says whether it is one.
pub fn open(address: usize) -> bool {
    let (lowest, open_from) = (LOWEST.load(Ordering::Relaxed), OPEN_FROM.load(Ordering::Relaxed));
    if !(lowest..open_from).contains(&address) {
        return false;
    }
    let wanted = (address / PIECE * PIECE).max(lowest);
    // SAFETY: the range lies in the closed part of the stack.
    let open = || unsafe { protect(wanted, open_from, true) }.ok();
    if reservation::try_taking(open_from - wanted, open).is_none() {
        checkpoint::note_memory();
        process::exit(ENDED_WITHOUT_STACK);
    }
    OPEN_FROM.store(wanted, Ordering::Relaxed);
    true
}

/// # Safety
/// The range is a part of the stack, and closed only while nothing lies in it.
unsafe fn protect(start: usize, end: usize, is_open: bool) -> io::Result<()> {
    let rights = if is_open { MprotectFlags::READ | MprotectFlags::WRITE } else { MprotectFlags::empty() };
    // SAFETY: see above.
    unsafe { mprotect(ptr::without_provenance_mut(start), end - start, rights) }
}

/// Where the stack of this thread ends.
fn lowest_byte() -> io::Result<usize> {
    let (mut attributes, mut lowest, mut size) = (MaybeUninit::uninit(), ptr::null_mut(), 0);
    // SAFETY: the attributes are used only if they were filled in, and destroyed afterwards.
    let status = unsafe {
        match libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) {
            0 => {
                let status = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
                libc::pthread_attr_destroy(attributes.as_mut_ptr());
                status
            }
            status => status,
        }
    };
    if status == 0 { Ok(lowest.addr()) } else { Err(io::Errno::from_raw_os_error(status)) }
}
