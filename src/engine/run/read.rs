//! Answering by reading: the built-in search finds passages, and the model answers from those that fit its window, in one
//! call.
//!
//! It is never worse than no model at all. What the model says counts as far as it cites the passages or repeats them
//! ([`support`]); below it stand the passages, and where the model fails they are the answer.

use super::{
    built_in::{self, BuiltInAnswer},
    refusal,
    support::{self, Judged},
    turn::DECLINED,
};
use crate::{
    corpus::ContextText,
    engine::{
        Question,
        answer::Termination,
        budget::{
            SHORTEST_REPLY_TOKENS,
            model_call::{Asked, Cut, Turn},
        },
        error::{CallError, RunError},
        prompt::{self, passages},
        query_context::QueryContext,
        run::RunOutput,
    },
    llm::{self, Message, Model},
};
use std::sync::Arc;

/// Bytes of passages for a model whose window is not known.
const PASSAGE_BYTES: usize = 24_000;

/// The fewest bytes of passages that are worth a call.
const FEWEST_BYTES: usize = 300;

/// About how many bytes of code or of numbered lines make a token. Prose has more.
const BYTES_PER_TOKEN: usize = 5;
const OF_SO_MANY_TOKENS: usize = 2;

/// The longest reply, in tokens, and what part of the window it may be.
const REPLY_TOKENS: usize = 1024;
const REPLY_PART: usize = 6;

/// Calls of the model: the second one has half of the passages, if those did not fit, or mends the shape of the answer.
const CALLS: usize = 3;

/// The first prompt of the model, for a preview too.
pub struct Prompt {
    pub messages: Vec<Message>,
    /// The passages in it.
    passages: String,
    reply_tokens: u32,
}

impl Prompt {
    /// The passages of which so many bytes at most are shown, and the question.
    fn new(question: &Question, found: &BuiltInAnswer, model: &dyn Model, most: usize) -> Self {
        let passages = passages::fitted(&found.text, most);
        let earlier = question.session.as_ref().and_then(|it| it.exchanges().pop());
        let schema = question.config.schema.as_ref().map(|it| it.text());
        let text = passages::read(&passages, &question.text, schema, earlier.as_ref());
        let messages = vec![Message::system(passages::READ_SYSTEM), Message::user(text)];
        Self { messages, passages, reply_tokens: reply_tokens(model) }
    }

    /// The one that fits the window of a model.
    pub fn fitting(question: &Question, found: &BuiltInAnswer, model: &dyn Model) -> Self {
        let frame = Self::new(question, found, model, 0);
        let used: usize = frame.messages.iter().map(Message::bytes).sum();
        let most = model.window().map_or(PASSAGE_BYTES, |window| {
            let tokens = window.saturating_sub(frame.reply_tokens.max(SHORTEST_REPLY_TOKENS as u32) as usize);
            (tokens * BYTES_PER_TOKEN / OF_SO_MANY_TOKENS).saturating_sub(used).min(PASSAGE_BYTES)
        });
        Self::new(question, found, model, most)
    }
}

fn reply_tokens(model: &dyn Model) -> u32 {
    model.window().map_or(REPLY_TOKENS, |window| (window / REPLY_PART).clamp(96, REPLY_TOKENS)) as u32
}

