//! Calls of models that programs and tools make: plain ones, and child runs.

use crate::engine::question::Question;
use crate::{
    corpus::Snapshot,
    engine::{
        answer::Lost,
        budget::model_call::{Asked, Siblings},
        detail::Caller,
        error::{CallError, RunError},
        event::SubCallState,
        host::{
            dispatch::{HostFunctions, arguments},
            function::MOST_PROMPTS,
            looks, tool_output,
        },
        prompt::{self, overview::Overview},
        run::{Run, RunInputs, context::Context},
        tracked_call::TrackedCall,
    },
    llm::{self, Message, Task},
    repl::Raised,
    text::one_line,
};
use futures::future::{join_all, ready};
use serde_json::Value;
use std::sync::Arc;

/// Characters of a prompt that name its call to people.
const LABEL_CHARS: usize = 80;

/// The longest name of a model.
const LONGEST_NAME: usize = 120;

/// The most bytes of prompts together, each of which gets the same text.
const MOST_JOINED: usize = 64 << 20;

/// The most characters of the text that a child run of the tools protocol is given.
const MOST_OF_TEXT: usize = 64 << 20;

/// Tokens of a window where nothing is known, generously.
const WIDEST_WINDOW: usize = 1_000_000;

/// About the most characters that a token stands for in a text.
const MOST_CHARACTERS_PER_TOKEN: usize = 8;

