//! A frozen view of what a question is about.

use super::{
    context::ContextText,
    error::Error,
    exclusion::{Exclusion, Reason},
    globs::{self, Globs},
    language::Language,
    selection::{OpenBuffer, Root, Selection},
    shown::shown,
    source::{Content, Source},
    stop::StopFlag,
    walk::{self, Found, Walked},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{self, Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// So many bytes are read in some ten milliseconds.
const QUICK_BYTES: u64 = 8 << 20;

/// Which files there are, and the text they make. It does not change: what happens to the files and buffers later shows
/// in the next snapshot. (Files are read when the text is first asked for, each exactly once.)
#[derive(Debug)]
pub struct Snapshot {
    files: Vec<FileEntry>,
    sources: Vec<Source>,
    left_out: Vec<Exclusion>,
    context: OnceLock<Result<Arc<ContextText>, Error>>,
    stop: StopFlag,
}

/// A file of a snapshot. Whether it is binary shows only when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// As it is shown, with slashes.
    pub path: String,
    /// Nothing for a text that is no file.
    pub absolute: Option<PathBuf>,
    /// Its size on the disk; nothing for what only an editor has.
    pub disk_bytes: Option<u64>,
    /// The editor's version of it, if it is open there.
    pub version: Option<i32>,
    pub language: Option<&'static Language>,
}

impl Snapshot {
    /// Walks the roots. This blocks. The flag stops it, and later the reading of the text.
    pub fn take(selection: &Selection, stop: &StopFlag) -> Result<Arc<Self>, Error> {
        let mut gathered = Gathered::new(&selection.open);
        for root in &selection.roots {
            stop.check()?;
            gathered.add_root(root, selection, stop)?;
        }
        let Gathered { mut entries, mut left_out, shown, .. } = gathered;
        // What one root leaves out, another may have named.
        left_out.retain(|exclusion| !shown.contains(&exclusion.path));
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        left_out.dedup();
        if entries.is_empty() {
            return Err(Error::empty(&left_out));
        }
        entries.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        let (files, sources) = entries.into_iter().unzip();
        Ok(Arc::new(Self { files, sources, left_out, context: OnceLock::new(), stop: stop.clone() }))
    }

    /// A snapshot of nothing but `text`, under the name `label` if it has one.
    pub fn of_text(label: Option<&str>, text: String) -> Arc<Self> {
        let language = label.and_then(Language::of_path);
        let entry =
            |path: &str| FileEntry { path: path.to_owned(), absolute: None, disk_bytes: None, version: None, language };
        let bytes = text.len() as u64;
        let source = Source { path: label.map(str::to_owned), language, content: Content::Text(text), bytes };
        // Stored at once, so that a long text is not kept twice.
        let stop = StopFlag::default();
        let context = ContextText::build(&[source], &stop).map(Arc::new);
        Arc::new(Self {
            files: label.map(entry).into_iter().collect(),
            sources: Vec::new(),
            left_out: Vec::new(),
            context: OnceLock::from(context),
            stop,
        })
    }

    /// The files in the order of their shown paths, byte by byte.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// What was left out, in the order of shown paths. What shows only when files are read joins once
    /// [`Self::context`] was asked for.
    pub fn exclusions(&self) -> Vec<Exclusion> {
        let mut all = self.left_out.clone();
        if let Some(Ok(context)) = self.context.get() {
            all.extend_from_slice(context.exclusions());
            all.sort_by(|a, b| a.path.cmp(&b.path));
        }
        all
    }

    /// The text of all files, read when it is first asked for. This blocks.
    pub fn context(&self) -> Result<Arc<ContextText>, Error> {
        let built = self.context.get_or_init(|| {
            let context = ContextText::build(&self.sources, &self.stop)?;
            if context.segments().is_empty() {
                return Err(Error::empty(&[&self.left_out, context.exclusions()].concat()));
            }
            Ok(Arc::new(context))
        });
        built.clone()
    }
}

impl Snapshot {
    /// The size of all files, as the walk found it.
    pub fn bytes(&self) -> u64 {
        match self.context_if_built() {
            Some(context) if self.sources.is_empty() => context.byte_len() as u64,
            _ => self.sources.iter().fold(0, |sum: u64, source| sum.saturating_add(source.bytes)),
        }
    }

    /// The text of a file that an editor has open, by the path it is shown by.
    pub fn buffer(&self, path: &str) -> Option<&ropey::Rope> {
        let at = self.sources.binary_search_by(|source| source.path.as_deref().unwrap_or_default().cmp(path)).ok()?;
        match &self.sources[at].content {
            Content::Buffer(rope) => Some(rope),
            _ => None,
        }
    }

    /// Whether reading takes no time that a person would notice; also if only reading tells how much there is.
    pub fn is_quick_to_read(&self) -> bool {
        let is_stream = |source: &Source| matches!(source.content, Content::Stream(_));
        self.context.get().is_some() || self.bytes() <= QUICK_BYTES || self.sources.iter().any(is_stream)
    }

    /// The text, if it was asked for already.
    pub fn context_if_built(&self) -> Option<Arc<ContextText>> {
        self.context.get()?.clone().ok()
    }
}

/// What has been found so far.
struct Gathered<'a> {
    entries: Vec<(FileEntry, Source)>,
    left_out: Vec<Exclusion>,
    /// Absolute paths of entries; roots may overlap.
    known: HashSet<PathBuf>,
    shown: HashSet<String>,
    open: HashMap<PathBuf, &'a OpenBuffer>,
}

