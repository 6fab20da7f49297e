//! Whether something below the root is read, or why not.

use super::entries::Kind;
use crate::corpus::{
    exclusion::Reason,
    globs::Globs,
    rules::{Above, OwnRules, Rules},
    secrets::looks_secret,
};
use rustix::fd::BorrowedFd;
use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
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
}

/// Why a file that only an editor has would not be read if it were saved as `path`.
pub(in crate::corpus) fn reason_against(globs: &Globs, path: &Path) -> Option<Reason> {
    let relative = path.strip_prefix(globs.root()).ok()?;
    if looks_secret(relative) && !globs.lets_in_secret(relative) {
        return Some(Reason::Secret);
    }
    let root = globs.root().canonicalize().unwrap_or_else(|_| globs.root().to_owned());
    let mut is_included = false;
    steps(&root, &Above::read(&root, &root), relative).into_iter().find_map(|step| {
        let is_dir = step.relative != relative;
        is_included |= globs.includes(&step.relative, is_dir);
        let place = Place { full: &step.full, relative: &step.relative, is_dir, is_included };
        let wanted = globs.spelled_out().iter().any(|wanted| wanted.starts_with(&step.relative));
        place.reason_against(globs, &step.rules).filter(|reason| !(wanted && matches!(reason, Reason::Ignored { .. })))
    })
}

/// Whether a walk from the root passes over what an include glob spells out, only because rules ignore it.
pub(super) fn is_ignored_but_wanted(globs: &Globs, root: &Path, above: &Above, relative: &Path) -> bool {
    let mut ignored = false;
    for step in steps(root, above, relative) {
        let Ok(metadata) = step.full.symlink_metadata() else { return false };
        let is_dir = metadata.is_dir();
        if metadata.is_symlink() || is_git(&step.relative) || globs.excluding(&step.relative, is_dir).is_some() {
            return false;
        }
        ignored |= step.rules.verdict(&step.full, is_dir).is_ignore();
    }
    ignored
}

/// A directory on the way from the root to something below it, or that itself.
struct Step {
    relative: PathBuf,
    full: PathBuf,
    /// The rules that count for it.
    rules: Rules,
}

/// All steps from the root down to `relative`.
fn steps(root: &Path, above: &Above, relative: &Path) -> Vec<Step> {
    let mut rules = above.rules.clone();
    let mut steps: Vec<Step> = Vec::new();
    for name in relative {
        let (directory, parent) = match steps.last() {
            Some(step) => (step.full.as_path(), step.relative.as_path()),
            None => (root, Path::new("")),
        };
        rules = rules.within(directory, &OwnRules::probe(directory));
        let step = Step { relative: parent.join(name), full: directory.join(name), rules: rules.clone() };
        steps.push(step);
    }
    steps
}

impl Place<'_> {
    /// Why it is passed over. If there are several reasons, it is the one that a person can do most about.
    pub fn reason_against(&self, globs: &Globs, rules: &Rules) -> Option<Reason> {
        if let Some(glob) = globs.excluding(self.relative, self.is_dir) {
            return Some(Reason::Excluded { glob });
        }
        if !self.is_dir && !self.is_included {
            return Some(Reason::NotIncluded);
        }
        let verdict = rules.verdict(self.full, self.is_dir);
        let let_in = verdict.is_whitelist();
        if let ignore::Match::Ignore(rule) = verdict {
            return Some(Reason::Ignored { rule: rule.text.to_owned(), file: rule.file.to_owned() });
        }
        // Nothing lets in what belongs to git itself.
        let is_hidden = begins_with_dot(self.relative)
            && (is_git(self.relative) || !(let_in || globs.spells_hidden(self.relative, self.is_dir)));
        is_hidden.then_some(Reason::Hidden)
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
    let target = Path::new(OsStr::from_bytes(target.to_bytes())).display().to_string();
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
