//! From a selection to the list of what is to be read: the files of all roots, with open buffers over the disk.

use super::{
    error::Error,
    exclusion::{Exclusion, Reason},
    fingerprint::Fingerprint,
    globs::{self, Globs},
    selection::{OpenBuffer, Root, Selection},
    source::{Content, Source, Sources},
    stop::StopFlag,
    walk::reason_against,
    walk_cache::{Walks, below},
};
use crate::text::{visible_name, visible_path};
use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{self, Path, PathBuf},
    sync::Arc,
};

/// Everything that is to be read, in the order of shown paths, and what is left out.
#[derive(Debug, Default)]
pub(super) struct SourceList {
    pub sources: Sources,
    pub left_out: Vec<Exclusion>,
}

/// How directories are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As they are now.
    Rescan,
    /// As the last walk found them, where there was one.
    Cached,
}

/// Goes through the roots of a selection. Directories are walked by `walks`, which remember what they have met.
pub(super) fn gather(
    selection: &Selection,
    walks: &Walks,
    look: Freshness,
    stop: &StopFlag,
) -> Result<SourceList, Error> {
    let open = selection.open.iter().filter_map(|buffer| Some((absolute(&buffer.path)?, buffer)));
    let gatherer = SourceCollector { selection, walks, look, stop, open: open.collect() };
    let mut parts = Vec::new();
    let mut left_out = Vec::new();
    for root in &selection.roots {
        stop.check()?;
        parts.push(gatherer.root(root, &mut left_out)?);
    }
    let sources = match parts.pop() {
        // Of one root there is nothing to reconcile, unless names that differ are shown alike.
        Some(only) if parts.is_empty() && !only.windows(2).any(|pair| pair[0].path == pair[1].path) => only,
        last => Arc::new(reconcile(parts.into_iter().chain(last))),
    };
    // What one root leaves out, another may have named.
    left_out.retain(|exclusion| exclusion.reason.is_warning() || find(&sources, &exclusion.path).is_err());
    left_out.sort_by(|a, b| a.path.cmp(&b.path));
    left_out.dedup();
    Ok(SourceList { sources, left_out })
}

/// A look at the roots that is still to be taken.
#[derive(Debug)]
pub(super) struct PendingRescan {
    pub selection: Selection,
    pub walks: Arc<Walks>,
}

impl PendingRescan {
    pub fn gather(&self, stop: &StopFlag) -> Result<SourceList, Error> {
        gather(&self.selection, &self.walks, Freshness::Rescan, stop)
    }

    /// Why there is nothing to read.
    pub fn nothing(&self, gathered: &SourceList) -> Error {
        Error::empty(&gathered.left_out, &self.selection.include)
    }
}

/// The place of the source that is shown by `path`, or where it would be.
pub(super) fn find(sources: &[Arc<Source>], path: &str) -> Result<usize, usize> {
    sources.binary_search_by(|source| source.path.as_deref().unwrap_or_default().cmp(path))
}

struct SourceCollector<'a> {
    selection: &'a Selection,
    walks: &'a Walks,
    look: Freshness,
    stop: &'a StopFlag,
    open: HashMap<PathBuf, &'a OpenBuffer>,
}

impl SourceList {
    /// The size of all files.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes))
    }
}