impl<'a> Gathered<'a> {
    fn new(open: &'a [OpenBuffer]) -> Self {
        let open = open.iter().filter_map(|buffer| Some((absolute(&buffer.path)?, buffer))).collect();
        Self { entries: Vec::new(), left_out: Vec::new(), known: HashSet::new(), shown: HashSet::new(), open }
    }

    fn add_root(&mut self, root: &Root, selection: &Selection, stop: &StopFlag) -> Result<(), Error> {
        let no_such_path = || Error::NoSuchPath { path: root.path.clone() };
        let path = absolute(&root.path).ok_or_else(no_such_path)?;
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                let globs = Globs::new(&path, &root.label, &selection.include, &selection.exclude)?;
                self.add_directory(&root.label, &globs, stop)?;
            }
            Ok(metadata) if !metadata.is_file() && !root.stream => {
                self.left_out.push(Exclusion { path: shown_name(root, &path), reason: Reason::NotAFile });
            }
            Ok(metadata) => self.add_file(root, &path, Some(metadata.len()), &selection.exclude)?,
            Err(_) if self.open.contains_key(&path) => self.add_file(root, &path, None, &selection.exclude)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(no_such_path()),
            Err(error) => return Err(Error::Unreadable { path: root.path.clone(), error: error.to_string() }),
        }
        Ok(())
    }

    fn add_directory(&mut self, label: &str, globs: &Globs, stop: &StopFlag) -> Result<(), Error> {
        let root = globs.root();
        let below = |relative: &str| if label.is_empty() { relative.to_owned() } else { format!("{label}/{relative}") };
        let Walked { files, exclusions } = walk::walk(globs, stop)?;
        let left_out = exclusions.into_iter().map(|it| Exclusion { path: below(&it.path), reason: it.reason });
        self.left_out.extend(left_out);
        for found in files {
            let Found { relative, absolute, stamp } = &*found;
            self.add(below(relative), absolute.clone(), Some(stamp.bytes), Content::Walked(absolute.clone()));
        }
        let mut unsaved: Vec<PathBuf> = self.open.keys().filter(|path| path.starts_with(root)).cloned().collect();
        // What is on the disk was met by the walk, which had its reasons if it left it out.
        unsaved.retain(|path| !path.exists());
        for path in unsaved {
            let relative = shown(path.strip_prefix(root).unwrap_or(&path));
            match walk::reason_against(globs, &path) {
                Some(reason) => self.left_out.push(Exclusion { path: below(&relative), reason }),
                None => self.add(below(&relative), path.clone(), None, Content::Walked(path)),
            }
        }
        Ok(())
    }

    fn add_file(&mut self, root: &Root, path: &Path, bytes: Option<u64>, exclude: &[String]) -> Result<(), Error> {
        let shown = shown_name(root, path);
        let below_base = root.base.as_deref().and_then(|base| path.strip_prefix(absolute(base)?).ok());
        // Globs do not reach above the place that the file was named from.
        let label = Some(Path::new(&shown)).filter(|label| label.is_relative()).or(path.file_name().map(Path::new));
        match globs::excluding_named(exclude, below_base.into_iter().chain(label))? {
            Some(glob) => self.left_out.push(Exclusion { path: shown, reason: Reason::Excluded { glob } }),
            None => {
                let content = if root.stream { Content::Stream } else { Content::Named };
                self.add(shown, path.to_path_buf(), bytes, content(path.to_path_buf()));
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, absolute: PathBuf, disk_bytes: Option<u64>, content: Content) {
        if !self.known.insert(absolute.clone()) {
            return;
        }
        // Two files must not be shown by one name.
        let whole = shown(&absolute);
        let numbered = (2..).map(|number| format!("{whole} ({number})"));
        let mut names = [name, whole.clone()].into_iter().chain(numbered);
        let shown = names.find(|name| !self.shown.contains(name)).expect("there is always another number");
        self.shown.insert(shown.clone());
        let language = Language::of_path(&shown);
        let open = self.open.get(&absolute);
        let (content, bytes) = match open {
            Some(buffer) => (Content::Buffer(buffer.text.clone()), buffer.text.len_bytes() as u64),
            None => (content, disk_bytes.unwrap_or(0)),
        };
        let version = open.map(|buffer| buffer.version);
        let source = Source { path: Some(shown.clone()), language, content, bytes };
        let entry = FileEntry { path: shown, absolute: Some(absolute), disk_bytes, version, language };
        self.entries.push((entry, source));
    }
}

/// What a root that is a file is shown by.
fn shown_name(root: &Root, path: &Path) -> String {
    if root.label.is_empty() {
        return shown(Path::new(path.file_name().unwrap_or(path.as_os_str())));
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

#[cfg(test)]
mod tests;
