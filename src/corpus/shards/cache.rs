//! Shards that are kept in memory, up to a number of bytes; those that nobody has wanted for longest go first.
//!
//! A shard that is on its way has its place too, so that it is fetched once, whoever wants it.

use super::loaded::Loaded;
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

#[derive(Debug)]
pub(super) struct Cache {
    most_bytes: usize,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<usize, Entry>,
    bytes: usize,
    /// Counts the times that a shard was wanted.
    clock: u64,
}

#[derive(Debug)]
enum Entry {
    Coming,
    Here { loaded: Arc<Loaded>, wanted: u64 },
}

/// What becomes of a shard that is wanted.
pub(super) enum Claim {
    Here(Arc<Loaded>),
    /// Whoever asked fetches it, and says so in the end.
    Fetch(Promise),
}

/// The duty to fetch a shard. If it is not kept, others may try.
#[derive(Debug)]
pub(super) struct Promise {
    cache: Arc<Cache>,
    shard: usize,
    kept: bool,
}

impl Cache {
    pub fn new(most_bytes: usize) -> Arc<Self> {
        Arc::new(Self { most_bytes, state: Mutex::default(), arrived: Condvar::new() })
    }

    /// The shard if it is here, or on its way, for which this waits.
    pub fn get(&self, shard: usize) -> Option<Arc<Loaded>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_coming = |state: &mut State| matches!(state.entries.get(&shard), Some(Entry::Coming));
        let mut state = self.arrived.wait_while(state, is_coming).unwrap_or_else(PoisonError::into_inner);
        state.touch(shard)
    }

    /// The shard, or the duty to fetch it.
    pub fn claim(self: &Arc<Self>, shard: usize) -> Claim {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_coming = |state: &mut State| matches!(state.entries.get(&shard), Some(Entry::Coming));
        let mut state = self.arrived.wait_while(state, is_coming).unwrap_or_else(PoisonError::into_inner);
        match state.touch(shard) {
            Some(loaded) => Claim::Here(loaded),
            None => Claim::Fetch(self.promise(&mut state, shard)),
        }
    }

    /// The duty to fetch a shard that may be wanted soon, unless it is here, on its way, or would leave no room for others.
    pub fn claim_ahead(self: &Arc<Self>, shard: usize, bytes: usize) -> Option<Promise> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = !state.entries.contains_key(&shard) && bytes <= self.most_bytes / 4;
        is_free.then(|| self.promise(&mut state, shard))
    }

    fn promise(self: &Arc<Self>, state: &mut State, shard: usize) -> Promise {
        state.entries.insert(shard, Entry::Coming);
        Promise { cache: self.clone(), shard, kept: false }
    }
}

impl State {
    fn touch(&mut self, shard: usize) -> Option<Arc<Loaded>> {
        self.clock += 1;
        match self.entries.get_mut(&shard)? {
            Entry::Coming => None,
            Entry::Here { loaded, wanted } => {
                *wanted = self.clock;
                Some(loaded.clone())
            }
        }
    }

    fn make_room(&mut self, most_bytes: usize) {
        while self.bytes > most_bytes {
            let here = self.entries.iter().filter_map(|(&shard, entry)| match entry {
                Entry::Coming => None,
                Entry::Here { wanted, .. } => Some((*wanted, shard)),
            });
            let Some((_, oldest)) = here.min() else { return };
            if let Some(Entry::Here { loaded, .. }) = self.entries.remove(&oldest) {
                self.bytes -= loaded.bytes().len();
            }
        }
    }
}

impl Promise {
    /// The shard has come.
    pub fn keep(mut self, loaded: &Arc<Loaded>) {
        self.kept = true;
        let mut state = self.cache.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clock += 1;
        let wanted = state.clock;
        state.bytes += loaded.bytes().len();
        state.entries.insert(self.shard, Entry::Here { loaded: loaded.clone(), wanted });
        state.make_room(self.cache.most_bytes);
        self.cache.arrived.notify_all();
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            let mut state = self.cache.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.entries.remove(&self.shard);
            self.cache.arrived.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::count::count, *};
    use std::thread;

    fn loaded(text: &'static str) -> Arc<Loaded> {
        let (extent, hash) = count(text.as_bytes());
        Arc::new(Loaded::new(text.into(), extent, hash).unwrap())
    }

    fn fetch(cache: &Arc<Cache>, shard: usize) -> bool {
        match cache.claim(shard) {
            Claim::Here(_) => false,
            Claim::Fetch(promise) => {
                promise.keep(&loaded("four"));
                true
            }
        }
    }

    #[test]
    fn what_was_not_wanted_for_longest_goes_first() {
        let cache = Cache::new(8);
        assert!(fetch(&cache, 0) && fetch(&cache, 1));
        assert!(!fetch(&cache, 0));
        assert!(fetch(&cache, 2), "there is no room for a third");
        assert!(cache.get(0).is_some() && cache.get(1).is_none() && cache.get(2).is_some());
        assert!(cache.claim_ahead(7, 4).is_none(), "it would leave no room");
    }

    #[test]
    fn a_shard_on_its_way_is_waited_for_and_a_broken_promise_frees_it() {
        let cache = Cache::new(100);
        let Claim::Fetch(promise) = cache.claim(3) else { panic!("nothing is there") };
        thread::scope(|scope| {
            let waiting = scope.spawn(|| cache.get(3));
            promise.keep(&loaded("x"));
            assert!(waiting.join().unwrap().is_some());
        });
        let promise = cache.claim_ahead(4, 1);
        assert!(cache.claim_ahead(4, 1).is_none());
        drop(promise);
        assert!(fetch(&cache, 4));
    }
}
