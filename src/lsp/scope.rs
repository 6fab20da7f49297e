//! From the scope of a request to a snapshot.

use crate::{
    config::Settings,
    corpus::{self, OpenBuffer, Root, Selection, Snapshot, StopFlag, Workspace},
    engine::{Focus, context_failure},
    failure::{Failure, FailureKind},
    lsp::{
        client_state::{ClientState, Folder},
        ext::Scope,
        uri::{DocumentKey, file_path, of_path, shown_path},
    },
    text::{name_of_visible, visible_path},
};
use lsp_types::{Range, Uri};
use ropey::Rope;
use std::{
    ffi::OsStr,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A snapshot, and the selection in it that the question is about.
pub struct Scoped {
    pub snapshot: Arc<Snapshot>,
    pub focus: Option<Focus>,
    /// Warnings for the client.
    pub warnings: Vec<String>,
}

/// Takes the snapshot that `scope` names. Blocks, and can be stopped.
pub fn resolve(
    scope: &Scope,
    client_state: &ClientState,
    settings: &Settings,
    workspace: &Workspace,
    stop: &StopFlag,
) -> Result<Scoped, Failure> {
    let taker = Taker { client_state, settings, workspace, stop };
    let whole = |snapshot| Scoped { snapshot, focus: None, warnings: Vec::new() };
    match scope {
        Scope::Workspace => taker.workspace(),
        Scope::Folder { uri } => taker.take(vec![taker.root(&path_of(uri)?)]).map(whole),
        Scope::File { uri } => taker.file(uri).map(whole),
        Scope::Paths { paths } => {
            taker.take(paths.iter().map(|path| taker.named(&taker.located(path))).collect()).map(whole)
        }
        Scope::Value { value } => Snapshot::of_value(value.clone()).map(whole).map_err(|error| context_failure(&error)),
        Scope::Selection { uri, range } => taker.selection(uri, *range),
    }
}

struct Taker<'a> {
    client_state: &'a ClientState,
    settings: &'a Settings,
    workspace: &'a Workspace,
    stop: &'a StopFlag,
}

