//! From the words of a question to the passages that answer it best.
//!
//! The weights were set by `tests/search_quality.rs`, on the questions that are not held out. None is sharp: a tenth up
//! or down changes one question in fifty.

use super::{
    index::{Entry, Index},
    query::{Concept, Query},
    role::Role,
};
use rustc_hash::FxHashMap;

/// How soon further occurrences of a word stop to matter (k1 of BM25).
const SATURATION: f32 = 1.5;

/// How much long passages are held against having more words (b of BM25).
const LENGTH: f32 = 0.3;

/// What a word of the same root counts, relative to the one that it stands for.
const FAMILY: f32 = 0.7;

/// What a word in the path of a file counts, relative to one in its passages.
const PATH: f32 = 0.35;

/// How much of a passage's score depends on how much of the question it holds.
const COVERAGE: f32 = 0.5;

/// What a name made of nothing but words of the question adds.
const NAME: f32 = 0.3;

/// What a passage counts that holds comments and nothing else.
const ONLY_COMMENTS: f32 = 0.75;

/// The numbers and scores of the `k` best passages, best first.
pub(super) fn rank(index: &Index, query: &Query, k: usize) -> Vec<(u32, f32)> {
    let entries = index.passages();
    let mut totals = vec![Total::default(); entries.len()];
    let mut in_paths = vec![0.0_f32; index.files()];
    let mut named = FxHashMap::<u32, f32>::default();
    let mut best = Best::new(entries.len());
    let mut asked = 0.0;
    for concept in &query.concepts {
        let terms = terms(index, concept);
        let importance = importance(index, concept, &terms) * concept.weight;
        if importance == 0.0 {
            continue;
        }
        asked += importance;
        best.fill(index, &terms, importance / concept.weight);
        for (passage, found) in best.drain() {
            let total = &mut totals[passage as usize];
            total.score += importance * found.score;
            total.covered += importance * found.strength;
        }
        add_paths(index, &terms, &mut in_paths);
        for (term, weight) in terms {
            let known = named.entry(term).or_default();
            *known = known.max(weight);
        }
    }

    let scored = totals.iter().zip(entries).enumerate().filter(|(_, (total, _))| total.score > 0.0);
    let mut ranked: Vec<(u32, f32)> = scored
        .map(|(number, (total, entry))| {
            let score = total.score + PATH * in_paths[entry.segment as usize];
            let coverage = 1.0 - COVERAGE + COVERAGE * total.covered / asked;
            let name = 1.0 + NAME * name_match(entry, &named);
            (number as u32, score * coverage * name * prior(entry, query))
        })
        .collect();
    ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(k);
    ranked
}

/// What a passage has of the question.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    score: f32,
    covered: f32,
}

/// The terms of the index that may mean a concept, each once and with what it counts.
fn terms(index: &Index, concept: &Concept) -> Vec<(u32, f32)> {
    let mut terms: Vec<(u32, f32)> = Vec::new();
    let mut add = |term: u32, weight: f32| {
        if !terms.iter().any(|&(known, _)| known == term) {
            terms.push((term, weight));
        }
    };
    for (text, weight) in &concept.variants {
        if let Some(term) = index.term(text) {
            add(term, *weight);
        }
    }
    for (text, weight) in &concept.variants {
        index.family(text).iter().for_each(|&term| add(term, weight * FAMILY));
    }
    terms
}

/// How much a concept tells: as much as the word that was asked, or as the commonest that stands for it.
fn importance(index: &Index, concept: &Concept, terms: &[(u32, f32)]) -> f32 {
    let count = |term: u32| index.postings(term).len();
    let asked = index.term(&concept.variants[0].0).map_or(0, count);
    let standing_in = || terms.iter().map(|&(term, _)| count(term)).max().unwrap_or(0);
    match if asked > 0 { asked } else { standing_in() } {
        0 => 0.0,
        passages => rarity(passages, index.passages().len()),
    }
}

/// Adds to the score of each file what it is worth that its path has a word.
fn add_paths(index: &Index, terms: &[(u32, f32)], scores: &mut [f32]) {
    let mut best = FxHashMap::<u32, f32>::default();
    for &(term, weight) in terms {
        let files = index.in_paths(term);
        let score = weight * rarity(files.len(), index.files());
        for &file in files {
            let known = best.entry(file).or_default();
            *known = known.max(score);
        }
    }
    for (file, score) in best {
        scores[file as usize] += score;
    }
}

/// Which part of the words of a passage's name the question has, from 0 to 1.
fn name_match(entry: &Entry, named: &FxHashMap<u32, f32>) -> f32 {
    let found: f32 = entry.name.iter().filter_map(|term| named.get(term)).sum();
    found / entry.name.len().max(1) as f32
}

/// How likely a passage answers questions at all: functions do more often than types, and code than comments.
fn prior(entry: &Entry, query: &Query) -> f32 {
    let role = match entry.role {
        Role::Test | Role::Example | Role::Aside if query.about_tests => 1.0,
        role => role.factor(),
    };
    let kind = match entry.kind {
        Some("function" | "method" | "macro" | "heading") => 1.0,
        Some(_) => 0.8,
        None => 0.9,
    };
    let comments = if entry.has_code { 1.0 } else { ONLY_COMMENTS };
    role * kind * comments
}

/// What the best term for one concept is worth in a passage.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    score: f32,
    /// How well the term stands for what was asked, from 0 to 1.
    strength: f32,
}

/// The best term for one concept in every passage.
struct Best {
    found: Vec<Found>,
    met: Vec<u32>,
}

impl Best {
    fn new(passages: usize) -> Self {
        Self { found: vec![Found::default(); passages], met: Vec::new() }
    }

    /// `rarity_of_concept` is that of the word that was asked; a commoner word that stands for it counts less.
    fn fill(&mut self, index: &Index, terms: &[(u32, f32)], rarity_of_concept: f32) {
        let mean = index.mean_words();
        for &(term, weight) in terms {
            let postings = index.postings(term);
            let own = rarity(postings.len(), index.passages().len());
            let strength = weight * (own.min(rarity_of_concept) / rarity_of_concept).sqrt();
            for posting in postings {
                let words = index.passages()[posting.passage as usize].words as f32;
                // Very short passages are no better for being short.
                let length = 1.0 - LENGTH + LENGTH * words.max(mean) / mean;
                let frequency = posting.frequency;
                let saturated = frequency * (SATURATION + 1.0) / (frequency + SATURATION * length);
                self.offer(posting.passage, Found { score: strength * saturated, strength });
            }
        }
    }

    fn offer(&mut self, passage: u32, offered: Found) {
        let best = &mut self.found[passage as usize];
        if best.score == 0.0 {
            self.met.push(passage);
        }
        if offered.score > best.score {
            *best = offered;
        }
    }

    fn drain(&mut self) -> impl Iterator<Item = (u32, Found)> {
        let found = &mut self.found;
        self.met.drain(..).map(|passage| (passage, std::mem::take(&mut found[passage as usize])))
    }
}

/// How much a word tells that occurs in `some` of `all` passages.
fn rarity(some: usize, all: usize) -> f32 {
    let (some, all) = (some as f32, all as f32);
    ((all - some + 0.5) / (some + 0.5) + 1.0).ln()
}
