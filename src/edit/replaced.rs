//! A change that is known by the lines that it replaces, and not from a model's reply: what a formatter makes of one, or the same
//! change made at another place.

use super::{
    changed::ChangedFile,
    place::{PlacedHunk, apply},
    proposal::{Change, Hunk},
};
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Lines that stay around each replacement, by which it is found in a newer text.
const CONTEXT: usize = 3;

/// How far beyond the lines of a change a formatter may go, in lines.
const NEXT: usize = 3;

/// How long a difference is looked for. After that it may be larger than needed, and is as true.
const LONGEST: Duration = Duration::from_millis(500);

/// Whole lines of a text, from 0, and what comes in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    pub lines: Range<usize>,
    pub new: String,
}

/// What a formatter has made of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    pub change: Change,
    pub file: ChangedFile,
    /// Whether it wanted to change more around the change than belongs to it, which was left as it is.
    pub is_cut: bool,
}

/// The change of a text by these replacements, which are in order and apart from each other.
pub fn replaced(path: &str, old: &str, replacements: &[Replacement]) -> (Change, ChangedFile) {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let trimmed: Vec<Replacement> = replacements.iter().map(|it| trimmed(&lines, it)).collect();
    let placed: Vec<PlacedHunk> = trimmed
        .iter()
        .map(|it| PlacedHunk { lines: it.lines.clone(), new: it.new.clone(), slips: Vec::new() })
        .collect();
    let new = apply(old, &placed);
    let hunks = trimmed.iter().map(|it| hunk(&lines, it, new.ends_with('\n'))).collect();
    let file = ChangedFile {
        path: path.to_owned(),
        old: Some(old.to_owned()),
        new: Some(new),
        renamed_from: None,
        hunks: placed,
    };
    (Change::Edit(hunks), file)
}

/// A change with what a formatter makes of its new text, as far as that lies in its lines or next to them; nothing where that
/// is no difference.
pub fn formatted(change: &Change, file: &ChangedFile, formatted: &str) -> Option<Formatted> {
    let new = file.new.as_deref().filter(|new| *new != formatted)?;
    match (change, &file.old) {
        (Change::Edit(_) | Change::Rename { .. }, Some(old)) => {
            let (replacements, is_cut) = within(old, new, &file.hunks, formatted);
            let (edit, made) = replaced(&file.path, old, &replacements);
            let made = ChangedFile { renamed_from: file.renamed_from.clone(), ..made };
            let change = match (change, edit) {
                (Change::Rename { to, .. }, Change::Edit(hunks)) => Change::Rename { to: to.clone(), hunks },
                (_, edit) => edit,
            };
            let differs = made.new != file.new && made.new != made.old;
            (differs || is_cut).then(|| match differs {
                true => Formatted { change, file: made, is_cut },
                false => Formatted { change: change.clone(), file: file.clone(), is_cut },
            })
        }
        (Change::Create(_) | Change::Rewrite(_), old) => {
            let whole = |old: &String| PlacedHunk {
                lines: 0..old.split_inclusive('\n').count(),
                new: formatted.to_owned(),
                slips: Vec::new(),
            };
            let hunks = old.iter().map(whole).collect();
            let made = ChangedFile { new: Some(formatted.to_owned()), hunks, ..file.clone() };
            let change = match change {
                Change::Rewrite(_) => Change::Rewrite(formatted.to_owned()),
                _ => Change::Create(formatted.to_owned()),
            };
            (made.new != made.old).then_some(Formatted { change, file: made, is_cut: false })
        }
        _ => None,
    }
}

/// A piece of a text with changes: its lines in the new text, and the differences to the formatted one.
struct Piece {
    lines: Range<usize>,
    /// The lines of the change itself.
    own: Range<usize>,
    /// How many lines of the new text come before those of the old one that stand there.
    shift: (isize, isize),
    differences: Vec<(Range<usize>, Range<usize>)>,
}

