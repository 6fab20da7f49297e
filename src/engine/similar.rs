//! How near two questions are to each other, for offering what was answered before.
//!
//! No measure tells "what calls X" from "what does X call", so a near question is never taken for the same one.

use std::collections::BTreeSet;

/// From this part of their words on that they have in common, questions are near.
const NEAR: f64 = 0.6;

/// Words that say little about what is asked.
const LITTLE: &str = "a an and are be by can do does did for from has have how i in is it its me of on or tell that the their \
there they this to was were what when where which who why with you";

/// Of these questions the one that is nearest to another, if one is near.
pub fn nearest<T>(question: &str, others: impl IntoIterator<Item = T>, text: impl Fn(&T) -> &str) -> Option<T> {
    let words = words(question);
    let mut nearest: Option<(f64, T)> = None;
    for other in others {
        let part = part_in_common(&words, &self::words(text(&other)));
        if part >= NEAR && nearest.as_ref().is_none_or(|(most, _)| part > *most) {
            nearest = Some((part, other));
        }
    }
    nearest.map(|(_, other)| other)
}

fn part_in_common(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let all = a.union(b).count();
    if all == 0 { 0.0 } else { a.intersection(b).count() as f64 / all as f64 }
}

fn words(question: &str) -> BTreeSet<String> {
    let words = question.split(|it: char| !it.is_alphanumeric() && it != '_').map(str::to_lowercase);
    let telling = words.filter(|word| !word.is_empty() && !LITTLE.split(' ').any(|it| it == word));
    telling.map(|word| word.trim_end_matches('s').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_question_is_one_that_is_near() {
        let others = ["what does parse_header call?", "where are retries given up?", "which files are there?"];
        for (question, expected) in [
            ("what calls parse_header?", Some(others[0])),
            ("how are retries given up on?", Some(others[1])),
            ("what is the weather like?", None),
            ("what is it?", None),
        ] {
            assert_eq!(nearest(question, others, |it| it), expected, "{question}");
        }
    }
}
