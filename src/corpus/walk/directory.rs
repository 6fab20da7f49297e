//! One directory of a walk: what was found in it, and whether that still holds.

use super::{
    FileEntry,
    decide::{Extent, Place, link_reason},
    entries::{Entries, Kind, stat},
};
use crate::{
    corpus::{
        exclusion::{Exclusion, Reason},
        fingerprint::{ClockTick, Fingerprint},
        globs::Globs,
        open::open_below,
        rules::{Ledger, Listed, OwnRules, Rules},
        stop::StopFlag,
    },
    text::{visible_name, visible_path},
};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::OFlags,
    io::Errno,
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{self, AtomicU64},
    },
};

/// What all directories of a walk have in common.
pub(super) struct Ground<'a> {
    pub globs: &'a Globs,
    /// The root's path without links.
    pub root: &'a Path,
    pub opened: &'a OwnedFd,
    pub ledger: &'a Arc<Ledger>,
    pub stop: &'a StopFlag,
    /// The number of the next directory that is met for the first time.
    pub next: &'a AtomicU64,
}

/// A directory that is to be entered.
#[derive(Debug, Clone)]
pub(super) struct Entrance {
    pub number: u64,
    /// Relative to the root.
    pub path: PathBuf,
    /// The rules from above it.
    pub rules: Rules,
    /// Whether an include glob matches it, or a directory that it lies in.
    pub is_included: bool,
    /// Why nothing is read in it but what git tracks, if that is so.
    pub only_tracked: Extent,
}

/// A directory that was entered.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    entrance: Entrance,
    own: Option<OwnRules>,
    /// Nothing if it has to be listed again, whatever the next fingerprint is.
    fingerprint: Option<Fingerprint>,
    /// In the order of their names, where that of a directory ends with a slash: so the files of a whole walk come in the
    /// order of their paths.
    pub children: Vec<Child>,
    pub left_out: Vec<Exclusion>,
    /// Symbolic links. Where one leads to may change from outside.
    pub links: Vec<(OsString, Exclusion)>,
    /// Whether some name is shown in another form, and so its place in the order may be another one.
    pub has_odd_names: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Child {
    File(Arc<FileEntry>),
    Directory { name: OsString, number: u64 },
}

impl Child {
    fn name(&self) -> &[u8] {
        let name = match self {
            Self::File(found) => found.name(),
            Self::Directory { name, .. } => name,
        };
        name.as_bytes()
    }

    fn compare(&self, name: &[u8], is_dir: bool) -> Ordering {
        let own = self.name();
        let common = own.len().min(name.len());
        let next = |name: &[u8], is_dir: bool| name.get(common).copied().or(is_dir.then_some(b'/'));
        let is_own_dir = matches!(self, Self::Directory { .. });
        own[..common].cmp(&name[..common]).then_with(|| next(own, is_own_dir).cmp(&next(name, is_dir)))
    }
}

impl FileEntry {
    fn name(&self) -> &OsStr {
        let bytes = self.absolute.as_os_str().as_bytes();
        OsStr::from_bytes(memchr::memrchr(b'/', bytes).map_or(bytes, |slash| &bytes[slash + 1..]))
    }
}

impl Directory {
    /// Lists a directory and decides about all that lies in it. What it was `before`, if anything, had the same rules
    /// from above. Directories that were not met before are added to `further`.
    pub fn enter(
        ground: &Ground<'_>,
        entries: &mut Entries,
        entrance: Entrance,
        before: Option<&Self>,
        further: &mut Vec<Entrance>,
    ) -> Self {
        let read_at = ClockTick::now();
        let opened = open_below(ground.opened.as_fd(), &entrance.path, OFlags::RDONLY | OFlags::DIRECTORY);
        let mut directory = Self::empty(entrance);
        let opened = match opened {
            Ok(opened) => opened,
            // It is gone by now, or is something else.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return directory,
            Err(error) => {
                directory.note_unreadable(error);
                return directory;
            }
        };
        let fingerprint = rustix::fs::fstat(&opened).map(|stat| Fingerprint::from(&stat));
        directory.fingerprint = fingerprint.ok().filter(|fingerprint| fingerprint.is_settled(read_at));
        if let Err(error) = entries.list(opened.as_fd()) {
            directory.note_unreadable(error);
        }
        // The root was named by a person, who wants to read it whatever it is.
        if entries.is_bare_repository() && !directory.entrance.path.as_os_str().is_empty() {
            let path = format!("{}/", visible_path(&directory.entrance.path));
            directory.left_out.push(Exclusion { path, reason: Reason::Repository });
            return directory;
        }
        directory.fill(ground, entries, opened.as_fd(), before, further);
        directory
    }

