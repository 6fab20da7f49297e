//! The language server: the only code that knows the Language Server Protocol.
//!
//! Messages arrive in [`front`], which applies edits and settings in the order of the wire and hands every request an
//! immutable [`view::View`] of that moment. A handler parses, starts a run ([`runs`]) and awaits it; nothing heavy happens
//! on the transport. What runs tell goes to the client through [`reporter`]. `docs/protocol.md` describes what the server
//! adds to the standard; [`ext`] has its types.

mod capabilities;
mod document;
mod ext;
mod front;
mod handlers;
mod position;
mod reporter;
mod runs;
mod scope;
mod server;
mod uri;
mod view;
mod wire;

use std::process::ExitCode;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves one client on standard input and output until it leaves.
pub async fn serve_stdio() -> ExitCode {
    let left_properly = serve(tokio::io::stdin(), tokio::io::stdout()).await;
    if left_properly { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Serves one client; says whether it has sent `shutdown` before it left.
pub async fn serve<I, O>(input: I, output: O) -> bool
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let (front, socket, runs) = server::build();
    let state = front.state();
    // Handlers only start runs and wait for them, so there is no reason to bound how many wait; with a bound, requests
    // that wait for a reply of the client could fill all places, and the reply would never be read.
    let (input, reading) = wire::tolerant(input);
    let serving = tower_lsp::Server::new(input, output, socket).concurrency_level(usize::MAX).serve(front);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        // The client is gone, and nobody waits for answers any more.
        () = reading => {
            runs.close();
            serving.await;
        }
    }
    runs.end_all().await;
    state.was_shut_down()
}
