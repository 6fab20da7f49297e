//! What a block is worth: what a passage would be, as far as that can be told without looking at it again.

use super::hits::{Blocks, Hit, Hits, PathHits};
use crate::corpus::{
    search::{
        frequencies::Frequencies,
        index::FOREIGN,
        query::Query,
        rank::{LENGTH, PATH, Priors, SATURATION},
        resolved_concepts::ResolvedConcepts,
        role::Role,
    },
    segment::Segment,
};
use std::{cmp::Ordering, ops::Range};

/// The most places that are kept of each part of the text.
const MOST: usize = 256;

/// A place that may answer.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub score: f32,
    pub file: usize,
    /// Bytes of the file.
    pub bytes: Range<usize>,
}

impl Spot {
    /// The better first; of equals the one that comes first in the text.
    pub fn order(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then((self.file, self.bytes.start).cmp(&(other.file, other.bytes.start)))
    }
}

/// Scores the blocks of one part of the text after the other.
pub(super) struct Scoring<'a> {
    frequencies: &'a Frequencies,
    blocks: Blocks,
    files: Vec<OfFile>,
    /// What each concept counts.
    importance: Vec<f32>,
    /// For each term the concepts that it may mean, and how well it stands for them.
    meanings: Vec<Vec<(usize, f32)>>,
}

/// What is known of a file without its text.
#[derive(Debug, Clone, Copy)]
struct OfFile {
    /// What its path adds.
    path: f32,
    /// How likely it answers at all.
    prior: f32,
    bytes: usize,
}

impl<'a> Scoring<'a> {
    pub fn new(
        query: &Query,
        frequencies: &'a Frequencies,
        files: &[Segment],
        paths: &PathHits,
        blocks: Blocks,
    ) -> Self {
        let ResolvedConcepts { concepts, .. } = ResolvedConcepts::new(query, frequencies);
        let mut meanings = vec![Vec::new(); frequencies.terms.len()];
        let mut in_paths = vec![Vec::new(); frequencies.terms.len()];
        for (number, concept) in concepts.iter().enumerate() {
            for meaning in &concept.meanings {
                meanings[meaning.term].push((number, meaning.strength));
                in_paths[meaning.term].push((number, meaning.in_path));
            }
        }
        let roles: Vec<Role> =
            files.iter().map(|file| Role::of_file(file.path.as_deref().unwrap_or_default(), "")).collect();
        let bytes_of = |wanted| {
            let of_role = files.iter().zip(&roles).filter(|&(_, role)| *role == wanted);
            of_role.map(|(file, _)| file.text.len()).sum::<usize>()
        };
        let priors = Priors::new(query, bytes_of(Role::Code).saturating_mul(FOREIGN) >= bytes_of(Role::Foreign));
        let of_file = |(file, role): (&Segment, &Role)| OfFile {
            path: 0.0,
            prior: priors.of_role(*role),
            bytes: file.text.len(),
        };
        let mut files: Vec<OfFile> = files.iter().zip(&roles).map(of_file).collect();
        let numbers = paths.numbers(&frequencies.terms);
        // Each concept by the best of its terms.
        let mut best = vec![0.0_f32; concepts.len()];
        for hits in paths.hits.chunk_by(|a, b| a.0 == b.0) {
            for &(_, term) in hits {
                for &(concept, in_path) in &in_paths[numbers[usize::from(term)]] {
                    best[concept] = best[concept].max(in_path);
                }
            }
            files[hits[0].0].path = best.iter_mut().map(std::mem::take).sum();
        }
        let importance = concepts.iter().map(|concept| concept.importance).collect();
        Self { frequencies, blocks, files, importance, meanings }
    }

    /// The best places of a part of the text.
    pub fn best_of(&self, hits: &Hits) -> Vec<Spot> {
        let numbers = hits.numbers(&self.frequencies.terms);
        let mut best = vec![0.0; self.importance.len()];
        let mut spots = Vec::new();
        for of_file in hits.hits.chunk_by(|a, b| a.file == b.file) {
            let number = of_file[0].file as usize;
            let file = self.files[number];
            let mut before: &[Hit] = &[];
            for block in of_file.chunk_by(|a, b| a.block == b.block) {
                let at = block[0].block as usize;
                // A passage may lie in two blocks.
                let is_next = before.first().is_some_and(|hit| hit.block as usize + 1 == at);
                let alone = self.text(&[block], &numbers, file.path, &mut best);
                let both = is_next.then(|| self.text(&[before, block], &numbers, file.path, &mut best));
                let (first, score) = match both {
                    Some(both) if both > alone => (at - 1, both),
                    _ => (at, alone),
                };
                let bytes = first * self.blocks.size..((at + 1) * self.blocks.size).min(file.bytes);
                spots.push(Spot { score: score * file.prior, file: number, bytes });
                before = block;
            }
        }
        if spots.len() > MOST {
            spots.select_nth_unstable_by(MOST, Spot::order);
            spots.truncate(MOST);
        }
        spots
    }

    /// What one or two neighbouring blocks are worth, as [`rank`](crate::corpus::search::rank) has it for passages.
    fn text(&self, blocks: &[&[Hit]], numbers: &[usize], path: f32, best: &mut [f32]) -> f32 {
        let length = 1.0 - LENGTH + LENGTH * blocks.len() as f32;
        let (first, second) = (blocks[0], blocks.get(1).copied().unwrap_or_default());
        for hit in first.iter().chain(second) {
            let other = |block: &[Hit]| block.iter().find(|other| other.term == hit.term).map_or(0, |it| it.count);
            let frequency = f32::from(other(first)) + f32::from(other(second));
            for &(concept, strength) in &self.meanings[numbers[usize::from(hit.term)]] {
                let offered = strength * frequency * (SATURATION + 1.0) / (frequency + SATURATION * length);
                best[concept] = best[concept].max(offered);
            }
        }
        let own = best.iter_mut().zip(&self.importance).map(|(best, importance)| importance * std::mem::take(best));
        PATH * path + own.sum::<f32>()
    }
}
