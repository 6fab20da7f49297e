//! The signals by which a process is told to end.
//!
//! Dying of one would leave the programs behind that answer as models: they lead process groups of their own.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a process exits with after a signal, as shells have it, is this and the signal's number.
const STATUS_BASE: u8 = 128;

/// Takes the signals in place of the system, from when it is made.
pub struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl EndSignals {
    /// # Errors
    /// The system lets no signal be handled.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal; returns the status to exit with.
    pub async fn next(&mut self) -> u8 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        };
        STATUS_BASE + u8::try_from(kind.as_raw_value()).expect("the numbers of these signals are small")
    }
}
