//! A change within a line: the words that were replaced, wherever else they stand, whatever stands around them.

use super::words::{Words, is_name, renamed, same_but_one};
use std::ops::Range;

/// Marks next to which a whole expression stands.
const DELIMITERS: [&str; 9] = ["(", ")", "[", "]", "{", "}", ",", ";", "="];

/// Marks that make what follows a part of what stands before.
const JOINING: [&str; 3] = [".", ":", ">"];

/// Marks that belong to what stands before.
const OPENING: [&str; 4] = ["(", "[", ".", ":"];

/// Words of one line that were replaced by others, in brackets that are closed.
#[derive(Debug)]
pub struct Part<'e> {
    before: Vec<&'e str>,
    after: Vec<&'e str>,
    /// What stands in the place of the words, with its white space.
    text: &'e str,
    /// What stood on both sides in the line.
    around: (Option<&'e str>, Option<&'e str>),
}

impl<'e> Part<'e> {
    /// The words in which two texts differ, if these lie in one line, with as many around them as it takes to have at least so
    /// many, and to close all brackets.
    pub fn of(before: &'e str, after: &'e str, least: usize) -> Option<Self> {
        let (old, new) = (Words::of(before), Words::of(after));
        let (old, new) = (old.all(), new.all());
        let same = |(one, other): &(&(&str, usize), &(&str, usize))| one.0 == other.0;
        let head = old.iter().zip(new).take_while(same).count();
        let rest = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
        let (mut left, mut right) = (head, tail);
        let line = old.get(head).or_else(|| old.get(head.checked_sub(1)?))?.1;
        let words = |all: &[(&'e str, usize)], left: usize, right: usize| -> Vec<&'e str> {
            all[left..all.len() - right].iter().map(|it| it.0).collect()
        };
        loop {
            let (own, others) = (words(old, left, right), words(new, left, right));
            let (missing, open) =
                (unclosed(&own).0.max(unclosed(&others).0), unclosed(&own).1.max(unclosed(&others).1));
            let in_line = |at: usize| old.get(at).filter(|it| it.1 == line).map(|it| it.0);
            let (before, behind) = (left.checked_sub(1).and_then(in_line), in_line(old.len() - right));
            // What they belong to is a part of them, and so is what an operator would take apart.
            let is_loose = own.first().is_some_and(|it| OPENING.contains(it)) && before.is_some();
            let (apart_before, apart_behind) = match is_primary(&others) {
                true => (false, false),
                false => (!is_delimiter(before), !is_delimiter(behind)),
            };
            let can_go_right = behind.is_some() && right > 0;
            let can_go_left = before.is_some() && left > 0;
            match () {
                () if open > 0 && can_go_right => right -= 1,
                () if open > 0 => return None,
                () if missing > 0 || is_loose || apart_before => match can_go_left {
                    true => left -= 1,
                    false => return None,
                },
                () if apart_behind => match can_go_right {
                    true => right -= 1,
                    false => return None,
                },
                () if own.len() >= least => break,
                () if can_go_left => left -= 1,
                () if can_go_right => right -= 1,
                () => return None,
            }
        }
        let (own, others) = (&old[left..old.len() - right], &new[left..new.len() - right]);
        let of_one_line = |all: &[(&str, usize)]| all.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let (Some(first), Some(last)) = (others.first(), others.last()) else { return None };
        if !of_one_line(own) || !of_one_line(others) || own.first()?.1 != line {
            return None;
        }
        let beside = |at: Option<usize>| at.and_then(|at| old.get(at)).filter(|it| it.1 == line).map(|it| it.0);
        Some(Self {
            before: own.iter().map(|it| it.0).collect(),
            after: others.iter().map(|it| it.0).collect(),
            text: &after[offset(after, first.0)..offset(after, last.0) + last.0.len()],
            around: (beside(left.checked_sub(1)), beside(Some(old.len() - right))),
        })
    }

    /// The lines of a text that have these words, but for one name, each with what it would be.
    pub fn lines(&self, text: &str, words: &Words<'_>) -> Vec<(usize, String)> {
        let all = words.all();
        // What only the new words name is no other name where they are there already.
        let is_old = |name: &Option<(String, String)>| {
            name.as_ref().is_none_or(|(from, _)| self.before.contains(&from.as_str()))
        };
        let done = places(&self.after, all).filter(|(_, name)| is_old(name));
        let done: Vec<Range<usize>> = done.map(|(range, _)| range).collect();
        let mut lines: Vec<(usize, String)> = Vec::new();
        // From behind, so that what comes before stays where it is.
        let found: Vec<_> = places(&self.before, all).collect();
        for (range, name) in found.into_iter().rev() {
            let is_done = done.iter().any(|it| it.start <= range.start && range.end <= it.end);
            // What the change takes away is known by its name, and what it brings is there once.
            let is_other = name
                .as_ref()
                .is_some_and(|(from, to)| !self.after.contains(&from.as_str()) || self.after.contains(&to.as_str()));
            if is_done || is_other || !self.fits(all, &range) {
                continue;
            }
            let line = all[range.start].1;
            let (first, last) = (all[range.start].0, all[range.end - 1].0);
            let start = text[..offset(text, first)].rfind('\n').map_or(0, |at| at + 1);
            let span = offset(text, first) - start..offset(text, last) + last.len() - start;
            match lines.last_mut() {
                Some((known, new)) if *known == line => new.replace_range(span, &renamed(self.text, name.as_ref())),
                _ => {
                    let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
                    let mut new = text[start..end].to_owned();
                    new.replace_range(span, &renamed(self.text, name.as_ref()));
                    lines.push((line, new));
                }
            }
        }
        lines.reverse();
        lines
    }

    /// Whether the new words mean the same there as they did where the change was made.
    fn fits(&self, all: &[(&str, usize)], range: &Range<usize>) -> bool {
        let line = all[range.start].1;
        let beside = |at: Option<usize>| at.and_then(|at| all.get(at)).filter(|it| it.1 == line).map(|it| it.0);
        let (before, behind) = (beside(range.start.checked_sub(1)), beside(Some(range.end)));
        if (before, behind) == self.around {
            return true;
        }
        if before != self.around.0 && before.is_some_and(|it| JOINING.contains(&it)) {
            return false;
        }
        is_primary(&self.after) || is_delimiter(before) && is_delimiter(behind)
    }
}

/// Where one line has these words, none of them twice.
fn places<'w>(
    pattern: &'w [&str],
    all: &'w [(&str, usize)],
) -> impl Iterator<Item = (Range<usize>, Option<(String, String)>)> + 'w {
    let count = pattern.len();
    let mut from = 0;
    std::iter::from_fn(move || {
        while count > 0 && from + count <= all.len() {
            let range = from..from + count;
            from += 1;
            if all[range.start].1 != all[range.end - 1].1 {
                continue;
            }
            let there = all[range.clone()].iter().map(|it| it.0);
            if let Some(name) = same_but_one(pattern.iter().copied(), there) {
                from = range.end;
                return Some((range, name));
            }
        }
        None
    })
}

