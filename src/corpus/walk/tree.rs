//! A walk that is kept, so that the next one only looks for what has changed.

use super::{
    Base, FileEntry, WalkResult,
    decide::{is_ignored_but_wanted, kind_below},
    directory::{Child, Directory, Entrance, Ground, Paths, unreadable},
    entries::{Entries, Kind, stat},
    work_queue::work_off,
};
use crate::{
    corpus::{
        error::Error,
        exclusion::{Exclusion, Reason},
        globs::Globs,
        open::open_below,
        rules::{Above, Ledger},
        secrets::looks_secret,
        stop::StopFlag,
    },
    text::visible_path,
};
use rustc_hash::{FxHashMap, FxHashSet};
use rustix::{fd::AsFd, fs::OFlags};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

/// Directories that a thread takes at a time.
const GO: usize = 32;

/// The files below a root, as the last walk found them.
#[derive(Debug)]
pub struct Tree {
    globs: Globs,
    /// The root, when it was walked last.
    base: Option<Arc<Base>>,
    /// What counts the rules.
    ledger: Arc<Ledger>,
    /// The root, and what include globs let in although rules ignore it.
    starts: Vec<Start>,
    /// By their numbers.
    directories: FxHashMap<u64, Directory>,
    next: AtomicU64,
    walked: Arc<WalkResult>,
}

/// Where a walk begins.
#[derive(Debug)]
struct Start {
    /// Relative to the root.
    path: PathBuf,
    above: Above,
    found: Beginning,
}

#[derive(Debug)]
enum Beginning {
    Directory(u64),
    /// A file that was named.
    File(Result<Arc<FileEntry>, Exclusion>),
}

/// A piece of work.
enum Job<'a> {
    Enter(Entrance),
    Renew(&'a [&'a Directory]),
}

impl Tree {
    /// The files below `root`, an absolute path, that the globs leave in, as in a [`Selection`] with this root alone.
    ///
    /// [`Selection`]: crate::corpus::Selection
    pub fn of(root: &Path, include: &[String], exclude: &[String]) -> Result<Self, Error> {
        Globs::new(root, "", include, exclude).map(Self::new)
    }

    /// Nothing is read before the first [`Self::refresh`].
    pub(in crate::corpus) fn new(globs: Globs) -> Self {
        Self {
            globs,
            base: None,
            ledger: Arc::default(),
            starts: Vec::new(),
            directories: FxHashMap::default(),
            next: AtomicU64::new(0),
            walked: Arc::default(),
        }
    }

    /// Walks, unless it is stopped. What it brings along is what a first walk would, but a directory is listed only if
    /// it has changed, or may have, since it was listed last, and decided anew only if rules have changed. That is told
    /// from the file system alone: each directory and each file is asked for its fingerprint. If nothing has changed,
    /// what is returned is the same as last time.
    pub fn refresh(&mut self, stop: &StopFlag) -> Result<Arc<WalkResult>, Error> {
        let unreadable =
            |error: std::io::Error| Error::Unreadable { path: self.globs.root().to_owned(), error: error.to_string() };
        let root = self.globs.root().canonicalize().map_err(unreadable)?;
        let (base, opened) = Base::open(root, self.globs.root()).map_err(|error| unreadable(error.into()))?;
        let root = base.path();
        let (ledger, next) = (&self.ledger, &self.next);
        let ground = Ground { globs: &self.globs, root, opened: &opened, ledger, stop, next };

        let is_same_root = self.base.as_ref().is_some_and(|known| known.path() == root);
        let (starts, mut jobs) = self.begin(&ground, is_same_root);
        // In an order in which neighbours lie near each other in the kernel's memory.
        let mut known: Vec<&Directory> = if is_same_root { self.directories.values().collect() } else { Vec::new() };
        known.sort_unstable_by_key(|directory| directory.number());
        jobs.extend(known.chunks(GO).map(Job::Renew));

        let queue = work_off(jobs, Worker::default, |worker, job, further| {
            if !stop.is_raised() {
                worker.work(&ground, job, further);
            }
        });
        stop.check()?;
        let changed: Vec<Directory> = queue.into_iter().flat_map(|worker| worker.changed).collect();
        // A directory that has taken the root's place may hold the same files; they are read by way of the new one.
        let is_same_base = self.base.as_ref().is_some_and(|known| known.is_as(&base));
        let is_new = !is_same_base || !changed.is_empty() || !is_alike(&starts, &self.starts);
        self.starts = starts;
        self.directories.extend(changed.into_iter().map(|directory| (directory.number(), directory)));
        if !is_same_base {
            self.base = Some(base);
        }
        if is_new {
            self.gather();
        }
        Ok(self.walked.clone())
    }

    /// The root as the last walk has met it.
    pub(in crate::corpus) fn base(&self) -> Option<&Arc<Base>> {
        self.base.as_ref()
    }

