//! A store in a bucket of an object store.

mod explain;
mod http;

pub(super) use http::Connector;

use super::{
    super::stop::StopFlag,
    ShardError, Trouble,
    driver::Driver,
    layout::{Inventory, MANIFEST, SHARDS, StoredManifest, Version},
    manifest::{self, LARGEST_MANIFEST, Manifest},
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, future, stream};
use object_store::{
    GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
    path::Path,
};
use std::{
    collections::HashMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// The most requests for parts of one range that are open at once.
const PARALLEL_REQUESTS: usize = 16;

/// The kinds of object stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    S3,
    Google,
    Azure,
}

impl Scheme {
    /// Where the credentials come from.
    pub fn credentials(self) -> &'static str {
        match self {
            Self::S3 => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
            Self::Google => "GOOGLE_SERVICE_ACCOUNT or GOOGLE_APPLICATION_CREDENTIALS",
            Self::Azure => "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
        }
    }
}

#[derive(Debug)]
pub(super) struct Objects {
    client: Client,
    shown: String,
    bucket: String,
    scheme: Scheme,
    driver: Driver,
}

/// What a request needs, apart from the thread that it runs on.
#[derive(Debug, Clone)]
struct Client {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The entity tags of the shards that were read, each as it was when the shard was first read. A part of a shard
    /// cannot be compared with the hash; that it is of the same object as all parts before can be told.
    tags: Arc<Mutex<HashMap<usize, String>>>,
}

/// A part of a shard that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub shard: usize,
    pub name: String,
    /// The size of the whole shard.
    pub size: usize,
    pub range: Range<usize>,
}

/// Why a part of a shard could not be read.
#[derive(Debug)]
pub(super) enum FetchError {
    Trouble(Trouble),
    Store(object_store::Error),
}

