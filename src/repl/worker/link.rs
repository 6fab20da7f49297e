//! The interpreter's side of the socket: calls to the server, and the clock that stands still while they run.

use super::super::wire::{
    Assembler, Call, Cause, FRAME_LIMIT, Frame, FromWorker, PACKET, Raised, ToWorker, WireError, packets,
};
use super::pages;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recv, recvmsg, send},
};
use serde_json::Value;
use std::{
    collections::HashMap,
    io::IoSliceMut,
    mem::MaybeUninit,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

/// The connection to the server. Threads of a program share it.
pub struct Link {
    socket: OwnedFd,
    /// Held while a frame is sent, so that the packets of two frames never mix.
    sending: Mutex<u32>,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    last_id: u64,
    waiting: HashMap<u64, SyncSender<Result<Value, Raised>>>,
    clock: Clock,
}

impl Calls {
    /// Nobody waits for this call any more; the clock goes on if it was the last one. Returns who waited for it.
    fn forget(&mut self, id: u64) -> Option<SyncSender<Result<Value, Raised>>> {
        let waiting = self.waiting.remove(&id)?;
        if self.waiting.is_empty() {
            self.clock.run();
        }
        Some(waiting)
    }
}

/// How long the program itself has run: the time during which no thread waits for the server.
#[derive(Default)]
struct Clock {
    spent: Duration,
    running_since: Option<Instant>,
    /// What had been waited for parts of the text when the clock was started, in nanoseconds.
    waited_before: u64,
}

impl Clock {
    fn stop(&mut self) {
        if let Some(since) = self.running_since.take() {
            self.spent += since.elapsed();
        }
    }

    fn run(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }

    fn spent(&self) -> Duration {
        let spent = self.spent + self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        spent.saturating_sub(Duration::from_nanos(pages::waited() - self.waited_before))
    }
}

impl Link {
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, sending: Mutex::new(0), calls: Mutex::default() }
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Which process of the session this is; the number grows when a checkpoint takes over.
    pub fn generation(&self) -> u32 {
        *lock(&self.sending)
    }

    /// Sends a frame. Fails with [`io::Errno::MSGSIZE`], and sends nothing, if it is longer than [`FRAME_LIMIT`].
    pub fn send(&self, message: &FromWorker) -> io::Result<()> {
        let frame = serde_json::to_vec(message).expect("a message can always be written as JSON");
        if frame.len() > FRAME_LIMIT {
            return Err(io::Errno::MSGSIZE);
        }
        let generation = lock(&self.sending);
        for packet in packets(*generation, &frame) {
            io::retry_on_intr(|| send(&self.socket, &packet, SendFlags::NOSIGNAL))?;
        }
        Ok(())
    }

    /// Waits for the first frame, and for the file that comes with it.
    pub fn receive_with_files(&self, assembler: &mut Assembler) -> io::Result<(Frame, Vec<OwnedFd>)> {
        let mut received_files = Vec::new();
        loop {
            let mut buffer = vec![0; PACKET];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut parts = [IoSliceMut::new(&mut buffer)];
            let received = recvmsg(&self.socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(files) = message {
                    received_files.extend(files);
                }
            }
            if received.bytes == 0 {
                return Err(io::Errno::PIPE);
            }
            if let Some(frame) = assembler.push(&buffer[..received.bytes]).map_err(|_| io::Errno::PROTO)? {
                return Ok((frame, received_files));
            }
        }
    }

    /// Whether something waits to be received.
    pub fn has_message(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut sources = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut sources, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    /// Waits for a frame; `None` when the server is gone.
    pub fn receive(&self, assembler: &mut Assembler) -> io::Result<Option<Frame>> {
        loop {
            let mut buffer = vec![0; PACKET];
            let (_, size) = io::retry_on_intr(|| recv(&self.socket, buffer.as_mut_slice(), RecvFlags::empty()))?;
            if size == 0 {
                return Ok(None);
            }
            if let Some(frame) = assembler.push(&buffer[..size]).map_err(|_| io::Errno::PROTO)? {
                return Ok(Some(frame));
            }
        }
    }

    /// Makes a call; the answer comes through the receiver. The clock stands still until every call has its answer.
    pub fn call(&self, name: &str, arguments: Value) -> io::Result<Receiver<Result<Value, Raised>>> {
        let (sender, receiver) = sync_channel(1);
        let id = {
            let mut calls = lock(&self.calls);
            calls.last_id += 1;
            let id = calls.last_id;
            calls.waiting.insert(id, sender);
            calls.clock.stop();
            id
        };
        let sent = self.send(&FromWorker::Call(Call { id, name: name.to_owned(), arguments }));
        if sent.is_err() {
            lock(&self.calls).forget(id);
        }
        sent.map(|()| receiver)
    }

    /// Hands the answer of a call to the thread that waits for it.
    pub fn deliver(&self, frame: &Frame) -> Result<(), WireError> {
        if let ToWorker::Reply { id, result } = frame.parse()? {
            let mut calls = lock(&self.calls);
            // An answer that nobody waits for belongs to a cell that has ended.
            if let Some(waiting) = calls.forget(id) {
                // The channel has room for the one answer; a waiter that is gone needs none.
                let _ = waiting.try_send(result);
            }
        }
        Ok(())
    }

    /// Sets the clock to zero and starts it.
    pub fn start_clock(&self) {
        let mut calls = lock(&self.calls);
        calls.waiting.clear();
        let waited_before = pages::waited();
        calls.clock = Clock { spent: Duration::ZERO, running_since: Some(Instant::now()), waited_before };
    }

    /// How long the cell has run, and whether the clock stands still because it waits for the server.
    pub fn time_spent(&self) -> (Duration, bool) {
        let calls = lock(&self.calls);
        (calls.clock.spent(), calls.clock.running_since.is_none())
    }

    /// Goes on in place of a process that died during `cell`.
    pub fn take_over(&self, cell: u64, cause: Cause) -> io::Result<()> {
        *lock(&self.sending) += 1;
        self.send(&FromWorker::Recovered { cell, cause })
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
