//! Where a change that was made at one place could be made as well: places that look as that one did before.
//!
//! No model is needed for it. A place with the same words and marks, whatever white space is between them and one name aside, can be
//! changed in the same way without anybody who thinks ([`Place::new`]), and so can the words of a change within a line wherever
//! they stand ([`part`]). Others are only likely: they have the shape of the lines,
//! and the rarer of their names.

mod part;
mod shape;
mod words;

use super::replaced::Replacement;
use crate::corpus::{self, ContextText, Role, StopFlag};
use part::Part;
use rustc_hash::FxHashMap;
use shape::Shape;
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};
use std::{
    ops::Range,
    time::{Duration, Instant},
};
use words::{Matched, Words};

/// The most places that are told: those that need no judgement, and others.
const MOST_SURE: usize = 500;
const MOST: usize = 60;

/// The most bytes of a file that is looked through, and of all files.
const LARGEST: usize = 4 << 20;
const MOST_BYTES: usize = 512 << 20;

/// Changed lines that lie so near to each other are one change.
const NEAR: usize = 2;

/// The fewest words and marks by which lines are known again.
const LEAST: usize = 5;

/// The likeness of a line that has the words of a change within a line, beside others.
const SURE: f64 = 0.999;

/// The most changes that one request spreads, and the longest one, in lines.
const MOST_EXAMPLES: usize = 10;
const LONGEST_EXAMPLE: usize = 60;

/// How long a difference is looked for. After that it may be larger than needed, and is as true.
const LONGEST: Duration = Duration::from_millis(500);

/// A change that was made: whole lines before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub path: String,
    pub before: String,
    pub after: String,
}

/// A place where it could be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub path: String,
    /// Its lines, from 0.
    pub lines: Range<usize>,
    /// What would stand there, where that needs no judgement.
    pub new: Option<String>,
    /// How much it looks like the lines before, from 0 to 1.
    pub likeness: f64,
}

impl Place {
    /// As a replacement, where that needs no judgement.
    pub fn replacement(&self) -> Option<Replacement> {
        self.new.as_ref().map(|new| Replacement { lines: self.lines.clone(), new: new.clone() })
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The most likely first.
    pub places: Vec<Place>,
    /// How many more there are.
    pub more: usize,
    /// Whether there is more text than is looked through.
    pub is_cut: bool,
}

/// The changes between two texts of a file that touch some lines of the newer one. Lines that stay are taken in where the changed
/// ones alone would be found everywhere.
pub fn examples(path: &str, old: &str, new: &str, lines: &Range<usize>) -> Vec<Example> {
    let split = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (split(old), split(new));
    let deadline = Instant::now().checked_add(LONGEST);
    let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline) {
        let (tag, before, after) = op.as_tag_tuple();
        match changes.last_mut() {
            _ if tag == DiffTag::Equal => {}
            Some(last) if after.start <= last.1.end + NEAR => {
                *last = (last.0.start..before.end, last.1.start..after.end);
            }
            _ => changes.push((before, after)),
        }
    }
    changes.retain(|(_, after)| after.start <= lines.end && lines.start <= after.end);
    let of_change = |(before, after)| example(path, (&old, &new), before, after);
    changes.into_iter().filter_map(of_change).take(MOST_EXAMPLES).collect()
}

/// A change with as many lines around it as it takes to know them again.
fn example(
    path: &str,
    (old, new): (&[String], &[String]),
    mut before: Range<usize>,
    mut after: Range<usize>,
) -> Option<Example> {
    let says_enough = |before: &Range<usize>| Words::of(&old[before.clone()].concat()).len() >= LEAST;
    while !says_enough(&before) {
        if before.end < old.len() && after.end < new.len() {
            (before.end, after.end) = (before.end + 1, after.end + 1);
        } else if before.start > 0 && after.start > 0 {
            (before.start, after.start) = (before.start - 1, after.start - 1);
        } else {
            break;
        }
    }
    let fits = !before.is_empty() && before.len().max(after.len()) <= LONGEST_EXAMPLE;
    fits.then(|| Example { path: path.to_owned(), before: old[before].concat(), after: new[after].concat() })
}

