//! Cutting a text into pieces that a model can read one at a time.
//!
//! Every border at which the text could be cut has a strength, which the text itself gives it: between folders, between
//! files, before a definition (the less deep the stronger), after an empty line, between lines (the less indented the
//! stronger), between words, and at last between any two characters. Borders are taken away, the weakest first,
//! wherever the pieces on both sides fit into one chunk together. What is left are the cuts. So
//! - what fits into a chunk is never cut before something outside of it is: not a function, not a file, not a folder;
//! - two neighbours together are always longer than a chunk may be, so there are less than twice as many as needed;
//! - an edit changes the chunks around it and no others, since borders are compared with those near them only. Equal
//!   ones are told apart by a hash of the text beside them, not by where they are. So the answers that a model gave for
//!   the other chunks are still those for their texts.
//!
//! Crates that cut by structure (`text-splitter`, which was used in a draft) fill chunks from the beginning: an edit
//! moves every later cut of its file, and files are cut one by one, however short.

mod borders;
mod measure;
mod merge;

pub use measure::Unit;

use super::{context::ContextText, error::Error, segment::Segment, stop::StopFlag, threads::on_threads};
use crate::text::CharIndex;
use borders::{Border, Level};
use measure::Measure;
use merge::{Piece, merge};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// The most bytes of files that are parsed for one call. Files beyond are looked at line by line.
const MOST_PARSED: usize = 64 << 20;

/// Bytes of a text outside memory that are cut together, unless a part of it is longer.
const STRETCH: usize = 4 << 20;

/// The most chunks of one call.
pub const MOST_CHUNKS: usize = 200_000;

/// Why there are no chunks.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChunkError {
    #[error("the size of a chunk must be at least 1")]
    NoSize,
    #[error("the overlap ({overlap}) must be smaller than the size of a chunk ({size})")]
    OverlapTooLarge { size: usize, overlap: usize },
    #[error(
        "chunks of {size} {} of which neighbours share {overlap} would be at least {least}, and the most is \
         {MOST_CHUNKS}: make them larger, or let them share less",
        .unit.name()
    )]
    TooMany { size: usize, overlap: usize, unit: Unit, least: usize },
    #[error(transparent)]
    Text(#[from] Error),
}

/// The bytes of chunks of at most `size`, in order. They cover the whole text. Each begins where the one before it
/// ends, or up to `overlap` earlier: at a line if one begins there. A single character is never cut, so where the size
/// is in tokens a chunk of one character may have more of them. A text that does not lie in memory is cut in parts of
/// some megabytes, between which there is no overlap.
///
/// # Errors
/// The size is zero or allows more than [`MOST_CHUNKS`], the text cannot be read, or the cutting is stopped.
pub fn chunk(
    context: &ContextText,
    size: usize,
    overlap: usize,
    unit: Unit,
    stop: &StopFlag,
) -> Result<Vec<Range<usize>>, ChunkError> {
    if size == 0 {
        return Err(ChunkError::NoSize);
    }
    if overlap >= size {
        return Err(ChunkError::OverlapTooLarge { size, overlap });
    }
    let step = size - overlap;
    let few_enough = |least: usize| match least <= MOST_CHUNKS {
        true => Ok(()),
        false => Err(ChunkError::TooMany { size, overlap, unit, least }),
    };
    let cut = |text: &str, chars: &CharIndex, segments: &[Segment]| {
        let cutter = Cutter { text, segments, measure: Measure::new(text, chars, unit), size: step, stop };
        // Each chunk has at most as much of its own as it goes on from the one before it.
        few_enough(cutter.measure.length_of_all(stop)? / step)?;
        Ok::<_, ChunkError>(cutter.chunks(overlap)?)
    };
    let stretches = stretches(context)?;
    if stretches.len() > 1 {
        // Before anything is read.
        few_enough(context.char_len() / unit.most_characters().saturating_mul(step))?;
    }
    let mut chunks = Vec::new();
    for Stretch { bytes, segments } in stretches {
        stop.check()?;
        let text = context.read(bytes.clone())?;
        let cut = match bytes.len() == context.byte_len() {
            true => cut(&text, context.chars(), &segments)?,
            false => cut(&text, &CharIndex::new(text.as_bytes()), &segments)?,
        };
        few_enough(chunks.len() + cut.len())?;
        chunks.extend(cut.into_iter().map(|chunk| chunk.start + bytes.start..chunk.end + bytes.start));
    }
    Ok(chunks)
}

/// A part of a text that is cut by itself.
struct Stretch<'a> {
    bytes: Range<usize>,
    /// The files in it, or the part of the one that it is of; counted from its beginning.
    segments: Cow<'a, [Segment]>,
}

/// The whole text in stretches. One that lies in memory is a single one, since a chunk may reach from anywhere to anywhere.
/// Another one is read once from end to end, in stretches of some megabytes: several files that are small, or a part of one
/// that is large.
fn stretches(context: &ContextText) -> Result<Vec<Stretch<'_>>, Error> {
    if context.in_memory().is_some() {
        return Ok(vec![Stretch { bytes: 0..context.byte_len(), segments: context.segments().into() }]);
    }
    let mut stretches: Vec<Stretch<'_>> = Vec::new();
    for part in context.parts()? {
        let has_room = |last: &Stretch<'_>| part.text.end - last.bytes.start <= STRETCH;
        let start = part.header.start;
        match stretches.last_mut().filter(|last| has_room(last)) {
            Some(last) => last.segments.to_mut().push(part.clone()),
            None => {
                if let Some(last) = stretches.last_mut() {
                    last.bytes.end = start;
                }
                stretches.push(Stretch { bytes: start..start, segments: vec![part.clone()].into() });
            }
        }
    }
    if let Some(last) = stretches.last_mut() {
        last.bytes.end = context.byte_len();
    }
    for Stretch { bytes, segments } in &mut stretches {
        let inside = |range: &Range<usize>| range.start - bytes.start..range.end - bytes.start;
        for segment in segments.to_mut() {
            (segment.header, segment.text) = (inside(&segment.header), inside(&segment.text));
        }
    }
    Ok(stretches)
}

