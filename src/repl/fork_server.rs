//! The server's side of the fork server: one process that builds an interpreter once, and from which those of the
//! sessions are copied ([`worker`]).
//!
//! Building an interpreter and importing the common modules takes a third of a second; copying a process that has done
//! so takes milliseconds, and the copies share the memory that they do not write to. The fork server itself never reads
//! or runs anything that comes from a model or from the workspace.
//!
//! The server has a *handle* of each process, a socket between the server and the fork server. When the server lets go
//! of it, in whatever way, the fork server ends the process and its whole group. The fork server alone may do so: the
//! number of a group is sure to be that group's only as long as its leader was not waited for, and only the fork server
//! waits.
//!
//! A handle also keeps the fork server process alive that holds its other end. So a session never loses its interpreter
//! because somebody let go of the [`ForkServer`] it was started from.

use super::{
    Error,
    budget::Budget,
    traffic::Traffic,
    wire::{FromForkServer, SpawnRequest},
    worker,
};
use rustix::{
    cmsg_space,
    fd::{AsFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, SocketFlags, SocketType,
        sendmsg, shutdown, socketpair,
    },
    process::Pid,
};
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::unix::net::UnixDatagram as StdDatagram,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::Interest,
    net::UnixDatagram,
    process::{Child, Command},
};

/// How the fork server's allocator works, where that is the one of the GNU C library: one heap, in pages of the largest
/// size, of which copies are made much faster.
const ALLOCATOR: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1");

/// Where interpreters come from. It is shared by everything that starts them. Its process ends with the last of its
/// owners and of the interpreters that came from it.
#[derive(Debug)]
pub struct ForkServer {
    /// `rlm` itself.
    program: PathBuf,
    running: Mutex<Option<Arc<Running>>>,
    /// The memory that those that come from here may have together.
    budget: Arc<Budget>,
    /// What they hand over to the server.
    traffic: Arc<Traffic>,
}

#[derive(Debug)]
struct Running {
    socket: UnixDatagram,
    /// It ends by itself when the socket is closed, after it has ended all that was spawned in it.
    _process: Child,
}

impl ForkServer {
    /// A fork server that runs `program`, as soon as it is needed. Interpreters have the memory that the machine has to
    /// spare.
    pub fn new(program: PathBuf) -> Self {
        Self::with_budget(program, Budget::of_machine())
    }

    /// The same with this memory.
    pub fn with_budget(program: PathBuf, budget: Arc<Budget>) -> Self {
        Self { program, running: Mutex::new(None), budget, traffic: Arc::default() }
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(super) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Lets it get ready, if it does not run yet. Whoever knows that interpreters will be needed calls this early.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn warm(&self) -> Result<(), Error> {
        self.running().map(drop)
    }

    /// Spawns an interpreter's process.
    pub(super) async fn spawn(&self, request: SpawnRequest) -> Result<Spawned, Error> {
        let running = self.running()?;
        match running.spawn(request).await {
            Ok(spawned) => Ok(spawned),
            // A fork server that has ended is replaced once. Replacing it after any other error would end every
            // session.
            Err(error) if is_gone(&error) => {
                self.forget(&running);
                self.running()?.spawn(request).await.map_err(|error| self.failed(error))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The process that runs, started if there is none.
    fn running(&self) -> Result<Arc<Running>, Error> {
        let mut running = self.lock();
        if let Some(running) = running.as_ref() {
            return Ok(running.clone());
        }
        let started = Running::start(&self.program).map_err(|error| self.failed(error))?;
        Ok(running.insert(Arc::new(started)).clone())
    }

    fn forget(&self, gone: &Arc<Running>) {
        let mut running = self.lock();
        if running.as_ref().is_some_and(|running| Arc::ptr_eq(running, gone)) {
            *running = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn failed(&self, error: io::Error) -> Error {
        Error::Start { program: self.program.display().to_string(), error }
    }
}

impl Running {
    fn start(program: &PathBuf) -> io::Result<Self> {
        let (ours, theirs) = packet_pair()?;
        let process = Command::new(program)
            .arg(worker::ARGUMENT)
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { socket: packet_socket(ours)?, _process: process })
    }

    async fn spawn(self: &Arc<Self>, request: SpawnRequest) -> io::Result<Spawned> {
        let (socket, its_socket) = packet_pair()?;
        let (memory, its_memory) = packet_pair()?;
        let (handle, its_handle) = packet_pair()?;
        let request = serde_json::to_vec(&request).expect("a request can be written as JSON");
        let files = [its_socket.as_fd(), its_memory.as_fd(), its_handle.as_fd()];
        let send = || {
            let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(3))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            ancillary.push(SendAncillaryMessage::ScmRights(&files));
            let sent = sendmsg(&self.socket, &[IoSlice::new(&request)], &mut ancillary, SendFlags::NOSIGNAL);
            sent.map_err(io::Error::from)
        };
        self.socket.async_io(Interest::WRITABLE, send).await?;
        Ok(Spawned {
            socket,
            memory: packet_socket(memory)?,
            handle: ProcessHandle { socket: packet_socket(handle)?, _origin: self.clone() },
        })
    }
}

/// What the server has of a process: the socket to it, the one over which it asks for memory, and the handle.
pub(super) struct Spawned {
    pub socket: OwnedFd,
    pub memory: UnixDatagram,
    pub handle: ProcessHandle,
}

/// Whether the other side of a socket has ended.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

/// What became of a process.
#[derive(Debug)]
pub(super) enum ProcessEnd {
    /// It was ended, or had ended before, by itself with this status.
    Gone { status: Option<i32> },
    /// It never was.
    NotSpawned(io::Error),
    /// Nobody knows, since the fork server is gone, with everything in it.
    Unknown,
}

/// The hold on a process. Dropping it ends the process and all that is in its group.
#[derive(Debug)]
pub(super) struct ProcessHandle {
    socket: UnixDatagram,
    /// The process that was spawned in it dies with it.
    _origin: Arc<Running>,
}

impl ProcessHandle {
    /// The group of the process; waits until it is spawned.
    pub async fn group(&self) -> Option<Pid> {
        match self.said().await? {
            FromForkServer::Spawned { group } => Pid::from_raw(group),
            FromForkServer::NotSpawned { .. } | FromForkServer::Gone { .. } => None,
        }
    }

    /// Ends the process, and waits until it is gone.
    pub async fn end(self) -> ProcessEnd {
        // A fork server that is gone already shows below.
        let _ = shutdown(&self.socket, Shutdown::Write);
        loop {
            match self.said().await {
                Some(FromForkServer::Spawned { .. }) => {}
                Some(FromForkServer::NotSpawned { error }) => {
                    return ProcessEnd::NotSpawned(Errno::from_raw_os_error(error).into());
                }
                Some(FromForkServer::Gone { status }) => return ProcessEnd::Gone { status },
                None => return ProcessEnd::Unknown,
            }
        }
    }

    /// What the fork server says next, if it is there and makes sense.
    async fn said(&self) -> Option<FromForkServer> {
        let mut packet = [0; 256];
        let size = self.socket.recv(&mut packet).await.ok()?;
        serde_json::from_slice(&packet[..size]).ok()
    }
}

/// Two ends of a connection that keeps the borders of packets.
fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

fn packet_socket(socket: OwnedFd) -> io::Result<UnixDatagram> {
    // Sending and receiving are the same calls for sequenced packets as for datagrams.
    let socket = StdDatagram::from(socket);
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}
