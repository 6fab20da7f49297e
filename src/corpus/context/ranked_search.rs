//! The ranked search in a text: by its index if it is small, else by a scan.

use super::ContextText;
use crate::corpus::{
    error::Error,
    search::{Hits, Index, Joined, QuestionScan, Scanned, SharedIndex, search_index},
    segment::Segment,
    stop::StopFlag,
    structure::Lines,
};
use std::sync::Arc;

/// The most bytes of the passages of one search.
const MOST_SHOWN: usize = 16 << 20;

/// A text of up to so many bytes is indexed, which takes a fraction of a second and serves all searches after it. Of a larger
/// one an index takes more time and memory than any number of questions is worth; it is scanned for each.
const INDEXED: usize = 32 << 20;

/// A file of more bytes is ranked in parts.
const RANKED_WHOLE: usize = 16 << 20;

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

/// The index of a text.
#[derive(Debug, Default)]
pub(super) struct RankedSearch {
    index: SharedIndex,
    /// Of the text that this one was made from, until there is an own one.
    earlier: Option<Arc<Index>>,
    /// Of a question that was expected when a large text was read: what was found on the way.
    expected: Option<(QuestionScan, Vec<Hits>)>,
}

impl RankedSearch {
    /// For a text that was made from this one's: what did not change is taken over.
    pub fn next(&self) -> Self {
        let earlier = self.index.get().or(self.earlier.as_ref()).cloned();
        Self { earlier, ..Self::default() }
    }

    /// For a text in which the words of a question were found already.
    pub fn of_expected(scan: QuestionScan, hits: Vec<Hits>) -> Self {
        Self { expected: Some((scan, hits)), ..Self::default() }
    }
}

/// How the best passages are found. Both ways find nearly the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By an index of everything, which is built at the first search.
    Index,
    /// By looking through the text, and indexing what lies around the best places.
    Scan,
}

/// The `k` best passages for `query`, best first, unless it is stopped.
pub fn search(context: &ContextText, query: &str, k: usize, stop: &StopFlag) -> Result<Vec<Passage>, Error> {
    let way = if context.byte_len() > INDEXED { Way::Scan } else { Way::Index };
    search_by(way, context, query, k, stop)
}

/// The same in one of the ways.
pub fn search_by(
    way: Way,
    context: &ContextText,
    query: &str,
    k: usize,
    stop: &StopFlag,
) -> Result<Vec<Passage>, Error> {
    if way == Way::Index {
        let found = search_index(context.index(stop)?, query, k, stop).ok_or(Error::Stopped)?;
        return passages(&found, context, context.ranked()?, stop);
    }
    let (text, files) = (&*context.text, context.segments());
    let Scanned { segments, found } = match &context.ranked_search.expected {
        // The words were found while the text was read.
        Some((scan, hits)) if scan.question() == query => scan.rank(hits, text, files, k, stop)?,
        _ => {
            let scan = QuestionScan::new(query, context.byte_len());
            let hits = scan.scan(text, files, context.parts()?, stop)?;
            scan.rank(&hits, text, files, k, stop)?
        }
    };
    passages(&found, context, &segments, stop)
}

fn passages(
    found: &[Joined],
    context: &ContextText,
    segments: &[Segment],
    stop: &StopFlag,
) -> Result<Vec<Passage>, Error> {
    let mut bytes = 0;
    let passage = |it: &Joined| {
        stop.check()?;
        let passage = passage_of(it, context, &segments[it.segment])?;
        bytes += passage.text.len() + passage.path.as_ref().map_or(0, String::len);
        if bytes > MOST_SHOWN { Err(Error::TooMuchFound { most: MOST_SHOWN }) } else { Ok(passage) }
    };
    found.iter().map(passage).collect()
}

fn passage_of(found: &Joined, context: &ContextText, segment: &Segment) -> Result<Passage, Error> {
    // A long file is ranked in parts.
    let before = context.position(segment.text.start)?.map_or(0, |position| position.line - 1);
    Ok(Passage {
        path: segment.path.clone(),
        first_line: before + found.lines.start + 1,
        last_line: before + found.lines.end,
        score: f64::from(found.score),
        text: Lines::new(&context.read(segment.text.clone())?).slice(&found.lines).to_owned(),
    })
}

impl ContextText {
    /// Builds the index of the ranked search before it is asked for, if there will be one and nothing has to be fetched.
    pub fn prepare_search(&self, stop: &StopFlag) {
        if self.in_memory().is_some() && self.byte_len() <= INDEXED {
            // Whoever searches learns what has failed.
            let _ = self.index(stop);
        }
    }

    /// The index of the ranked search, built when it is first asked for, unless that is stopped.
    pub(in crate::corpus) fn index(&self, stop: &StopFlag) -> Result<&Arc<Index>, Error> {
        let RankedSearch { index, earlier, .. } = &self.ranked_search;
        index.get_or_build(|| Index::build(&*self.text, self.ranked()?, earlier.as_deref(), stop), stop)
    }

    /// For each file whether it may have `word`, a name or a word without blanks, in capital or small letters; if that is
    /// known since the word was expected.
    pub(in crate::corpus) fn files_with(&self, word: &str) -> Option<Vec<bool>> {
        let (scan, hits) = self.ranked_search.expected.as_ref()?;
        scan.files_with(word, hits, self.segments.len())
    }

    /// What is ranked as if it were a file: the files, or the parts of long ones.
    fn ranked(&self) -> Result<&[Segment], Error> {
        let has_long = self.segments.iter().any(|segment| segment.text.len() > RANKED_WHOLE);
        if has_long { self.parts() } else { Ok(&self.segments) }
    }
}
