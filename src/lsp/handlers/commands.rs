//! What commands have in common.

use crate::lsp::{capabilities::ClientAbilities, query_registry::QueryRegistry, uri};
use lsp_types::{ShowDocumentParams, Uri};
use serde_json::Value;
use std::{io::Write, path::PathBuf};
use tower_lsp::{
    Client,
    jsonrpc::{Error, Result},
};

/// The argument of a command.
pub fn read<T: serde::de::DeserializeOwned>(argument: Value) -> Result<T> {
    serde_json::from_value(argument).map_err(|error| Error::invalid_params(error.to_string()))
}

/// Has the client show a document; says whether it did.
pub async fn show_document(client: &Client, uri: Uri) -> bool {
    let params = ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: None };
    client.show_document(params).await.unwrap_or(false)
}

/// Has the client show a document, which it reads from the server if it can, and else in a new file; says whether it did. `kind` is
/// the ending of its name.
pub async fn present(
    client: &Client,
    runs: &QueryRegistry,
    abilities: ClientAbilities,
    (prefix, kind): (&'static str, &'static str),
    document: String,
) -> bool {
    if !abilities.show_document {
        return false;
    }
    let uri = match abilities.reads_contents {
        true => runs.contents.keep_new(kind, document).uri(),
        false => write_document(prefix, kind, document).await.and_then(|path| uri::of_path(&path)),
    };
    match uri {
        Some(uri) => show_document(client, uri).await,
        None => false,
    }
}

/// Writes a document into a new file, which stays. `kind` is the ending of its name.
async fn write_document(prefix: &'static str, kind: &'static str, document: String) -> Option<PathBuf> {
    let written = tokio::task::spawn_blocking(move || -> std::io::Result<PathBuf> {
        let mut file = tempfile::Builder::new().prefix(prefix).suffix(kind).tempfile()?;
        file.write_all(document.as_bytes())?;
        let (_, path) = file.keep()?;
        Ok(path)
    });
    match written.await {
        Ok(Ok(path)) => Some(path),
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot write a document to a file");
            None
        }
        Err(_) => None,
    }
}
