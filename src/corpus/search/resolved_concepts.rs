//! Which of the terms of a text mean each concept of a query, and how much they tell.

use super::{
    frequencies::Frequencies,
    key::Key,
    query::{Concept, Query},
};
use std::ops::RangeInclusive;

/// What a word of the same root counts, relative to the one that it stands for.
const FAMILY: f32 = 0.4;

/// How much more a rare concept tells than a common one: less than its rarity says, since what a question is about may be
/// common where it is answered.
const SPREAD: f32 = 0.7;

/// How much a word is held against that is commoner than the one it stands for.
const COMMONER: f32 = 0.55;

/// The concepts of a query as a text has them.
#[derive(Debug)]
pub(super) struct ResolvedConcepts {
    pub concepts: Vec<ResolvedConcept>,
    /// What each term counts in the name of a passage.
    pub in_name: Vec<f32>,
}

/// A concept as a text has it.
#[derive(Debug)]
pub(super) struct ResolvedConcept {
    /// How much it tells and counts.
    pub importance: f32,
    pub meanings: Vec<Meaning>,
}

/// A term that may mean a concept.
#[derive(Debug)]
pub(super) struct Meaning {
    pub term: usize,
    /// How well it stands for what was asked, from 0 to 1.
    pub strength: f32,
    /// What it is worth that the path of a file has it.
    pub in_path: f32,
}

impl ResolvedConcepts {
    pub fn new(query: &Query, frequencies: &Frequencies) -> Self {
        let in_name = vec![0.0; frequencies.terms.len()];
        let mut resolved = Self { concepts: Vec::new(), in_name };
        for concept in &query.concepts {
            resolved.add(concept, frequencies);
        }
        resolved
    }

    fn add(&mut self, concept: &Concept, frequencies: &Frequencies) {
        let Frequencies { terms, blocks, files, all_blocks, all_files } = frequencies;
        let meant = meant(concept, terms);
        // A concept tells as much as the word that was asked, or as the commonest that stands for it.
        let asked = number(terms, &concept.variants[0].0).filter(|_| !concept.is_phrase).map_or(0, |term| blocks[term]);
        let standing_in = || meant.iter().map(|&(term, _)| blocks[term]).max().unwrap_or(0);
        let count = if asked > 0 { asked } else { standing_in() };
        if count == 0 {
            return;
        }
        let rarity_of_concept = rarity(count, *all_blocks);
        let meaning = |(term, weight): (usize, f32)| {
            // A commoner word that stands for what was asked counts less.
            let own = rarity(blocks[term], *all_blocks).min(rarity_of_concept);
            let strength = weight * (own / rarity_of_concept).powf(COMMONER);
            Meaning { term, strength, in_path: weight * rarity(files[term], *all_files) }
        };
        for &(term, weight) in &meant {
            self.in_name[term] = self.in_name[term].max(weight);
        }
        let importance = rarity_of_concept.powf(SPREAD) * concept.weight;
        self.concepts.push(ResolvedConcept { importance, meanings: meant.into_iter().map(meaning).collect() });
    }
}

/// The terms that may mean a concept, each once and with what it counts.
fn meant(concept: &Concept, terms: &[Key]) -> Vec<(usize, f32)> {
    let mut meant: Vec<(usize, f32)> = Vec::new();
    let mut add = |term: usize, weight: f32| {
        if !meant.iter().any(|&(known, _)| known == term) {
            meant.push((term, weight));
        }
    };
    for (text, weight) in &concept.variants {
        if let Some(term) = number(terms, text) {
            add(term, *weight);
        }
    }
    for (text, weight) in &concept.variants {
        let keys = keys(text);
        let start = terms.partition_point(|key| key < keys.start());
        let end = terms.partition_point(|key| key <= keys.end());
        (start..end).for_each(|term| add(term, weight * FAMILY));
    }
    meant
}

/// The number of a term by its text.
fn number(terms: &[Key], text: &str) -> Option<usize> {
    terms.binary_search(&key(text)).ok()
}

/// The key of a variant of a concept, which is a stem or, after an equals sign, a whole identifier.
fn key(text: &str) -> Key {
    text.strip_prefix('=').map_or_else(|| Key::plain(text), Key::whole)
}

/// The keys of all that a variant stands for.
pub(super) fn keys(text: &str) -> RangeInclusive<Key> {
    if text.starts_with('=') { key(text)..=key(text) } else { Key::relatives(text) }
}

/// How much a word tells that occurs in `some` of `all` blocks.
fn rarity(some: usize, all: usize) -> f32 {
    let (some, all) = (some as f32, all as f32);
    ((all - some + 0.5) / (some + 0.5) + 1.0).ln()
}
