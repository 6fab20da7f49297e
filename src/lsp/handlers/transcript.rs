//! `rlm/transcript`.

use super::{Handlers, error};
use crate::{
    engine::internal_failure,
    lsp::{
        ext::{Transcript, TranscriptParams},
        transcripts,
    },
};
use tower_lsp::jsonrpc::Result;

pub async fn read(handlers: &Handlers, params: TranscriptParams) -> Result<Transcript> {
    let failed = |failure| error::failed(&failure, None);
    let run = handlers.runs.transcripts.run(&params).map_err(failed)?;
    let Some(folder) = handlers.runs.store_folder() else {
        return Err(failed(transcripts::no_store()));
    };
    let read = tokio::task::spawn_blocking(move || transcripts::read(&folder, run, &params)).await;
    read.map_err(|error| failed(internal_failure(&error)))?.map_err(failed)
}
