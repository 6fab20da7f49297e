//! Reads the files of a snapshot and writes them one after the other into one text.
//!
//! Threads take batches of neighbouring files in path order, read and decode them, and learn where their batch begins
//! as soon as all batches before it have been read; so they write in parallel, and no more than a batch for each thread
//! is in memory. A large file is a batch of its own and flows through in pieces. What an earlier text has of files that
//! have not changed is taken from there.

mod batch;
mod sink;
mod survey;
mod work;

use super::{
    decode::Changes,
    error::Error,
    exclusion::{Exclusion, Flaw, Incomplete, Reason},
    segment::{Changed, Segment},
    source::{Reading, Source},
    stop::StopFlag,
    storage::{Draft, StoredText},
};
use std::{io, sync::Arc};
pub(super) use survey::{EarlierSurvey, Surveyed, survey};

/// What became of a source.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub reading: Reading,
    /// The number of its segment, or why it has none.
    pub segment: Result<usize, Reason>,
    pub changes: Changes,
    /// Why what was read may not be all there is.
    pub flaw: Option<Flaw>,
}

impl Outcome {
    fn left_out(reason: Reason, reading: Reading) -> Self {
        Self { reading, segment: Err(reason), changes: Changes::default(), flaw: None }
    }
}

/// The text of several sources.
#[derive(Debug)]
pub(super) struct Assembled {
    pub text: StoredText,
    pub segments: Vec<Segment>,
    /// Of each source, in their order.
    pub outcomes: Vec<Outcome>,
}

/// What an earlier text has of sources that have not changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier<'a> {
    pub text: &'a str,
    pub segments: &'a [Segment],
    pub outcomes: &'a [Outcome],
    /// For each source the number of the outcome that still holds.
    pub kept: &'a [Option<usize>],
}

impl<'a> Earlier<'a> {
    /// What is known of source number `source`, and its text if it has any.
    fn of(&self, source: usize) -> Option<(&'a Outcome, Option<&'a str>)> {
        let outcome = &self.outcomes[self.kept[source]?];
        let text = outcome.segment.as_ref().ok().map(|&number| &self.text[self.segments[number].text.clone()]);
        Some((outcome, text))
    }
}

/// Reads all sources. Each has a header line if there are several that can be read.
pub(super) fn assemble(
    sources: &[Arc<Source>],
    earlier: Option<Earlier<'_>>,
    stop: &StopFlag,
) -> Result<Assembled, Error> {
    let headers = sources.len() > 1;
    let first = work::read_all(sources, headers, earlier, stop)?;
    let ([only], true) = (first.segments.as_slice(), headers) else { return Ok(first) };
    // All others turned out to be binary or unreadable, and a lone file has no header.
    let (segment, text) = alone(only, &first.text).map_err(Error::storage)?;
    Ok(Assembled { text, segments: vec![segment], ..first })
}

/// The text of one file without its header and without the line feed that was added.
fn alone(segment: &Segment, text: &StoredText) -> io::Result<(Segment, StoredText)> {
    let content = &text.as_str()[segment.text.clone()];
    let draft = Draft::new(content.len() as u64)?;
    draft.write(0, content)?;
    let segment = Segment { header: 0..0, text: 0..content.len(), ..segment.clone() };
    Ok((segment, draft.seal(content.len() as u64)?))
}

/// What was left out of these sources.
pub(super) fn exclusions(sources: &[Arc<Source>], outcomes: &[Outcome]) -> Vec<Exclusion> {
    let of = |(source, outcome): (&Arc<Source>, &Outcome)| {
        let reason = outcome.segment.clone().err()?;
        Some(Exclusion { path: source.path.clone().unwrap_or_default(), reason })
    };
    sources.iter().zip(outcomes).filter_map(of).collect()
}

/// What was read only in part, or while it changed.
pub(super) fn incomplete(sources: &[Arc<Source>], outcomes: &[Outcome]) -> Vec<Incomplete> {
    let of = |(source, outcome): (&Arc<Source>, &Outcome)| {
        let flaw = outcome.flaw.clone()?;
        Some(Incomplete { path: source.path.clone().unwrap_or_default(), flaw })
    };
    sources.iter().zip(outcomes).filter_map(of).collect()
}

/// Whose text is not exactly its bytes.
pub(super) fn changed(sources: &[Arc<Source>], outcomes: &[Outcome]) -> Vec<Changed> {
    let changed = sources.iter().zip(outcomes).filter(|(_, outcome)| !outcome.changes.is_none());
    changed.map(|(source, outcome)| Changed { path: source.path.clone(), changes: outcome.changes }).collect()
}
