//! Whether an answer that a model gives is taken as the answer.
//!
//! It must have the shape that was asked for, if one was. And places that it cites should exist and say what it quotes
//! from them: if they do not, the model is told once, and may mend it. If it does not, the first answer stands, with its
//! citations marked as what they are.

use crate::{
    corpus::ContextText,
    engine::{cite, prompt, question::config::RunConfig},
};
use std::sync::Arc;

/// Looks at the answers of one run.
pub(super) struct AnswerValidator {
    is_root: bool,
    /// An answer that the model was told to mend.
    standing: Option<String>,
}

/// What becomes of an answer.
pub(super) enum AnswerCheck {
    Accepted(String),
    /// It is not taken; this is told to the model.
    Refused(String),
}

impl AnswerValidator {
    pub fn new(depth: usize) -> Self {
        Self { is_root: depth == 0, standing: None }
    }

    /// The answer that is to be mended.
    pub fn standing(&self) -> Option<String> {
        self.standing.clone()
    }

    /// The answer in the shape that was asked for, if it has that.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn shape(&self, text: String, config: &RunConfig) -> Result<String, String> {
        match config.schema.as_ref().filter(|_| self.is_root) {
            Some(schema) => schema.check(&text),
            None => Ok(text),
        }
    }

    /// Looks at an answer. Reads the cited lines of `context`, which may block.
    pub async fn check(&mut self, text: String, config: &RunConfig, context: Option<Arc<ContextText>>) -> AnswerCheck {
        if text.trim().is_empty() {
            return AnswerCheck::Refused(prompt::EMPTY_ANSWER.to_owned());
        }
        let text = match self.shape(text, config) {
            Ok(text) => text,
            Err(why) => return AnswerCheck::Refused(prompt::wrong_shape(&why)),
        };
        let (true, None, Some(context)) = (self.is_root, &config.schema, context) else {
            return AnswerCheck::Accepted(text);
        };
        if let Some(first) = self.standing.take() {
            let best = cite::looked_up(context, |context, stop| cite::better_of(first, text, context, stop)).await;
            return best.map_or_else(|error| AnswerCheck::Refused(error.to_string()), AnswerCheck::Accepted);
        }
        let answer = text.clone();
        let flaws = cite::looked_up(context, move |context, stop| cite::flaws(&answer, context, stop)).await;
        let flaws = flaws.unwrap_or_default();
        if flaws.is_empty() {
            return AnswerCheck::Accepted(text);
        }
        self.standing = Some(text);
        AnswerCheck::Refused(prompt::mend_citations(&flaws))
    }
}