/// Whether nothing, or a mark next to which a whole expression stands.
fn is_delimiter(word: Option<&str>) -> bool {
    word.is_none_or(|word| DELIMITERS.contains(&word))
}

/// How many brackets are closed that were not opened, and opened that are not closed.
fn unclosed(words: &[&str]) -> (usize, usize) {
    words.iter().fold((0, 0), |(missing, open), word| match *word {
        "(" | "[" | "{" => (missing, open + 1),
        ")" | "]" | "}" if open == 0 => (missing + 1, 0),
        ")" | "]" | "}" => (missing, open - 1),
        _ => (missing, open),
    })
}

/// Whether words are an expression that no operator around them takes apart.
fn is_primary(words: &[&str]) -> bool {
    let mut depth = 0_usize;
    words.iter().all(|word| match *word {
        "(" | "[" | "{" => {
            depth += 1;
            true
        }
        ")" | "]" | "}" => {
            depth = depth.saturating_sub(1);
            true
        }
        word => depth > 0 || is_name(word) || [".", ":"].contains(&word),
    })
}

/// Where a word lies in the text that it is a part of.
fn offset(text: &str, word: &str) -> usize {
    word.as_ptr().addr() - text.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(before: &str, after: &str, text: &str) -> Vec<(usize, String)> {
        Part::of(before, after, 5).map(|part| part.lines(text, &Words::of(text))).unwrap_or_default()
    }

    #[test]
    fn words_are_replaced_wherever_they_stand_and_mean_the_same() {
        let lock = ("    self.open.lock().unwrap_or_else(into_inner)\n", "    guarded(&self.open)\n");
        let wrap = ("x = parse(a, b)\n", "x = Some(parse(a, b))\n");
        let sum = ("x = first(a) + b;\n", "x = first(a) - b;\n");
        for ((before, after), text, expected) in [
            (
                lock,
                "let a = self.kept.lock().unwrap_or_else(into_inner).len();\n",
                Some("let a = guarded(&self.kept).len();\n"),
            ),
            (lock, "*self.open.lock().unwrap_or_else( into_inner ) = 1;\r\n", Some("*guarded(&self.open) = 1;\r\n")),
            (
                lock,
                "f(self.a.lock().unwrap_or_else(into_inner), self.b.lock().unwrap_or_else(into_inner))",
                Some("f(guarded(&self.a), guarded(&self.b))"),
            ),
            // Another receiver, more in the brackets, another order: not the same.
            (lock, "it.self.open.lock().unwrap_or_else(into_inner)\n", None),
            (lock, "self.open.lock().unwrap_or_else(into_inner, 1)\n", None),
            (lock, "self.open.lock()\n    .unwrap_or_else(into_inner)\n", None),
            (wrap, "x = Some(parse(a, b))\n", None),
            (wrap, "return parse(c, b)\n", Some("return Some(parse(c, b))\n")),
            (sum, "y = first(a) + b;\n", Some("y = first(a) - b;\n")),
            (sum, "y = first(a) + b * 2;\n", None),
        ] {
            let made = made(before, after, text);
            assert_eq!(made.first().map(|it| it.1.as_str()), expected, "{before} in {text}");
        }
        let twice = "a\nf(parse(a, b))\n\nparse(a, b) + parse(z, b)\n";
        assert_eq!(
            made(wrap.0, wrap.1, twice),
            [(1, "f(Some(parse(a, b)))\n".to_owned()), (3, "Some(parse(a, b)) + Some(parse(z, b))\n".to_owned())]
        );
        // A name that the new words have already is not put there twice.
        assert_eq!(made("x = f(a, 1, 2)\n", "x = f(a, b, 2)\n", "y = f(b, 1, 2)\n"), []);
        // Changes of several lines are no change within one.
        assert!(Part::of("a(b)\nc(d)\n", "x(b)\ny(d)\n", 5).is_none());
        assert!(Part::of("f(a)\n", "f(a)\ng(a)\n", 5).is_none());
    }
}
