//! What a question is expected to take, from what such questions took before.
//!
//! Such questions are those that the same models have answered in the same way, about a text of about that size if there are
//! enough of these. How much a program asks depends on what it finds, so a spread is told and no single number.

use crate::{
    config::{Price, Strategy},
    engine::{Engine, Question, known_answer::Asked, strategy::strategy},
    failure::{Failure, FailureKind},
    llm::{self, Choice, Request},
    store::Spent,
};

/// From so many questions on, what they took says what another one takes.
const ENOUGH: usize = 3;

/// A text of about the same size has at most so many times as many bytes, or at least such a part of them.
const ABOUT: u64 = 4;

/// Tokens of a first prompt without the text, and of an answer, roughly.
const PROMPT_TOKENS: u64 = 4000;
const REPLY_TOKENS: u64 = 1500;

/// What is expected of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// How many such questions were answered.
    pub questions: usize,
    /// What they took; nothing if there were none.
    pub calls: Option<Spread>,
    pub tokens: Option<Spread>,
    /// In US dollars, if the prices are known.
    pub cost: Option<Spread>,
    /// Whether this very question was answered before, which costs nothing if the text has not changed.
    pub is_known: bool,
}

/// Where most of some numbers lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// A tenth of them is less.
    pub low: f64,
    pub median: f64,
    /// A tenth of them is more.
    pub high: f64,
}

impl Spread {
    fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len().checked_sub(1)?;
        let at = |part: f64| numbers[(last as f64 * part).round() as usize];
        Some(Self { low: at(0.1), median: at(0.5), high: at(0.9) })
    }
}

impl Engine {
    /// What a question that is answered in this way is expected to take.
    pub(in crate::engine) async fn expectation(&self, question: &Question, strategy: Strategy) -> Expectation {
        let store = self.backend.replies.store();
        let Choice { root, worker, .. } = &self.choice;
        if let Some(session) = &question.session {
            // What follows earlier questions is another question.
            session.recall(store).await;
        }
        let spent = store.spent(root.name().to_owned(), worker.name().to_owned(), strategy.name().to_owned()).await;
        let is_known = match Asked::of(self, question) {
            Some(asked) => asked.is_known(store).await,
            None => false,
        };
        expectation(spent, question.snapshot.bytes(), is_known)
    }

    /// What a question may cost, in US dollars, if that is more than the person wants to spend without being asked. Nothing
    /// is read for it, and nobody is called.
    pub async fn cost_to_confirm(&self, question: &Question) -> Option<f64> {
        let limit = question.config.confirm_above?;
        let Choice { root, worker, .. } = &self.choice;
        let price = |model: &str| llm::price(&self.prices, model);
        let prices = price(root.name()).zip(price(worker.name()))?;
        let bytes = question.snapshot.bytes();
        let (strategy, _) = strategy(question, root.as_ref(), usize::try_from(bytes).ok());
        let expected = self.expectation(question, strategy).await;
        let most = match expected.cost {
            _ if expected.is_known => return None,
            Some(cost) if expected.questions >= ENOUGH => cost.high,
            _ => without_experience(prices, strategy, bytes),
        };
        Some(question.limits.max_cost.map_or(most, |limit| most.min(limit))).filter(|&most| most > limit)
    }
}

/// The failure of a `what`, a question, a review or a change, that nobody has agreed to pay for.
pub fn not_confirmed(what: &str, cost: f64) -> Failure {
    Failure {
        kind: FailureKind::NotConfirmed,
        message: format!("the {what} may cost about ${cost:.2}, and nobody has agreed to that"),
        hint: Some("allow more with --confirm-above, or set a limit with --max-cost".to_owned()),
    }
}

/// What calls of a model may cost, in US dollars, with prompts of so many bytes together and so many tokens of replies.
pub(in crate::engine) fn cost_of_calls(price: Price, bytes: usize, reply_tokens: u64) -> f64 {
    price.of(Request::tokens_of(bytes), reply_tokens)
}

/// What a question may cost where nothing such was asked before: a direct answer one prompt with the text, and programs as much
/// as reading the whole text once.
fn without_experience((root, worker): (Price, Price), strategy: Strategy, bytes: u64) -> f64 {
    let text = Request::tokens_of(usize::try_from(bytes).unwrap_or(usize::MAX));
    match strategy {
        Strategy::Direct => root.of(text + PROMPT_TOKENS, REPLY_TOKENS),
        Strategy::Read => root.of(2 * PROMPT_TOKENS, REPLY_TOKENS),
        Strategy::Rlm | Strategy::Auto => root.of(PROMPT_TOKENS, REPLY_TOKENS) + worker.of(text, 0),
    }
}

fn expectation(spent: Vec<Spent>, bytes: u64, is_known: bool) -> Expectation {
    let is_about = |it: &&Spent| it.bytes <= bytes.saturating_mul(ABOUT) && bytes <= it.bytes.saturating_mul(ABOUT);
    let near: Vec<&Spent> = spent.iter().filter(is_about).collect();
    let such = if near.len() >= ENOUGH { near } else { spent.iter().collect() };
    let costs: Option<Vec<f64>> = such.iter().map(|it| it.cost).collect();
    Expectation {
        questions: such.len(),
        calls: Spread::of(such.iter().map(|it| it.calls as f64)),
        tokens: Spread::of(such.iter().map(|it| it.tokens as f64)),
        cost: costs.and_then(Spread::of),
        is_known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(bytes: u64, calls: u64, cost: Option<f64>) -> Spent {
        let (model, worker, strategy) = ("m".to_owned(), "w".to_owned(), "rlm".to_owned());
        Spent { model, worker, strategy, bytes, calls, tokens: calls * 100, cost }
    }

    #[test]
    fn what_such_questions_took_is_told_with_its_spread() {
        let many: Vec<Spent> = (0..=100).map(|calls| spent(1000, calls, Some(0.01 * calls as f64))).collect();
        let expected = expectation(many, 900, false);
        assert_eq!((expected.questions, expected.calls), (101, Some(Spread { low: 10.0, median: 50.0, high: 90.0 })));
        assert_eq!(expected.tokens.map(|it| it.median), Some(5000.0));
        assert!(expected.cost.is_some_and(|it| (it.high - 0.9).abs() < 1e-9));
        // Texts of about the size count, if there are enough; without all prices no cost is told.
        let mixed =
            [spent(10, 1, None), spent(1000, 7, Some(1.0)), spent(1100, 8, Some(1.0)), spent(900, 9, Some(1.0))];
        let expected = expectation(mixed.to_vec(), 1000, true);
        assert_eq!(
            (expected.questions, expected.calls.map(|it| it.low), expected.cost.is_some()),
            (3, Some(7.0), true)
        );
        let expected = expectation(mixed[..3].to_vec(), 1000, false);
        assert_eq!((expected.questions, expected.cost), (3, None));
        let nothing = expectation(Vec::new(), 1000, false);
        assert_eq!((nothing.questions, nothing.calls, nothing.cost), (0, None, None));
    }
}
