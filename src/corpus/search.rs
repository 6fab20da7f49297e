//! Ranked search: which passages answer a question in plain words?
//!
//! BM25 over passages (a function with its comment, a section, a window of a long one), with more weight on names of
//! definitions and on comments (Robertson, Zaragoza and Taylor, *Simple BM25 extension to multiple weighted fields*,
//! 2004). A question rarely uses the words of the code, so each of its words also stands for related ones at a discount,
//! and passages that hold more of the question's words, or whose name is made of them, move up. What callers say of a
//! function counts as well. Good passages that are neighbours are shown as one.

mod anchors;
mod file;
mod index;
mod lines;
mod part;
mod passages;
mod query;
mod rank;
mod role;
mod stem;
mod synonyms;
mod terms;

pub(super) use index::Index;
pub use lines::rate_lines;

use super::{context::ContextText, structure::Lines};
use std::ops::Range;

/// So many passages are ranked for each that is returned, since neighbours are joined; more if that was not enough.
const RANKED: usize = 4;

/// Passages with at most so many lines between them are neighbours.
const GAP: usize = 2;

/// Neighbours are joined up to so many lines.
const LONGEST_JOINED: usize = 50;

/// Which part of its score a passage adds to the neighbour that it is joined to: where several passages fit, the answer is
/// more likely.
const NEIGHBOUR: f32 = 0.05;

/// A part of a file that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Nothing in a text that is no file.
    pub path: Option<String>,
    /// Counted from 1.
    pub first_line: usize,
    /// Included.
    pub last_line: usize,
    /// Higher is better; comparable within one search only.
    pub score: f64,
    pub text: String,
}

/// The `k` best passages for `query`, best first. The index is built at the first search.
pub fn search(context: &ContextText, query: &str, k: usize) -> Vec<Passage> {
    let index = context.index();
    let query = query::Query::new(query);
    let mut wanted = k;
    loop {
        wanted = wanted.saturating_mul(RANKED);
        let ranked = rank::rank(index, &query, wanted);
        let is_all = ranked.len() < wanted;
        let mut found = joined(index, ranked);
        if found.len() >= k || is_all {
            found.truncate(k);
            return found.into_iter().map(|it| it.into_passage(context)).collect();
        }
    }
}

/// Joins what is near to something better.
fn joined(index: &Index, ranked: Vec<(u32, f32)>) -> Vec<Joined> {
    let mut found: Vec<Joined> = Vec::new();
    for (number, score) in ranked {
        let entry = &index.passages()[number as usize];
        let lines = entry.first_line as usize..entry.last_line as usize + 1;
        let near = found.iter_mut().filter(|it| it.segment == entry.segment).find_map(|it| {
            let joined = it.with(&lines)?;
            Some((it, joined))
        });
        match near {
            Some((it, joined)) => {
                it.lines = joined;
                it.score += NEIGHBOUR * score;
            }
            None => found.push(Joined { segment: entry.segment, lines, score }),
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

/// Passages of one file that are neighbours.
struct Joined {
    segment: u32,
    /// Counted from 0.
    lines: Range<usize>,
    score: f32,
}

impl Joined {
    /// The lines together with `others`, if those are near and it is not too much.
    fn with(&self, others: &Range<usize>) -> Option<Range<usize>> {
        let joined = self.lines.start.min(others.start)..self.lines.end.max(others.end);
        let near = others.start <= self.lines.end + GAP && self.lines.start <= others.end + GAP;
        (near && joined.len() <= LONGEST_JOINED).then_some(joined)
    }

    fn into_passage(self, context: &ContextText) -> Passage {
        let segment = &context.segments()[self.segment as usize];
        Passage {
            path: segment.path.clone(),
            first_line: self.lines.start + 1,
            last_line: self.lines.end,
            score: f64::from(self.score),
            text: Lines::new(context.text_of(segment)).slice(&self.lines).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    /// Functions so far apart that they are not joined.
    const CODE: &str = "\
/// Removes stale entries.
fn evict_entries(cache: &mut Cache) {
    cache.retain(|entry| entry.fresh());
}



/// Reads the configuration of the program.
fn load_config(path: &Path) -> Config {
    parse(read(path))
}



#[cfg(test)]
mod tests {
    fn load_config_of_the_program_reads_configuration() {}
}
";

    fn first(question: &str) -> Option<String> {
        let context = Snapshot::of_text(Some("a.rs"), CODE.to_owned()).context().unwrap();
        let passages = search(&context, question, 1);
        passages.first().map(|it| format!("{}:{}-{}", it.path.as_deref().unwrap(), it.first_line, it.last_line))
    }

    #[test]
    fn plain_words_find_code_that_says_it_otherwise() {
        assert_eq!(first("Where are outdated entries deleted?").as_deref(), Some("a.rs:1-4"));
        assert_eq!(first("how are the settings of the program read").as_deref(), Some("a.rs:8-11"));
        assert_eq!(first("evict_entries").as_deref(), Some("a.rs:1-4"));
        assert_eq!(first("what do the tests of configuration say").as_deref(), Some("a.rs:15-17"));
    }

    #[test]
    fn nothing_matches_nothing() {
        assert_eq!(first("zebra"), None);
        assert_eq!(first(""), None);
        let empty = Snapshot::of_text(None, String::new()).context().unwrap();
        assert!(search(&empty, "anything", 5).is_empty());
        let context = Snapshot::of_text(None, CODE.to_owned()).context().unwrap();
        assert!(search(&context, "entries", 0).is_empty());
    }

    #[test]
    fn neighbours_are_joined_and_every_passage_is_what_it_says() {
        let text: String = (0..200).map(|number| format!("fn fetch_{number}() {{\n    fetch()\n}}\n\n")).collect();
        let context = Snapshot::of_text(Some("a.rs"), text.clone()).context().unwrap();
        let passages = search(&context, "fetch", 5);
        assert_eq!(passages.len(), 5);
        for passage in passages {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            assert_eq!(passage.text, lines[passage.first_line - 1..passage.last_line].concat());
            assert!(passage.last_line - passage.first_line < LONGEST_JOINED);
        }
    }
    #[test]
    fn a_file_of_very_many_definitions_is_indexed_in_one_pass() {
        // With a look at all definitions for each of them this would take minutes.
        const COUNT: usize = 100_000;
        let methods: String = (0..COUNT).map(|number| format!("    fn get_{number}() {{}}\n")).collect();
        let text = format!("impl A {{\n{methods}    fn reticulate() {{}}\n}}\n");
        let context = Snapshot::of_text(Some("a.rs"), text).context().unwrap();
        let passages = search(&context, "reticulate", 1);
        assert!(passages[0].text.contains("fn reticulate()"));
    }
}
