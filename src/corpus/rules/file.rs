//! The files of one directory that have rules, as they are on the disk.

use super::{
    FIRST_OF_GIT, KINDS,
    ledger::{Ledger, RuleSet},
    repository::Repository,
    rule_file::{RuleFile, is_file},
};
use rustix::fd::BorrowedFd;
use std::{path::Path, sync::Arc};

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
    files: [Option<RuleFile>; 3],
    repository: Option<Repository>,
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
    /// Reads what the directory has. Files whose stamps are those of `before` are not read again. `ignore_case` is what
    /// the repository above says.
    pub fn read(
        directory: BorrowedFd<'_>,
        listed: Listed,
        before: Option<&Self>,
        ignore_case: bool,
        ledger: &Arc<Ledger>,
    ) -> Self {
        let is_there = |name: &str| is_file(directory, Path::new(name)).is_some();
        let repository = match (listed.git && is_there(".git"), listed.jj && is_there(".jj")) {
            (false, false) => None,
            _ => Some(Repository::read(directory, ledger)),
        };
        let ignore_case = repository.as_ref().map_or(ignore_case, |repository| repository.ignore_case);
        let mut files = [const { None }; 3];
        for (kind, _) in listed.files.iter().enumerate().filter(|(_, listed)| **listed) {
            let known = before.and_then(|before| before.files[kind].as_ref());
            // Only git's rules know of this.
            let ignore_case = ignore_case && kind >= FIRST_OF_GIT;
            files[kind] = RuleFile::read_again(directory, KINDS[kind], known, ignore_case, ledger);
        }
        Self { listed, files, repository }
    }

    /// Reads what a directory has that was not listed. Without a directory there are no rules.
    pub fn probe(directory: Option<BorrowedFd<'_>>, ignore_case: bool, ledger: &Arc<Ledger>) -> Self {
        let listed = Listed { files: [true; 3], git: true, jj: true };
        match directory {
            Some(directory) => Self::read(directory, listed, None, ignore_case, ledger),
            None => Self { listed, files: [const { None }; 3], repository: None },
        }
    }

    /// The same as it is now.
    pub fn read_again(&self, directory: BorrowedFd<'_>, ignore_case: bool, ledger: &Arc<Ledger>) -> Self {
        Self::read(directory, self.listed, Some(self), ignore_case, ledger)
    }

    /// What the directory is the repository of.
    pub fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// The rules of the file of a kind.
    pub fn rules(&self, kind: usize) -> Option<&Arc<RuleSet>> {
        self.files[kind].as_ref().map(|file| &file.rules)
    }

    /// Files of which not all rules count, by their places in the directory, and how many of them do.
    pub fn cut(&self) -> impl Iterator<Item = (&Path, usize)> {
        let own = KINDS.iter().enumerate().filter_map(|(kind, name)| Some((Path::new(name), self.rules(kind)?)));
        let of_repository = self.repository.iter().flat_map(|it| [&it.exclude, &it.excludes_file]);
        let of_repository = of_repository.flatten().map(|it| (it.path.as_path(), &it.rules));
        let cut = own.chain(of_repository).filter(|(_, rules)| rules.is_cut);
        cut.map(|(path, rules)| (path, rules.matcher.len()))
    }
}

impl PartialEq for OwnRules {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |kind| match (self.rules(kind), other.rules(kind)) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other) || own == other,
            (own, other) => own.is_none() && other.is_none(),
        };
        self.repository == other.repository && (0..KINDS.len()).all(is_same)
    }
}

impl Eq for OwnRules {}
