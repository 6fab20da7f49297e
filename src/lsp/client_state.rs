//! What the server knows of its client at one moment, and how messages change it.

use super::{
    capabilities::ClientAbilities,
    document::Document,
    settings::{ClientSettings, UnknownOptions},
    uri::{DocumentKey, file_path},
};
use crate::text::{visible_line, visible_path};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, InitializeParams, WorkspaceFolder,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// An immutable state. Cloning is cheap; a request keeps the one of its place in the order of messages.
#[derive(Debug, Clone, Default)]
pub struct ClientState {
    pub documents: Arc<HashMap<DocumentKey, Document>>,
    pub folders: Arc<[Folder]>,
    pub client: ClientAbilities,
    pub settings: ClientSettings,
    initialized: bool,
}

/// The state after the last message, for what is done when a run has ended.
#[derive(Debug, Default)]
pub struct LatestState(Mutex<ClientState>);

impl LatestState {
    pub fn get(&self) -> ClientState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, state: ClientState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// A workspace folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub path: PathBuf,
    /// As it is shown.
    pub name: String,
}

impl ClientState {
    /// Takes what the client says of itself. It may say so once; the framework refuses a second time as well.
    pub fn initialize(&mut self, params: InitializeParams, capabilities: &Value) -> UnknownOptions {
        if std::mem::replace(&mut self.initialized, true) {
            return UnknownOptions::new();
        }
        let name = params.client_info.as_ref().map(|it| it.name.as_str());
        self.client = ClientAbilities::of(&params.capabilities, capabilities, name);
        #[expect(deprecated, reason = "older clients send nothing else")]
        let root = params.root_uri;
        let folders = match (params.workspace_folders, root) {
            (Some(folders), _) if !folders.is_empty() => folders,
            (_, Some(uri)) => vec![WorkspaceFolder { uri, name: String::new() }],
            (_, None) => Vec::new(),
        };
        self.folders = folders.iter().filter_map(folder).collect();
        params.initialization_options.map(|options| self.settings.initialize(&options)).unwrap_or_default()
    }

    pub fn open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let key = DocumentKey::of(&document.uri);
        Arc::make_mut(&mut self.documents).insert(key, Document::new(&document.text, document.version));
    }

    pub fn change(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.client.encoding;
        match Arc::make_mut(&mut self.documents).get_mut(&DocumentKey::of(&params.text_document.uri)) {
            Some(document) => document.change(params.text_document.version, params.content_changes, encoding),
            None => tracing::warn!(uri = params.text_document.uri.as_str(), "a change to a document that is not open"),
        }
    }

    pub fn close(&mut self, params: &DidCloseTextDocumentParams) {
        Arc::make_mut(&mut self.documents).remove(&DocumentKey::of(&params.text_document.uri));
    }

    pub fn change_folders(&mut self, params: DidChangeWorkspaceFoldersParams) {
        let removed: Vec<Folder> = params.event.removed.iter().filter_map(folder).collect();
        let kept = self.folders.iter().filter(|it| !removed.iter().any(|gone| gone.path == it.path)).cloned();
        let mut folders: Vec<Folder> = kept.collect();
        for added in params.event.added.iter().filter_map(folder) {
            if !folders.iter().any(|it| it.path == added.path) {
                folders.push(added);
            }
        }
        self.folders = folders.into();
    }

    /// All folders together, by which a conversation is found again.
    pub fn place(&self) -> String {
        self.folders.iter().map(|folder| visible_path(&folder.path)).collect::<Vec<_>>().join("\n")
    }

    /// The folder that a path lies in; of nested ones the innermost.
    pub fn folder_of(&self, path: &Path) -> Option<&Folder> {
        let holding = self.folders.iter().filter(|folder| path.starts_with(&folder.path));
        holding.max_by_key(|folder| folder.path.components().count())
    }
}

fn folder(folder: &WorkspaceFolder) -> Option<Folder> {
    let path = file_path(&folder.uri)?;
    let own_name = || path.file_name().map_or_else(|| "root".to_owned(), |name| visible_path(Path::new(name)));
    let name = if folder.name.is_empty() { own_name() } else { visible_line(&folder.name).into_owned() };
    Some(Folder { path, name })
}
