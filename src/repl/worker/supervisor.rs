//! The thread that watches over running cells: it interrupts the program at its deadline, and ends the process if the
//! program does not heed the interruption.
//!
//! It lives as long as the process and sleeps on a timer, so that a short cell never wakes it. A copy of the process
//! lacks it and starts one of its own when it takes over. The process is copied only while the thread is *held*: it
//! sleeps then, or waits for the hold to end, and in neither case has taken a lock that the copy would find taken for
//! ever.

use super::{checkpoint, link::Link, process, reservation};
use rustix::{
    fd::OwnedFd,
    io,
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long an interrupted program may take to end before the process is ended.
const GRACE: Duration = Duration::from_secs(1);

/// How often the thread looks at least whether a program goes on that waits for the server.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes of the thread's stack.
const STACK: usize = 256 << 10;

/// The status with which the process ends at its hard deadline.
pub const ENDED_BY_DEADLINE: i32 = 137;

/// Raises an exception in the program, which says that it has run longer than this.
pub type Interrupt = Box<dyn Fn(Duration) + Send + Sync>;

/// The process's hold on the thread.
pub struct Supervisor(Arc<Watch>);

struct Watch {
    timer: OwnedFd,
    link: Arc<Link>,
    interrupt: Interrupt,
    /// The cell that runs. Whoever has it locked holds the thread.
    cell: Mutex<Option<Watched>>,
}

#[derive(Debug, Clone, Copy)]
struct Watched {
    limit: Duration,
    is_interrupted: bool,
}

/// The timer of a supervisor. It is made before the walls stand, behind which there are no new ones.
pub fn timer() -> io::Result<OwnedFd> {
    timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)
}

impl Supervisor {
    /// Starts the thread.
    pub fn start(timer: OwnedFd, link: Arc<Link>, interrupt: Interrupt) -> std::io::Result<Self> {
        let supervisor = Self(Arc::new(Watch { timer, link, interrupt, cell: Mutex::new(None) }));
        supervisor.start_thread()?;
        Ok(supervisor)
    }

    /// Starts the thread, which a copy of the process lacks.
    pub fn start_thread(&self) -> std::io::Result<()> {
        let watch = self.0.clone();
        // It ends with the process.
        // Its stack is no business of the allocator, which would ask for more.
        reservation::ensure(2 * STACK);
        thread::Builder::new().name("supervisor".to_owned()).stack_size(STACK).spawn(move || watch.keep())?;
        Ok(())
    }

    /// Begins to watch a cell, whose own time is `limit`.
    pub fn begin(&self, limit: Duration) -> io::Result<()> {
        *self.0.lock() = Some(Watched { limit, is_interrupted: false });
        self.0.wake_after(limit)
    }

    /// The cell has ended. From now on it is not interrupted.
    pub fn end(&self) {
        // The timer stays as it is: should it wake the thread, there is nothing to do.
        *self.0.lock() = None;
    }

    /// Does something while the thread can do nothing.
    pub fn held<R>(&self, work: impl FnOnce() -> R) -> R {
        let _held = self.0.lock();
        work()
    }
}

impl Watch {
    fn keep(&self) {
        loop {
            let mut times = [0; 8];
            if io::retry_on_intr(|| io::read(&self.timer, &mut times)).is_err() {
                end_process();
            }
            let mut cell = self.lock();
            if let Some(cell) = &mut *cell
                && self.wake_after(self.look(cell)).is_err()
            {
                end_process();
            }
        }
    }

    /// Does what the time of the cell demands; returns when to look again.
    fn look(&self, cell: &mut Watched) -> Duration {
        loop {
            let deadline = if cell.is_interrupted { cell.limit + GRACE } else { cell.limit };
            let (spent, waits) = self.link.time_spent();
            match (deadline.checked_sub(spent), waits) {
                (Some(left), false) if !left.is_zero() => return left,
                // The wait may end at any moment, and then all of the time counts.
                (Some(left), true) if !left.is_zero() => return left.max(LOOK),
                _ if cell.is_interrupted => end_process(),
                _ => {
                    (self.interrupt)(cell.limit);
                    cell.is_interrupted = true;
                }
            }
        }
    }

    fn wake_after(&self, time: Duration) -> io::Result<()> {
        // Nothing at all would turn the timer off.
        let time = time.max(Duration::from_millis(1));
        let it_value =
            Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval, it_value }).map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched>> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end_process() -> ! {
    checkpoint::note_time();
    process::exit(ENDED_BY_DEADLINE)
}
