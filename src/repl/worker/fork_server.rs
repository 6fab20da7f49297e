//! The fork server: builds an interpreter, and copies itself for each session.
//!
//! It has one connection to the server, over which sessions are asked for, and a handle for each of them. It is the
//! only process that waits for its copies and that ends them, and it ends with the server. The sandbox does not
//! surround it, so it must never read anything that comes from a model or from the workspace: of all messages to a
//! session it sees none.

use super::{
    super::wire::{FromForkServer, FromWorker, SpawnRequest, Tasks},
    link::Link,
    privileges,
    process::{self, Copied},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::OwnedFd,
    io::{self, Errno},
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send},
    process::{
        Pid, PidfdFlags, Signal, WaitOptions, getpid, getppid, kill_process_group, pidfd_open, set_child_subreaper,
        set_parent_process_death_signal, setpgid, waitpgid, waitpid,
    },
    stdio,
};
use std::{io::IoSliceMut, mem::MaybeUninit, thread};

/// The longest request.
const REQUEST_BYTES: usize = 1 << 10;

/// How long the fork server sleeps at most while it waits for processes that nobody holds a handle of.
const STRAYS: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The process from which all others are copied.
pub struct ForkServer {
    server: OwnedFd,
    groups: Vec<Group>,
    /// Groups whose leaders are gone. What is left of them was killed and only needs to be waited for.
    strays: Vec<Pid>,
}

/// A copy that was made for a session, and leads a group.
struct Group {
    leader: Pid,
    handle: OwnedFd,
    /// Tells when it has died, once it was killed.
    death: Option<OwnedFd>,
}

/// What a copy begins with.
pub struct Child {
    /// The connection to the server that is its own.
    pub socket: OwnedFd,
    /// Over which it asks the server for memory.
    pub memory: OwnedFd,
    pub request: SpawnRequest,
    pub fork_server: Pid,
}

enum Request {
    Spawn {
        request: SpawnRequest,
        socket: OwnedFd,
        memory: OwnedFd,
        handle: OwnedFd,
    },
    /// The server is gone.
    End,
}

impl ForkServer {
    /// Takes the connection to the server, which is the standard input.
    pub fn new() -> io::Result<Self> {
        privileges::offer_fork_server();
        let server = stdio::stdin().try_clone_to_owned().map_err(|_| Errno::BADF)?;
        stdio::dup2_stdin(stdio::stdout())?;
        // What a session leaves behind comes here to be waited for, instead of going somewhere else.
        set_child_subreaper(Some(getpid()))?;
        Ok(Self { server, groups: Vec::new(), strays: Vec::new() })
    }

    /// Copies the process for every session that the server asks for. Returns in the copies with what they begin with,
    /// and in the fork server with nothing, at its end. `work` does a piece of what is to be done meanwhile, and says
    /// whether there was any; `ready` comes before each copy.
    pub fn tend(mut self, mut work: impl FnMut() -> bool, ready: impl Fn()) -> io::Result<Option<Child>> {
        let mut is_idle = false;
        loop {
            let (asked, closed) = self.wait(is_idle)?;
            for number in closed.into_iter().rev() {
                self.end(number);
            }
            self.strays.retain(|&group| is_left(group));
            if !asked {
                is_idle = is_idle || !work();
                continue;
            }
            match self.request()? {
                Request::Spawn { request, socket, memory, handle } => {
                    ready();
                    if let Some(child) = self.spawn(request, [socket, memory], handle)? {
                        return Ok(Some(child));
                    }
                }
                Request::End => {
                    self.end_all();
                    return Ok(None);
                }
            }
        }
    }

    /// Says to every session that there is no interpreter, and why, until the server is gone.
    pub fn refuse(self, reason: &str) -> io::Result<()> {
        while let Request::Spawn { socket, .. } = self.request()? {
            // A session that is over needs no reason.
            let _ = Link::new(socket).send(&FromWorker::Refused { reason: reason.to_owned() });
        }
        Ok(())
    }

    /// Waits for something to do: whether there is a request, and which groups' handles were closed, or have died of
    /// it.
    fn wait(&self, may_sleep: bool) -> io::Result<(bool, Vec<usize>)> {
        let timeout = match (may_sleep, self.strays.is_empty()) {
            (false, _) => Some(&AT_ONCE),
            (true, false) => Some(&STRAYS),
            (true, true) => None,
        };
        let sources = self.groups.iter().map(|group| group.death.as_ref().unwrap_or(&group.handle));
        let mut sources: Vec<_> =
            std::iter::once(&self.server).chain(sources).map(|source| PollFd::new(source, PollFlags::IN)).collect();
        io::retry_on_intr(|| poll(&mut sources, timeout))?;
        let mut ready = sources.iter().map(|source| !source.revents().is_empty());
        let asked = ready.next().unwrap_or_default();
        Ok((asked, ready.enumerate().filter_map(|(number, is_ready)| is_ready.then_some(number)).collect()))
    }

