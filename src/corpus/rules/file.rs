//! The files of one directory that have rules, as they are on the disk.

use super::KINDS;
use crate::corpus::walk::{Moment, Stamp};
use ignore::gitignore::gitconfig_excludes_path;
use rustix::{
    fd::{AsFd, BorrowedFd},
    fs::{AtFlags, CWD, Mode, OFlags},
};
use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// So much of a file with rules is read. No person writes so many.
const MOST_BYTES: u64 = 16 << 20;

/// Which names that matter for rules lie in a directory.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::corpus) struct Listed {
    /// The kinds of files with rules that lie in the directory itself.
    files: [bool; 3],
    git: bool,
    jj: bool,
}

/// The rules that a directory itself has. Equal ones have equal bytes, whenever they were read.
#[derive(Debug, Clone)]
pub(in crate::corpus) struct OwnRules {
    listed: Listed,
    /// For each kind the file, if there is one.
    files: [Option<RuleFile>; 4],
    is_repository: bool,
}

#[derive(Debug, Clone)]
struct RuleFile {
    bytes: Vec<u8>,
    /// Nothing if the bytes have to be read again, whatever the next stamp is.
    stamp: Option<Stamp>,
}

impl Listed {
    /// Notes a name of the directory.
    pub fn note(&mut self, name: &[u8]) {
        match name {
            b".rlmignore" => self.files[0] = true,
            b".ignore" => self.files[1] = true,
            b".gitignore" => self.files[2] = true,
            b".git" => self.git = true,
            b".jj" => self.jj = true,
            _ => {}
        }
    }

    /// Whether there is anything to read.
    pub fn is_any(&self) -> bool {
        self.git || self.jj || self.files.contains(&true)
    }
}

impl OwnRules {
    /// Reads what the directory has. Files whose stamps are those of `before` are not read again.
    pub fn read(directory: BorrowedFd<'_>, listed: Listed, before: Option<&Self>) -> Self {
        let mut files = [const { None }; 4];
        for (kind, _) in listed.files.iter().enumerate().filter(|(_, listed)| **listed) {
            let known = before.and_then(|before| before.files[kind].as_ref());
            files[kind] = RuleFile::read(directory, Path::new(KINDS[kind]), known);
        }
        let is_dir = |name: &str| rustix::fs::statat(directory, name, AtFlags::empty()).ok().map(|stat| kind_of(&stat));
        let git = listed.git.then(|| is_dir(".git")).flatten();
        let jj = listed.jj && is_dir(".jj").is_some();
        if let Some(kind) = git {
            files[3] = exclude_file(directory, kind).and_then(|path| RuleFile::read(directory, &path, None));
        }
        Self { listed, files, is_repository: git.is_some() || jj }
    }

    /// Reads what a directory has that was not listed.
    pub fn probe(directory: &Path) -> Self {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let listed = Listed { files: [true; 3], git: true, jj: true };
        match rustix::fs::openat(CWD, directory, flags, Mode::empty()) {
            Ok(directory) => Self::read(directory.as_fd(), listed, None),
            Err(_) => Self { listed, files: [const { None }; 4], is_repository: false },
        }
    }

    /// The same as it is now.
    pub fn read_again(&self, directory: BorrowedFd<'_>) -> Self {
        Self::read(directory, self.listed, Some(self))
    }

    /// Whether the directory is a repository of git or jj.
    pub fn is_repository(&self) -> bool {
        self.is_repository
    }

    /// What the file of a kind has.
    pub fn bytes(&self, kind: usize) -> Option<&[u8]> {
        self.files[kind].as_ref().map(|file| file.bytes.as_slice())
    }
}

impl PartialEq for OwnRules {
    fn eq(&self, other: &Self) -> bool {
        self.is_repository == other.is_repository && (0..KINDS.len()).all(|kind| self.bytes(kind) == other.bytes(kind))
    }
}

impl Eq for OwnRules {}

impl RuleFile {
    fn read(directory: BorrowedFd<'_>, path: &Path, before: Option<&Self>) -> Option<Self> {
        if let Some(before) = before
            && before.stamp.is_some()
            && rustix::fs::statat(directory, path, AtFlags::empty()).ok().map(|stat| Stamp::from(&stat)) == before.stamp
        {
            return Some(before.clone());
        }
        let read_at = Moment::now();
        // What is no file, such as a pipe, must not block.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(directory, path, flags, Mode::empty()).ok()?);
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
        let mut bytes = Vec::new();
        // What could be read before an error counts, as for `ripgrep`.
        let whole = file.take(MOST_BYTES).read_to_end(&mut bytes).is_ok();
        let stamp = Some(Stamp::from(&metadata)).filter(|stamp| whole && stamp.is_settled(read_at));
        Some(Self { bytes, stamp })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Other,
}

fn kind_of(stat: &rustix::fs::Stat) -> Kind {
    match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
        rustix::fs::FileType::RegularFile => Kind::File,
        _ => Kind::Other,
    }
}

/// Where a repository keeps rules that it does not share, relative to its directory. In a worktree `.git` is a file that
/// leads to the repository's own directory.
fn exclude_file(directory: BorrowedFd<'_>, git: Kind) -> Option<PathBuf> {
    if git != Kind::File {
        return Some(PathBuf::from(KINDS[3]));
    }
    let first_line = |path: &Path| {
        let file = RuleFile::read(directory, path, None)?;
        let line = file.bytes.split(|&byte| byte == b'\n').next()?;
        Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
    };
    let pointer = first_line(Path::new(".git"))?;
    let own = Path::new(OsStr::from_bytes(pointer.strip_prefix(b"gitdir: ")?));
    let common = first_line(&own.join("commondir"))?;
    Some(own.join(OsStr::from_bytes(&common)).join("info/exclude"))
}

/// The file with git's rules for all repositories of a person, and what it has.
pub(super) fn global_rules() -> Option<(PathBuf, Vec<u8>)> {
    let path = gitconfig_excludes_path()?;
    let file = RuleFile::read(CWD, &path, None)?;
    Some((path, file.bytes))
}
