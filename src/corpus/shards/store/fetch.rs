//! Getting the bytes of shards, from memory or from where the store lies.

use super::{
    super::{
        ShardError, Trouble,
        cache::{Claim, Promise},
        folder::{self, Folder},
        loaded::Loaded,
        manifest::Manifest,
        objects::{FetchError, Objects, Wanted},
        place::Place,
    },
    ShardStore,
};
use bytes::Bytes;
use std::{
    ops::Range,
    sync::{Arc, PoisonError, atomic::Ordering},
};

/// What a part of a range comes from.
enum Part {
    Here(Arc<Loaded>, Range<usize>),
    /// The number of the request whose reply it is.
    Whole(usize, Range<usize>),
    Range(usize),
}

impl ShardStore {
    /// The bytes of a range that lies in the text.
    pub(super) fn fetch_range(&self, range: Range<usize>) -> Result<Vec<u8>, ShardError> {
        let goes_on = self.last_end.swap(range.end, Ordering::Relaxed) == range.start;
        let mut bytes = Vec::with_capacity(range.len());
        if range.is_empty() {
            return Ok(bytes);
        }
        let (first, last) = (self.shard_of(range.start), self.shard_of(range.end - 1));
        let inside = |shard: usize| {
            let whole = self.manifest().bytes_of(shard);
            range.start.max(whole.start) - whole.start..range.end.min(whole.end) - whole.start
        };
        match &self.place {
            Place::Folder(folder) => {
                for shard in first..=last {
                    self.read_folder(folder, shard, inside(shard), &mut bytes)?;
                }
            }
            Place::Objects(objects) => {
                let shards: Vec<_> = (first..=last).map(|shard| (shard, inside(shard))).collect();
                self.read_objects(objects, &shards, goes_on, &mut bytes)?;
                if goes_on {
                    self.fetch_ahead(objects, last + 1);
                }
            }
        }
        Ok(bytes)
    }

    /// The bytes of a range out of whole shards, so that all of them were compared with their hashes. The shards stay in memory
    /// within bounds, and are sent for together.
    pub fn checked_bytes(&self, range: Range<usize>) -> Result<Vec<u8>, ShardError> {
        self.check_range(&range)?;
        let goes_on = self.last_end.swap(range.end, Ordering::Relaxed) == range.start;
        let mut bytes = Vec::with_capacity(range.len());
        if range.is_empty() {
            return Ok(bytes);
        }
        let (first, last) = (self.shard_of(range.start), self.shard_of(range.end - 1));
        self.fetch_whole(&(first..=last).map(Some).collect::<Vec<_>>())?;
        for shard in first..=last {
            let whole = self.manifest().bytes_of(shard);
            let inside = range.start.max(whole.start) - whole.start..range.end.min(whole.end) - whole.start;
            bytes.extend_from_slice(&self.whole(shard)?.bytes()[inside]);
        }
        if let (Place::Objects(objects), true) = (&self.place, goes_on) {
            self.fetch_ahead(objects, last + 1);
        }
        Ok(bytes)
    }

    /// A shard in memory, fetched if it is not there.
    pub(in super::super) fn whole(&self, shard: usize) -> Result<Arc<Loaded>, ShardError> {
        match self.cache.claim(shard) {
            Claim::Here(loaded) => Ok(loaded),
            Claim::Fetch(promise) => {
                let bytes = match &self.place {
                    Place::Folder(folder) => {
                        let mut bytes = vec![0; self.manifest().extent(shard).bytes];
                        self.read_file(folder, shard, 0, &mut bytes)?;
                        bytes.into()
                    }
                    Place::Objects(objects) => {
                        let wanted = wanted(self.manifest(), shard, 0..self.manifest().extent(shard).bytes);
                        self.only(objects, shard, objects.fetch(vec![wanted])?)?
                    }
                };
                self.keep(promise, shard, bytes)
            }
        }
    }

    /// Sends for several shards at once, as far as they are not here. A folder has nothing to gain from that.
    pub(super) fn fetch_whole(&self, shards: &[Option<usize>]) -> Result<(), ShardError> {
        let Place::Objects(objects) = &self.place else { return Ok(()) };
        let mut shards: Vec<usize> = shards.iter().flatten().copied().collect();
        shards.dedup();
        if shards.len() < 2 {
            return Ok(());
        }
        let whole: Vec<_> = shards.into_iter().map(|shard| (shard, 0..self.manifest().extent(shard).bytes)).collect();
        self.read_objects(objects, &whole, false, &mut Vec::new())
    }

    fn shard_of(&self, byte: usize) -> usize {
        self.manifest().shard_at(byte, |extent| extent.bytes)
    }

