//! Proposals that wait to be applied, and what they mean for the texts as they are now.

use super::{
    client_state::ClientState,
    position::range_of_lines,
    uri::{DocumentKey, file_path},
};
use crate::{
    edit::{Change, ChangedFile, Refusal},
    failure::{Failure, FailureKind},
    text::counted,
};
use lsp_types::{
    AnnotatedTextEdit, ChangeAnnotation, CreateFile, DeleteFile, DeleteFileOptions, DocumentChangeOperation,
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, RenameFile, ResourceOp, TextDocumentEdit,
    TextEdit, Uri, WorkspaceEdit,
};
use ropey::Rope;
use std::{
    collections::{HashMap, VecDeque},
    fs,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Proposals that are kept; the oldest goes first.
const MOST: usize = 20;

/// The largest file that is changed without being open, in bytes.
const LARGEST: u64 = 64 << 20;

/// The proposals of one server.
#[derive(Debug, Default)]
pub struct Proposals(Mutex<VecDeque<(String, Arc<Kept>)>>);

/// A proposal.
#[derive(Debug)]
pub struct Kept {
    pub files: Vec<KeptFile>,
    pub summary: String,
    /// The document that the change was asked for in.
    pub asked_in: Uri,
}

/// What is proposed for one file.
#[derive(Debug)]
pub struct KeptFile {
    pub uri: Uri,
    pub renamed_from: Option<Uri>,
    pub change: Change,
    pub file: ChangedFile,
    /// By which its hunks are chosen, among those of all files.
    pub numbers: Range<usize>,
}

/// Which hunks are applied, and how.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Nothing for all.
    pub numbers: Option<&'a [usize]>,
    /// Whether the person has not seen them yet, so that the client is to ask.
    pub asks: bool,
}

impl Proposals {
    pub fn keep(&self, id: String, kept: Kept) {
        let mut all = self.lock();
        all.retain(|(known, _)| *known != id);
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back((id, Arc::new(kept)));
    }

    pub fn get(&self, id: &str) -> Option<Arc<Kept>> {
        self.lock().iter().find(|(known, _)| known == id).map(|(_, kept)| kept.clone())
    }

    /// The latest proposal that was asked for in a document or would change it, with its name.
    pub fn latest_of(&self, uri: &Uri) -> Option<(String, Arc<Kept>)> {
        let key = DocumentKey::of(uri);
        self.lock().iter().rev().find(|(_, kept)| kept.concerns(&key)).cloned()
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, Arc<Kept>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The edit of the client that makes the change in the texts as they are now: each hunk is placed in them anew.
    /// Reads files.
    ///
    /// # Errors
    /// Something has changed meanwhile so that a hunk fits no more, or the client cannot make such an edit.
    pub fn workspace_edit(&self, wanted: Wanted<'_>, state: &ClientState) -> Result<WorkspaceEdit, Failure> {
        let mut edit = Edit { state, kept: self, wanted, operations: Vec::new(), annotations: HashMap::new() };
        for file in &self.files {
            let chosen: Vec<usize> = match wanted.numbers {
                None => file.numbers.clone().collect(),
                Some(numbers) => file.numbers.clone().filter(|it| numbers.contains(it)).collect(),
            };
            if !chosen.is_empty() {
                edit.add(file, &chosen)?;
            }
        }
        edit.finish()
    }

    /// The hunks that fit the documents as they are now, each with its document and its lines there. One that was made does
    /// not; those of a file that is not open may, and have no lines.
    pub fn fitting(&self, state: &ClientState) -> Vec<(usize, DocumentKey, Option<Range<usize>>)> {
        let mut fitting = Vec::new();
        for file in &self.files {
            let key = file.key();
            let document = state.documents.get(&key).map(|it| it.text.to_string());
            for number in file.numbers.clone() {
                let lines = match (&document, &file.file.old, &file.file.new) {
                    (None, ..) | (Some(_), Some(_), None) => None,
                    // There is such a file by now.
                    (Some(_), None, _) => continue,
                    (Some(text), Some(_), Some(_)) => {
                        let placed = file.file.placed_anew(&file.change, &[number - file.numbers.start], text);
                        let Ok(hunks) = placed else { continue };
                        hunks.first().map(|it| it.lines.clone())
                    }
                };
                fitting.push((number, key.clone(), lines));
            }
        }
        fitting
    }

    pub fn count(&self) -> usize {
        self.files.last().map_or(0, |it| it.numbers.end)
    }

    fn concerns(&self, key: &DocumentKey) -> bool {
        DocumentKey::of(&self.asked_in) == *key || self.files.iter().any(|it| it.key() == *key)
    }
}

impl KeptFile {
    /// The document that is changed.
    fn key(&self) -> DocumentKey {
        DocumentKey::of(self.renamed_from.as_ref().unwrap_or(&self.uri))
    }
}

/// An edit that is being put together.
struct Edit<'a> {
    state: &'a ClientState,
    kept: &'a Kept,
    wanted: Wanted<'a>,
    operations: Vec<DocumentChangeOperation>,
    annotations: HashMap<String, ChangeAnnotation>,
}

