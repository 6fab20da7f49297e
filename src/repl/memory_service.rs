//! Answers what an interpreter's process asks about memory.

use super::{
    budget::Reservation,
    memory::{Reply, Request, Wish},
};
use std::sync::Arc;
use tokio::{net::UnixDatagram, task::JoinHandle};

/// Answers one interpreter. Dropping it ends that.
#[derive(Debug)]
pub struct MemoryService(JoinHandle<()>);

impl MemoryService {
    pub fn start(socket: UnixDatagram, reservation: Arc<Reservation>) -> Self {
        Self(tokio::spawn(async move {
            while let Some(request) = next(&socket).await {
                let bytes = reservation.answer(request.wish, request.bytes).await;
                let reply = Reply { number: request.number, bytes };
                if socket.send(&reply.to_bytes()).await.is_err() {
                    break;
                }
            }
            // Nobody is there any more, or says what cannot be, and gets nothing more.
            reservation.answer(Wish::Settle, 0).await;
        }))
    }
}

impl Drop for MemoryService {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn next(socket: &UnixDatagram) -> Option<Request> {
    let mut packet = [0; Request::BYTES + 1];
    let size = socket.recv(&mut packet).await.ok()?;
    Request::parse(&packet[..size])
}