impl HostFunctions<'_> {
    /// All prompts at once; each has its answer, or an error text, in its own place.
    pub(super) async fn batch(&self, given: Value, recursive: bool) -> Result<Value, Raised> {
        let (prompts, model): (Vec<String>, Option<String>) = arguments(given)?;
        if prompts.len() > MOST_PROMPTS {
            let message = format!("{} prompts are too many for one call; the most is {MOST_PROMPTS}", prompts.len());
            return Err(Raised::new("ValueError", message));
        }
        // Others have the text where this has the name of a model.
        let (text, model) = match model {
            Some(text) if !self.may_name_model(&text) => (Some(text), None),
            model => (None, model),
        };
        let prompts = match text {
            Some(text) if prompts.len().saturating_mul(text.len()) > MOST_JOINED => {
                let message =
                    format!("{} prompts with {} bytes of text each are too long together", prompts.len(), text.len());
                return Err(Raised::new("ValueError", message));
            }
            Some(text) => prompts.into_iter().map(|prompt| format!("{prompt}\n\n{text}")).collect(),
            None => prompts,
        };
        let (model, siblings) = (model.as_deref(), &Arc::new(Siblings::new(&prompts)));
        let answers = join_all(prompts.into_iter().map(|prompt| async move {
            let label = one_line(&prompt, LABEL_CHARS);
            let work = |id| async move {
                match recursive {
                    true => {
                        let asked = (prompt::CHILD_QUESTION, Task::FollowPrompt);
                        self.child(id, ready(Ok(prompt)), asked, |text| (text, None), model).await
                    }
                    false => self.plain(id, prompt, None, model, Some(siblings.clone())).await,
                }
            };
            self.tracked(label, work).await.unwrap_or_else(|error| format!("Error: {error}"))
        }));
        Ok(Value::from(answers.await))
    }

    /// Whether a text may be the name of a model: it is one word, or one of those that are there (`cli:claude -p`).
    fn may_name_model(&self, text: &str) -> bool {
        let choice = &self.tree.choice;
        let is_word = text.len() <= LONGEST_NAME && !text.contains(char::is_whitespace);
        is_word || [choice.root.name(), choice.worker.name()].contains(&text)
    }

    /// A call that people can follow, and that is told as lost if it fails. `work` is given its number.
    async fn tracked<F: Future<Output = Result<String, String>>>(
        &self,
        label: String,
        work: impl FnOnce(u64) -> F,
    ) -> Result<String, String> {
        let mut call = TrackedCall::begin(self.tree, self.origin, label);
        let result = work(call.id).await;
        match &result {
            Ok(_) => call.end(SubCallState::Ended),
            Err(error) => {
                call.end(SubCallState::Failed(error.clone()));
                let label = std::mem::take(&mut call.label);
                self.tree.ledger.note_lost(Lost { depth: self.origin.depth + 1, label, error: error.clone() });
            }
        }
        result
    }

    async fn plain(
        &self,
        id: u64,
        prompt: String,
        task: Option<Task>,
        model: Option<&str>,
        siblings: Option<Arc<Siblings>>,
    ) -> Result<String, String> {
        let model = self.tree.model(model).await.map_err(|error| error.to_string())?;
        let caller = Caller { turn_of: None, sub_call: Some(id) };
        let asked = Asked { messages: vec![Message::user(prompt)], caller, task, siblings, ..Asked::default() };
        let turn = match self.tree.ask(&model, asked, &mut |_| {}).await {
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

    /// A run of its own, one level deeper, about a text. At the limit of depth a plain call, whose prompt `in_one`
    /// makes of the text.
    async fn child(
        &self,
        id: u64,
        text: impl Future<Output = Result<String, String>>,
        (question, task): (&str, Task),
        in_one: impl FnOnce(String) -> (String, Option<Task>),
        model: Option<&str>,
    ) -> Result<String, String> {
        let Some(places) = self.tree.child_places(self.origin.depth) else {
            let (prompt, task) = in_one(text.await?);
            return self.plain(id, prompt, task, model, None).await;
        };
        let _place = places.acquire().await.map_err(|closed| closed.to_string())?;
        let text = text.await?;
        let model = self.tree.model(model).await.map_err(|error| error.to_string())?;
        let read = tokio::task::spawn_blocking(move || {
            let snapshot = Snapshot::of_text(None, text);
            snapshot.context().map(|context| (snapshot, context))
        });
        let (snapshot, context) = read.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        let question = Question {
            text: question.to_owned(),
            snapshot,
            focus: None,
            config: self.tree.config.clone(),
            limits: self.tree.limits.clone(),
            session: None,
        };
        let inputs = RunInputs {
            question: &question,
            task,
            context: Context::ready(context.clone()),
            overview: &Overview::of_text(&context),
            model,
            depth: self.origin.depth + 1,
        };
        let (number, ended) = match Run::new(self.tree, inputs) {
            Ok(run) => (Some(run.number), run.finish(Some(id)).await),
            Err(stop) => (None, Err(stop)),
        };
        if let (Some(number), true) = (number, ended.as_ref().is_err_and(RunError::is_of_model)) {
            self.tree.known.forget_turns(number).await;
        }
        ended.map(|ending| ending.text).map_err(|stop| stop.sentence())
    }

    /// A child run about characters of the text, in the tools protocol.
    pub async fn sub_llm(&self, query: &str, start: i64, end: i64) -> Result<String, String> {
        self.note_look();
        let part = looks::slice(self.context.char_len(), start, end);
        // One prompt has to fit a window; a child run looks into its text as this one does.
        let most = match self.tree.child_places(self.origin.depth) {
            Some(_) => MOST_OF_TEXT,
            None => self.tree.choice.worker.window().unwrap_or(WIDEST_WINDOW) * MOST_CHARACTERS_PER_TOKEN,
        };
        if part.len() > most {
            let length = part.len();
            return Err(format!("{length} characters are too many for one call (the most is {most}): chunk them"));
        }
        let context = self.context.clone();
        let text = async {
            let text = tokio::task::spawn_blocking(move || tool_output::part(&context, part)).await;
            text.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        };
        let in_one = |text: String| {
            let task = Task::Read { question: query.to_owned(), text: text.len() };
            (prompt::about_part(&text, query), Some(task))
        };
        let work = |id| self.child(id, text, (query, prompt::task(query, None)), in_one, None);
        self.tracked(one_line(query, LABEL_CHARS), work).await
    }
}
