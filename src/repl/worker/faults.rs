//! What happens when a thread touches memory that it may not touch: parts of a text that are not there yet ([`pages`]),
//! and the part of the stack that was not needed yet ([`stack`]), are made ready, and the thread goes on. Anything else
//! is a crash.
//!
//! The thread may have been stopped anywhere, so nothing that is called from here allocates, or takes a lock of others.

use super::{pages, stack};
use rustix::io;
use std::{mem::MaybeUninit, ptr};

/// What was to be done about such a signal before: the standard library's handler, which knows overflows of the stack.
static mut FORMER: MaybeUninit<libc::sigaction> = MaybeUninit::uninit();

/// Lets the system call the handler, on a stack of its own.
pub fn handle() -> io::Result<()> {
    // SAFETY: an action of zeros is one without flags and masks; `FORMER` is written here, before any signal can be
    // handled.
    let status = unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGSEGV, &raw const action, (&raw mut FORMER).cast())
    };
    if status == 0 { Ok(()) } else { Err(io::Errno::INVAL) }
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the system hands over a valid pointer, and the address is set for this signal.
    let address = unsafe { (*info).si_addr() }.addr();
    if !pages::fetch(address) && !stack::open(address) {
        // The instruction is tried again, and then the former handler is called.
        // SAFETY: see `handle`.
        unsafe {
            libc::sigaction(signal, (&raw const FORMER).cast(), ptr::null_mut());
        }
    }
}
