//! What is looked at closely: the files of the best places, or what lies around those in long files.

use super::score::Spot;
use crate::corpus::{error::Error, segment::Segment, text_source::TextSource};
use std::{collections::BTreeMap, ops::Range};

/// The most bytes that are indexed for one question, which takes some tenths of a second.
const MOST_BYTES: usize = 12 << 20;

/// How many places are looked for, at least and for each passage that is asked for.
const LEAST_SPOTS: usize = 400;
const SPOTS: usize = 8;

/// A larger file is not indexed as a whole, but this much around each place.
const WHOLE: usize = 256 << 10;
const AROUND: usize = 32 << 10;

/// The candidates in the order of the text.
pub(super) fn around(
    mut spots: Vec<Spot>,
    text: &dyn TextSource,
    files: &[Segment],
    k: usize,
) -> Result<Vec<Segment>, Error> {
    spots.sort_unstable_by(Spot::order);
    let mut chosen: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
    let (mut bytes, mut count) = (0, 0);
    for Spot { file, bytes: spot, .. } in spots {
        let len = files[file].text.len();
        let ranges = chosen.entry(file).or_default();
        if ranges.iter().any(|range| range.start <= spot.start && spot.end <= range.end) {
            continue;
        }
        let range = match len <= WHOLE {
            true => 0..len,
            false => spot.start.saturating_sub(AROUND)..(spot.end + AROUND).min(len),
        };
        if bytes > 0 && bytes + range.len() > MOST_BYTES || count >= LEAST_SPOTS.max(k.saturating_mul(SPOTS)) {
            break;
        }
        (bytes, count) = (bytes + range.len(), count + 1);
        ranges.push(range);
    }
    let mut segments = Vec::with_capacity(count);
    for (file, mut ranges) in chosen {
        let file = &files[file];
        ranges.sort_unstable_by_key(|range| range.start);
        let mut end = file.text.start;
        for range in ranges {
            let start = line_start(text, file, file.text.start + range.start)?;
            let own = start.max(end)..line_start(text, file, file.text.start + range.end)?;
            if own.start >= own.end {
                continue;
            }
            end = own.end;
            segments.push(Segment { header: own.start..own.start, text: own, ..file.clone() });
        }
    }
    Ok(segments)
}

/// Where the line begins that `byte` lies in, or the character if the line is very long. Ends of the file stay.
fn line_start(text: &dyn TextSource, file: &Segment, byte: usize) -> Result<usize, Error> {
    if byte <= file.text.start || byte >= file.text.end {
        return Ok(byte.clamp(file.text.start, file.text.end));
    }
    let near = byte.saturating_sub(AROUND / 2).max(file.text.start)..byte + 1;
    let bytes = text.bytes(near.clone())?;
    let (last, before) = bytes.split_last().unwrap_or((&0, &[]));
    if let Some(line_feed) = memchr::memrchr(b'\n', before) {
        return Ok(near.start + line_feed + 1);
    }
    let is_inside = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let inside = if is_inside(last) { 1 + before.iter().rev().take_while(|byte| is_inside(byte)).count() } else { 0 };
    Ok(byte - inside)
}
