//! What lies in a directory, as the operating system lists it.

use super::Fingerprint;
use rustix::{
    fd::BorrowedFd,
    fs::{AtFlags, FileType, RawDir},
    io::Errno,
    path::Arg,
};
use std::{ffi::OsStr, mem::MaybeUninit, os::unix::ffi::OsStrExt};

/// Bytes of a listing that are asked for at once.
const BUFFER: usize = 32 << 10;

/// The kinds of entries that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
    /// A socket, a device, a named pipe.
    Other,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::Directory => Self::Directory,
            FileType::RegularFile => Self::File,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

/// The names of a directory, in room that is used again for the next one.
pub(super) struct Entries {
    buffer: Vec<MaybeUninit<u8>>,
    names: Vec<u8>,
    /// Where each name ends, and what it is.
    ends: Vec<(usize, Kind)>,
}

impl Default for Entries {
    fn default() -> Self {
        Self { buffer: vec![MaybeUninit::uninit(); BUFFER], names: Vec::new(), ends: Vec::new() }
    }
}

impl Entries {
    /// Lists a directory. What could be listed before an error stays.
    pub fn list(&mut self, directory: BorrowedFd<'_>) -> Result<(), Errno> {
        self.names.clear();
        self.ends.clear();
        let mut raw = RawDir::new(directory, &mut self.buffer);
        while let Some(entry) = raw.next() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say in a listing.
                FileType::Unknown => match stat(directory, name) {
                    Ok((kind, _)) => kind,
                    Err(Errno::NOENT) => continue,
                    Err(_) => Kind::Other,
                },
                kind => kind.into(),
            };
            self.names.extend_from_slice(name.to_bytes());
            self.ends.push((self.names.len(), kind));
        }
        Ok(())
    }

    /// Whether these are what a repository of git has instead of files: its branches and objects. Of such a folder
    /// nothing is meant to be read, and its configuration may hold a password.
    pub fn is_bare_repository(&self) -> bool {
        let has = |wanted: &str, is_dir: bool| {
            self.iter().any(|(name, kind)| {
                // Any of them may be a link.
                name == wanted && (kind == Kind::Link || (kind == Kind::Directory) == is_dir)
            })
        };
        self.ends.len() >= 3 && has("HEAD", false) && has("objects", true) && has("refs", true)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, Kind)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, kind)| {
            let name = OsStr::from_bytes(&self.names[start..end]);
            start = end;
            (name, kind)
        })
    }
}

/// Kind and fingerprint of an entry itself, even if it is a link.
pub(super) fn stat(directory: BorrowedFd<'_>, name: impl Arg) -> Result<(Kind, Fingerprint), Errno> {
    let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((FileType::from_raw_mode(stat.st_mode).into(), Fingerprint::from(&stat)))
}
