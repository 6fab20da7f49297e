//! A question that speaks of what was said before, made one that stands by itself.
//!
//! Nothing is understood here: a pronoun becomes what an earlier question has named, or else the earlier question is asked
//! along.

use super::question::Question;
use regex::Regex;
use std::sync::LazyLock;

/// Words by which a question speaks of what was said before.
const BACKWARD: [&str; 7] = ["it", "its", "they", "them", "their", "he", "she"];

/// Words that do so where no noun follows: "why is that so?", but not "what is this project about?".
const POINTING: [&str; 4] = ["this", "that", "these", "those"];
const NO_NOUNS: [&str; 14] =
    ["is", "are", "was", "were", "so", "do", "does", "done", "mean", "means", "work", "works", "happen", "happens"];

/// Those that stand in the place of a name.
static PRONOUN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(its|it|them|they|their)\b").expect("the pattern is right"));

/// A question that can be looked up by itself, after these, the latest of which comes last.
pub fn standing_alone(question: &str, earlier: &[&str]) -> String {
    if !points_back(question) {
        return question.to_owned();
    }
    // Several in a row may be about the same.
    let standing = earlier.iter().rfind(|it| !points_back(it)).or(earlier.last());
    let Some(standing) = standing else { return question.to_owned() };
    match (subject(standing), PRONOUN.find(question)) {
        (Some(subject), Some(pronoun)) => {
            let is_possessive = ["its", "their"].iter().any(|it| it.eq_ignore_ascii_case(pronoun.as_str()));
            let name = if is_possessive { format!("`{subject}`'s") } else { format!("`{subject}`") };
            format!("{}{name}{}", &question[..pronoun.start()], &question[pronoun.end()..])
        }
        _ => format!("{standing}\n{question}"),
    }
}

fn points_back(question: &str) -> bool {
    let is_one = |word: &str, list: &[&str]| list.iter().any(|it| it.eq_ignore_ascii_case(word));
    let words = question.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|word| !word.is_empty());
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let mut is_pointer = || words.peek().is_none_or(|next| is_one(next, &NO_NOUNS));
        if is_one(word, &BACKWARD) || is_one(word, &POINTING) && is_pointer() {
            return true;
        }
    }
    false
}

/// The one thing that a question names, if it is one.
fn subject(question: &str) -> Option<String> {
    let named = Question::new(question).named;
    [named.names, named.words, named.files].into_iter().find(|them| !them.is_empty()).and_then(|them| match &them[..] {
        [one] => Some(one.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_speaks_of_what_was_said_says_it_itself() {
        let limit = "where is RETRY_LIMIT defined?";
        for (question, earlier, expected) in [
            ("Who sets the port?", &[limit][..], "Who sets the port?"),
            ("Who sets it?", &[], "Who sets it?"),
            ("Who sets it?", &[limit], "Who sets `RETRY_LIMIT`?"),
            ("what is this project about?", &[limit], "what is this project about?"),
            ("is there a function that retries?", &[limit], "is there a function that retries?"),
            ("what is its value?", &[limit], "what is `RETRY_LIMIT`'s value?"),
            ("and who calls it?", &["what is a()?", limit, "Who sets it?"], "and who calls `RETRY_LIMIT`?"),
            ("who calls it?", &["where is prune defined?"], "who calls `prune`?"),
            // What several things are called, or none, nobody knows.
            ("who calls it?", &["what do load_a and load_b do?"], "what do load_a and load_b do?\nwho calls it?"),
            ("why is that so?", &["how are retries given up?"], "how are retries given up?\nwhy is that so?"),
        ] {
            assert_eq!(standing_alone(question, earlier), expected);
        }
    }
}