impl Objects {
    pub fn new(
        store: Arc<dyn ObjectStore>,
        prefix: Path,
        shown: &str,
        bucket: &str,
        scheme: Scheme,
        stop: &StopFlag,
    ) -> io::Result<Self> {
        let client = Client { store, prefix, tags: Arc::default() };
        Ok(Self {
            client,
            shown: shown.to_owned(),
            bucket: bucket.to_owned(),
            scheme,
            driver: Driver::new(stop.clone())?,
        })
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn stored_manifest(&self) -> Result<Option<StoredManifest>, ShardError> {
        let client = self.client.clone();
        let read = async move {
            let result = client.store.get(&client.path(MANIFEST)).await?;
            let version = Version { e_tag: result.meta.e_tag.clone(), version: result.meta.version.clone() };
            Ok(collect(result, LARGEST_MANIFEST).await?.map(|json| StoredManifest { json: json.into(), version }))
        };
        match self.wait("read", read)? {
            Ok(Some(stored)) => Ok(Some(stored)),
            Ok(None) => {
                let reason = format!("it is larger than {LARGEST_MANIFEST} bytes");
                Err(ShardError::Manifest { location: self.shown.clone(), reason })
            }
            Err(error @ object_store::Error::NotFound { .. }) if explain::is_no_bucket(&error) => {
                Err(self.failure("read", &error))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failure("read", &error)),
        }
    }

    /// Looks at everything below the prefix.
    pub fn begin(&self) -> Result<Inventory, ShardError> {
        let client = self.client.clone();
        let list = async move {
            let mut shards = HashMap::new();
            let mut objects = client.store.list(Some(&client.prefix));
            while let Some(object) = objects.try_next().await? {
                match Role::of(&client.prefix, &object.location) {
                    Role::Shard(name) => {
                        shards.insert(name, usize::try_from(object.size).unwrap_or(usize::MAX));
                    }
                    Role::Marker if object.size == 0 => {}
                    Role::Manifest => {}
                    Role::Marker | Role::Foreign => return Ok(Err(object.location.to_string())),
                }
            }
            Ok(Ok(shards))
        };
        let listed = self.wait("list", list)?.map_err(|error| self.failure("list", &error))?;
        let shards = listed.map_err(|found| ShardError::OtherFiles { location: self.shown.clone(), found })?;
        let generations = shards.keys().filter_map(|name| Some(manifest::generation_and_file(name)?.0)).collect();
        Ok(Inventory { lock: None, shards, generations })
    }

    /// Whether any shard is there.
    pub fn has_shards(&self) -> Result<bool, ShardError> {
        let client = self.client.clone();
        let look = async move {
            let objects = client.store.list(Some(&client.path(SHARDS)));
            let is_shard = |location: &Path| matches!(Role::of(&client.prefix, location), Role::Shard(_));
            let mut shards = objects.try_filter(|object| future::ready(is_shard(&object.location))).boxed();
            Ok(shards.try_next().await?.is_some())
        };
        self.wait("list", look)?.map_err(|error| self.failure("list", &error))
    }

    pub fn write_shard(&self, name: &str, bytes: &[u8]) -> Result<(), ShardError> {
        let (client, path) = (self.client.clone(), self.client.path_of(name));
        let payload = PutPayload::from(Bytes::copy_from_slice(bytes));
        let put = async move { client.store.put(&path, payload).await.map(drop) };
        self.wait("write to", put)?.map_err(|error| self.failure("write to", &error))
    }

    /// Where the store knows conditions, nothing is overwritten that was not seen. Where it does not, a look just
    /// before makes it unlikely.
    pub fn write_manifest(&self, json: Vec<u8>, previous: Option<&Version>) -> Result<(), ShardError> {
        let overtaken = || ShardError::Overtaken { location: self.shown.clone() };
        match (self.stored_manifest()?, previous) {
            // Another ingest of the same text was faster.
            (Some(now), _) if now.json == json => return Ok(()),
            (Some(now), Some(then)) if now.version == *then => {}
            (None, None) => {}
            _ => return Err(overtaken()),
        }
        let mode = previous.map_or(PutMode::Create, |it| {
            PutMode::Update(UpdateVersion { e_tag: it.e_tag.clone(), version: it.version.clone() })
        });
        let (client, path) = (self.client.clone(), self.client.path(MANIFEST));
        let put = async move {
            let payload = PutPayload::from(json);
            let options = PutOptions { mode, ..PutOptions::default() };
            match client.store.put_opts(&path, payload.clone(), options).await {
                Err(object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }) => {
                    client.store.put(&path, payload).await
                }
                put => put,
            }
        };
        match self.wait("write to", put)? {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Err(overtaken())
            }
            Err(error) => Err(self.failure("write to", &error)),
        }
    }

    pub fn tidy(&self, manifest: &Manifest, inventory: &Inventory) -> Result<(), ShardError> {
        let is_former = |name: &&String| {
            manifest::generation_and_file(name).is_some_and(|(generation, _)| generation < manifest.generation)
        };
        let paths: Vec<_> = inventory.shards.keys().filter(is_former).map(|it| Ok(self.client.path_of(it))).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let client = self.client.clone();
        let delete = async move {
            let deleted = client.store.delete_stream(stream::iter(paths).boxed());
            deleted.try_for_each(|_| async { Ok(()) }).await
        };
        self.wait("remove the former text from", delete)?
            .map_err(|error| self.failure("remove the former text from", &error))
    }

    /// Fetches parts of shards, several at once, with one request for each.
    pub fn fetch(&self, wanted: Vec<Wanted>) -> Result<Vec<Result<Bytes, FetchError>>, ShardError> {
        let client = self.client.clone();
        let requests = async move {
            let requests = wanted.into_iter().map(|it| {
                let client = client.clone();
                async move { client.fetch(it).await }
            });
            stream::iter(requests).buffered(PARALLEL_REQUESTS).collect::<Vec<_>>().await
        };
        self.wait("read", requests)
    }

    /// Fetches a part of a shard that nobody waits for, and hands it to `arrived`.
    pub fn start_fetching(&self, wanted: Wanted, arrived: impl FnOnce(Result<Bytes, FetchError>) + Send + 'static) {
        let client = self.client.clone();
        drop(self.driver.start(async move { arrived(client.fetch(wanted).await) }));
    }

    pub fn failure(&self, action: &'static str, error: &object_store::Error) -> ShardError {
        let (reason, remedy) = explain::explain(error, &self.bucket, self.scheme);
        ShardError::Access { action, location: self.shown.clone(), reason, remedy }
    }

    fn wait<T: Send + 'static>(
        &self,
        action: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, ShardError> {
        self.driver.wait(future).map_err(|error| ShardError::Access {
            action,
            location: self.shown.clone(),
            reason: error.to_string(),
            remedy: None,
        })
    }
}

