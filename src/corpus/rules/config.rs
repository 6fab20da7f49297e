//! What git's configuration says that matters for rules: of the machine, of the person, and of a repository.

mod syntax;

use super::{glob::Glob, rule_file::head};
use rustix::{
    fd::{AsFd, BorrowedFd},
    fs::{CWD, OFlags},
};
use std::{
    env,
    ffi::OsStr,
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};
use syntax::Variable;

/// The most bytes of a file of configuration that are read.
const MOST_BYTES: usize = 1 << 20;

/// The most files that include each other, as for git, and the most of all.
const DEEPEST: usize = 10;
const MOST_FILES: usize = 100;

/// What was said, the last one last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub ignore_case: bool,
    /// `core.excludesFile`; empty if there is to be none.
    pub excludes_file: Option<PathBuf>,
    /// Whether the repository itself says which that is.
    pub excludes_file_is_own: bool,
    /// Whether hashes are those of SHA-256.
    pub is_sha256: bool,
    /// Whether a worktree has configuration of its own.
    has_worktree_config: bool,
}

/// Where a person keeps what holds for all repositories.
#[derive(Debug, Clone, Default)]
pub(super) struct Home {
    home: Option<PathBuf>,
    files: Vec<PathBuf>,
    /// The file with rules unless another is configured.
    pub default_excludes: Option<PathBuf>,
}

impl Home {
    /// As the environment says.
    pub fn of_process() -> Self {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let is_on = |name: &str| !matches!(env::var(name).as_deref(), Err(_) | Ok("" | "0" | "false" | "no" | "off"));
        let system = variable("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".into());
        let system = (!is_on("GIT_CONFIG_NOSYSTEM")).then_some(system);
        let home = variable("HOME");
        let xdg = variable("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
        let of_person = match env::var_os("GIT_CONFIG_GLOBAL") {
            Some(file) => vec![file.into()],
            None => {
                let usual =
                    [xdg.as_ref().map(|xdg| xdg.join("git/config")), home.as_ref().map(|it| it.join(".gitconfig"))];
                usual.into_iter().flatten().collect()
            }
        };
        let files = system.into_iter().chain(of_person).collect();
        Self { home, files, default_excludes: xdg.map(|xdg| xdg.join("git/ignore")) }
    }

    /// What holds in the repository with this folder of its own, and with the one that its worktrees share.
    pub fn config(&self, own: Option<BorrowedFd<'_>>, common: Option<BorrowedFd<'_>>) -> Config {
        let mut reader =
            Reader { home: self, own: own.and_then(path_of), config: Config::default(), files: 0, is_own: false };
        for file in &self.files {
            reader.read(CWD, file, 0);
        }
        // What says how the repository is made stands in its own configuration and nowhere else.
        (reader.config.is_sha256, reader.config.has_worktree_config) = (false, false);
        reader.is_own = true;
        if let Some(common) = common {
            reader.read(common, Path::new("config"), 0);
        }
        if let Some(own) = own.filter(|_| reader.config.has_worktree_config) {
            reader.read(own, Path::new("config.worktree"), 0);
        }
        reader.config
    }

    /// A path as configuration writes it.
    fn expanded(&self, written: &[u8]) -> Option<PathBuf> {
        match written.strip_prefix(b"~") {
            None => Some(OsStr::from_bytes(written).into()),
            Some([]) => self.home.clone(),
            Some([b'/', rest @ ..]) => Some(self.home.as_ref()?.join(OsStr::from_bytes(rest))),
            // Where other people have theirs is not looked up.
            Some(_) => None,
        }
    }
}

struct Reader<'a> {
    home: &'a Home,
    /// The path of the repository's own folder.
    own: Option<PathBuf>,
    config: Config,
    files: usize,
    /// Whether what is read is the repository's own, or included by that.
    is_own: bool,
}

impl Reader<'_> {
    fn read(&mut self, directory: BorrowedFd<'_>, path: &Path, depth: usize) {
        self.files += 1;
        if depth > DEEPEST || self.files > MOST_FILES {
            return;
        }
        let Some((text, _)) = head(directory, path, OFlags::empty(), MOST_BYTES) else { return };
        syntax::variables(&text, &mut |variable| {
            let Variable { section, subsection, name, value } = &variable;
            match (section.as_str(), subsection.as_slice(), name.as_str()) {
                ("core", [], "ignorecase") => self.config.ignore_case = variable.is_true(),
                ("core", [], "excludesfile") => {
                    self.config.excludes_file = value.as_deref().and_then(|written| self.home.expanded(written));
                    self.config.excludes_file_is_own = self.is_own;
                }
                ("extensions", [], "objectformat") => {
                    self.config.is_sha256 = value.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(b"sha256"));
                }
                ("extensions", [], "worktreeconfig") => self.config.has_worktree_config = variable.is_true(),
                ("include", [], "path") => self.include(directory, path, value.as_deref(), depth),
                ("includeif", condition, "path") if self.holds(condition, directory, path) => {
                    self.include(directory, path, value.as_deref(), depth);
                }
                _ => {}
            }
        });
    }

    /// Reads a file that another one includes, by its path from there.
    fn include(&mut self, directory: BorrowedFd<'_>, from: &Path, written: Option<&[u8]>, depth: usize) {
        let Some(included) = written.and_then(|written| self.home.expanded(written)) else { return };
        let included = from.parent().unwrap_or(Path::new("")).join(included);
        self.read(directory, &included, depth + 1);
    }

    /// Whether a file is to be included: conditions about where a repository lies are understood.
    fn holds(&self, condition: &[u8], directory: BorrowedFd<'_>, from: &Path) -> bool {
        let (written, ignore_case) = match (condition.strip_prefix(b"gitdir:"), condition.strip_prefix(b"gitdir/i:")) {
            (Some(written), _) => (written, false),
            (_, Some(written)) => (written, true),
            _ => return false,
        };
        let Some(own) = &self.own else { return false };
        let mut pattern = match written {
            [b'.', b'/', rest @ ..] => {
                let folder = from.parent().unwrap_or(Path::new(""));
                let folder = path_of(directory).unwrap_or_default().join(folder);
                [folder.as_os_str().as_bytes(), b"/", rest].concat()
            }
            [b'~', ..] => self.home.expanded(written).unwrap_or_default().into_os_string().into_encoded_bytes(),
            [b'/', ..] => written.to_vec(),
            written => [b"**/", written].concat(),
        };
        if pattern.ends_with(b"/") {
            pattern.extend_from_slice(b"**");
        }
        let own = own.as_os_str().as_bytes();
        let own = if ignore_case { own.to_ascii_lowercase() } else { own.to_vec() };
        Glob::new(&pattern, ignore_case).is_ok_and(|glob| glob.matches(&own))
    }
}

/// Where an open folder lies.
pub(super) fn path_of(directory: BorrowedFd<'_>) -> Option<PathBuf> {
    // The folder that the program runs in has no descriptor.
    let link = match directory.as_raw_fd() {
        descriptor if descriptor == CWD.as_raw_fd() => PathBuf::from("/proc/self/cwd"),
        descriptor => PathBuf::from(format!("/proc/self/fd/{descriptor}")),
    };
    let target = rustix::fs::readlinkat(CWD.as_fd(), &link, Vec::new()).ok()?;
    Some(OsStr::from_bytes(target.to_bytes()).into())
}

#[cfg(test)]
mod tests;
