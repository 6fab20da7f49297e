//! What several words of a question mean together, and none of them alone.
//!
//! Whoever asks what happens "when it takes too long" means a timeout, and what is "left out" is skipped; most of these
//! words are so common that they are not even looked for. Each line of the table has such words and what code calls that.
//! `..` stands for up to [`GAP`] words in between. Nothing in it is about any single program.

use super::{
    stem::stem,
    terms::{Word, words},
};
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// The most words between the two parts of "put … back".
const GAP: usize = 3;

/// Some words, and what they mean.
#[derive(Debug)]
struct Phrase {
    /// Their stems, by the parts that may lie apart.
    parts: Vec<Vec<String>>,
    meant: Vec<String>,
}

/// By the stem of the first word, the longest first.
static PHRASES: LazyLock<FxHashMap<String, Vec<Phrase>>> = LazyLock::new(|| {
    let mut phrases = FxHashMap::<String, Vec<Phrase>>::default();
    for line in include_str!("phrases.txt").lines() {
        let (said, meant) = line.split_once(": ").unwrap_or_default();
        let parts: Vec<Vec<String>> = said.split(" .. ").map(stems).collect();
        let Some(first) = parts.first().and_then(|part| part.first()) else { continue };
        phrases.entry(first.clone()).or_default().push(Phrase { parts, meant: stems(meant) });
    }
    let length = |phrase: &Phrase| phrase.parts.iter().map(Vec::len).sum::<usize>();
    phrases.values_mut().for_each(|of_word| of_word.sort_by_key(|phrase| std::cmp::Reverse(length(phrase))));
    phrases
});

/// A phrase that was found in a question.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// Which words of the question it has.
    pub words: Vec<usize>,
    /// The stems of what it means.
    pub meant: &'static [String],
}

/// The phrases among words with these stems. No word is in two of them.
pub(super) fn find(words: &[String]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for start in 0..words.len() {
        if found.iter().any(|it| it.words.contains(&start)) {
            continue;
        }
        let of_word = PHRASES.get(&words[start]).map_or(&[] as &[_], Vec::as_slice);
        found.extend(of_word.iter().find_map(|phrase| phrase.at(start, words)));
    }
    found
}

impl Phrase {
    fn at(&'static self, start: usize, words: &[String]) -> Option<Found> {
        let mut taken = Vec::new();
        let mut from = start..start + 1;
        for part in &self.parts {
            let at = from.clone().find(|&at| words[at.min(words.len())..].starts_with(part))?;
            taken.extend(at..at + part.len());
            from = at + part.len()..at + part.len() + GAP + 1;
        }
        Some(Found { words: taken, meant: &self.meant })
    }
}

fn stems(text: &str) -> Vec<String> {
    let mut stems = Vec::new();
    words(text, |word| {
        if let Word::Part(part) = word {
            stems.push(stem(part).into_owned());
        }
    });
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(question: &str) -> Vec<&'static str> {
        find(&stems(question)).iter().map(|it| it.meant[0].as_str()).collect()
    }

    #[test]
    fn words_that_mean_something_together_are_found_in_any_form() {
        assert_eq!(meant("When does it give up?"), meant("who was giving up"));
        assert_eq!(meant("Where are the old files put back?"), meant("put them back"));
        assert!(meant("put the book on the back of a chair over there").is_empty());
        assert!(meant("put").is_empty() && meant("").is_empty());
        let found = find(&stems("what takes too long at the end"));
        assert_eq!(found.iter().map(|it| it.words.len()).collect::<Vec<_>>(), [3, 3]);
    }
}
