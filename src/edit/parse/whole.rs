//! Fences that hold a whole file, and what else fences hold.

use super::{block, diff, fence::Fence, header, names, names::Known, patch};
use crate::edit::{
    path::checked,
    proposal::{Change, FileChange},
    refusal::{Refusal, RefusalKind},
};

/// What a fence holds.
pub(super) enum Content {
    /// Changes, which are looked for inside.
    Changes,
    /// A whole file, and the line behind the fence.
    File(FileChange, usize),
    /// Something that changes nothing, and the line behind it.
    Other(usize),
}

/// Looks into the fence that begins at a line.
///
/// # Errors
/// It holds a whole file, but where that ends is not known.
pub(super) fn parse(lines: &[&str], at: usize, fence: &Fence<'_>, known: &Known) -> Result<Content, Refusal> {
    let end = fence.end(lines, at + 1);
    let behind = end.map_or(lines.len(), |end| end + 1);
    let body = at + 1..end.unwrap_or(lines.len());
    let is_change = |at: usize| {
        let line = lines[at];
        let begins = block::begins(line) || patch::begins(line) || diff::begins(lines, at) || header::begins(line);
        begins || block::is_stray(line) || patch::is_stray(line)
    };
    let path = || names::in_info(fence.info).or_else(|| known.heading_before(lines, at));
    let refuse = |why: &str| {
        let message = format!("the fence in line {} of the reply has the path of a file, {why}", at + 1);
        Err(Refusal::new(RefusalKind::Malformed, message))
    };
    if diff::is_info(fence.info) {
        return Ok(Content::Changes);
    }
    if body.clone().any(is_change) {
        let mut first = body.filter(|&at| !lines[at].trim().is_empty()).take(2);
        // Behind the path of the file, or inside of another fence.
        let is_early = first.any(|at| is_change(at) || Fence::opened_by(lines[at]).is_some());
        return match is_early || path().is_none() {
            true => Ok(Content::Changes),
            false => refuse(
                "but among its lines are some as in changes: write the change as blocks to search for and replace",
            ),
        };
    }
    let Some(path) = path() else { return Ok(Content::Other(behind)) };
    if end.is_none() {
        return refuse("but no end");
    }
    // A fence inside of the file ends this one too early.
    let is_inner = |at: usize| Fence::opened_by(lines[at]).is_some_and(|it| !it.info.is_empty());
    let next = lines[behind..].iter().find_map(|line| Fence::opened_by(line));
    if fence.is_short() && (body.clone().any(is_inner) || next.is_some_and(|it| it.info.is_empty())) {
        return refuse(
            "but where it ends is not sure, since there are fences in or behind it: put the file into a longer fence",
        );
    }
    if body.is_empty() {
        return Ok(Content::Other(behind));
    }
    let text = lines[body].iter().flat_map(|line| [*line, "\n"]).collect();
    Ok(Content::File(FileChange { path: checked(&path)?, change: Change::Rewrite(text) }, behind))
}