    /// Where to begin, and the directories among these that were not met before, or that have other rules above.
    fn begin<'a>(&self, ground: &Ground<'_>, is_same_root: bool) -> (Vec<Start>, Vec<Job<'a>>) {
        let above = Above::read(ground.root, ground.root, ground.globs.no_ignore(), ground.ledger);
        let (globs, opened) = (ground.globs, ground.opened.as_fd());
        let mut wanted: Vec<PathBuf> = globs.spelled_out().to_vec();
        wanted.retain(|path| is_ignored_but_wanted(globs, ground.root, opened, &above, path, ground.ledger));
        let mut jobs = Vec::new();
        let mut start = |path: PathBuf, above: Above| {
            if !path.as_os_str().is_empty() && kind_below(opened, &path) != Ok(Kind::Directory) {
                let found = Beginning::File(named_file(ground, &path));
                return Start { path, above, found };
            }
            let known = self.starts.iter().filter(|_| is_same_root).find_map(|start| match start.found {
                Beginning::Directory(number) if start.path == path && start.above.is_as(&above) => Some(number),
                _ => None,
            });
            let number = known.unwrap_or_else(|| {
                let number = ground.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let mut on_the_way = path.ancestors().filter(|step| !step.as_os_str().is_empty());
                let is_included = on_the_way.any(|step| globs.includes(step, true));
                let rules = above.rules.clone();
                let path = path.clone();
                jobs.push(Job::Enter(Entrance { number, path, rules, is_included, only_tracked: None }));
                number
            });
            Start { path, above, found: Beginning::Directory(number) }
        };
        let mut starts = vec![start(PathBuf::new(), above)];
        starts.extend(wanted.into_iter().map(|path| {
            let above = Above::read(ground.root, &ground.root.join(&path), globs.no_ignore(), ground.ledger);
            start(path, above)
        }));
        (starts, jobs)
    }

    /// Brings together what the directories have, and forgets those that no way leads to any more.
    fn gather(&mut self) {
        let mut walked = WalkResult::default();
        let mut reached = FxHashSet::default();
        let mut is_sorted = self.starts.len() <= 1;
        for start in &self.starts {
            let cut = start.above.cut.iter().cloned();
            let told = cut.map(|(path, counted)| Exclusion { path, reason: Reason::TooManyRules { counted } });
            walked.exclusions.extend(told);
            let number = match &start.found {
                Beginning::Directory(number) => *number,
                Beginning::File(Ok(found)) => {
                    walked.files.push(found.clone());
                    continue;
                }
                Beginning::File(Err(exclusion)) => {
                    walked.exclusions.push(exclusion.clone());
                    continue;
                }
            };
            let mut way = Vec::new();
            let mut next = Some(number);
            while let Some(number) = next.take() {
                if let Some(directory) = self.directories.get(&number)
                    && reached.insert(number)
                {
                    walked.exclusions.extend_from_slice(&directory.left_out);
                    walked.exclusions.extend(directory.links.iter().map(|(_, exclusion)| exclusion.clone()));
                    is_sorted &= !directory.has_odd_names;
                    way.push(directory.children.iter());
                }
                while let Some(children) = way.last_mut() {
                    match children.next() {
                        Some(Child::File(found)) => walked.files.push(found.clone()),
                        Some(Child::Directory { number, .. }) => {
                            next = Some(*number);
                            break;
                        }
                        None => drop(way.pop()),
                    }
                }
            }
        }
        self.directories.retain(|number, _| reached.contains(number));
        if !is_sorted {
            walked.files.sort_by(|a, b| (&a.relative, &a.absolute).cmp(&(&b.relative, &b.absolute)));
            walked.files.dedup_by(|a, b| a.absolute == b.absolute);
        }
        walked.exclusions.sort_by(|a, b| a.path.cmp(&b.path));
        if self.starts.len() > 1 {
            walked.reconcile();
        }
        self.walked = Arc::new(walked);
    }
}

impl WalkResult {
    /// Walks may overlap, and what one leaves out, or a part of it, the other may have brought along.
    fn reconcile(&mut self) {
        self.exclusions.dedup_by(|a, b| a.path == b.path);
        self.exclusions.retain(|left_out| {
            let next = self.files.partition_point(|file| file.relative < left_out.path);
            !self.files.get(next).is_some_and(|file| match left_out.path.ends_with('/') {
                true => file.relative.starts_with(&left_out.path),
                false => file.relative == left_out.path,
            })
        });
    }
}

/// Whether both begin at the same places with the same result there.
fn is_alike(starts: &[Start], others: &[Start]) -> bool {
    let is_same = |a: &Beginning, b: &Beginning| match (a, b) {
        (Beginning::Directory(a), Beginning::Directory(b)) => a == b,
        (Beginning::File(a), Beginning::File(b)) => a == b,
        _ => false,
    };
    starts.len() == others.len() && starts.iter().zip(others).all(|(a, b)| is_same(&a.found, &b.found))
}

/// A file that rules ignore and that an include glob names.
fn named_file(ground: &Ground<'_>, path: &Path) -> Result<Arc<FileEntry>, Exclusion> {
    let exclude = |reason| Exclusion { path: visible_path(path), reason };
    if looks_secret(path) && !ground.globs.lets_in_secret(path) {
        return Err(exclude(Reason::Secret));
    }
    let (directory, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    let opened = open_below(ground.opened.as_fd(), directory, flags).map_err(|error| exclude(unreadable(error)))?;
    match stat(opened.as_fd(), name).map_err(|error| exclude(unreadable(error)))? {
        (Kind::File, fingerprint) => Ok(Arc::new(Paths::new(ground, directory).found(name, fingerprint))),
        _ => Err(exclude(Reason::NotAFile)),
    }
}

/// What a thread has at hand.
#[derive(Default)]
struct Worker {
    entries: Entries,
    /// Directories that are new or not what they were.
    changed: Vec<Directory>,
    met: Vec<Entrance>,
}

impl Worker {
    fn work<'a>(&mut self, ground: &Ground<'_>, job: Job<'a>, further: &mut Vec<Job<'a>>) {
        match job {
            Job::Enter(entrance) => {
                let directory = Directory::enter(ground, &mut self.entries, entrance, None, &mut self.met);
                self.changed.push(directory);
            }
            Job::Renew(directories) => {
                let wanted = directories.iter().take_while(|_| !ground.stop.is_raised());
                let renewed = wanted.filter_map(|it| it.renew(ground, &mut self.entries, &mut self.met));
                self.changed.extend(renewed);
            }
        }
        further.extend(self.met.drain(..).map(Job::Enter));
    }
}
