//! One interpreter's process: spawning it, talking to it in frames, and ending it.

use super::{
    Error,
    budget::Reservation,
    fork_server::{ForkServer, ProcessEnd, ProcessHandle, Spawned},
    memory_service::MemoryService,
    packets::Packets,
    paging::{Ends, Pager},
    traffic::{SHORT_FRAME, Traffic},
    wire::{
        Assembler, FRAME_LIMIT, Frame, FromWorker, Names, Place, Raised, SpawnRequest, Start, ToWorker, WireError,
        packets,
    },
    worker::arenas,
};
use crate::corpus::{Access, ContextText};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    process::Pid,
};
use serde_json::Value;
use std::{fs::File, sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;

/// Bytes of an answer beyond which the memory that it took is given back to the system at once.
const LARGE_ANSWER: usize = 1 << 20;

/// What a session is started with, again if it must be.
#[derive(Clone)]
pub struct Launch {
    /// Where its process comes from.
    pub fork_server: Arc<ForkServer>,
    /// What the programs see as `context`.
    pub context: Arc<ContextText>,
    pub names: Names,
    /// Bytes of memory that the process may use beside the context and the interpreter itself.
    pub memory_limit: u64,
    /// Whether programs may run on a kernel without landlock.
    pub allow_weaker_sandbox: bool,
}

/// A running process and the socket to it. Dropping it ends the process, its checkpoint and whatever else is in its
/// group.
#[derive(Debug)]
pub struct Process {
    packets: Packets,
    assembler: Assembler,
    generation: u32,
    handle: ProcessHandle,
    /// Serves what the process looks at of a text that is fetched.
    pager: Option<Pager>,
    _memory: MemoryService,
    reservation: Arc<Reservation>,
    traffic: Arc<Traffic>,
    /// Held while a long frame is put together.
    long_frame: Option<OwnedSemaphorePermit>,
}

impl Process {
    /// Spawns the process and hands it the context. It gets ready by itself; its first frame says so.
    pub async fn start(launch: &Launch) -> Result<Self, Error> {
        let Launch { memory_limit, allow_weaker_sandbox, .. } = *launch;
        let reservation = Arc::new(launch.fork_server.budget().reserve(memory_limit).await?);
        let request = SpawnRequest { memory_limit, allow_weaker_sandbox };
        let Spawned { socket, memory, handle } = launch.fork_server.spawn(request).await?;
        let (packets, assembler) = (Packets::new(socket, launch.fork_server.traffic().unread())?, Assembler::default());
        let memory = MemoryService::start(memory, reservation.clone());
        let mut process = Self {
            packets,
            assembler,
            generation: 0,
            handle,
            pager: None,
            _memory: memory,
            reservation,
            traffic: launch.fork_server.traffic().clone(),
            long_frame: None,
        };
        process.send_start(launch)?;
        Ok(process)
    }

    /// Hands the process another context and other names. Nothing else may be queued.
    pub fn send_start(&mut self, launch: &Launch) -> Result<(), Error> {
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
        let mut packets = packets(self.generation, &frame);
        let first = packets.next().expect("every frame has a packet");
        let files: Vec<BorrowedFd<'_>> = std::iter::once(file).chain(beside.as_ref().map(AsFd::as_fd)).collect();
        self.packets.send_with_files(&first, &files);
        self.packets.queue(packets);
        Ok(())
    }

    /// Queues a frame for the process that is in charge now. Fails if the frame is longer than [`FRAME_LIMIT`].
    pub fn queue(&mut self, message: &ToWorker) -> Result<(), WireError> {
        let frame = serde_json::to_vec(message).expect("a message can always be written as JSON");
        if frame.len() > FRAME_LIMIT {
            return Err(WireError::FrameTooLong);
        }
        self.packets.queue(packets(self.generation, &frame));
        Ok(())
    }

    /// Queues the answer to a call; an exception in its place if it is longer than a frame may be, or if too much waits to be
    /// read already.
    pub fn reply(&mut self, id: u64, result: Result<Value, Raised>) -> Result<(), WireError> {
        let frame = serde_json::to_vec(&ToWorker::Reply { id, result }).expect("an answer can be written as JSON");
        if frame.len() > LARGE_ANSWER {
            // Its rows lay in the memory one by one, and left gaps that the allocator would keep.
            arenas::give_back_free();
        }
        let fits = match frame.len() <= FRAME_LIMIT {
            true => self.traffic.has_room(frame.len()),
            false => Err(Raised::too_long("the result")),
        };
        match fits {
            Ok(()) => {
                self.packets.queue(packets(self.generation, &frame));
                Ok(())
            }
            Err(raised) => self.queue(&ToWorker::Reply { id, result: Err(raised) }),
        }
    }

    /// Waits for the next frame, and sends meanwhile what is queued; `None` when every process of the session is gone.
    /// May be dropped at any time without losing a packet.
    pub async fn receive(&mut self) -> Result<Option<FromWorker>, Error> {
        loop {
            if self.long_frame.is_none() && self.assembler.partial() > SHORT_FRAME {
                self.long_frame = self.traffic.long_frame().await;
            }
            let Some(packet) = self.packets.receive().await? else { return Ok(None) };
            if let Some(frame) = self.assembler.push(packet)? {
                let accepted = self.accept(&frame);
                self.long_frame = None;
                return accepted.map(Some);
            }
        }
    }

    /// What the sessions of this server hand over to it.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    fn accept(&mut self, frame: &Frame) -> Result<FromWorker, Error> {
        if frame.generation != self.generation {
            self.generation = frame.generation;
            // What was meant for the process that died means nothing to its successor.
            self.packets.clear();
        }
        Ok(frame.parse_bounded()?)
    }

    /// For how long altogether the process has waited for parts of its text.
    pub fn waited_for_text(&self) -> Duration {
        self.pager.as_ref().map_or(Duration::ZERO, Pager::served)
    }

    /// The group of the process and its checkpoints, once it is spawned. To be asked once.
    pub async fn group(&self) -> Option<Pid> {
        self.handle.group().await
    }

    /// The memory that it has of the budget.
    pub fn reservation(&self) -> &Arc<Reservation> {
        &self.reservation
    }

    /// Sends a message at once, to a process that has read everything before.
    pub fn send(&mut self, message: &ToWorker) -> Result<(), Error> {
        self.queue(message)?;
        Ok(self.packets.send_queued()?)
    }

    /// Whether it is still the process that was spawned, and no checkpoint has taken its place.
    pub fn is_first(&self) -> bool {
        self.generation == 0
    }

    /// Ends the process, its checkpoint and whatever else is in its group, and waits until it is gone. Tells what had
    /// become of it before.
    pub async fn end(self) -> ProcessEnd {
        let Self { handle, reservation, .. } = self;
        let end = handle.end().await;
        // Its memory is free now, whether or not its service has noticed.
        reservation.release();
        end
    }
}
