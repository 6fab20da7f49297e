//! The form in which an answer is kept, with what is needed to know whether it still holds.

use crate::{
    corpus::ContextText,
    engine::{
        answer::{Answer, Citation, CitationState, Termination, grounding::Grounded},
        budget::usage::Usage,
        event::ContextSize,
        question::session::memory::QuestionPrograms,
    },
    llm::TokenUsage,
    store::Key,
};
use serde::{Deserialize, Serialize};

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptForm {
    pub text: String,
    termination: Termination,
    grounded: Grounded,
    found_nothing: bool,
    citations: Vec<KeptCitation>,
    warnings: Vec<String>,
    took: Took,
    /// The programs that led to it, if they are kept, with the variables that they made.
    pub programs: Option<(QuestionPrograms, Vec<(String, String)>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptCitation {
    path: String,
    first_line: usize,
    last_line: usize,
    state: CitationState,
    /// A hash of the lines, if there are any.
    lines: Option<Key>,
}

/// What all calls took, also those that were not made since their replies were known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Took {
    calls: u64,
    input: u64,
    output: u64,
    cached_input: u64,
    cost: Option<f64>,
}

impl KeptForm {
    /// That of an answer about this text.
    pub fn of(
        answer: &Answer,
        context: &ContextText,
        programs: Option<(QuestionPrograms, Vec<(String, String)>)>,
    ) -> Self {
        let Usage { calls, cached_calls, tokens, saved_tokens, cost, saved_cost, .. } = answer.usage;
        let citation = |it: &Citation| KeptCitation {
            path: it.path.clone(),
            first_line: it.first_line,
            last_line: it.last_line,
            state: it.state,
            lines: lines(context, &it.path, it.first_line, it.last_line),
        };
        Self {
            text: answer.text.clone(),
            termination: answer.termination,
            grounded: answer.grounded,
            found_nothing: answer.found_nothing,
            citations: answer.citations.iter().map(citation).collect(),
            warnings: answer.warnings.clone(),
            took: Took {
                calls: calls + cached_calls,
                input: tokens.input + saved_tokens.input,
                output: tokens.output + saved_tokens.output,
                cached_input: tokens.cached_input + saved_tokens.cached_input,
                cost: cost.zip(saved_cost).map(|(cost, saved)| cost + saved),
            },
            programs,
        }
    }

    pub fn calls(&self) -> u64 {
        self.took.calls
    }

    pub fn tokens(&self) -> u64 {
        self.took.input + self.took.output
    }

    pub fn cost(&self) -> Option<f64> {
        self.took.cost
    }

    pub fn written(&self) -> String {
        // Texts and numbers can be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was written; nothing if it is no such text.
    pub fn read(written: &str) -> Option<Self> {
        serde_json::from_str(written).ok()
    }

    /// The answer once more, for which no call was made.
    pub fn served(&self, context: ContextSize, seconds_ago: u64) -> Answer {
        let Took { calls, input, output, cached_input, cost } = self.took;
        let citation = |it: &KeptCitation| Citation {
            path: it.path.clone(),
            first_line: it.first_line,
            last_line: it.last_line,
            state: it.state,
        };
        Answer {
            text: self.text.clone(),
            grounded: self.grounded,
            found_nothing: self.found_nothing,
            citations: self.citations.iter().map(citation).collect(),
            context,
            warnings: self.warnings.clone(),
            usage: Usage {
                cached_calls: calls,
                saved_tokens: TokenUsage { input, output, cached_input },
                saved_cost: cost,
                ..Usage::none()
            },
            seconds_ago: Some(seconds_ago),
            ..Answer::without_text(self.termination)
        }
    }

    /// Whether all lines that it cites are in this text as they were.
    pub fn cites_the_same(&self, context: &ContextText) -> bool {
        self.citations.iter().all(|it| it.lines == lines(context, &it.path, it.first_line, it.last_line))
    }
}

/// The most bytes of lines that are hashed for one citation.
const MOST_BYTES: usize = 16 << 20;

fn lines(context: &ContextText, path: &str, first: usize, last: usize) -> Option<Key> {
    let number = |line: usize| i64::try_from(line).ok();
    let path = context.segments().iter().any(|it| it.path.is_some()).then_some(path);
    let range = context.line_range(path, number(first)?, number(last)).ok()?;
    let text = if range.len() <= MOST_BYTES { context.read(range).ok() } else { None };
    text.map(|text| Key::of(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn context(text: &str) -> std::sync::Arc<ContextText> {
        Snapshot::of_text(Some("a.txt"), text.to_owned()).context().unwrap()
    }

    #[test]
    fn an_answer_is_served_as_it_was_and_knows_whether_its_lines_are() {
        let text = context("one\ntwo\nthree\n");
        let citation = Citation { path: "a.txt".to_owned(), first_line: 2, last_line: 2, state: CitationState::Found };
        let missing = Citation { first_line: 9, last_line: 9, state: CitationState::Missing, ..citation.clone() };
        let tokens = TokenUsage { input: 3, output: 2, cached_input: 1 };
        let answer = Answer {
            text: "It is two (`a.txt:2`).".to_owned(),
            citations: vec![citation, missing],
            usage: Usage { calls: 2, cached_calls: 1, tokens, cost: Some(0.5), ..Usage::none() },
            ..Answer::without_text(Termination::Final)
        };
        let form = KeptForm::read(&KeptForm::of(&answer, &text, None).written()).expect("it was written");
        let served = form.served(answer.context.clone(), 7);
        assert_eq!((&served.text, &served.citations), (&answer.text, &answer.citations));
        let usage = served.usage;
        assert_eq!((usage.calls, usage.cached_calls, usage.saved_tokens, usage.saved_cost), (0, 3, tokens, Some(0.5)));
        assert_eq!(served.seconds_ago, Some(7));
        for (changed, expected) in [
            ("one\ntwo\nthree\n", true),
            ("another\ntwo\n", true),
            ("one\nTWO\nthree\n", false),
            ("zero\none\ntwo\nthree\n", false),
            ("1\ntwo\n3\n4\n5\n6\n7\n8\n9\n", false),
        ] {
            assert_eq!(form.cites_the_same(&context(changed)), expected, "{changed:?}");
        }
    }
}
