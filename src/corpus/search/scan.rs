//! Ranked search in a text of any size, at the speed of a scan.
//!
//! BM25 needs no more than how long a text is and where the words of the *question* are. So one pass over the text finds
//! those, counts them in blocks of about the size of a passage, and gives every block a score; only what lies around the
//! best blocks is cut into passages, with comments and syntax trees, and ranked as by an index of everything. How rare
//! a word is was counted in the whole text.

mod candidates;
mod filter;
mod hits;
mod score;
mod words;

use super::{Joined, batches::batches, find, index::Index, query::Query};
use crate::corpus::{error::Error, parallel, segment::Segment, stop::StopFlag, text_source::TextSource};
use hits::{Blocks, PathHits};
pub(in crate::corpus) use hits::{Hits, ThreadScan};
use score::Scoring;
use std::sync::OnceLock;
use words::Wanted;

/// What is looked for, for one question.
#[derive(Debug)]
pub(in crate::corpus) struct QuestionScan {
    question: String,
    query: Query,
    wanted: Wanted,
    blocks: Blocks,
}

/// The best passages for a question, and what they lie in.
#[derive(Debug)]
pub(in crate::corpus) struct Scanned {
    /// The candidates: files, and parts of long ones.
    pub segments: Vec<Segment>,
    /// Best first, with the numbers of candidates.
    pub found: Vec<Joined>,
}

impl QuestionScan {
    /// Prepares to look at a text of about so many bytes.
    pub fn new(question: &str, bytes: usize) -> Self {
        let query = Query::new(question);
        let wanted = Wanted::new(&query);
        Self { question: question.to_owned(), query, wanted, blocks: Blocks::of_text(bytes) }
    }

    pub fn question(&self) -> &str {
        &self.question
    }

    /// What one thread looks with.
    pub fn thread(&self) -> ThreadScan<'_> {
        ThreadScan::new(&self.wanted, self.blocks)
    }

    /// Looks at the text of `segments` in `parts`: the files, and parts of long ones.
    pub fn scan(
        &self,
        text: &dyn TextSource,
        segments: &[Segment],
        parts: &[Segment],
        stop: &StopFlag,
    ) -> Result<Vec<Hits>, Error> {
        let batches = batches(parts);
        let mut file = 0;
        let files: Vec<usize> = parts
            .iter()
            .map(|part| {
                while segments[file].text.end < part.text.end || segments[file].path != part.path {
                    file += 1;
                }
                file
            })
            .collect();
        let failure = OnceLock::new();
        let scanned = parallel::each(
            batches.len(),
            1,
            || self.thread(),
            |thread, number| {
                let batch = batches[number].clone();
                let start = parts[batch.start].text.start;
                // Neighbours are read at once, headers between them and all.
                let read = stop.check().and_then(|()| text.read(start..parts[batch.end - 1].text.end));
                let read = read.map_err(|error| failure.set(error)).ok()?;
                for part in batch {
                    let (file, part) = (files[part], &parts[part]);
                    let offset = part.text.start - segments[file].text.start;
                    thread.look(file, offset, &read[part.text.start - start..part.text.end - start]);
                }
                Some(thread.take())
            },
        );
        scanned.ok_or_else(|| failure.into_inner().unwrap_or(Error::Stopped))
    }

    /// For each of so many files whether it may have `word`, in any letters; nothing if that was not looked for.
    pub fn files_with(&self, word: &str, hits: &[Hits], files: usize) -> Option<Vec<bool>> {
        let key = self.wanted.key_of(word)?;
        let mut found = vec![false; files];
        for hits in hits {
            let Some(term) = hits.terms.iter().position(|term| *term == key) else { continue };
            let of_term = hits.hits.iter().filter(|hit| usize::from(hit.term) == term);
            of_term.for_each(|hit| found[hit.file as usize] = true);
        }
        Some(found)
    }

    /// The `k` best passages of a text in which the words of the question were found.
    pub fn rank(
        &self,
        hits: &[Hits],
        text: &dyn TextSource,
        segments: &[Segment],
        k: usize,
        stop: &StopFlag,
    ) -> Result<Scanned, Error> {
        let paths = PathHits::of(segments, self.thread());
        let frequencies = hits::frequencies(hits, &paths, segments, self.blocks);
        let scoring = Scoring::new(&self.query, &frequencies, segments, &paths, self.blocks);
        let best = parallel::each(
            hits.len(),
            1,
            || (),
            |(), number| (!stop.is_raised()).then(|| scoring.best_of(&hits[number])),
        );
        let best = best.ok_or(Error::Stopped)?.concat();
        let segments = candidates::around(best, text, segments, k)?;
        let index = Index::build(text, &segments, None, stop)?.with_frequencies(frequencies);
        let found = find(&index, &self.query, k, stop).ok_or(Error::Stopped)?;
        Ok(Scanned { segments, found })
    }
}

#[cfg(test)]
mod tests;
