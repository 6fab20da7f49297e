//! The findings that an editor shows as diagnostics, each with the text that it is about.
//!
//! A review works on a snapshot, and documents go on changing while it runs and after it. So a finding is kept with its lines, moves
//! with the edits of its document, and stands only as long as these lines are there: where they have changed it is gone, and an edit
//! that is undone brings it back. [`FindingBoard`] is told of every change in the order of the wire.

mod anchor;

use super::{
    document::Document,
    position::PositionEncoding,
    uri::{DocumentKey, file_path},
};
use crate::review::finding::{Evidence, Finding};
use anchor::Anchor;
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use ropey::Rope;
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// A finding of a review, on its way to the board.
pub struct Found {
    pub finding: Finding,
    /// The document that it is about, and other places that show it.
    pub uri: Uri,
    pub evidence: Vec<(Uri, Evidence)>,
    /// The folder that keeps its dismissal.
    pub home: Option<PathBuf>,
    pub anchor: Anchor,
}

impl Found {
    /// `text` is what the review has read of the document.
    pub fn new(
        finding: Finding,
        uri: Uri,
        evidence: Vec<(Uri, Evidence)>,
        home: Option<PathBuf>,
        text: &Rope,
    ) -> Option<Self> {
        let anchor = Anchor::new(text, finding.place.first_line, finding.place.last_line)?;
        Some(Self { finding, uri, evidence, home, anchor })
    }
}

/// Which findings a review takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewed {
    /// All in these folders and files.
    Below(Vec<PathBuf>),
    /// Those of one document, or of these of its lines, counted from 0.
    Document(DocumentKey, Option<Range<usize>>),
}

impl Reviewed {
    fn has(&self, key: &DocumentKey, anchor: &Anchor) -> bool {
        match self {
            Self::Below(paths) => key.path().is_some_and(|path| paths.iter().any(|it| path.starts_with(it))),
            Self::Document(document, lines) => {
                document == key && lines.as_ref().is_none_or(|lines| anchor.overlaps(lines))
            }
        }
    }
}

/// A document with findings, as a client is told of it.
pub struct Told {
    pub uri: Uri,
    /// Of an open document.
    pub version: Option<i32>,
    /// Changes with what is told.
    pub revision: u64,
    pub standing: Vec<Standing>,
}

/// What has changed.
pub struct News {
    pub told: Vec<Told>,
    /// Whether findings have come or gone by more than edits of their documents.
    pub was_reviewed: bool,
}

/// A finding at its place of the moment.
#[derive(Debug, Clone)]
pub struct Standing {
    pub finding: Finding,
    pub evidence: Vec<(Uri, Evidence)>,
    pub range: lsp_types::Range,
}

/// All findings of one server.
#[derive(Default)]
pub struct FindingBoard {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    open: HashMap<DocumentKey, Document>,
    /// In an order, so that clients are told in one.
    documents: BTreeMap<String, Noted>,
    encoding: PositionEncoding,
    revisions: u64,
    /// Whether findings have come or gone by more than edits of their documents.
    was_reviewed: bool,
}

/// What is noted of one document. It stays when its last finding has gone, since the client must be told.
struct Noted {
    key: DocumentKey,
    uri: Uri,
    found: Vec<Found>,
    revision: u64,
    /// The revision that was pushed last.
    pushed: u64,
}

