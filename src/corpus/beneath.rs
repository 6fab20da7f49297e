//! Files below a folder that was opened once.
//!
//! A path is looked up anew each time it is used, and any folder in it may have become a link to somewhere else since the
//! last time. So whatever is read, written or removed below a folder is reached from the folder's descriptor, and no link is
//! followed on the way. New files are created under random names that nobody has guessed, and only their owner may read them.

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

/// What the name of a file that is still being written begins and ends with.
const TEMPORARY: (&str, &str) = (".rlm-", ".part");

/// Digits between the two.
const RANDOM_DIGITS: usize = 16;

/// A folder that is open.
#[derive(Debug)]
pub(super) struct Dir(OwnedFd);

/// The kinds of entries that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    /// A socket, a device, a named pipe.
    Other,
}

impl Kind {
    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "a pipe, a socket or a device",
        }
    }
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

/// There is something else than a regular file.
#[derive(Debug, thiserror::Error)]
#[error("it is a link or something else that is not a regular file")]
struct NotAFile;

/// Whether a file could not be opened because it is a link, a pipe or the like.
pub(super) fn is_not_a_file(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<NotAFile>())
}

/// Whether a file of this name is one that [`Dir::put`] has not finished.
pub(super) fn is_temporary(name: &str) -> bool {
    let digits = name.strip_prefix(TEMPORARY.0).and_then(|rest| rest.strip_suffix(TEMPORARY.1));
    digits.is_some_and(|it| it.len() == RANDOM_DIGITS && it.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')))
}

fn temporary_name() -> String {
    // The hasher's keys come from the operating system.
    let random = RandomState::new().hash_one(std::process::id());
    format!("{}{random:0RANDOM_DIGITS$x}{}", TEMPORARY.0, TEMPORARY.1)
}

impl Dir {
    /// Opens a folder by a path that a person named, which may lead through links.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    pub fn open_folder(&self, path: &str) -> io::Result<Self> {
        Ok(Self(open_beneath(self.0.as_fd(), path, OFlags::RDONLY | OFlags::DIRECTORY)?))
    }

    /// A descriptor of its own for this folder, for example to lock it.
    pub fn reopened(&self) -> io::Result<File> {
        self.open_folder(".").map(|folder| File::from(folder.0))
    }

    /// Opens a regular file to read from it. Nothing else is opened, and no pipe is waited for.
    pub fn open_file(&self, path: &str) -> io::Result<File> {
        let opened = match open_beneath(self.0.as_fd(), path, OFlags::RDONLY | OFlags::NONBLOCK) {
            // A link, or a socket.
            Err(Errno::LOOP | Errno::NXIO) => return Err(io::Error::other(NotAFile)),
            opened => opened?,
        };
        match FileType::from_raw_mode(rustix::fs::fstat(&opened)?.st_mode) {
            FileType::RegularFile => Ok(File::from(opened)),
            _ => Err(io::Error::other(NotAFile)),
        }
    }

    /// The names in this folder, and what they stand for.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<(OsString, Kind)>>> {
        let entries = rustix::fs::Dir::read_from(&self.0)?;
        Ok(entries.filter_map(|entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                return None;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say in a listing.
                FileType::Unknown => match self.stat(name) {
                    Ok((kind, _)) => kind,
                    Err(Errno::NOENT) => return None,
                    Err(error) => return Some(Err(error.into())),
                },
                kind => kind.into(),
            };
            Some(Ok((OsStr::from_bytes(name.to_bytes()).to_owned(), kind)))
        }))
    }

    /// How long a file is.
    pub fn size(&self, name: &str) -> io::Result<u64> {
        Ok(self.stat(name)?.1)
    }

    fn stat(&self, name: impl rustix::path::Arg) -> Result<(Kind, u64), Errno> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((FileType::from_raw_mode(stat.st_mode).into(), u64::try_from(stat.st_size).unwrap_or(0)))
    }

    /// Makes a folder here that only its owner may enter, unless there is something of that name.
    pub fn make_folder(&self, name: &str) -> io::Result<()> {
        match rustix::fs::mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a file whole, and only then gives it its name, in the place of whatever had that. With `durable` it is on the
    /// disk before that.
    pub fn put(&self, name: &str, bytes: &[u8], durable: bool) -> io::Result<()> {
        let temporary = temporary_name();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.0, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
        let written = file
            .write_all(bytes)
            .and_then(|()| if durable { file.sync_all() } else { Ok(()) })
            .and_then(|()| Ok(rustix::fs::renameat(&self.0, &temporary, &self.0, name)?));
        if written.is_err() {
            let _ = self.remove_file(&temporary);
        }
        written
    }

    /// Removes a file; a link is removed itself.
    pub fn remove_file(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes a folder, which must be empty.
    pub fn remove_folder(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Opens what lies at a path below a folder. No link is followed, and nothing leads out.
fn open_beneath(folder: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat2(folder, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH) {
        // Systems before Linux 5.6, and sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => open_step_by_step(folder, path, flags),
        opened => opened,
    }
}

/// The same, one folder after the other. The path must have no `..` in it.
fn open_step_by_step(folder: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let Some((step, rest)) = path.split_once('/') else {
        return rustix::fs::openat(folder, path, flags, Mode::empty());
    };
    let of_folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let next = rustix::fs::openat(folder, step, of_folder, Mode::empty())?;
    open_step_by_step(next.as_fd(), rest, flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    /// A folder `inside` with a file and a folder, a folder beside it, and links from the one to the other.
    fn tree() -> (tempfile::TempDir, Dir) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("inside/sub")).unwrap();
        fs::create_dir(path("outside")).unwrap();
        for file in ["inside/sub/file", "outside/file"] {
            fs::write(path(file), file).unwrap();
        }
        symlink("../outside", path("inside/folder-link")).unwrap();
        symlink("../outside/file", path("inside/file-link")).unwrap();
        symlink("sub", path("inside/near-link")).unwrap();
        rustix::fs::mkfifoat(CWD, path("inside/pipe"), Mode::RWXU).unwrap();
        let inside = Dir::open(&path("inside")).unwrap();
        (folder, inside)
    }

    #[test]
    fn nothing_is_opened_through_a_link_and_no_pipe_is_waited_for() {
        let (_folder, inside) = tree();
        assert!(inside.open_file("sub/file").is_ok());
        for path in ["file-link", "folder-link/file", "near-link/file", "pipe", "sub"] {
            let error = inside.open_file(path).unwrap_err();
            assert!(is_not_a_file(&error), "{path}: {error}");
        }
        assert_eq!(inside.open_file("absent/file").unwrap_err().kind(), io::ErrorKind::NotFound);
        for path in ["..", "../outside", "/etc", "folder-link", "near-link"] {
            assert!(inside.open_folder(path).is_err(), "{path}");
        }
    }

    #[test]
    fn without_the_newer_system_call_links_are_not_followed_either() {
        let (_folder, inside) = tree();
        let open = |path| open_step_by_step(inside.0.as_fd(), path, OFlags::RDONLY | OFlags::NOFOLLOW);
        assert!(open("sub/file").is_ok() && open("sub").is_ok());
        for path in ["file-link", "folder-link/file", "near-link/file", "folder-link"] {
            assert!(open(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_file_is_put_in_the_place_of_a_link_and_not_of_what_it_leads_to() {
        let (folder, inside) = tree();
        inside.put("file-link", b"new", true).unwrap();
        assert_eq!(fs::read(folder.path().join("inside/file-link")).unwrap(), b"new");
        assert_eq!(fs::read(folder.path().join("outside/file")).unwrap(), b"outside/file");
        let mode = fs::symlink_metadata(folder.path().join("inside/file-link")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        inside.remove_file("folder-link").unwrap();
        assert!(folder.path().join("outside/file").exists());
    }

    #[test]
    fn what_cannot_get_its_name_leaves_nothing_behind() {
        let (_folder, inside) = tree();
        let names = || inside.entries().unwrap().map(|it| it.unwrap().0).collect::<std::collections::BTreeSet<_>>();
        let before = names();
        assert!(inside.put("sub", b"a folder has this name", false).is_err());
        assert_eq!(names(), before);
    }

    #[test]
    fn names_of_unfinished_files_are_told_from_others() {
        assert!((0..100).all(|_| is_temporary(&temporary_name())));
        assert_ne!(temporary_name(), temporary_name());
        for name in ["notes.part", ".rlm-.part", ".rlm-0123456789ABCDEF.part", ".rlm-0123456789abcdef.part~"] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
