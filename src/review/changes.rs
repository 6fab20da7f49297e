//! Which lines of a text are not in an earlier one.
//!
//! The method is that of Myers, *An O(ND) Difference Algorithm and Its Variations* (1986), up to so many differences; of texts
//! that differ more, all between what they begin and end with alike counts as changed.

use rustc_hash::FxHashMap;
use std::ops::Range;

/// The most lines that are taken out and put in, which takes some 16 MB to remember.
const MOST_DIFFERENCES: usize = 2000;

/// The lines of `new`, counted from 1, that are not in `old`. How lines end does not count.
pub fn changed_lines<'t>(old: &'t str, new: &'t str) -> Vec<Range<usize>> {
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let mut numbered = |text: &'t str| -> Vec<u32> {
        let number = |line| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(line).or_insert(next)
        };
        text.lines().map(number).collect()
    };
    let (old, new) = (numbered(old), numbered(new));
    let begin = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[begin..], &new[begin..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let is_changed = inserted(old, new).unwrap_or_else(|| vec![true; new.len()]);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for line in (0..new.len()).filter(|&line| is_changed[line]).map(|line| begin + line + 1) {
        match ranges.last_mut() {
            Some(last) if last.end == line => last.end += 1,
            _ => ranges.push(line..line + 1),
        }
    }
    ranges
}

/// For each item of `new` whether it is put in; nothing if there are too many differences.
fn inserted(old: &[u32], new: &[u32]) -> Option<Vec<bool>> {
    // For each number of differences, and of lines taken out among them, how far the old text was reached.
    let mut history: Vec<Vec<usize>> = Vec::new();
    for differences in 0..=MOST_DIFFERENCES.min(old.len() + new.len()) {
        let mut reached = Vec::with_capacity(differences + 1);
        for step in 0..=differences {
            let (mut x, _) = reach(&history, differences, step);
            // As many lines more of the new text as were put in, and fewer as were taken out.
            if let Some(mut y) = (x + differences).checked_sub(2 * step) {
                while x < old.len() && y < new.len() && old[x] == new[y] {
                    (x, y) = (x + 1, y + 1);
                }
                if x >= old.len() && y >= new.len() {
                    history.push(reached);
                    return Some(walked_back(&history, old.len(), new.len(), step));
                }
            }
            reached.push(x);
        }
        history.push(reached);
    }
    None
}

/// How far the old text is reached by one more difference, before what is the same there: by a line that is put in, which is
/// told, or one that is taken out.
fn reach(history: &[Vec<usize>], differences: usize, step: usize) -> (usize, bool) {
    let Some(before) = differences.checked_sub(1).and_then(|at| history.get(at)) else { return (0, false) };
    let taken_out = step.checked_sub(1).and_then(|at| before.get(at)).map(|x| x + 1);
    match (taken_out, before.get(step)) {
        (Some(taken_out), Some(&put_in)) if taken_out <= put_in => (put_in, true),
        (None, Some(&put_in)) => (put_in, true),
        (taken_out, _) => (taken_out.unwrap_or(0), false),
    }
}

/// Goes back from the ends of both texts to their beginnings, and notes what was put in.
fn walked_back(history: &[Vec<usize>], old: usize, new: usize, last_step: usize) -> Vec<bool> {
    let mut inserted = vec![false; new];
    let (mut step, mut x, mut y) = (last_step, old, new);
    for differences in (1..history.len()).rev() {
        let (start, is_put_in) = reach(history, differences, step);
        let same = x - start;
        (x, y) = (start, y - same);
        if is_put_in {
            y -= 1;
            inserted[y] = true;
        } else {
            x -= 1;
            step -= 1;
        }
    }
    inserted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One range, and not what is in it.
    fn one(range: Range<usize>) -> Vec<Range<usize>> {
        std::iter::once(range).collect()
    }

    #[test]
    fn lines_that_are_new_are_told() {
        for (old, new, expected) in [
            ("a\nb\nc\n", "a\nb\nc\n", &[][..]),
            ("a\nb\nc\n", "a\nx\nc\n", &one(2..3)[..]),
            ("a\nb\n", "a\nb\nc\nd\n", &one(3..5)[..]),
            ("a\nb\nc\n", "b\nc\n", &[]),
            ("", "a\nb\n", &one(1..3)[..]),
            ("a\r\nb\r\n", "a\nb\n", &[]),
            ("a\nb\nc\nd\n", "x\na\nb\ny\nd\n", &[1..2, 4..5]),
        ] {
            assert_eq!(changed_lines(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn texts_that_have_nothing_in_common_are_given_up_in_bounded_time() {
        let text = |start: usize| (start..start + 5000).map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(changed_lines(&text(0), &text(10_000)), one(1..5001));
    }

    fn longest_common(old: &[&str], new: &[&str]) -> usize {
        let mut row = vec![0; new.len() + 1];
        for a in old {
            let mut diagonal = 0;
            for (at, b) in new.iter().enumerate() {
                let longest = if a == b { diagonal + 1 } else { row[at].max(row[at + 1]) };
                diagonal = std::mem::replace(&mut row[at + 1], longest);
            }
        }
        row[new.len()]
    }

    proptest! {
        #[test]
        fn as_few_lines_as_possible_are_new(old in "([abc]\n){0,12}", new in "([abc]\n){0,12}") {
            let changed = changed_lines(&old, &new);
            let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
            let is_changed = |line: usize| changed.iter().any(|range| range.contains(&(line + 1)));
            let kept: Vec<&str> = (0..new.len()).filter(|&line| !is_changed(line)).map(|line| new[line]).collect();
            let mut rest = old.iter();
            prop_assert!(kept.iter().all(|line| rest.any(|it| it == line)));
            prop_assert_eq!(kept.len(), longest_common(&old, &new));
        }
    }
}
