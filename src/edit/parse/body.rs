//! The lines of one hunk of a diff.

use super::{fence::Fence, header};
use crate::edit::{
    proposal::Hunk,
    refusal::{Refusal, RefusalKind},
};

/// Lines behind a fence that are looked at for the rest of a diff.
const MOST_BEHIND: usize = 60;

/// Where a hunk may end.
pub(super) struct Bounds<'b, 'r> {
    /// The fence that it lies in.
    pub fence: Option<&'b Fence<'r>>,
    /// Something behind it tells that it has ended, a fence or another mark; else it may be followed by prose.
    pub is_delimited: bool,
    /// How many old lines and new ones its head promises.
    pub counts: Option<(usize, usize)>,
}

/// Reads the lines of a hunk from a line on, and says behind which line it ends. `ends` knows what begins something
/// else.
///
/// # Errors
/// It goes on behind its fence.
pub(super) fn read(
    lines: &[&str],
    mut at: usize,
    bounds: &Bounds<'_, '_>,
    ends: impl Fn(usize) -> bool,
) -> Result<(Hunk, usize), Refusal> {
    let mut hunk = Hunk { is_diff: true, ..Hunk::default() };
    let (mut old_lacks, mut new_lacks) = (false, false);
    // What the last line was, and how many lines without anything have come since.
    let (mut last, mut blank) = (' ', 0);
    while let Some(&line) = lines.get(at) {
        let wanted = bounds
            .counts
            .map_or((0, 0), |(old, new)| (old.saturating_sub(hunk.old.len()), new.saturating_sub(hunk.new.len())));
        if bounds.fence.is_some_and(|fence| line.starts_with(['`', '~']) && fence.is_closed_by(line)) {
            may_end_here(lines, at, wanted)?;
            break;
        }
        // Lines that begin with dashes and go may look like the head of another file.
        let is_body = line.starts_with("--- ")
            && wanted.0 > 0
            && wanted.1 > 0
            && !lines.get(at + 2).is_some_and(|line| line.starts_with("@@"));
        if !is_body && ends(at) {
            break;
        }
        let is_signature = line.trim_end() == "--" && wanted == (0, 0) && bounds.counts.is_some();
        let kind = line.chars().next().unwrap_or('\0');
        let is_odd = !matches!(kind, ' ' | '+' | '-' | '\\');
        if is_signature || (is_odd && !bounds.is_delimited && !changes_follow(lines, at, &ends)) {
            break;
        }
        let rest = line.get(1..).unwrap_or_default();
        match kind {
            '+' => hunk.new.push(rest.to_owned()),
            '-' => hunk.old.push(rest.to_owned()),
            '\\' => {
                old_lacks |= matches!(last, ' ' | '-');
                new_lacks |= matches!(last, ' ' | '+');
            }
            _ => {
                // A line that stays, which may have lost the space before it.
                let text = if kind == ' ' { rest } else { line };
                hunk.old.push(text.to_owned());
                hunk.new.push(text.to_owned());
            }
        }
        blank = if line.is_empty() { blank + 1 } else { 0 };
        last = if is_odd { ' ' } else { kind };
        at += 1;
    }
    // Lines without anything at the end belong to the reply rather than to the hunk.
    hunk.old.truncate(hunk.old.len() - blank);
    hunk.new.truncate(hunk.new.len() - blank);
    hunk.last_newline = (old_lacks != new_lacks).then_some(old_lacks);
    Ok((hunk, at))
}

/// # Errors
/// The lines behind the fence look like the rest of the diff: what looked like its end is a line of the file.
fn may_end_here(lines: &[&str], at: usize, wanted: (usize, usize)) -> Result<(), Refusal> {
    let behind = lines[at + 1..].iter().take(MOST_BEHIND).take_while(|line| Fence::opened_by(line).is_none());
    let is_change = |line: &&str| {
        let mut letters = line.chars();
        let first = letters.next();
        let is_marked = matches!(first, Some('+' | '-'))
            && letters.next().is_some_and(|it| !it.is_whitespace() && Some(it) != first);
        is_marked || header::begins(line)
    };
    let rest = lines[at + 1..].iter().take(20 * MOST_BEHIND);
    let odd_fences = rest.filter(|line| Fence::opened_by(line).is_some()).count() % 2 == 1;
    if behind.into_iter().any(is_change) || (odd_fences && wanted != (0, 0)) {
        let message = format!(
            "the diff seems to go on behind the fence in line {} of the reply: put it into a fence of more marks than \
             any line of it begins with, and begin each line that stays with a space",
            at + 1
        );
        return Err(Refusal::new(RefusalKind::Malformed, message));
    }
    Ok(())
}

/// Whether, before something else begins, lines follow that come or go.
fn changes_follow(lines: &[&str], at: usize, ends: &impl Fn(usize) -> bool) -> bool {
    let until = (at + 1..lines.len()).take_while(|&at| !ends(at) && Fence::opened_by(lines[at]).is_none());
    until.take(MOST_BEHIND).any(|at| lines[at].starts_with(['+', '-']))
}
