//! A hunk in its place: which lines go, and what comes instead.

use super::fit::{Aligned, Fit, Slip, Step};
use crate::edit::{
    lines::Lines,
    proposal::Hunk,
    refusal::{Refusal, RefusalKind},
};
use std::ops::Range;

/// A hunk that has its place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedHunk {
    /// The lines that it replaces, from 0: none, where it only adds.
    pub lines: Range<usize>,
    /// What comes in their place, with line ends.
    pub new: String,
    /// What was borne.
    pub slips: Vec<Slip>,
}

/// A hunk whose first line is the line `place` of a text.
///
/// # Errors
/// It would change nothing.
pub(super) fn build(lines: &Lines<'_>, aligned: &Aligned<'_>, place: usize, fit: &Fit) -> Result<PlacedHunk, Refusal> {
    let mut steps = aligned.changed();
    if steps.is_empty() {
        // Only the line feed at the end of the file comes or goes.
        steps.start = steps.start.saturating_sub(1);
    }
    let consumed = |steps: &[Step]| steps.iter().filter(|it| !matches!(it, Step::Add(_))).count();
    let start = place + consumed(&aligned.steps[..steps.start]);
    let end = start + consumed(&aligned.steps[steps.clone()]);
    let own_end = lines.end_near(start);
    let mut result: Vec<(String, &str)> = Vec::new();
    for step in &aligned.steps[steps] {
        match *step {
            Step::Keep(old, _) => {
                let line = lines.lines[place + old];
                result.push((line.content.to_owned(), line.end));
            }
            Step::Remove(_) => {}
            Step::Add(new) => {
                let line = fit.shift.apply(&aligned.new[new]);
                let line =
                    line.ok_or_else(|| Refusal::new(RefusalKind::Ambiguous, "its indentation cannot be carried over"))?;
                result.push((line, own_end));
            }
        }
    }
    let placed = ended(lines, start..end, result, aligned.last_newline)?;
    Ok(PlacedHunk { slips: fit.slips.clone(), ..placed })
}

/// A hunk that has no lines of the file, which is one only for a file without any.
///
/// # Errors
/// The file has lines.
pub(super) fn into_nothing(lines: &Lines<'_>, hunk: &Hunk) -> Result<PlacedHunk, Refusal> {
    if lines.lines.iter().any(|line| !line.content.trim().is_empty()) {
        let message = "has no line of the file that says where it belongs: give the lines around the place as well";
        return Err(Refusal::new(RefusalKind::Ambiguous, message));
    }
    let result = hunk.new.iter().map(|line| (line.clone(), lines.end_near(0))).collect();
    let last = hunk.last_newline.or(Some(true));
    ended(lines, 0..lines.lines.len(), result, last)
}

/// # Errors
/// Two hunks change the same lines.
pub(super) fn without_overlap(placed: &[PlacedHunk]) -> Result<(), Refusal> {
    let mut order: Vec<usize> = (0..placed.len()).collect();
    order.sort_by_key(|&at| (placed[at].lines.start, placed[at].lines.end));
    for pair in order.windows(2) {
        let (first, second) = (&placed[pair[0]].lines, &placed[pair[1]].lines);
        let both_add = first.is_empty() && second.is_empty() && first == second;
        if first.end > second.start || both_add {
            let (one, other) = (pair[0].min(pair[1]) + 1, pair[0].max(pair[1]) + 1);
            let message = format!(
                "hunks {one} and {other} both change the place at line {}: write one hunk that has both changes",
                second.start + 1
            );
            return Err(Refusal::new(RefusalKind::Overlap, message));
        }
    }
    Ok(())
}

/// Sees to the line ends: between lines there is one, and the last line of the text ends as it did, unless the change
/// says otherwise.
fn ended<'t>(
    lines: &Lines<'t>,
    range: Range<usize>,
    mut result: Vec<(String, &'t str)>,
    last_newline: Option<bool>,
) -> Result<PlacedHunk, Refusal> {
    let Range { mut start, end } = range;
    let eol = lines.end_near(start);
    if end == lines.lines.len() {
        let last = lines.lines.last().map_or(eol, |line| line.end);
        let wanted = match last_newline {
            Some(true) => eol,
            Some(false) => "",
            None => last,
        };
        // What is added behind a last line without an end, or leaves one as the last, changes the line before, too.
        let needs_before = (start == end && last.is_empty()) || (result.is_empty() && wanted.is_empty());
        if needs_before && start > 0 {
            start -= 1;
            let line = lines.lines[start];
            result.insert(0, (line.content.to_owned(), line.end));
        }
        if let Some(line) = result.last_mut() {
            line.1 = wanted;
        }
    }
    let count = result.len();
    for (at, line) in result.iter_mut().enumerate() {
        if line.1.is_empty() && (at + 1 < count || end < lines.lines.len()) {
            line.1 = eol;
        }
    }
    let body: String = result.iter().flat_map(|(content, end)| [content.as_str(), end]).collect();
    let before: String = lines.lines[start..end].iter().flat_map(|it| [it.content, it.end]).collect();
    if body == before {
        let message = "changes nothing: the file has its new lines in this place. Leave it out";
        return Err(Refusal::new(RefusalKind::NoChange, message));
    }
    let mark = if start == 0 { lines.mark } else { "" };
    Ok(PlacedHunk { lines: start..end, new: format!("{mark}{body}"), slips: Vec::new() })
}
