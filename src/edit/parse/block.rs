//! Blocks of lines to search for and lines to put in their place, as aider, Cline and Roo Code have models write them.

use super::{names, names::Known};
use crate::edit::{
    path::checked,
    proposal::{Change, FileChange, Hunk},
    refusal::{Refusal, RefusalKind},
};

/// Whether a block begins with this line.
pub(super) fn begins(line: &str) -> bool {
    opening(line).is_some()
}

/// Whether a line would end a block, where there is none.
pub(super) fn is_stray(line: &str) -> bool {
    line.trim().starts_with('>') && line.trim().len() > 7 && closes(line, '<')
}

/// Parses the block that begins at a line, and says behind which line it ends.
///
/// # Errors
/// It is broken, or no file is named.
pub(super) fn parse(
    lines: &[&str],
    at: usize,
    known: &mut Known,
    changes: &mut Vec<FileChange>,
) -> Result<usize, Refusal> {
    let refuse = |why: &str| {
        let message = format!("the block that begins in line {} of the reply {why}", at + 1);
        Err(Refusal::new(RefusalKind::Malformed, message))
    };
    let (mark, named) = opening(lines[at]).unwrap_or(('<', ""));
    let ends = |line: &&str| closes(line, mark);
    let Some(length) = lines[at + 1..].iter().position(|line| ends(line) || begins(line)) else {
        return refuse("does not end: it needs a line `>>>>>>> REPLACE`");
    };
    let end = at + 1 + length;
    if !ends(&lines[end]) {
        return refuse("does not end before the next one begins: it needs a line `>>>>>>> REPLACE`");
    }
    let (body, line) = without_notes(&lines[at + 1..end]);
    let equals = |line: &str| {
        let line = line.trim();
        line.bytes().all(|it| it == b'=').then_some(line.len()).filter(|it| (5..=9).contains(it))
    };
    let exact: Vec<usize> = (0..body.len()).filter(|&it| equals(body[it]) == Some(7)).collect();
    let near: Vec<usize> = (0..body.len()).filter(|&it| equals(body[it]).is_some()).collect();
    let middle = match (exact.as_slice(), near.as_slice()) {
        ([middle], _) | ([], [middle]) => *middle,
        ([], []) => return refuse("has no line `=======` between the old lines and the new ones"),
        _ => return refuse("has several lines of equals signs, so that it is not known where the new lines begin"),
    };
    let owned = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
    let (old, new) = (owned(&body[..middle]), owned(&body[middle + 1..]));
    let path = match names::heading(named) {
        Some(path) => path,
        None => known.file_before(lines, at)?,
    };
    let path = checked(&path)?;
    known.passed_of(end + 1, &path);
    let change = match old.iter().all(|line| line.trim().is_empty()) {
        true if new.is_empty() => return refuse("is empty"),
        true => Change::Create(new.iter().flat_map(|line| [line.as_str(), "\n"]).collect()),
        false => Change::Edit(vec![Hunk { old, new, line, ..Hunk::default() }]),
    };
    changes.push(FileChange { path, change });
    Ok(end + 1)
}

/// The mark of a line that begins a block, and what follows the word.
fn opening(line: &str) -> Option<(char, &str)> {
    let line = line.trim();
    let (mark, rest) = marked(line, &['<', '-'])?;
    let rest = rest.trim_start();
    let word = ["SEARCH", "ORIGINAL"]
        .into_iter()
        .find(|word| rest.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word)))?;
    let behind = &rest[word.len()..];
    // A rule of dashes in a text may be followed by any word.
    let is_alone = mark == '<' || behind.trim_matches(['>', ' ', ':']).is_empty();
    let is_word = !behind.starts_with(|it: char| it.is_alphanumeric() || it == '_');
    (is_alone && is_word).then(|| (mark, behind.trim_matches(['>', ' ', ':'])))
}

/// Whether a line ends a block that begins with this mark.
fn closes(line: &str, mark: char) -> bool {
    let line = line.trim();
    let Some((own, rest)) = marked(line, &['>', '<', '+']) else { return false };
    let rest = rest.trim();
    let has_word = ["REPLACE", "UPDATED"].iter().any(|word| rest.eq_ignore_ascii_case(word));
    has_word && (own != '+' || mark == '-') || (rest.is_empty() && own == '>' && line.len() == 7)
}

/// The mark that a line begins with five to nine times, and what follows.
fn marked<'l>(line: &'l str, marks: &[char]) -> Option<(char, &'l str)> {
    let mark = line.chars().next().filter(|it| marks.contains(it))?;
    let rest = line.trim_start_matches(mark);
    (5..=9).contains(&(line.len() - rest.len())).then_some((mark, rest))
}

/// The lines behind notes such as `:start_line:12` and a rule, and the number of the line.
fn without_notes<'l, 'r>(body: &'l [&'r str]) -> (&'l [&'r str], Option<usize>) {
    let note = |line: &str| {
        let (name, value) = line.trim().strip_prefix(':')?.split_once(':')?;
        let value: usize = value.trim().parse().ok()?;
        matches!(name, "start_line" | "end_line").then_some((name == "start_line", value))
    };
    let notes: Vec<(bool, usize)> = body.iter().map_while(|line| note(line)).collect();
    if notes.is_empty() {
        return (body, None);
    }
    let rest = &body[notes.len()..];
    let is_rule = |line: &&&str| line.trim().len() >= 5 && line.trim().bytes().all(|it| it == b'-');
    let rest = if rest.first().filter(is_rule).is_some() { &rest[1..] } else { rest };
    (rest, notes.iter().find(|(is_start, _)| *is_start).map(|(_, value)| *value))
}
