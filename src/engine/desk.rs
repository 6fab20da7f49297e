//! Answers what programs ask: model calls, child runs, and looks into the context.

use super::{
    answer::Lost,
    context::Context,
    ending::Stop,
    event::{Event, SubCallState},
    lookup,
    overview::Overview,
    prompt,
    run::Run,
    tree::{CallError, Tree},
};
use crate::{
    corpus::{ContextText, Snapshot, StopFlag},
    llm::{self, Message},
    repl::{Call, HostCalls, Raised},
    text::one_line,
};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Characters of a prompt that name its call to people.
const LABEL_CHARS: usize = 80;

/// Prompts that one call may hand over. Each costs memory while it waits, whether a limit lets it through or not.
const MOST_PROMPTS: usize = 10_000;

/// The host calls of one run's programs.
pub struct Desk<'a> {
    pub tree: &'a Tree,
    pub context: &'a Arc<ContextText>,
    pub depth: usize,
}

impl HostCalls for Desk<'_> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        async move {
            match call.name.as_str() {
                "llm_query" => self.batch(call.arguments, false).await,
                "rlm_query" => self.batch(call.arguments, true).await,
                "budget" => Ok(self.budget()),
                _ => self.look_up(call).await,
            }
        }
        .boxed()
    }
}

#[derive(Deserialize)]
struct Batch(Vec<String>, Option<String>);

impl Desk<'_> {
    /// All prompts at once; each has its answer, or an error text, in its own place.
    async fn batch(&self, arguments: Value, recursive: bool) -> Result<Value, Raised> {
        let Batch(prompts, model) = lookup::arguments(arguments)?;
        if prompts.len() > MOST_PROMPTS {
            let message = format!("{} prompts are too many for one call; the most is {MOST_PROMPTS}", prompts.len());
            return Err(Raised::new("ValueError", message));
        }
        let model = model.as_deref();
        let answers = join_all(prompts.into_iter().map(|prompt| self.query(prompt, model, recursive))).await;
        Ok(Value::from(answers))
    }

    async fn query(&self, prompt: String, model: Option<&str>, recursive: bool) -> String {
        let id = self.tree.number_sub_call();
        let label = one_line(&prompt, LABEL_CHARS);
        let depth = self.depth + 1;
        let state = |state| Event::SubCall { id, depth, label: label.clone(), state };
        self.tree.emit(state(SubCallState::Started));
        let places = recursive.then(|| self.tree.child_places(self.depth)).flatten();
        let result = match places {
            Some(places) => match places.acquire().await {
                Ok(_place) => self.child(prompt, model).await,
                Err(closed) => Err(closed.to_string()),
            },
            None => self.plain(prompt, model).await,
        };
        match result {
            Ok(answer) => {
                self.tree.emit(state(SubCallState::Ended));
                answer
            }
            Err(error) => {
                self.tree.emit(state(SubCallState::Failed(error.clone())));
                self.tree.note_lost(Lost { depth, label, error: error.clone() });
                format!("Error: {error}")
            }
        }
    }

    async fn plain(&self, prompt: String, model: Option<&str>) -> Result<String, String> {
        let model = self.tree.model(model).await.map_err(|error| error.to_string())?;
        let turn = match self.tree.call(&model, vec![Message::user(prompt)], false, &mut |_| {}).await {
            Ok(turn) => turn,
            Err(CallError::Model(llm::Error::EmptyReply { reasoning, .. })) if !reasoning.trim().is_empty() => {
                return Ok(prompt::reasoning_only(&reasoning));
            }
            Err(CallError::Model(error @ llm::Error::PromptTooLong { .. })) => {
                return Err(format!("{error}; {}", error.hint().unwrap_or_default()));
            }
            Err(error) => return Err(error.to_string()),
        };
        Ok(match turn.cut {
            Some(cut) => format!("{}\n[cut off: {cut}]", turn.text),
            None => turn.text,
        })
    }

    /// A run of its own, one level deeper, whose context is the prompt.
    async fn child(&self, prompt: String, model: Option<&str>) -> Result<String, String> {
        let model = self.tree.model(model).await.map_err(|error| error.to_string())?;
        let snapshot = tokio::task::spawn_blocking(move || Snapshot::of_text(None, prompt).context()).await;
        let context = snapshot.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let (ready, overview) = (Context::ready(context.clone()), Overview::of_text(&context));
        let run = Run::new(self.tree, self.depth + 1, model, ready, &overview, None, prompt::CHILD_QUESTION);
        // Boxed, because a run contains the calls of its programs, which contain runs.
        run.finish().boxed().await.map(|ending| ending.text).map_err(|stop| match stop {
            Stop::Failed(failure) => failure.message,
            Stop::Limit(limit) => limit.explanation().unwrap_or_default().to_owned(),
        })
    }

    fn budget(&self) -> Value {
        let left = self.tree.budget.left();
        let depth = self.tree.limits.max_depth.saturating_sub(self.depth);
        json!({
            "calls": left.calls, "tokens": left.tokens, "cost": left.cost, "seconds": left.time.as_secs(),
            "iterations": left.iterations, "depth": depth,
        })
    }

    async fn look_up(&self, call: Call) -> Result<Value, Raised> {
        let context = self.context.clone();
        let stop = StopFlag::default();
        // A run that ends does not wait for its looks, which must not keep the processors busy for nobody.
        let _ended = stop.raise_on_drop();
        let look = move || lookup::answer(&context, &call.name, call.arguments, &stop);
        let found = tokio::task::spawn_blocking(look).await;
        found.unwrap_or_else(|error| Err(Raised::new("RuntimeError", error.to_string())))
    }
}
