//! Whether something below the root is read, or why not.

use super::entries::{Kind, stat};
use crate::{
    corpus::{
        editor_files::is_editor_file,
        exclusion::Reason,
        globs::Globs,
        open::{open_below, open_path},
        rules::{Above, Ledger, OwnRules, Rules, Tracking},
        secrets::looks_secret,
    },
    text::visible_name,
};
use rustix::{
    fd::{AsFd, BorrowedFd},
    fs::OFlags,
};
use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A place below the root.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The whole path, without links.
    pub full: &'a Path,
    /// Relative to the root.
    pub relative: &'a Path,
    pub is_dir: bool,
    /// Whether an include glob matches it, or a directory that it lies in.
    pub is_included: bool,
    /// Why nothing is read in the directory that it lies in but what git tracks.
    pub only_tracked: Option<&'a Arc<Reason>>,
}

/// What is read of a directory that is not passed over: all of it, or what git tracks, and why nothing else.
pub(super) type Extent = Option<Arc<Reason>>;

/// Why a file that only an editor has would not be read if it were saved as `path`.
pub(in crate::corpus) fn reason_against(globs: &Globs, path: &Path) -> Option<Reason> {
    let relative = path.strip_prefix(globs.root()).ok()?;
    if looks_secret(relative) && !globs.lets_in_secret(relative) {
        return Some(Reason::Secret);
    }
    let root = globs.root().canonicalize().unwrap_or_else(|_| globs.root().to_owned());
    let ledger = Arc::default();
    let opened = open_path(&root).ok();
    let above = Above::read(&root, &root, globs.no_ignore(), &ledger);
    let opened = opened.as_ref().filter(|_| !globs.no_ignore()).map(AsFd::as_fd);
    let steps = steps(&root, opened, &above, relative, &ledger);
    let (mut is_included, mut only_tracked) = (false, None);
    steps.into_iter().find_map(|step| {
        let is_dir = step.relative != relative;
        is_included |= globs.includes(&step.relative, is_dir);
        let (full, relative) = (step.full.as_path(), step.relative.as_path());
        let place = Place { full, relative, is_dir, is_included, only_tracked: only_tracked.as_ref() };
        let wanted = globs.spelled_out().iter().any(|wanted| wanted.starts_with(relative));
        match place.decide(globs, &step.rules) {
            Ok(extent) => {
                only_tracked = extent;
                None
            }
            Err(reason) => (!wanted || !matches!(reason, Reason::Ignored { .. })).then_some(reason),
        }
    })
}

/// Whether a walk from the root passes over what an include glob spells out, only because rules ignore it.
pub(super) fn is_ignored_but_wanted(
    globs: &Globs,
    root: &Path,
    opened: BorrowedFd<'_>,
    above: &Above,
    relative: &Path,
    ledger: &Arc<Ledger>,
) -> bool {
    if globs.no_ignore() {
        return false;
    }
    let mut ignored = false;
    for step in steps(root, Some(opened), above, relative, ledger) {
        let Ok(kind) = kind_below(opened, &step.relative) else { return false };
        let is_dir = kind == Kind::Directory;
        if kind == Kind::Link || is_git(&step.relative) || globs.excluding(&step.relative, is_dir).is_some() {
            return false;
        }
        ignored |= step.rules.verdict(&step.full, is_dir).is_ignore();
    }
    ignored
}

/// What lies at a path below a directory.
pub(super) fn kind_below(directory: BorrowedFd<'_>, path: &Path) -> Result<Kind, rustix::io::Errno> {
    let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or(OsStr::new(".")));
    let parent = open_below(directory, parent, OFlags::PATH | OFlags::DIRECTORY)?;
    stat(parent.as_fd(), name).map(|(kind, _)| kind)
}

/// A directory on the way from the root to something below it, or that itself.
struct Step {
    relative: PathBuf,
    full: PathBuf,
    /// The rules that count for it.
    rules: Rules,
}

