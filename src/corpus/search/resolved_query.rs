//! What a query asks of an index, and where in each part it is found.

use super::{
    frequencies::Frequencies,
    index::Index,
    key::Key,
    query::Query,
    resolved_concepts::{ResolvedConcepts, keys},
    table::Table,
};
use crate::corpus::{parallel, stop::StopFlag};
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
    /// Where the list of each term is in the table of passages.
    pub passages: Vec<Option<u32>>,
    /// Where it is in that of paths.
    pub paths: Vec<Option<u32>>,
}

impl ResolvedQuery {
    /// Nothing if it is stopped.
    pub fn new(index: &Index, query: &Query, stop: &StopFlag) -> Option<Self> {
        let found = find(index, query, stop)?;
        let counted;
        let frequencies = match index.frequencies() {
            Some(known) => known,
            None => {
                counted = count(index, &found);
                &counted
            }
        };
        let held = hold(&frequencies.terms, found);
        Some(Self { meant: ResolvedConcepts::new(query, frequencies), held })
    }
}

/// How common the terms are that were found.
fn count(index: &Index, found: &[Found]) -> Frequencies {
    let mut terms: Vec<Key> = found.iter().flat_map(Found::keys).collect();
    terms.sort_unstable();
    terms.dedup();
    let (mut blocks, mut files) = (vec![0; terms.len()], vec![0; terms.len()]);
    for (placed, found) in index.parts.iter().zip(found) {
        let number = |key: &Key| terms.partition_point(|term| term < key);
        for (key, position) in &found.blocks {
            blocks[number(key)] +=
                placed.part.blocks.list(*position as usize).map(|(count, _)| count as usize).sum::<usize>();
        }
        for (key, position) in &found.paths {
            files[number(key)] += placed.part.paths.count(*position as usize);
        }
    }
    Frequencies { terms, blocks, files, all_blocks: index.blocks(), all_files: index.files() }
}

/// The terms that a part has, with their places in its tables.
struct Found {
    passages: Vec<(Key, u32)>,
    paths: Vec<(Key, u32)>,
    blocks: Vec<(Key, u32)>,
}

impl Found {
    fn keys(&self) -> impl Iterator<Item = Key> {
        [&self.blocks, &self.paths].into_iter().flatten().map(|&(key, _)| key)
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
                || Found { passages: find(&part.passages), paths: find(&part.paths), blocks: find(&part.blocks) };
            (!stop.is_raised()).then(found)
        },
    )
}

/// What was found, by the numbers of the terms.
fn hold(terms: &[Key], found: Vec<Found>) -> Vec<PartHits> {
    let of = |places: &[(Key, u32)]| {
        let mut positions = vec![None; terms.len()];
        for (key, position) in places {
            if let Ok(term) = terms.binary_search(key) {
                positions[term] = Some(*position);
            }
        }
        positions
    };
    let held = |found: Found| PartHits { passages: of(&found.passages), paths: of(&found.paths) };
    found.into_iter().map(held).collect()
}