struct Cutter<'a> {
    text: &'a str,
    segments: &'a [Segment],
    measure: Measure<'a>,
    /// The most that a piece may have, without what it shares with the one before.
    size: usize,
    stop: &'a StopFlag,
}

impl Cutter<'_> {
    fn chunks(&self, overlap: usize) -> Result<Vec<Range<usize>>, Error> {
        if self.text.is_empty() {
            return Ok(Vec::new());
        }
        let pieces = self.cut_all()?;
        let mut chunks: Vec<Range<usize>> = Vec::with_capacity(pieces.len());
        let (mut start, mut before) = (0, 0);
        for piece in pieces {
            self.stop.check()?;
            // A chunk must not begin where the one before it does.
            let partly = chunks.last().is_some_and(|last| last.start == before);
            let begin = if start == 0 || overlap == 0 { start } else { self.begin(before..start, partly, overlap) };
            chunks.push(begin..piece.end);
            (before, start) = (start, piece.end);
        }
        Ok(chunks)
    }

    /// The pieces of the whole text.
    fn cut_all(&self) -> Result<Vec<Piece>, Error> {
        let segments = self.segments;
        let lengths: Vec<usize> = (0..segments.len()).map(|number| self.measure.length(self.whole(number))).collect();
        let mut large = self.cut_large_files(&lengths);
        self.stop.check()?;
        let mut pieces = Vec::with_capacity(segments.len());
        let mut between = Vec::with_capacity(segments.len());
        for (number, segment) in segments.iter().enumerate() {
            if number > 0 {
                between.push(Border::between_files(&segments[number - 1], segment, pieces.len()));
            }
            match large.remove(&number) {
                Some(parts) => pieces.extend(parts),
                None => pieces.push(Piece { end: self.whole(number).end, length: lengths[number] }),
            }
        }
        Ok(merge(&pieces, between, self.size))
    }

    /// The bytes of a file with its header and the line feed that may follow it.
    fn whole(&self, number: usize) -> Range<usize> {
        let segments = self.segments;
        let end = segments.get(number + 1).map_or(self.text.len(), |next| next.header.start);
        segments[number].header.start..end
    }

    /// The pieces of files that do not fit into one, by their numbers; of some of them none if it is stopped.
    fn cut_large_files(&self, lengths: &[usize]) -> BTreeMap<usize, Vec<Piece>> {
        let segments = self.segments;
        let mut parsed = 0;
        let large: Vec<(usize, bool)> = (0..lengths.len())
            .filter(|&number| lengths[number] > self.size)
            .map(|number| {
                parsed += segments[number].text.len();
                (number, parsed <= MOST_PARSED)
            })
            .collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(BTreeMap::new());
        let work = || {
            while !self.stop.is_raised()
                && let Some(&(number, may_parse)) = large.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let pieces = self.cut_file(number, may_parse);
                done.lock().unwrap_or_else(PoisonError::into_inner).insert(number, pieces);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(large.len());
        on_threads(threads, work);
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut_file(&self, number: usize, may_parse: bool) -> Vec<Piece> {
        let segment = &self.segments[number];
        let definitions = borders::before_definitions(&self.text[segment.text.clone()], segment, may_parse, self.stop);
        let within = self.whole(number);
        self.cut_at(within, definitions, Some(Level::FIRST))
    }

    /// The pieces of a part of a file, which is cut at borders of `level` and below if it has to be.
    fn cut(&self, within: Range<usize>, level: Option<Level>) -> Vec<Piece> {
        let length = self.measure.length(within.clone());
        // What is made after a stop is thrown away.
        match level.filter(|_| length > self.size && !self.stop.is_raised()) {
            Some(level) => {
                let borders = level.borders(self.text.as_bytes(), &within, self.measure.bytes(self.size));
                self.cut_at(within, borders, level.next())
            }
            None => vec![Piece { end: within.end, length }],
        }
    }

    /// The pieces of a part that is cut at `borders`, and within them at borders of `level` and below.
    fn cut_at(&self, within: Range<usize>, borders: Vec<Border>, level: Option<Level>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut between = Vec::with_capacity(borders.len());
        let mut start = within.start;
        for border in borders.into_iter().filter(|border| within.start < border.at && border.at < within.end) {
            pieces.extend(self.cut(start..border.at, level));
            start = border.at;
            between.push(Border { at: pieces.len(), ..border });
        }
        pieces.extend(self.cut(start..within.end, level));
        merge(&pieces, between, self.size)
    }

    /// Where a chunk begins that shares up to `overlap` with the piece before it, but not all of that if it is
    /// `partly`.
    fn begin(&self, before: Range<usize>, partly: bool, overlap: usize) -> usize {
        let bytes = self.text.as_bytes();
        let start = self.measure.back(before.clone(), partly, overlap);
        if start == before.end || bytes[start - 1] == b'\n' {
            return start;
        }
        match memchr::memchr(b'\n', &bytes[start..before.end]) {
            Some(line_end) if start + line_end + 1 < before.end => start + line_end + 1,
            _ => start,
        }
    }
}

#[cfg(test)]
mod tests;
