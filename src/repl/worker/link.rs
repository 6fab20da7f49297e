//! The interpreter's side of the socket: calls to the server, and the clock that knows of them.
//!
//! Whoever waits for something from the server and finds that nobody reads the socket reads it, and hands to others
//! what is theirs. So an answer is received by the thread that waits for it, without another one in between.

use super::{
    super::wire::{Call, Cause, FRAME_LIMIT, FromWorker, Raised, ToWorker, packets},
    calls::{Calls, Reader, Waiting, Word},
    clock::Clock,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::OwnedFd,
    io,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send},
};
use serde_json::Value;
use std::{
    io::IoSliceMut,
    mem::MaybeUninit,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    time::Duration,
};

/// The connection to the server. Threads of a program share it.
pub struct Link {
    socket: OwnedFd,
    /// Held while a frame is sent, so that the packets of two frames never mix. The generation of this process.
    sending: Mutex<u32>,
    calls: Mutex<Calls>,
}

impl Link {
    pub fn new(socket: OwnedFd) -> Self {
        let calls = Calls { reader: Some(Reader::new(0)), ..Calls::default() };
        Self { socket, sending: Mutex::new(0), calls: Mutex::new(calls) }
    }

    /// Sends a message. Fails with [`io::Errno::MSGSIZE`] if its frame is longer than [`FRAME_LIMIT`].
    pub fn send(&self, message: &FromWorker) -> io::Result<()> {
        self.send_frame(&frame(message)?)
    }

    pub fn send_frame(&self, frame: &[u8]) -> io::Result<()> {
        let generation = lock(&self.sending);
        for packet in packets(*generation, frame) {
            io::retry_on_intr(|| send(&self.socket, &packet, SendFlags::NOSIGNAL))?;
        }
        Ok(())
    }

    /// Waits for the first frame, and for the files that come with it. Nobody else reads yet.
    pub fn receive_with_files(&self) -> io::Result<(ToWorker, Vec<OwnedFd>)> {
        let mut received_files = Vec::new();
        let mut calls = lock(&self.calls);
        let Reader { assembler, packet } = calls.reader.as_mut().ok_or(io::Errno::BUSY)?;
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut parts = [IoSliceMut::new(packet)];
            let received = recvmsg(&self.socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(files) = message {
                    received_files.extend(files);
                }
            }
            if received.bytes == 0 {
                return Err(io::Errno::PIPE);
            }
            if let Some(frame) = assembler.push(&packet[..received.bytes]).map_err(|_| io::Errno::PROTO)? {
                return Ok((frame.parse().map_err(|_| io::Errno::PROTO)?, received_files));
            }
        }
    }

    /// Whether something waits to be received.
    pub fn has_message(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut sources = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut sources, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    /// Waits for what is for the loop of the process; `None` when the server is gone.
    pub fn receive(&self) -> io::Result<Option<ToWorker>> {
        loop {
            let mut calls = lock(&self.calls);
            if let Some(message) = calls.message.take() {
                return Ok(Some(message));
            }
            let Some(mut reader) = calls.reader.take() else {
                // A thread that an earlier program has left behind waits for an answer, and reads.
                let (idle, woken) = sync_channel(1);
                calls.idle = Some(idle);
                drop(calls);
                // Told or not, it looks again.
                let _ = woken.recv();
                continue;
            };
            drop(calls);
            let frame = reader.read(&self.socket);
            let mut calls = lock(&self.calls);
            calls.reader = Some(reader);
            match frame? {
                Some(frame) => calls.deliver(&frame).map_err(|_| io::Errno::PROTO)?,
                None => return Ok(None),
            }
        }
    }

    /// Makes a call and waits for its answer.
    pub fn call(&self, name: String, arguments: Value) -> io::Result<Result<Value, Raised>> {
        let (sender, words) = sync_channel(2);
        let (id, cell) = {
            let mut calls = lock(&self.calls);
            calls.last_id += 1;
            let id = calls.last_id;
            calls.waiting.insert(id, Waiting { words: sender, is_called: false });
            calls.clock.wait();
            (id, calls.cell)
        };
        let sent = self.send(&FromWorker::Call(Call { id, name, arguments, cell }));
        let answer = sent.and_then(|()| self.answer(id, &words));
        let mut calls = lock(&self.calls);
        if answer.is_err() {
            calls.forget(id);
        }
        calls.pass_on();
        answer
    }

    fn answer(&self, id: u64, words: &Receiver<Word>) -> io::Result<Result<Value, Raised>> {
        loop {
            let reader = {
                let mut calls = lock(&self.calls);
                let Calls { waiting, reader, .. } = &mut *calls;
                // Whoever is not among those who wait was told all there is.
                waiting.get_mut(&id).and_then(|own| {
                    own.is_called = false;
                    reader.take()
                })
            };
            if let Some(reader) = reader {
                self.read_until_answered(id, reader)?;
            }
            match words.recv() {
                Ok(Word::Answer(answer)) => return Ok(answer),
                Ok(Word::Read) => {}
                // The cell is over, or the server is gone.
                Err(_) => return Err(io::Errno::PIPE),
            }
        }
    }

    /// Reads, for itself and for others, as long as the call has no answer.
    fn read_until_answered(&self, id: u64, mut reader: Reader) -> io::Result<()> {
        loop {
            let frame = reader.read(&self.socket);
            let mut calls = lock(&self.calls);
            let delivered = match frame {
                Ok(Some(frame)) => calls.deliver(&frame).map_err(|_| io::Errno::PROTO),
                Ok(None) => Err(io::Errno::PIPE),
                Err(error) => Err(error),
            };
            let is_over = delivered.is_err() || calls.message.is_some() || !calls.waiting.contains_key(&id);
            if delivered.is_err() {
                calls.give_up();
            }
            if is_over {
                calls.reader = Some(reader);
                return delivered;
            }
        }
    }

    /// Begins a cell: sets the clock to zero and starts it. Threads that still wait for an answer to an earlier cell
    /// get none.
    pub fn begin_cell(&self, cell: u64) {
        let mut calls = lock(&self.calls);
        calls.cell = cell;
        calls.waiting.clear();
        calls.clock = Clock::start();
    }

    /// How long the cell has run, and whether it waits for the server.
    pub fn time_spent(&self) -> (Duration, bool) {
        let calls = lock(&self.calls);
        (calls.clock.spent(), calls.clock.waits())
    }

    /// Goes on in place of a process that has died.
    pub fn take_over(&self, cause: Cause) -> io::Result<()> {
        let generation = {
            let mut generation = lock(&self.sending);
            *generation += 1;
            *generation
        };
        lock(&self.calls).reader = Some(Reader::new(generation));
        self.send(&FromWorker::Recovered { cause })
    }
}

/// A message as it is sent. Fails with [`io::Errno::MSGSIZE`] if it is longer than [`FRAME_LIMIT`].
pub fn frame(message: &FromWorker) -> io::Result<Vec<u8>> {
    let frame = serde_json::to_vec(message).expect("a message can always be written as JSON");
    if frame.len() > FRAME_LIMIT { Err(io::Errno::MSGSIZE) } else { Ok(frame) }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
