//! What a process and those below it take of the machine.

use crate::processes;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep},
};

/// Who works less in a [`LOOK`] does not work: a language server looks at its clock now and then.
const IDLE: Duration = Duration::from_millis(10);

/// How long a look at the processors takes.
const LOOK: Duration = Duration::from_millis(100);

/// Looks without work that are taken for the end.
const QUIET_LOOKS: usize = 10;

/// Work that has not ended by then goes on.
const LONGEST: Duration = Duration::from_secs(60);

/// Watches a process and all below it.
pub struct Watch {
    id: u32,
    most: Arc<AtomicU64>,
    all: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Watch {
    /// Begins to watch, several times a second.
    pub fn begin(id: u32) -> Self {
        let (most, all) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (own, group) = (most.clone(), all.clone());
        let look = move || {
            if let Some(usage) = processes::usage(id) {
                own.fetch_max(usage.most_memory, Ordering::Relaxed);
            }
            group.fetch_max(processes::memory_of(everyone(id)), Ordering::Relaxed);
        };
        let task = tokio::spawn(async move {
            loop {
                let look = look.clone();
                let _ = tokio::task::spawn_blocking(look).await;
                sleep(LOOK).await;
            }
        });
        Self { id, most, all, task: task.abort_handle() }
    }

    /// How many processors all together use in the second that begins now.
    pub async fn cores(&self) -> f64 {
        let (before, began) = (times(self.id), Instant::now());
        sleep(Duration::from_secs(1)).await;
        worked(&before, &times(self.id)).as_secs_f64() / began.elapsed().as_secs_f64()
    }

    /// From the moment at which the question was stopped to the last work of anybody; nothing if there is no end.
    pub async fn until_quiet(&self, stopped: Instant) -> Option<Duration> {
        let (mut last, mut quiet, mut before) = (stopped, 0, times(self.id));
        while quiet < QUIET_LOOKS {
            sleep(LOOK).await;
            let now = times(self.id);
            if worked(&before, &now) > IDLE {
                (last, quiet) = (Instant::now(), 0);
            } else {
                quiet += 1;
            }
            before = now;
            if stopped.elapsed() > LONGEST {
                return None;
            }
        }
        Some(last - stopped)
    }

    /// The most memory in megabytes: of the process, and of all together.
    pub fn end(self) -> (u64, u64) {
        self.task.abort();
        (self.most.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

/// The time of processors that all had between two looks.
fn worked(before: &HashMap<u32, Duration>, now: &HashMap<u32, Duration>) -> Duration {
    now.iter().map(|(id, time)| time.saturating_sub(before.get(id).copied().unwrap_or_default())).sum()
}

/// The process and all below it.
fn everyone(id: u32) -> Vec<u32> {
    processes::below(id).iter().map(|it| it.id).chain([id]).collect()
}

/// How long the processors have worked for each.
fn times(id: u32) -> HashMap<u32, Duration> {
    everyone(id).into_iter().filter_map(|id| Some((id, processes::usage(id)?.processor))).collect()
}
