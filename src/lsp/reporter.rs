//! From the events of a run to messages for the client.
//!
//! Events are kept for a moment and put together, so that a model that writes fast does not flood the client; how many
//! may wait is bounded. Progress needs only the latest state, so it travels apart from them.

use super::ext::{EventParams, PartialResult, QueryResult, RlmEvent};
use crate::{
    engine::{Delta, Event, EventSink, SubCallState, Usage},
    report,
};
use lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport, notification::Progress,
    request::WorkDoneProgressCreate,
};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};
use tower_lsp::Client;

/// How long events are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(30);

/// The shortest time between two reports of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);

/// How long the client may take to accept a token for progress.
const TOKEN_PATIENCE: Duration = Duration::from_secs(10);

/// Events that may wait for a client that does not read.
const WAITING: usize = 4096;

const SENDER_LIVES: &str = "the reporter holds the sending end";

/// Where the messages of one query go.
#[derive(Debug, Clone)]
pub struct Channels {
    pub query_id: String,
    /// Whether `rlm/event` is sent.
    pub events: bool,
    pub partial_result: Option<ProgressToken>,
    pub work_done: WorkDone,
}

/// How progress is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkDone {
    /// On the client's token.
    Given(ProgressToken),
    /// On a token that the server creates.
    Created(ProgressToken),
    Nowhere,
}

/// The token that the server creates for a query. Text, because some clients take no numbers.
pub fn own_token(query_id: &str) -> ProgressToken {
    NumberOrString::String(format!("rlm/{query_id}"))
}

/// Takes the events of one run.
pub struct Reporter {
    waiting: Mutex<Waiting>,
    wake: Notify,
    progress: watch::Sender<Status>,
    /// What was written of the answer so far.
    answer: Mutex<String>,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    closed: bool,
}

/// What progress says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    pub message: String,
    /// How the query has ended, once it has.
    ending: Option<&'static str>,
    sub_calls_ended: u32,
    sub_calls_started: u32,
    usage: Usage,
}

impl Status {
    pub fn line(&self) -> String {
        let mut parts = vec![self.message.clone()];
        if self.sub_calls_started > 0 {
            parts.push(format!("{}/{} sub-calls", self.sub_calls_ended, self.sub_calls_started));
        }
        let tokens = self.usage.tokens.input + self.usage.tokens.output;
        if tokens > 0 {
            parts.push(format!("{:.1} k tokens", tokens as f64 / 1e3));
        }
        if let Some(cost) = self.usage.cost.filter(|&cost| cost > 0.0) {
            parts.push(format!("${cost:.4}"));
        }
        parts.join(" · ")
    }
}

impl Default for Reporter {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            wake: Notify::new(),
            progress: watch::Sender::default(),
            answer: Mutex::default(),
        }
    }
}

impl EventSink for Reporter {
    fn emit(&self, event: Event) {
        self.progress.send_if_modified(|status| note(status, &event));
        if let Event::Delta(delta) = &event {
            let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
            match delta {
                Delta::Append(text) => answer.push_str(text),
                Delta::Reset(text) => answer.clone_from(text),
            }
        }
        let mut waiting = self.lock();
        join(&mut waiting.events, event);
        drop(waiting);
        self.wake.notify_one();
    }
}

/// Brings the status up to date; says whether it changed.
fn note(status: &mut Status, event: &Event) -> bool {
    match event {
        Event::Progress { message, usage } => {
            message.clone_into(&mut status.message);
            status.usage = *usage;
        }
        Event::SubCall { state: SubCallState::Started, .. } => status.sub_calls_started += 1,
        Event::SubCall { .. } => status.sub_calls_ended += 1,
        _ => return false,
    }
    true
}

/// Adds an event to those that wait, into the last one if both are of a kind that can be put together.
fn join(events: &mut VecDeque<Event>, event: Event) {
    match (events.back_mut(), &event) {
        (Some(Event::Delta(Delta::Append(text) | Delta::Reset(text))), Event::Delta(Delta::Append(more))) => {
            text.push_str(more);
            return;
        }
        (Some(last @ Event::Progress { .. }), Event::Progress { .. }) => {
            *last = event;
            return;
        }
        _ => {}
    }
    if let Event::Delta(Delta::Reset(_)) = event {
        events.retain(|it| !matches!(it, Event::Delta(_)));
    }
    if events.len() >= WAITING {
        // The answer's text matters most; the oldest of the rest gives way.
        let gives_way = events.iter().position(|it| !matches!(it, Event::Delta(_) | Event::Started(_)));
        events.remove(gives_way.unwrap_or(0));
    }
    events.push_back(event);
}

impl Reporter {
    /// Nothing more will come; `ending` is the last word of the progress.
    pub fn close(&self, ending: &'static str) {
        self.progress.send_modify(|status| status.ending = Some(ending));
        self.lock().closed = true;
        self.wake.notify_one();
    }

    pub fn status(&self) -> Status {
        self.progress.borrow().clone()
    }

