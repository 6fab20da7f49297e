//! A store in a folder of this machine.
//!
//! The folder is opened once, and everything below it is reached through its descriptor ([`Dir`]). Files are written under
//! random names and then given theirs, so that a name always stands for a whole file. Shards are not forced to the disk:
//! should the machine lose its power, the hash tells.
//!
//! A folder that holds anything but a store is not touched ([`survey`]). Only files that were there under names of shards
//! when the writing began are ever removed.

mod open_files;
mod survey;

pub(super) use open_files::{ReadError, Wanted};

use super::{
    super::beneath::{Dir, is_not_a_file},
    ShardError,
    layout::{Inventory, MANIFEST, SHARDS, StoredManifest, Version},
    manifest::{self, LARGEST_MANIFEST, Manifest},
};
use open_files::OpenFiles;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs::{DirBuilder, File, TryLockError},
    io::{self, Read},
    ops::ControlFlow,
    os::unix::fs::DirBuilderExt,
    path::Path,
};
use survey::{Level, Role, Survey};

/// The beginning of a manifest in which it says what it is, with any white space.
const PROBE: u64 = 4 << 10;

#[derive(Debug)]
pub(super) struct Folder {
    root: Dir,
    shown: String,
    pub files: OpenFiles,
}

impl Folder {
    /// Opens a folder; nothing if there is none.
    pub fn open(path: &Path) -> Result<Option<Self>, ShardError> {
        match Dir::open(path) {
            Ok(root) => Ok(Some(Self::of(root, path))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failure("open", &path.display().to_string(), &error)),
        }
    }

