//! What a query asks of an index: which of its terms mean each concept, how rare they are, and where in each part they
//! are found.

use super::{
    index::Index,
    key::Key,
    links::{MOST, Place, WEIGHT},
    parallel,
    part::Part,
    query::{Concept, Query},
    table::Table,
};
use crate::corpus::stop::StopFlag;
use rustc_hash::FxHashMap;
use std::ops::{Range, RangeInclusive};

/// What a word of the same root counts, relative to the one that it stands for.
const FAMILY: f32 = 0.7;

/// Parts that are worth another thread.
pub(super) const LEAST_PARTS: usize = 16;

/// A query and what an index has for it.
#[derive(Debug)]
pub(super) struct ResolvedQuery {
    pub concepts: Vec<ResolvedConcept>,
    /// The importance of all concepts together.
    pub importance: f32,
    /// What each term counts in the name of a passage.
    pub in_name: Vec<f32>,
    /// What each part of the index holds.
    pub held: Vec<PartHits>,
}

/// A concept as the index has it.
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

/// What a part holds of a query.
#[derive(Debug, Default)]
pub(super) struct PartHits {
    /// Where the list of each term is in [`Part::passages`].
    pub passages: Vec<Option<u32>>,
    /// Where it is in [`Part::paths`].
    pub paths: Vec<Option<u32>>,
    /// What callers say of passages, in the order of terms and passages.
    pub said: Vec<AnchorText>,
}

/// What callers say of a passage.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnchorText {
    pub term: u32,
    pub passage: u32,
    /// How many occurrences it counts for.
    pub tenths: u32,
}

impl PartHits {
    /// What callers say with one term.
    pub fn said(&self, term: usize) -> &[AnchorText] {
        let of = |said: &AnchorText| said.term as usize;
        let start = self.said.partition_point(|said| of(said) < term);
        let end = self.said.partition_point(|said| of(said) <= term);
        &self.said[start..end]
    }
}

impl ResolvedQuery {
    /// Nothing if it is stopped.
    pub fn new(index: &Index, query: &Query, stop: &StopFlag) -> Option<Self> {
        let found = find(index, query, stop)?;
        let mut terms: Vec<Key> = found.iter().flat_map(Found::keys).collect();
        terms.sort_unstable();
        terms.dedup();
        let held = hold(index, &terms, found);
        let added = parallel::each(
            held.len(),
            LEAST_PARTS,
            || (),
            |(), part| (!stop.is_raised()).then(|| added(&index.parts[part].part, &held[part], terms.len())),
        )?;
        let mut passages = vec![0; terms.len()];
        let mut files = vec![0; terms.len()];
        for ((placed, held), added) in index.parts.iter().zip(&held).zip(added) {
            for term in 0..terms.len() {
                let count = |table: &Table, position: Option<u32>| position.map_or(0, |it| table.count(it as usize));
                passages[term] += count(&placed.part.passages, held.passages[term]) + added[term];
                files[term] += count(&placed.part.paths, held.paths[term]);
            }
        }
        let mut asked = Self { concepts: Vec::new(), importance: 0.0, in_name: vec![0.0; terms.len()], held };
        for concept in &query.concepts {
            asked.add(index, concept, &terms, &passages, &files);
        }
        Some(asked)
    }

