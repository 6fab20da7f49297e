//! What a message makes the server say to the client, beside the reply of its handler.

use super::settings::{Inquiry, UnknownOptions, complaint};
use lsp_types::{ConfigurationItem, MessageActionItem, MessageType};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;

/// How long queries wait for a client that was asked for its settings.
const PATIENCE: Duration = Duration::from_secs(5);

/// The action by which a person agrees to what a question costs.
const AGREE: &str = "Begin";

/// What there is to say.
#[derive(Debug)]
pub enum ClientRequest {
    Nothing,
    /// Settings have names that are no options.
    WarnUnknownOptions(UnknownOptions),
    /// The client is to tell its settings.
    AskSettings(Inquiry),
}

/// What was said to the client, and whether it still listens.
#[derive(Debug, Default)]
pub struct ClientRequests {
    /// Names that it was told of.
    told: Mutex<HashSet<String>>,
    ended: CancellationToken,
}

impl ClientRequests {
    /// Nothing waits for the client any more.
    pub fn end(&self) {
        self.ended.cancel();
    }

    pub async fn react(&self, client_request: ClientRequest, client: &Client) {
        let mut unknown = match client_request {
            ClientRequest::Nothing => return,
            ClientRequest::WarnUnknownOptions(unknown) => unknown,
            ClientRequest::AskSettings(inquiry) => {
                let reply = self.ended.run_until_cancelled(configuration(client)).await.flatten();
                inquiry.settle(reply.as_ref()).await
            }
        };
        unknown.retain(|name| self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()));
        if !unknown.is_empty() {
            client.show_message(MessageType::WARNING, complaint(&unknown)).await;
        }
    }
}

/// Asks the person whether a `what`, a question, a review or a change, that may cost so much, in US dollars, is to begin. Whoever
/// closes the message has said no.
pub async fn confirm(client: &Client, what: &str, cost: f64) -> bool {
    agrees(client, format!("RLM: this {what} may cost about ${cost:.2}. Begin?"), AGREE).await
}

/// Asks the person something to which `yes` is the answer that agrees. Whoever closes the message has said no.
pub async fn agrees(client: &Client, message: String, yes: &str) -> bool {
    let action = |title: &str| MessageActionItem { title: title.to_owned(), properties: HashMap::new() };
    let actions = Some(vec![action(yes), action("Cancel")]);
    match client.show_message_request(MessageType::WARNING, message, actions).await {
        Ok(chosen) => chosen.is_some_and(|it| it.title == yes),
        Err(error) => {
            tracing::warn!(%error, "the client cannot ask its person");
            false
        }
    }
}

/// The section `rlm` of the client's configuration, as the client says when it is asked; null if it has none.
async fn configuration(client: &Client) -> Option<Value> {
    let item = ConfigurationItem { scope_uri: None, section: Some("rlm".to_owned()) };
    match timeout(PATIENCE, client.configuration(vec![item])).await {
        // No section at all says as much as null.
        Ok(Ok(sections)) => Some(sections.into_iter().next().unwrap_or_default()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the client did not tell its settings");
            None
        }
        Err(_) => {
            tracing::warn!("the client did not tell its settings in time");
            None
        }
    }
}
