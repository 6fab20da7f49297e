//! The files below a directory, and what was left out on the way.
//!
//! The walk is that of `ripgrep` (the `ignore` crate, in parallel), so both see the same files. It passes over what a
//! rule ignores without a word; so every directory that it enters is listed as well, and whatever the walk did not
//! bring along is explained afterwards.

use super::{
    error::Error,
    exclusion::{Exclusion, Reason},
    globs::Globs,
    rules::{OWN_IGNORE_FILE, Rules, is_in_repository, is_repository},
    secrets::looks_secret,
};
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState, overrides::Override};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// What a walk brings along. Paths of exclusions are relative to the root, with slashes.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub files: Vec<Found>,
    pub exclusions: Vec<Exclusion>,
}

/// A file below the root.
#[derive(Debug)]
pub(super) struct Found {
    /// Relative to the root, with slashes; bytes that are no UTF-8 are replaced.
    pub relative: String,
    pub absolute: PathBuf,
    pub bytes: u64,
}

/// Walks the directory `root`, an absolute path.
pub(super) fn walk(root: &Path, globs: &Globs) -> Result<Walked, Error> {
    if let Err(error) = fs::read_dir(root) {
        return Err(Error::Unreadable { path: root.to_path_buf(), error: error.to_string() });
    }
    let mut all = Walked::default();
    for pass in &globs.passes {
        let mut walked = walk_once(root, globs, pass);
        all.files.append(&mut walked.files);
        all.exclusions.append(&mut walked.exclusions);
    }
    if globs.passes.len() > 1 {
        all.files.sort_by(|a, b| a.relative.cmp(&b.relative));
        all.files.dedup_by(|a, b| a.relative == b.relative);
        // What one pass left out, or a part of it, the other may have brought along.
        let mut seen = HashSet::new();
        all.exclusions.retain(|left_out| {
            let next = all.files.partition_point(|file| file.relative < left_out.path);
            let read = all.files.get(next).is_some_and(|file| file.relative.starts_with(&left_out.path));
            !read && seen.insert(left_out.path.clone())
        });
    }
    Ok(all)
}

/// Why a file that only an editor has would not be read if it were saved as `path`.
pub(super) fn reason_against(root: &Path, globs: &Globs, path: &Path) -> Option<Reason> {
    let relative = path.strip_prefix(root).ok()?;
    if looks_secret(relative) && !globs.lets_in_secret(path) {
        return Some(Reason::Secret);
    }
    let ignored = globs.passes.iter().all(|pass| {
        let mut matchers = builder(root, pass).build_matchers();
        matchers.iter_mut().all(|matcher| matcher.matched(relative, false).is_ignore())
    });
    ignored.then(|| explain(root, globs, &mut Rules::new(root), path, false).unwrap_or(Reason::Hidden))
}

fn builder(root: &Path, overrides: &Override) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder.overrides(overrides.clone()).add_custom_ignore_filename(OWN_IGNORE_FILE).current_dir(root);
    // Without a repository, `.gitignore` files still say what their author thinks is not worth reading.
    builder.require_git(is_in_repository(root));
    // Whoever names an ignored directory wants to read it.
    let mut rules = Rules::new(root);
    let up_to_repository = root.ancestors().take_while(|directory| !is_repository(directory));
    if up_to_repository.into_iter().any(|directory| rules.ignoring(directory, true).is_some()) {
        builder.parents(false);
    }
    builder
}

fn walk_once(root: &Path, globs: &Globs, overrides: &Override) -> Walked {
    let notes = Mutex::new(Notes::default());
    let place = Place { root, canonical_root: root.canonicalize().unwrap_or_else(|_| root.to_path_buf()), globs };
    builder(root, overrides).build_parallel().visit(&mut Visitors { place: &place, notes: &notes });
    let Notes { files, mut left_out, directories, listed } = notes.into_inner().unwrap_or_else(PoisonError::into_inner);

    let seen: HashSet<&Path> = files
        .iter()
        .map(|file| file.absolute.as_path())
        .chain(left_out.iter().map(|entry| entry.path.as_path()))
        .chain(directories.iter().map(PathBuf::as_path))
        .collect();
    let mut rules = Rules::new(root);
    let unseen = listed.into_iter().filter(|(path, _)| !seen.contains(path.as_path()));
    // What nothing explains came into being after the walk had passed.
    let explained: Vec<LeftOut> = unseen
        .filter_map(|(path, is_dir)| {
            let reason = explain(root, globs, &mut rules, &path, is_dir)?;
            Some(LeftOut { path, is_dir, reason })
        })
        .collect();
    left_out.extend(explained);
    let exclusions = left_out.into_iter().map(|entry| entry.into_exclusion(root)).collect();
    Walked { files, exclusions }
}

/// Why the walk passed over `path`, in the order in which it decides.
fn explain(root: &Path, globs: &Globs, rules: &mut Rules, path: &Path, is_dir: bool) -> Option<Reason> {
    if let Some(glob) = globs.excluding(path, is_dir) {
        return Some(Reason::Excluded { glob });
    }
    if !is_dir && globs.leaves_out(path) {
        return Some(Reason::NotIncluded);
    }
    if let Some(rule) = rules.ignoring(path, is_dir) {
        let file = rule.file.strip_prefix(root).unwrap_or(&rule.file);
        return Some(Reason::Ignored { rule: rule.text, file: file.display().to_string() });
    }
    path.file_name()?.as_encoded_bytes().starts_with(b".").then_some(Reason::Hidden)
}

/// What the threads of one walk write down.
#[derive(Debug, Default)]
struct Notes {
    files: Vec<Found>,
    left_out: Vec<LeftOut>,
    /// The directories that were entered.
    directories: Vec<PathBuf>,
    /// Everything that lies in them, and whether it is a directory.
    listed: Vec<(PathBuf, bool)>,
}

#[derive(Debug)]
struct LeftOut {
    path: PathBuf,
    is_dir: bool,
    reason: Reason,
}

impl LeftOut {
    fn into_exclusion(self, root: &Path) -> Exclusion {
        let mut path = relative(root, &self.path);
        if self.is_dir {
            path.push('/');
        }
        Exclusion { path, reason: self.reason }
    }
}

/// `path` relative to `root` as it is shown: with slashes and in UTF-8.
fn relative(root: &Path, path: &Path) -> String {
    let components = path.strip_prefix(root).unwrap_or(path).components();
    let names: Vec<_> = components.map(|component| component.as_os_str().to_string_lossy()).collect();
    names.join("/")
}

#[derive(Debug)]
struct Place<'a> {
    root: &'a Path,
    canonical_root: PathBuf,
    globs: &'a Globs,
}

struct Visitors<'a> {
    place: &'a Place<'a>,
    notes: &'a Mutex<Notes>,
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
        match entry {
            Ok(entry) => self.enter(entry),
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
    fn enter(&mut self, entry: DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            let Ok(children) = fs::read_dir(entry.path()) else { return };
            let children = children.flatten().map(|child| {
                let is_dir = child.file_type().is_ok_and(|kind| kind.is_dir());
                (child.path(), is_dir)
            });
            self.notes.listed.extend(children);
            self.notes.directories.push(entry.into_path());
            return;
        }
        match self.file(&entry, kind) {
            Ok(bytes) => {
                let relative = relative(self.place.root, entry.path());
                self.notes.files.push(Found { relative, absolute: entry.into_path(), bytes });
            }
            Err(reason) => self.notes.left_out.push(LeftOut { path: entry.into_path(), is_dir: false, reason }),
        }
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
        let relative = path.strip_prefix(self.place.root).unwrap_or(path);
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
