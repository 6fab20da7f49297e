//! The files of one directory that have rules, as they are on the disk.

use super::{
    KINDS,
    ledger::{Ledger, MOST_BYTES, RuleSet},
};
use crate::corpus::{
    fingerprint::{ClockTick, Fingerprint},
    open::open_below,
};
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
    sync::Arc,
};

/// The file that leads from a worktree to its repository is a line.
const MOST_POINTER_BYTES: usize = 16 << 10;

/// Which names that matter for rules lie in a directory.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::corpus) struct Listed {
    /// The kinds of files with rules that lie in the directory itself.
    files: [bool; 3],
    git: bool,
    jj: bool,
}

/// The rules that a directory itself has. Equal ones have the same rules, whenever they were read.
#[derive(Debug, Clone)]
pub(in crate::corpus) struct OwnRules {
    listed: Listed,
    /// For each kind the file, if there is one.
    files: [Option<RuleFile>; 4],
    is_repository: bool,
}

#[derive(Debug, Clone)]
struct RuleFile {
    rules: Arc<RuleSet>,
    /// Nothing if it has to be read again, whatever the next fingerprint is.
    fingerprint: Option<Fingerprint>,
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
    pub fn read(directory: BorrowedFd<'_>, listed: Listed, before: Option<&Self>, ledger: &Arc<Ledger>) -> Self {
        let mut files = [const { None }; 4];
        for (kind, _) in listed.files.iter().enumerate().filter(|(_, listed)| **listed) {
            let known = before.and_then(|before| before.files[kind].as_ref());
            files[kind] = RuleFile::read(directory, KINDS[kind], known, ledger);
        }
        let is_dir = |name: &str| rustix::fs::statat(directory, name, AtFlags::empty()).ok().map(|stat| kind_of(&stat));
        let git = listed.git.then(|| is_dir(".git")).flatten();
        let jj = listed.jj && is_dir(".jj").is_some();
        if let Some(kind) = git {
            files[3] = exclude_file(directory, kind, ledger);
        }
        Self { listed, files, is_repository: git.is_some() || jj }
    }

    /// Reads what a directory has that was not listed. Without a directory there are no rules.
    pub fn probe(directory: Option<BorrowedFd<'_>>, ledger: &Arc<Ledger>) -> Self {
        let listed = Listed { files: [true; 3], git: true, jj: true };
        match directory {
            Some(directory) => Self::read(directory, listed, None, ledger),
            None => Self { listed, files: [const { None }; 4], is_repository: false },
        }
    }

    /// The same as it is now.
    pub fn read_again(&self, directory: BorrowedFd<'_>, ledger: &Arc<Ledger>) -> Self {
        Self::read(directory, self.listed, Some(self), ledger)
    }

    /// Whether the directory is a repository of git or jj.
    pub fn is_repository(&self) -> bool {
        self.is_repository
    }

    /// The rules of the file of a kind.
    pub fn rules(&self, kind: usize) -> Option<&Arc<RuleSet>> {
        self.files[kind].as_ref().map(|file| &file.rules)
    }

    /// Files of which not all rules count, by their places in the directory, and how many of them do.
    pub fn cut(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let rules = KINDS.iter().enumerate().filter_map(|(kind, place)| Some((*place, self.rules(kind)?)));
        rules.filter(|(_, rules)| rules.is_cut).map(|(place, rules)| (place, rules.matcher.len()))
    }
}

impl PartialEq for OwnRules {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |kind| match (self.rules(kind), other.rules(kind)) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other) || own == other,
            (own, other) => own.is_none() && other.is_none(),
        };
        self.is_repository == other.is_repository && (0..KINDS.len()).all(is_same)
    }
}

impl Eq for OwnRules {}

impl RuleFile {
    /// Reads a file of the directory itself. Links are not followed, as git does not: one could lead to any file, of
    /// which lines would be shown as the rules that they are not.
    fn read(directory: BorrowedFd<'_>, name: &str, before: Option<&Self>, ledger: &Arc<Ledger>) -> Option<Self> {
        let fingerprint =
            || rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| Fingerprint::from(&stat));
        if let Some(before) = before
            && before.fingerprint.is_some()
            && fingerprint().ok() == before.fingerprint
        {
            return Some(before.clone());
        }
        let read_at = ClockTick::now();
        let (bytes, fingerprint) = head(directory, Path::new(name), OFlags::NOFOLLOW, MOST_BYTES + 1)?;
        Some(Self {
            rules: ledger.admit(&bytes),
            fingerprint: fingerprint.filter(|fingerprint| fingerprint.is_settled(read_at)),
        })
    }
}

/// The beginning of a regular file, and its fingerprint if all went well.
fn head(directory: BorrowedFd<'_>, path: &Path, flags: OFlags, most: usize) -> Option<(Vec<u8>, Option<Fingerprint>)> {
    // What is no file, such as a pipe, must not block.
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
    let mut bytes = Vec::new();
    // What could be read before an error counts, as for `ripgrep`.
    let is_whole = file.take(most as u64).read_to_end(&mut bytes).is_ok();
    Some((bytes, is_whole.then(|| Fingerprint::from(&metadata))))
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

/// The rules that a repository does not share. In a worktree `.git` is a file that leads to the repository's own
/// directory. That may lie anywhere; inside of it no link is followed.
fn exclude_file(directory: BorrowedFd<'_>, git: Kind, ledger: &Arc<Ledger>) -> Option<RuleFile> {
    let repository = match git {
        Kind::File => {
            let pointer = first_line(directory, Path::new(".git"))?;
            let own = Path::new(OsStr::from_bytes(pointer.strip_prefix(b"gitdir: ")?));
            let common = first_line(directory, &own.join("commondir"))?;
            own.join(OsStr::from_bytes(&common))
        }
        Kind::Other => PathBuf::from(".git"),
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let repository = rustix::fs::openat(directory, &repository, flags, Mode::empty()).ok()?;
    let info = open_below(repository.as_fd(), Path::new("info"), OFlags::PATH | OFlags::DIRECTORY).ok()?;
    // Its fingerprint is never believed: what leads there may change.
    RuleFile::read(info.as_fd(), "exclude", None, ledger).map(|file| RuleFile { fingerprint: None, ..file })
}

fn first_line(directory: BorrowedFd<'_>, path: &Path) -> Option<Vec<u8>> {
    let (bytes, _) = head(directory, path, OFlags::empty(), MOST_POINTER_BYTES)?;
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// The file with git's rules for all repositories of a person, and its rules. It is the person's own, and may be a
/// link.
pub(super) fn global_rules(ledger: &Arc<Ledger>) -> Option<(PathBuf, Arc<RuleSet>)> {
    let path = gitconfig_excludes_path()?;
    let (bytes, _) = head(CWD, &path, OFlags::empty(), MOST_BYTES + 1)?;
    Some((path, ledger.admit(&bytes)))
}
