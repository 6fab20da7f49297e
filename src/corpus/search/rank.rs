//! From the words of a question to the passages that answer it best.
//!
//! The weights were set by `tests/suite/extractive.rs`, on the questions that are not held out. None is sharp: a tenth up
//! or down changes one question in fifty.

use super::{
    index::Index,
    part::{Entry, Kind, Part},
    query::Query,
    resolved_concepts::ResolvedConcept,
    resolved_query::{LEAST_PARTS, PartHits, ResolvedQuery},
    role::Role,
    weight::{self, unweighed},
};
use crate::corpus::{parallel, stop::StopFlag};

/// How soon further occurrences of a word stop to matter (k1 of BM25).
pub(super) const SATURATION: f32 = 1.5;

/// How much long passages are held against having more words (b of BM25).
pub(super) const LENGTH: f32 = 0.3;

/// How many words a passage usually has. Shorter ones are not better for that, longer ones are.
const USUAL_WORDS: f32 = 45.0;

/// What a word in the path of a file counts, relative to one in its passages.
pub(super) const PATH: f32 = 0.35;

/// How much of a passage's score depends on how much of the question it holds.
pub(super) const COVERAGE: f32 = 0.5;

/// What a name made of nothing but words of the question adds.
const NAME: f32 = 0.3;

/// What a passage counts that holds comments and nothing else.
const ONLY_COMMENTS: f32 = 0.75;

/// A passage that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranked {
    pub part: usize,
    pub passage: u32,
    pub score: f32,
}

/// The `k` best passages, best first; nothing if it is stopped.
pub(super) fn rank(
    index: &Index,
    query: &Query,
    asked: &ResolvedQuery,
    k: usize,
    stop: &StopFlag,
) -> Option<Vec<Ranked>> {
    let scoring = || Scoring { asked, query, scores: Scores::default() };
    let ranked = parallel::each(index.parts.len(), LEAST_PARTS, scoring, |scoring, number| {
        let ranked = scoring.part(number, &index.parts[number].part);
        (!stop.is_raised()).then(|| best(ranked, k))
    })?;
    Some(best(ranked.concat(), k))
}

/// The `k` best, best first; of equals those that come first in the text.
fn best(mut ranked: Vec<Ranked>, k: usize) -> Vec<Ranked> {
    let order =
        |a: &Ranked, b: &Ranked| b.score.total_cmp(&a.score).then((a.part, a.passage).cmp(&(b.part, b.passage)));
    if (1..ranked.len()).contains(&k) {
        ranked.select_nth_unstable_by(k - 1, order);
    }
    ranked.truncate(k);
    ranked.sort_unstable_by(order);
    ranked
}

/// Scores the passages of one part after the other.
struct Scoring<'a> {
    asked: &'a ResolvedQuery,
    query: &'a Query,
    scores: Scores,
}

/// What is known of each passage and file of a part.
#[derive(Default)]
struct Scores {
    passages: Vec<Score>,
    files: Vec<FileScore>,
    /// The passages that have a concept. The scores of all others are empty, also between parts.
    found: Vec<u32>,
    /// The passages and files that have the concept at hand.
    met: Vec<u32>,
    met_files: Vec<u32>,
    /// The terms whose occurrences in names were added.
    named: Vec<bool>,
}

/// What a passage has of the question.
#[derive(Clone, Copy, Default)]
struct Score {
    total: f32,
    covered: f32,
    /// What the words of its name count.
    name: f32,
    /// The best term for the concept at hand.
    best: f32,
    strength: f32,
}

/// What the path of a file has of the question.
#[derive(Clone, Copy, Default)]
struct FileScore {
    total: f32,
    best: f32,
}

