//! Going through many shards with several threads, and taking what they found in the order of the text.

use super::{super::threads::on_threads, ShardError, Trouble, folder, place::Place, store::ShardStore};
use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Condvar, Mutex, PoisonError},
    thread,
};

/// So far ahead of the first shard that is not done may others be, for each thread.
const AHEAD: usize = 4;

/// Threads that go through a store in a bucket mostly wait for it.
const REMOTE_THREADS: usize = 8;

/// Hands the shards `shards` to `work`, with several threads, and what it makes of them to `merge`, one after the other in
/// their order, until that has enough. The first failure in that order ends it.
pub(super) fn in_order<T: Send>(
    store: &ShardStore,
    shards: &[usize],
    work: impl Fn(usize, &mut Vec<u8>) -> Result<T, ShardError> + Sync,
    merge: impl FnMut(usize, T) -> Result<ControlFlow<()>, ShardError> + Send,
) -> Result<(), ShardError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = match store.place() {
        Place::Folder(_) => cores,
        Place::Objects(_) => REMOTE_THREADS,
    };
    let threads = threads.min(shards.len()).max(1);
    let state = State { next: 0, done: BTreeMap::new(), merged: 0, merge, ending: None };
    let walk = Walk { shards, work, state: Mutex::new(state), moved: Condvar::new(), ahead: AHEAD * threads };
    on_threads(threads, || walk.run());
    let state = walk.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.ending {
        Some(Err(error)) => Err(error),
        Some(Ok(())) | None => Ok(()),
    }
}

struct Walk<'a, T, W, M> {
    shards: &'a [usize],
    work: W,
    state: Mutex<State<T, M>>,
    /// One more was merged, or it is over.
    moved: Condvar,
    ahead: usize,
}

struct State<T, M> {
    /// The place in `shards` of the next one that nobody works on.
    next: usize,
    /// What was made of shards before which others are not done.
    done: BTreeMap<usize, Result<T, ShardError>>,
    merged: usize,
    merge: M,
    /// How it ended, if it did before the last shard.
    ending: Option<Result<(), ShardError>>,
}

impl<T, W, M> Walk<'_, T, W, M>
where
    W: Fn(usize, &mut Vec<u8>) -> Result<T, ShardError>,
    M: FnMut(usize, T) -> Result<ControlFlow<()>, ShardError>,
{
    fn run(&self) {
        let mut room = Vec::new();
        while let Some(at) = self.take() {
            let outcome = (self.work)(self.shards[at], &mut room);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.done.insert(at, outcome);
            state.merge(self.shards);
            self.moved.notify_all();
        }
    }

    fn take(&self) -> Option<usize> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let too_far = |state: &mut State<T, M>| {
            state.ending.is_none() && state.next < self.shards.len() && state.next >= state.merged + self.ahead
        };
        let mut state = self.moved.wait_while(state, too_far).unwrap_or_else(PoisonError::into_inner);
        if state.ending.is_some() || state.next >= self.shards.len() {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }
}

impl<T, M: FnMut(usize, T) -> Result<ControlFlow<()>, ShardError>> State<T, M> {
    fn merge(&mut self, shards: &[usize]) {
        while self.ending.is_none()
            && let Some(outcome) = self.done.remove(&self.merged)
        {
            let merged = outcome.and_then(|outcome| (self.merge)(shards[self.merged], outcome));
            self.merged += 1;
            self.ending = match merged {
                Ok(ControlFlow::Continue(())) => None,
                Ok(ControlFlow::Break(())) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            };
        }
    }
}

impl ShardStore {
    /// Shows all of a shard to `visit`, in pieces that overlap by `overlap` bytes, with the place of each within the shard.
    /// Only when this returns without an error has the shard been found to be undamaged.
    pub(super) fn scan(
        &self,
        shard: usize,
        overlap: usize,
        room: &mut Vec<u8>,
        visit: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), ShardError> {
        let Place::Folder(folder) = self.place() else {
            // What is kept was compared with its hash when it came.
            visit(0, self.whole(shard)?.bytes());
            return Ok(());
        };
        let open = || folder.open_shard(&self.manifest().name(shard));
        let wanted = folder::Wanted { shard, size: self.manifest().extent(shard).bytes, open: &open };
        let scanned = folder.files.scan(&wanted, overlap, room, visit);
        match scanned.map_err(|error| self.file_error(folder, shard, error))? == self.manifest().hashes[shard] {
            true => Ok(()),
            false => Err(self.place().trouble(self.manifest(), shard, Trouble::Damaged)),
        }
    }
}
