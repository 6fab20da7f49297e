//! What lines look like: their names, and the order of their marks and of the language's own words.

use super::words::{Words, count, is_name};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

/// How much lines must look alike, from 0 to 1: by their names, by the order of the rest, and by both.
const LEAST_NAMES: f64 = 0.25;
const LEAST_ORDER: f64 = 0.5;
const LEAST: f64 = 0.6;

/// Names that are shorter are on every line.
const SHORTEST: usize = 2;

/// What the lines of a change looked like before.
pub struct Shape<'e> {
    pub before: Words<'e>,
    names: Vec<&'e str>,
    pairs: FxHashMap<(&'e str, &'e str), usize>,
    /// How many lines it has that are not blank.
    lines: usize,
}

impl<'e> Shape<'e> {
    pub fn of(before: &'e str) -> Self {
        let before = Words::of(before);
        let mut seen = FxHashSet::default();
        let is_telling = |word: &&str| word.len() >= SHORTEST && is_name(word);
        let names = before.iter().map(|it| it.0).filter(is_telling).filter(|it| seen.insert(*it)).collect();
        let lines = before.iter().map(|it| it.1).collect::<FxHashSet<_>>().len();
        Self { names, pairs: pairs(before.iter().map(|it| it.0)), lines, before }
    }

    /// Whether a text has one of its names, without which nothing in it is like it.
    pub fn may_be_in(&self, text: &str) -> bool {
        let has = |name: &&str| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some();
        self.names.is_empty() || self.names.iter().any(has)
    }

    /// Counts how often a text has each of its names.
    pub fn count(&self, text: &str, frequencies: &mut FxHashMap<&'e str, usize>) {
        count(text, &self.names, frequencies);
    }

    /// The lines of a text that look like it, and how much.
    pub fn likely(
        &self,
        text: &Words<'_>,
        line_count: usize,
        frequencies: &FxHashMap<&str, usize>,
    ) -> Vec<(Range<usize>, f64)> {
        // A rare name says more.
        let weight = |name: &str| 1.0 / (1.0 + frequencies.get(name).copied().unwrap_or(1) as f64).ln().max(0.5);
        let weights: FxHashMap<&str, f64> = self.names.iter().map(|name| (*name, weight(name))).collect();
        let all: f64 = weights.values().sum();
        if all == 0.0 {
            return Vec::new();
        }
        let mut of_lines: Vec<Vec<&str>> = vec![Vec::new(); line_count];
        for (word, line) in text.iter() {
            if let Some(words) = of_lines.get_mut(line) {
                words.push(word);
            }
        }
        let telling: Vec<usize> = (0..line_count).filter(|&line| !of_lines[line].is_empty()).collect();
        let mut found = Vec::new();
        for window in telling.windows(self.lines.max(1)) {
            let words = || window.iter().flat_map(|&line| of_lines[line].iter().copied());
            let shared: FxHashSet<&str> = words().filter(|word| weights.contains_key(word)).collect();
            let names = shared.iter().map(|name| weights[name]).sum::<f64>() / all;
            if names < LEAST_NAMES {
                continue;
            }
            let order = alike(&self.pairs, &pairs(words()));
            let likeness = f64::midpoint(names, order);
            if order >= LEAST_ORDER && likeness >= LEAST {
                found.push((window[0]..window[window.len() - 1] + 1, likeness.min(0.99)));
            }
        }
        found
    }
}

/// Words that follow each other, all names alike, and how often.
fn pairs<'w>(words: impl Iterator<Item = &'w str>) -> FxHashMap<(&'w str, &'w str), usize> {
    let mut pairs = FxHashMap::default();
    let mut before = "";
    for word in words.map(|word| if is_name(word) { "name" } else { word }) {
        *pairs.entry((before, word)).or_default() += 1;
        before = word;
    }
    pairs
}

/// How much of two counts is the same, from 0 to 1.
fn alike(one: &FxHashMap<(&str, &str), usize>, other: &FxHashMap<(&str, &str), usize>) -> f64 {
    let both: usize = one.iter().map(|(pair, count)| other.get(pair).copied().unwrap_or(0).min(*count)).sum();
    let all = one.values().sum::<usize>() + other.values().sum::<usize>() - both;
    both as f64 / all.max(1) as f64
}
