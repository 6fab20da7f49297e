//! Points from the findings of a review.

use crate::{
    dogfood::point::{Point, Topic},
    review::{
        finding::Finding,
        rule::{DEAD_LINK, DUPLICATED_BLOCK, MISSING_CITATION, MODEL_FINDING, OPEN_TODO, Severity, UNUSED_DEFINITION},
    },
};

/// Words with which models name topics, and what these are here; what is left is about correctness.
const WORDS: [(&str, Topic); 12] = [
    ("perform", Topic::Performance),
    ("slow", Topic::Performance),
    ("alloc", Topic::Performance),
    ("test", Topic::Tests),
    ("doc", Topic::Documentation),
    ("comment", Topic::Documentation),
    ("dead", Topic::DeadCode),
    ("unused", Topic::DeadCode),
    ("unreachable", Topic::DeadCode),
    ("duplic", Topic::Structure),
    ("complex", Topic::Structure),
    ("naming", Topic::Structure),
];

/// The point that a finding is.
pub fn point(finding: &Finding) -> Point {
    let lines = finding.place.last_line - finding.place.first_line + 1;
    let (topic, worth, advice) = match finding.rule.id {
        id if id == MISSING_CITATION.id => (Topic::Documentation, 72.0, "cite the place where it is now"),
        id if id == DEAD_LINK.id => (Topic::Documentation, 76.0, "mend the link, or take it out"),
        id if id == UNUSED_DEFINITION.id => (Topic::DeadCode, 68.0, "delete it, or use it"),
        id if id == DUPLICATED_BLOCK.id => {
            let worth = (38.0 + lines as f64 / 3.0).min(68.0);
            (Topic::Structure, worth, "make one function of the two, if they are to stay the same")
        }
        id if id == OPEN_TODO.id => (Topic::Correctness, 42.0, "do it, or say why it stays as it is"),
        id if id == MODEL_FINDING.id => {
            let worth = if finding.severity == Severity::Warning { 88.0 } else { 58.0 };
            (topic_of_model(&finding.sentence), worth, "look at the lines, and add a test that shows it")
        }
        _ => (Topic::Correctness, 50.0, "look at it"),
    };
    Point {
        kind: finding.rule.id,
        topic,
        worth,
        place: finding.place.clone(),
        sentence: finding.sentence.clone(),
        reason: finding.reason.clone(),
        advice: finding.fix.as_ref().map_or_else(|| advice.to_owned(), |fix| fix.sentence.clone()),
        doubt: finding.doubt.clone(),
        evidence: finding.evidence.clone(),
        finding: Some(finding.id.clone()),
        fix: finding.fix.clone(),
    }
}

/// What a model means by the topic that stands before its sentence.
fn topic_of_model(sentence: &str) -> Topic {
    let named = sentence.split(':').next().unwrap_or_default().to_lowercase();
    WORDS.iter().find(|(word, _)| named.contains(word)).map_or(Topic::Correctness, |(_, topic)| *topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_of_models_are_sorted_in() {
        for (sentence, expected) in [
            ("Performance: a copy for each line", Topic::Performance),
            ("missing tests: nothing covers it", Topic::Tests),
            ("division: divides by zero: see the docs", Topic::Correctness),
            ("documentation: says something else", Topic::Documentation),
            ("dead code: never true", Topic::DeadCode),
        ] {
            assert_eq!(topic_of_model(sentence), expected, "{sentence}");
        }
    }
}