/// Answers by reading. `before` says what has failed before, if something has.
///
/// # Errors
/// The built-in search has failed, a limit is met, or no answer has the shape that was asked for.
pub async fn answer(
    tree: &QueryContext,
    question: &Question,
    context: &Arc<ContextText>,
    before: Option<String>,
) -> Result<RunOutput, RunError> {
    let root = tree.choice.root.clone();
    let found = built_in::answer(tree, question, context).await?;
    tree.note_look();
    let schema = question.config.schema.as_ref();
    if schema.is_none() {
        // Should the time be up before the model has answered.
        tree.progress.keep_answer(&found.text);
    }
    let told = |happened: Option<String>| -> Vec<String> { before.iter().cloned().chain(happened).collect() };
    if found.places.is_empty() && schema.is_none() {
        let text = standing(&found, root.name(), "there are no passages that it could read");
        let output = RunOutput::new(text, Termination::Final);
        return Ok(RunOutput { warnings: told(None), found_nothing: found.found_nothing, ..output });
    }
    let (reply, shown) = match ask(tree, question, &found, &root).await? {
        Ok(replied) => replied,
        Err(why) if schema.is_none() => {
            let text = standing(&found, root.name(), &why);
            let warning = format!("{} gave no answer ({why}); this is that of the built-in search", root.name());
            return Ok(RunOutput { warnings: told(Some(warning)), ..RunOutput::new(text, Termination::Final) });
        }
        Err(why) => {
            return Err(RunError::no_answer(format!(
                "{} gave no answer of the shape that was asked for: {why}",
                root.name()
            )));
        }
    };
    if schema.is_some() {
        return Ok(RunOutput { warnings: told(None), ..RunOutput::new(reply, Termination::Direct) });
    }
    let is_small = llm::is_too_small_for_programs(root.parameters());
    let judged = support::judge(&reply, &shown, &found.places, &question.text, context.clone(), is_small).await;
    Ok(match judged.map_err(|error| RunError::Failed(crate::engine::internal_failure(&error)))? {
        Judged { text, .. } if text.is_empty() => {
            let why = "nothing of what it said stands in the passages";
            let warning = format!("{}: {why}; this is the answer of the built-in search", root.name());
            RunOutput {
                warnings: told(Some(warning)),
                ..RunOutput::new(standing(&found, root.name(), why), Termination::Final)
            }
        }
        Judged { text, left_out } => {
            let note = match left_out {
                0 => String::new(),
                1 => format!("\n\n*A sentence of {} that nothing in the passages supports was left out.*", root.name()),
                count => {
                    format!(
                        "\n\n*{count} sentences of {} that nothing in the passages supports were left out.*",
                        root.name()
                    )
                }
            };
            let text =
                format!("{text}{note}\n\n*What the built-in search found for {}:*\n\n{}", root.name(), found.text);
            RunOutput { warnings: told(None), ..RunOutput::new(text, Termination::Direct) }
        }
    })
}

/// The built-in answer where a model has failed.
fn standing(found: &BuiltInAnswer, model: &str, why: &str) -> String {
    let note = format!("*This is what the built-in search found. {model} has added nothing: {why}.*");
    format!("{}\n\n{note}", found.text)
}

/// The reply of the model with the passages that it was shown, or why there is none.
async fn ask(
    tree: &QueryContext,
    question: &Question,
    found: &BuiltInAnswer,
    root: &Arc<dyn Model>,
) -> Result<Result<(String, String), String>, RunError> {
    let mut prompt = Prompt::fitting(question, found, root.as_ref());
    let mut problem = "its window is too small for a passage".to_owned();
    for _ in 0..CALLS {
        if prompt.passages.len() < FEWEST_BYTES.min(found.text.len()) {
            break;
        }
        tree.ledger.budget.begin_iteration()?;
        tree.ledger.meter.count_iteration(0);
        tree.say(format!("{} is reading the passages", root.name()));
        tree.note_shown(tree.ledger.budget.iterations(), "passages", || found.shown_in(&prompt.passages));
        let shape = question.config.schema.as_ref().map(|it| it.shape());
        let reply_tokens = Some(prompt.reply_tokens);
        let asked = Asked { reply_tokens, shape, ..Asked::turn(prompt.messages.clone()) };
        let turn = match tree.ask(root, asked, &mut |_| {}).await {
            Ok(turn) => turn,
            Err(CallError::Model(error @ llm::Error::PromptTooLong { .. })) => {
                problem = error.to_string();
                prompt = Prompt::new(question, found, root.as_ref(), prompt.passages.len() / 2);
                continue;
            }
            Err(CallError::Model(error)) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        tree.publish_turn(&turn);
        match (taken(turn), &question.config.schema) {
            (Ok(text), None) => return Ok(Ok((text, prompt.passages))),
            (Ok(text), Some(schema)) => match schema.check(&text) {
                Ok(text) => return Ok(Ok((text, prompt.passages))),
                Err(why) => {
                    prompt.messages.push(Message::assistant(text));
                    prompt.messages.push(Message::user(prompt::wrong_shape(&why)));
                    problem = why;
                }
            },
            (Err(why), _) => return Ok(Err(why)),
        }
    }
    Ok(Err(problem))
}

/// The text of a reply that is one. Whole sentences of one that was too long count; what repeats itself does not.
fn taken(turn: Turn) -> Result<String, String> {
    let text = match turn.cut {
        None | Some(Cut::Length { .. }) => turn.text.trim().to_owned(),
        Some(cut) => return Err(format!("its reply was cut off: {cut}")),
    };
    match () {
        () if text.is_empty() => Err("its reply was empty".to_owned()),
        () if refusal::is_refusal(&text) => Err(DECLINED.to_owned()),
        () => Ok(text),
    }
}
