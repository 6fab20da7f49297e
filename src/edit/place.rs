//! The lines of a text that hunks mean.
//!
//! A hunk is looked for in the whole text, by lines without the white space around them ([`search`]). At each place
//! where these are the same it is asked in which way the hunk fits ([`fit`]): as it stands, or with a slip that has
//! only one reading. Lines that stay are taken from the text, and lines that change must be what the text has, so that
//! no slip gets into it. One place must remain, or the number of the line or the lines above must tell which
//! ([`choice`]). All hunks are placed in the text as it is; none sees what another one does.

mod blanks;
mod build;
mod choice;
mod fit;
mod miss;
mod numbered;
mod search;

use super::{
    elision::is_elision,
    lines::Lines,
    proposal::Hunk,
    refusal::{Refusal, RefusalKind},
};
pub use build::PlacedHunk;
use fit::Aligned;
pub use fit::Slip;
use search::Work;

/// The most hunks of a text, and the most lines of a hunk.
pub(super) const MOST_HUNKS: usize = 500;
pub(super) const MOST_LINES: usize = 20_000;

/// Refusals that are told at once.
const MOST_TOLD: usize = 5;

/// Finds the place of each hunk in a text. What comes is in the order of the hunks.
///
/// # Errors
/// A hunk fits nowhere, or at several places, or changes nothing; or two of them overlap.
pub fn place(text: &str, hunks: &[Hunk]) -> Result<Vec<PlacedHunk>, Refusal> {
    if hunks.len() > MOST_HUNKS || hunks.iter().any(|it| it.old.len().max(it.new.len()) > MOST_LINES) {
        let message = format!("more than {MOST_HUNKS} hunks, or one of more than {MOST_LINES} lines, are not placed");
        return Err(Refusal::new(RefusalKind::TooLarge, message));
    }
    let lines = Lines::new(text);
    let work = Work::default();
    let mut placed: Vec<PlacedHunk> = Vec::with_capacity(hunks.len());
    let mut refused: Vec<Refusal> = Vec::new();
    for (at, hunk) in hunks.iter().enumerate() {
        match place_one(&lines, hunk, &work) {
            Ok(found) => placed.push(found),
            Err(mut refusal) => {
                if hunks.len() > 1 {
                    refusal.message = format!("hunk {} of {}: {}", at + 1, hunks.len(), refusal.message);
                }
                refused.push(refusal);
            }
        }
    }
    match refused.is_empty() {
        true => build::without_overlap(&placed).map(|()| placed),
        false => Err(together(refused)),
    }
}

/// The text with these hunks in the place of their lines. They must have been placed in this very text; any of them may
/// be left out.
pub fn apply(text: &str, placed: &[PlacedHunk]) -> String {
    let mut starts: Vec<usize> = vec![0];
    starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
    if starts.last() != Some(&text.len()) {
        starts.push(text.len());
    }
    let byte = |line: usize| starts.get(line).copied().unwrap_or(text.len());
    let mut order: Vec<&PlacedHunk> = placed.iter().collect();
    order.sort_by_key(|it| (it.lines.start, it.lines.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for hunk in order {
        result.push_str(&text[done..byte(hunk.lines.start).max(done)]);
        result.push_str(&hunk.new);
        done = byte(hunk.lines.end).max(done);
    }
    result.push_str(&text[done..]);
    result
}

fn together(mut refused: Vec<Refusal>) -> Refusal {
    let left_out = refused.len().saturating_sub(MOST_TOLD);
    refused.truncate(MOST_TOLD);
    let mut messages: Vec<String> = refused.iter().map(|it| it.message.clone()).collect();
    if left_out > 0 {
        messages.push(format!("{left_out} more do not fit"));
    }
    Refusal::new(refused[0].kind, messages.join("\n"))
}

fn place_one(lines: &Lines<'_>, hunk: &Hunk, work: &Work) -> Result<PlacedHunk, Refusal> {
    if hunk.old == hunk.new && hunk.last_newline.is_none() {
        let message =
            "changes nothing: its old lines and its new ones are the same. Leave it out, or write what changes";
        return Err(Refusal::new(RefusalKind::NoChange, message));
    }
    if hunk.old.iter().all(|line| line.trim().is_empty()) {
        return build::into_nothing(lines, hunk);
    }
    let hinted = |line: &&String| is_elision(line) && !hunk.old.iter().any(|old| old.trim() == line.trim());
    if let Some(line) = hunk.new.iter().find(hinted) {
        return Err(miss::elided(line));
    }
    let aligned = Aligned::new(hunk);
    let candidates = search::candidates(lines, &aligned, work)?;
    if !candidates.is_empty() {
        let (start, fit) = choice::choose(lines, hunk, &candidates)?;
        if let Some(at) = added_before(lines, hunk, start) {
            return Err(miss::applied(at));
        }
        return build::build(lines, &aligned, start, &fit);
    }
    // Both readings put another hunk in the place of this one.
    for mended in [numbered::without_numbers(hunk), blanks::with_blank_lines(lines, &aligned, work)?] {
        let Some((mended, slip)) = mended else { continue };
        let aligned = Aligned::new(&mended);
        let candidates = search::candidates(lines, &aligned, work)?;
        if !candidates.is_empty() {
            let (start, mut fit) = choice::choose(lines, &mended, &candidates)?;
            fit.slips.push(slip);
            return build::build(lines, &aligned, start, &fit);
        }
    }
    let done = Hunk { old: hunk.new.clone(), new: hunk.new.clone(), ..Hunk::default() };
    let adds = hunk.new.iter().any(|line| !line.trim().is_empty() && !hunk.old.contains(line));
    if adds && let Some(found) = search::candidates(lines, &Aligned::new(&done), work)?.first() {
        return Err(miss::applied(found.start));
    }
    Err(miss::missing(lines, hunk))
}

/// Where what a hunk adds before or behind its lines stands there already.
fn added_before(lines: &Lines<'_>, hunk: &Hunk, start: usize) -> Option<usize> {
    let before = hunk.new.len().checked_sub(hunk.old.len()).filter(|&added| added > 0)?;
    let mut offsets = (0..=before).filter(|&offset| hunk.new[offset..].starts_with(&hunk.old));
    offsets.find_map(|offset| {
        let start = start.checked_sub(offset)?;
        let there = lines.lines.get(start..start + hunk.new.len())?;
        let is_there = there.iter().zip(&hunk.new).all(|(line, new)| line.content.trim() == new.trim());
        is_there.then_some(start)
    })
}
