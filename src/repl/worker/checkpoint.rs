//! A copy of the process from before a cell, which takes over if the cell's process dies.
//!
//! Before each cell the process forks. The copy sleeps on a pipe. If the cell ends well it is told so and exits; if the
//! cell's process dies (it was ended at its hard deadline, ran out of memory, or crashed), the pipe closes without that
//! word, and the copy goes on in its place, with all variables as they were before the cell. Forking shares the memory
//! until it is written to, so a checkpoint costs about a millisecond.

use super::super::wire::Cause;
use rustix::{
    fd::{AsRawFd, OwnedFd},
    io,
    pipe::{PipeFlags, pipe_with},
};
use std::sync::atomic::{AtomicI32, Ordering};

/// What the cell's process tells its copy, one byte each; the last one counts.
const KEPT: u8 = b'k';
const TIME: u8 = b't';
const MEMORY: u8 = b'm';

/// The pipe to the copy of the cell that runs now, or −1. Global, because the allocator writes to it when memory ends.
static NOTE_PIPE: AtomicI32 = AtomicI32::new(-1);

/// Which of the two processes this is.
pub enum Fork {
    /// The one that runs the cell.
    Original(Checkpoint),
    /// The copy, after the original has died.
    Survivor(Cause),
}

/// The original's hold on its copy. Dropping it tells the copy that it is not needed.
pub struct Checkpoint {
    pipe: OwnedFd,
}

/// Makes the copy. The calling thread must be the only one that uses the interpreter.
pub fn fork() -> io::Result<Fork> {
    let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the copy has only this thread. No other thread of this process runs at this moment (the supervisor of the
    // last cell was joined, and with threads of Python alive no checkpoint is made), so no lock is held that the copy
    // would find locked for ever.
    match unsafe { libc::fork() } {
        -1 => Err(io::Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(io::Errno::AGAIN)),
        0 => {
            drop(write_end);
            NOTE_PIPE.store(-1, Ordering::Relaxed);
            Ok(Fork::Survivor(await_end(&read_end)))
        }
        _ => {
            NOTE_PIPE.store(write_end.as_raw_fd(), Ordering::Relaxed);
            Ok(Fork::Original(Checkpoint { pipe: write_end }))
        }
    }
}

/// Sleeps until the original is done, and exits then; returns if it has died.
fn await_end(pipe: &OwnedFd) -> Cause {
    let mut cause = Cause::Crash;
    loop {
        let mut note = [0];
        match io::read(pipe, &mut note) {
            Ok(0) => return cause,
            // SAFETY: ends the process without the clean-up that belongs to the original.
            Ok(_) if note[0] == KEPT => unsafe { libc::_exit(0) },
            Ok(_) if note[0] == TIME => cause = Cause::Time,
            Ok(_) if note[0] == MEMORY => cause = Cause::Memory,
            Ok(_) | Err(io::Errno::INTR) => {}
            Err(_) => return cause,
        }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        NOTE_PIPE.store(-1, Ordering::Relaxed);
        // A copy that is gone already needs no word.
        let _ = io::write(&self.pipe, &[KEPT]);
    }
}

/// Notes that the process is about to be ended because its time is up.
pub fn note_time() {
    note(TIME);
}

/// Notes that memory has ended. Called by the allocator: allocates nothing, takes no lock.
pub fn note_memory() {
    note(MEMORY);
}

fn note(byte: u8) {
    let pipe = NOTE_PIPE.load(Ordering::Relaxed);
    if pipe >= 0 {
        // SAFETY: `write` reads one byte from a local variable. A descriptor that was closed meanwhile is an error,
        // which is as good as no note.
        unsafe { libc::write(pipe, (&raw const byte).cast(), 1) };
    }
}