impl SourceCollector<'_> {
    fn root(&self, root: &Root, left_out: &mut Vec<Exclusion>) -> Result<Sources, Error> {
        let no_such_path = || Error::NoSuchPath { path: root.path.clone() };
        let path = absolute(&root.path).ok_or_else(no_such_path)?;
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                let Selection { include, exclude, no_ignore, .. } = self.selection;
                let globs = Globs::new(&path, &root.label, include, exclude)?.with_no_ignore(*no_ignore);
                self.directory(&root.label, &globs, left_out)
            }
            Ok(metadata) if !metadata.is_file() && !root.stream => {
                left_out.push(Exclusion { path: shown_name(root, &path), reason: Reason::NotAFile });
                Ok(Arc::default())
            }
            Ok(metadata) => self.file(root, path, Some(Fingerprint::from(&metadata)), left_out),
            Err(_) if self.open.contains_key(&path) => self.file(root, path, None, left_out),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(no_such_path()),
            Err(error) => Err(Error::Unreadable { path: root.path.clone(), error: error.to_string() }),
        }
    }

    fn directory(&self, label: &str, globs: &Globs, left_out: &mut Vec<Exclusion>) -> Result<Sources, Error> {
        let remembered = match self.look {
            Freshness::Cached => self.walks.last(globs, label, self.selection),
            Freshness::Rescan => None,
        };
        let (walked, mut sources) = match remembered {
            Some(last) => last,
            None => self.walks.walk(globs, label, self.selection, self.stop)?,
        };
        let exclusions = walked.exclusions.iter();
        left_out.extend(exclusions.map(|it| Exclusion { path: below(label, &it.path), reason: it.reason.clone() }));
        for (path, buffer) in &self.open {
            let Ok(relative) = path.strip_prefix(globs.root()) else { continue };
            let name = below(label, &visible_path(relative));
            match find(&sources, &name) {
                Ok(at) if sources[at].absolute() == Some(path) => {
                    let (disk_bytes, is_named) = (sources[at].disk_bytes(), globs.lets_in_secret(relative));
                    Arc::make_mut(&mut sources)[at] = of_buffer(name, path.clone(), buffer, disk_bytes, is_named);
                }
                // What is on the disk was met by the walk, which had its reasons if it left it out.
                _ if path.exists() => {}
                Ok(at) | Err(at) => match reason_against(globs, path) {
                    Some(reason) => left_out.push(Exclusion { path: name, reason }),
                    None => {
                        let is_named = globs.lets_in_secret(relative);
                        let source = of_buffer(name, path.clone(), buffer, None, is_named);
                        Arc::make_mut(&mut sources).insert(at, source);
                    }
                },
            }
        }
        Ok(sources)
    }

    fn file(
        &self,
        root: &Root,
        path: PathBuf,
        fingerprint: Option<Fingerprint>,
        left_out: &mut Vec<Exclusion>,
    ) -> Result<Sources, Error> {
        let name = shown_name(root, &path);
        let below_base = root.base.as_deref().and_then(|base| path.strip_prefix(absolute(base)?).ok());
        // Globs do not reach above the place that the file was named from.
        let label = Some(Path::new(&name)).filter(|label| label.is_relative()).or(path.file_name().map(Path::new));
        if let Some(glob) = globs::excluding_named(&self.selection.exclude, below_base.into_iter().chain(label))? {
            left_out.push(Exclusion { path: name, reason: Reason::Excluded { glob } });
            return Ok(Arc::default());
        }
        let source = match (self.open.get(&path), fingerprint) {
            (Some(buffer), fingerprint) => {
                of_buffer(name, path, buffer, fingerprint.map(|fingerprint| fingerprint.bytes), true)
            }
            (None, Some(fingerprint)) if !root.stream => {
                Arc::new(Source::new(name, fingerprint.bytes, Content::Named { path, fingerprint }))
            }
            (None, fingerprint) => Arc::new(Source::new(
                name,
                fingerprint.map_or(0, |fingerprint| fingerprint.bytes),
                Content::Stream(path),
            )),
        };
        Ok(Arc::new(vec![source]))
    }
}

/// Brings the sources of several roots together. Roots may overlap, but each file is there once; and two files must not be
/// shown by one name.
fn reconcile(parts: impl Iterator<Item = Sources>) -> Vec<Arc<Source>> {
    let (mut known, mut names) = (HashSet::new(), HashSet::new());
    let mut all = Vec::new();
    for source in parts.flat_map(|part| part.to_vec()) {
        let whole = source.absolute().map(visible_path).unwrap_or_default();
        if !known.insert(source.absolute().map(Path::to_owned)) {
            continue;
        }
        let own = source.path.clone().unwrap_or_default();
        let numbered = (2..).map(|number| format!("{whole} ({number})"));
        let mut possible = [own.clone(), whole.clone()].into_iter().chain(numbered);
        let name = possible.find(|name| !names.contains(name)).expect("there is always another number");
        names.insert(name.clone());
        all.push(if name == own { source } else { Arc::new(source.renamed(name)) });
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn of_buffer(name: String, path: PathBuf, buffer: &OpenBuffer, disk_bytes: Option<u64>, is_named: bool) -> Arc<Source> {
    let (text, version) = (buffer.text.clone(), buffer.version);
    let bytes = text.len_bytes() as u64;
    Arc::new(Source::new(name, bytes, Content::Buffer { path, text, version, disk_bytes, is_named }))
}

/// What a root that is a file is shown by.
fn shown_name(root: &Root, path: &Path) -> String {
    if root.label.is_empty() {
        return visible_name(path.file_name().unwrap_or(path.as_os_str()).as_encoded_bytes()).into_owned();
    }
    root.label.clone()
}

/// `path` from the file system's root on. Links are kept, so that paths stay those that an editor knows, unless there
/// is a `..` to resolve.
fn absolute(path: &Path) -> Option<PathBuf> {
    let absolute = path::absolute(path).ok()?;
    if absolute.components().any(|component| component == path::Component::ParentDir) {
        return absolute.canonicalize().ok();
    }
    Some(absolute)
}