    fn add(&mut self, index: &Index, concept: &Concept, terms: &[Key], passages: &[usize], files: &[usize]) {
        let meant = meant(concept, terms);
        // A concept tells as much as the word that was asked, or as the commonest that stands for it.
        let asked = number(terms, &concept.variants[0].0).map_or(0, |term| passages[term]);
        let standing_in = || meant.iter().map(|&(term, _)| passages[term]).max().unwrap_or(0);
        let count = if asked > 0 { asked } else { standing_in() };
        if count == 0 {
            return;
        }
        let rarity_of_concept = rarity(count, index.passages());
        let meaning = |(term, weight): (usize, f32)| {
            // A commoner word that stands for what was asked counts less.
            let own = rarity(passages[term], index.passages()).min(rarity_of_concept);
            let strength = weight * (own / rarity_of_concept).sqrt();
            Meaning { term, strength, in_path: weight * rarity(files[term], index.files()) }
        };
        for &(term, weight) in &meant {
            self.in_name[term] = self.in_name[term].max(weight);
        }
        let importance = rarity_of_concept * concept.weight;
        self.importance += importance;
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
fn keys(text: &str) -> RangeInclusive<Key> {
    if text.starts_with('=') { key(text)..=key(text) } else { Key::relatives(text) }
}

/// The terms that a part has, with their places in its tables.
struct Found {
    passages: Vec<(Key, u32)>,
    paths: Vec<(Key, u32)>,
    comments: Vec<(Key, u32)>,
}

impl Found {
    fn keys(&self) -> impl Iterator<Item = Key> {
        [&self.passages, &self.paths, &self.comments].into_iter().flatten().map(|&(key, _)| key)
    }
}

/// Looks up all terms of a query in all parts.
fn find(index: &Index, query: &Query, stop: &StopFlag) -> Option<Vec<Found>> {
    let variants = query.concepts.iter().flat_map(|concept| &concept.variants);
    let mut wanted: Vec<RangeInclusive<Key>> = variants.map(|(text, _)| keys(text)).collect();
    wanted.sort_unstable_by_key(|keys| *keys.start());
    wanted.dedup();
    parallel::each(
        index.parts.len(),
        LEAST_PARTS,
        || (),
        |(), number| {
            let part = &*index.parts[number].part;
            let find = |table: &Table| {
                let positions = |keys| -> Range<usize> { table.positions(keys) };
                let found = wanted.iter().flat_map(positions);
                found.map(|position| (table.key(position), position as u32)).collect()
            };
            let found =
                || Found { passages: find(&part.passages), paths: find(&part.paths), comments: find(&part.comments) };
            (!stop.is_raised()).then(found)
        },
    )
}

/// What was found, by the numbers of the terms.
fn hold(index: &Index, terms: &[Key], found: Vec<Found>) -> Vec<PartHits> {
    let of = |places: &[(Key, u32)]| {
        let mut positions = vec![None; terms.len()];
        for (key, position) in places {
            if let Ok(term) = terms.binary_search(key) {
                positions[term] = Some(*position);
            }
        }
        positions
    };
    let mut said = FxHashMap::<(u32, Place), u32>::default();
    for ((number, placed), found) in index.parts.iter().enumerate().zip(&found) {
        for (key, position) in &found.comments {
            let Ok(term) = terms.binary_search(key) else { continue };
            for (call, times) in placed.part.comments.list(*position as usize) {
                for place in index.links.of_call(number, call) {
                    let tenths = said.entry((term as u32, *place)).or_default();
                    *tenths = (*tenths + WEIGHT * times).min(MOST);
                }
            }
        }
    }
    let mut held: Vec<PartHits> = found
        .iter()
        .map(|found| PartHits { passages: of(&found.passages), paths: of(&found.paths), said: Vec::new() })
        .collect();
    for ((term, place), tenths) in said {
        held[place.part as usize].said.push(AnchorText { term, passage: place.passage, tenths });
    }
    held.iter_mut().for_each(|held| held.said.sort_unstable_by_key(|it| (it.term, it.passage)));
    held
}

/// How many passages of a part have each term only because callers say it of them.
fn added(part: &Part, held: &PartHits, terms: usize) -> Vec<usize> {
    let mut added = vec![0; terms];
    for said in held.said.chunk_by(|a, b| a.term == b.term) {
        let term = said[0].term as usize;
        let mut own = held.passages[term].into_iter().flat_map(|it| part.passages.list(it as usize)).peekable();
        for said in said {
            while own.next_if(|&(passage, _)| passage < said.passage).is_some() {}
            added[term] += usize::from(own.peek().is_none_or(|&(passage, _)| passage != said.passage));
        }
    }
    added
}

/// How much a word tells that occurs in `some` of `all` passages.
fn rarity(some: usize, all: usize) -> f32 {
    let (some, all) = (some as f32, all as f32);
    ((all - some + 0.5) / (some + 0.5) + 1.0).ln()
}
