//! Blank lines that a model has left out, or put in, between lines that stay.

use super::{
    fit::{Aligned, Slip, Step},
    search::{Work, solid_places},
};
use crate::edit::{lines::Lines, proposal::Hunk, refusal::Refusal};

/// The hunk with the blank lines of the text between lines that stay; nothing where blank lines are missing beside a
/// change, since then it is not known on which side of them that belongs.
pub(super) fn with_blank_lines(
    lines: &Lines<'_>,
    aligned: &Aligned<'_>,
    work: &Work,
) -> Result<Option<(Hunk, Slip)>, Refusal> {
    let solid: Vec<usize> = (0..aligned.old.len()).filter(|&at| !aligned.old[at].trim().is_empty()).collect();
    let texts: Vec<&String> = solid.iter().map(|&at| &aligned.old[at]).collect();
    let mut found = solid_places(lines, &texts, work)?;
    let (Some(there), true) = (found.pop(), found.is_empty()) else { return Ok(None) };
    Ok(mended(lines, aligned, &solid, &there).map(|hunk| (hunk, Slip::BlankLines)))
}

/// `solid` are the old lines that are not blank, and `there` the lines of the text for them.
fn mended(lines: &Lines<'_>, aligned: &Aligned<'_>, solid: &[usize], there: &[usize]) -> Option<Hunk> {
    let mut old: Vec<String> = Vec::new();
    let mut new: Vec<String> = Vec::new();
    let mut steps = aligned.steps.iter().peekable();
    // Blank lines at both ends are no help.
    let (first, last) = (*solid.first()?, *solid.last()?);
    let mut at = 0;
    let mut differs = false;
    while let Some(step) = steps.next() {
        match *step {
            Step::Add(line) => new.push(aligned.new[line].clone()),
            Step::Remove(line) if line < first || line > last => return None,
            Step::Remove(line) => old.push(aligned.old[line].clone()),
            Step::Keep(line, _) if line < first || line > last => {}
            Step::Keep(line, _) => {
                old.push(aligned.old[line].clone());
                new.push(aligned.old[line].clone());
            }
        }
        // Behind a line that is not blank: how many blank lines follow, here and there.
        let (Step::Keep(line, _) | Step::Remove(line)) = *step else { continue };
        if solid.get(at) != Some(&line) {
            continue;
        }
        let Some((next, far)) = solid.get(at + 1).zip(there.get(at + 1)) else { break };
        let (own, theirs) = (next - line - 1, far - there[at] - 1);
        at += 1;
        if own == theirs {
            continue;
        }
        // It must be sure that both lines stay, and not others like them.
        let (first_same, last_same) = aligned.same_at_ends();
        let rest = aligned.old.len() - last_same;
        if !(*next < first_same.min(rest) || line >= first_same.max(rest)) {
            return None;
        }
        // Up to the next line that is not blank all must stay, and nothing may come between.
        if !matches!(step, Step::Keep(..)) {
            return None;
        }
        for _ in 0..own {
            if !matches!(steps.next(), Some(Step::Keep(..))) {
                return None;
            }
        }
        if !matches!(steps.peek(), Some(Step::Keep(..))) {
            return None;
        }
        differs = true;
        let blank = lines.lines[there[at - 1] + 1..*far].iter().map(|line| line.content.to_owned());
        for line in blank {
            old.push(line.clone());
            new.push(line);
        }
    }
    let rest = steps.filter_map(|step| match step {
        Step::Add(line) => Some(Some(aligned.new[*line].clone())),
        Step::Keep(..) => None,
        Step::Remove(_) => Some(None),
    });
    for line in rest {
        new.push(line?);
    }
    let (last_newline, is_diff) = (aligned.last_newline, aligned.is_diff);
    differs.then(|| Hunk { old, new, last_newline, is_diff, ..Hunk::default() })
}