/// What an object is to a store.
#[derive(Debug, PartialEq, Eq)]
enum Role {
    Manifest,
    /// A shard, by its name.
    Shard(String),
    /// The prefix itself, or a folder below it, as some programs make them: an object without bytes whose name ends
    /// with a slash, which is not told here.
    Marker,
    /// Belongs to somebody else.
    Foreign,
}

impl Role {
    fn of(prefix: &Path, location: &Path) -> Self {
        let Some(parts) = location.prefix_match(prefix) else { return Self::Foreign };
        let parts: Vec<_> = parts.collect();
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        match parts[..] {
            [] | [SHARDS] => Self::Marker,
            [MANIFEST] => Self::Manifest,
            [SHARDS, generation] if manifest::generation(generation).is_some() => Self::Marker,
            [SHARDS, generation, file] => {
                let name = format!("{generation}/{file}");
                if manifest::generation_and_file(&name).is_some() { Self::Shard(name) } else { Self::Foreign }
            }
            _ => Self::Foreign,
        }
    }
}

impl Client {
    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    fn path_of(&self, name: &str) -> Path {
        name.split('/').fold(self.path(SHARDS), |path, part| path.join(part))
    }

    async fn fetch(&self, wanted: Wanted) -> Result<Bytes, FetchError> {
        let known = self.tags.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted.shard).cloned();
        let is_whole = wanted.range == (0..wanted.size);
        let range = GetRange::Bounded(wanted.range.start as u64..wanted.range.end as u64);
        // What the hash can tell needs no condition.
        let if_match = if is_whole { None } else { known.clone() };
        let options = GetOptions { range: (!is_whole).then_some(range), if_match, ..GetOptions::default() };
        let result = match self.store.get_opts(&self.path_of(&wanted.name), options).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Err(FetchError::Trouble(Trouble::Missing)),
            Err(object_store::Error::Precondition { .. }) => return Err(self.changed(wanted.shard)),
            Err(error) => return Err(FetchError::Store(error)),
        };
        if result.meta.size != wanted.size as u64 {
            let found = usize::try_from(result.meta.size).unwrap_or(usize::MAX);
            return Err(FetchError::Trouble(Trouble::Size { found, expected: wanted.size }));
        }
        if let Some(tag) = result.meta.e_tag.clone() {
            // Not every store minds the condition.
            if !is_whole && known.is_some_and(|known| known != tag) {
                return Err(self.changed(wanted.shard));
            }
            self.tags.lock().unwrap_or_else(PoisonError::into_inner).insert(wanted.shard, tag);
        }
        let bytes = collect(result, wanted.range.len()).await.map_err(FetchError::Store)?;
        let found = bytes.as_ref().map_or(usize::MAX, Bytes::len);
        let wrong = Trouble::Size { found, expected: wanted.range.len() };
        bytes.filter(|bytes| bytes.len() == wanted.range.len()).ok_or(FetchError::Trouble(wrong))
    }

    /// The next one to read it gets what is there then.
    fn changed(&self, shard: usize) -> FetchError {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner).remove(&shard);
        FetchError::Trouble(Trouble::Changed)
    }
}

/// The body of a reply; nothing if it is longer than it may be.
async fn collect(result: GetResult, limit: usize) -> object_store::Result<Option<Bytes>> {
    if result.range.end.saturating_sub(result.range.start) > limit as u64 {
        return Ok(None);
    }
    let mut pieces = result.into_stream();
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.try_next().await? {
        if all.len() + piece.len() > limit {
            return Ok(None);
        }
        all.extend_from_slice(&piece);
    }
    Ok(Some(all.freeze()))
}
