//! From the words of a question to the passages that answer it best.
//!
//! The weights were set on the questions of `tests/data/questions.toml` that are not held out, and on those of
//! `tests/data/tuning.toml`; `docs/extractive.md` says what each part brings.

use super::{
    index::Index,
    neighbourhood::Neighbourhood,
    part::{Entry, Kind, Part},
    query::Query,
    resolved_concepts::ResolvedConcept,
    resolved_query::{LEAST_PARTS, PartHits, ResolvedQuery},
    role::Role,
    weight::{self, unweighed},
};
use crate::corpus::{parallel, stop::StopFlag};

/// How soon further occurrences of a word stop to matter (k1 of BM25), in a passage and in what lies around it.
pub(super) const SATURATION: f32 = 1.0;
const SATURATION_AROUND: f32 = 1.7;

/// How much long passages are held against having more words (b of BM25), and long neighbourhoods.
pub(super) const LENGTH: f32 = 0.5;
const LENGTH_AROUND: f32 = 0.9;

/// How many words a passage usually has, and what lies around it. Shorter passages are not better for that.
const USUAL_WORDS: f32 = 45.0;
const USUAL_WORDS_AROUND: f32 = 600.0;

/// What a word around a passage counts, relative to one in it: what a function is about is often said once in its file.
const AROUND: f32 = 0.6;

/// What a word in the path of a file counts, relative to one in its passages.
pub(super) const PATH: f32 = 0.4;

/// What a name made of nothing but words of the question adds.
const NAME: f32 = 0.25;

/// What a passage counts that holds comments and nothing else.
const ONLY_COMMENTS: f32 = 0.75;

/// What a passage counts that goes on with a function which has begun before.
const CONTINUED: f32 = 0.85;

/// What a function counts of which there is no more than its name and its parameters.
const DECLARED: f32 = 0.3;

/// What a passage counts that is no function: a type, a value that has a name, and lines between definitions.
const TYPE: f32 = 0.65;
const VALUE: f32 = 0.6;
const BETWEEN: f32 = 0.65;

/// The same where the question asks which things there are, or how many, and not where something is done.
const TYPE_ASKED: f32 = 0.7;
const VALUE_ASKED: f32 = 1.0;
const BETWEEN_ASKED: f32 = 0.8;

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
    let priors = Priors::new(query, index.has_own_code());
    let scoring = || Scoring { asked, priors, scores: Scores::default() };
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
    priors: Priors,
    scores: Scores,
}

/// What is known of each passage and file of a part.
#[derive(Default)]
struct Scores {
    passages: Vec<Score>,
    files: Vec<FileScore>,
    /// The passages that have a concept.
    found: Vec<u32>,
    /// The passages and files that have the concept at hand, or that it is near to.
    met: Vec<u32>,
    met_files: Vec<u32>,
    /// The terms whose occurrences in names were added.
    named: Vec<bool>,
    neighbourhood: Neighbourhood,
}

/// What a passage has of the question.
#[derive(Clone, Copy, Default)]
struct Score {
    total: f32,
    /// What the words of its name count.
    name: f32,
    /// What lies around it has of the question.
    around: f32,
    /// The best terms for the concept at hand, in it and around it.
    best: f32,
    best_around: f32,
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
        let scores = &self.scores;
        let ranked = |&passage: &u32| {
            let (score, entry) = (scores.passages[passage as usize], &part.entries[passage as usize]);
            let total = score.total + AROUND * score.around + PATH * scores.files[part.file_of(passage)].total;
            let name = 1.0 + NAME * score.name / f32::from(entry.name.max(1));
            Ranked { part: number, passage, score: total * name * self.priors.of(entry) }
        };
        scores.found.iter().map(ranked).collect()
    }

    /// Adds what a concept is worth in each passage, and around it: by the best of its terms.
    fn add_passages(&mut self, part: &Part, held: &PartHits, concept: &ResolvedConcept) {
        let Scores { passages, found, met, named, neighbourhood, .. } = &mut self.scores;
        let mut meet = |score: &Score, passage: u32| {
            if score.best == 0.0 && score.best_around == 0.0 {
                met.push(passage);
            }
        };
        for meaning in &concept.meanings {
            let Some(list) = held.passages[meaning.term] else { continue };
            let name = match std::mem::replace(&mut named[meaning.term], true) {
                true => 0.0,
                false => self.asked.meant.in_name[meaning.term],
            };
            for (passage, value) in part.passages.list(list as usize) {
                let (tenths, in_name) = unweighed(value);
                let score = &mut passages[passage as usize];
                score.name += name * in_name as f32;
                let words = part.entries[passage as usize].words as f32;
                let length = 1.0 - LENGTH + LENGTH * words.max(USUAL_WORDS) / USUAL_WORDS;
                meet(score, passage);
                score.best = score.best.max(meaning.strength * saturated(tenths, SATURATION, length));
                neighbourhood.add(passage, tenths.saturating_sub(in_name * weight::NAME));
            }
            neighbourhood.take(|passage, tenths, words| {
                let score = &mut passages[passage as usize];
                let length = 1.0 - LENGTH_AROUND + LENGTH_AROUND * words / USUAL_WORDS_AROUND;
                meet(score, passage);
                score.best_around =
                    score.best_around.max(meaning.strength * saturated(tenths, SATURATION_AROUND, length));
            });
        }
        for passage in met.drain(..) {
            let score = &mut passages[passage as usize];
            if score.total == 0.0 && score.best > 0.0 {
                found.push(passage);
            }
            score.total += concept.importance * std::mem::take(&mut score.best);
            score.around += concept.importance * std::mem::take(&mut score.best_around);
        }
    }
}

/// What so many tenths of an occurrence are worth.
fn saturated(tenths: u32, saturation: f32, length: f32) -> f32 {
    let frequency = tenths as f32 / weight::CODE as f32;
    frequency * (saturation + 1.0) / (frequency + saturation * length)
}

impl Scores {
    fn begin(&mut self, part: &Part, terms: usize) {
        self.passages.clear();
        self.passages.resize(part.entries.len(), Score::default());
        self.found.clear();
        self.neighbourhood.begin(part);
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

/// How likely a passage answers the question, whatever its words are: functions do more often than types, and code more
/// often than comments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Priors {
    about_tests: bool,
    about_things: bool,
    /// Whether the text has code that is not brought in from elsewhere. A published package may have nothing else.
    has_own_code: bool,
}

impl Priors {
    pub fn new(query: &Query, has_own_code: bool) -> Self {
        Self { about_tests: query.about_tests, about_things: query.about_things, has_own_code }
    }

    fn of(self, entry: &Entry) -> f32 {
        let (of_type, of_value, between) = match self.about_things {
            true => (TYPE_ASKED, VALUE_ASKED, BETWEEN_ASKED),
            false => (TYPE, VALUE, BETWEEN),
        };
        let kind = match entry.shape.kind() {
            Kind::Function if entry.shape.begins() => 1.0,
            Kind::Function => CONTINUED,
            Kind::Declaration => DECLARED,
            Kind::Type => of_type,
            Kind::Value => of_value,
            Kind::Nothing => between,
        };
        let comments = if entry.shape.has_code() { 1.0 } else { ONLY_COMMENTS };
        self.of_role(entry.role) * kind * comments
    }

    /// The same, for what is known of a file by its path.
    pub fn of_role(self, role: Role) -> f32 {
        match role {
            Role::Test | Role::Example | Role::Aside if self.about_tests => 1.0,
            Role::Foreign if !self.has_own_code => 1.0,
            role => role.factor(),
        }
    }
}
