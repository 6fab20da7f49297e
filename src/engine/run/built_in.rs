//! What the built-in model answers to a question: the passages that its search finds, and the facts that it looks up.
//!
//! It is asked beside the model of the person: as evidence for one that has not looked into the text, or can not, and
//! as the answer where that model fails.

use crate::{
    corpus::{ContextText, StopFlag},
    engine::{
        answer::CitationState,
        cite,
        detail::Place,
        error::{CallError, RunError},
        event::{Event, EventSink},
        internal_failure, prompt,
        prompt::overview::Overview,
        query_context::QueryContext,
        question::Question,
        run::{Run, RunInputs, context::Context},
    },
    llm::extractive,
};
use std::sync::Arc;

/// How the last paragraph of its answers begins, which says who wrote them.
const SIGNATURE: &str = "*Extracted by the built-in model";

/// What the built-in model has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltInAnswer {
    /// Without the paragraph that says who wrote it.
    pub text: String,
    /// Whether it is that nothing was found.
    pub found_nothing: bool,
    /// The places that it quotes or names, in order.
    pub places: Vec<Place>,
}

impl BuiltInAnswer {
    /// The places that stand in a part of the text.
    pub fn shown_in(&self, part: &str) -> Vec<Place> {
        self.places.iter().filter(|it| part.contains(&it.path)).cloned().collect()
    }
}

/// Hears nothing.
pub struct Nobody;

impl EventSink for Nobody {
    fn emit(&self, _: Event) {}
}

/// Has the built-in model answer a question from the text. None of its calls is in the books, and nobody hears of it.
///
/// # Errors
/// The interpreter or the text has failed, or the time is up.
pub async fn answer(
    tree: &QueryContext,
    question: &Question,
    context: &Arc<ContextText>,
) -> Result<BuiltInAnswer, RunError> {
    tree.say("the built-in search is looking for passages".to_owned());
    let own = tree.for_built_in(Arc::new(Nobody)).await.map_err(CallError::Model)?;
    let question = Question {
        text: standing_alone(question),
        snapshot: question.snapshot.clone(),
        focus: question.focus.clone(),
        config: own.config.clone(),
        limits: own.limits.clone(),
        session: None,
    };
    let inputs = RunInputs {
        question: &question,
        task: prompt::task(&question.text, question.focus.as_ref()),
        context: Context::ready(context.clone()),
        overview: &Overview::of_text(context),
        model: own.choice.root.clone(),
        depth: 0,
    };
    let text = Run::new(&own, inputs)?.finish(None).await?.text;
    let text = text.rsplit_once("\n\n").filter(|(_, last)| last.starts_with(SIGNATURE)).map_or(&*text, |(it, _)| it);
    let (text, said) = (text.trim().to_owned(), text.to_owned());
    let look = move |context: &ContextText, stop: &StopFlag| cite::citations(&said, context, stop);
    let citations = cite::looked_up(context.clone(), look).await;
    let citations = citations.map_err(|error| RunError::Failed(internal_failure(&error)))?.into_iter();
    let there = citations.filter(|it| it.state != CitationState::Missing);
    let places = there.map(|it| Place { path: it.path, first_line: it.first_line, last_line: it.last_line });
    let found_nothing = own.choice.root.found_nothing(&text);
    Ok(BuiltInAnswer { places: places.collect(), found_nothing, text })
}

/// A question that can be searched for by itself, also if it speaks of what was said before.
pub fn standing_alone(question: &Question) -> String {
    let earlier = question.session.as_ref().map(|it| it.exchanges()).unwrap_or_default();
    let earlier: Vec<&str> = earlier.iter().map(|it| it.question.as_str()).collect();
    extractive::standing_alone(&question.text, &earlier)
}
