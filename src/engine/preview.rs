//! What a question would read and send, told without a call of any model.

use crate::{
    config::Strategy,
    corpus::{self, Access, ContextText},
    engine::{
        ContextSize, Engine, Expectation, Question, context_failure, context_size,
        error::RunError,
        internal_failure,
        prompt::{self, initial::InitialPrompt, inputs::PromptInputs, overview::Overview},
        question::schema::AnswerSchema,
        run::{
            built_in::{self, Nobody},
            context::Context,
            read::Prompt,
        },
        strategy,
    },
    failure::{Failure, FailureKind},
    llm,
    text::estimated_tokens,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Bytes of a text that nobody has read for one token of it.
const BYTES_PER_TOKEN: u64 = 4;

/// What is known before a question is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub model: String,
    pub worker: String,
    /// How the models were chosen.
    pub why: String,
    pub context: ContextSize,
    /// Sentences about what is not as the person may think.
    pub warnings: Vec<String>,
    /// About how many tokens the text has.
    pub context_tokens: u64,
    /// Whether the text, or passages of it, would be put into one prompt, or be looked at by programs. Never
    /// [`Strategy::Auto`].
    pub strategy: Strategy,
    /// About how many tokens the first prompt has.
    pub first_prompt_tokens: u64,
    /// What sending the first prompt costs, in US dollars, if the price of the model is known.
    pub first_prompt_cost: Option<f64>,
    /// What the question is expected to take.
    pub expected: Expectation,
    /// What it would cost if the worker model read all of the text once.
    pub whole_text_cost: Option<f64>,
}

impl Engine {
    /// Looks at what a question would read and send.
    pub async fn preview(&self, question: &Question) -> Result<Preview, Failure> {
        let failed = |stop| match stop {
            RunError::Failed(failure) => failure,
            RunError::Limit(limit) => Failure {
                kind: FailureKind::Limit,
                message: limit.explanation().unwrap_or_default().to_owned(),
                hint: None,
            },
        };
        let snapshot = question.snapshot.clone();
        let settled = tokio::task::spawn_blocking(move || snapshot.settle()).await;
        settled.map_err(|error| internal_failure(&error))?.map_err(|error| context_failure(&error))?;
        let snapshot = &question.snapshot;
        let root = &self.choice.root;
        let text = match strategy::is_read_first(question, root.as_ref()) {
            true => Some(Context::read(snapshot.clone()).text().await.map_err(failed)?),
            false => None,
        };
        let (strategy, _) = strategy::strategy(question, root.as_ref(), text.as_ref().map(|it| it.char_len()));
        let unread = |error| context_failure(&error);
        let config = &question.config;
        let (focus, asked) = (question.focus.as_ref(), question.text.as_str());
        let schema = config.schema.as_ref().map(AnswerSchema::text);
        let by_tools = config.uses_tools(root.as_ref())?;
        let by_programs = |overview: &Overview<'_>| {
            let (model, worker, depth) = (root.as_ref(), self.choice.worker.as_ref(), 0);
            let inputs = PromptInputs { question, overview, model, worker, by_tools, depth };
            InitialPrompt::of(&inputs).text()
        };
        let (context_tokens, prompt) = match &text {
            Some(text) => {
                let tokens = tokens_of(text).map_err(unread)?;
                let prompt = match strategy {
                    Strategy::Direct => {
                        prompt::DIRECT_SYSTEM.to_owned()
                            + &prompt::direct(text, focus, asked, schema, &[]).map_err(unread)?
                    }
                    Strategy::Read => self.passages_in_prompt(question, text).await.map_err(failed)?,
                    Strategy::Rlm | Strategy::Auto => by_programs(&Overview::of_text(text)),
                };
                (tokens, prompt)
            }
            None => (snapshot.bytes() / BYTES_PER_TOKEN, by_programs(&Overview::of_snapshot(snapshot))),
        };
        let first_prompt_tokens = estimated_tokens(&prompt) as u64;
        let cost = |model: &str, tokens| llm::price(&self.prices, model).map(|price| price.of(tokens, 0));
        let expected = self.expectation(question, strategy).await;
        Ok(Preview {
            expected,
            model: root.name().to_owned(),
            worker: self.choice.worker.name().to_owned(),
            why: self.choice.why.clone(),
            context: context_size(snapshot),
            warnings: super::input_warnings(snapshot),
            context_tokens,
            strategy,
            first_prompt_tokens,
            first_prompt_cost: cost(root.name(), first_prompt_tokens),
            whole_text_cost: cost(self.choice.worker.name(), context_tokens),
        })
    }
}

impl Engine {
    /// The first prompt of a model that reads passages. The built-in search finds them, which no model is called for.
    async fn passages_in_prompt(&self, question: &Question, text: &Arc<ContextText>) -> Result<String, RunError> {
        let tree = self.context_of(question, Arc::new(Nobody), CancellationToken::new());
        let found = built_in::answer(&tree, question, text).await?;
        let messages = Prompt::fitting(question, &found, self.choice.root.as_ref()).messages;
        Ok(messages.into_iter().map(|message| message.content).collect())
    }
}

/// About how many tokens a text has. What would have to be fetched is told by its size.
fn tokens_of(text: &ContextText) -> Result<u64, corpus::Error> {
    match text.access() {
        Access::File(..) => Ok(estimated_tokens(text.read(0..text.byte_len())?.as_bytes()) as u64),
        Access::Parts(_) => Ok(text.byte_len() as u64 / BYTES_PER_TOKEN),
    }
}
