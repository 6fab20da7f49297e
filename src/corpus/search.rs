//! Ranked search: which passages answer a question in plain words?
//!
//! BM25 over passages (a function with its comment, a section, a window of a long one), with more weight on names of
//! definitions (Robertson, Zaragoza and Taylor, *Simple BM25 extension to multiple weighted fields*, 2004), and once more
//! over what lies around each: what a function is about is often said only once in its file (Callan, *Passage-level
//! evidence in document retrieval*, 1994). A question rarely uses the words of the code, so each of its words also stands
//! for related ones at a discount. Good passages that are neighbours are shown as one.
//!
//! Here is the index of some files and what it finds, and [`scan`], which finds in a large text what is worth an index;
//! a text asks for either through `corpus::search()`.

mod batches;
mod block_counts;
mod collector;
mod file;
mod frequencies;
mod index;
mod key;
mod lines;
mod neighbourhood;
mod part;
mod passages;
mod phrases;
mod query;
mod rank;
mod resolved_concepts;
mod resolved_query;
mod role;
mod scan;
mod shared;
mod stem;
mod synonyms;
mod table;
mod terms;
mod vocabulary;
mod weight;

pub(super) use index::Index;
pub use lines::rate_lines;
pub(crate) use role::Role;
pub(super) use scan::{Hits, QuestionScan, Scanned, ThreadScan};
pub(super) use shared::SharedIndex;
pub use stem::stem;

use super::stop::StopFlag;
use query::Query;
use rank::Ranked;
use resolved_query::ResolvedQuery;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Passages that are ranked for each that is returned, since neighbours are joined; more if that was not enough.
const RANKED: usize = 4;

/// The most lines between two passages that are neighbours.
const GAP: usize = 2;

/// The most lines of neighbours that are joined.
const LONGEST_JOINED: usize = 50;

/// The best passages for `query`, best first; nothing if it is stopped.
pub(super) fn search_index(index: &Index, query: &str, k: usize, stop: &StopFlag) -> Option<Vec<Joined>> {
    find(index, &Query::new(query), k, stop)
}

fn find(index: &Index, query: &Query, k: usize, stop: &StopFlag) -> Option<Vec<Joined>> {
    let asked = ResolvedQuery::new(index, query, stop)?;
    let mut wanted = k;
    loop {
        wanted = wanted.saturating_mul(RANKED);
        let ranked = rank::rank(index, query, &asked, wanted, stop)?;
        let is_all = ranked.len() < wanted;
        let mut found = joined(index, ranked, stop)?;
        if found.len() >= k || is_all {
            found.truncate(k);
            return Some(found);
        }
    }
}

/// Joins what is near to something better, best first; nothing if it is stopped.
fn joined(index: &Index, ranked: Vec<Ranked>, stop: &StopFlag) -> Option<Vec<Joined>> {
    let mut found: Vec<Joined> = Vec::new();
    // The places in `found` of each file's.
    let mut of_segment: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for Ranked { part, passage, score } in ranked {
        let placed = &index.parts[part];
        let entry = &placed.part.entries[passage as usize];
        let segment = placed.first_segment + placed.part.file_of(passage);
        let first = entry.first_line as usize;
        let lines = first..first + usize::from(entry.lines);
        if stop.is_raised() {
            return None;
        }
        let own = of_segment.entry(segment).or_default();
        let near = own.iter().find_map(|&place| Some((place, found[place].with(&lines)?)));
        match near {
            Some((place, joined)) => found[place].lines = joined,
            None => {
                own.push(found.len());
                found.push(Joined { segment, lines, score });
            }
        }
    }
    Some(found)
}

/// Passages of one file that are neighbours.
#[derive(Debug, PartialEq)]
pub(super) struct Joined {
    /// The number of the file.
    pub segment: usize,
    /// Counted from 0.
    pub lines: Range<usize>,
    pub score: f32,
}

impl Joined {
    /// The lines together with `others`, if those are near and it is not too much.
    fn with(&self, others: &Range<usize>) -> Option<Range<usize>> {
        let joined = self.lines.start.min(others.start)..self.lines.end.max(others.end);
        let near = others.start <= self.lines.end + GAP && self.lines.start <= others.end + GAP;
        (near && joined.len() <= LONGEST_JOINED).then_some(joined)
    }
}

#[cfg(test)]
mod tests;