impl Scoring<'_> {
    fn part(&mut self, number: usize, part: &Part) -> Vec<Ranked> {
        let held = &self.asked.held[number];
        self.scores.begin(part, self.asked.meant.in_name.len());
        for concept in &self.asked.meant.concepts {
            self.add_passages(part, held, concept);
            self.scores.add_paths(part, held, concept);
        }
        let mut ranked = Vec::with_capacity(self.scores.found.len());
        for passage in std::mem::take(&mut self.scores.found) {
            let score = std::mem::take(&mut self.scores.passages[passage as usize]);
            let entry = &part.entries[passage as usize];
            let total = score.total + PATH * self.scores.files[part.file_of(passage)].total;
            let coverage = 1.0 - COVERAGE + COVERAGE * score.covered / self.asked.meant.importance;
            let name = 1.0 + NAME * score.name / f32::from(entry.name.max(1));
            let score = total * coverage * name * prior(entry, self.query);
            ranked.push(Ranked { part: number, passage, score });
        }
        ranked
    }

    /// Adds what a concept is worth in each passage: by the best of its terms.
    fn add_passages(&mut self, part: &Part, held: &PartHits, concept: &ResolvedConcept) {
        let scores = &mut self.scores;
        for meaning in &concept.meanings {
            let name = match std::mem::replace(&mut scores.named[meaning.term], true) {
                true => 0.0,
                false => self.asked.meant.in_name[meaning.term],
            };
            let mut offer = |passage: u32, tenths: u32, in_name: u32| {
                let score = &mut scores.passages[passage as usize];
                score.name += name * in_name as f32;
                let words = part.entries[passage as usize].words as f32;
                // Being very short does not make a passage better.
                let length = 1.0 - LENGTH + LENGTH * words.max(USUAL_WORDS) / USUAL_WORDS;
                let frequency = tenths as f32 / weight::CODE as f32;
                let offered = meaning.strength * frequency * (SATURATION + 1.0) / (frequency + SATURATION * length);
                if score.best == 0.0 {
                    scores.met.push(passage);
                }
                if offered > score.best {
                    (score.best, score.strength) = (offered, meaning.strength);
                }
            };
            let list = held.passages[meaning.term].map(|position| part.passages.list(position as usize));
            for (passage, value) in list.into_iter().flatten() {
                let (tenths, in_name) = unweighed(value);
                offer(passage, tenths, in_name);
            }
        }
        for passage in scores.met.drain(..) {
            let score = &mut scores.passages[passage as usize];
            if score.total == 0.0 {
                scores.found.push(passage);
            }
            score.total += concept.importance * std::mem::take(&mut score.best);
            score.covered += concept.importance * std::mem::take(&mut score.strength);
        }
    }
}

impl Scores {
    fn begin(&mut self, part: &Part, terms: usize) {
        if self.passages.len() < part.entries.len() {
            self.passages.resize(part.entries.len(), Score::default());
        }
        self.files.clear();
        self.files.resize(part.files.len(), FileScore::default());
        self.named.clear();
        self.named.resize(terms, false);
    }

    /// Adds what it is worth that the path of a file has a concept: by the best of its terms.
    fn add_paths(&mut self, part: &Part, held: &PartHits, concept: &ResolvedConcept) {
        for meaning in &concept.meanings {
            let list = held.paths[meaning.term].map(|position| part.paths.list(position as usize));
            for (file, _) in list.into_iter().flatten() {
                let score = &mut self.files[file as usize];
                if score.best == 0.0 {
                    self.met_files.push(file);
                }
                score.best = score.best.max(meaning.in_path);
            }
        }
        for file in self.met_files.drain(..) {
            let score = &mut self.files[file as usize];
            score.total += std::mem::take(&mut score.best);
        }
    }
}

/// How likely a passage answers questions at all: functions do more often than types, and code than comments.
fn prior(entry: &Entry, query: &Query) -> f32 {
    let kind = match entry.shape.kind() {
        Kind::Function => 1.0,
        Kind::Type => 0.8,
        Kind::Nothing => 0.9,
    };
    let comments = if entry.shape.has_code() { 1.0 } else { ONLY_COMMENTS };
    prior_of_role(entry.role, query) * kind * comments
}

/// The same, for what is known of a file by its path.
pub(super) fn prior_of_role(role: Role, query: &Query) -> f32 {
    match role {
        Role::Test | Role::Example | Role::Aside if query.about_tests => 1.0,
        role => role.factor(),
    }
}
