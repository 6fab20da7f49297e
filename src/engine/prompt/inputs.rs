//! What is known of a run before it begins.

use super::overview::Overview;
use crate::{engine::question::Question, llm::Model};

/// Characters of output that a model sees of one program, and at most of the programs of one turn together.
const OUTPUT_CHARS: usize = 20_000;

/// What is known of a run before it begins.
pub struct PromptInputs<'a> {
    pub question: &'a Question,
    pub overview: &'a Overview<'a>,
    pub model: &'a dyn Model,
    /// The model of sub-calls.
    pub worker: &'a dyn Model,
    pub by_tools: bool,
    /// 0 for the root.
    pub depth: usize,
}

/// How many characters of output a model with such a window sees at once: those of a fifth of it, at three to a token.
pub fn output_chars(window: Option<usize>) -> usize {
    window.map_or(OUTPUT_CHARS, |tokens| OUTPUT_CHARS.min(tokens * 3 / 5))
}
