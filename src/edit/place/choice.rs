//! Which of several places is meant.

use super::{
    fit::{Fit, Shift, Slip},
    search::Candidate,
};
use crate::edit::{
    lines::{Lines, indentation},
    proposal::Hunk,
    refusal::{Refusal, RefusalKind},
};

/// Places that are told.
const MOST_TOLD: usize = 5;

/// The one place that a hunk can mean, and how it fits there: the only one, or the one that the number of the line or
/// the lines above tell.
///
/// # Errors
/// There are several.
pub(super) fn choose(lines: &Lines<'_>, hunk: &Hunk, candidates: &[Candidate]) -> Result<(usize, Fit), Refusal> {
    if let [Candidate { start, fit: Some(fit) }] = candidates {
        let mut fit = fit.clone();
        if hunk.line.is_some_and(|line| line != start + 1) {
            fit.slips.push(Slip::Line);
        }
        return Ok((*start, fit));
    }
    let by_line = hunk.line.and_then(|line| candidates.iter().find(|it| it.start + 1 == line));
    let by_anchor = below(lines, &hunk.anchors).and_then(|block| {
        let mut inside = candidates.iter().filter(|it| block.contains(&it.start));
        inside.next().filter(|_| inside.next().is_none())
    });
    let chosen = match (by_line, by_anchor) {
        (Some(line), Some(anchor)) if line.start != anchor.start => None,
        (line, anchor) => anchor.or(line),
    };
    // A place where the hunk fits only with a slip is not meant where it fits another one without.
    let is_exact = |it: &Candidate| it.fit.as_ref().is_some_and(|fit| fit.shift == Shift::None);
    let is_meant = |it: &&Candidate| is_exact(it) || !candidates.iter().any(is_exact);
    match chosen.filter(is_meant).and_then(|it| Some((it.start, it.fit.clone()?))) {
        Some(chosen) => Ok(chosen),
        None => Err(several(candidates)),
    }
}

/// The lines below a chain of lines, each inside of the one before: up to where something else begins. Nothing if one
/// of them is not there, or several times.
fn below(lines: &Lines<'_>, anchors: &[String]) -> Option<std::ops::Range<usize>> {
    let mut block = 0..lines.lines.len();
    for anchor in anchors {
        let anchor = anchor.trim();
        let is_it = |at: &usize| {
            let line = lines.lines[*at].content.trim();
            // Git cuts long lines.
            line == anchor
                || (anchor.len() >= 40 && line.starts_with(anchor))
                || line.trim_end_matches(['{', ':', ' ']) == anchor
        };
        let mut found = block.clone().filter(is_it);
        let at = found.next().filter(|_| found.next().is_none())?;
        let own = indentation(lines.lines[at].content).len();
        let ends = |line: &usize| {
            let text = lines.lines[*line].content;
            let begins = text.trim_start().chars().next();
            begins.is_some_and(|it| !matches!(it, '{' | '}' | ')' | ']')) && indentation(text).len() <= own
        };
        let end = (at + 1..block.end).find(ends).unwrap_or(block.end);
        block = at..end;
    }
    (!anchors.is_empty()).then_some(block)
}

fn several(candidates: &[Candidate]) -> Refusal {
    let told: Vec<String> = candidates.iter().take(MOST_TOLD).map(|it| (it.start + 1).to_string()).collect();
    let places = match (told.split_last(), candidates.len() > told.len()) {
        (Some((last, before)), false) => format!("{} and {last}", before.join(", ")),
        _ => format!("{} and more", told.join(", ")),
    };
    let message = format!("fits at lines {places}: add lines around it that only one of these places has");
    Refusal::new(RefusalKind::Ambiguous, message)
}
