//! Where in a text the lines of a hunk stand.

use super::fit::{Aligned, Fit, fit};
use crate::edit::{
    lines::{Lines, UNKNOWN},
    refusal::{Refusal, RefusalKind},
};
use std::cell::Cell;

/// Comparisons of lines for one text. Real changes need some thousands.
const MOST_WORK: usize = 20_000_000;

/// Candidates that are kept of one hunk: enough to say that there are many.
const MOST_CANDIDATES: usize = 50;

/// A place where the lines of a hunk stand.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its first line, from 0.
    pub start: usize,
    /// How it fits; nothing where that could be read in two ways.
    pub fit: Option<Fit>,
}

/// What is left of the work that may go into one text.
#[derive(Debug)]
pub(super) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(MOST_WORK))
    }
}

impl Work {
    pub fn take(&self, steps: usize) -> Result<(), Refusal> {
        let refused =
            || Refusal::new(RefusalKind::TooLarge, "finding its lines takes too much work: write smaller hunks");
        self.0.set(self.0.get().checked_sub(steps).ok_or_else(refused)?);
        Ok(())
    }
}

/// The places where the lines of a hunk stand, in order, also those where other blank lines are between them; none if
/// it fits nowhere.
pub(super) fn candidates(lines: &Lines<'_>, aligned: &Aligned<'_>, work: &Work) -> Result<Vec<Candidate>, Refusal> {
    let keys: Vec<u32> = aligned.old.iter().map(|line| lines.key_of(line)).collect();
    work.take(keys.len())?;
    let mut found = Vec::new();
    for start in starts(&lines.keys, &keys, |key| lines.places(key), aligned.old, work)? {
        found.push(Candidate { start, fit: fit(lines, start, aligned) });
        if found.len() == MOST_CANDIDATES {
            break;
        }
    }
    if !found.iter().any(|it| it.fit.is_some()) {
        return Ok(Vec::new());
    }
    let solid: Vec<usize> = (0..aligned.old.len()).filter(|&at| !aligned.old[at].trim().is_empty()).collect();
    let texts: Vec<&String> = solid.iter().map(|&at| &aligned.old[at]).collect();
    let blank = solid.first().copied().unwrap_or(0);
    for there in solid_places(lines, &texts, work)? {
        let start = there[0].saturating_sub(blank);
        if !found.iter().any(|it| it.start + blank == there[0]) {
            found.push(Candidate { start, fit: None });
        }
    }
    found.sort_by_key(|it| it.start);
    Ok(found)
}

/// Where a sequence of keys lies in another one. `places` says where in that a key is.
fn starts<'p>(
    all: &[u32],
    keys: &[u32],
    places: impl Fn(u32) -> &'p [usize],
    old: &[String],
    work: &Work,
) -> Result<Vec<usize>, Refusal> {
    if keys.contains(&UNKNOWN) {
        return Ok(Vec::new());
    }
    let solid = (0..keys.len()).filter(|&at| !old[at].trim().is_empty());
    let Some(rarest) = solid.min_by_key(|&at| places(keys[at]).len()) else { return Ok(Vec::new()) };
    let mut starts = Vec::new();
    for place in places(keys[rarest]) {
        let Some(start) = place.checked_sub(rarest) else { continue };
        let Some(there) = all.get(start..start + keys.len()) else { continue };
        let same = there.iter().zip(keys).take_while(|(a, b)| a == b).count();
        work.take(same + 1)?;
        if same == keys.len() {
            // What follows compares each line again.
            work.take(same)?;
            starts.push(start);
        }
    }
    Ok(starts)
}

/// Where the lines of a hunk that are not blank stand one after the other: for each of them the line of the text.
pub(super) fn solid_places(lines: &Lines<'_>, old: &[&String], work: &Work) -> Result<Vec<Vec<usize>>, Refusal> {
    work.take(old.len())?;
    let keys: Vec<u32> = old.iter().map(|line| lines.key_of(line)).collect();
    let rarest = (0..keys.len()).min_by_key(|&at| lines.places(keys[at]).len());
    let Some(rarest) = rarest.filter(|_| !keys.contains(&UNKNOWN)) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for place in lines.places(keys[rarest]) {
        let begin = lines.solid.binary_search(place).ok().and_then(|at| at.checked_sub(rarest));
        let Some(there) = begin.and_then(|begin| lines.solid.get(begin..begin + keys.len())) else { continue };
        let same = there.iter().zip(&keys).take_while(|&(&at, &key)| lines.keys[at] == key).count();
        work.take(same + 1)?;
        if same == keys.len() {
            found.push(there.to_vec());
        }
        if found.len() == MOST_CANDIDATES {
            break;
        }
    }
    Ok(found)
}
