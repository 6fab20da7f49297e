//! What the system is asked for to copy a process, to set it apart, and to end it.

use rustix::{
    fd::{AsRawFd, OwnedFd, RawFd},
    fs::{Dir, Mode, OFlags, open},
    io::{self, Errno},
    process::Pid,
    thread::{UnshareFlags, unshare_unsafe},
    time::{ClockId, Timespec, clock_gettime},
};
use std::time::Duration;

/// The first descriptor behind the standard ones.
const FIRST_OWN: u32 = 3;

/// Which of the two processes this is.
pub enum Copied {
    /// The one that was there before. The number is the copy's.
    Original(Pid),
    Copy,
}

/// Copies the process. The copy has only the thread that calls this, so no other thread may hold a lock at this moment
/// that the copy will want.
pub fn fork() -> io::Result<Copied> {
    // SAFETY: the callers see to it that nothing of the copy's memory is waited for or half changed: the fork server's
    // other thread only waits for this one, a supervisor is held, and with threads of Python alive there is no copy.
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

/// Closes every descriptor but the first three, whoever has left it open. To be called before the process opens any.
pub fn close_inherited() -> io::Result<()> {
    // SAFETY: nothing in this process owns a descriptor yet, except for the standard library those that stay.
    match unsafe { libc::close_range(FIRST_OWN, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Fails if the process has anything open but the first three descriptors and these. What should be closed was dropped
/// by its owner. To close what is left over would take it from an owner that is not known.
pub fn ensure_open(expected: &[&OwnedFd]) -> io::Result<()> {
    let folder = open("/proc/self/fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let own = folder.as_raw_fd();
    for entry in Dir::new(folder)? {
        let Some(number) = entry?.file_name().to_str().ok().and_then(|name| name.parse::<RawFd>().ok()) else {
            continue;
        };
        let is_expected = number == own || expected.iter().any(|it| it.as_raw_fd() == number);
        if number.cast_unsigned() >= FIRST_OWN && !is_expected {
            return Err(Errno::MFILE);
        }
    }
    Ok(())
}

/// The processor time of all threads of the process so far.
pub fn processor_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(tv_sec.cast_unsigned(), u32::try_from(tv_nsec).unwrap_or_default())
}

/// Gives the process a user name space of its own.
pub fn unshare_user() -> io::Result<()> {
    // SAFETY: the flag that would separate descriptors, and leave other threads without some, is not among these.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN)
}
