//! The parts of a text that one thread after the other takes to search.

use super::Scope;
use crate::corpus::{assemble::Segment, context::ContextText};
use std::ops::Range;

/// About how many bytes one thread searches at a time.
pub(super) const PART: usize = 4 << 20;

/// Parts of the text that together hold the wanted segments: the pieces that are searched, each of whole lines.
pub(super) fn parts(context: &ContextText, wanted: impl Fn(&Segment) -> bool, scope: Scope) -> Vec<Vec<Range<usize>>> {
    let mut parts: Vec<Vec<Range<usize>>> = Vec::new();
    let mut bytes = usize::MAX;
    for segment in context.segments().iter().filter(|segment| wanted(segment)) {
        let range = segment.text.clone();
        bytes = bytes.saturating_add(range.len());
        if bytes > PART {
            match scope {
                Scope::Lines => split_lines(context.as_bytes(), range.clone(), &mut parts),
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
    parts
}

/// Adds `range` to `parts` in pieces of about [`PART`] bytes that end with lines.
fn split_lines(bytes: &[u8], range: Range<usize>, parts: &mut Vec<Vec<Range<usize>>>) {
    let mut start = range.start;
    while range.end - start > PART {
        let Some(line_end) = memchr::memchr(b'\n', &bytes[start + PART..range.end]) else { break };
        let end = start + PART + line_end + 1;
        let piece = start..end;
        parts.push(vec![piece]);
        start = end;
    }
    let rest = start..range.end;
    parts.push(vec![rest]);
}