    pub fn number(&self) -> u64 {
        self.entrance.number
    }

    fn empty(entrance: Entrance) -> Self {
        Self {
            entrance,
            own: None,
            fingerprint: None,
            children: Vec::new(),
            left_out: Vec::new(),
            links: Vec::new(),
            has_odd_names: false,
        }
    }

    fn note_unreadable(&mut self, error: Errno) {
        self.fingerprint = None;
        self.left_out
            .push(Exclusion { path: format!("{}/", visible_path(&self.entrance.path)), reason: unreadable(error) });
    }

    fn fill(
        &mut self,
        ground: &Ground<'_>,
        entries: &Entries,
        opened: BorrowedFd<'_>,
        before: Option<&Self>,
        further: &mut Vec<Entrance>,
    ) {
        let mut listed = Listed::default();
        entries.iter().for_each(|(name, _)| listed.note(name.as_bytes()));
        let own_before = before.and_then(|before| before.own.as_ref());
        let ignore_case = self.entrance.rules.ignore_case();
        let has_rules = listed.is_any() && !ground.globs.no_ignore();
        self.own = has_rules.then(|| OwnRules::read(opened, listed, own_before, ignore_case, ground.ledger));
        let before = before.filter(|before| before.own == self.own);
        let paths = Paths::new(ground, &self.entrance.path);
        let rules = match &self.own {
            Some(own) => self.entrance.rules.within(&paths.full, own),
            None => self.entrance.rules.clone(),
        };

        let mut full = paths.full.clone().into_os_string().into_vec();
        let prefix = paths.prefix(&mut full);
        for (name, kind) in entries.iter() {
            // A stranger's rules may take long for each name. What comes of a walk that was stopped is not used.
            if ground.stop.is_raised() {
                return;
            }
            full.truncate(prefix);
            full.extend_from_slice(name.as_bytes());
            let relative = Path::new(OsStr::from_bytes(&full[paths.root_prefix..]));
            let is_dir = kind == Kind::Directory;
            let is_included = self.entrance.is_included || ground.globs.includes(relative, is_dir);
            let only_tracked = self.entrance.only_tracked.as_ref();
            let place =
                Place { full: Path::new(OsStr::from_bytes(&full)), relative, is_dir, is_included, only_tracked };
            if !matches!(visible_name(name.as_bytes()), Cow::Borrowed(_)) {
                self.has_odd_names = true;
            }
            let exclude = |reason| {
                let mut path = visible_path(relative);
                if is_dir {
                    path.push('/');
                }
                Exclusion { path, reason }
            };
            let extent = match place.decide(ground.globs, &rules) {
                Ok(extent) => extent,
                Err(reason) => {
                    self.left_out.push(exclude(reason));
                    continue;
                }
            };
            if kind == Kind::Link {
                let reason = link_reason(opened, name, place.full, ground.root);
                self.links.push((name.to_owned(), exclude(reason)));
                continue;
            }
            if let Some(reason) = place.reason_against_kind(ground.globs, kind) {
                self.left_out.push(exclude(reason));
                continue;
            }
            if is_dir {
                let known = before.and_then(|before| before.number_of(name));
                let number = known.unwrap_or_else(|| {
                    let number = ground.next.fetch_add(1, atomic::Ordering::Relaxed);
                    let (path, rules) = (relative.to_owned(), rules.clone());
                    further.push(Entrance { number, path, rules, is_included, only_tracked: extent });
                    number
                });
                self.children.push(Child::Directory { name: name.to_owned(), number });
                continue;
            }
            match stat(opened, name) {
                Ok((Kind::File, fingerprint)) => {
                    self.children.push(Child::File(Arc::new(paths.found(name, fingerprint))));
                }
                // It changed since it was listed; the next listing tells what it is.
                Ok(_) | Err(Errno::NOENT) => self.fingerprint = None,
                Err(error) => self.left_out.push(exclude(unreadable(error))),
            }
        }
        self.children.sort_unstable_by(|a, b| a.compare(b.name(), matches!(b, Child::Directory { .. })));
        self.note_cut_rules();
    }

    /// Tells of files of which not all rules count. They are hidden, which matters less.
    fn note_cut_rules(&mut self) {
        for (place, counted) in self.own.iter().flat_map(OwnRules::cut) {
            let path = visible_path(&self.entrance.path.join(place));
            self.left_out.retain(|known| known.path != path);
            self.left_out.push(Exclusion { path, reason: Reason::TooManyRules { counted } });
        }
    }

