//! The text of a run: there already, or still being read while the model thinks about its first program.

use crate::{
    corpus::{ContextText, Snapshot},
    engine::{context_failure, error::RunError, internal_failure},
    failure::Failure,
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::sync::Arc;

/// A text that is there or on its way. Clones are the same text.
#[derive(Clone)]
pub struct Context {
    reading: Shared<BoxFuture<'static, Result<Arc<ContextText>, Failure>>>,
}

impl Context {
    /// A text that is there.
    pub fn ready(text: Arc<ContextText>) -> Self {
        let reading = async { Ok(text) }.boxed().shared();
        // Driven to its end, so that `if_ready` has it.
        let _ = reading.clone().now_or_never();
        Self { reading }
    }

    /// The text of a snapshot, read on a thread of its own as soon as somebody waits for it, and not before: what is to be
    /// done first shall have the processors. The snapshot's flag ends the reading early.
    pub fn read(snapshot: Arc<Snapshot>) -> Self {
        let reading = async move {
            match tokio::task::spawn_blocking(move || snapshot.context()).await {
                Ok(Ok(text)) => Ok(text),
                Ok(Err(error)) => Err(context_failure(&error)),
                Err(error) => Err(internal_failure(&error)),
            }
        };
        Self { reading: reading.boxed().shared() }
    }

    /// The text, as soon as it is there.
    pub async fn text(&self) -> Result<Arc<ContextText>, RunError> {
        self.reading.clone().await.map_err(RunError::Failed)
    }

    /// The text, if it is there and somebody has waited for it.
    pub fn if_ready(&self) -> Option<Arc<ContextText>> {
        self.reading.peek()?.clone().ok()
    }
}
