//! The server's end of the socket to an interpreter's process, and the packets that are still to go out.

use super::wire::{FRAME_LIMIT, PACKET};
use rustix::{
    cmsg_space,
    fd::{BorrowedFd, OwnedFd},
    io::Errno,
    net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, recv, send, sendmsg},
};
use std::{
    collections::VecDeque,
    future::pending,
    io::{self, IoSlice},
    mem::MaybeUninit,
};
use tokio::io::{Interest, unix::AsyncFd};

/// How many packets may wait for a process before nothing more is taken from it. A program that asks and asks and never
/// reads an answer must not fill the server's memory.
const MOST_WAITING: usize = 2 * FRAME_LIMIT / PACKET;

const AT_ONCE: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// A socket that keeps the borders of packets. What is queued goes out while the next packet is awaited, so neither
/// side ever waits for the other to read while it does not read itself.
#[derive(Debug)]
pub struct Packets {
    /// Watched only for packets that come in. The other side makes room with every packet that it reads, and watching
    /// for room would wake somebody each time.
    socket: AsyncFd<OwnedFd>,
    /// The same socket, watched for room as long as there is none.
    full: Option<AsyncFd<OwnedFd>>,
    outgoing: VecDeque<Vec<u8>>,
    incoming: Box<[u8]>,
}

impl Packets {
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        let socket = watch(socket, Interest::READABLE)?;
        Ok(Self { socket, full: None, outgoing: VecDeque::new(), incoming: vec![0; PACKET + 1].into() })
    }

    /// Sends the first packet of all, and files with it. That nobody is there shows when a packet is awaited.
    pub fn send_with_files(&self, packet: &[u8], files: &[BorrowedFd<'_>]) {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(files));
        let _ = sendmsg(self.socket.get_ref(), &[IoSlice::new(packet)], &mut ancillary, AT_ONCE);
    }

    pub fn queue(&mut self, packets: impl Iterator<Item = Vec<u8>>) {
        self.outgoing.extend(packets);
    }

    /// Drops what is queued.
    pub fn clear(&mut self) {
        self.outgoing.clear();
    }

    /// Waits for the next packet; `None` when nobody is there any more. May be dropped at any time without losing a
    /// packet.
    pub async fn receive(&mut self) -> io::Result<Option<&[u8]>> {
        let size = loop {
            self.send_queued()?;
            let Self { socket, full, outgoing, incoming } = self;
            let room = async {
                match &*full {
                    Some(full) => full.writable().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                ready = socket.readable(), if outgoing.len() <= MOST_WAITING => {
                    let received = ready?.try_io(|socket| {
                        let received = recv(socket, &mut **incoming, RecvFlags::DONTWAIT);
                        received.map(|(_, size)| size).map_err(io::Error::from)
                    });
                    match received {
                        Ok(Ok(size)) => break size,
                        // The other side has left without reading everything. What it sent before can still be read.
                        Ok(Err(error)) if Errno::from_io_error(&error) == Some(Errno::CONNRESET) => {}
                        Ok(Err(error)) => return Err(error),
                        // There is nothing yet.
                        Err(_) => {}
                    }
                }
                // Whether there really is room shows above.
                ready = room => ready?.clear_ready(),
            }
        };
        Ok((size > 0).then(|| &self.incoming[..size]))
    }

    /// Sends what there is room for. Until everything has gone out, the socket is watched for more.
    pub fn send_queued(&mut self) -> io::Result<()> {
        while let Some(packet) = self.outgoing.front() {
            match send(self.socket.get_ref(), packet, AT_ONCE) {
                Ok(_) => drop(self.outgoing.pop_front()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if self.full.is_none() {
                        // The system watches a descriptor only once.
                        let copy = self.socket.get_ref().try_clone()?;
                        self.full = Some(watch(copy, Interest::WRITABLE)?);
                    }
                    return Ok(());
                }
                // Nobody is there any more, which shows at the next look for a packet; the last ones may say why.
                Err(_) => self.outgoing.clear(),
            }
        }
        self.full = None;
        Ok(())
    }
}

/// Has the runtime watch a socket for one thing.
fn watch(socket: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is open, belongs to nobody else, and stays the same until the runtime has let go of it.
    Ok(unsafe { AsyncFd::register_with_interest(socket, interest) }?)
}