    fn number_of(&self, name: &OsStr) -> Option<u64> {
        let at = self.children.binary_search_by(|child| child.compare(name.as_bytes(), true)).ok()?;
        match &self.children[at] {
            Child::Directory { number, .. } => Some(*number),
            Child::File(_) => None,
        }
    }

    /// The directory as it is now, if anything about it or the files in it has changed.
    pub fn renew(&self, ground: &Ground<'_>, entries: &mut Entries, further: &mut Vec<Entrance>) -> Option<Self> {
        match self.changes(ground) {
            Changes::None => None,
            Changes::Listing => Some(Self::enter(ground, entries, self.entrance.clone(), Some(self), further)),
            Changes::Inside { files, links } => {
                let mut renewed = self.clone();
                files.into_iter().for_each(|(at, found)| renewed.children[at] = Child::File(Arc::new(found)));
                links.into_iter().for_each(|(at, reason)| renewed.links[at].1.reason = reason);
                Some(renewed)
            }
        }
    }

    fn changes(&self, ground: &Ground<'_>) -> Changes {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let Ok(opened) = open_below(ground.opened.as_fd(), &self.entrance.path, flags) else { return Changes::Listing };
        let opened = opened.as_fd();
        let fingerprint = rustix::fs::fstat(opened).ok().map(|stat| Fingerprint::from(&stat));
        let ignore_case = self.entrance.rules.ignore_case();
        let has_same_rules =
            || self.own.as_ref().is_none_or(|own| own.read_again(opened, ignore_case, ground.ledger) == *own);
        if self.fingerprint.is_none() || fingerprint != self.fingerprint || !has_same_rules() {
            return Changes::Listing;
        }
        let mut files = Vec::new();
        for (at, child) in self.children.iter().enumerate() {
            let Child::File(found) = child else { continue };
            match stat(opened, found.name()) {
                Ok((Kind::File, fingerprint)) if fingerprint == found.fingerprint => {}
                Ok((Kind::File, fingerprint)) => files.push((at, FileEntry { fingerprint, ..FileEntry::clone(found) })),
                _ => return Changes::Listing,
            }
        }
        let full = Paths::new(ground, &self.entrance.path).full;
        let links = self.links.iter().enumerate().filter_map(|(at, (name, known))| {
            let reason = link_reason(opened, name, &full.join(name), ground.root);
            (reason != known.reason).then_some((at, reason))
        });
        let links: Vec<_> = links.collect();
        if files.is_empty() && links.is_empty() { Changes::None } else { Changes::Inside { files, links } }
    }
}

/// What is different in a directory. Numbers count children and links.
enum Changes {
    None,
    /// It has to be listed.
    Listing,
    /// Nothing came, went or changed its kind.
    Inside {
        files: Vec<(usize, FileEntry)>,
        links: Vec<(usize, Reason)>,
    },
}

/// The paths of a directory, to which names are added.
pub(super) struct Paths {
    /// Without links.
    full: PathBuf,
    /// How many bytes lead to the root.
    root_prefix: usize,
    /// As editors know it.
    absolute: PathBuf,
    /// Relative to the root, as it is shown; with a slash, unless it is the root.
    shown: String,
}

impl Paths {
    pub fn new(ground: &Ground<'_>, relative: &Path) -> Self {
        let below = |root: &Path| if relative.as_os_str().is_empty() { root.to_owned() } else { root.join(relative) };
        let root_length = ground.root.as_os_str().len();
        let mut shown = visible_path(relative);
        if !shown.is_empty() {
            shown.push('/');
        }
        Self {
            full: below(ground.root),
            // The file system's root ends with a slash already.
            root_prefix: if root_length == 1 { 1 } else { root_length + 1 },
            absolute: below(ground.globs.root()),
            shown,
        }
    }

    /// Ends a path with a slash and returns how long it is then.
    fn prefix(&self, full: &mut Vec<u8>) -> usize {
        if !full.ends_with(b"/") {
            full.push(b'/');
        }
        full.len()
    }

    pub fn found(&self, name: &OsStr, fingerprint: Fingerprint) -> FileEntry {
        let mut relative = String::with_capacity(self.shown.len() + name.len());
        relative.push_str(&self.shown);
        relative.push_str(&visible_name(name.as_bytes()));
        let mut absolute = OsString::with_capacity(self.absolute.as_os_str().len() + 1 + name.len());
        absolute.push(&self.absolute);
        if !absolute.as_bytes().ends_with(b"/") {
            absolute.push("/");
        }
        absolute.push(name);
        FileEntry { relative, absolute: absolute.into(), fingerprint }
    }
}

pub(super) fn unreadable(error: Errno) -> Reason {
    Reason::Unreadable { error: std::io::Error::from(error).to_string() }
}
