//! Neighbouring sources that are read together, and what became of them.

use super::{Outcome, Segment};
use crate::corpus::{
    decode::Changes,
    exclusion::Flaw,
    source::{Reading, Source},
};
use std::{ops::Range, sync::Arc};

/// How many bytes of small files make a batch.
const BATCH: u64 = 1 << 20;

/// The least that a file of a batch counts for, in bytes: there may be more of it than it says.
const LEAST: u64 = 4 << 10;

/// The numbers of the sources of each batch.
pub(super) fn batches(sources: &[Arc<Source>]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0_u64);
    for (at, source) in sources.iter().enumerate() {
        // What comes in pieces is alone.
        let own = if source.flows() { u64::MAX } else { source.bytes.max(LEAST) };
        bytes = bytes.saturating_add(own);
        if bytes > BATCH {
            batches.push(start..at);
            (start, bytes) = (at, own);
        }
    }
    batches.push(start..sources.len());
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// What became of a batch: an outcome for each source, and segments for those that were read. Until the batch knows
/// where it begins, numbers and ranges count from its own beginning.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub segments: Vec<Segment>,
    pub outcomes: Vec<Outcome>,
}

impl Batch {
    /// What was read stays, even if there is more.
    pub fn include(&mut self, segment: Segment, reading: Reading, changes: Changes, flaw: Option<Flaw>) {
        self.outcomes.push(Outcome { reading, segment: Ok(self.segments.len()), changes, flaw });
        self.segments.push(segment);
    }

    /// Moves the ranges to where the batch begins.
    pub fn shift(&mut self, offset: usize) {
        for segment in &mut self.segments {
            for range in [&mut segment.header, &mut segment.text] {
                *range = range.start + offset..range.end + offset;
            }
        }
    }

    /// Adds the batch that follows.
    pub fn append(&mut self, mut next: Self) {
        let before = self.segments.len();
        for outcome in &mut next.outcomes {
            if let Ok(number) = &mut outcome.segment {
                *number += before;
            }
        }
        self.segments.append(&mut next.segments);
        self.outcomes.append(&mut next.outcomes);
    }
}
