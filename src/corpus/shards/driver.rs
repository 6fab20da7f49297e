//! Threads that requests to object stores run on, so that whoever waits for one may be any thread.

use std::{future::Future, io, sync::mpsc};
use tokio::runtime::{Builder, Runtime};

/// One thread is enough: it only waits, and a request that has bytes to take apart does so quickly.
const THREADS: usize = 1;

/// Runs futures for threads that block. It ends with its owner; what is still open then is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    /// There until it is dropped.
    runtime: Option<Runtime>,
}

impl Driver {
    pub fn new() -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("rlm-shards").enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Waits for a future. The thread may be one that drives futures itself, though it drives none of them meanwhile.
    pub fn wait<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> io::Result<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.start(async move {
            let _ = sender.send(future.await);
        });
        receiver.recv().map_err(|_| io::Error::other("the request was given up"))
    }

    /// Starts what nobody waits for.
    pub fn start(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(future);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which a thread that drives futures must not do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
