//! What a repository's own folder says: rules that it does not share, what git tracks, and how its rules are meant.

use super::{
    config::{Config, Home, path_of},
    ledger::{Ledger, RuleSet},
    rule_file::{RuleFile, head, is_file},
    tracked::Tracked,
};
use crate::corpus::{
    fingerprint::{ClockTick, Fingerprint},
    open::open_below,
};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{Mode, OFlags},
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufReader},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file that leads from a worktree to its repository is a line.
const MOST_POINTER_BYTES: usize = 16 << 10;

/// A repository of git or jj.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::corpus) struct Repository {
    /// Whether capital and small letters are the same for its rules.
    pub ignore_case: bool,
    /// Its `info/exclude`.
    pub exclude: Option<PlacedRules>,
    /// The person's own file of rules.
    pub excludes_file: Option<PlacedRules>,
    pub tracked: Option<Arc<Tracked>>,
}

/// Rules that a directory has from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct PlacedRules {
    /// From the directory on.
    pub path: PathBuf,
    pub rules: Arc<RuleSet>,
    /// Whether a rule may be shown as it is written.
    pub is_shown: bool,
}

impl Repository {
    /// Reads what `.git` of a directory says. A worktree and a submodule have a file of that name, which leads to their own
    /// folder; that may lie anywhere.
    pub fn read(directory: BorrowedFd<'_>, ledger: &Arc<Ledger>) -> Self {
        let home = Home::of_process();
        let folders = Folders::open(directory);
        let own = folders.as_ref().map(|folders| folders.own.as_fd());
        let common = folders.as_ref().map(Folders::common);
        let config = home.config(own, common);
        let exclude = folders.as_ref().and_then(|folders| {
            // Inside of the repository's folder no link is followed.
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            let info = open_below(folders.common(), Path::new("info"), flags).ok()?;
            let name = Path::new("exclude");
            let file = RuleFile::read(info.as_fd(), name, OFlags::NOFOLLOW, config.ignore_case, ledger)?;
            let path = folders.common_path.join("info/exclude");
            Some(PlacedRules { path, rules: file.rules, is_shown: true })
        });
        let excludes_file = excludes_file(directory, &config, home, ledger);
        let hash_bytes = if config.is_sha256 { 32 } else { 20 };
        let tracked = own.and_then(|own| tracked(own, hash_bytes, ledger));
        Self { ignore_case: config.ignore_case, exclude, excludes_file, tracked }
    }
}

/// The rules that a person has for all repositories, or for this one. The file may be a link.
///
/// A repository may come from anybody, and what its configuration names may be any file of the person's. Lines of that are
/// shown only if it lies in the repository.
fn excludes_file(directory: BorrowedFd<'_>, config: &Config, home: Home, ledger: &Arc<Ledger>) -> Option<PlacedRules> {
    let path = config.excludes_file.clone().or(home.default_excludes).filter(|path| !path.as_os_str().is_empty())?;
    let rules = RuleFile::read(directory, &path, OFlags::empty(), config.ignore_case, ledger)?.rules;
    let is_below = || {
        let from_root = path_of(directory).and_then(|root| path.strip_prefix(root).map(Path::to_owned).ok());
        open_below(directory, &from_root.unwrap_or_else(|| path.clone()), OFlags::RDONLY | OFlags::NONBLOCK).is_ok()
    };
    let is_shown = !config.excludes_file_is_own || is_below();
    Some(PlacedRules { path, rules, is_shown })
}

/// The folders of a repository's own.
struct Folders {
    own: OwnedFd,
    /// The one that worktrees share, if it is another one.
    shared: Option<OwnedFd>,
    /// Where the shared one lies, from the directory that has `.git`.
    common_path: PathBuf,
}

impl Folders {
    fn open(directory: BorrowedFd<'_>) -> Option<Self> {
        let open = |directory: BorrowedFd<'_>, path: &Path| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::openat(directory, path, flags, Mode::empty()).ok()
        };
        let dot_git = Path::new(".git");
        let own_path = match is_file(directory, dot_git)? {
            true => {
                let pointer = first_line(directory, dot_git)?;
                PathBuf::from(OsStr::from_bytes(pointer.strip_prefix(b"gitdir:")?.trim_ascii()))
            }
            false => dot_git.to_owned(),
        };
        let own = open(directory, &own_path)?;
        let (shared, common_path) = match first_line(own.as_fd(), Path::new("commondir")) {
            Some(common) => {
                let common = Path::new(OsStr::from_bytes(&common)).to_owned();
                (Some(open(own.as_fd(), &common)?), own_path.join(common))
            }
            None => (None, own_path),
        };
        Some(Self { own, shared, common_path })
    }

    fn common(&self) -> BorrowedFd<'_> {
        self.shared.as_ref().unwrap_or(&self.own).as_fd()
    }
}

fn first_line(directory: BorrowedFd<'_>, path: &Path) -> Option<Vec<u8>> {
    let (bytes, _) = head(directory, path, OFlags::empty(), MOST_POINTER_BYTES)?;
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// What the index says. One that cannot be read says nothing: then rules hold for all files.
fn tracked(own: BorrowedFd<'_>, hash_bytes: usize, ledger: &Ledger) -> Option<Arc<Tracked>> {
    let open = |name: &str| -> io::Result<(BufReader<File>, Fingerprint)> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(own, name, flags, Mode::empty())?);
        let metadata = file.metadata()?;
        match metadata.is_file() {
            true => Ok((BufReader::with_capacity(64 << 10, file), Fingerprint::from(&metadata))),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    };
    let read_at = ClockTick::now();
    let (index, fingerprint) = open("index").ok()?;
    ledger.tracked(fingerprint, read_at, || {
        let shared = |name: &str| open(name).map(|(index, fingerprint)| (index, fingerprint.bytes));
        Tracked::read(index, fingerprint.bytes, hash_bytes, shared).ok()
    })
}
