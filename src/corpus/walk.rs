//! The files below a directory, and what was left out on the way.
//!
//! The walk is that of `ripgrep` (the `ignore` crate, in parallel), so both see the same files. It passes over what a
//! rule ignores without a word; so every directory that it enters is listed as well, and whatever the walk did not
//! bring along is explained afterwards.

mod stamp;
mod visit;

pub(super) use stamp::{Moment, Stamp};

use super::{
    error::Error,
    exclusion::{Exclusion, Reason},
    globs::Globs,
    rules::{OWN_IGNORE_FILE, Rules, is_in_repository},
    secrets::looks_secret,
    stop::StopFlag,
};
use ignore::WalkBuilder;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use visit::{LeftOut, Notes, Place, Visitors};

/// What a walk brings along. Paths of exclusions are relative to the root, with slashes.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub files: Vec<Found>,
    pub exclusions: Vec<Exclusion>,
}

/// A file below the root.
#[derive(Debug)]
pub(super) struct Found {
    /// Relative to the root, as it is shown.
    pub relative: String,
    pub absolute: PathBuf,
    pub bytes: u64,
}

/// Walks the directory that the globs are for, an absolute path, unless it is stopped.
pub(super) fn walk(globs: &Globs, stop: &StopFlag) -> Result<Walked, Error> {
    let root = globs.root();
    if let Err(error) = fs::read_dir(root) {
        return Err(Error::Unreadable { path: root.to_path_buf(), error: error.to_string() });
    }
    let mut all = walk_from(root, globs, stop)?;
    let mut rules = Rules::new(root);
    for start in globs.spelled_out().iter().filter(|path| is_ignored_but_wanted(globs, &mut rules, path)) {
        let mut walked = walk_from(start, globs, stop)?;
        all.files.append(&mut walked.files);
        all.exclusions.append(&mut walked.exclusions);
    }
    // Walks may overlap, and what one leaves out, or a part of it, the other may have brought along.
    all.files.sort_by(|a, b| (&a.relative, &a.absolute).cmp(&(&b.relative, &b.absolute)));
    all.files.dedup_by(|a, b| a.absolute == b.absolute);
    let mut seen = HashSet::new();
    all.exclusions.retain(|left_out| {
        let next = all.files.partition_point(|file| file.relative < left_out.path);
        let is_read = |file: &Found| match left_out.path.ends_with('/') {
            true => file.relative.starts_with(&left_out.path),
            false => file.relative == left_out.path,
        };
        !all.files.get(next).is_some_and(is_read) && seen.insert(left_out.path.clone())
    });
    Ok(all)
}

/// Why a file that only an editor has would not be read if it were saved as `path`.
pub(super) fn reason_against(globs: &Globs, path: &Path) -> Option<Reason> {
    let relative = path.strip_prefix(globs.root()).ok()?;
    if looks_secret(relative) && !globs.lets_in_secret(path) {
        return Some(Reason::Secret);
    }
    let mut rules = Rules::new(globs.root());
    let mut on_the_way = below(globs.root(), path);
    on_the_way.find_map(|step| {
        let wanted = globs.spelled_out().iter().any(|wanted| wanted.starts_with(step));
        let reason = explain(globs, &mut rules, step, step != path);
        reason.filter(|reason| !(wanted && matches!(reason, Reason::Ignored { .. })))
    })
}

/// Whether the walk from the root passes over what an include glob spells out, only because rules ignore it.
fn is_ignored_but_wanted(globs: &Globs, rules: &mut Rules, path: &Path) -> bool {
    let mut ignored = false;
    for step in below(globs.root(), path) {
        let Ok(kind) = fs::symlink_metadata(step).map(|metadata| metadata.file_type()) else { return false };
        let is_dir = kind.is_dir();
        if kind.is_symlink() || is_git(step) || globs.excluding(step, is_dir).is_some() {
            return false;
        }
        ignored |= rules.ignoring(step, is_dir).is_some();
    }
    ignored
}

/// The directories between `root` and `path`, from the top down, and `path`.
fn below<'a>(root: &Path, path: &'a Path) -> impl Iterator<Item = &'a Path> {
    let steps: Vec<&Path> = path.ancestors().take_while(|step| *step != root).collect();
    steps.into_iter().rev()
}

fn builder(start: &Path, globs: &Globs, rules: &Rules) -> WalkBuilder {
    let mut builder = WalkBuilder::new(start);
    builder.overrides(globs.overrides.clone()).add_custom_ignore_filename(OWN_IGNORE_FILE).current_dir(globs.root());
    // Without a repository, `.gitignore` files still say what their author thinks is not worth reading.
    builder.require_git(is_in_repository(start)).parents(rules.count_from_above());
    // The visitors see to it, since globs may name what is hidden.
    builder.hidden(false);
    builder
}

fn walk_from(start: &Path, globs: &Globs, stop: &StopFlag) -> Result<Walked, Error> {
    let root = globs.root();
    let rules = Rules::new(start);
    let builder = builder(start, globs, &rules);
    let notes = Mutex::new(Notes::default());
    let canonical_root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let place = Place { canonical_root, globs, stop, rules: Mutex::new(rules) };
    builder.build_parallel().visit(&mut Visitors { place: &place, notes: &notes });
    stop.check()?;
    let Notes { files, mut left_out, directories, listed } = notes.into_inner().unwrap_or_else(PoisonError::into_inner);

    let seen: HashSet<&Path> = files
        .iter()
        .map(|file| file.absolute.as_path())
        .chain(left_out.iter().map(|entry| entry.path.as_path()))
        .chain(directories.iter().map(PathBuf::as_path))
        .collect();
    let mut rules = place.rules.into_inner().unwrap_or_else(PoisonError::into_inner);
    let unseen = listed.into_iter().filter(|(path, _)| !seen.contains(path.as_path()));
    let mut explained = Vec::new();
    for (path, is_dir) in unseen {
        stop.check()?;
        // What nothing explains came into being after the walk had passed.
        if let Some(reason) = explain(globs, &mut rules, &path, is_dir) {
            explained.push(LeftOut { path, is_dir, reason });
        }
    }
    left_out.append(&mut explained);
    let exclusions = left_out.into_iter().map(|entry| entry.into_exclusion(root)).collect();
    Ok(Walked { files, exclusions })
}

/// Why `path` is passed over. If there are several reasons, it is the one that a person can do most about.
fn explain(globs: &Globs, rules: &mut Rules, path: &Path, is_dir: bool) -> Option<Reason> {
    if let Some(glob) = globs.excluding(path, is_dir) {
        return Some(Reason::Excluded { glob });
    }
    if !is_dir && !globs.includes(path) {
        return Some(Reason::NotIncluded);
    }
    if let Some(rule) = rules.ignoring(path, is_dir) {
        let file = rule.file.strip_prefix(globs.root()).unwrap_or(&rule.file);
        return Some(Reason::Ignored { rule: rule.text, file: file.display().to_string() });
    }
    is_hidden(globs, || rules.let_in(path, is_dir), path, is_dir).then_some(Reason::Hidden)
}

/// Whether the name of `path` begins with a dot and nothing lets it in. Nothing lets in what belongs to git itself.
fn is_hidden(globs: &Globs, let_in: impl FnOnce() -> bool, path: &Path, is_dir: bool) -> bool {
    let begins_with_dot = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    begins_with_dot && (is_git(path) || !(globs.spells_hidden(path, is_dir) || let_in()))
}

/// Whether it is a repository's own directory, or the file that stands for it in a worktree or a submodule.
fn is_git(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".git")
}