/// What replaces lines of the old text, with the formatter's differences that touch a hunk and go not far beyond it. Says whether
/// others touch one.
fn within(old: &str, new: &str, hunks: &[PlacedHunk], formatted: &str) -> (Vec<Replacement>, bool) {
    let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let (old_count, new_lines, formatted) = (old.split_inclusive('\n').count(), lines(new), lines(formatted));
    let mut pieces = pieces(hunks);
    let deadline = Instant::now().checked_add(LONGEST);
    let mut is_cut = false;
    for op in capture_diff_slices_deadline(Algorithm::Myers, &new_lines, &formatted, deadline) {
        let (tag, before, after) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            continue;
        }
        let touches = |it: &Piece| before.start <= it.lines.end && it.lines.start <= before.end;
        let (Some(first), Some(last)) = (pieces.iter().position(touches), pieces.iter().rposition(touches)) else {
            continue;
        };
        if before.start + NEXT < pieces[first].own.start || before.end > pieces[last].own.end + NEXT {
            is_cut = true;
            continue;
        }
        let merged: Vec<Piece> = pieces.drain(first..=last).collect();
        let whole = joined(merged, before, after);
        pieces.insert(first, whole);
    }
    let replacement = |piece: Piece| {
        let at = |line: usize, shift: isize| line.saturating_add_signed(-shift).min(old_count);
        let lines = at(piece.lines.start, piece.shift.0)..at(piece.lines.end, piece.shift.1);
        let mut text = String::new();
        let mut done = piece.lines.start;
        for (before, after) in piece.differences {
            text.extend(new_lines[done..before.start].iter().map(String::as_str));
            text.extend(formatted[after].iter().map(String::as_str));
            done = before.end;
        }
        text.extend(new_lines[done..piece.lines.end].iter().map(String::as_str));
        Replacement { lines, new: text }
    };
    (pieces.into_iter().map(replacement).collect(), is_cut)
}

/// One piece for each hunk, in the order of their lines.
fn pieces(hunks: &[PlacedHunk]) -> Vec<Piece> {
    let mut order: Vec<&PlacedHunk> = hunks.iter().collect();
    order.sort_by_key(|it| (it.lines.start, it.lines.end));
    let mut shift = 0_isize;
    let piece = |hunk: &PlacedHunk| {
        let count = hunk.new.split_inclusive('\n').count();
        let start = hunk.lines.start.saturating_add_signed(shift);
        let before = shift;
        shift += count.cast_signed() - hunk.lines.len().cast_signed();
        let lines = start..start + count;
        Piece { own: lines.clone(), lines, shift: (before, shift), differences: Vec::new() }
    };
    order.into_iter().map(piece).collect()
}

/// Pieces that a difference brings together.
fn joined(merged: Vec<Piece>, before: Range<usize>, after: Range<usize>) -> Piece {
    let mut whole: Option<Piece> = None;
    for piece in merged {
        whole = Some(match whole {
            None => piece,
            Some(mut whole) => {
                whole.lines.end = piece.lines.end.max(whole.lines.end);
                whole.own.end = piece.own.end;
                whole.shift.1 = piece.shift.1;
                whole.differences.extend(piece.differences);
                whole
            }
        });
    }
    let mut whole =
        whole.unwrap_or(Piece { lines: before.clone(), own: before.clone(), shift: (0, 0), differences: Vec::new() });
    whole.lines = whole.lines.start.min(before.start)..whole.lines.end.max(before.end);
    whole.differences.push((before, after));
    whole
}

/// The same replacement without the lines at its ends that stay.
fn trimmed(old: &[&str], it: &Replacement) -> Replacement {
    let before = &old[it.lines.start.min(old.len())..it.lines.end.min(old.len())];
    let after: Vec<&str> = it.new.split_inclusive('\n').collect();
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let lines = it.lines.start + head..it.lines.start + before.len() - tail;
    Replacement { lines, new: after[head..after.len() - tail].concat() }
}

