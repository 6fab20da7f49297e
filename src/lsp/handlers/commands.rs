//! What commands have in common.

use lsp_types::{ShowDocumentParams, Uri};
use serde_json::Value;
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