/// The places of a text that look as the lines of these changes did, where they were not made yet. Blocks.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn places(context: &ContextText, examples: &[Example], stop: &StopFlag) -> Result<Places, corpus::Error> {
    let shapes: Vec<Shape> = examples.iter().map(|it| Shape::of(&it.before)).collect();
    let parts: Vec<Option<Part>> = examples.iter().map(|it| Part::of(&it.before, &it.after, LEAST)).collect();
    let mut found = Places::default();
    let mut files: Vec<(&str, String)> = Vec::new();
    let mut bytes = 0;
    for segment in context.segments() {
        stop.check()?;
        let Some(path) = segment.path.as_deref() else { continue };
        let is_like = |it: &Example| ending(&it.path) == ending(path);
        if segment.text.len() > LARGEST || !examples.iter().any(is_like) {
            continue;
        }
        bytes += segment.text.len();
        if bytes > MOST_BYTES {
            found.is_cut = true;
            break;
        }
        let text = context.read(segment.text.clone())?;
        let is_own = Role::of_file(path, &text[..text.floor_char_boundary(2000)]) != Role::Aside;
        if is_own && shapes.iter().any(|it| it.may_be_in(&text)) {
            files.push((path, text.into_owned()));
        }
    }
    let mut frequencies: FxHashMap<&str, usize> = FxHashMap::default();
    for (_, text) in &files {
        shapes.iter().for_each(|it| it.count(text, &mut frequencies));
    }
    for (path, text) in &files {
        stop.check()?;
        let words = Words::of(text);
        let mut of_file: Vec<Place> = Vec::new();
        let of_ending =
            examples.iter().zip(&shapes).zip(&parts).filter(|((it, _), _)| ending(&it.path) == ending(path));
        for ((example, shape), part) in of_ending {
            // What only the new lines name is no other name where they are there already.
            let is_old = |it: &Matched| {
                it.renamed.as_ref().is_none_or(|(from, _)| shape.before.iter().any(|word| word.0 == from))
            };
            let mut done = words.matches(&Words::of(&example.after));
            done.retain(is_old);
            let is_done = |lines: &Range<usize>| done.iter().any(|it| meet(&it.lines, lines));
            for matched in words.matches(&shape.before) {
                if !is_done(&matched.lines) {
                    let new = made(example, text, &matched);
                    of_file.push(Place { path: (*path).to_owned(), lines: matched.lines, new, likeness: 1.0 });
                }
            }
            for (line, new) in part.iter().flat_map(|it| it.lines(text, &words)) {
                // The place itself may have the new words in another way.
                if !is_done(&(line..line + 1)) {
                    of_file.push(Place {
                        path: (*path).to_owned(),
                        lines: line..line + 1,
                        new: Some(new),
                        likeness: SURE,
                    });
                }
            }
            for (lines, likeness) in shape.likely(&words, text.lines().count(), &frequencies) {
                if !is_done(&lines) {
                    of_file.push(Place { path: (*path).to_owned(), lines, new: None, likeness });
                }
            }
        }
        // The best of those that meet.
        of_file.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(a.lines.start.cmp(&b.lines.start)));
        let mut apart: Vec<Place> = Vec::new();
        for place in of_file {
            if !apart.iter().any(|it| meet(&it.lines, &place.lines)) {
                apart.push(place);
            }
        }
        found.places.extend(apart);
    }
    let order = |it: &Place| (it.path.clone(), it.lines.start);
    found.places.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| order(a).cmp(&order(b))));
    let (mut sure, mut others) = (0, 0);
    let count = found.places.len();
    found.places.retain(|place| {
        let (number, most) = if place.new.is_some() { (&mut sure, MOST_SURE) } else { (&mut others, MOST) };
        *number += 1;
        *number <= most
    });
    found.more = count - found.places.len();
    Ok(found)
}

/// The new lines of a place that has the words of the old ones: with its own name and indentation.
fn made(example: &Example, text: &str, matched: &Matched) -> Option<String> {
    // What the change takes away is known by its name, and what it brings is there once.
    let after = Words::of(&example.after);
    let has = |name: &str| after.iter().any(|it| it.0 == name);
    if matched.renamed.as_ref().is_some_and(|(from, to)| !has(from) || has(to)) {
        return None;
    }
    let indentation = |line: &str| line[..line.len() - line.trim_start().len()].to_owned();
    let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map(indentation);
    let there: Vec<&str> = text.split_inclusive('\n').skip(matched.lines.start).take(matched.lines.len()).collect();
    let (old, own) = (first(&example.before)?, first(&there.concat())?);
    let end = if there.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let mut new = String::new();
    for line in words::renamed(&example.after, matched.renamed.as_ref()).lines() {
        if !line.trim().is_empty() {
            new.push_str(&own);
            new.push_str(line.strip_prefix(old.as_str())?);
        }
        new.push_str(end);
    }
    if there.last().is_some_and(|line| !line.ends_with('\n')) {
        new.truncate(new.trim_end_matches(['\n', '\r']).len());
    }
    (new != there.concat()).then_some(new)
}

fn ending(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(_, ending)| ending)
}

