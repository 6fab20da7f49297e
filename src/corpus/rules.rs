//! What ignore files say about a path: the rules, and which of them decides.
//!
//! The globs mean what they mean to the `ignore` crate, and so does their order of precedence, which is `ripgrep`'s;
//! but that crate's walk passes over what is ignored without a word, and takes any number of rules. Here each verdict
//! names its rule, so that one look both decides and explains, and a [`Ledger`] keeps all rules of a walk within
//! bounds.

mod file;
mod glob;
mod ledger;
mod line;
mod matcher;

use super::open::open_path;
use crate::text::visible_path;
use file::global_rules;
pub(super) use file::{Listed, OwnRules};
use ignore::Match;
pub(super) use ledger::Ledger;
use ledger::RuleSet;
pub(super) use matcher::Matcher;
use rustix::fd::AsFd;
use std::{
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The kinds of files with rules, most important first, and where they lie in the directory that they are about.
const KINDS: [&str; 4] = [".rlmignore", ".ignore", ".gitignore", ".git/info/exclude"];

/// From this kind on they are git's, whose rules end at the border of a repository.
const FIRST_OF_GIT: usize = 2;

/// The rules that count for what lies in some directory. A clone is cheap.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// For each kind the nearest file with rules; each knows the next above it.
    chains: [Option<Arc<Layer>>; 4],
    ground: Arc<Ground>,
}

/// What holds everywhere below the start of a walk.
#[derive(Debug)]
struct Ground {
    root: PathBuf,
    /// Git's rules for all repositories of a person.
    global: Option<Layer>,
    /// Whether the start lies in a repository of git or jj. If it does, rules end at the repository's border, as for
    /// git; elsewhere a `.gitignore` counts all the same.
    in_repository: bool,
}

/// The rules of one file.
#[derive(Debug)]
struct Layer {
    rules: Arc<RuleSet>,
    /// How the file is shown.
    file: String,
    /// How many bytes of a path lead to the directory that the rules are about.
    prefix: usize,
    above: Option<Arc<Layer>>,
}

/// A rule as it is written, and the file it is written in, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule<'a> {
    pub text: &'a str,
    pub file: &'a str,
}

/// The rules from above a directory where a walk begins, and what they were read from.
#[derive(Debug)]
pub(super) struct Above {
    pub rules: Rules,
    /// Files of which not all rules count, as they are shown, and how many of them do.
    pub cut: Vec<(String, usize)>,
    /// All that can make the rules different.
    read: Sources,
}

#[derive(Debug, PartialEq, Eq)]
struct Sources {
    global: Option<(PathBuf, Arc<RuleSet>)>,
    directories: Vec<OwnRules>,
    in_repository: bool,
    /// Whether the start is ignored, and so the rules of these directories do not count.
    is_ignored: bool,
}

impl Above {
    /// Reads the rules for a walk from `start`, a path without links that is `root` or lies below it. If rules ignore
    /// the start, those that lie above it do not count, since whoever names something that is ignored wants to read it.
    pub fn read(root: &Path, start: &Path, ledger: &Arc<Ledger>) -> Self {
        let mut steps: Vec<&Path> = start.ancestors().skip(1).collect();
        steps.reverse();
        let probe = |directory: &Path| {
            let opened = open_path(directory).ok();
            OwnRules::probe(opened.as_ref().map(AsFd::as_fd), ledger)
        };
        let directories: Vec<OwnRules> = steps.iter().map(|directory| probe(directory)).collect();
        let start_is_repository = probe(start).is_repository();
        let in_repository = start_is_repository || directories.iter().any(OwnRules::is_repository);
        let global = global_rules(ledger);
        let bare = Rules::bare(root, global.as_ref(), in_repository);

        let mut rules = bare.clone();
        let mut is_ignored = false;
        for (at, (directory, own)) in steps.iter().zip(&directories).enumerate() {
            rules = rules.within(directory, own);
            let (below, is_repository) = match steps.get(at + 1) {
                Some(below) => (*below, directories[at + 1].is_repository()),
                None => (start, start_is_repository),
            };
            // Beyond the border of a repository nothing is asked.
            is_ignored = !is_repository && (is_ignored || rules.verdict(below, below.is_dir()).is_ignore());
        }
        let rules = if is_ignored { bare } else { rules };
        let cut = steps.iter().zip(&directories).flat_map(|(directory, own)| {
            own.cut().map(|(place, counted)| (visible_path(&directory.join(place)), counted))
        });
        let cut_global = global.iter().filter(|(_, rules)| rules.is_cut);
        let cut = cut.chain(cut_global.map(|(path, rules)| (visible_path(path), rules.matcher.len()))).collect();
        Self { rules, cut, read: Sources { global, directories, in_repository, is_ignored } }
    }

    /// Whether the rules are the same, wherever they were read.
    pub fn is_as(&self, other: &Self) -> bool {
        self.read == other.read
    }
}

impl Rules {
    /// No rules but the global ones.
    fn bare(root: &Path, global: Option<&(PathBuf, Arc<RuleSet>)>, in_repository: bool) -> Self {
        let layer = |(path, rules): &(PathBuf, Arc<RuleSet>)| Layer {
            rules: rules.clone(),
            file: visible_path(path),
            prefix: 0,
            above: None,
        };
        let global = global.map(layer);
        let ground = Ground { root: root.to_owned(), global, in_repository };
        Self { chains: Default::default(), ground: Arc::new(ground) }
    }

    /// The rules for what lies in `directory`, which has files with rules itself.
    pub fn within(&self, directory: &Path, own: &OwnRules) -> Self {
        let mut inner = self.clone();
        let is_border = self.ground.in_repository && own.is_repository();
        for (kind, chain) in inner.chains.iter_mut().enumerate() {
            if is_border && kind >= FIRST_OF_GIT {
                *chain = None;
            }
            let Some(rules) = own.rules(kind).filter(|rules| !rules.is_empty()) else { continue };
            let file = directory.join(KINDS[kind]);
            let file = visible_path(file.strip_prefix(&self.ground.root).unwrap_or(&file));
            // The file system's root ends with a slash already.
            let length = directory.as_os_str().len();
            let prefix = if length == 1 { 1 } else { length + 1 };
            *chain = Some(Arc::new(Layer { rules: rules.clone(), file, prefix, above: chain.clone() }));
        }
        inner
    }

    /// What the rules say about `path` itself, which is absolute and without links; rules about the directories above
    /// it are not looked at.
    pub fn verdict(&self, path: &Path, is_dir: bool) -> Match<Rule<'_>> {
        let bytes = path.as_os_str().as_bytes();
        for chain in &self.chains {
            let mut next = chain.as_deref();
            while let Some(layer) = next {
                let matched = layer.matched(&bytes[layer.prefix..], is_dir);
                if !matched.is_none() {
                    return matched;
                }
                next = layer.above.as_deref();
            }
        }
        let Some(global) = &self.ground.global else { return Match::None };
        let below_root = path.strip_prefix(&self.ground.root).unwrap_or(path);
        global.matched(below_root.as_os_str().as_bytes(), is_dir)
    }
}

impl Layer {
    fn matched(&self, path: &[u8], is_dir: bool) -> Match<Rule<'_>> {
        self.rules.matcher.matched(path, is_dir).map(|text| Rule { text, file: &self.file })
    }
}
