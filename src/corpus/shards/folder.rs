//! A store in a folder of this machine.
//!
//! Shards are written under a passing name and then given theirs, so that a name always stands for a whole shard. They are
//! not forced to the disk: should the machine lose its power, the hash tells.

mod open_files;

pub(super) use open_files::{ReadError, Wanted};

use super::{
    error::ShardError,
    manifest::{LARGEST_MANIFEST, Manifest, is_shard_name},
    place::{Lock, MANIFEST, SHARDS, StoredManifest, Version},
};
use open_files::OpenFiles;
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// In so many bytes of its beginning a manifest says what it is.
const PROBE: u64 = 4 << 10;

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    shown: String,
    pub files: OpenFiles,
}

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { shown: path.display().to_string(), files: OpenFiles::default(), path }
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(SHARDS).join(name)
    }

    pub fn failure(&self, action: &'static str, error: &io::Error) -> ShardError {
        ShardError::Access { action, location: self.shown.clone(), reason: error.to_string(), remedy: None }
    }

    /// Whether what lies here was written by an ingest: a manifest that says so, or shards that have none yet.
    pub fn is_store(&self) -> bool {
        match File::open(self.path.join(MANIFEST)) {
            Ok(file) => {
                let mut head = Vec::new();
                let read = file.take(PROBE).read_to_end(&mut head);
                read.is_ok() && memchr::memmem::find(&head, b"\"rlm-shards\"").is_some()
            }
            Err(_) => self.shards().is_ok_and(|shards| shards.keys().any(|name| is_shard_name(name))),
        }
    }

    pub fn stored_manifest(&self) -> Result<Option<StoredManifest>, ShardError> {
        let failure = |error: io::Error| self.failure("read", &error);
        let file = match File::open(self.path.join(MANIFEST)) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failure(error)),
        };
        let mut json = Vec::new();
        file.take(LARGEST_MANIFEST as u64 + 1).read_to_end(&mut json).map_err(failure)?;
        if json.len() > LARGEST_MANIFEST {
            let reason = format!("it is larger than {LARGEST_MANIFEST} bytes");
            return Err(ShardError::Manifest { location: self.shown.clone(), reason });
        }
        Ok(Some(StoredManifest { json, version: Version::default() }))
    }

    /// Makes the folder and locks it. Where a file system has no locks, it goes without.
    pub fn begin(&self) -> Result<Lock, ShardError> {
        let shards = self.path.join(SHARDS);
        fs::create_dir_all(&shards).map_err(|error| self.failure("make", &error))?;
        let folder = File::open(&shards).map_err(|error| self.failure("open", &error))?;
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) => Err(ShardError::Busy { location: self.shown.clone() }),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Lock(Some(folder))),
        }
    }

    pub fn shards(&self) -> Result<HashMap<String, usize>, ShardError> {
        let mut shards = HashMap::new();
        self.visit(|name, path| {
            let bytes = fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
            shards.insert(name, usize::try_from(bytes).unwrap_or(usize::MAX));
        })
        .map_err(|error| self.failure("list", &error))?;
        Ok(shards)
    }

    pub fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        let same = || -> io::Result<bool> {
            let mut file = File::open(self.path_of(name))?;
            let mut block = vec![0; (128 << 10).min(bytes.len())];
            for expected in bytes.chunks(block.len().max(1)) {
                let block = &mut block[..expected.len()];
                file.read_exact(block)?;
                if block != expected {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        same().unwrap_or(false)
    }

    pub fn write_shard(&self, name: &str, bytes: &[u8]) -> Result<(), ShardError> {
        let path = self.path_of(name);
        let write = || {
            let passing = path.with_extension("part");
            fs::write(&passing, bytes)?;
            fs::rename(&passing, &path)
        };
        match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // The folder of its generation is made with its first shard.
                let folder = path.parent().unwrap_or(&self.path);
                fs::create_dir_all(folder).and_then(|()| write())
            }
            written => written,
        }
        .map_err(|error| self.failure("write to", &error))
    }

    pub fn write_manifest(&self, json: &[u8]) -> Result<(), ShardError> {
        let write = || {
            let passing = self.path.join("manifest.json.part");
            let mut file = File::create(&passing)?;
            file.write_all(json)?;
            file.sync_all()?;
            fs::rename(&passing, self.path.join(MANIFEST))
        };
        write().map_err(|error: io::Error| self.failure("write to", &error))
    }

    pub fn tidy(&self, manifest: &Manifest) -> Result<(), ShardError> {
        let kept: HashSet<String> = (0..manifest.shards()).map(|shard| manifest.name(shard)).collect();
        let mut removed = Ok(());
        self.visit(|name, path| {
            if !kept.contains(&name) && removed.is_ok() {
                removed = fs::remove_file(path);
            }
        })
        .and(removed)
        .map_err(|error| self.failure("remove what is not needed from", &error))?;
        for entry in fs::read_dir(self.path.join(SHARDS)).into_iter().flatten().flatten() {
            // Fails for those that are not empty, which is right.
            let _ = fs::remove_dir(entry.path());
        }
        Ok(())
    }

    /// Visits what lies in the folders of the generations, which are named by numbers. All else is not ours.
    fn visit(&self, mut visitor: impl FnMut(String, &Path)) -> io::Result<()> {
        let generations = match fs::read_dir(self.path.join(SHARDS)) {
            Ok(generations) => generations,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for generation in generations {
            let generation = generation?;
            let Some(number) = generation.file_name().to_str().and_then(|name| name.parse::<u64>().ok()) else {
                continue;
            };
            if !generation.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(generation.path())? {
                let file = file?;
                let Some(name) = file.file_name().to_str().map(str::to_owned) else { continue };
                visitor(format!("{number}/{name}"), &file.path());
            }
        }
        Ok(())
    }
}
