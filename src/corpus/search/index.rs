//! Which passages hold which words, and how often.
//!
//! The index is a list of [`Part`]s, each of some megabytes of neighbouring files. Nothing is merged: a query looks into
//! all parts and adds up what it finds. When files change, the next index takes over the parts of those that did not.

use super::{
    batches::{Fingerprint, batches, fingerprint},
    collector::Collector,
    frequencies::Frequencies,
    part::Part,
    role::Role,
};
use crate::corpus::{error::Error, parallel, segment::Segment, stop::StopFlag, text_source::TextSource};
use rustc_hash::FxHashMap;
use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Where there is so much more of what was brought in than of code, it is the text's own, as in a published package.
pub(super) const FOREIGN: usize = 10;

/// The words of a text and where they are.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Index {
    pub(super) parts: Vec<Placed>,
    files: usize,
    blocks: usize,
    /// How common the terms of the only question are, if the index has just a part of the text.
    frequencies: Option<Frequencies>,
}

/// A part and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    fingerprint: Fingerprint,
    pub part: Arc<Part>,
    /// The segment of its first file.
    pub first_segment: usize,
}

impl Index {
    /// Indexes all files, in parallel, except those that `previous` has as they are. When it is stopped, it notices that
    /// after the next file.
    pub fn build(
        text: &dyn TextSource,
        segments: &[Segment],
        previous: Option<&Self>,
        stop: &StopFlag,
    ) -> Result<Self, Error> {
        Self::of_batches(text, segments, &batches(segments), previous, stop)
    }

    /// The index with a part for each batch of segments, which together are all of them.
    pub(super) fn of_batches(
        text: &dyn TextSource,
        segments: &[Segment],
        batches: &[Range<usize>],
        previous: Option<&Self>,
        stop: &StopFlag,
    ) -> Result<Self, Error> {
        let known: FxHashMap<Fingerprint, &Arc<Part>> =
            previous.iter().flat_map(|it| &it.parts).map(|it| (it.fingerprint, &it.part)).collect();
        let failure = OnceLock::new();
        let parts = parallel::each(batches.len(), 1, Collector::default, |collector, number| {
            let batch = &segments[batches[number].clone()];
            let read = || {
                let texts = batch.iter().map(|segment| Ok((segment, text.read(segment.text.clone())?)));
                texts.collect::<Result<Vec<_>, Error>>()
            };
            let files = read().map_err(|error| failure.set(error)).ok()?;
            let fingerprint = fingerprint(&files);
            let part = match known.get(&fingerprint) {
                Some(&part) => part.clone(),
                None => Arc::new(collector.part(files.iter().map(|(segment, text)| (*segment, &**text)), stop)?),
            };
            (!stop.is_raised()).then(|| Placed { fingerprint, part, first_segment: batches[number].start })
        });
        let parts = parts.ok_or_else(|| failure.into_inner().unwrap_or(Error::Stopped))?;
        Ok(Self {
            files: segments.len(),
            blocks: parts.iter().map(|it| it.part.all_blocks).sum(),
            parts,
            frequencies: None,
        })
    }

    /// The index for one question, as a part of a text in which the terms of that are so common.
    pub(super) fn with_frequencies(self, frequencies: Frequencies) -> Self {
        Self { frequencies: Some(frequencies), ..self }
    }

    pub(super) fn frequencies(&self) -> Option<&Frequencies> {
        self.frequencies.as_ref()
    }

    /// Whether a fair part of the code is not brought in from elsewhere.
    pub(super) fn has_own_code(&self) -> bool {
        let entries = || self.parts.iter().flat_map(|it| &it.part.entries);
        let count = |role| entries().filter(|entry| entry.role == role).count();
        count(Role::Code) * FOREIGN >= count(Role::Foreign)
    }

    pub fn blocks(&self) -> usize {
        self.blocks
    }

    pub fn files(&self) -> usize {
        self.files
    }
}
