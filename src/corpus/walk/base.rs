//! The directory that a walk began at, to read what the walk has found.

use super::FileEntry;
use crate::corpus::{exclusion::Reason, fingerprint::Fingerprint, open::open_below};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{CWD, Mode, OFlags},
    io::Errno,
};
use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// A root as a walk met it. Files are opened below it, and only if they are those that were found.
///
/// Its descriptor is kept only while files are read: a language server lives for weeks, and must not keep a disk from
/// being unmounted.
#[derive(Debug)]
pub(in crate::corpus) struct Base {
    /// Without links.
    path: PathBuf,
    /// How many bytes of the absolute path of a file lead to the root.
    prefix: usize,
    device: u64,
    inode: u64,
    opened: Mutex<Weak<OwnedFd>>,
}

impl Base {
    /// Opens a root by its path without links. Editors know it as `named`.
    pub fn open(path: PathBuf, named: &Path) -> Result<(Arc<Self>, Arc<OwnedFd>), Errno> {
        let opened = Arc::new(open_root(&path)?);
        let Fingerprint { device, inode, .. } = stamp_of(&opened)?;
        let named = named.as_os_str().as_bytes();
        let prefix = if named.ends_with(b"/") { named.len() } else { named.len() + 1 };
        let base = Self { path, prefix, device, inode, opened: Mutex::new(Arc::downgrade(&opened)) };
        Ok((Arc::new(base), opened))
    }

    /// Without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether both are one directory by one path.
    pub fn is_as(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.device, it.inode, it.prefix);
        of(self) == of(other) && self.path == other.path
    }

    /// The root's descriptor, for as long as somebody holds it. It fails if something else has taken the root's place.
    pub fn descriptor(&self) -> Result<Arc<OwnedFd>, Reason> {
        let mut kept = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = kept.upgrade() {
            return Ok(opened);
        }
        let opened = Arc::new(open_root(&self.path).map_err(unreadable)?);
        let fingerprint = stamp_of(&opened).map_err(unreadable)?;
        if (fingerprint.device, fingerprint.inode) != (self.device, self.inode) {
            return Err(replaced("folder"));
        }
        *kept = Arc::downgrade(&opened);
        Ok(opened)
    }

    /// The path of a file below the root.
    pub fn relative<'a>(&self, found: &'a FileEntry) -> &'a Path {
        Path::new(OsStr::from_bytes(&found.absolute.as_os_str().as_bytes()[self.prefix..]))
    }

    /// Opens a file that the walk has found, if it is still that file, and says how it is now.
    pub fn file(&self, found: &FileEntry) -> Result<(File, Fingerprint), Reason> {
        let root = self.descriptor()?;
        // What has taken its place may be a pipe, which must not block.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = open_below(root.as_fd(), self.relative(found), flags).map_err(|error| match error {
            // A socket cannot be opened at all.
            Errno::NXIO => Reason::NotAFile,
            Errno::LOOP => replaced("link"),
            error => unreadable(error),
        })?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(|error| Reason::Unreadable { error: error.to_string() })?;
        if !metadata.is_file() {
            return Err(Reason::NotAFile);
        }
        let fingerprint = Fingerprint::from(&metadata);
        if (fingerprint.device, fingerprint.inode) != (found.fingerprint.device, found.fingerprint.inode) {
            return Err(replaced("file"));
        }
        Ok((file, fingerprint))
    }
}

fn open_root(path: &Path) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn stamp_of(opened: &OwnedFd) -> Result<Fingerprint, Errno> {
    rustix::fs::fstat(opened).map(|stat| Fingerprint::from(&stat))
}

fn unreadable(error: Errno) -> Reason {
    Reason::Unreadable { error: io::Error::from(error).to_string() }
}

fn replaced(by: &str) -> Reason {
    Reason::Unreadable { error: format!("another {by} has taken its place since it was found") }
}
