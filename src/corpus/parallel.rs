//! The same work for many items, on all processors.

use super::threads::on_threads;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// What `work` makes of each of `count` items, in their order; nothing if one of them had nothing, as after a stop. Each
/// thread has a `state` of its own, and takes at least `least` items, so that little work starts no threads.
pub(super) fn each<S, R: Send>(
    count: usize,
    least: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Option<R> + Sync,
) -> Option<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(count / least.max(1));
    if threads <= 1 {
        let mut state = state();
        return (0..count).map(|item| work(&mut state, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(count));
    let run = || {
        let mut state = state();
        loop {
            let item = next.fetch_add(1, Ordering::Relaxed);
            if item >= count || stopped.load(Ordering::Relaxed) {
                return;
            }
            match work(&mut state, item) {
                Some(result) => done.lock().unwrap_or_else(PoisonError::into_inner).push((item, result)),
                None => stopped.store(true, Ordering::Relaxed),
            }
        }
    };
    on_threads(threads, run);
    if stopped.into_inner() {
        return None;
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|&(item, _)| item);
    Some(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_whole_or_none() {
        for least in [1, 100] {
            let doubled = each(50, least, || (), |(), item| Some(item * 2));
            assert_eq!(doubled, Some((0..50).map(|item| item * 2).collect()));
            assert_eq!(each(50, least, || (), |(), item| (item != 30).then_some(item)), None);
            assert_eq!(each(0, least, || (), |(), item| Some(item)), Some(Vec::new()));
        }
    }
}
