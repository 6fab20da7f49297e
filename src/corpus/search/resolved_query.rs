//! What a query asks of an index, and where in each part it is found.

use super::{
    index::Index,
    key::Key,
    links::{MOST, Place, WEIGHT},
    part::Part,
    query::Query,
    resolved_concepts::{Frequencies, ResolvedConcepts, keys},
    table::Table,
};
use crate::corpus::{parallel, stop::StopFlag};
use rustc_hash::FxHashMap;
use std::ops::{Range, RangeInclusive};

/// Parts that are worth another thread.
pub(super) const LEAST_PARTS: usize = 16;

/// A query and what an index has for it.
#[derive(Debug)]
pub(super) struct ResolvedQuery {
    pub meant: ResolvedConcepts,
    /// What each part of the index holds.
    pub held: Vec<PartHits>,
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
        let mut frequencies =
            Frequencies { terms, passages, files, all_passages: index.passages(), all_files: index.files() };
        if let Some(statistics) = index.statistics() {
            statistics.put_into(&mut frequencies);
        }
        Some(Self { meant: ResolvedConcepts::new(query, &frequencies), held })
    }
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
