//! The language server: the only code that knows the Language Server Protocol.
//!
//! [`transport`] reads messages and hands them to [`message_order`], which applies edits and settings in the order of the wire and hands every request an
//! immutable [`client_state::ClientState`] of that moment. A handler parses, starts a run ([`query_registry`]) and awaits it; nothing heavy
//! happens on the transport. What runs tell goes to the client through [`reporter`]. `docs/protocol.md` describes what
//! the server adds to the standard; [`ext`] has its types.

mod capabilities;
mod client_requests;
mod client_state;
mod contents;
mod cycle;
mod diagnostics;
mod document;
mod edit;
mod engines;
mod ext;
mod findings;
mod handlers;
mod kept_request;
mod message_order;
mod metrics;
pub mod position;
mod proposals;
mod query;
mod query_registry;
mod reporter;
mod review;
mod scope;
mod server;
mod sessions;
mod settings;
mod task_runs;
mod transcripts;
mod transport;
mod uri;
mod wire;

use crate::{setup::EndSignals, trace::Exporter};
use query_registry::LAST_WAIT;
use std::{io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    time::timeout,
};

/// Who is told how much the server does, and nothing of what it is about.
#[derive(Default)]
pub struct Observers {
    /// Whoever connects here is told numbers.
    pub metrics: Option<TcpListener>,
    pub exporter: Option<Arc<Exporter>>,
}

/// Serves one client on standard input and output until it leaves, or until a signal ends the process.
///
/// # Errors
/// The system lets no signal be handled.
pub async fn serve_stdio(observers: Observers) -> io::Result<ExitReason> {
    let mut signals = EndSignals::listen()?;
    Ok(serve(tokio::io::stdin(), tokio::io::stdout(), observers, signals.next()).await)
}

/// How long a collector is told of the last runs.
const LAST_EXPORT: Duration = Duration::from_secs(1);

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
pub async fn serve<I, O>(input: I, output: O, observers: Observers, told_to_end: impl Future<Output = u8>) -> ExitReason
where
    I: AsyncRead + Unpin + Send + 'static,
    O: AsyncWrite + Send + 'static,
{
    let Observers { metrics, exporter } = observers;
    let (order, socket, runs) = server::build(exporter.clone());
    let counted = runs.clone();
    let numbers = metrics.map(|listener| tokio::spawn(metrics::serve(listener, move || counted.numbers())));
    let state = order.state();
    let (reading, answering) = transport::connect(input, output, order, socket);
    let mut answering = pin!(answering);
    let (mut told, mut unheard, mut ended) = (None, None, false);
    tokio::select! {
        // The client is gone, and nobody waits for answers any more.
        () = reading => {}
        answered = &mut answering => {
            unheard = answered.err();
            ended = true;
        }
        status = told_to_end => told = Some(status),
    }
    state.leave();
    // Nothing is read any more, so this ends when what is left to say is written. To a client that does not read it stays
    // unsaid.
    let rest = async {
        if !ended {
            // The client has left already, so it does not matter whether it hears this.
            let _ = answering.await;
        }
    };
    let _ = tokio::join!(runs.end_all(), timeout(LAST_WAIT, rest));
    if let Some(exporter) = exporter {
        // What was not delivered is logged where it happens.
        exporter.end(LAST_EXPORT).await;
    }
    numbers.iter().for_each(|it| it.abort());
    match told {
        Some(status) => ExitReason::Told(status),
        None if state.was_shut_down() => ExitReason::Proper,
        None => unheard.map_or(ExitReason::HungUp, ExitReason::Unheard),
    }
}
