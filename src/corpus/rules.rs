//! What ignore files say about a path: the rules, and which of them decides.
//!
//! A rule means what it means to git, in each kind of file, and so does the order of precedence of git's own files; that of
//! all kinds is `ripgrep`'s. The walk of the `ignore` crate passes over what is ignored without a word, and takes any number
//! of rules. Here each verdict names its rule, so that one look both decides and explains, and a [`Ledger`] keeps all rules
//! of a walk within bounds. What git tracks is not ignored by a rule of git's.

mod config;
mod file;
mod glob;
mod ledger;
mod line;
mod matcher;
mod repository;
mod rule_file;
mod tracked;

use super::{exclusion::Reason, open::open_path};
use crate::text::visible_path;
pub(super) use file::{Listed, OwnRules};
use ignore::Match;
pub(super) use ledger::Ledger;
use ledger::RuleSet;
pub(super) use matcher::Matcher;
use matcher::Written;
use repository::PlacedRules;
use rustix::fd::AsFd;
use std::{
    ops::Range,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};
use tracked::Tracked;
pub(super) use tracked::Tracking;

/// The kinds of files with rules that lie in the directory that they are about, most important first. Below them come the
/// rules that a repository does not share, and those of a person for all repositories.
const KINDS: [&str; 3] = [".rlmignore", ".ignore", ".gitignore"];
const EXCLUDE: usize = 3;
const EXCLUDES_FILE: usize = 4;

/// From this kind on they are git's: they count in a repository only, and end at its border.
const FIRST_OF_GIT: usize = 2;

/// The rules that count for what lies in some directory. A clone is cheap.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// For each kind the nearest file with rules; each knows the next above it.
    chains: [Option<Arc<Layer>>; 5],
    /// The repository that the directory belongs to.
    repository: Option<Arc<Border>>,
    root: Arc<Path>,
}

/// The rules of one file.
#[derive(Debug)]
struct Layer {
    rules: Arc<RuleSet>,
    /// How the file is shown.
    file: String,
    /// Whether a rule may be shown as it is written.
    is_shown: bool,
    /// How many bytes of a path lead to the directory that the rules are about.
    prefix: usize,
    above: Option<Arc<Layer>>,
}

/// Where a repository begins.
#[derive(Debug)]
struct Border {
    ignore_case: bool,
    tracked: Option<Arc<Tracked>>,
    /// How many bytes of a path lead to it.
    prefix: usize,
}

/// A rule as it is written, if that may be shown, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule<'a> {
    pub text: &'a [u8],
    /// As it is shown.
    pub file: &'a str,
    /// Counted from 1.
    pub line: u32,
    /// Whether it is one of git's, which does not count for what git tracks.
    pub is_of_git: bool,
}

/// The rules from above a directory where a walk begins, and what they were read from.
#[derive(Debug)]
pub(super) struct Above {
    pub rules: Rules,
    /// Files of which not all rules count, as they are shown, and how many of them do.
    pub cut: Vec<(String, usize)>,
    /// All that can make the rules different.
    directories: Vec<OwnRules>,
    /// Whether the start is ignored, and so the rules of these directories do not count.
    is_ignored: bool,
}

impl Above {
    /// Reads the rules for a walk from `start`, a path without links that is `root` or lies below it. If rules ignore
    /// the start, those that lie above it do not count, since whoever names something that is ignored wants to read it.
    ///
    /// With `no_ignore` there are no rules.
    pub fn read(root: &Path, start: &Path, no_ignore: bool, ledger: &Arc<Ledger>) -> Self {
        let mut steps: Vec<&Path> = if no_ignore { Vec::new() } else { start.ancestors().skip(1).collect() };
        steps.reverse();
        let mut rules = Rules { chains: Default::default(), repository: None, root: root.into() };
        let mut directories = Vec::with_capacity(steps.len());
        let mut is_ignored = false;
        for (at, directory) in steps.iter().enumerate() {
            let opened = open_path(directory).ok();
            let own = OwnRules::probe(opened.as_ref().map(AsFd::as_fd), rules.ignore_case(), ledger);
            rules = rules.within(directory, &own);
            // Beyond the border of a repository nothing is asked.
            let below = steps.get(at + 1).copied().unwrap_or(start);
            is_ignored = !is_repository(below) && (is_ignored || rules.verdict(below, below.is_dir()).is_ignore());
            directories.push(own);
        }
        if is_ignored {
            let own = rules.chains[EXCLUDES_FILE].take();
            rules.chains = [None, None, None, None, own];
        }
        let cut = steps.iter().zip(&directories).flat_map(|(directory, own)| {
            own.cut().map(|(place, counted)| (visible_path(&directory.join(place)), counted))
        });
        Self { cut: cut.collect(), rules, directories, is_ignored }
    }