/// All steps from the root down to `relative`.
fn steps(
    root: &Path,
    opened: Option<BorrowedFd<'_>>,
    above: &Above,
    relative: &Path,
    ledger: &Arc<Ledger>,
) -> Vec<Step> {
    let mut rules = above.rules.clone();
    let mut steps: Vec<Step> = Vec::new();
    for name in relative {
        let (directory, parent) = match steps.last() {
            Some(step) => (step.full.as_path(), step.relative.as_path()),
            None => (root, Path::new("")),
        };
        let own = opened.and_then(|root| open_below(root, parent, OFlags::PATH | OFlags::DIRECTORY).ok());
        let own = OwnRules::probe(own.as_ref().map(AsFd::as_fd), rules.ignore_case(), ledger);
        rules = rules.within(directory, &own);
        let step = Step { relative: parent.join(name), full: directory.join(name), rules: rules.clone() };
        steps.push(step);
    }
    steps
}

impl Place<'_> {
    /// Why it is passed over, or what is read of it. If there are several reasons, it is the one that a person can do most
    /// about.
    pub fn decide(&self, globs: &Globs, rules: &Rules) -> Result<Extent, Reason> {
        if let Some(glob) = globs.excluding(self.relative, self.is_dir) {
            return Err(Reason::Excluded { glob });
        }
        if !self.is_dir && !self.is_included {
            return Err(Reason::NotIncluded);
        }
        let verdict = match self.only_tracked {
            Some(_) => rules.verdict_without_git(self.full, self.is_dir),
            None => rules.verdict(self.full, self.is_dir),
        };
        let let_in = verdict.is_whitelist();
        // What git tracks its rules do not keep out. In a folder that is ignored all the rest is ignored.
        let ignored = match (verdict, self.only_tracked) {
            (ignore::Match::Ignore(rule), _) if !rule.is_of_git => return Err(rule.reason()),
            (ignore::Match::Ignore(rule), _) => Some(Arc::new(rule.reason())),
            (_, above) => above.cloned(),
        };
        let tracking = || rules.tracking(self.full, self.is_dir);
        let extent = match ignored.map(|reason| (tracking(), reason)) {
            None | Some((Tracking::Whole, _)) => None,
            Some((Tracking::Inside, reason)) => Some(reason),
            Some((Tracking::Nothing, reason)) => return Err(Arc::unwrap_or_clone(reason)),
        };
        let is_spelled = || globs.spells_hidden(self.relative, self.is_dir);
        let is_copy = !self.is_dir && is_editor_file(self.relative) && !globs.lets_in_editor_file(self.relative);
        if is_copy && rules.tracking(self.full, false) == Tracking::Nothing {
            return Err(Reason::EditorFile);
        }
        // Nothing lets in what belongs to git itself.
        match begins_with_dot(self.relative) && (is_git(self.relative) || !(let_in || is_spelled())) {
            true => Err(Reason::Hidden),
            false => Ok(extent),
        }
    }

    /// Why something that no rule or glob keeps out is still no file to read.
    pub fn reason_against_kind(&self, globs: &Globs, kind: Kind) -> Option<Reason> {
        match kind {
            Kind::Directory => None,
            Kind::File if looks_secret(self.relative) && !globs.lets_in_secret(self.relative) => Some(Reason::Secret),
            Kind::File => None,
            Kind::Link | Kind::Other => Some(Reason::NotAFile),
        }
    }
}

/// Where the symbolic link `name` leads to.
pub(super) fn link_reason(directory: BorrowedFd<'_>, name: &OsStr, full: &Path, root: &Path) -> Reason {
    let target = rustix::fs::readlinkat(directory, name, Vec::new()).unwrap_or_default();
    let target = visible_name(target.to_bytes()).into_owned();
    let leaves_root = full.canonicalize().is_ok_and(|end| !end.starts_with(root));
    Reason::Link { target, leaves_root }
}

fn begins_with_dot(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    let name = memchr::memrchr(b'/', bytes).map_or(bytes, |slash| &bytes[slash + 1..]);
    name.starts_with(b".")
}

/// Whether it is a repository's own directory, or the file that stands for it in a worktree or a submodule.
fn is_git(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".git")
}
