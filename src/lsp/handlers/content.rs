//! `workspace/textDocumentContent`: documents that the server has and no disk.

use super::{Handlers, transcript};
use crate::{
    lsp::{
        contents::{Content, ContentParams, ContentResult},
        ext::TranscriptParams,
    },
    report::finding_page,
};
use tower_lsp::jsonrpc::{Error, Result};

pub async fn read(handlers: &Handlers, params: ContentParams) -> Result<ContentResult> {
    let none = || Error::invalid_params(format!("there is no document {} any more", params.uri.as_str()));
    let content = Content::of(&params.uri).ok_or_else(none)?;
    let runs = &handlers.runs;
    let text = match &content {
        Content::Answer(id) => match runs.draft(id) {
            Some(draft) => {
                runs.contents.note_growing(content);
                draft
            }
            None => runs.contents.get(&content).ok_or_else(none)?,
        },
        Content::Transcript(id) => {
            let params = TranscriptParams { query_id: Some(id.clone()), ..TranscriptParams::default() };
            let text = transcript::read(handlers, params).await?.text;
            if runs.draft(id).is_some() {
                runs.contents.note_growing(content);
            }
            text
        }
        Content::Finding(id) => finding_page(&runs.diagnostics.board.find(id).ok_or_else(none)?.0),
        Content::Kept(..) => runs.contents.get(&content).ok_or_else(none)?,
    };
    Ok(ContentResult { text })
}
