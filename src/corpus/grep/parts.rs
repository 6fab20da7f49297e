//! The parts of a text that one thread after the other takes to search.

use super::{PART, pattern::Scope};
use crate::corpus::{context::ContextText, error::Error, segment::Segment};
use std::ops::Range;

/// Parts of the text that together hold the wanted segments: the pieces that are searched, each of whole lines.
pub(super) fn parts(
    context: &ContextText,
    wanted: impl Fn(&Segment) -> bool,
    scope: Scope,
) -> Result<Vec<Vec<Range<usize>>>, Error> {
    let mut parts: Vec<Vec<Range<usize>>> = Vec::new();
    let mut bytes = usize::MAX;
    for segment in context.segments().iter().filter(|segment| wanted(segment)) {
        let range = segment.text.clone();
        bytes = bytes.saturating_add(range.len());
        if bytes > PART {
            match scope {
                Scope::Lines => split_lines(context, range.clone(), &mut parts)?,
                Scope::Files => parts.push(vec![range.clone()]),
            }
            bytes = parts.last().map_or(0, |part| part.iter().map(Range::len).sum());
            continue;
        }
        let Some(part) = parts.last_mut() else { continue };
        match part.last_mut() {
            // Only a header, and perhaps a line feed, lies between neighbours.
            Some(last) if scope == Scope::Lines && segment.header.start <= last.end + 1 => last.end = range.end,
            _ => part.push(range),
        }
    }
    Ok(parts)
}

/// Adds `range` to `parts` in pieces of about [`PART`] bytes that end with lines.
fn split_lines(context: &ContextText, range: Range<usize>, parts: &mut Vec<Vec<Range<usize>>>) -> Result<(), Error> {
    let mut start = range.start;
    while range.end - start > PART {
        let end = context.next_line(start + PART)?.min(range.end);
        let piece = start..end;
        parts.push(vec![piece]);
        start = end;
    }
    if start < range.end || range.is_empty() {
        let rest = start..range.end;
        parts.push(vec![rest]);
    }
    Ok(())
}
