//! The ranked search in a text, with its index.

use super::ContextText;
use crate::corpus::{
    error::Error,
    search::{Index, Joined, SharedIndex, search_index},
    segment::Segment,
    stop::StopFlag,
    structure::Lines,
};
use std::sync::Arc;

/// The most bytes of the passages of one search.
const MOST_SHOWN: usize = 16 << 20;

/// Up to this many bytes are indexed before anybody asks.
const SOON_INDEXED: usize = 256 << 20;

/// A lone text of up to so many bytes is ranked as one file; a longer one in parts; and what is longer still takes more
/// memory and time to index than a question is worth.
const RANKED_WHOLE: usize = 16 << 20;
const RANKED_MOST: usize = 2 << 30;

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
}

impl RankedSearch {
    /// For a text that was made from this one's: what did not change is taken over.
    pub fn next(&self) -> Self {
        let earlier = self.index.get().or(self.earlier.as_ref()).cloned();
        Self { index: SharedIndex::default(), earlier }
    }
}

/// The `k` best passages for `query`, best first, unless it is stopped. The index is built at the first search.
pub fn search(context: &ContextText, query: &str, k: usize, stop: &StopFlag) -> Result<Vec<Passage>, Error> {
    let index = context.index(stop)?;
    let found = search_index(index, query, k, stop).ok_or(Error::Stopped)?;
    let mut bytes = 0;
    let passage = |it: Joined| {
        stop.check()?;
        let passage = passage_of(&it, context)?;
        bytes += passage.text.len() + passage.path.as_ref().map_or(0, String::len);
        if bytes > MOST_SHOWN { Err(Error::TooMuchFound { most: MOST_SHOWN }) } else { Ok(passage) }
    };
    found.into_iter().map(passage).collect()
}

fn passage_of(found: &Joined, context: &ContextText) -> Result<Passage, Error> {
    let segment = &context.ranked()?[found.segment];
    // A long text is ranked in parts.
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
    /// Builds the index of the ranked search before it is asked for, if that takes a few seconds at most and nothing
    /// has to be fetched.
    pub fn prepare_search(&self, stop: &StopFlag) {
        if self.in_memory().is_some() && self.byte_len() <= SOON_INDEXED {
            // Whoever searches learns what has failed.
            let _ = self.index(stop);
        }
    }

    /// The index of the ranked search, built when it is first asked for, unless that is stopped.
    pub(in crate::corpus) fn index(&self, stop: &StopFlag) -> Result<&Arc<Index>, Error> {
        let RankedSearch { index, earlier } = &self.ranked_search;
        index.get_or_build(|| Index::build(&*self.text, self.ranked()?, earlier.as_deref(), stop), stop)
    }

    /// What is ranked as if it were a file: the files, or the parts of a lone text that is long.
    fn ranked(&self) -> Result<&[Segment], Error> {
        // Several files that were put together in memory took about as long already, so they have no bound.
        let has_bound = self.segments.len() == 1 || self.in_memory().is_none();
        match self.segments.as_slice() {
            _ if has_bound && self.byte_len() > RANKED_MOST => Err(Error::TooLongToRank { bytes: self.byte_len() }),
            [lone] if lone.text.len() > RANKED_WHOLE => self.parts(),
            segments => Ok(segments),
        }
    }
}
