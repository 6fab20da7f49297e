//! Reading the sources of a large text once, to learn of each whether it is text and how long.
//!
//! What is asked of the text may be known already: then its words are looked for on the way.

use super::{
    Outcome,
    batch::batches,
    sink::{Streamed, stream},
};
use crate::corpus::{
    error::Error,
    on_demand::{Measured, Measuring, OnDemandText, Piece},
    parallel,
    search::{Hits, QuestionScan, ThreadScan},
    segment::Segment,
    source::{Source, Whole, roots_of},
    stop::StopFlag,
};
use std::sync::Arc;

/// What an earlier text has of sources that have not changed.
#[derive(Debug, Clone, Copy)]
pub(in crate::corpus) struct EarlierSurvey<'a> {
    /// What was learned of each file.
    pub measured: &'a [Measured],
    pub outcomes: &'a [Outcome],
    /// For each source the number of the outcome that still holds.
    pub kept: &'a [Option<usize>],
}

/// A text that was not copied.
#[derive(Debug)]
pub(in crate::corpus) struct Surveyed {
    pub text: OnDemandText,
    pub segments: Vec<Segment>,
    /// Of each source, in their order.
    pub outcomes: Vec<Outcome>,
    /// What was learned of each file.
    pub measured: Vec<Measured>,
    /// What was found on the way.
    pub hits: Vec<Hits>,
}

/// What became of one source.
type Seen = (Outcome, Option<Measured>);

/// Reads all sources, unless it is stopped. Each can be read again.
pub(in crate::corpus) fn survey(
    sources: &[Arc<Source>],
    earlier: Option<EarlierSurvey<'_>>,
    scan: Option<&QuestionScan>,
    stop: &StopFlag,
) -> Result<Surveyed, Error> {
    let batches = batches(sources);
    let _roots = roots_of(sources.iter().map(|source| &**source));
    let thread = || (Vec::new(), scan.map(QuestionScan::thread));
    let read = parallel::each(batches.len(), 1, thread, |(room, looking), number| {
        let mut seen: Vec<Seen> = Vec::with_capacity(batches[number].len());
        for at in batches[number].clone() {
            stop.check().ok()?;
            let known = earlier.and_then(|earlier| earlier.of(at));
            seen.push(known.unwrap_or_else(|| look(&sources[at], at, room, looking.as_mut(), stop)));
        }
        Some((seen, looking.as_mut().map(ThreadScan::take)))
    });
    stop.check()?;
    let (seen, hits): (Vec<_>, Vec<_>) = read.ok_or(Error::Stopped)?.into_iter().unzip();
    let seen = seen.into_iter().flatten();
    let mut hits: Vec<Hits> = hits.into_iter().flatten().collect();

    let (mut pieces, mut outcomes) = (Vec::new(), Vec::with_capacity(sources.len()));
    let mut numbers = vec![None; sources.len()];
    for (at, (source, (mut outcome, measured))) in sources.iter().zip(seen).enumerate() {
        if let Some(measured) = measured {
            numbers[at] = Some(pieces.len());
            outcome.segment = Ok(pieces.len());
            let (reading, changes) = (outcome.reading.clone(), outcome.changes);
            pieces.push(Piece::new(source.clone(), measured, reading, changes, sources.len() > 1));
        }
        outcomes.push(outcome);
    }
    // A lone file has no header.
    if let [only] = pieces.as_mut_slice() {
        only.has_header = false;
    }
    let measured = pieces.iter().map(|piece| piece.measured.clone()).collect();
    hits.iter_mut().for_each(|hits| hits.renumber(|at| numbers[at]));
    let included = sources.iter().zip(&numbers).filter(|(_, number)| number.is_some()).map(|(source, _)| source);
    let (text, places) = OnDemandText::new(pieces);
    let segments = included.zip(places).map(|(source, (header, text))| Segment {
        path: source.path.clone(),
        header,
        text,
        language: source.language,
    });
    let segments = segments.collect();
    Ok(Surveyed { text, segments, outcomes, measured, hits })
}

impl EarlierSurvey<'_> {
    fn of(&self, source: usize) -> Option<Seen> {
        let outcome = &self.outcomes[self.kept[source]?];
        let measured = outcome.segment.as_ref().ok().map(|&number| self.measured[number].clone());
        Some((outcome.clone(), measured))
    }
}

/// Reads one source.
fn look(
    source: &Source,
    number: usize,
    room: &mut Vec<u8>,
    mut looking: Option<&mut ThreadScan<'_>>,
    stop: &StopFlag,
) -> Seen {
    let included = |reading, changes, flaw| Outcome { reading, segment: Ok(0), changes, flaw };
    if !source.flows() {
        return match source.read(room) {
            Ok(Whole { text, changes, flaw, reading }) => {
                if let Some(looking) = looking {
                    looking.look(number, 0, &text);
                }
                (included(reading, changes, flaw), Some(Measured::of(&text)))
            }
            Err((reason, reading)) => (Outcome::left_out(reason, reading), None),
        };
    }
    let begun = match source.begin() {
        Ok(begun) => begun,
        Err((reason, reading)) => return (Outcome::left_out(reason, reading), None),
    };
    let (mut measuring, mut offset) = (Measuring::default(), 0);
    let Streamed { reading, changes, flaw } = stream(begun, stop, |text| {
        measuring.add(text);
        if let Some(looking) = &mut looking {
            looking.look(number, offset, text);
        }
        offset += text.len();
    });
    (included(reading, changes, flaw), Some(measuring.finish()))
}
