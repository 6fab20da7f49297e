//! The changes in a reply, in each of the forms in which models write them.
//!
//! A reply is gone through line by line. A change begins with a line that nothing else begins with: a block to search
//! for ([`block`]), a diff ([`diff`]), a patch of OpenAI's kind ([`patch`]). What stands around it is prose, in which
//! only the names of files matter ([`names`]). A fence that has the path of a file and none of these is that whole file
//! ([`whole`]). Where one reply has several forms they are put together, and what contradicts itself is refused.

mod block;
mod body;
mod diff;
mod fence;
mod header;
mod names;
mod patch;
mod together;
mod whole;

use super::{
    proposal::{FileChange, Proposal},
    refusal::{Refusal, RefusalKind},
};
use crate::text::cut_head;
use fence::Fence;
use names::Known;
use together::together;

/// The largest reply, in bytes.
const LARGEST: usize = 8 << 20;

/// The most changes in a reply, and the most fences inside of each other.
const MOST_CHANGES: usize = 1000;
const DEEPEST: usize = 20;

/// The longest text before the changes that is kept, in characters.
const LONGEST_INTRODUCTION: usize = 2000;

/// Takes the changes out of a reply.
///
/// # Errors
/// There are none, or they are broken, lead outside, contradict each other, or are too many.
pub fn parse(reply: &str) -> Result<Proposal, Refusal> {
    if reply.len() > LARGEST {
        let message = format!("a reply of more than {} MiB is not taken apart", LARGEST >> 20);
        return Err(Refusal::new(RefusalKind::TooLarge, message));
    }
    let lines: Vec<&str> = reply.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let (stated, whole) = gathered(&lines)?;
    let files = together(stated, whole)?;
    match files.is_empty() {
        true => Err(Refusal::new(
            RefusalKind::Nothing,
            "the reply has no change in a known form: write blocks of `<<<<<<< SEARCH`, `=======` and `>>>>>>> \
             REPLACE`, each with the path of its file in the line before",
        )),
        false => Ok(Proposal { files }),
    }
}

/// What a reply says before its first change.
pub(super) fn introduction(reply: &str) -> String {
    let lines: Vec<&str> = reply.lines().collect();
    let begins = |at: &usize| {
        let line = lines[*at];
        block::begins(line) || patch::begins(line) || diff::begins(&lines, *at) || Fence::opened_by(line).is_some()
    };
    let first = (0..lines.len()).find(begins).unwrap_or(lines.len());
    let mut before = &lines[..first];
    // The name of the file belongs to the change.
    let is_name = |line: &str| line.trim().is_empty() || names::heading(line).is_some();
    while let Some((last, rest)) = before.split_last()
        && is_name(last)
    {
        before = rest;
    }
    cut_head(before.join("\n").trim(), LONGEST_INTRODUCTION).shown.to_owned()
}

/// The changes that are stated as such, and whole files.
fn gathered(lines: &[&str]) -> Result<(Vec<FileChange>, Vec<FileChange>), Refusal> {
    let (mut stated, mut whole) = (Vec::new(), Vec::new());
    let mut fences: Vec<Fence<'_>> = Vec::new();
    let mut known = Known::default();
    let mut at = 0;
    while at < lines.len() {
        if stated.len() + whole.len() > MOST_CHANGES || fences.len() > DEEPEST {
            let message =
                format!("a reply of more than {MOST_CHANGES} changes, or with fences too deep in fences, is not taken");
            return Err(Refusal::new(RefusalKind::TooLarge, message));
        }
        let inner = fences.last();
        if block::begins(lines[at]) {
            at = block::parse(lines, at, &mut known, &mut stated)?;
        } else if patch::begins(lines[at]) {
            at = patch::parse(lines, at, inner, &mut stated)?;
            known.passed(at);
        } else if diff::begins(lines, at) {
            at = diff::parse(lines, at, inner, &mut stated)?;
            known.passed(at);
        } else if diff::begins_without_head(lines, at, inner) {
            at = diff::parse_without_head(lines, at, inner, &mut known, &mut stated)?;
        } else if block::is_stray(lines[at]) || patch::is_stray(lines[at]) {
            let message = format!(
                "line {} of the reply ends a change where there is none: if such marks are lines of the file, or \
                 fences are, write the change in another form",
                at + 1
            );
            return Err(Refusal::new(RefusalKind::Malformed, message));
        } else if inner.is_some_and(|fence| fence.is_closed_by(lines[at])) {
            fences.pop();
            at += 1;
        } else if let Some(fence) = Fence::opened_by(lines[at]) {
            match whole::parse(lines, at, &fence, &known)? {
                whole::Content::Changes => {
                    fences.push(fence);
                    at += 1;
                }
                whole::Content::File(change, end) => {
                    whole.push(change);
                    at = end;
                    known.passed(at);
                }
                whole::Content::Other(end) => at = end,
            }
        } else {
            at += 1;
        }
    }
    Ok((stated, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_change_stands_before_it() {
        for (reply, said) in [
            ("I turn it around.\n\nsrc/a.rs\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", "I turn it around."),
            ("One.\nTwo.\n```diff\n-a\n+b\n```\n", "One.\nTwo."),
            ("src/a.rs\n<<<<<<< SEARCH\n", ""),
            ("Only words.", "Only words."),
        ] {
            assert_eq!(introduction(reply), said, "{reply}");
        }
    }
}