impl Taker<'_> {
    /// All folders. One that is not there is left out, unless there is no other.
    fn workspace(&self) -> Result<Scoped, Failure> {
        if self.client_state.folders.is_empty() {
            return Err(Failure {
                kind: FailureKind::NoFolder,
                message: "no folder is open".to_owned(),
                hint: Some("open a folder, or ask about a file".to_owned()),
            });
        }
        let (mut there, mut missing): (Vec<_>, Vec<_>) =
            self.client_state.folders.iter().partition(|it| it.path.exists());
        if there.is_empty() {
            there.append(&mut missing);
        }
        let warning = |folder: &Folder| {
            format!("the workspace folder {} is left out: there is no {}", folder.name, visible_path(&folder.path))
        };
        let snapshot = self.take(there.iter().map(|folder| self.root(&folder.path)).collect())?;
        Ok(Scoped { snapshot, focus: None, warnings: missing.into_iter().map(warning).collect() })
    }

    /// Where a path of the scope `paths` leads, which may be the address of a shard store, or a URI. Of several folders
    /// a relative path names its own, as shown paths do; else it lies in the first that has it.
    fn located(&self, path: &str) -> PathBuf {
        if let Some(path) = path.parse().ok().and_then(|uri| file_path(&uri)) {
            return path;
        }
        if path.contains("://") {
            return path.into();
        }
        // As it is, and as it is shown by us.
        let meant = name_of_visible(path);
        let forms = [Path::new(path), Path::new(OsStr::from_bytes(&meant))];
        let places = forms.into_iter().flat_map(|path| {
            let named = if self.client_state.folders.len() > 1 { self.in_named_folder(path) } else { None };
            named.into_iter().chain(self.client_state.folders.iter().map(move |folder| folder.path.join(path)))
        });
        let first = self.client_state.folders.first().map_or_else(|| path.into(), |folder| folder.path.join(path));
        places.into_iter().find(|place| self.is_there(place)).unwrap_or(first)
    }

    /// Where a path leads that begins with the name of a folder.
    fn in_named_folder(&self, path: &Path) -> Option<PathBuf> {
        let mut components = path.components();
        let name = visible_path(Path::new(components.next()?.as_os_str()));
        let folder = self.client_state.folders.iter().find(|folder| folder.name == name)?;
        Some(folder.path.join(components.as_path()))
    }

    /// Whether there is such a file, on the disk or in the editor.
    fn is_there(&self, path: &Path) -> bool {
        path.exists() || self.client_state.documents.contains_key(&DocumentKey::File(path.to_owned()))
    }

    fn file(&self, uri: &Uri) -> Result<Arc<Snapshot>, Failure> {
        match DocumentKey::of(uri) {
            DocumentKey::File(path) => self.take(vec![self.root(&path)]),
            key @ DocumentKey::Other(_) => match self.client_state.documents.get(&key) {
                Some(document) => Ok(Snapshot::of_text(Some(&shown_path(uri)), document.text.to_string())),
                None => Err(not_open(uri)),
            },
        }
    }

    /// The workspace folder of the file (or, for a file outside of all, the file), with the selected lines in focus.
    /// Other folders stay out, since they may be other projects.
    fn selection(&self, uri: &Uri, range: Range) -> Result<Scoped, Failure> {
        let path = file_path(uri);
        let folder = path.as_deref().and_then(|path| Some((path, self.client_state.folder_of(path)?)));
        let snapshot = match folder {
            Some((path, folder)) => {
                let root = self.root(&folder.path);
                let project = self.take(vec![root.clone()])?;
                if holds(&project, path) {
                    project
                } else {
                    // The rules leave the file out, but the person has selected something in it.
                    self.take(vec![root, self.root(path)])?
                }
            }
            None => self.file(uri)?,
        };
        let focus = self.focus(&snapshot, uri, range)?;
        Ok(Scoped { snapshot, focus: Some(focus), warnings: Vec::new() })
    }

    fn focus(&self, snapshot: &Snapshot, uri: &Uri, range: Range) -> Result<Focus, Failure> {
        let entry = snapshot.files().iter().find(|entry| match file_path(uri) {
            Some(path) => entry.absolute() == Some(&path),
            None => true,
        });
        let path = entry.and_then(|entry| entry.path.clone()).unwrap_or_else(|| shown_path(uri));
        let text = match snapshot.buffer(&path) {
            Some(buffer) => buffer.clone(),
            // Of a file that is not open all is read at once, so that the selection is one of the text that is asked
            // about.
            None => {
                let context = snapshot.context().map_err(|error| context_failure(&error))?;
                let segment = context.segment_of_path(&path).map_err(|_| self.unread(snapshot, uri))?;
                let text = context.read(segment.text.clone()).map_err(|error| context_failure(&error))?;
                Rope::from_str(&text)
            }
        };
        let chars = self.client_state.client.encoding.chars_of(&text, range);
        let last = chars.end.saturating_sub(1).max(chars.start);
        // For the protocol a lone carriage return ends a line, for the context it does not.
        let line_of = |char: usize| text.slice(..char).chars().filter(|&it| it == '\n').count() + 1;
        Ok(Focus {
            path,
            first_line: line_of(chars.start),
            last_line: line_of(last.min(text.len_chars())),
            text: text.slice(chars).to_string(),
        })
    }

    /// Why a document that something was selected in is not in the text.
    fn unread(&self, snapshot: &Snapshot, uri: &Uri) -> Failure {
        let shown = file_path(uri).map(|path| self.shown(&path));
        match snapshot.exclusions().into_iter().find(|it| shown.as_ref() == Some(&it.path)) {
            Some(it) => Failure {
                kind: FailureKind::LeftOut,
                message: format!("{} is left out: {}", it.path, it.reason),
                hint: None,
            },
            None => not_open(uri),
        }
    }

    fn take(&self, roots: Vec<Root>) -> Result<Arc<Snapshot>, Failure> {
        let open = self.client_state.documents.iter().filter_map(|(key, document)| {
            let path = key.path()?.to_owned();
            Some(OpenBuffer { path, text: document.text.clone(), version: document.version })
        });
        let selection = Selection {
            roots,
            include: self.settings.include.clone(),
            exclude: self.settings.exclude.clone(),
            no_ignore: self.settings.no_ignore,
            open: open.collect(),
        };
        self.workspace.snapshot(&selection, self.stop).map_err(|error: corpus::Error| context_failure(&error))
    }

    /// A root with the name that people know it by; a lone folder has none.
    fn root(&self, path: &Path) -> Root {
        let base = self.client_state.folder_of(path).map(|folder| folder.path.clone());
        Root { label: self.shown(path), base, ..Root::new(path) }
    }

    /// A root that the scope names. Unless it is one of the workspace folders, it may be a shard store.
    fn named(&self, path: &Path) -> Root {
        let identity = |path: &Path| path.metadata().map(|it| (it.dev(), it.ino())).ok();
        let named = identity(path);
        let is_folder =
            named.is_some() && self.client_state.folders.iter().any(|folder| identity(&folder.path) == named);
        Root { may_be_store: !is_folder, ..self.root(path) }
    }

    /// The path relative to its workspace folder, with the folder's name before it if there are several.
    fn shown(&self, path: &Path) -> String {
        let Some(folder) = self.client_state.folder_of(path) else {
            return path.file_name().map(|name| visible_path(Path::new(name))).unwrap_or_default();
        };
        let inside = visible_path(path.strip_prefix(&folder.path).unwrap_or(path));
        match (self.client_state.folders.len(), inside.is_empty()) {
            (1, _) => inside,
            (_, true) => folder.name.clone(),
            (_, false) => format!("{}/{inside}", folder.name),
        }
    }
}

fn holds(snapshot: &Snapshot, path: &Path) -> bool {
    snapshot.files().iter().any(|entry| entry.absolute() == Some(path))
}

fn path_of(uri: &Uri) -> Result<PathBuf, Failure> {
    file_path(uri).ok_or_else(|| Failure {
        kind: FailureKind::NoFile,
        message: format!("{} is not on the disk", uri.as_str()),
        hint: None,
    })
}

fn not_open(uri: &Uri) -> Failure {
    Failure {
        kind: FailureKind::NotOpen,
        message: format!("{} is neither open nor a readable text file", uri.as_str()),
        hint: Some("open or save it first".to_owned()),
    }
}

/// The URI of a file of the snapshot.
pub fn uri_of(snapshot: &Snapshot, shown_path: &str) -> Option<Uri> {
    let entry = snapshot.files().iter().find(|entry| entry.path.as_deref() == Some(shown_path))?;
    of_path(entry.absolute()?)
}
