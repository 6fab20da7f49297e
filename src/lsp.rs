//! The language server: the only code that knows the Language Server Protocol.
//!
//! Messages arrive in [`front`], which applies edits and settings in the order of the wire and hands every request an
//! immutable [`view::View`] of that moment. A handler parses, starts a run ([`runs`]) and awaits it; nothing heavy
//! happens on the transport. What runs tell goes to the client through [`reporter`]. `docs/protocol.md` describes what
//! the server adds to the standard; [`ext`] has its types.

mod capabilities;
mod document;
mod engines;
mod ext;
mod front;
mod handlers;
mod outbox;
pub mod position;
mod query;
mod reaction;
mod reporter;
mod runs;
mod scope;
mod server;
mod sessions;
mod settings;
mod uri;
mod view;
mod wire;

use crate::setup::EndSignals;
use runs::LAST_WAIT;
use std::io;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

/// Serves one client on standard input and output until it leaves, or until a signal ends the process.
///
/// # Errors
/// The system lets no signal be handled.
pub async fn serve_stdio() -> io::Result<Farewell> {
    let mut signals = EndSignals::listen()?;
    Ok(serve(tokio::io::stdin(), tokio::io::stdout(), signals.next()).await)
}

/// How a server came to its end.
#[derive(Debug)]
pub enum Farewell {
    /// The client had sent `shutdown` before it left.
    Proper,
    HungUp,
    /// The client may still be there, but nothing can be written to it any more.
    Unheard(io::Error),
    /// It was told to end, and to exit with this status.
    Told(u8),
}

/// Serves one client until it leaves or `told_to_end` does end. Every run is over when this returns, with its
/// processes.
pub async fn serve<I, O>(input: I, output: O, told_to_end: impl Future<Output = u8>) -> Farewell
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let (front, socket, runs) = server::build();
    let state = front.state();
    // Handlers only start runs and wait for them, so there is no reason to bound how many wait; with a bound, requests
    // that wait for a reply of the client could fill all places, and the reply would never be read.
    let (input, reading) = wire::tolerant(input);
    let (output, failed) = wire::watched(output);
    let serving = tower_lsp::Server::new(input, output, socket).concurrency_level(usize::MAX).serve(front);
    tokio::pin!(serving);
    let (mut served, mut told, mut unheard) = (false, None, None);
    tokio::select! {
        () = &mut serving => served = true,
        // The client is gone, and nobody waits for answers any more.
        () = reading => {}
        error = failed => unheard = Some(error),
        status = told_to_end => told = Some(status),
    }
    state.leave();
    // Without `reading` the framework sees the end of the input, and ends when it has written what is left to say. To a
    // client that does not read it stays unsaid.
    let rest = async {
        if !served {
            serving.await;
        }
    };
    let _ = tokio::join!(runs.end_all(), timeout(LAST_WAIT, rest));
    match told {
        Some(status) => Farewell::Told(status),
        None if state.was_shut_down() => Farewell::Proper,
        None => unheard.map_or(Farewell::HungUp, Farewell::Unheard),
    }
}