    /// Adds a part of a shard to `bytes`.
    fn read_folder(
        &self,
        folder: &Folder,
        shard: usize,
        inside: Range<usize>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ShardError> {
        let is_whole = inside == (0..self.manifest().extent(shard).bytes);
        let here = if is_whole { Some(self.whole(shard)?) } else { self.cache.get(shard) };
        if let Some(loaded) = here {
            bytes.extend_from_slice(&loaded.bytes()[inside]);
            return Ok(());
        }
        let start = bytes.len();
        bytes.resize(start + inside.len(), 0);
        self.read_file(folder, shard, inside.start, &mut bytes[start..])?;
        // Of a part no more than this can be checked.
        if self.is_ascii_shard(shard) && !bytes[start..].is_ascii() {
            return Err(self.place.trouble(self.manifest(), shard, Trouble::Damaged));
        }
        Ok(())
    }

    fn read_file(&self, folder: &Folder, shard: usize, start: usize, bytes: &mut [u8]) -> Result<(), ShardError> {
        let open = || folder.open_shard(&self.manifest().name(shard));
        let wanted = folder::Wanted { shard, size: self.manifest().extent(shard).bytes, open: &open };
        folder.files.read(&wanted, start, bytes).map_err(|error| self.file_error(folder, shard, error))
    }

    pub(in super::super) fn file_error(&self, folder: &Folder, shard: usize, error: folder::ReadError) -> ShardError {
        match error {
            folder::ReadError::Trouble(trouble) => self.place.trouble(self.manifest(), shard, trouble),
            folder::ReadError::Io(error) => folder.failure("read", &error),
        }
    }

    /// Adds parts of shards to `bytes`, with one request for each that is not here.
    fn read_objects(
        &self,
        objects: &Objects,
        shards: &[(usize, Range<usize>)],
        goes_on: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ShardError> {
        let (mut parts, mut requests, mut promises) = (Vec::new(), Vec::new(), Vec::new());
        for (shard, inside) in shards.iter().cloned() {
            let size = self.manifest().extent(shard).bytes;
            let again = !self.looked_into.lock().unwrap_or_else(PoisonError::into_inner).insert(shard);
            if !(goes_on || again || inside.len() * 2 >= size) {
                match self.cache.get(shard) {
                    Some(loaded) => parts.push(Part::Here(loaded, inside)),
                    None => {
                        parts.push(Part::Range(requests.len()));
                        requests.push(wanted(self.manifest(), shard, inside));
                        promises.push((shard, None));
                    }
                }
                continue;
            }
            match self.cache.claim(shard) {
                Claim::Here(loaded) => parts.push(Part::Here(loaded, inside)),
                Claim::Fetch(promise) => {
                    parts.push(Part::Whole(requests.len(), inside));
                    requests.push(wanted(self.manifest(), shard, 0..size));
                    promises.push((shard, Some(promise)));
                }
            }
        }
        let replies = if requests.is_empty() { Vec::new() } else { objects.fetch(requests)? };
        let mut fetched = Vec::with_capacity(replies.len());
        for (reply, (shard, promise)) in replies.into_iter().zip(promises) {
            let reply = reply.map_err(|error| self.fetch_error(objects, shard, error))?;
            if let Some(promise) = promise {
                self.keep(promise, shard, reply.clone())?;
            } else if self.is_ascii_shard(shard) && !reply.is_ascii() {
                return Err(self.place.trouble(self.manifest(), shard, Trouble::Damaged));
            }
            fetched.push(reply);
        }
        for part in parts {
            match part {
                Part::Here(loaded, inside) => bytes.extend_from_slice(&loaded.bytes()[inside]),
                Part::Whole(request, inside) => bytes.extend_from_slice(&fetched[request][inside]),
                Part::Range(request) => bytes.extend_from_slice(&fetched[request]),
            }
        }
        Ok(())
    }

    /// Compares a shard with its hash and keeps it.
    fn keep(&self, promise: Promise, shard: usize, bytes: Bytes) -> Result<Arc<Loaded>, ShardError> {
        let loaded = Loaded::new(bytes, self.manifest().extent(shard), self.manifest().hashes[shard]);
        let loaded = Arc::new(loaded.map_err(|trouble| self.place.trouble(self.manifest(), shard, trouble))?);
        promise.keep(&loaded);
        Ok(loaded)
    }

    /// Sends for a shard that is likely to be wanted next. If that fails, whoever wants it will see.
    fn fetch_ahead(&self, objects: &Objects, shard: usize) {
        if shard >= self.shards() {
            return;
        }
        let manifest = self.manifest.clone();
        let extent = manifest.extent(shard);
        let Some(promise) = self.cache.claim_ahead(shard, extent.bytes) else { return };
        objects.start_fetching(wanted(&manifest, shard, 0..extent.bytes), move |reply| {
            let loaded = reply.ok().and_then(|bytes| Loaded::new(bytes, extent, manifest.hashes[shard]).ok());
            if let Some(loaded) = loaded {
                promise.keep(&Arc::new(loaded));
            }
        });
    }

    fn only(
        &self,
        objects: &Objects,
        shard: usize,
        replies: Vec<Result<Bytes, FetchError>>,
    ) -> Result<Bytes, ShardError> {
        let reply = replies.into_iter().next().unwrap_or(Err(FetchError::Trouble(Trouble::Missing)));
        reply.map_err(|error| self.fetch_error(objects, shard, error))
    }

    fn fetch_error(&self, objects: &Objects, shard: usize, error: FetchError) -> ShardError {
        match error {
            FetchError::Trouble(trouble) => self.place.trouble(self.manifest(), shard, trouble),
            FetchError::Store(error) => objects.failure("read", &error),
        }
    }
}

fn wanted(manifest: &Manifest, shard: usize, range: Range<usize>) -> Wanted {
    Wanted { shard, name: manifest.name(shard), size: manifest.extent(shard).bytes, range }
}
