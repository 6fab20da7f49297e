//! A copy of the process from before a cell, which takes over if the cell's process dies.
//!
//! Between two cells the process forks. The copy sleeps on a pipe. If the cell ends well it is told so and exits; if
//! the cell's process dies (it was ended at its hard deadline, ran out of memory, or crashed), the pipe closes without
//! that word, and the copy goes on in its place, with all variables as they were before the cell. Forking shares the
//! memory until it is written to. It happens while the model writes its next program, so nobody waits for it.

use super::{
    super::wire::Cause,
    fork_server,
    process::{self, Copied},
};
use rustix::{
    fd::{AsRawFd, OwnedFd},
    io,
    pipe::{PipeFlags, pipe_with},
    process::{Pid, getpid},
};
use std::{
    sync::atomic::{AtomicI32, AtomicUsize, Ordering},
    thread,
};

/// What the cell's process tells its copy, one byte each; the last one counts.
const KEPT: u8 = b'k';
const TIME: u8 = b't';
const MEMORY: u8 = b'm';

/// The pipe to the copy that is kept now, or −1. Global, because the allocator writes to it when memory ends.
static NOTE_PIPE: AtomicI32 = AtomicI32::new(-1);

/// How many threads may be writing to it. It is closed only when none is, so that the number never is another
/// descriptor's.
static WRITERS: AtomicUsize = AtomicUsize::new(0);

/// Which of the two processes this is.
pub enum Fork {
    /// The one that goes on.
    Original(Checkpoint),
    /// The copy, after the original has died.
    Survivor(Cause),
}

/// The original's hold on its copy. Dropping it tells the copy that it is not needed.
pub struct Checkpoint {
    pipe: OwnedFd,
}

/// Makes the copy. The calling thread must be the only one that uses the interpreter, and its supervisor must be held.
pub fn fork(fork_server: Pid) -> io::Result<Fork> {
    let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC)?;
    let original = getpid();
    match process::fork()? {
        Copied::Copy => {
            // Threads that were writing are not in this process.
            NOTE_PIPE.store(-1, Ordering::SeqCst);
            WRITERS.store(0, Ordering::SeqCst);
            drop(write_end);
            let cause = await_end(&read_end);
            fork_server::be_adopted(original, fork_server)?;
            Ok(Fork::Survivor(cause))
        }
        Copied::Original(_) => {
            NOTE_PIPE.store(write_end.as_raw_fd(), Ordering::SeqCst);
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
            Ok(_) if note[0] == KEPT => process::exit(0),
            Ok(_) if note[0] == TIME => cause = Cause::Time,
            Ok(_) if note[0] == MEMORY => cause = Cause::Memory,
            Ok(_) | Err(io::Errno::INTR) => {}
            Err(_) => return cause,
        }
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        NOTE_PIPE.store(-1, Ordering::SeqCst);
        // Whoever has counted itself before the number was taken away may still write; it does nothing else meanwhile.
        while WRITERS.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
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
    WRITERS.fetch_add(1, Ordering::SeqCst);
    let pipe = NOTE_PIPE.load(Ordering::SeqCst);
    if pipe >= 0 {
        // SAFETY: the pipe is open: who closes it takes its number away first, and then waits until nobody is counted
        // who may have read it before. `write` reads one byte from a local variable.
        unsafe { libc::write(pipe, (&raw const byte).cast(), 1) };
    }
    WRITERS.fetch_sub(1, Ordering::SeqCst);
}
