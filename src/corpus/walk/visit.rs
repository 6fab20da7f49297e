//! What each thread of a walk does with the entries that it meets.

use super::{Found, is_hidden};
use crate::corpus::{
    exclusion::{Exclusion, Reason},
    globs::Globs,
    rules::Rules,
    secrets::looks_secret,
    shown::shown,
    stop::StopFlag,
};
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkState};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// What the threads of one walk write down.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub files: Vec<Found>,
    pub left_out: Vec<LeftOut>,
    /// The directories that were entered.
    pub directories: Vec<PathBuf>,
    /// Everything that lies in them, and whether it is a directory.
    pub listed: Vec<(PathBuf, bool)>,
}

#[derive(Debug)]
pub(super) struct LeftOut {
    pub path: PathBuf,
    pub is_dir: bool,
    pub reason: Reason,
}

impl LeftOut {
    pub fn into_exclusion(self, root: &Path) -> Exclusion {
        let mut path = relative(root, &self.path);
        if self.is_dir {
            path.push('/');
        }
        Exclusion { path, reason: self.reason }
    }
}

fn relative(root: &Path, path: &Path) -> String {
    shown(path.strip_prefix(root).unwrap_or(path))
}

#[derive(Debug)]
pub(super) struct Place<'a> {
    pub canonical_root: PathBuf,
    pub globs: &'a Globs,
    pub stop: &'a StopFlag,
    /// Looked at for what is hidden, which is rare.
    pub rules: Mutex<Rules>,
}

pub(super) struct Visitors<'a> {
    pub place: &'a Place<'a>,
    pub notes: &'a Mutex<Notes>,
}

impl<'a> ParallelVisitorBuilder<'a> for Visitors<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Visitor { place: self.place, notes: Notes::default(), all: self.notes })
    }
}

/// One thread's part of the walk; hands its notes in when it is dropped, so that the threads do not contend.
struct Visitor<'a> {
    place: &'a Place<'a>,
    notes: Notes,
    all: &'a Mutex<Notes>,
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if self.place.stop.is_raised() {
            return WalkState::Quit;
        }
        match entry {
            Ok(entry) => return self.enter(entry),
            // Other errors are about single lines of ignore files, of which the rest holds.
            Err(error) => {
                if let (Some(path), Some(cause)) = (path_of(&error), error.io_error()) {
                    let reason = Reason::Unreadable { error: cause.to_string() };
                    self.notes.left_out.push(LeftOut { path: path.to_path_buf(), is_dir: true, reason });
                }
            }
        }
        WalkState::Continue
    }
}

impl Visitor<'_> {
    fn enter(&mut self, entry: DirEntry) -> WalkState {
        let Some(kind) = entry.file_type() else { return WalkState::Continue };
        let is_dir = kind.is_dir();
        if let Some(reason) = self.reason_against(entry.path(), is_dir) {
            self.notes.left_out.push(LeftOut { path: entry.into_path(), is_dir, reason });
            return WalkState::Skip;
        }
        if is_dir {
            let Ok(children) = fs::read_dir(entry.path()) else { return WalkState::Continue };
            let children = children.flatten().map(|child| {
                let is_dir = child.file_type().is_ok_and(|kind| kind.is_dir());
                (child.path(), is_dir)
            });
            self.notes.listed.extend(children);
            self.notes.directories.push(entry.into_path());
            return WalkState::Continue;
        }
        match self.file(&entry, kind) {
            Ok(bytes) => {
                let relative = relative(self.place.globs.root(), entry.path());
                self.notes.files.push(Found { relative, absolute: entry.into_path(), bytes });
            }
            Err(reason) => self.notes.left_out.push(LeftOut { path: entry.into_path(), is_dir: false, reason }),
        }
        WalkState::Continue
    }

    /// Why something that no rule ignores and no glob excludes is left out.
    fn reason_against(&self, path: &Path, is_dir: bool) -> Option<Reason> {
        let globs = self.place.globs;
        if path == globs.root() {
            return None;
        }
        if !is_dir && !globs.includes(path) {
            return Some(Reason::NotIncluded);
        }
        let let_in = || self.place.rules.lock().unwrap_or_else(PoisonError::into_inner).let_in(path, is_dir);
        is_hidden(globs, let_in, path, is_dir).then_some(Reason::Hidden)
    }

    /// The size of a file that is to be read, or why it is not.
    fn file(&self, entry: &DirEntry, kind: fs::FileType) -> Result<u64, Reason> {
        let path = entry.path();
        if kind.is_symlink() {
            let target = fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default();
            let end = path.canonicalize();
            let leaves_root = end.is_ok_and(|end| !end.starts_with(&self.place.canonical_root));
            return Err(Reason::Link { target, leaves_root });
        }
        if !kind.is_file() {
            return Err(Reason::NotAFile);
        }
        let relative = path.strip_prefix(self.place.globs.root()).unwrap_or(path);
        if looks_secret(relative) && !self.place.globs.lets_in_secret(path) {
            return Err(Reason::Secret);
        }
        let metadata = entry.metadata().map_err(|error| {
            let error = error.io_error().map_or_else(|| error.to_string(), io::Error::to_string);
            Reason::Unreadable { error }
        })?;
        Ok(metadata.len())
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.append(&mut self.notes.files);
        all.left_out.append(&mut self.notes.left_out);
        all.directories.append(&mut self.notes.directories);
        all.listed.append(&mut self.notes.listed);
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
