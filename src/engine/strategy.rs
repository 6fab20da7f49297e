//! How a question is answered: from the whole text in one prompt, from passages that a search finds, or by programs.

use crate::{
    config::Strategy,
    corpus::ContextText,
    engine::{coverage, detail::Detail, query_context::QueryContext, question::Question},
    llm::{self, Model},
};

/// The largest context, in characters, that is answered directly. Below some 15,000 characters programs cost more than
/// they save; up to here they are about even, and one call is quicker.
const DIRECT_CHARS: usize = 24_000;

/// Tokens of a window below which there is no room for instructions, programs and what they print.
const PROGRAMS_WINDOW: usize = 8192;

/// Whether the text is read before the first call: if that takes no time, so that the model is told exact sizes or is
/// given the text itself, or a part of it.
pub fn is_read_first(question: &Question, root: &dyn Model) -> bool {
    question.snapshot.is_quick_to_read()
        || matches!(strategy(question, root, None).0, Strategy::Direct | Strategy::Read)
}

/// How a question is answered, which a trace is told. The text is not there if it takes long to read.
pub fn decide(tree: &QueryContext, question: &Question, root: &dyn Model, text: Option<&ContextText>) -> Strategy {
    let (strategy, why) = strategy(question, root, text.map(ContextText::char_len));
    tree.note(|| Detail::Decision { run: 0, choice: strategy.name(), why: why.to_owned() });
    if let (Some(text), Strategy::Direct) = (text, strategy) {
        tree.note_shown(1, "whole text", || coverage::all(text));
    }
    strategy
}

/// How a question is answered, never by [`Strategy::Auto`], and why so. How many characters the text has is not known if it
/// takes long to read.
pub fn strategy(question: &Question, root: &dyn Model, characters: Option<usize>) -> (Strategy, &'static str) {
    match question.config.strategy {
        // The built-in model quotes in any case.
        Strategy::Auto | Strategy::Read if root.prefers_programs() => {
            (Strategy::Rlm, "the built-in model works by programs")
        }
        Strategy::Auto => {
            let has_failed = question.session.as_ref().is_some_and(|session| session.fails_at_programs());
            // A character of source is about a third of a token; half of the window is left for the rest.
            let most = root.window().map_or(DIRECT_CHARS, |tokens| tokens * 3 / 2).min(DIRECT_CHARS);
            match () {
                () if has_failed => (Strategy::Read, "the model has failed at programs in this session"),
                () if llm::is_too_small_for_programs(root.parameters()) => {
                    (Strategy::Read, "the model is too small to write programs")
                }
                () if characters.is_some_and(|characters| characters <= most) => {
                    (Strategy::Direct, "the whole text fits into one prompt")
                }
                () if root.window().is_some_and(|window| window < PROGRAMS_WINDOW) => {
                    (Strategy::Read, "the window of the model has no room for programs")
                }
                () => (Strategy::Rlm, "the text is too long for one prompt, or its length is not known yet"),
            }
        }
        named => (named, "it was asked for"),
    }
}
