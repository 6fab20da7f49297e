//! Numbers of lines that a model has copied from a listing.

use super::fit::Slip;
use crate::edit::proposal::Hunk;

/// The hunk without numbers, if all of its old lines have some, one after the other, and of its new lines all or none.
pub(super) fn without_numbers(hunk: &Hunk) -> Option<(Hunk, Slip)> {
    let old: Vec<(usize, &str)> = hunk.old.iter().map(|line| numbered(line)).collect::<Option<_>>()?;
    let first = old.first()?.0;
    if old.len() < 2 || old.iter().enumerate().any(|(at, (number, _))| *number != first + at) {
        return None;
    }
    let new: Vec<Option<(usize, &str)>> = hunk.new.iter().map(|line| numbered(line)).collect();
    let new = match new.iter().all(Option::is_some) {
        true => new.into_iter().flatten().map(|(_, line)| line.to_owned()).collect(),
        false if new.iter().all(Option::is_none) => hunk.new.clone(),
        false => return None,
    };
    let old = old.into_iter().map(|(_, line)| line.to_owned()).collect();
    Some((Hunk { old, new, line: hunk.line.or(Some(first)), ..hunk.clone() }, Slip::Numbers))
}

/// `  12| text`, `12 | text`, `12: text`.
fn numbered(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = rest[..digits].parse().ok()?;
    let rest = rest[digits..].strip_prefix(' ').unwrap_or(&rest[digits..]);
    let text = rest.strip_prefix(['|', ':', '\u{2192}'])?;
    Some((number, text.strip_prefix(' ').filter(|_| rest.starts_with('|') || rest.starts_with(':')).unwrap_or(text)))
}
