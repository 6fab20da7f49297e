//! How well single lines fit a question: what to quote of a passage.

use super::{
    query::{Concept, Query},
    stem::stem,
    terms::{Word, words},
};
use std::collections::HashSet;

/// A rating for each line, 0 for one that has nothing to do with the question. What occurs in few of the lines counts
/// more than what occurs in most of them.
pub fn rate_lines(question: &str, lines: &[&str]) -> Vec<f64> {
    let query = Query::new(question);
    let terms: Vec<HashSet<String>> = lines.iter().map(|line| terms(line)).collect();
    let matches: Vec<Vec<f64>> =
        query.concepts.iter().map(|concept| terms.iter().map(|terms| strength(concept, terms)).collect()).collect();
    let rarity = |matches: &[f64]| {
        let holding = matches.iter().filter(|&&strength| strength > 0.0).count();
        (1.0 + lines.len() as f64 / (1.0 + holding as f64)).ln()
    };
    let mut ratings = vec![0.0; lines.len()];
    for matches in &matches {
        let rarity = rarity(matches);
        for (rating, strength) in ratings.iter_mut().zip(matches) {
            *rating += strength * rarity;
        }
    }
    ratings
}

/// How strongly a line speaks of a concept: by its best variant.
fn strength(concept: &Concept, terms: &HashSet<String>) -> f64 {
    let best = concept.variants.iter().filter(|(term, _)| terms.contains(term)).map(|&(_, weight)| weight);
    f64::from(best.fold(0.0, f32::max) * concept.weight)
}

fn terms(line: &str) -> HashSet<String> {
    let mut terms = HashSet::new();
    words(line, |word| {
        terms.insert(match word {
            Word::Part(part) => stem(part).into_owned(),
            Word::Whole(whole) => super::query::identifier(whole),
        });
    });
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_speak_of_the_question_are_rated_higher() {
        let lines = [
            "fn read(&self) {",
            "    let limit = self.retry_limit;",
            "    // Gives up when it retried too often.",
            "}",
        ];
        let ratings = rate_lines("where is the limit of retries?", &lines);
        assert!(ratings[1] > ratings[2] && ratings[2] > ratings[0], "{ratings:?}");
        assert_eq!(ratings[3], 0.0);
        assert_eq!(rate_lines("", &lines), [0.0; 4]);
    }
}
