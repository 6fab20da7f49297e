//! Starting an interpreter's process, talking to it in frames, and ending it.

use super::{
    Error,
    paging::{Ends, Pager},
    wire::{
        Assembler, Cause, FRAME_LIMIT, Frame, FromWorker, Names, PACKET, Place, Start, ToWorker, WireError, packets,
    },
    worker,
};
use crate::corpus::{Access, ContextText};
use rustix::{
    cmsg_space,
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg,
        socketpair,
    },
    process::{Pid, Signal, kill_process_group},
};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::unix::net::UnixDatagram as StdDatagram,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::Interest,
    net::UnixDatagram,
    process::{Child, Command},
};

/// What a session is started with, again if it must be.
#[derive(Clone)]
pub struct Launch {
    /// The program whose workers are interpreters: `rlm` itself.
    pub program: PathBuf,
    /// What the programs see as `context`.
    pub context: Arc<ContextText>,
    pub names: Names,
    /// Bytes of memory that the process may use beside the context.
    pub memory_limit: u64,
    /// Whether programs may run on a kernel without landlock.
    pub allow_weaker_sandbox: bool,
}

/// How many packets may wait for a process before nothing more is taken from it. A program that asks and asks and never
/// reads an answer must not fill the server's memory.
const MOST_WAITING: usize = 2 * FRAME_LIMIT / PACKET;

/// A running process and the socket to it.
///
/// Frames to it are queued, and go out while the next frame from it is awaited. So neither side ever waits for the other to
/// read while it does not read itself.
#[derive(Debug)]
pub struct Process {
    socket: UnixDatagram,
    /// Packets that are still to be sent.
    outgoing: VecDeque<Vec<u8>>,
    assembler: Assembler,
    generation: u32,
    child: Child,
    group: Option<Pid>,
    /// Serves what the process looks at of a text that is fetched.
    pager: Option<Pager>,
}

impl Process {
    /// Starts the process and hands it the context. It gets ready by itself; its first frame says so.
    pub async fn start(launch: &Launch) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Start { program: launch.program.display().to_string(), error };
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|e| failed(e.into()))?;
        let strength = if launch.allow_weaker_sandbox { "without-landlock" } else { "full" };
        let child = Command::new(&launch.program)
            .args([worker::ARGUMENT, &launch.memory_limit.to_string(), strength])
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let mut process = Self {
            socket: packet_socket(ours).map_err(failed)?,
            outgoing: VecDeque::new(),
            assembler: Assembler::default(),
            generation: 0,
            child,
            group,
            pager: None,
        };
        process.send_start(launch).await?;
        Ok(process)
    }

    async fn send_start(&mut self, launch: &Launch) -> Result<(), Error> {
        let text = &launch.context;
        let (mut offset, mut parts, mut paging) = (0, None, None);
        let (file, beside) = match text.access() {
            Access::File(file, start) => {
                offset = start;
                (file.as_fd(), text.char_counts()?.map(OwnedFd::from))
            }
            Access::Parts(lengths) => {
                parts = Some(lengths);
                let (pager, Ends { file, socket }) = Pager::start(text.clone())?;
                self.pager = Some(pager);
                let file: &File = paging.insert(file);
                (file.as_fd(), Some(socket))
            }
        };
        let place = Place { offset, bytes: text.byte_len(), is_ascii: text.is_ascii() };
        let start = ToWorker::Start(Start { context: place, parts, names: launch.names.clone() });
        let frame = serde_json::to_vec(&start).expect("a start can be written as JSON");
        if frame.len() > FRAME_LIMIT {
            return Err(WireError::FrameTooLong.into());
        }
        self.outgoing = packets(0, &frame).collect();
        let first = self.outgoing.pop_front().expect("every frame has a packet");
        let files: Vec<BorrowedFd<'_>> = std::iter::once(file).chain(beside.as_ref().map(AsFd::as_fd)).collect();
        let send = || {
            let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            ancillary.push(SendAncillaryMessage::ScmRights(&files));
            let sent = sendmsg(&self.socket, &[IoSlice::new(&first)], &mut ancillary, SendFlags::NOSIGNAL);
            sent.map_err(io::Error::from)
        };
        self.socket.async_io(Interest::WRITABLE, send).await?;
        self.send_queued();
        Ok(())
    }

    /// Queues a frame for the process that is in charge now. Fails if the frame is longer than [`FRAME_LIMIT`].
    pub fn queue(&mut self, message: &ToWorker) -> Result<(), WireError> {
        let frame = serde_json::to_vec(message).expect("a message can always be written as JSON");
        if frame.len() > FRAME_LIMIT {
            return Err(WireError::FrameTooLong);
        }
        self.outgoing.extend(packets(self.generation, &frame));
        Ok(())
    }

    /// Waits for the next frame, and sends meanwhile what is queued; `None` when every process of the session is gone. May
    /// be dropped at any time without losing a packet.
    pub async fn receive(&mut self) -> Result<Option<FromWorker>, Error> {
        let mut packet = vec![0; PACKET + 1];
        loop {
            let interest = match self.outgoing.len() {
                0 => Interest::READABLE,
                1..=MOST_WAITING => Interest::READABLE | Interest::WRITABLE,
                _ => Interest::WRITABLE,
            };
            let ready = self.socket.ready(interest).await?;
            if ready.is_writable() {
                self.send_queued();
            }
            if !ready.is_readable() {
                continue;
            }
            let size = match self.socket.try_recv(&mut packet) {
                Ok(0) => return Ok(None),
                Ok(size) => size,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // The other side has left without reading everything. What it sent before can still be read.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::CONNRESET) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(frame) = self.assembler.push(&packet[..size])? {
                return self.accept(&frame).map(Some);
            }
        }
    }

    fn send_queued(&mut self) {
        while let Some(packet) = self.outgoing.front() {
            match self.socket.try_send(packet) {
                Ok(_) => drop(self.outgoing.pop_front()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Nobody is there any more, which shows at the next look for a frame; the last ones may say why.
                Err(_) => self.outgoing.clear(),
            }
        }
    }

    fn accept(&mut self, frame: &Frame) -> Result<FromWorker, Error> {
        if frame.generation != self.generation {
            self.generation = frame.generation;
            // What was meant for the process that died means nothing to its successor.
            self.outgoing.clear();
        }
        Ok(frame.parse()?)
    }

    /// For how long altogether the process has waited for parts of its text.
    pub fn waited_for_text(&self) -> Duration {
        self.pager.as_ref().map_or(Duration::ZERO, Pager::served)
    }

    /// The group of the process and its checkpoints.
    pub fn group(&self) -> Option<Pid> {
        self.group
    }

    /// Ends the process, its checkpoint and whatever else is in its group, and waits until it is gone. Tells why it had
    /// ended before, as far as its status says so.
    pub async fn end(mut self) -> Option<Cause> {
        self.kill();
        // A process that cannot be waited for is gone as well.
        let status = self.child.wait().await.ok()?;
        // Later generations are no children of this process, so their status goes to nobody.
        let is_first = self.generation == 0;
        (is_first && status.code() == Some(worker::ENDED_BY_DEADLINE)).then_some(Cause::Time)
    }

    fn kill(&mut self) {
        // The group's number cannot belong to anyone else: its leader was not waited for yet.
        if let Some(group) = self.group.take() {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn packet_socket(socket: OwnedFd) -> io::Result<UnixDatagram> {
    // Sending and receiving are the same calls for sequenced packets as for datagrams.
    let socket = StdDatagram::from(socket);
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}
