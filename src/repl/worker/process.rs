//! What the system is asked for to copy a process, and to end this one.

use rustix::{
    fd::{AsRawFd, OwnedFd},
    io::{self, Errno},
    process::Pid,
};

/// Which of the two processes this is.
pub enum Copied {
    /// The one that was there before. The number is the copy's.
    Original(Pid),
    Copy,
}

/// Copies the process. The copy has only the thread that calls this, so no other thread may hold a lock at this moment that
/// the copy will want.
pub fn fork() -> io::Result<Copied> {
    // SAFETY: the callers see to it that nothing of the copy's memory is waited for or half changed: the nursery's other
    // thread only waits for this one, a supervisor is held, and with threads of Python alive there is no copy.
    match unsafe { libc::fork() } {
        -1 => Err(last_error()),
        0 => Ok(Copied::Copy),
        id => Pid::from_raw(id).map(Copied::Original).ok_or(Errno::INVAL),
    }
}

/// Ends the process at once, without the clean-up that a program could hold up, or that belongs to another process.
pub fn exit(status: i32) -> ! {
    // SAFETY: ends the process; nothing is used afterwards.
    unsafe { libc::_exit(status) }
}

/// Has the system forget copies of this process as soon as they have ended. Nobody waits for them.
pub fn forget_copies() -> io::Result<()> {
    // SAFETY: no code of this process handles the signal.
    match unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(last_error()),
        _ => Ok(()),
    }
}

/// Closes every descriptor but the first three and `kept`, whoever has left it open.
pub fn close_all_but(kept: &OwnedFd) -> io::Result<()> {
    const FIRST: u32 = 3;
    let kept = kept.as_raw_fd().unsigned_abs();
    for (first, last) in [(FIRST, kept.saturating_sub(1)), ((kept + 1).max(FIRST), u32::MAX)] {
        // SAFETY: whatever owned one of these descriptors in the process that this one was copied from was dropped before.
        if first <= last && unsafe { libc::close_range(first, last, 0) } != 0 {
            return Err(last_error());
        }
    }
    Ok(())
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN)
}
