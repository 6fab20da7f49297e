//! What is said of a hunk that fits nowhere.

use crate::edit::{
    elision::is_elision,
    lines::{Lines, UNKNOWN},
    proposal::Hunk,
    refusal::{Refusal, RefusalKind},
};
use crate::text::one_line;

/// The longest piece of a line that is shown, in bytes.
const SHOWN: usize = 100;

/// Places that are compared to tell where a hunk nearly fits.
const MOST_COMPARED: usize = 1000;

pub(super) fn elided(line: &str) -> Refusal {
    let message = format!("`{}` stands for lines that are left out: write all lines in full", shown(line));
    Refusal::new(RefusalKind::Elided, message)
}

pub(super) fn applied(at: usize) -> Refusal {
    let message = format!("its new lines stand at line {} already. Leave it out", at + 1);
    Refusal::new(RefusalKind::AlreadyApplied, message)
}

/// Why the lines of a hunk are not found.
pub(super) fn missing(lines: &Lines<'_>, hunk: &Hunk) -> Refusal {
    let refuse = |message: String| Refusal::new(RefusalKind::NotFound, message);
    let solid = || hunk.old.iter().filter(|line| !line.trim().is_empty());
    let unknown: Vec<&String> = solid().filter(|line| lines.key_of(line) == UNKNOWN).collect();
    if let Some(line) = unknown.iter().find(|line| is_elision(line)) {
        return elided(line);
    }
    if let Some(line) = unknown.first() {
        let part = line.trim();
        let whole = lines.lines.iter().position(|it| it.content.contains(part));
        return refuse(match whole {
            Some(at) => format!("`{}` is only a part of line {}: give whole lines", shown(part), at + 1),
            None => format!("the file has no line `{}`: copy the lines from the file as it is now", shown(line)),
        });
    }
    // All lines are there. Where most of them follow each other, the first that differs is told.
    let keys: Vec<u32> = hunk.old.iter().map(|line| lines.key_of(line)).collect();
    let first = hunk.old.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let run = |start: usize| keys[first..].iter().zip(&lines.keys[start..]).take_while(|(a, b)| a == b).count();
    let starts = lines.places(keys[first]).iter().take(MOST_COMPARED);
    let best =
        starts.map(|&start| (run(start), start)).max_by_key(|&(length, start)| (length, std::cmp::Reverse(start)));
    let Some((length, start)) = best else { return refuse("its lines are not in the file".to_owned()) };
    if first + length == keys.len() {
        let message = format!(
            "its lines stand at line {}, but are indented or drawn otherwise, so that it is not known how the new \
             lines should be: copy the lines as they are",
            start + 1
        );
        return refuse(message);
    }
    let there = lines.lines.get(start + length).map_or("ends".to_owned(), |it| format!("has `{}`", shown(it.content)));
    refuse(format!(
        "its lines do not follow each other: where it says `{}` the file {there} at line {}: copy the lines from the \
         file as it is now",
        shown(&hunk.old[first + length]),
        start + length + 1
    ))
}

fn shown(line: &str) -> String {
    one_line(line.trim(), SHOWN)
}