fn meet(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

#[cfg(test)]
mod tests {
    mod generated;

    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    fn found(example: &Example, files: serde_json::Value) -> Vec<(String, usize, Option<String>)> {
        let context = Snapshot::of_value(files).unwrap().context().unwrap();
        let places = places(&context, std::slice::from_ref(example), &StopFlag::default()).unwrap();
        let mut found: Vec<_> = places.places.into_iter().map(|it| (it.path, it.lines.start + 1, it.new)).collect();
        found.sort();
        found
    }

    #[test]
    fn the_lines_that_a_person_has_changed_are_the_example() {
        let old = "a = 1\n\ndef f(x):\n    return open(x).read()\n\ndef g(y):\n    return y\n";
        let new = old.replace("return open(x).read()", "with open(x) as file:\n        return file.read()");
        let [example] = &examples("a.py", old, &new, &(3..4))[..] else { panic!() };
        assert_eq!(example.before, "    return open(x).read()\n");
        assert_eq!(example.after, "    with open(x) as file:\n        return file.read()\n");
        assert_eq!(examples("a.py", old, &new, &(0..1)), [], "these lines are as they were");
        // Lines that are only added are known by those behind them.
        let added = old.replace("    return y\n", "    check(y)\n    return y\n");
        let [example] = &examples("a.py", old, &added, &(6..7))[..] else { panic!() };
        assert!(example.before.contains("return y") && example.after.contains("check(y)\n    return y"), "{example:?}");
    }

    #[test]
    fn places_with_the_same_words_are_changed_without_a_model() {
        let example = Example {
            path: "a.py".to_owned(),
            before: "    return total / len(items)\n".to_owned(),
            after: "    if not items:\n        return 0\n    return total / len(items)\n".to_owned(),
        };
        let new = |indentation: &str, name: &str| {
            Some(format!(
                "{indentation}if not {name}:\n{indentation}    return 0\n{indentation}return total / len({name})\n"
            ))
        };
        let files = json!({
            // The place itself.
            "a.py": "def mean(items):\n    total = sum(items)\n    if not items:\n        return 0\n    return total / len(items)\n",
            "b.py": "def b(rows):\n        total = 1\n        return total/len( rows )\n",
            "c.py": "def c(items):\n    return total / len(items)\n",
            // Two names are others, more is in the line, or the words are others: nothing is made by itself.
            "d.py": "def d(rows):\n    return count / len(rows)\n",
            "e.py": "def e(items):\n    return total / len(items) + 1\n",
            "f.py": "def f(items):\n    print(items)\n",
            "g.rs": "    return total / len(items)\n",
        });
        let found = found(&example, files);
        let certain: Vec<_> = found.iter().filter(|it| it.2.is_some()).cloned().collect();
        assert_eq!(
            certain,
            [("b.py".to_owned(), 3, new("        ", "rows")), ("c.py".to_owned(), 2, new("    ", "items")),]
        );
        let likely: Vec<(&str, usize)> =
            found.iter().filter(|it| it.2.is_none()).map(|it| (it.0.as_str(), it.1)).collect();
        assert_eq!(likely, [("d.py", 2), ("e.py", 2)]);
    }

    #[test]
    fn a_change_within_a_line_is_made_wherever_its_words_stand() {
        let example = Example {
            path: "a.rs".to_owned(),
            before: "        self.open.lock().unwrap_or_else(into_inner)\n".to_owned(),
            after: "        guarded(&self.open)\n".to_owned(),
        };
        let files = json!({
            "a.rs": "fn a() {\n        guarded(&self.open)\n}\n",
            "b.rs": "fn b() {\n    let a = self.kept.lock().unwrap_or_else(into_inner).len();\n    self.open.lock().unwrap_or_else( into_inner )\n}\n",
        });
        let new = |line: usize, text: &str| ("b.rs".to_owned(), line, Some(text.to_owned()));
        let expected = [new(2, "    let a = guarded(&self.kept).len();\n"), new(3, "    guarded(&self.open)\n")];
        assert_eq!(found(&example, files), expected);
    }

    #[test]
    fn line_ends_and_the_end_of_a_file_stay() {
        let example = Example {
            path: "a.c".to_owned(),
            before: "free(buffer->data);\n".to_owned(),
            after: "free(buffer->data);\nbuffer->data = NULL;\n".to_owned(),
        };
        let files = json!({"a.c": "\tfree(queue->data);\r\n\tx();\r\n", "b.c": "  free(list->data);", "c.c": "free(if->data);\n"});
        assert_eq!(
            found(&example, files).into_iter().filter(|it| it.2.is_some()).collect::<Vec<_>>(),
            [
                ("a.c".to_owned(), 1, Some("\tfree(queue->data);\r\n\tqueue->data = NULL;\r\n".to_owned())),
                ("b.c".to_owned(), 1, Some("  free(list->data);\n  list->data = NULL;".to_owned())),
            ]
        );
    }
}
