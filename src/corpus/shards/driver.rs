//! Threads that requests to object stores run on, so that any thread may wait for one.

use super::super::stop::StopFlag;
use std::{
    future::Future,
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// One thread is enough: it only waits, and a request that has bytes to take apart does so quickly.
const THREADS: usize = 1;

/// How often a waiting thread checks whether anybody still wants the reply.
const LOOK: Duration = Duration::from_millis(100);

/// Runs futures for threads that block. It ends with its owner; what is still open then is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    /// There until it is dropped.
    runtime: Option<Runtime>,
    stop: StopFlag,
}

impl Driver {
    /// A driver whose requests are given up when the flag is raised.
    pub fn new(stop: StopFlag) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("rlm-shards").enable_all().build()?;
        Ok(Self { runtime: Some(runtime), stop })
    }

    /// Waits for a future. The thread may be one that drives futures itself, though it drives none of them meanwhile.
    pub fn wait<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> io::Result<T> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let started = self.start(async move {
            let _ = sender.send(future.await);
        });
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(reply) => return Ok(reply),
                Err(RecvTimeoutError::Timeout) if !self.stop.is_raised() => {}
                Err(_) => {
                    started.inspect(JoinHandle::abort);
                    return Err(io::Error::other("the request was given up"));
                }
            }
        }
    }

    /// Starts what nobody waits for.
    pub fn start(&self, future: impl Future<Output = ()> + Send + 'static) -> Option<JoinHandle<()>> {
        self.runtime.as_ref().map(|runtime| runtime.spawn(future))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[test]
    fn a_request_that_nobody_wants_any_more_is_given_up() {
        let stop = StopFlag::default();
        let driver = Driver::new(stop.clone()).unwrap();
        assert_eq!(driver.wait(async { 7 }).unwrap(), 7);
        let (dropped, is_dropped) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                driver.wait(async move {
                    pending::<()>().await;
                    drop(dropped);
                })
            });
            stop.raise();
            assert!(waiting.join().unwrap().is_err());
        });
        // The request itself is gone too, and the sender with it.
        assert!(is_dropped.recv().is_err());
    }
}