/// A replacement as a model would have written it.
fn hunk(lines: &[&str], it: &Replacement, ends_with_newline: bool) -> Hunk {
    let context = it.lines.start.saturating_sub(CONTEXT)..(it.lines.end + CONTEXT).min(lines.len());
    let content = |line: &str| line.trim_end_matches(['\n', '\r']).to_owned();
    let contents = |range: Range<usize>| lines[range].iter().map(|line| content(line)).collect::<Vec<_>>();
    let mut new = contents(context.start..it.lines.start);
    new.extend(it.new.split_inclusive('\n').map(content));
    new.extend(contents(it.lines.end..context.end));
    let is_at_end = context.end == lines.len();
    let old_ends = lines.last().is_none_or(|line| line.ends_with('\n'));
    Hunk {
        old: contents(context.clone()),
        new,
        line: Some(context.start + 1),
        last_newline: (is_at_end && old_ends != ends_with_newline).then_some(ends_with_newline),
        ..Hunk::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Proposal, place};

    /// A proposal with one block for each pair of lines, placed in a text.
    fn changed(old: &str, blocks: &[(&str, &str)]) -> (Change, ChangedFile) {
        let block =
            |(old, new): &(&str, &str)| format!("a.x\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n");
        let proposal: Proposal = crate::edit::parse(&blocks.iter().map(block).collect::<String>()).unwrap();
        let file = proposal.changed_files(|_| Ok::<_, String>(Some(old.to_owned()))).unwrap().remove(0);
        (proposal.files[0].change.clone(), file)
    }

    const OLD: &str = "one\ntwo\n\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

    #[test]
    fn what_a_formatter_does_to_a_change_is_kept_and_what_it_does_elsewhere_is_not() {
        for (blocks, formatted_text, expected, is_cut) in [
            // In the lines of the change, and far from it.
            (
                &[("two", "two  ,2")][..],
                "one\ntwo, 2\n\nthree\nfour\nfive\nsix\nseven\nEIGHT\nnine\nten\n",
                OLD.replace("two", "two, 2"),
                false,
            ),
            // Next to it: a blank line goes.
            (
                &[("two", "2")],
                "one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n",
                OLD.replace("two\n\n", "2\n"),
                false,
            ),
            // Two changes that it joins stay two, or become one.
            (
                &[("three", "3"), ("five", "5")],
                "one\ntwo\n\n3 4 5\nsix\nseven\neight\nnine\nten\n",
                OLD.replace("three\nfour\nfive\n", "3 4 5\n"),
                false,
            ),
            // A file that was never formatted stays as it is.
            (&[("nine", "9")], "ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT 9 TEN\n", OLD.replace("nine", "9"), true),
        ] {
            let (change, file) = changed(OLD, blocks);
            let made = formatted(&change, &file, formatted_text).expect("it makes a difference");
            assert_eq!((made.file.new.as_deref(), made.is_cut), (Some(expected.as_str()), is_cut), "{blocks:?}");
            // It can be placed anew, all of it and hunk by hunk.
            let Change::Edit(hunks) = &made.change else { panic!("{made:?}") };
            assert_eq!((place(OLD, hunks).map(|it| apply(OLD, &it))), Ok(expected.clone()), "{blocks:?}");
            assert_eq!(hunks.len(), made.file.hunks.len());
            let newer = format!("zero\n{OLD}");
            let numbers: Vec<usize> = (0..hunks.len()).collect();
            let placed = made.file.placed_anew(&made.change, &numbers, &newer).expect("it fits");
            assert_eq!(apply(&newer, &placed), format!("zero\n{expected}"));
        }
        let (change, file) = changed(OLD, &[("two", "2")]);
        let same = file.new.clone().expect("a text");
        assert_eq!(formatted(&change, &file, &same), None);
        assert_eq!(formatted(&change, &file, &same.replace("nine", "NINE")), None, "far from the change");
    }

    #[test]
    fn replacements_become_hunks_that_place_themselves() {
        let replacement = |lines: Range<usize>, new: &str| Replacement { lines, new: new.to_owned() };
        for (old, replacements, expected) in [
            ("a\nb\nc", vec![replacement(2..3, "C")], "a\nb\nC"),
            ("a\nb\nc", vec![replacement(2..3, "C\n")], "a\nb\nC\n"),
            ("a\r\nb\r\n", vec![replacement(0..2, "a\r\nB\r\n")], "a\r\nB\r\n"),
            ("x\ny\nx\ny\nx\n", vec![replacement(2..3, "X\n"), replacement(4..5, "X\n")], "x\ny\nX\ny\nX\n"),
        ] {
            let (change, file) = replaced("a.x", old, &replacements);
            assert_eq!(file.new.as_deref(), Some(expected));
            let Change::Edit(hunks) = change else { panic!("{change:?}") };
            assert_eq!(place(old, &hunks).map(|it| apply(old, &it)), Ok(expected.to_owned()), "{old:?}");
        }
    }
}
