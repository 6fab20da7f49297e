//! Words that mean nearly the same when people speak of programs.
//!
//! A person asks where something is deleted, and the code removes it; or says configuration, and the code says `cfg`.
//! Each line of two of the tables is a group of words that stand for each other at a discount; of the third it is a word
//! of every day that stands for the others, and not they for it. They are about programs in general; nothing in them is
//! about any single one.

use super::stem::stem;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What an abbreviation counts for its full form, and the other way round, where the word itself counts 1.
const SHORT_FORM: f32 = 0.75;

/// What a word of related meaning counts.
const RELATED: f32 = 0.6;

/// What one counts that a word of every day stands for.
const EVERYDAY: f32 = 0.6;

type Relations = FxHashMap<String, Vec<(String, f32)>>;

static RELATIONS: LazyLock<Relations> = LazyLock::new(|| {
    let mutual = [(include_str!("short_forms.txt"), SHORT_FORM), (include_str!("related.txt"), RELATED)];
    let mut relations = Relations::default();
    for (table, weight) in mutual {
        for group in table.lines().map(stems) {
            group.iter().for_each(|word| relate(&mut relations, word, &group, weight));
        }
    }
    for group in include_str!("everyday.txt").lines().map(stems) {
        relate(&mut relations, &group[0], &group, EVERYDAY);
    }
    relations
});

fn stems(group: &str) -> Vec<String> {
    group.split(' ').map(|word| stem(word).into_owned()).collect()
}

fn relate(relations: &mut Relations, word: &str, group: &[String], weight: f32) {
    let known = relations.entry(word.to_owned()).or_default();
    for other in group.iter().filter(|&other| other != word) {
        if !known.iter().any(|(known, _)| known == other) {
            known.push((other.clone(), weight));
        }
    }
}

/// Stems that may be meant by `stem`, and how much each counts.
pub(super) fn related(stem: &str) -> &'static [(String, f32)] {
    RELATIONS.get(stem).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(a: &str, b: &str) -> Option<f32> {
        related(&stem(a)).iter().find(|(other, _)| *other == stem(b)).map(|&(_, weight)| weight)
    }

    #[test]
    fn relations_are_mutual_and_know_endings() {
        assert_eq!(relation("deleted", "removing"), Some(RELATED));
        assert_eq!(relation("removes", "delete"), Some(RELATED));
        assert_eq!(relation("configurations", "cfg"), Some(SHORT_FORM));
        assert_eq!(relation("delete", "zebra"), None);
        assert_eq!(relation("rouse", "waking"), Some(EVERYDAY));
        assert_eq!(relation("gc", "sweep"), None);
    }
}