impl FindingBoard {
    /// Puts the findings of a review in the place of earlier ones.
    pub fn replace(&self, reviewed: &Reviewed, found: Vec<Found>, encoding: PositionEncoding) {
        let mut state = self.lock();
        state.encoding = encoding;
        state.was_reviewed = true;
        let State { open, documents, revisions, .. } = &mut *state;
        for noted in documents.values_mut() {
            let before = noted.found.len();
            noted.found.retain(|it| !reviewed.has(&noted.key, &it.anchor));
            if noted.found.len() != before {
                noted.touch(revisions);
            }
        }
        for mut it in found {
            let key = DocumentKey::of(&it.uri);
            if let Some(document) = open.get(&key) {
                // It may have been edited while the review ran.
                it.anchor.look_for(&document.text);
            }
            let uri = it.uri.clone();
            let noted = documents.entry(uri.to_string()).or_insert_with(|| Noted {
                key,
                uri,
                found: Vec::new(),
                revision: 0,
                pushed: 0,
            });
            // Reviews of other parts of a text may find the same.
            noted.found.retain(|known| known.finding.id != it.finding.id);
            noted.found.push(it);
            noted.touch(revisions);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// A document was opened, or is there with another text.
    pub fn open(&self, uri: &Uri, document: &Document) {
        let key = DocumentKey::of(uri);
        self.update(&key, |anchor| anchor.look_for(&document.text));
        self.lock().open.insert(key, document.clone());
    }

    /// A document has changed: `document` is what it is now.
    pub fn change(&self, uri: &Uri, changes: &[Edit], document: &Document) {
        let key = DocumentKey::of(uri);
        self.update(&key, |anchor| {
            changes.iter().for_each(|it| anchor.follow(it));
            anchor.look_at(&document.text);
        });
        self.lock().open.insert(key, document.clone());
    }

    /// A document was closed. What the disk has counts again, which [`Self::reread`] tells.
    pub fn close(&self, uri: &Uri) {
        self.lock().open.remove(&DocumentKey::of(uri));
    }

    /// Whether something is noted of a document.
    pub fn concerns(&self, uri: &Uri) -> bool {
        let key = DocumentKey::of(uri);
        self.lock().documents.values().any(|it| it.key == key && !it.found.is_empty())
    }

    /// What the disk has of a document that is not open; nothing if there is no such text.
    pub fn reread(&self, uri: &Uri, text: Option<&Rope>) {
        let key = DocumentKey::of(uri);
        if self.lock().open.contains_key(&key) {
            return;
        }
        let nothing = Rope::new();
        self.update(&key, |anchor| anchor.look_for(text.unwrap_or(&nothing)));
    }

    /// The finding of this identity, and the folder that keeps its dismissal.
    pub fn find(&self, id: &str) -> Option<(Finding, Uri, Option<PathBuf>)> {
        let state = self.lock();
        let mut found = state.documents.values().flat_map(|it| &it.found);
        found.find(|it| it.finding.id == id).map(|it| (it.finding.clone(), it.uri.clone(), it.home.clone()))
    }

    /// Takes a finding away.
    pub fn remove(&self, id: &str) {
        let mut state = self.lock();
        state.was_reviewed = true;
        let State { documents, revisions, .. } = &mut *state;
        for noted in documents.values_mut() {
            let before = noted.found.len();
            noted.found.retain(|it| it.finding.id != id);
            if noted.found.len() != before {
                noted.touch(revisions);
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Takes all findings away; returns how many there were.
    pub fn clear(&self) -> usize {
        let mut state = self.lock();
        state.was_reviewed = true;
        let State { documents, revisions, .. } = &mut *state;
        let mut gone = 0;
        for noted in documents.values_mut().filter(|it| !it.found.is_empty()) {
            gone += noted.found.len();
            noted.found.clear();
            noted.touch(revisions);
        }
        drop(state);
        self.changed.notify_one();
        gone
    }

    /// What is to be told of one document.
    pub fn of_document(&self, uri: &Uri) -> Option<Told> {
        let key = DocumentKey::of(uri);
        let state = self.lock();
        state.documents.values().find(|it| it.key == key).map(|noted| state.told(noted))
    }

    /// What is to be told of all documents.
    pub fn all(&self) -> Vec<Told> {
        let state = self.lock();
        state.documents.values().map(|noted| state.told(noted)).collect()
    }

    /// Waits until something has changed that was not pushed, and takes it.
    pub async fn news(&self) -> News {
        loop {
            let waiting = self.changed.notified();
            let news = self.take_news();
            if !news.told.is_empty() {
                return news;
            }
            waiting.await;
        }
    }

    fn take_news(&self) -> News {
        let mut state = self.lock();
        let fresh = state.documents.values().filter(|it| it.pushed != it.revision);
        let told = fresh.map(|noted| state.told(noted)).collect();
        state.documents.values_mut().for_each(|it| it.pushed = it.revision);
        News { told, was_reviewed: std::mem::take(&mut state.was_reviewed) }
    }

    /// Brings the places in a document up to date.
    fn update(&self, key: &DocumentKey, mut update: impl FnMut(&mut Anchor)) {
        let mut state = self.lock();
        let State { documents, revisions, .. } = &mut *state;
        let mut has_changed = false;
        for noted in documents.values_mut().filter(|it| it.key == *key) {
            let mut moved = false;
            for it in &mut noted.found {
                let before = it.anchor.place();
                update(&mut it.anchor);
                moved |= it.anchor.place() != before;
            }
            if moved {
                noted.touch(revisions);
                has_changed = true;
            }
        }
        drop(state);
        if has_changed {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn touch(&mut self, revisions: &mut u64) {
        *revisions += 1;
        self.revision = *revisions;
    }
}

impl State {
    fn told(&self, noted: &Noted) -> Told {
        let standing = noted.found.iter().filter_map(|it| {
            let range = it.anchor.range(self.encoding)?;
            Some(Standing { finding: it.finding.clone(), evidence: it.evidence.clone(), range })
        });
        let mut standing: Vec<Standing> = standing.collect();
        standing.sort_by_key(|it| (it.range.start.line, it.range.end.line));
        Told {
            uri: noted.uri.clone(),
            version: self.open.get(&noted.key).map(|it| it.version),
            revision: noted.revision,
            standing,
        }
    }
}

/// One change of a document, as far as lines matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where it began and ended before; nothing if the whole text was replaced.
    range: Option<lsp_types::Range>,
    text: Arc<str>,
}

impl Edit {
    pub fn of(change: &TextDocumentContentChangeEvent) -> Self {
        Self { range: change.range, text: change.text.as_str().into() }
    }
}

/// The text of a file as the board compares it; nothing if there is none, or it is too large to be looked at on the way.
pub fn text_on_disk(uri: &Uri) -> Option<Rope> {
    const MOST: u64 = 16 << 20;
    let path = file_path(uri)?;
    let is_fit = path.metadata().is_ok_and(|it| it.is_file() && it.len() <= MOST);
    let bytes = is_fit.then(|| std::fs::read(path).ok()).flatten()?;
    Some(Rope::from_str(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests;
