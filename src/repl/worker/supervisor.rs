//! The thread that watches over a running cell: it hands answers to the threads that wait for them, interrupts the
//! program at its deadline, and ends the process if the program does not heed the interruption.

use super::{super::wire::Assembler, checkpoint, link::Link};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    fd::OwnedFd,
    io,
};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long an interrupted program may take to end before the process is ended.
const GRACE: Duration = Duration::from_secs(1);

/// The status with which the process ends at its hard deadline.
pub const ENDED_BY_DEADLINE: i32 = 137;

/// The thread of one cell. Dropping it ends the thread.
pub struct Supervisor {
    wake: Arc<OwnedFd>,
    thread: Option<JoinHandle<Assembler>>,
}

impl Supervisor {
    /// Starts to watch. `interrupt` is called once, when the program's own time is over.
    pub fn start(
        link: Arc<Link>,
        assembler: Assembler,
        limit: Duration,
        interrupt: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let watched = wake.clone();
        let thread = thread::Builder::new()
            .name("supervisor".to_owned())
            .stack_size(256 << 10)
            .spawn(move || watch(&link, &watched, assembler, limit, interrupt))?;
        Ok(Self { wake, thread: Some(thread) })
    }

    /// Ends the thread and returns what it had received so far of the next frame.
    pub fn stop(mut self) -> Assembler {
        self.end().unwrap_or_default()
    }

    fn end(&mut self) -> Option<Assembler> {
        let thread = self.thread.take()?;
        // The counter of an event descriptor takes one more at any time.
        let _ = io::write(&self.wake, &1_u64.to_ne_bytes());
        thread.join().ok()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.end();
    }
}

fn watch(
    link: &Link,
    wake: &OwnedFd,
    mut assembler: Assembler,
    limit: Duration,
    interrupt: impl FnOnce(),
) -> Assembler {
    let mut interrupt = Some(interrupt);
    loop {
        let deadline = if interrupt.is_some() { limit } else { limit + GRACE };
        let (spent, stands_still) = link.time_spent();
        if spent >= deadline {
            match interrupt.take() {
                Some(interrupt) => interrupt(),
                None => end_process(),
            }
            continue;
        }
        let left = (!stands_still).then(|| (deadline - spent).max(Duration::from_millis(1)));
        let timeout = left.map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() });
        let mut sources = [PollFd::new(wake, PollFlags::IN), PollFd::from_borrowed_fd(link.socket(), PollFlags::IN)];
        match poll(&mut sources, timeout.as_ref()) {
            Ok(_) | Err(io::Errno::INTR) => {}
            Err(_) => end_process(),
        }
        let (ended, readable) = (!sources[0].revents().is_empty(), !sources[1].revents().is_empty());
        if ended {
            return assembler;
        }
        if readable && !receive(link, &mut assembler) {
            // Without a server there is nothing left to do; the checkpoint finds the socket closed as well.
            end_process();
        }
    }
}

/// Takes the next answer; says whether the server is still there and makes sense.
fn receive(link: &Link, assembler: &mut Assembler) -> bool {
    match link.receive(assembler) {
        Ok(Some(frame)) => link.deliver(&frame).is_ok(),
        Ok(None) | Err(_) => false,
    }
}

fn end_process() -> ! {
    checkpoint::note_time();
    // SAFETY: ends the process at once, without clean-up that a program could hold up.
    unsafe { libc::_exit(ENDED_BY_DEADLINE) }
}
