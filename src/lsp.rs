//! The language server: the only code that knows the Language Server Protocol.
//!
//! Messages arrive in [`message_order`], which applies edits and settings in the order of the wire and hands every request an
//! immutable [`client_state::ClientState`] of that moment. A handler parses, starts a run ([`query_registry`]) and awaits it; nothing heavy
//! happens on the transport. What runs tell goes to the client through [`reporter`]. `docs/protocol.md` describes what
//! the server adds to the standard; [`ext`] has its types.

mod capabilities;
mod client_requests;
mod client_state;
mod document;
mod engines;
mod ext;
mod handlers;
mod message_order;
mod outbox;
pub mod position;
mod query;
mod query_registry;
mod reporter;
mod scope;
mod server;
mod sessions;
mod settings;
mod uri;
mod wire;

use crate::setup::EndSignals;
use query_registry::LAST_WAIT;
use std::io;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

/// Serves one client on standard input and output until it leaves, or until a signal ends the process.
///
/// # Errors
/// The system lets no signal be handled.
pub async fn serve_stdio() -> io::Result<ExitReason> {
    let mut signals = EndSignals::listen()?;
    Ok(serve(tokio::io::stdin(), tokio::io::stdout(), signals.next()).await)
}

/// How a server came to its end.
#[derive(Debug)]
pub enum ExitReason {
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
pub async fn serve<I, O>(input: I, output: O, told_to_end: impl Future<Output = u8>) -> ExitReason
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let (order, socket, runs) = server::build();
    let state = order.state();
    // Handlers only start runs and wait for them, so there is no reason to bound how many wait; with a bound, requests
    // that wait for a reply of the client could fill all places, and the reply would never be read.
    let (input, reading) = wire::tolerant(input);
    let (output, failed) = wire::watched(output);
    let serving = tower_lsp::Server::new(input, output, socket).concurrency_level(usize::MAX).serve(order);
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
        Some(status) => ExitReason::Told(status),
        None if state.was_shut_down() => ExitReason::Proper,
        None => unheard.map_or(ExitReason::HungUp, ExitReason::Unheard),
    }
}