    /// Whether the rules are the same, wherever they were read.
    pub fn is_as(&self, other: &Self) -> bool {
        self.is_ignored == other.is_ignored && self.directories == other.directories
    }
}

fn is_repository(directory: &Path) -> bool {
    directory.join(".git").exists() || directory.join(".jj").exists()
}

impl Rules {
    /// The rules for what lies in `directory`, which has files with rules itself.
    pub fn within(&self, directory: &Path, own: &OwnRules) -> Self {
        let mut inner = self.clone();
        if let Some(repository) = own.repository() {
            let tracked = repository.tracked.clone();
            let ignore_case = repository.ignore_case;
            inner.repository = Some(Arc::new(Border { ignore_case, tracked, prefix: prefix_of(directory) }));
            inner.chains[FIRST_OF_GIT..].fill(None);
            for (kind, placed) in [(EXCLUDE, &repository.exclude), (EXCLUDES_FILE, &repository.excludes_file)] {
                if let Some(PlacedRules { path, rules, is_shown }) = placed {
                    inner.add(kind, rules, directory, path, *is_shown);
                }
            }
        }
        // Outside of a repository the rules of git do not apply.
        let kinds = if inner.repository.is_some() { KINDS.len() } else { FIRST_OF_GIT };
        for (kind, name) in KINDS.iter().enumerate().take(kinds) {
            if let Some(rules) = own.rules(kind) {
                inner.add(kind, rules, directory, Path::new(name), true);
            }
        }
        inner
    }

    fn add(&mut self, kind: usize, rules: &Arc<RuleSet>, directory: &Path, path: &Path, is_shown: bool) {
        if rules.is_empty() {
            return;
        }
        let file = without_dots(&directory.join(path));
        let file = visible_path(file.strip_prefix(&self.root).unwrap_or(&file));
        let (prefix, above) = (prefix_of(directory), self.chains[kind].take());
        self.chains[kind] = Some(Arc::new(Layer { rules: rules.clone(), file, is_shown, prefix, above }));
    }

    /// Whether capital and small letters are the same for git's rules.
    pub fn ignore_case(&self) -> bool {
        self.repository.as_ref().is_some_and(|repository| repository.ignore_case)
    }

    /// What the rules say about `path` itself, which is absolute and without links; rules about the directories above
    /// it are not looked at.
    pub fn verdict(&self, path: &Path, is_dir: bool) -> Match<Rule<'_>> {
        self.verdict_of(0..self.chains.len(), path, is_dir)
    }

    /// The same, where git's rules say that all is ignored that it does not track.
    pub fn verdict_without_git(&self, path: &Path, is_dir: bool) -> Match<Rule<'_>> {
        self.verdict_of(0..FIRST_OF_GIT, path, is_dir)
    }

    fn verdict_of(&self, kinds: Range<usize>, path: &Path, is_dir: bool) -> Match<Rule<'_>> {
        let bytes = path.as_os_str().as_bytes();
        for kind in kinds {
            let mut next = self.chains[kind].as_deref();
            while let Some(layer) = next {
                let matched = layer.rules.matcher.matched(&bytes[layer.prefix..], is_dir);
                if !matched.is_none() {
                    let (file, is_of_git) = (layer.file.as_str(), kind >= FIRST_OF_GIT);
                    let shown = |text| if layer.is_shown { text } else { "…".as_bytes() };
                    return matched.map(|Written { text, line }| Rule { text: shown(text), file, line, is_of_git });
                }
                next = layer.above.as_deref();
            }
        }
        Match::None
    }

    /// What git tracks at `path`, which is like that of a verdict.
    pub fn tracking(&self, path: &Path, is_dir: bool) -> Tracking {
        let tracked = self.repository.as_ref().and_then(|it| Some((it.tracked.as_ref()?, it.prefix)));
        tracked
            .map_or(Tracking::Nothing, |(tracked, prefix)| tracked.at(&path.as_os_str().as_bytes()[prefix..], is_dir))
    }
}

impl Rule<'_> {
    /// Why what it matches is left out.
    pub fn reason(&self) -> Reason {
        let rule = String::from_utf8_lossy(self.text).into_owned();
        Reason::Ignored { rule, file: self.file.to_owned(), line: self.line }
    }
}

/// How many bytes of a path lead to a directory.
fn prefix_of(directory: &Path) -> usize {
    match directory.as_os_str().len() {
        // The file system's root ends with a slash already.
        1 => 1,
        length => length + 1,
    }
}

/// A path without the steps that lead down and up again.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            component => plain.push(component),
        }
    }
    plain
}
