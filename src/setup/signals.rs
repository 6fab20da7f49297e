//! The signals by which a process is told to end.
//!
//! Dying of one would leave the programs behind that answer as models: they lead process groups of their own.

use crate::exec;
use std::{io, thread, time::Duration};
use tokio::{
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

/// What a process exits with after a signal, as shells have it, is this and the signal's number.
const STATUS_BASE: u8 = 128;

/// How long the work may take to end by itself after the first signal.
const GRACE: Duration = Duration::from_millis(900);

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

/// Calls `end` at the first signal, and ends the process if that has not ended it soon, or at the second signal.
///
/// # Errors The system lets no signal be handled, or has no thread to spare.
pub fn end_on_signal(end: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut end = Some(end);
    handle_signals(move |_| {
        end.take().into_iter().for_each(|end| end());
        false
    })
}

/// Calls `cancel` at each signal. If that is Ctrl-C, and there was something to cancel, the process goes on; else it ends soon.
///
/// # Errors The system lets no signal be handled, or has no thread to spare.
pub fn cancel_on_interrupt(cancel: impl Fn() -> bool + Send + 'static) -> io::Result<()> {
    let interrupt = STATUS_BASE + u8::try_from(SignalKind::interrupt().as_raw_value()).unwrap_or_default();
    handle_signals(move |status| cancel() && status == interrupt)
}

/// Calls `handle` with the status of each signal until it says that the process is to end, and ends it.
///
/// The signals are waited for on a thread of their own: whatever keeps the work from ending, be it code that never
/// gives way or a terminal that takes no more output, does not keep the signal from being heard.
fn handle_signals(mut handle: impl FnMut(u8) -> bool + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _entered = runtime.enter();
        EndSignals::listen()?
    };
    let wait = move || {
        let status = runtime.block_on(async {
            let status = loop {
                let status = signals.next().await;
                if !handle(status) {
                    break status;
                }
            };
            timeout(GRACE, signals.next()).await.unwrap_or(status)
        });
        // Nobody drops the futures that hold these.
        exec::end_all();
        std::process::exit(i32::from(status));
    };
    thread::Builder::new().name("rlm-signals".to_owned()).spawn(wait)?;
    Ok(())
}