    /// Opens a folder, and makes it if there is none. Only its owner may enter a folder that is made here.
    pub fn make(path: &Path) -> Result<Self, ShardError> {
        let make = || DirBuilder::new().recursive(true).mode(0o700).create(path).and_then(|()| Dir::open(path));
        let root = match Dir::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(),
            opened => opened,
        };
        root.map(|root| Self::of(root, path)).map_err(|error| failure("make", &path.display().to_string(), &error))
    }

    fn of(root: Dir, path: &Path) -> Self {
        Self { root, shown: path.display().to_string(), files: OpenFiles::default() }
    }

    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn failure(&self, action: &'static str, error: &io::Error) -> ShardError {
        failure(action, &self.shown, error)
    }

    fn survey(&self) -> Result<Survey, ShardError> {
        Survey::of(&self.root).map_err(|error| self.failure("list", &error))
    }

    /// Whether there is a store in this folder and nothing else, be it half-written or damaged.
    pub fn is_store(&self) -> Result<bool, ShardError> {
        let says_so = || {
            let mut head = Vec::new();
            let file = self.root.open_file(MANIFEST);
            file.and_then(|file| file.take(PROBE).read_to_end(&mut head)).is_ok() && manifest::is_announced(&head)
        };
        let survey = self.survey()?;
        Ok(survey.foreign.is_none() && (survey.has_shards || says_so()))
    }

    /// Looks at what lies here. Fails if that is not a store alone, and tells whether there are shards.
    pub fn check(&self) -> Result<bool, ShardError> {
        let Survey { has_shards, foreign, misplaced } = self.survey()?;
        let location = || self.shown.clone();
        if let Some(found) = foreign {
            return Err(ShardError::OtherFiles { location: location(), found });
        }
        if let Some((path, what)) = misplaced {
            return Err(ShardError::Misplaced { location: location(), path, what });
        }
        Ok(has_shards)
    }

    pub fn stored_manifest(&self) -> Result<Option<StoredManifest>, ShardError> {
        let failure = |error: io::Error| self.failure("read", &error);
        let file = match self.root.open_file(MANIFEST) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failure(error)),
        };
        let too_large = |bytes: u64| bytes > LARGEST_MANIFEST as u64;
        let mut json = Vec::new();
        // It may grow while it is read.
        let is_too_large = too_large(file.metadata().map_err(failure)?.len())
            || too_large(file.take(LARGEST_MANIFEST as u64 + 1).read_to_end(&mut json).map_err(failure)? as u64);
        if is_too_large {
            let reason = format!("it is larger than {LARGEST_MANIFEST} bytes");
            return Err(ShardError::Manifest { location: self.shown.clone(), reason });
        }
        Ok(Some(StoredManifest { json, version: Version::default() }))
    }

    /// Locks the folder, looks at what lies there, and removes what an earlier writer did not finish. Where a file system has
    /// no locks, it goes without.
    pub fn begin(&self) -> Result<Inventory, ShardError> {
        let lock = self.lock()?;
        self.check()?;
        let listing = |error: io::Error| self.failure("list", &error);
        let (mut shards, mut generations) = (HashMap::new(), BTreeSet::new());
        survey::visit(&self.root, &mut |entry| {
            let name = entry.name.to_str().unwrap_or_default();
            match (entry.role, entry.level) {
                (Role::Shard, Level::Generation(generation)) => {
                    let bytes = entry.folder.size(name).unwrap_or(0);
                    shards.insert(format!("{generation}/{name}"), usize::try_from(bytes).unwrap_or(usize::MAX));
                }
                (Role::Generation(generation), _) => drop(generations.insert(generation)),
                // Nobody else writes here now.
                (Role::Unfinished, _) if lock.is_some() => entry.folder.remove_file(name)?,
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        })
        .map_err(listing)?;
        Ok(Inventory { lock, shards, generations })
    }

    fn lock(&self) -> Result<Option<File>, ShardError> {
        let folder = self.root.reopened().map_err(|error| self.failure("open", &error))?;
        match folder.try_lock() {
            Ok(()) => Ok(Some(folder)),
            Err(TryLockError::WouldBlock) => Err(ShardError::Busy { location: self.shown.clone() }),
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }

    /// Opens a shard to read from it.
    pub fn open_shard(&self, name: &str) -> io::Result<File> {
        self.root.open_file(&format!("{SHARDS}/{name}"))
    }

    pub fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        let same = || -> io::Result<bool> {
            let mut file = self.open_shard(name)?;
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

    /// Writes a shard. Folders are made with the first one that lies in them.
    pub fn write_shard(&self, name: &str, bytes: &[u8]) -> Result<(), ShardError> {
        let write = || {
            let (generation, file) = name.split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
            let folder = match self.generation(generation) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.root.make_folder(SHARDS)?;
                    self.root.open_folder(SHARDS)?.make_folder(generation)?;
                    self.generation(generation)?
                }
                opened => opened?,
            };
            folder.put(file, bytes, false)
        };
        write().map_err(|error: io::Error| self.failure("write to", &error))
    }

    fn generation(&self, generation: &str) -> io::Result<Dir> {
        self.root.open_folder(&format!("{SHARDS}/{generation}"))
    }

    pub fn write_manifest(&self, json: &[u8]) -> Result<(), ShardError> {
        self.root.put(MANIFEST, json, true).map_err(|error| self.failure("write to", &error))
    }

    /// Removes shards of former generations, and those of this one that the manifest does not name if nobody else can be
    /// writing to it.
    pub fn tidy(&self, manifest: &Manifest, inventory: &Inventory) -> Result<(), ShardError> {
        let kept: HashSet<String> = (0..manifest.shards()).map(|shard| manifest.name(shard)).collect();
        let mut files: HashMap<u64, Vec<&str>> = HashMap::new();
        for name in inventory.shards.keys() {
            let Some((generation, file)) = manifest::generation_and_file(name) else { continue };
            let is_over = generation < manifest.generation
                || generation == manifest.generation && inventory.lock.is_some() && !kept.contains(name);
            if is_over {
                files.entry(generation).or_default().push(file);
            }
        }
        let remove = || {
            for (generation, files) in &files {
                let folder = self.generation(&generation.to_string())?;
                files.iter().try_for_each(|file| gone(folder.remove_file(file)))?;
            }
            let mut former = inventory.generations.range(..manifest.generation).peekable();
            if former.peek().is_some() {
                let shards = self.root.open_folder(SHARDS)?;
                // Fails if something has come since, which stays.
                former.for_each(|generation| drop(shards.remove_folder(&generation.to_string())));
            }
            Ok(())
        };
        remove().map_err(|error: io::Error| self.failure("remove the former text from", &error))
    }
}

/// What is not there any more need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn failure(action: &'static str, location: &str, error: &io::Error) -> ShardError {
    ShardError::Access { action, location: location.to_owned(), reason: error.to_string(), remedy: None }
}