    /// What was written of the answer so far.
    pub fn answer(&self) -> String {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends what comes until the reporter is closed; returns how many events were sent.
    pub async fn send_events(&self, client: &Client, channels: &Channels) -> u64 {
        let mut seq = 0;
        loop {
            let (events, closed) = {
                let mut waiting = self.lock();
                (std::mem::take(&mut waiting.events), waiting.closed)
            };
            for event in events {
                send_event(client, channels, seq, report::event(event)).await;
                seq += 1;
            }
            if closed {
                return seq;
            }
            self.wake.notified().await;
            tokio::time::sleep(GATHER).await;
        }
    }

    /// Shows progress until the reporter is closed. What began ends, and nothing else does.
    pub async fn show_progress(&self, client: &Client, channels: &Channels, title: &str) {
        let mut changes = self.progress.subscribe();
        let begun = tokio::select! {
            biased;
            token = begun(client, &channels.work_done) => token,
            _ = ending(&mut changes) => return,
        };
        let Some(token) = begun else { return };
        let mut shown = self.status();
        let begin = WorkDoneProgressBegin {
            title: title.to_owned(),
            cancellable: Some(true),
            message: Some(shown.line()),
            percentage: None,
        };
        send_progress(client, &token, WorkDoneProgress::Begin(begin)).await;
        let ending = loop {
            let status = changes.borrow_and_update().clone();
            if let Some(ending) = status.ending {
                break ending;
            }
            if status != shown {
                let report =
                    WorkDoneProgressReport { cancellable: Some(true), message: Some(status.line()), percentage: None };
                send_progress(client, &token, WorkDoneProgress::Report(report)).await;
                shown = status;
                // News that come meanwhile are told together; only the end is told at once.
                let _ = timeout(PROGRESS_PAUSE, ending(&mut changes)).await;
            } else {
                changes.changed().await.expect(SENDER_LIVES);
            }
        };
        let end = WorkDoneProgressEnd { message: Some(ending.to_owned()) };
        send_progress(client, &token, WorkDoneProgress::End(end)).await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token to show progress on, once the client has accepted it.
async fn begun(client: &Client, work_done: &WorkDone) -> Option<ProgressToken> {
    match work_done {
        WorkDone::Given(token) => Some(token.clone()),
        WorkDone::Nowhere => None,
        WorkDone::Created(token) => {
            let params = WorkDoneProgressCreateParams { token: token.clone() };
            let created = client.send_request::<WorkDoneProgressCreate>(params);
            matches!(timeout(TOKEN_PATIENCE, created).await, Ok(Ok(()))).then(|| token.clone())
        }
    }
}

/// How the query has ended, once it has.
async fn ending(changes: &mut watch::Receiver<Status>) -> &'static str {
    let ended = changes.wait_for(|status| status.ending.is_some()).await;
    ended.ok().and_then(|status| status.ending).expect(SENDER_LIVES)
}

async fn send_progress(client: &Client, token: &ProgressToken, value: WorkDoneProgress) {
    let params = ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
    client.send_notification::<Progress>(params).await;
}

/// Sends one event on every channel that carries events.
pub async fn send_event(client: &Client, channels: &Channels, seq: u64, event: report::types::Event<QueryResult>) {
    let event = json!(EventParams { event, query_id: channels.query_id.clone(), seq });
    if let Some(token) = &channels.partial_result {
        let value = json!({"token": token, "value": event});
        client.send_notification::<PartialResult>(value).await;
    }
    if channels.events {
        client.send_notification::<RlmEvent>(event).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Origin;

    fn append(text: &str) -> Event {
        Event::Delta(Delta::Append(text.to_owned()))
    }

    fn joined(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut waiting = VecDeque::new();
        events.into_iter().for_each(|event| join(&mut waiting, event));
        waiting.into()
    }

    fn sub_call(id: u64) -> Event {
        let origin = Origin { run: 0, depth: 0, iteration: 1, cell: 1 };
        Event::SubCall { id, origin, label: String::new(), state: SubCallState::Started }
    }

    #[test]
    fn deltas_are_put_together_and_a_reset_replaces_them() {
        assert_eq!(joined([append("a"), append("b")]), [append("ab")]);
        let reset = Event::Delta(Delta::Reset("new".to_owned()));
        assert_eq!(
            joined([append("a"), sub_call(1), append("b"), reset]),
            [sub_call(1), Event::Delta(Delta::Reset("new".to_owned()))]
        );
    }

    #[test]
    fn only_the_latest_progress_waits() {
        let progress = |message: &str| Event::Progress { message: message.to_owned(), usage: Usage::default() };
        assert_eq!(joined([progress("a"), progress("b")]), [progress("b")]);
    }

    #[test]
    fn a_client_that_does_not_read_loses_old_news_but_no_text() {
        let flood = (0..2 * WAITING as u64).map(sub_call);
        let events = joined(std::iter::once(append("text")).chain(flood));
        assert_eq!(events.len(), WAITING);
        assert_eq!(events[0], append("text"));
    }
}
