//! Opening what lies below a directory, and never anything else.
//!
//! A path that was looked at a moment ago may lead elsewhere now: a directory on the way may have become a link to
//! another place. So nothing below a root is opened by a path that the system would follow through links.

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{CWD, Mode, OFlags, ResolveFlags},
    io::Errno,
};
use std::path::{Component, Path};

/// Where directories are only passed through, this suffices.
const ON_THE_WAY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens what lies at a path below a directory, itself if the path is empty. No link is followed, even if one took a
/// place on the way just now.
pub(super) fn open_below(directory: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
    match rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve) {
        // Systems before Linux 5.6, and sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(directory, path, flags),
        opened => opened,
    }
}

/// Opens a directory by an absolute path that has no links, to look at what lies in it.
pub(super) fn open_path(path: &Path) -> Result<OwnedFd, Errno> {
    let root = rustix::fs::openat(CWD, "/", ON_THE_WAY, Mode::empty())?;
    open_below(root.as_fd(), path.strip_prefix("/").unwrap_or(path), ON_THE_WAY)
}

/// The same, one component after the other.
fn step_by_step(directory: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut components = path.components().peekable();
    let mut above: Option<OwnedFd> = None;
    while let Some(component) = components.next() {
        let directory = above.as_ref().map_or(directory, AsFd::as_fd);
        let flags = if components.peek().is_some() { ON_THE_WAY } else { flags };
        above = match component {
            Component::Normal(_) | Component::CurDir => {
                Some(rustix::fs::openat(directory, component.as_os_str(), flags, Mode::empty())?)
            }
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        };
    }
    above.ok_or(Errno::NOENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Read, os::unix::fs::symlink};

    #[test]
    fn nothing_is_opened_through_a_link_or_above_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir_all(path("root/a/b")).unwrap();
        fs::create_dir_all(path("out/b")).unwrap();
        for (name, text) in [("root/a/b/file", "inside"), ("out/b/file", "outside"), ("root/file", "here")] {
            fs::write(path(name), text).unwrap();
        }
        symlink("../out", path("root/link")).unwrap();
        symlink("../out/b/file", path("root/linked")).unwrap();
        symlink("a", path("root/within")).unwrap();
        symlink("../../../out/b", path("root/a/b/deep")).unwrap();
        let root = fs::File::open(path("root")).unwrap();
        type Open = fn(BorrowedFd<'_>, &Path, OFlags) -> Result<OwnedFd, Errno>;
        for open in [open_below as Open, |directory, path, flags| {
            step_by_step(directory, path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC)
        }] {
            let read = |name: &str| {
                let mut text = String::new();
                let file = open(root.as_fd(), Path::new(name), OFlags::RDONLY)?;
                fs::File::from(file).read_to_string(&mut text).map_err(|_| Errno::IO).map(|_| text)
            };
            assert_eq!(read("file").as_deref(), Ok("here"));
            assert_eq!(read("a/b/file").as_deref(), Ok("inside"));
            assert_eq!(read("./a/./b/file").as_deref(), Ok("inside"));
            for name in ["link/b/file", "linked", "within/b/file", "a/b/deep/file"] {
                assert!(matches!(read(name), Err(Errno::LOOP | Errno::NOTDIR)), "{name}: {:?}", read(name));
            }
            for name in ["../out/b/file", "a/../../out/b/file", "/etc/passwd"] {
                assert_eq!(read(name), Err(Errno::XDEV), "{name}");
            }
            assert_eq!(read("a/none"), Err(Errno::NOENT));
            assert!(open(root.as_fd(), Path::new("a"), OFlags::RDONLY | OFlags::DIRECTORY).is_ok());
        }
        assert!(open_path(&path("root/a").canonicalize().unwrap()).is_ok());
        assert!(open_path(&path("root").canonicalize().unwrap().join("link")).is_err());
    }
}
