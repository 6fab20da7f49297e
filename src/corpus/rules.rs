//! Which rule of which ignore file leaves something out.
//!
//! The walk itself is that of the `ignore` crate, which decides but does not say why. This looks the reason up
//! afterwards, for the few entries that were left out, in the same order of precedence.

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The name of our own ignore file; it wins over all others.
pub(super) const OWN_IGNORE_FILE: &str = ".rlmignore";

/// Files with rules, most important first, relative to the directory that their rules are about.
const IGNORE_FILES: [&str; 4] = [OWN_IGNORE_FILE, ".ignore", ".gitignore", ".git/info/exclude"];

/// Files whose rules end at the border of a repository.
const FILES_OF_GIT: [&str; 2] = [".gitignore", ".git/info/exclude"];

/// Looks rules up; remembers the files it has read.
#[derive(Debug)]
pub(super) struct Rules {
    matchers: HashMap<PathBuf, Gitignore>,
    global: Gitignore,
    in_repository: bool,
    /// Rules that lie above this directory do not count.
    top: Option<PathBuf>,
}

/// A rule as it is written, and the file it is written in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub text: String,
    pub file: PathBuf,
}

impl Rules {
    /// Rules for the files under `start`, an absolute path where a walk begins. If they ignore it, those that lie above
    /// it do not count, since whoever names something that is ignored wants to read it.
    pub fn new(start: &Path) -> Self {
        let (global, _) = GitignoreBuilder::new(start).build_global();
        let in_repository = is_in_repository(start);
        let mut rules = Self { matchers: HashMap::new(), global, in_repository, top: None };
        let mut up_to_repository = start.ancestors().take_while(|directory| !is_repository(directory));
        if up_to_repository.any(|path| rules.ignoring(path, path.is_dir()).is_some()) {
            rules.top = Some(start.to_owned());
        }
        rules
    }

    /// Whether rules that lie above the start of the walk count.
    pub fn count_from_above(&self) -> bool {
        self.top.is_none()
    }

    /// The rule that ignores `path` itself, which is absolute; rules about directories above it are not looked at.
    pub fn ignoring(&mut self, path: &Path, is_dir: bool) -> Option<Rule> {
        match self.matching(path, is_dir) {
            Match::Ignore(rule) => Some(rule),
            _ => None,
        }
    }

    /// Whether a rule takes back that `path` is left out.
    pub fn let_in(&mut self, path: &Path, is_dir: bool) -> bool {
        self.matching(path, is_dir).is_whitelist()
    }

    fn matching(&mut self, path: &Path, is_dir: bool) -> Match<Rule> {
        for name in IGNORE_FILES {
            for directory in path.ancestors().skip(1) {
                if self.top.as_ref().is_some_and(|top| !directory.starts_with(top)) {
                    break;
                }
                let file = || directory.join(name);
                let matched = self.matcher(directory, name).matched(path, is_dir);
                if !matched.is_none() {
                    return matched.map(|glob| Rule { text: glob.original().to_owned(), file: file() });
                }
                if self.in_repository && FILES_OF_GIT.contains(&name) && is_repository(directory) {
                    break;
                }
            }
        }
        let matched = self.global.matched(path, is_dir);
        matched.map(|glob| Rule {
            text: glob.original().to_owned(),
            file: glob.from().map(Path::to_path_buf).unwrap_or_default(),
        })
    }

    fn matcher(&mut self, directory: &Path, name: &str) -> &Gitignore {
        self.matchers.entry(directory.join(name)).or_insert_with_key(|file| {
            let mut builder = GitignoreBuilder::new(directory);
            // A file that is missing or that has bad lines yields what rules it can, as in the walk.
            let _ = builder.add(file);
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        })
    }
}

/// Whether `path` lies in a repository of git or jj. If it does, rules end at the repository's border, as for git;
/// elsewhere a `.gitignore` counts all the same.
pub(super) fn is_in_repository(path: &Path) -> bool {
    path.ancestors().any(is_repository)
}

pub(super) fn is_repository(directory: &Path) -> bool {
    [".git", ".jj"].iter().any(|marker| directory.join(marker).exists())
}