impl Edit<'_> {
    fn add(&mut self, file: &KeptFile, chosen: &[usize]) -> Result<(), Failure> {
        let before = file.renamed_from.as_ref().unwrap_or(&file.uri);
        let now = self.text(before)?;
        let annotation = |edit: &mut Self| edit.annotation(chosen[0], &file.file.path);
        match (&file.file.old, &file.file.new) {
            (None, new) => {
                if now.as_ref().is_some_and(|(text, _)| !text.trim().is_empty()) {
                    return Err(stale(&file.file.path, "there is such a file by now"));
                }
                self.requires(self.state.client.creates_files, "make files")?;
                let annotation_id = annotation(self);
                let create = CreateFile { uri: file.uri.clone(), options: None, annotation_id: annotation_id.clone() };
                if now.is_none() {
                    self.operations.push(DocumentChangeOperation::Op(ResourceOp::Create(create)));
                }
                let edit = TextEdit { range: lsp_types::Range::default(), new_text: new.clone().unwrap_or_default() };
                self.edits(file.uri.clone(), now.and_then(|it| it.1), vec![(edit, annotation_id)]);
                Ok(())
            }
            (Some(old), None) => {
                if now.is_none_or(|(text, _)| text != *old) {
                    return Err(stale(&file.file.path, "it has changed since"));
                }
                self.requires(self.state.client.deletes_files, "remove files")?;
                let annotation_id = annotation(self);
                let options = DeleteFileOptions { recursive: None, ignore_if_not_exists: None, annotation_id };
                let delete = DeleteFile { uri: file.uri.clone(), options: Some(options) };
                self.operations.push(DocumentChangeOperation::Op(ResourceOp::Delete(delete)));
                Ok(())
            }
            (Some(_), Some(_)) => {
                let Some((now, version)) = now else { return Err(stale(&file.file.path, "it is not there any more")) };
                let local: Vec<usize> = chosen.iter().map(|number| number - file.numbers.start).collect();
                let placed = file.file.placed_anew(&file.change, &local, &now).map_err(|it| refused(&it, file))?;
                if let Some(from) = &file.renamed_from {
                    self.requires(self.state.client.renames_files, "rename files")?;
                    let annotation_id = annotation(self);
                    let (old_uri, new_uri) = (from.clone(), file.uri.clone());
                    let rename = RenameFile { old_uri, new_uri, options: None, annotation_id };
                    self.operations.push(DocumentChangeOperation::Op(ResourceOp::Rename(rename)));
                }
                let text = Rope::from_str(&now);
                let encoding = self.state.client.encoding;
                let edits: Vec<_> = chosen
                    .iter()
                    .zip(placed)
                    .map(|(&number, hunk)| {
                        let range = range_of_lines(&text, hunk.lines, encoding);
                        (TextEdit { range, new_text: hunk.new }, self.annotation(number, &file.file.path))
                    })
                    .collect();
                let version = version.filter(|_| file.renamed_from.is_none());
                self.edits(file.uri.clone(), version, edits);
                Ok(())
            }
        }
    }

    fn edits(&mut self, uri: Uri, version: Option<i32>, edits: Vec<(TextEdit, Option<String>)>) {
        if edits.is_empty() {
            return;
        }
        let edits = edits.into_iter().map(|(text_edit, annotation_id)| match annotation_id {
            Some(annotation_id) => OneOf::Right(AnnotatedTextEdit { text_edit, annotation_id }),
            None => OneOf::Left(text_edit),
        });
        let text_document = OptionalVersionedTextDocumentIdentifier { uri, version };
        let edit = TextDocumentEdit { text_document, edits: edits.collect() };
        self.operations.push(DocumentChangeOperation::Edit(edit));
    }

    /// What the client shows of a hunk that the person has not seen.
    fn annotation(&mut self, number: usize, path: &str) -> Option<String> {
        if !self.wanted.asks || !self.state.client.annotates_edits {
            return None;
        }
        let id = format!("rlm-{number}");
        let label = format!("RLM: change {} of {}", number + 1, self.kept.count());
        let summary = self.kept.summary.lines().next().filter(|it| !it.is_empty());
        let description = summary.map_or_else(|| path.to_owned(), str::to_owned);
        let annotation = ChangeAnnotation { label, needs_confirmation: Some(true), description: Some(description) };
        self.annotations.insert(id.clone(), annotation);
        Some(id)
    }

    /// The text of a document as it is now, with its version if it is open; nothing if there is none.
    fn text(&self, uri: &Uri) -> Result<Option<(String, Option<i32>)>, Failure> {
        if let Some(document) = self.state.documents.get(&DocumentKey::of(uri)) {
            return Ok(Some((document.text.to_string(), Some(document.version))));
        }
        let Some(path) = file_path(uri) else { return Ok(None) };
        let unreadable = |why: String| Failure {
            kind: FailureKind::Unreadable,
            message: format!("{} cannot be changed: {why}", uri.as_str()),
            hint: Some("open it first".to_owned()),
        };
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(error.to_string())),
            Ok(data) if !data.is_file() || data.len() > LARGEST => {
                Err(unreadable("it is no file, or too large".to_owned()))
            }
            Ok(_) => {
                let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
                // Editors do not count a mark of the byte order.
                Ok(Some((text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text), None)))
            }
        }
    }

    fn requires(&self, can: bool, what: &str) -> Result<(), Failure> {
        match can {
            true => Ok(()),
            false => Err(Failure {
                kind: FailureKind::Unsuitable,
                message: format!("the editor cannot {what} for a language server"),
                hint: Some("do it by hand; the diff shows what is proposed".to_owned()),
            }),
        }
    }

    fn finish(self) -> Result<WorkspaceEdit, Failure> {
        if self.operations.is_empty() {
            return Err(Failure {
                kind: FailureKind::NoSuchPath,
                message: format!(
                    "the proposal has {}, and none of them was named",
                    counted(self.kept.count(), "change")
                ),
                hint: None,
            });
        }
        let annotations = (!self.annotations.is_empty()).then_some(self.annotations);
        if self.state.client.document_changes {
            let document_changes = Some(DocumentChanges::Operations(self.operations));
            return Ok(WorkspaceEdit { changes: None, document_changes, change_annotations: annotations });
        }
        let edits = self.operations.into_iter().filter_map(|operation| match operation {
            DocumentChangeOperation::Edit(edit) => Some(edit),
            DocumentChangeOperation::Op(_) => None,
        });
        let plain = |edit: OneOf<TextEdit, AnnotatedTextEdit>| match edit {
            OneOf::Left(edit) => edit,
            OneOf::Right(edit) => edit.text_edit,
        };
        let changes = edits.map(|it| (it.text_document.uri, it.edits.into_iter().map(plain).collect()));
        Ok(WorkspaceEdit { changes: Some(changes.collect()), ..WorkspaceEdit::default() })
    }
}

fn refused(refusal: &Refusal, file: &KeptFile) -> Failure {
    stale(&file.file.path, &refusal.message)
}

fn stale(path: &str, why: &str) -> Failure {
    Failure {
        kind: FailureKind::Changed,
        message: format!("what is proposed for {path} does not fit the text as it is now: {why}"),
        hint: Some("ask for the change anew".to_owned()),
    }
}