    fn request(&self) -> io::Result<Request> {
        let mut buffer = [0; REQUEST_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let received =
            io::retry_on_intr(|| recvmsg(&self.server, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC))?;
        if received.bytes == 0 {
            return Ok(Request::End);
        }
        let mut files = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                files.extend(received);
            }
        }
        let request = serde_json::from_slice(&buffer[..received.bytes]).map_err(|_| Errno::PROTO)?;
        let [socket, memory, handle] = <[OwnedFd; 3]>::try_from(files).map_err(|_| Errno::PROTO)?;
        Ok(Request::Spawn { request, socket, memory, handle })
    }

    /// Copies the process; returns in the copy with what it begins with.
    fn spawn(&mut self, request: SpawnRequest, own: [OwnedFd; 2], handle: OwnedFd) -> io::Result<Option<Child>> {
        let fork_server = getpid();
        match process::fork() {
            Ok(Copied::Copy) => {
                let [socket, memory] = own;
                Ok(Some(Child { socket, memory, request, fork_server }))
            }
            Ok(Copied::Original(leader)) => {
                // Both sides do this, so that it is done before the one or the other goes on.
                let _ = setpgid(Some(leader), Some(leader));
                tell(&handle, FromForkServer::Spawned { group: leader.as_raw_nonzero().get() });
                self.groups.push(Group { leader, handle, death: None });
                Ok(None)
            }
            Err(error) => {
                tell(&handle, FromForkServer::NotSpawned { error: error.raw_os_error() });
                Ok(None)
            }
        }
    }

    /// Kills a group whose handle was closed, or waits for its leader once that has died.
    fn end(&mut self, number: usize) {
        let group = &mut self.groups[number];
        if group.death.is_none() {
            kill(group.leader);
            group.death = pidfd_open(group.leader, PidfdFlags::empty()).ok();
            // A system that cannot tell when it dies makes everybody wait.
            if group.death.is_some() {
                return;
            }
        }
        let Group { leader, handle, .. } = self.groups.swap_remove(number);
        tell(&handle, FromForkServer::Gone { status: wait_for(leader) });
        self.strays.push(leader);
    }

    fn end_all(&mut self) {
        self.groups.iter().for_each(|group| kill(group.leader));
        for group in self.groups.drain(..) {
            wait_for(group.leader);
        }
    }
}

impl Child {
    /// Makes the copy a process of its own, and says what limits its threads and processes. What the fork server has
    /// open was dropped before.
    pub fn settle(&self) -> io::Result<Tasks> {
        process::ensure_open(&[&self.socket, &self.memory])?;
        setpgid(None, None)?;
        process::forget_copies()?;
        let tasks = privileges::give_up()?;
        // A process that becomes another user forgets with whom it dies.
        die_with(self.fork_server)?;
        Ok(tasks)
    }
}

/// Has this process, whose parent is the fork server, die when the fork server does.
pub fn die_with(fork_server: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died already.
    if getppid() == Some(fork_server) { Ok(()) } else { Err(Errno::SRCH) }
}

/// Waits until this process belongs to the fork server, whose parent was `original`, which is dying.
pub fn be_adopted(original: Pid, fork_server: Pid) -> io::Result<()> {
    // Set earlier, the signal would come when the original is gone.
    while getppid() == Some(original) {
        thread::yield_now();
    }
    die_with(fork_server)
}

/// Kills a group. Its number belongs to nobody else, since its leader was not waited for.
fn kill(leader: Pid) {
    // A group in which everything has died needs no signal.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Waits for a process that was killed. Returns the status that it had exited with before, if it had.
fn wait_for(leader: Pid) -> Option<i32> {
    let (_, status) = io::retry_on_intr(|| waitpid(Some(leader), WaitOptions::empty())).ok()??;
    status.exit_status()
}

/// Waits for what has died of a group; says whether something of it has not.
fn is_left(group: Pid) -> bool {
    loop {
        match waitpgid(group, WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn tell(handle: &OwnedFd, message: FromForkServer) {
    let packet = serde_json::to_vec(&message).unwrap_or_default();
    // A session that was given up has nobody to be told.
    let _ = send(handle, &packet, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
}
