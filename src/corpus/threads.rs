//! The same work on several threads.

use std::{panic::resume_unwind, thread};

/// What `work` returns on each of up to `most` threads, of which this is one. A system that gives no thread leaves more for
/// the others, so each must go on until nothing is left to do.
pub(super) fn on_threads<T: Send>(most: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, &work).ok();
        let others: Vec<_> = (1..most).map_while(start).collect();
        let own = work();
        let others = others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        others.chain([own]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn work_is_done_by_at_least_this_thread() {
        for most in [0, 1, 4] {
            let next = AtomicUsize::new(0);
            let work =
                || (0..).map_while(|_| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&it| it < 100)).count();
            let done = on_threads(most, work);
            assert_eq!((done.len(), done.iter().sum()), (most.max(1), 100_usize));
        }
    }
}
