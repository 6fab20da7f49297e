//! The interpreter's side of the socket: messages to the server and from it, and calls that it answers.

use super::{
    super::wire::{Assembler, Call, Cause, FRAME_LIMIT, FromWorker, PACKET, Raised, ToWorker, packets},
    calls::Calls,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::OwnedFd,
    io,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recv, recvmsg, send},
};
use serde_json::Value;
use std::{
    io::IoSliceMut,
    mem::MaybeUninit,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// For how long the one who reads looks again and again before it sleeps. Most answers come sooner than somebody could
/// be woken; while it looks it lets everybody else go first.
const IMPATIENCE: Duration = Duration::from_micros(50);

/// The connection to the server. Threads of a program share it.
pub struct Link {
    socket: OwnedFd,
    /// Held while a frame is sent, so that the packets of two frames never mix. The generation of this process.
    sending: Mutex<u32>,
    calls: Calls<Reader>,
}

impl Link {
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, sending: Mutex::new(0), calls: Calls::new(Reader::new(0)) }
    }

    /// Sends a message. Fails with [`io::Errno::MSGSIZE`] if its frame is longer than [`FRAME_LIMIT`].
    pub fn send(&self, message: &FromWorker) -> io::Result<()> {
        self.send_frame(&frame(message)?)
    }

    pub fn send_frame(&self, frame: &[u8]) -> io::Result<()> {
        let generation = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        for packet in packets(*generation, frame) {
            io::retry_on_intr(|| send(&self.socket, &packet, SendFlags::NOSIGNAL))?;
        }
        Ok(())
    }

    /// Waits for the first frame, and for the files that come with it. Nobody else reads yet.
    pub fn receive_with_files(&self) -> io::Result<(ToWorker, Vec<OwnedFd>)> {
        self.calls.with_reader(|reader| reader.read_with_files(&self.socket))
    }

    /// Whether something waits to be received.
    pub fn has_message(&self) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut sources = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut sources, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    /// Waits for what is for the loop of the process; `None` when the server is gone.
    pub fn receive(&self) -> io::Result<Option<ToWorker>> {
        self.calls.receive(|reader| reader.read(&self.socket))
    }

    /// Makes a call and waits for its answer.
    pub fn call(&self, name: String, arguments: Value) -> io::Result<Result<Value, Raised>> {
        let (id, cell) = self.calls.open();
        if let Err(error) = self.send(&FromWorker::Call(Call { id, name, arguments, cell })) {
            self.calls.close(id);
            return Err(error);
        }
        self.calls.answer(id, |reader| reader.read(&self.socket))
    }

    /// Begins a cell: sets the clock to zero and starts it. Threads that still wait for an answer to an earlier cell
    /// get none.
    pub fn begin_cell(&self, cell: u64) {
        self.calls.begin_cell(cell);
    }

    /// How long the cell has run, and whether it waits for the server.
    pub fn time_spent(&self) -> (Duration, bool) {
        self.calls.clock(|clock| (clock.spent(), clock.waits()))
    }

    /// Goes on in place of a process that has died.
    pub fn take_over(&self, cause: Cause) -> io::Result<()> {
        let generation = {
            let mut generation = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
            *generation += 1;
            *generation
        };
        self.calls.replace_reader(Reader::new(generation));
        self.send(&FromWorker::Recovered { cause })
    }
}

/// What whoever reads the socket needs.
struct Reader {
    assembler: Assembler,
    packet: Box<[u8]>,
}

impl Reader {
    fn new(generation: u32) -> Self {
        Self { assembler: Assembler::at(generation), packet: vec![0; PACKET].into() }
    }

    /// Waits for a message; `None` when the server is gone.
    fn read(&mut self, socket: &OwnedFd) -> io::Result<Option<ToWorker>> {
        let began = Instant::now();
        let mut flags = RecvFlags::DONTWAIT;
        loop {
            match recv(socket, &mut *self.packet, flags) {
                Ok((_, 0)) => return Ok(None),
                Ok((_, size)) => {
                    if let Some(message) = self.push(size)? {
                        return Ok(Some(message));
                    }
                }
                Err(io::Errno::AGAIN) if began.elapsed() < IMPATIENCE => thread::yield_now(),
                Err(io::Errno::AGAIN) => flags = RecvFlags::empty(),
                Err(io::Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for a message and for the files that come with it.
    fn read_with_files(&mut self, socket: &OwnedFd) -> io::Result<(ToWorker, Vec<OwnedFd>)> {
        let mut received_files = Vec::new();
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut parts = [IoSliceMut::new(&mut self.packet)];
            let received = recvmsg(socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(files) = message {
                    received_files.extend(files);
                }
            }
            if received.bytes == 0 {
                return Err(io::Errno::PIPE);
            }
            if let Some(message) = self.push(received.bytes)? {
                return Ok((message, received_files));
            }
        }
    }

    /// Takes what was read last; the message that it completes, if it does.
    fn push(&mut self, size: usize) -> io::Result<Option<ToWorker>> {
        let frame = self.assembler.push(&self.packet[..size]).map_err(|_| io::Errno::PROTO)?;
        frame.map(|frame| frame.parse().map_err(|_| io::Errno::PROTO)).transpose()
    }
}

/// A message as it is sent. Fails with [`io::Errno::MSGSIZE`] if it is longer than [`FRAME_LIMIT`].
pub fn frame(message: &FromWorker) -> io::Result<Vec<u8>> {
    let frame = serde_json::to_vec(message).expect("a message can always be written as JSON");
    if frame.len() > FRAME_LIMIT { Err(io::Errno::MSGSIZE) } else { Ok(frame) }
}
