//! Who waits for what from the server, and who reads it.

use super::super::wire::{Assembler, Frame, PACKET, Raised, ToWorker, WireError};
use super::clock::Clock;
use rustix::{
    fd::OwnedFd,
    io,
    net::{RecvFlags, recv},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};

/// For how long the one who reads looks again and again before it sleeps. Most answers come sooner than somebody could
/// be woken; while it looks it lets everybody else go first.
const IMPATIENCE: Duration = Duration::from_micros(50);

/// The calls that are open, and whose turn it is to read.
#[derive(Default)]
pub struct Calls {
    pub last_id: u64,
    pub waiting: HashMap<u64, Waiting>,
    /// The loop of the process, if it waits for somebody else to read.
    pub idle: Option<SyncSender<()>>,
    /// What has come for the loop of the process.
    pub message: Option<ToWorker>,
    /// Absent while somebody reads.
    pub reader: Option<Reader>,
    pub clock: Clock,
    /// The cell that runs, or has run last.
    pub cell: u64,
}

/// Somebody who waits for an answer.
pub struct Waiting {
    /// There is room for one word of each kind.
    pub words: SyncSender<Word>,
    /// Whether it was told to read, and has not heard it yet.
    pub is_called: bool,
}

/// What somebody who waits is told.
pub enum Word {
    Answer(Result<Value, Raised>),
    /// Nobody reads any more.
    Read,
}

impl Calls {
    /// Nobody waits for this call any more; the clock goes on if it was the last one. Returns who waited for it.
    pub fn forget(&mut self, id: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        if self.waiting.is_empty() {
            self.clock.run();
        }
        Some(waiting)
    }

    /// Hands what has come to whom it is for.
    pub fn deliver(&mut self, frame: &Frame) -> Result<(), WireError> {
        match frame.parse()? {
            ToWorker::Reply { id, result } => {
                // An answer that nobody waits for belongs to a cell that has ended.
                if let Some(waiting) = self.forget(id) {
                    // A waiter that is gone needs none.
                    let _ = waiting.words.try_send(Word::Answer(result));
                }
            }
            message => {
                self.message = Some(message);
                self.call_idle();
            }
        }
        Ok(())
    }

    /// Sees to it that somebody reads as long as somebody waits. Everybody who stops to wait or to read does this.
    pub fn pass_on(&mut self) {
        if self.reader.is_none() {
            return;
        }
        match self.waiting.values_mut().next() {
            // One that was called already will look.
            Some(waiting) if waiting.is_called => {}
            Some(waiting) => waiting.is_called = waiting.words.try_send(Word::Read).is_ok(),
            None => self.call_idle(),
        }
    }

    fn call_idle(&mut self) {
        if let Some(idle) = self.idle.take() {
            // One that is not there any more reads already.
            let _ = idle.try_send(());
        }
    }

    /// There will be no answers any more.
    pub fn give_up(&mut self) {
        self.waiting.clear();
        self.call_idle();
        self.clock.run();
    }
}

/// What whoever reads the socket needs.
pub struct Reader {
    pub assembler: Assembler,
    pub packet: Box<[u8]>,
}

impl Reader {
    pub fn new(generation: u32) -> Self {
        Self { assembler: Assembler::at(generation), packet: vec![0; PACKET].into() }
    }

    /// Waits for a frame; `None` when the server is gone.
    pub fn read(&mut self, socket: &OwnedFd) -> io::Result<Option<Frame>> {
        let began = Instant::now();
        let mut flags = RecvFlags::DONTWAIT;
        loop {
            match recv(socket, &mut *self.packet, flags) {
                Ok((_, 0)) => return Ok(None),
                Ok((_, size)) => {
                    let frame = self.assembler.push(&self.packet[..size]).map_err(|_| io::Errno::PROTO)?;
                    if frame.is_some() {
                        return Ok(frame);
                    }
                }
                Err(io::Errno::AGAIN) if began.elapsed() < IMPATIENCE => thread::yield_now(),
                Err(io::Errno::AGAIN) => flags = RecvFlags::empty(),
                Err(io::Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
