//! Generated changes of lines of this repository, made at other places: each is what it was at its own, or is not made.

use crate::{
    corpus::{Snapshot, StopFlag},
    edit::{
        alike::{
            examples, places,
            words::{self, Words},
        },
        tests::random::Random,
    },
};
use serde_json::{Map, Value};
use std::{fs, path::Path};

const CHANGES: u64 = 300;

/// The fewest that are to be made, so that this tests something.
const LEAST_MADE: usize = 50;

/// A word that no text has.
const NEW: &str = "renewed_everywhere";

fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/llm/schedule");
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/edit");
    let mut paths: Vec<_> = [folder, beside]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
}

/// A line with another name in the place of one, or with a line above it; nothing if that makes no sense.
fn changed(line: &str, random: &mut Random) -> Option<String> {
    let words = Words::of(line);
    let names: Vec<&str> = words.iter().map(|it| it.0).filter(|it| words::is_name(it) && it.len() > 2).collect();
    if words.len() < 6 || names.is_empty() {
        return None;
    }
    Some(match random.one_in(3) {
        true => format!("{}{NEW}();\n{line}", &line[..line.len() - line.trim_start().len()]),
        false => {
            let name = random.pick(&names);
            words::renamed(line, Some(&((*name).to_owned(), NEW.to_owned())))
        }
    })
}

/// Whether a place has become what the change makes of it: the new word stands for one name throughout, or in a line of its own.
fn is_meant(old: &str, new: &str) -> bool {
    let added: Vec<&str> = new.lines().filter(|line| line.trim() != format!("{NEW}();")).collect();
    let without = added.join("\n");
    let (old, new) = (Words::of(old), Words::of(&without));
    let pairs = || old.iter().map(|it| it.0).zip(new.iter().map(|it| it.0));
    let mut names: Vec<&str> = pairs().filter(|(_, new)| *new == NEW).map(|(old, _)| old).collect();
    names.dedup();
    let mut others = pairs().filter(|(_, new)| *new != NEW);
    old.len() == new.len() && names.len() <= 1 && others.all(|(old, new)| old == new)
}

#[test]
fn generated_changes_are_made_as_they_were_meant_or_not_at_all() {
    let texts = texts();
    let (mut made, mut changes) = (0, 0);
    for seed in 0..CHANGES {
        let mut random = Random::new(seed + 1);
        let at = random.below(texts.len());
        let lines: Vec<&str> = texts[at].split_inclusive('\n').collect();
        let number = random.below(lines.len());
        let Some(line) = changed(lines[number], &mut random) else { continue };
        changes += 1;
        let new = format!("{}{line}{}", lines[..number].concat(), lines[number + 1..].concat());
        let of_change = examples("changed.rs", &texts[at], &new, &(0..usize::MAX));
        let mut files: Map<String, Value> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("file{at:02}.rs"), Value::from(text.as_str())))
            .collect();
        files.insert(format!("file{at:02}.rs"), Value::from(new.as_str()));
        let context = Snapshot::of_value(Value::from(files.clone())).unwrap().context().unwrap();
        for place in places(&context, &of_change, &StopFlag::default()).unwrap().places {
            let text = files[&place.path].as_str().expect("a text");
            let old: String = text.split_inclusive('\n').skip(place.lines.start).take(place.lines.len()).collect();
            let Some(new) = place.new else { continue };
            made += 1;
            assert!(
                is_meant(&old, &new),
                "seed {seed}, {}:{}\n{of_change:?}\n{old}\n{new}",
                place.path,
                place.lines.start
            );
        }
    }
    assert!(made >= LEAST_MADE, "{made} of {changes} changes");
}
