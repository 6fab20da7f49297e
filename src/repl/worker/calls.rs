//! Who waits for what from the server, and whose turn it is to read it.
//!
//! Whoever waits for something from the server and finds that nobody reads reads itself, and hands to others what is
//! theirs. So an answer is received by the thread that waits for it, without another one in between. Whoever has its own and
//! leaves wakes another one, who reads from then on.

use super::{
    super::wire::{Raised, ToWorker},
    clock::Clock,
};
use rustix::io;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::PoisonError,
};

// The tests go through all orders in which threads can run, and need locks that let them.
#[cfg(test)]
use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
#[cfg(not(test))]
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// What the server says to a call.
pub type Answer = Result<Value, Raised>;

/// The calls that are open, and the reader of the connection, which one thread at a time has.
pub struct Calls<R> {
    state: Mutex<State<R>>,
    /// Where the loop of the process waits while somebody else reads.
    idle: Condvar,
}

struct State<R> {
    last_id: u64,
    /// Who has no answer yet, the oldest call first, and where they wait while somebody else reads.
    waiting: BTreeMap<u64, Arc<Condvar>>,
    /// Answers that were not fetched yet.
    answers: HashMap<u64, Answer>,
    /// What has come for the loop of the process.
    message: Option<ToWorker>,
    /// Whether that loop waits while somebody else reads.
    is_idle: bool,
    /// Absent while somebody reads.
    reader: Option<R>,
    clock: Clock,
    /// The cell that runs, or has run last.
    cell: u64,
}

impl<R> Calls<R> {
    pub fn new(reader: R) -> Self {
        let state = State {
            last_id: 0,
            waiting: BTreeMap::new(),
            answers: HashMap::new(),
            message: None,
            is_idle: false,
            reader: Some(reader),
            clock: Clock::default(),
            cell: 0,
        };
        Self { state: Mutex::new(state), idle: Condvar::new() }
    }

    /// No code panics while it holds this lock.
    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a call. Returns its number, and the cell that it belongs to.
    pub fn open(&self) -> (u64, u64) {
        let mut state = self.state();
        state.last_id += 1;
        let id = state.last_id;
        state.waiting.insert(id, Arc::new(Condvar::new()));
        state.clock.wait();
        (id, state.cell)
    }

    /// Closes a call that gets no answer, because it could not be sent.
    pub fn close(&self, id: u64) {
        let mut state = self.state();
        state.forget(id);
        state.pass_on(&self.idle);
    }

    /// Waits for the answer to a call, and reads if nobody else does. `read` waits for a message; `None` stands for the
    /// end of the server.
    ///
    /// # Errors
    /// The cell is over, the server is gone, or its messages make no sense.
    pub fn answer(&self, id: u64, mut read: impl FnMut(&mut R) -> io::Result<Option<ToWorker>>) -> io::Result<Answer> {
        let mut state = self.state();
        let outcome = loop {
            if let Some(answer) = state.answers.remove(&id) {
                break Ok(answer);
            }
            let Some(awake) = state.waiting.get(&id).cloned() else {
                break Err(io::Errno::PIPE);
            };
            // There is room for one message: the loop of the process has to take that first.
            let free = if state.message.is_none() { state.reader.take() } else { None };
            let Some(reader) = free else {
                state = awake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let came;
            (state, came) = self.read(state, reader, &mut read);
            match came {
                Ok(true) => {}
                Ok(false) => break Err(io::Errno::PIPE),
                Err(error) => break Err(error),
            }
        };
        state.pass_on(&self.idle);
        outcome
    }

    /// Waits for what is for the loop of the process; `None` when the server is gone.
    pub fn receive(
        &self,
        mut read: impl FnMut(&mut R) -> io::Result<Option<ToWorker>>,
    ) -> io::Result<Option<ToWorker>> {
        let mut state = self.state();
        loop {
            if let Some(message) = state.message.take() {
                return Ok(Some(message));
            }
            let Some(reader) = state.reader.take() else {
                // A thread that an earlier program has left behind waits for an answer, and reads.
                state.is_idle = true;
                state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.is_idle = false;
                continue;
            };
            let came;
            (state, came) = self.read(state, reader, &mut read);
            if !came? {
                return Ok(None);
            }
        }
    }

    /// Reads a message, while others have the lock, and hands it to whom it is for. Says whether there was one. If there
    /// are no more, nobody waits any longer.
    fn read<'a>(
        &'a self,
        state: MutexGuard<'a, State<R>>,
        mut reader: R,
        read: &mut impl FnMut(&mut R) -> io::Result<Option<ToWorker>>,
    ) -> (MutexGuard<'a, State<R>>, io::Result<bool>) {
        drop(state);
        let came = read(&mut reader);
        let mut state = self.state();
        state.reader = Some(reader);
        let came = came.map(|message| message.map(|message| state.deliver(message, &self.idle)).is_some());
        if !matches!(came, Ok(true)) {
            state.give_up();
        }
        (state, came)
    }

    /// Puts another reader in the place of the one that there was.
    pub fn replace_reader(&self, reader: R) {
        self.state().reader = Some(reader);
    }

    /// Uses the reader, unless somebody else has it.
    pub fn with_reader<T>(&self, work: impl FnOnce(&mut R) -> io::Result<T>) -> io::Result<T> {
        work(self.state().reader.as_mut().ok_or(io::Errno::BUSY)?)
    }

    /// Begins a cell: sets the clock to zero and starts it. Threads that still wait for an answer to an earlier cell
    /// get none.
    pub fn begin_cell(&self, cell: u64) {
        let mut state = self.state();
        state.give_up();
        state.cell = cell;
        state.clock = Clock::start();
    }

    /// What the clock of the cell says.
    pub fn clock<T>(&self, look: impl FnOnce(&Clock) -> T) -> T {
        look(&self.state().clock)
    }
}

impl<R> State<R> {
    /// Nobody waits for the answer to this call any more; the clock goes on if it was the last one. Returns where it was
    /// waited for.
    fn forget(&mut self, id: u64) -> Option<Arc<Condvar>> {
        let awake = self.waiting.remove(&id)?;
        if self.waiting.is_empty() {
            self.clock.run();
        }
        Some(awake)
    }

    /// Hands what has come to whom it is for.
    fn deliver(&mut self, message: ToWorker, idle: &Condvar) {
        match message {
            ToWorker::Reply { id, result } => {
                // An answer that nobody waits for belongs to a cell that has ended.
                if let Some(awake) = self.forget(id) {
                    self.answers.insert(id, result);
                    awake.notify_one();
                }
            }
            message => {
                self.message = Some(message);
                self.wake_loop(idle);
            }
        }
    }

    /// Sees to it that somebody reads as long as somebody waits. Everybody who stops to wait or to read does this.
    fn pass_on(&self, idle: &Condvar) {
        match self.waiting.values().next() {
            _ if self.reader.is_none() => {}
            Some(awake) => awake.notify_one(),
            None => self.wake_loop(idle),
        }
    }

    fn wake_loop(&self, idle: &Condvar) {
        if self.is_idle {
            idle.notify_one();
        }
    }

    /// There will be no answers to the calls that are open.
    fn give_up(&mut self) {
        for awake in mem::take(&mut self.waiting).into_values() {
            awake.notify_one();
        }
        self.clock.run();
    }
}

#[cfg(test)]
mod tests;
