//! Answering directly: the whole text in one prompt.

use crate::{
    corpus::ContextText,
    engine::{
        Question,
        answer::Termination,
        budget::model_call::Cut,
        cite, context_failure,
        error::RunError,
        event::Delta,
        prompt,
        query_context::QueryContext,
        run::{RunOutput, refusal},
    },
    failure::{Failure, FailureKind},
    llm::{Message, Piece, Task},
    text::one_line,
};
use std::sync::Arc;

/// How often an answer of the wrong shape is given back.
const ATTEMPTS: usize = 3;

/// Characters of what a model said in place of an answer that a person is told.
const SAID_CHARS: usize = 200;

/// Has the root model answer from the text. It may mend an answer that has not the shape that was asked for, and once one
/// whose citations do not hold.
pub async fn answer(
    tree: &QueryContext,
    question: &Question,
    context: &Arc<ContextText>,
) -> Result<RunOutput, RunError> {
    let schema = question.config.schema.as_ref();
    let earlier = question.session.as_ref().map(|it| it.exchanges()).unwrap_or_default();
    let prompt = prompt::direct(context, question.focus.as_ref(), &question.text, schema.map(|it| it.text()), &earlier);
    let prompt = prompt.map_err(|error| RunError::Failed(context_failure(&error)))?;
    let task = prompt::direct_task(&question.text, &prompt);
    let mut messages = vec![Message::system(prompt::DIRECT_SYSTEM), Message::user(prompt)];
    tree.say(format!("{} is reading the whole text", tree.choice.root.name()));
    let Some(schema) = schema else {
        let first = call(tree, &messages, &task, context).await?;
        return Ok(RunOutput::new(mended(tree, messages, &task, first, context).await, Termination::Direct));
    };
    let mut problem = String::new();
    for _ in 0..ATTEMPTS {
        let text = call(tree, &messages, &task, context).await?;
        match schema.check(&text) {
            Ok(text) => return Ok(RunOutput::new(text, Termination::Direct)),
            Err(why) => {
                messages.push(Message::assistant(text));
                messages.push(Message::user(prompt::wrong_shape(&why)));
                problem = why;
            }
        }
    }
    let root = tree.choice.root.name();
    Err(RunError::no_answer(format!("{root} gave no answer of the shape that was asked for: {problem}")))
}

/// The answer after the one chance to mend its citations: the second if that is better, else the first.
async fn mended(
    tree: &QueryContext,
    mut messages: Vec<Message>,
    task: &Task,
    first: String,
    context: &Arc<ContextText>,
) -> String {
    let answer = first.clone();
    let flaws = cite::looked_up(context.clone(), move |context, stop| cite::flaws(&answer, context, stop)).await;
    let flaws = flaws.unwrap_or_default();
    if flaws.is_empty() {
        return first;
    }
    tree.progress.keep_answer(&first);
    tree.say("some citations do not hold: asking for better ones".to_owned());
    messages.push(Message::assistant(first.clone()));
    messages.push(Message::user(prompt::mend_citations(&flaws)));
    // Whatever becomes of the second attempt, there is an answer.
    let Ok(second) = call(tree, &messages, task, context).await else { return first };
    let kept = first.clone();
    let better = cite::looked_up(context.clone(), |context, stop| cite::better_of(first, second, context, stop)).await;
    better.unwrap_or(kept)
}

/// One call, whose text is shown as it comes.
async fn call(
    tree: &QueryContext,
    messages: &[Message],
    task: &Task,
    context: &ContextText,
) -> Result<String, RunError> {
    tree.ledger.budget.begin_iteration()?;
    tree.ledger.meter.count_iteration(0);
    // An earlier answer that was given back may stand there still.
    tree.progress.withdraw_answer();
    let mut stream = |piece: Piece<'_>| {
        let delta = match piece {
            Piece::Text(text) => Delta::Append(text.to_owned()),
            Piece::Restart | Piece::WasReasoning => Delta::Reset(String::new()),
            Piece::Unseen(_) | Piece::Waits { .. } => return,
        };
        tree.progress.write_answer(&delta, Some(context));
    };
    let root = &tree.choice.root;
    let turn = tree.call(root, messages.to_vec(), &Arc::default(), Some(task.clone()), Some(0), &mut stream).await?;
    tree.publish_turn(&turn);
    let failed = match turn.cut {
        None if !refusal::is_refusal(&turn.text) => return Ok(turn.text),
        None => {
            (FailureKind::NoAnswer, format!("{} declined to answer: {}", root.name(), one_line(&turn.text, SAID_CHARS)))
        }
        Some(Cut::Limit(limit)) => return Err(limit.into()),
        Some(cut) => (FailureKind::ReplyCut, format!("the reply of {} was cut off: {cut}", root.name())),
    };
    // Neither is a part of an answer.
    tree.progress.withdraw_answer();
    let (kind, message) = failed;
    let hint = Some("ask for less at once, or let programs do the work: --strategy rlm".to_owned());
    Err(RunError::Failed(Failure { kind, message, hint }))
}
